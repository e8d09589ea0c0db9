"""What one run costs beside its floor, a bare client that asks the same and adds up, and beside the usual tools: `make bench`.

    bench.py [GROUPSxPARTITIONS …]

Every row of a shape is held against the bare client of that very shape and run. What comes out goes into figures.md beside
this file where all shapes were measured.
"""

import datetime
import itertools
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import link
import measure
import receiver
import scene

TOPIC, PREFIX = "bench", "g-"
SIZES = ["10x100", "100x100", "1000x100", "200x500"]
RECORDS = 5
# Commits per partition, of so many records: all lag, or none.
SHAPES = {"all lag": 3, "none lags": RECORDS}
# Nothing but Kafka takes part, and a report has a line for a group, as one of 100,000 pairs would on Lambda.
ALONE = {"MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off", "MEERKAT_LAG_SECONDS": "0", "MEERKAT_DETAIL": "groups"}
STATEFUL = {**ALONE, "MEERKAT_HISTORY": "on", "MEERKAT_PUBLISH": "on"}
RUNS, TOOL_RUNS, STARTS, EARLIER_RUNS = 9, 2, 15, 3
ONE_WAY_MS = 25
# What the container runs.
MUSL = f"{platform.machine()}-unknown-linux-musl"
PROGRAMS = ["release/meerkat", f"{MUSL}/release/meerkat", "release/examples/bare"]


def main():
    scene.build("--release", "--bin", "meerkat", "--example", "bare", "--example", "cloudwatch", "--example", "allocations")
    scene.build("--release", "--target", MUSL, "--bin", "meerkat")
    with scene.folder("programs") as programs:
        measure_all(*(installed(scene.TARGET / path, programs) for path in PROGRAMS))


def installed(program, folder):
    """A copy, as everybody runs it: what a linker has just written lies scattered in memory, and costs a third more to start."""
    copy = folder / "-".join(program.relative_to(scene.TARGET).parts)
    shutil.copy(program, copy)
    return copy


def measure_all(binary, musl, bare):
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:] or SIZES]
    table = Table()
    for partitions, group_counts in itertools.groupby(sizes, key=lambda size: size[1]):
        with scene.folder("bench") as at, scene.Kafka(at / "kafka") as kafka, scene.Stagehand(kafka) as stage:
            runs(at, kafka, stage, partitions, [groups for groups, _ in group_counts], (binary, musl, bare), table)
    for aside in table.aside[-1:]:
        table.say("\n" + aside)
    table.say("")
    delayed(binary, table)
    own = scene.environment({"KAFKA_BOOTSTRAP_SERVERS": "localhost:1"})
    starts = [measure.start_to_first_next(binary, own) for _ in range(STARTS)]
    table.say(f"\nProcess start to the first `/next`: {statistics.median(starts):.1f} ms (median of {STARTS}). Binary: {binary.stat().st_size:,} bytes.")
    zipped = scene.TARGET / "lambda" / "meerkat" / "bootstrap.zip"
    table.say(f"arm64 zip: {zipped.stat().st_size:,} bytes." if zipped.exists() else "arm64 zip: `make build` prints its size.")
    if not sys.argv[1:]:
        table.keep(HERE / "figures.md")


class Table:
    """Markdown on standard output, and in a file at the end."""

    def __init__(self):
        self.lines, self.aside = [], []
        self.say("| groups × partitions | | program | requests | read bytes | CPU ms | wall ms | RSS MB | CPU beside bare |")
        self.say("|---|---|---|---:|---:|---:|---:|---:|---:|")

    def say(self, line):
        self.lines.append(line)
        print(line, flush=True)

    def row(self, *cells):
        self.say("| " + " | ".join(cells) + " |")

    def keep(self, path):
        today = datetime.date.today()
        head = f"<!-- written by `make bench` on {today}, {platform.machine()}, {os.cpu_count()} cores, Kafka {scene.NEWEST} over TLS -->\n\n"
        path.write_text(head + "\n".join(self.lines) + "\n")


def runs(at, kafka, stage, partitions, group_counts, programs, table):
    """One topic, and ever more groups that have read it to its end, or nearly."""
    stage.hand(f"create-topic {TOPIC} {partitions}")
    for partition in range(partitions):
        stage.hand(f"produce {TOPIC} {partition} {RECORDS}")
    # As clusters do, this one is called by the names that its brokers advertise.
    bootstrap = kafka.variables()["KAFKA_BOOTSTRAP_SERVERS"].replace("127.0.0.1", "localhost")
    own = {**kafka.variables(), "KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    for groups in group_counts:
        for shape, committed in SHAPES.items():
            stage.hand(f"fill-commits {PREFIX} {groups} {TOPIC} {partitions} {committed}")
            compare(at, own, f"{groups:,} × {partitions:,}", groups * partitions, shape, programs, table)
        tools(at, kafka, own, f"{groups:,} × {partitions:,}", groups * partitions, table)
    stage.hand(f"fill-commits {PREFIX} {groups} {TOPIC} {partitions} {SHAPES['all lag']}")
    asked = [scene.TARGET / "release" / "examples" / "allocations"]
    done = subprocess.run(asked, env=scene.environment({**own, **ALONE}), stdout=subprocess.PIPE, text=True, check=True)
    table.aside.append(done.stdout.strip())


def compare(at, own, name, pairs, shape, programs, table):
    """The bare client, and the program with ever more to do."""
    binary, musl, bare = programs
    floor = row(table, name, shape, "bare client", [bare], own, at, None, lambda text, code: bare_pairs(text) == pairs)
    complete = lambda text, code: code in (0, 3) and reported(text) == pairs
    # Without a history nothing is known of a partition that lags, which is what exit code 3 says.
    row(table, name, shape, "no history", [binary], {**own, **ALONE}, at, floor, complete)
    if shape == "all lag":
        row(table, name, shape, "the same with musl", [musl], {**own, **ALONE}, at, floor, complete)
        row(table, name, shape, "1,000 worst ages", [binary], {**own, **ALONE, "MEERKAT_LAG_SECONDS": "1000"}, at, floor, complete)
        row(table, name, shape, "each partition listed", [binary], {**own, **ALONE, "MEERKAT_DETAIL": "all"}, at, floor, complete)
        with receiver.Receiver() as taker, scene.CloudWatch("--release") as cloudwatch:
            by_otlp = {**own, **ALONE, **taker.variables, "MEERKAT_PUBLISH": "otlp"}
            classic = {**own, **ALONE, **cloudwatch.variables(), "MEERKAT_PUBLISH": "on"}
            row(table, name, shape, "metrics to CloudWatch", [binary], classic, at, floor, complete)
            row(table, name, shape, "metrics by OTLP", [binary], by_otlp, at, floor, complete)
            row(table, name, shape, "each partition by OTLP", [binary], {**by_otlp, "MEERKAT_METRICS_DETAIL": "partition"}, at, floor, complete)
    with scene.CloudWatch("--release") as cloudwatch:
        stateful = {**own, **STATEFUL, **cloudwatch.variables()}
        row(table, name, shape, "history and metrics", [binary], stateful, at, floor, complete, minutes(at))


def minutes(at):
    """An event for each run, a minute after the one before; the first few are there to be remembered."""
    began = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) - datetime.timedelta(hours=1)
    for minute in itertools.count():
        event = at / f"minute-{minute}.json"
        moment = began + datetime.timedelta(minutes=minute)
        event.write_text(json.dumps({"scheduled": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "now": f"{moment:%Y-%m-%dT%H:%M:07Z}"}))
        yield event


def row(table, name, shape, program, argv, variables, at, floor, fine, events=None):
    """Medians of one program as a row; its CPU milliseconds."""
    environment, output = scene.environment(variables), at / "out"
    for _ in range(EARLIER_RUNS if events else 0):
        measure.run([*argv, next(events)], environment, output)
    uses = []
    for _ in range(RUNS):
        use, code = measure.run([*argv, next(events)] if events else argv, environment, output)
        text = output.read_text()
        if not fine(text, code):
            raise SystemExit(f"{program} ended with {code} and does not report every pair: {text[:2000]}")
        uses.append(use)
    use = measure.Use.median(uses)
    kafka = json.loads(text)["kafka"] if text.startswith("{") else None
    wire = [f"{kafka['requests']:,}", f"{kafka['bytes_read']:,}"] if kafka else ["", ""]
    ratio = f"{use.cpu_ms / floor:.2f}" if floor else ""
    table.row(name, shape, program, *wire, f"{use.cpu_ms:.1f}", f"{use.wall_ms:.0f}", f"{use.rss_mb:.1f}", ratio)
    return use.cpu_ms


def bare_pairs(text):
    return int(text.split(" pairs")[0].split(", ")[-1])


def reported(text):
    return sum(group["partition_count"] for group in json.loads(text)["groups"])


def tools(at, kafka, own, name, pairs, table):
    """What people use so far."""
    ca = kafka.shown["tls"]["ca"]
    ssl = at / "ssl.properties"
    ssl.write_text(f"security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={ca}\n")
    done = subprocess.run([*scene.CLUSTER, "fetch", "--version", scene.NEWEST, "--tools"], stdout=subprocess.PIPE, text=True, check=True)
    libs, bootstrap = done.stdout.splitlines()[-1], own["KAFKA_BOOTSTRAP_SERVERS"]
    java = ["java", "-Xmx1g", "-cp", f"{libs}/*", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"]
    java += ["--bootstrap-server", bootstrap, "--command-config", ssl, "--describe", "--all-groups", "--timeout", "60000"]
    lines = lambda text, code: code == 0 and sum(1 for line in text.splitlines() if f" {TOPIC} " in line) == pairs
    complete = lambda text, code: code == 0 and sum(len(group["partitions"]) for group in json.loads(text)) == pairs
    script = [sys.executable, HERE / "all_groups.py", bootstrap, ca]
    global RUNS
    kept, RUNS = RUNS, TOOL_RUNS
    row(table, name, "none lags", "confluent-kafka", script, own, at, None, complete)
    row(table, name, "none lags", "kafka-consumer-groups", java, own, at, None, lines)
    RUNS = kept


def delayed(binary, table):
    """Ten groups behind a long cable: what the clock says, cold and warm."""
    with scene.folder("link") as at, link.Link(ONE_WAY_MS) as cable, scene.Kafka(at / "kafka", advertise_ssl=cable.port) as kafka:
        cable.target = int(kafka.shown["ssl"][0].rsplit(":", 1)[1])
        with scene.Stagehand(kafka) as stage:
            stage.hand(f"create-topic {TOPIC} 10")
            stage.hand(f"fill-commits {PREFIX} 10 {TOPIC} 10 0")
        own = {**kafka.variables(), **ALONE, "KAFKA_BOOTSTRAP_SERVERS": f"localhost:{cable.port}"}
        table.say(f"| a link of {2 * ONE_WAY_MS} ms there and back, TLS | ms | in round trips | counted |")
        table.say("|---|---:|---:|---:|")
        for name, ms, trips, counted in link.table(binary, scene.environment(own), cable, 2 * ONE_WAY_MS):
            table.row(f"{name} process", f"{ms:.0f}", f"{trips:.1f}", f"{counted:.0f}")


if __name__ == "__main__":
    main()
