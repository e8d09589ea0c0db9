"""Rehearsed minutes of three groups, with emulators of CloudWatch as the history and the judge: `make test-emulators`.

    rehearse.py EMULATOR…

One group is healthy, one is killed, one is stuck. Each minute the same event is answered once with the stand-in and once with each
emulator that can keep a history; what they say of the groups must be the same. Then each emulator is given the template's alarm on
a group's status, one for each group, since none evaluates a query of several series (infra/first-hour.md), and reports what state it
comes to; where it kept no history, it is first given the statuses that were published to one that did.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "infra"))

import boto3
import check
import resolve
import scene
import translate

RUNS = 20
# After runs enough to know how often each commits.
CRASH = 8
RUN_EVERY_S = 3.0
RECORDS = 40  # a minute
STATES_WITHIN_S = 150
# Emulator → how it is started, whether it can keep a history, and what it is known to get wrong about alarms. What LocalEmu needs
# for a datum grows with Counts, which are large where memories are kept.
EMULATORS = {
    "MiniStack": ("ministack.sh", True, "it brings all groups to one state, or to none"),
    "LocalEmu": ("localemu.sh", False, None),
}
SETTINGS = ["group.min.session.timeout.ms=3000"]
# Group → the verdict that ends its story, and the state of its alarm then.
GROUPS = {"audit": ("OK", "OK"), "billing": ("STOP", "ALARM"), "fraud": ("STALL", "ALARM")}


def main():
    if not any(EMULATORS[name][1] for name in sys.argv[1:]):
        raise SystemExit("one of them must be able to keep a history")
    scene.build_debug()
    with scene.folder("emulators") as at, scene.Kafka(at / "kafka", settings=SETTINGS) as kafka, scene.Stagehand(kafka) as stage:
        with scene.CloudWatch(visible_after=0, new_metric_visible_after=0) as stand_in, contextlib.ExitStack() as stack:
            judges = {name: stack.enter_context(Judge(EMULATORS[name][0])) for name in sys.argv[1:]}
            return rehearse(stage, kafka, stand_in, judges)


def rehearse(stage, kafka, stand_in, judges):
    actors(stage)
    wrong = []
    keepers = {name: judge for name, judge in judges.items() if EMULATORS[name][1]}
    next_run = time.monotonic()
    for run in range(1, RUNS + 1):
        for partition in (0, 1):
            stage.hand(f"produce orders {partition} {RECORDS} timestamp={minute_ms(run - 1)} step={60_000 // RECORDS}")
        if run == CRASH:
            stage.hand("crash billing-1")
            stage.hand("pause fraud-1 silent")
        next_run += RUN_EVERY_S
        time.sleep(max(0.0, next_run - time.monotonic()))
        stand_in.control(now=minute_ms(run) / 1000 + 2)
        answers = {name: answer(run, {**kafka.variables(), **judge.variables()}) for name, judge in [("stand-in", stand_in), *keepers.items()]}
        # The reasons are compared too: they distinguish a history that could not be read from one with other content.
        reasons = {name: reason for name, (_, reason) in answers.items()}
        answers = {name: said for name, (said, _) in answers.items()}
        differ = [f"run {run}: {name} has {said}, the stand-in {answers['stand-in']}: {reasons[name]}" for name, said in answers.items() if said != answers["stand-in"]]
        print(f"run {run:>2}  {answers['stand-in']}", *differ, sep="\n  ", flush=True)
        wrong += differ
    for group, (verdict, _) in GROUPS.items():
        if answers["stand-in"].get(group) != verdict:
            wrong.append(f"{group} ended as {answers['stand-in'].get(group)}, not {verdict}")
    for name, judge in judges.items():
        known = EMULATORS[name][2]
        if name not in keepers:
            judge.take(published(next(iter(keepers.values()))))
        states = judge.states()
        print(f"{name}: {states}")
        expected = {group: state for group, (_, state) in GROUPS.items()}
        if states != expected and not known:
            wrong.append(f"{name}: the alarms are {states}, not {expected}")
        elif states != expected:
            print(f"{name}: not judged by its alarms: {known}")
        elif known:
            wrong.append(f"{name} is known to be wrong ({known}), and is right: take the note away")
    alarms = [name for name in judges if not EMULATORS[name][2]]
    right = f"{RUNS} runs say the same with {' and '.join(keepers)} as with the stand-in; alarms were judged by {' and '.join(alarms) or 'none'}"
    print("\n".join(wrong) or right)
    return 1 if wrong else 0


def published(keeper):
    """Each group's statuses of the rehearsal, as (run, status)."""
    queries = [{"Id": group, "MetricStat": {"Metric": metric(group), "Period": 60, "Stat": "Maximum"}} for group in GROUPS]
    said = client(keeper.address).get_metric_data(MetricDataQueries=queries, StartTime=minute_ms(0) / 1000, EndTime=minute_ms(RUNS + 1) / 1000)
    run = lambda at: int(at.timestamp()) // 60 - FIRST_MINUTE
    return {each["Id"]: [(run(at), value) for at, value in zip(each["Timestamps"], each["Values"])] for each in said["MetricDataResults"]}


def metric(group):
    dimensions = [{"Name": "Cluster", "Value": "rehearsal"}, {"Name": "Group", "Value": group}]
    return {"Namespace": "Meerkat", "MetricName": "Status", "Dimensions": dimensions}


def client(address):
    return boto3.client("cloudwatch", endpoint_url=address, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


def actors(stage):
    stage.hand("create-topic orders 2")
    for partition in (0, 1):
        stage.hand(f"produce orders {partition} 600 timestamp={minute_ms(0) - 3_600_000} step=5000")
    stage.hand("join audit-1 classic audit orders assigned=2")
    stage.hand("join billing-1 classic billing orders assigned=2 apart session=3000")
    stage.hand("join fraud-1 classic fraud orders assigned=2")
    for group in GROUPS:
        stage.hand(f"wait-caught-up {group}")


def answer(run, variables):
    """The verdict on each group, in brackets while it warms up, and the report's problems."""
    text = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))
    event = json.dumps({"scheduled": text(minute_ms(run)), "now": text(minute_ms(run) + 2_000), "detail": "all"})
    variables = {**variables, "MEERKAT_CLUSTER": "rehearsal", "MEERKAT_LAG_SECONDS": "0"}
    argv = [scene.TARGET / "debug" / "meerkat"]
    done = subprocess.run(argv, input=event, env=scene.environment(variables), capture_output=True, text=True)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"run {run}: {done.stdout}{done.stderr}") from None
    said = {}
    for group in report["groups"]:
        codes = [partition["status"] for partition in group["partitions"]]
        word = group["status"]
        word = next((code for code in ("STOP", "STALL", "REWIND") if word == "ERR" and code in codes), word)
        said[group["group"]] = f"({word})" if "warming_up_seconds" in group else word
    return said, report["problems"]


class Judge(scene.Emulator):
    """An emulator, asked about the template's alarms."""

    def variables(self):
        return {"AWS_ENDPOINT_URL_CLOUDWATCH": self.address, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def take(self, statuses):
        """Statuses that another one has, moved so that the newest is of this minute, which is the one that an alarm runs at."""
        minute = int(time.time()) // 60
        for group, runs in statuses.items():
            one = metric(group)
            namespace = one.pop("Namespace")
            data = [{**one, "Timestamp": (minute - RUNS + run) * 60, "Value": status} for run, status in runs]
            client(self.address).put_metric_data(Namespace=namespace, MetricData=data)

    def states(self):
        """What the template's alarm on each group comes to."""
        cloudwatch = client(self.address)
        values = {**check.WAYS["MSK with IAM"][0], "Cluster": "rehearsal"}
        alarm = resolve.Stack(translate.translated(values), values).of_type("AWS::CloudWatch::Alarm")["GroupStatus"]
        kept = ("ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData")
        same = {key: alarm[key] for key in kept} | {"Threshold": float(alarm["Threshold"])}
        for group in GROUPS:
            # Over the whole rehearsal, whose newest run is some moments old when the emulator comes to it.
            cloudwatch.put_metric_alarm(AlarmName=group, **metric(group), Statistic="Maximum", Period=alarm["Metrics"][0]["Period"], **same)
        deadline = time.monotonic() + STATES_WITHIN_S
        while True:
            found = {each["AlarmName"]: each["StateValue"] for each in cloudwatch.describe_alarms()["MetricAlarms"]}
            if found == {group: state for group, (_, state) in GROUPS.items()} or time.monotonic() > deadline:
                return found
            time.sleep(2)


def minute_ms(run):
    """The scheduled minute of a run, in milliseconds since 1970; the last one is about now."""
    return (FIRST_MINUTE + run) * 60_000


REGION = "eu-central-1"
FIRST_MINUTE = int(time.time()) // 60 - RUNS + 1
# Nothing but the addresses that are given here.
os.environ.pop("AWS_ENDPOINT_URL", None)

if __name__ == "__main__":
    sys.exit(main())
