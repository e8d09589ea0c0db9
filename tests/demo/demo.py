"""What meerkat says of real consumers on a real Kafka 4, through `cargo lambda`: `make demo`.

Every few seconds of real time pass for one scheduled minute: each event carries its minute and, as a rehearsal, the present that
goes with it; the records' timestamps and the CloudWatch stand-in's clock follow.
"""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import readable
import scene

LOOKS = 16
LOOK_EVERY_S = 3.0
RECORDS = 40  # a minute and partition
EVENT = scene.REPOSITORY / "events" / "rehearsal.json"
# A killed member is to be gone within two looks, not after 45 s.
SETTINGS = [
    "group.consumer.min.session.timeout.ms=3000",
    "group.consumer.session.timeout.ms=3000",
    "group.consumer.min.heartbeat.interval.ms=500",
    "group.consumer.heartbeat.interval.ms=500",
    "group.min.session.timeout.ms=3000",
]
# Group → protocol, what becomes of it, and the verdicts that must end the demonstration.
GROUPS = {
    "audit": ("consumer", "reads as records come", "OK"),
    "billing": ("classic", "reads as records come, is killed after look 4", "STOP"),
    "fraud": ("classic", "reads as records come, is stuck after look 4, but stays a member", "STALL"),
    "invoices": ("classic", "has read all of a topic that gets nothing new", "OK"),
    "newcomer": ("consumer", "is a member and never commits", "OK"),
    "replay": ("classic", "jumps back to the first record after look 8, reads on", "REWIND"),
    "search": ("consumer", "reads half of what comes", "WARN"),
}
SCRIPT = {
    4: [("crash billing-1", "billing-1 is killed"), ("pause fraud-1 silent", "fraud-1 is stuck")],
    8: [("seek replay-1 0", "replay-1 jumps back to the first record")],
}


def main():
    began = time.monotonic()
    tell = lambda text: print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)
    tell("building the function and the CloudWatch stand-in")
    scene.build("--bin", "meerkat")
    scene.build("--example", "cloudwatch")
    tell(f"starting Kafka {scene.NEWEST} with TLS")
    with scene.folder("demo") as at, scene.Kafka(at / "kafka", settings=SETTINGS) as kafka, scene.Stagehand(kafka) as stage:
        tell("starting consumers")
        consumers(stage)
        tell("starting the CloudWatch stand-in and cargo lambda watch")
        with scene.CloudWatch(quotas=True) as cloudwatch:
            variables = {**kafka.variables(), **cloudwatch.variables(), "MEERKAT_CLUSTER": "demo"}
            with scene.Lambda(at, variables) as function:
                reports = schedule(at, stage, cloudwatch, function, tell)
            preflight = scene.table(variables, "--preflight")
    print("\nBefore an upgrade, meerkat --preflight:\n\n" + preflight)
    print("\nThe last report:\n\n" + readable.report(reports[-1]))
    print("\nWhat each look said (one column a minute; in brackets while a group warms up), and why at the end:\n")
    print(table(reports) + "\n")
    wrong = [f"{name} ended as {cell(reports[-1], name)}, not {last}" for name, (_, _, last) in GROUPS.items() if cell(reports[-1], name) != last]
    tell("; ".join(wrong) or "every group ended as its story says")
    return 1 if wrong else 0


def consumers(stage):
    """Two topics that get records all the time, one that gets none any more, and the groups."""
    stage.hand("create-topic orders 2")
    stage.hand("create-topic invoices 1")
    stage.hand("create-topic clicks 1")
    stage.hand("produce invoices 0 50")
    stage.hand(f"produce clicks 0 2000 timestamp={minute_ms(0) - 3_600_000} step=1500")
    for partition in (0, 1):
        stage.hand(f"produce orders {partition} 600 timestamp={minute_ms(0) - 3_600_000} step=5000")
    stage.hand("join audit-1 consumer audit orders assigned=2")
    stage.hand("join billing-1 classic billing orders assigned=2 apart session=3000")
    stage.hand("join fraud-1 classic fraud orders assigned=2")
    stage.hand("join invoices-1 classic invoices invoices")
    stage.hand("join newcomer-1 consumer newcomer orders assigned=2 commit-every=never")
    stage.hand("join replay-1 classic replay clicks reset=latest rate=60")
    stage.hand("join search-1 consumer search orders assigned=2 reset=latest rate=12")
    for group in ("audit", "billing", "fraud", "invoices"):
        stage.hand(f"wait-caught-up {group}")


def schedule(at, stage, cloudwatch, function, tell):
    """The looks, a scheduled minute apart; between them the consumers are left alone for a moment of real time."""
    reports = []
    next_look = time.monotonic()
    for look in range(1, LOOKS + 1):
        for partition in ("orders 0", "orders 1", "clicks 0"):
            stage.hand(f"produce {partition} {RECORDS} timestamp={minute_ms(look - 1)} step={60_000 // RECORDS}")
        for command, story in SCRIPT.get(look - 1, []):
            tell(f"         {story}")
            stage.hand(command)
        next_look += LOOK_EVERY_S
        time.sleep(max(0.0, next_look - time.monotonic()))
        cloudwatch.control(now=minute_ms(look) / 1000 + 2)
        (at / "event.json").write_text(event(look))
        report = function.answer(at / "event.json")
        reports.append(report)
        told = ", ".join(f"{name} {cell(report, name)}" for name in GROUPS)
        tell(f"look {look:>2}  {report['scheduled'][11:16]}  {told}")
        if look == 1:
            print("\nThe first report:\n\n" + readable.report(report) + "\n")
    return reports


def event(look):
    """The example of a rehearsal, with this look's minute."""
    example = json.loads(EVENT.read_text())
    text = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))
    return json.dumps({**example, "scheduled": text(minute_ms(look)), "now": text(minute_ms(look) + 2_000)})


def minute_ms(look):
    """The scheduled minute of a look, in milliseconds since 1970; the last one is about now."""
    return (FIRST_MINUTE + look) * 60_000


def cell(report, name):
    """A group's verdict, and for ERR which of Burrow's three it is; in brackets while it warms up."""
    group = next((group for group in report["groups"] if group["group"] == name), None)
    if group is None:
        return "-"
    word = group["status"]
    if word == "ERR":
        codes = [partition["status"] for partition in group["partitions"]]
        word = next((code for code in ("STOP", "STALL", "REWIND") if code in codes), word)
    return f"({word})" if "warming_up_seconds" in group else word


def table(reports):
    minutes = [report["scheduled"][11:16] for report in reports]
    lines = [f"{'':<10}" + "".join(f"{minute:>8}" for minute in minutes)]
    for name, (protocol, story, _) in GROUPS.items():
        lines.append(f"{name:<10}" + "".join(f"{cell(report, name):>8}" for report in reports))
    lines.append("")
    for name, (protocol, story, _) in GROUPS.items():
        reason = next((group["reason"] for group in reports[-1]["groups"] if group["group"] == name), "is gone")
        lines.append(f"{name:<10}{protocol:<9} {story}\n{'':<20}{reason}")
    return "\n".join(lines)


FIRST_MINUTE = int(time.time()) // 60 - LOOKS

if __name__ == "__main__":
    sys.exit(main())
