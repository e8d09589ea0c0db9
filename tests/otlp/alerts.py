"""The template's alarms in PromQL over rehearsed minutes, by Prometheus' own rules engine (promtool test rules).

    alerts.py            checks, and that infra/metrics.md's table is what this file says
    alerts.py --write    writes that table

An alarm becomes a rule as AWS documents it ("PromQL alarms", CloudWatch User Guide): the query is the expression, PendingPeriod is `for`,
RecoveryPeriod is `keep_firing_for`, and each series that is returned is a contributor. CloudWatch itself is not asked.
"""

import json
import re
import subprocess
import sys

import parts
import resolve
import scene
import translate

import check

DOCUMENT = translate.INFRA / "metrics.md"
MARK = "<!-- alarms: python tests/otlp/alerts.py --write -->"
# Minute of an event, minutes that are rehearsed, and parts where there are several.
EVENT, END, PARTS = 30, 240, 3
# The alarms whose contributors are groups or topics; all others have one series.
OF_GROUPS = ("GroupStatus", "LagSeconds", "LostOffsets", "LossAhead")
OF_TOPICS = ("TopicStatus",)
NOTHING = {}


class Minutes:
    """What runs publish, minute by minute: series → values."""

    def __init__(self):
        self.series = {}

    def put(self, minute, name, value, **labels):
        self.series.setdefault((name, tuple(sorted(labels.items()))), {})[minute] = value

    def input(self):
        """The same as promtool reads it."""
        listed = []
        for (name, labels), values in self.series.items():
            said = "".join(f', {key}="{value}"' for key, value in labels)
            text = " ".join(str(values.get(minute, "_")) for minute in range(END))
            listed.append({"series": f'{{"{name}", cluster="prod"{said}}}', "values": text})
        return listed


def world(run, several=False):
    """Runs each minute; `run` says what differs there from a run that finds everything in order, or None where there is no run."""
    made = Minutes()
    for minute in range(END):
        for part in range(1, PARTS + 1 if several else 2):
            own = {"part": f"{part}/{PARTS}"} if several else {}
            outcome = run(minute, part)
            if outcome is None:
                continue
            if outcome.get("blind"):
                made.put(minute, "meerkat.blind_runs", 1, **own)
            else:
                made.put(minute, "meerkat.heartbeat", 1, **own)
                made.put(minute, "meerkat.unknown_groups", outcome.get("unknown", 0), **own)
                made.put(minute, "meerkat.cluster_problems", outcome.get("problems", 0), **own)
                # Each part watches every topic.
                if outcome.get("topic", 1) is not None:
                    made.put(minute, "meerkat.topic.status", outcome.get("topic", 1), topic="orders-dlt")
                made.put(minute, "meerkat.topic.status", 1, topic="quiet")
            # A group of the last part, and one of the first that is always in order.
            if part == (PARTS if several else 1):
                for metric in ("status", "lag.seconds", "lost", "loss_ahead"):
                    value = outcome.get(metric, {"status": 1, "lag.seconds": 0}.get(metric))
                    if value is not None:
                        made.put(minute, f"meerkat.group.{metric}", value, group="orders-svc")
            if part == 1 and not outcome.get("blind"):
                made.put(minute, "meerkat.group.status", 1, group="steady")
                made.put(minute, "meerkat.group.lag.seconds", 0, group="steady")
    return made


BAD = {"status": 3, "lag.seconds": 900, "loss_ahead": 1}
GONE = {"status": None, "lag.seconds": None}
BLIND = {"blind": True, "status": 3, "lag.seconds": None}


def after(event, before=NOTHING):
    return lambda minute, part: event(minute - EVENT, part) if minute >= EVENT else before


# What happens at the event → runs, and for each alarm the minutes after the event from which and until which it is in ALARM; None is
# beyond what is rehearsed. An alarm that is not named stays OK. Before the event the group is in order, or bad where it says so.
STORIES = {
    "a group stops, and is read again after 20 min": (
        world(after(lambda minute, part: BAD if minute < 20 else NOTHING)),
        {"GroupStatus": (0, 30), "LagSeconds": (2, 30), "LossAhead": (1, 33)},
    ),
    "one bad minute": (
        world(after(lambda minute, part: BAD if minute == 0 else NOTHING)),
        {"GroupStatus": (0, 11)},
    ),
    "a bad group cannot be read for 3 min": (
        world(after(lambda minute, part: {**GONE, "unknown": 1} if minute < 3 else BAD, BAD)),
        {"GroupStatus": (-EVENT, None), "LagSeconds": (2 - EVENT, None), "LossAhead": (1 - EVENT, None)},
    ),
    "a bad group cannot be read any more; its last status is published": (
        world(after(lambda minute, part: {"status": 3, "lag.seconds": None, "unknown": 1}, BAD)),
        {"GroupStatus": (-EVENT, None), "LagSeconds": (2 - EVENT, 14), "LossAhead": (1 - EVENT, 13), "UnknownGroups": (3, None)},
    ),
    "a bad group is renamed or deleted": (
        world(after(lambda minute, part: GONE, BAD)),
        {"GroupStatus": (-EVENT, 14), "LagSeconds": (2 - EVENT, 14), "LossAhead": (1 - EVENT, 13)},
    ),
    "one run is missed": (
        world(after(lambda minute, part: None if minute == 0 else BAD, BAD)),
        {"GroupStatus": (-EVENT, None), "LagSeconds": (2 - EVENT, None), "LossAhead": (1 - EVENT, None)},
    ),
    "nothing runs any more": (
        world(after(lambda minute, part: None, BAD)),
        {"GroupStatus": (-EVENT, 189), "LagSeconds": (2 - EVENT, 14), "LossAhead": (1 - EVENT, 13), "HeartbeatMissing": (4, None)},
    ),
    "Kafka cannot be read for 20 min": (
        world(after(lambda minute, part: BLIND if minute < 20 else BAD, BAD)),
        {"GroupStatus": (-EVENT, None), "LagSeconds": [(2 - EVENT, 14), (22, None)], "LossAhead": [(1 - EVENT, 13), (21, None)], "HeartbeatMissing": (4, 20), "BlindRuns": (1, 23)},
    ),
    "one of 3 parts does not run": (
        world(after(lambda minute, part: None if part == PARTS else NOTHING, BAD), several=True),
        {"GroupStatus": (-EVENT, 189), "LagSeconds": (2 - EVENT, 14), "LossAhead": (1 - EVENT, 13), "Part3": (4, None)},
    ),
    "records are lost unread": (
        world(after(lambda minute, part: {"lost": 5} if minute == 0 else NOTHING)),
        {"LostOffsets": (0, 15)},
    ),
    "a watched topic gets one record": (
        world(after(lambda minute, part: {"topic": 2} if minute == 0 else NOTHING)),
        {"TopicStatus": (0, 11)},
    ),
    "a watched topic is silent for 20 min": (
        world(after(lambda minute, part: {"topic": 2} if minute < 20 else NOTHING)),
        {"TopicStatus": (0, 30)},
    ),
    "a silent topic cannot be read for 3 min": (
        world(after(lambda minute, part: {"topic": None if minute < 3 else 2}, {"topic": 2})),
        {"TopicStatus": (-EVENT, None)},
    ),
    "a silent topic cannot be read any more, or is deleted": (
        world(after(lambda minute, part: {"topic": None}, {"topic": 2})),
        {"TopicStatus": (-EVENT, 14)},
    ),
    "brokers are away, and are back after 20 min": (
        world(after(lambda minute, part: {"problems": 2} if minute < 20 else NOTHING)),
        {"ClusterProblems": (0, 30)},
    ),
    "brokers are away, seen by two of 3 parts": (
        world(after(lambda minute, part: {"problems": part % 2} if minute < 20 else NOTHING), several=True),
        {"ClusterProblems": (0, 30)},
    ),
    "brokers are away, then Kafka cannot be read for 20 min": (
        world(after(lambda minute, part: {"blind": True} if minute < 20 else {"problems": 2}, {"problems": 2})),
        {"ClusterProblems": (-EVENT, None), "HeartbeatMissing": (4, 20), "BlindRuns": (1, 23)},
    ),
    "a new stack begins to run": (
        world(lambda minute, part: None if minute < EVENT else NOTHING),
        {"HeartbeatMissing": (-EVENT, 0)},
    ),
}


def main():
    for name, (minutes, expected) in STORIES.items():
        rehearse(name, minutes, {alarm: listed(spans) for alarm, spans in expected.items()})
    text = DOCUMENT.read_text()
    wanted = with_table(text)
    if sys.argv[1:] == ["--write"]:
        DOCUMENT.write_text(wanted)
    elif text != wanted:
        raise SystemExit("infra/metrics.md has another table: run tests/otlp/alerts.py --write")
    print(f"each alarm in PromQL does what infra/metrics.md says when {', '.join(STORIES)}")


def rehearse(story, minutes, expected):
    alarms = in_promql(several="parts" in story)
    unknown = expected.keys() - alarms.keys()
    parts.same(unknown, set(), f"{story}: alarms of the template")
    rules = [
        {"alert": name, "expr": criteria["Query"], "for": f"{criteria['PendingPeriod']}s", "keep_firing_for": f"{criteria['RecoveryPeriod']}s"}
        for name, criteria in alarms.items()
    ]
    tests = []
    for name, criteria in alarms.items():
        contributor = labels(name)
        for minute in range(END):
            stands = any(begin <= minute - EVENT and (end is None or minute - EVENT < end) for begin, end in expected.get(name, []))
            tests.append({"eval_time": f"{minute}m", "alertname": name, "exp_alerts": [{"exp_labels": contributor}] if stands else []})
    with scene.folder("alerts") as at:
        (at / "rules.yaml").write_text(json.dumps({"groups": [{"name": "alarms", "interval": "60s", "rules": rules}]}))
        (at / "tests.yaml").write_text(
            json.dumps({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [{"interval": "1m", "input_series": minutes.input(), "alert_rule_test": tests}]})
        )
        for argv in (["check", "rules", "rules.yaml"], ["test", "rules", "tests.yaml"]):
            done = subprocess.run([parts.PROMTOOL, *argv], cwd=at, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{story}:\n{(done.stdout + done.stderr)[:4000]}")


def in_promql(several=False):
    """The alarms of the template in PromQL: name → criteria."""
    values = {**check.WAYS["MSK with IAM"][0], "Cluster": "prod", "Metrics": "otlp", "LagSecondsAlarm": 600, "Watch": "*-dlt=new", "ClusterAlarms": "on", "Parts": PARTS if several else 1}
    stack = resolve.Stack(translate.translated(values), values)
    alarms = stack.of_type("AWS::CloudWatch::Alarm").items()
    parts.same({alarm.get("EvaluationInterval", 60) for _, alarm in alarms}, {60}, "how often alarms are evaluated")
    return {name: alarm["EvaluationCriteria"]["PromQLCriteria"] for name, alarm in alarms if "EvaluationCriteria" in alarm}


def labels(name):
    of_part = {"part": f"{name.removeprefix('Part')}/{PARTS}"} if re.fullmatch(r"Part\d+", name) else {}
    of_group = {"group": "orders-svc"} if name in OF_GROUPS else {}
    return {"cluster": "prod", **of_group, **({"topic": "orders-dlt"} if name in OF_TOPICS else {}), **of_part}


def listed(spans):
    return spans if isinstance(spans, list) else [spans]


def with_table(text):
    """infra/metrics.md with the table of the stories."""
    names = sorted({name for _, expected in STORIES.values() for name in expected}, key=list(in_promql(several=True)).index)
    lines = [f"| | {' | '.join(f'`…-{alias(name)}`' for name in names)} |", "|---" * (len(names) + 1) + "|"]
    for story, (_, expected) in STORIES.items():
        cells = [", ".join(map(spelled, listed(expected[name]))) if name in expected else "–" for name in names]
        lines.append(f"| {story} | {' | '.join(cells)} |")
    before, _, rest = text.partition(MARK)
    _, _, behind = rest.partition(MARK)
    if not behind:
        raise SystemExit(f"infra/metrics.md needs {MARK} twice")
    return before + MARK + "\n" + "\n".join(lines) + "\n" + MARK + behind


def alias(name):
    return re.sub(r"(?<!^)(?=[A-Z0-9])", "-", name).lower()


def spelled(span):
    begin, end = span
    if begin < 0:
        return "stays `ALARM`" if end is None else f"`OK` {end}"
    return f"`ALARM` {begin}" if end is None else f"`ALARM` {begin}, `OK` {end}"


if __name__ == "__main__":
    main()
