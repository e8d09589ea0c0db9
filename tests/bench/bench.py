"""One look over TLS at 1,000, 10,000 and 100,000 pairs of group and partition, beside the usual tools: `make bench`.

    bench.py [GROUPSxPARTITIONS …]
"""

import itertools
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import measure
import scene

TOPIC = "bench"
SIZES = ["10x100", "100x100", "1000x100", "100x1000"]
OFFSET = 5
# Nothing but Kafka takes part in the comparison.
ALONE = {"MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off"}
SCRIPT_RUNS, TOOL_RUNS, OWN_RUNS, STARTS = 5, 2, 9, 15


def main():
    scene.build("--release", "--bin", "meerkat")
    binary = scene.TARGET / "release" / "meerkat"
    libs = tools()
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:] or SIZES]
    print(f"{'pairs':>8} {'groups':>6} {'':<22}{'requests':>9} {'written':>9} {'read':>10} {'CPU ms':>9} {'wall ms':>9} {'RSS MB':>7} {'CPU ratio':>9}")
    for partitions, group_counts in itertools.groupby(sizes, key=lambda size: size[1]):
        with scene.folder("bench") as at, scene.Kafka(at / "kafka") as kafka, scene.Stagehand(kafka) as stage:
            look(at, kafka, stage, partitions, [groups for groups, _ in group_counts], binary, libs)
    own = scene.environment({"KAFKA_BOOTSTRAP_SERVERS": "localhost:1"})
    starts = [measure.start_to_first_next(binary, own) for _ in range(STARTS)]
    print(f"\nprocess start to the first /next: {statistics.median(starts):.1f} ms (median of {STARTS})")
    print(f"binary: {binary.stat().st_size:,} bytes")
    zipped = scene.TARGET / "lambda" / "meerkat" / "bootstrap.zip"
    print(f"arm64 zip: {zipped.stat().st_size:,} bytes" if zipped.exists() else "arm64 zip: make build tells its size")


def look(at, kafka, stage, partitions, group_counts, binary, libs):
    """One topic, and ever more groups that have read all of it."""
    stage.hand(f"create-topic {TOPIC} {partitions}")
    for partition in range(partitions):
        stage.hand(f"produce {TOPIC} {partition} {OFFSET}")
    # As clusters do, this one is called by the names that its brokers advertise.
    bootstrap = kafka.variables()["KAFKA_BOOTSTRAP_SERVERS"].replace("127.0.0.1", "localhost")
    own = scene.environment({**kafka.variables(), **ALONE, "KAFKA_BOOTSTRAP_SERVERS": bootstrap})
    ssl = at / "ssl.properties"
    ssl.write_text(f"security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={kafka.shown['tls']['ca']}\n")
    (at / "all.json").write_text('{"detail": "all"}')
    programs = [
        ("meerkat", OWN_RUNS, [binary]),
        ("meerkat, detail all", OWN_RUNS, [binary, at / "all.json"]),
        ("confluent-kafka", SCRIPT_RUNS, [sys.executable, HERE / "all_groups.py", bootstrap, kafka.shown["tls"]["ca"]]),
        (
            "kafka-consumer-groups",
            TOOL_RUNS,
            ["java", "-Xmx1g", "-cp", f"{libs}/*", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"]
            + ["--bootstrap-server", bootstrap, "--command-config", ssl, "--describe", "--all-groups", "--timeout", "60000"],
        ),
    ]
    filled = 0
    for groups in group_counts:
        stage.hand(f"fill-commits g{groups}- {groups - filled} {TOPIC} {partitions} {OFFSET}")
        filled = groups
        table(programs, groups, groups * partitions, own, at / "out")


def table(programs, groups, pairs, environment, output):
    """A row for each program; each run's answer is held against what was filled."""
    reference = None
    for name, runs, argv in programs:
        uses = []
        for _ in range(runs):
            use, code = measure.run(argv, environment, output)
            uses.append(use)
            wire = check(name, output, code, pairs)
        use = measure.Use.median(uses)
        reference = reference or use.cpu_ms
        print(
            f"{pairs:>8,} {groups:>6,} {name:<22} {wire[0]:>8} {wire[1]:>9} {wire[2]:>10} {use.cpu_ms:>9.1f} {use.wall_ms:>9.1f} {use.rss_mb:>7.1f}"
            f" {use.cpu_ms / reference:>9.1f}",
            flush=True,
        )


def check(name, output, code, pairs):
    """Refuses an answer that does not tell of every pair; requests, bytes written and bytes read where it tells them."""
    text = output.read_text()
    if name.startswith("meerkat"):
        report = json.loads(text)
        found = sum(group["partition_count"] for group in report["groups"])
        fine = code == 0 and report["status"] == "OK" and report["complete"]
        wire = [f"{report['kafka'][key]:,}" for key in ("requests", "bytes_written", "bytes_read")]
    elif name == "confluent-kafka":
        found = sum(len(group["partitions"]) for group in json.loads(text))
        fine, wire = code == 0, ["", "", ""]
    else:
        found = sum(1 for line in text.splitlines() if f" {TOPIC} " in line)
        fine, wire = code == 0, ["", "", ""]
    if not fine or found != pairs:
        raise SystemExit(f"{name} ended with {code} and told of {found} pairs instead of {pairs}: {text[:2000]}")
    return wire


def tools():
    """The jars of kafka-consumer-groups.sh."""
    done = subprocess.run([*scene.CLUSTER, "fetch", "--version", scene.NEWEST, "--tools"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
