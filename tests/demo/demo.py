"""What meerkat says of real consumers on a real Kafka 4, through `cargo lambda`: `make demo`.

Every few seconds of real time pass for one scheduled minute: each event carries its minute and, as a rehearsal, the present that
goes with it; the records' timestamps and the CloudWatch stand-in's clock follow.
"""

import dataclasses
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import readable
import scene

RUNS = 20
RUN_EVERY_S = 3.0
RECORDS = 40  # a minute and partition
EVENT = scene.REPOSITORY / "events" / "rehearsal.json"
# A killed member is to be gone within two runs, not after 45 s.
SETTINGS = [
    "group.consumer.min.session.timeout.ms=3000",
    "group.consumer.session.timeout.ms=3000",
    "group.consumer.min.heartbeat.interval.ms=500",
    "group.consumer.heartbeat.interval.ms=500",
    "group.min.session.timeout.ms=3000",
]
# Topic → partitions that get records all the time; `invoices` gets none any more.
TOPICS = {"orders": 2, "clicks": 1, "queries": 1}


@dataclasses.dataclass
class Group:
    """A group, what becomes of it, and what each run must say."""

    protocol: str
    story: str
    joins: str  # what has its member join
    turns: list = dataclasses.field(default_factory=list)  # (verdict, the first and the last look at which it may begin), after OK
    acts: dict = dataclasses.field(default_factory=dict)  # look → (what is done after it, as it is told)
    kind: str = ""  # of the diagnosis while it is not OK

    def may_say(self, run):
        """What this run may say of it."""
        verdicts = [("OK", 1, 1), *self.turns]
        begun = [at for at, (_, earliest, _) in enumerate(verdicts) if earliest <= run]
        sure = [at for at, (_, _, latest) in enumerate(verdicts) if latest <= run]
        return [verdict for verdict, _, _ in verdicts[sure[-1] : begun[-1] + 1]]


GROUPS = {
    "audit": Group("consumer", "reads as records come", "join audit-1 consumer audit orders assigned=2"),
    "billing": Group(
        "classic",
        "reads as records come, is killed after run 4",
        "join billing-1 classic billing orders assigned=2 apart session=3000",
        [("STOP", 6, 9)],
        {4: ("crash billing-1", "billing-1 is killed")},
        "nobody_there",
    ),
    "fraud": Group(
        "classic",
        "reads as records come, is stuck after run 4, but stays a member",
        "join fraud-1 classic fraud orders assigned=2",
        [("STALL", 8, 15)],
        {4: ("pause fraud-1 silent", "fraud-1 is stuck")},
        "member_stuck",
    ),
    "invoices": Group("classic", "has read all of a topic that gets nothing new", "join invoices-1 classic invoices invoices"),
    "labels": Group(
        "classic",
        "reads as records come, and gets stuck at one record after look 4",
        "join labels-1 classic labels orders assigned=2",
        [("STALL", 8, 15)],
        {4: ("hold labels-1 1", "labels-1 is stuck at a record of orders/1")},
        "partition_stuck",
    ),
    "newcomer": Group("consumer", "is a member and never commits", "join newcomer-1 consumer newcomer orders assigned=2 commit-every=never"),
    "parcels": Group(
        "share",
        "shares the work, is left after run 6, and joined again after run 12",
        "join parcels-1 share parcels orders",
        [("STOP", 7, 10), ("OK", 13, 14)],
        {6: ("leave parcels-1", "parcels-1 leaves"), 12: ("join parcels-2 share parcels orders", "parcels-2 joins")},
        "nobody_there",
    ),
    "replay": Group(
        "classic",
        "jumps back to the first record after run 8, and reads until it has come back",
        "join replay-1 classic replay clicks reset=latest rate=120",
        [("REWIND", 9, 9), ("OK", 13, RUNS - 1)],
        {8: ("seek replay-1 0", "replay-1 jumps back to the first record")},
        "rewound",
    ),
    "search": Group("consumer", "reads half of what comes", "join search-1 consumer search queries reset=latest rate=7", [("WARN", 6, 11)], kind="too_slow"),
}


def main():
    began = time.monotonic()
    log = lambda text: print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)
    log("building the function and the CloudWatch stand-in")
    scene.build_debug()
    log(f"starting Kafka {scene.NEWEST} with TLS")
    with scene.folder("demo") as at, scene.Kafka(at / "kafka", settings=SETTINGS) as kafka, scene.Stagehand(kafka) as stage:
        log("starting consumers")
        consumers(stage)
        log("starting the CloudWatch stand-in and cargo lambda watch")
        with scene.CloudWatch(quotas=True) as cloudwatch:
            variables = {**kafka.variables(), **cloudwatch.variables(), "MEERKAT_CLUSTER": "demo"}
            with scene.Lambda(at, variables) as function:
                reports = schedule(at, stage, cloudwatch, function, log)
            preflight = scene.table(variables, "--preflight")
    print("\nBefore an upgrade, meerkat --preflight:\n\n" + preflight)
    print("\nWhat each run said (one column a minute; in brackets while a group warms up):\n")
    print(table(reports) + "\n")
    print("\n".join(reading(reports, name) for name in GROUPS) + "\n")
    wrong = [text for run, report in enumerate(reports, 1) for text in objections(run, report)]
    log("; ".join(wrong) or "every run said of every group what its story asks for")
    return 1 if wrong else 0


def consumers(stage):
    """The topics, what is in them from the last hour, and the groups."""
    stage.hand("create-topic invoices 1")
    stage.hand("produce invoices 0 50")
    for topic, partitions in TOPICS.items():
        stage.hand(f"create-topic {topic} {partitions}")
        for partition in range(partitions):
            records, step = (2000, 1500) if topic == "clicks" else (600, 5000)
            stage.hand(f"produce {topic} {partition} {records} timestamp={minute_ms(0) - 3_600_000} step={step}")
    for group in GROUPS.values():
        stage.hand(group.joins)
    for group in ("audit", "billing", "fraud", "invoices", "labels"):
        stage.hand(f"wait-caught-up {group}")


def schedule(at, stage, cloudwatch, function, log):
    """The runs, a scheduled minute apart; between them the consumers are left alone for a moment of real time."""
    reports = []
    next_run = time.monotonic()
    for run in range(1, RUNS + 1):
        # The first run waits for the function to start, and no other may follow at its heels: nothing would be read between them.
        next_run = max(next_run, time.monotonic()) + RUN_EVERY_S
        for topic, partitions in TOPICS.items():
            for partition in range(partitions):
                stage.hand(f"produce {topic} {partition} {RECORDS} timestamp={minute_ms(run - 1)} step={60_000 // RECORDS}")
        for group in GROUPS.values():
            if run - 1 in group.acts:
                command, story = group.acts[run - 1]
                log(f"         {story}")
                stage.hand(command)
        time.sleep(max(0.0, next_run - time.monotonic()))
        cloudwatch.control(now=minute_ms(run) / 1000 + 2)
        (at / "event.json").write_text(event(run))
        report = function.answer(at / "event.json")
        reports.append(report)
        shown = ", ".join(f"{name} {cell(report, name)}" for name in GROUPS)
        wrong = "".join(f"\n         wrong: {text}" for text in objections(run, report))
        log(f"run {run:>2}  {report['scheduled'][11:16]}  {shown}{wrong}")
        if run == 1:
            print("\nThe first report:\n\n" + readable.report(report) + "\n")
    return reports


def event(run):
    """The example of a rehearsal, with this run's minute."""
    example = json.loads(EVENT.read_text())
    text = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))
    return json.dumps({**example, "scheduled": text(minute_ms(run)), "now": text(minute_ms(run) + 2_000)})


def minute_ms(run):
    """The scheduled minute of a run, in milliseconds since 1970; the last one is about now."""
    return (FIRST_MINUTE + run) * 60_000


def of(report, name):
    return next((group for group in report["groups"] if group["group"] == name), None)


def said(report, name):
    """A group's verdict, and for ERR which of Burrow's three it is."""
    group = of(report, name)
    if group is None:
        return "-"
    if group["status"] != "ERR":
        return group["status"]
    codes = [partition["status"] for partition in group["partitions"]]
    return next((code for code in ("STOP", "STALL", "REWIND") if code in codes), "ERR")


def diagnosis(report, name):
    """Why a group is not OK; nothing where it is."""
    return (of(report, name) or {}).get("diagnosis", {})


def cell(report, name):
    """The same, in brackets while the group warms up."""
    verdict = said(report, name)
    return f"({verdict})" if "warming_up_seconds" in (of(report, name) or {}) else verdict


def objections(look, report):
    """What a look should not have said."""
    verdicts = [(name, said(report, name), group.may_say(look)) for name, group in GROUPS.items()]
    wrong = [f"look {look}: {name} is {verdict}, not {' or '.join(right)}" for name, verdict, right in verdicts if verdict not in right]
    for name, group in GROUPS.items():
        kind = diagnosis(report, name).get("kind", "")
        right = "" if said(report, name) == "OK" else group.kind
        if kind != right:
            wrong.append(f"look {look}: {name} is diagnosed as {kind or 'nothing'}, not as {right or 'nothing'}")
    return wrong + [f"look {look}: {problem['where']}: {problem['what']}" for problem in report["problems"]]


def table(reports):
    lines = [f"{'':<10}" + "".join(f"{report['scheduled'][11:16]:>7}" for report in reports)]
    for name in GROUPS:
        lines.append(f"{name:<10}" + "".join(f"{cell(report, name):>7}" for report in reports))
    return "\n".join(lines)


def reading(reports, name):
    """What the table says of a group: each verdict with the run that first gave it, and why."""
    group, lines, before = GROUPS[name], [], None
    for run, report in enumerate(reports, 1):
        verdict = said(report, name)
        if verdict != before:
            acts = [act for act in group.acts if act < run and before == "OK"]
            since = f", {run - acts[-1]} min after" if acts else ""
            reason = (of(report, name) or {}).get("reason", "the group is gone")
            lines.append(f"{'':<10}{verdict:<7}from run {run:>2}{since}: {reason}")
            if why := diagnosis(report, name):
                lines.append(f"{'':<17}{why['kind']}: {why['sentence']}")
                lines.append(f"{'':<17}next: {why['next']}" + (f": {why['command']}" if "command" in why else ""))
            before = verdict
    return "\n".join([f"{name:<10}{group.protocol}: {group.story}", *lines])


FIRST_MINUTE = int(time.time()) // 60 - RUNS

if __name__ == "__main__":
    sys.exit(main())
