"""What lag in seconds costs for 10, 1,000 and 10,000 lagging partitions, beside a consumer that reads the records: `make bench-age`.

    ages.py [PARTITIONS …]
"""

import json
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import measure
import scene

TOPIC, GROUP, COMMITTED = "bench", "g-0", 3
SIZES = [10, 1_000, 10_000]
RUNS = 5
# A record each seven minutes, the newest an hour old: nothing that a search would find at once.
RECORDS, STEP_MS, NEWEST_MS_AGO = 8, 420_000, 3_600_000
ALONE = {"MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off", "MEERKAT_LOG": "debug", "MEERKAT_REPORT_LIMIT": "", "MEERKAT_TIMEOUT": "120"}


def main():
    scene.build("--release", "--bin", "meerkat")
    binary = scene.TARGET / "release" / "meerkat"
    print(f"{'partitions':>10} {'':<26}{'rounds':>7} {'requests':>9} {'read':>12} {'CPU ms':>9} {'wall ms':>9} {'RSS MB':>7}")
    for partitions in [int(size) for size in sys.argv[1:]] or SIZES:
        with scene.folder("bench-age") as at, scene.Kafka(at / "kafka") as kafka, scene.Stagehand(kafka) as stage:
            fill(stage, partitions)
            compare(at, kafka, binary, partitions)


def fill(stage, partitions):
    """One topic with old records, and a group that stopped at the fourth of each partition."""
    oldest = int(time.time() * 1000) - NEWEST_MS_AGO - RECORDS * STEP_MS
    stage.hand(f"create-topic {TOPIC} {partitions}")
    for partition in range(partitions):
        stage.hand(f"produce {TOPIC} {partition} {RECORDS} timestamp={oldest + partition * 7} step={STEP_MS}")
    stage.hand(f"fill-commits g- 1 {TOPIC} {partitions} {COMMITTED}")


def compare(at, kafka, binary, partitions):
    bootstrap = kafka.variables()["KAFKA_BOOTSTRAP_SERVERS"].replace("127.0.0.1", "localhost")
    shared = {**kafka.variables(), **ALONE, "KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    event = at / "all.json"
    event.write_text('{"detail": "all"}')
    ca = kafka.shown["tls"]["ca"]
    reader = [sys.executable, HERE / "read_ages.py", bootstrap, ca, TOPIC, str(partitions), str(COMMITTED)]
    programs = [
        ("meerkat without seconds", [binary, event], {"MEERKAT_LAG_SECONDS": "0"}),
        ("meerkat", [binary, event], {"MEERKAT_LAG_SECONDS": str(partitions)}),
        ("a consumer that reads", reader, {}),
    ]
    ages = {}
    for name, argv, own in programs:
        uses = []
        for _ in range(RUNS):
            use, _ = measure.run(argv, scene.environment({**shared, **own}), at / "out")
            uses.append(use)
        use, (rounds, requests, read, found) = measure.Use.median(uses), ages_of(name, at / "out")
        ages[name] = found
        print(
            f"{partitions:>10,} {name:<26}{rounds:>7} {requests:>9} {read:>12} {use.cpu_ms:>9.1f} {use.wall_ms:>9.1f} {use.rss_mb:>7.1f}", flush=True
        )
    searched, read = ages["meerkat"], ages["a consumer that reads"]
    wrong = [partition for partition in read if abs(searched.get(partition, -1e9) - read[partition]) > max(5.0, 0.01 * read[partition])]
    if len(read) != partitions or wrong:
        raise SystemExit(f"{len(read)} ages were read, and {len(wrong)} of the searched ones differ by more than 1 %: {wrong[:5]}")


def ages_of(name, output):
    """Rounds, requests, bytes read, and the age in seconds by partition."""
    answer = json.loads(output.read_text())
    if not name.startswith("meerkat"):
        return "", "", "", {int(partition): age for partition, age in answer.items()}
    log = pathlib.Path(f"{output}.log").read_text()
    rounds = re.search(r"ages searched.*?rounds\D*(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", log))
    (group,) = [group for group in answer["groups"] if group["group"] == GROUP]
    ages = {entry["partition"]: entry["lag_seconds"] for entry in group["partitions"] if entry["lag_seconds"] is not None}
    traffic = answer["kafka"]
    return rounds[1] if rounds else "", f"{traffic['requests']:,}", f"{traffic['bytes_read']:,}", ages


if __name__ == "__main__":
    main()
