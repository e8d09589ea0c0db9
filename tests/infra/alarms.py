"""What each alarm of the template does when things happen, by AWS's documented rules.

    alarms.py            checks, and that infra/README.md's table is what comes out
    alarms.py --write    writes that table

Pages of the CloudWatch User Guide that the rules are from:
- "Configuring how CloudWatch alarms treat missing data": the evaluation range is wider than the evaluation periods, by an amount that
  is not documented; the page's example has 5 points for 3 periods. Real points count first, missing ones as few times as possible.
- "Create alarms on Metrics Insights queries", missing data: "If a time series is not retrieved by the query anymore, it will
  transition to OK no matter the treat missing data treatment", and the OK actions are executed.
- "Acting on alarm changes": SNS actions are executed for each contributor and for the alarm as a whole.
- PutMetricAlarm: the first state after INSUFFICIENT_DATA executes its actions too.
- "Suppressing composite alarm actions": no action while the suppressor is in ALARM, nor for the extension period after it; an action
  waits for the wait period before.
"""

import re
import sys

import check
import resolve
import translate

README = translate.INFRA / "README.md"
MARK = "<!-- alarms: python tests/infra/alarms.py --write -->"
# Minute of an event, and the last one.
EVENT, END = 30, 90
# Groups, and the part that checks each.
GROUPS = {"a": 3, "b": 1}
# Points that an alarm retrieves beyond its evaluation periods: none, and as in the documented example.
BEYOND = (0, 2)


def evaluated(points, alarm, state):
    """The state after the points of an evaluation range, oldest first; None is a missing one."""
    periods, datapoints, treatment = alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["TreatMissingData"]
    real = [breaches(alarm, point) for point in points if point is not None][-periods:]
    missing = periods - len(real)
    if missing and treatment in ("ignore", "missing"):
        if sum(real) >= datapoints:
            return "ALARM"
        if False in real:
            return "OK"
        return state if treatment == "ignore" else "INSUFFICIENT_DATA"
    return "ALARM" if sum(real) + (missing if treatment == "breaching" else 0) >= datapoints else "OK"


def breaches(alarm, value):
    threshold = float(alarm["Threshold"])
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
    }[alarm["ComparisonOperator"]]


class World:
    """What is in CloudWatch, and since which minute it can be read: {(metric, dimensions): {minute: (values, seen)}}."""

    def __init__(self, parts=1, delay=lambda minute: 1):
        self.parts, self.delay = parts, delay
        self.series = {}

    def put(self, minute, metric, value, **dimensions):
        points = self.series.setdefault((metric, tuple(sorted(dimensions.items()))), {})
        old, seen = points.get(minute, ([], 0))
        points[minute] = ([*old, value], max(seen, minute + self.delay(minute)))

    def run(self, minute, part, status, age=None, ahead=0, lost=0, unknown=0, topic=1, problems=0, blind=False):
        """One run as the program publishes it; `status` has the groups' own, or those last known, and `topic` a watched topic's."""
        for group, of_part in GROUPS.items():
            if of_part != part and self.parts > 1 or group not in status:
                continue
            # What is OK is not published again.
            if status[group] >= 2 or not blind:
                self.put(minute, "Status", status[group], Group=group)
            if not blind:
                self.put(minute, "LagSeconds", age or 0, Group=group)
                for metric, value in (("LossAhead", ahead), ("LostOffsets", lost)):
                    if value:
                        self.put(minute, metric, value, Group=group)
        self.put(minute, "Errors", int(blind))
        if blind:
            self.put(minute, "BlindRuns", 1)
            return
        # Each part watches every topic, and sees the cluster itself.
        if topic is not None:
            self.put(minute, "TopicStatus", topic, Topic="t")
        self.put(minute, "ClusterProblems", problems)
        self.put(minute, "UnknownGroups", unknown)
        self.put(minute, "Heartbeat", 1)
        if self.parts > 1:
            self.put(minute, "Heartbeat", 1, Part=f"{part}/{self.parts}")

    def points(self, key, statistic, now, count):
        """The newest `count` whole minutes that have ended, oldest first."""
        of = {"Sum": sum, "Maximum": max}[statistic]
        points = self.series.get(key, {})
        found = (points.get(minute) for minute in range(now - count, now))
        return [of(point[0]) if point and point[1] <= now else None for point in found]


def world(parts=1, delay=lambda minute: 1, start=0, **story):
    """Runs each minute; `story` says of a minute and part what a run does there, or None where there is none."""
    made = World(parts, delay)
    for minute in range(start, END):
        for part in range(1, parts + 1):
            run = {**BAD, "lost": 0} | (story["run"](minute, part) or {}) if story["run"](minute, part) is not None else None
            if run:
                made.run(minute, part, **run)
    return made


def always(minute, part):
    return {}


def after(event, before=None):
    """A story that changes with the event."""
    return lambda minute, part: event(minute, part) if minute >= EVENT else (before or always)(minute, part)


FINE = {"status": {"a": 1, "b": 1}, "age": 0, "ahead": 0, "topic": 1, "problems": 0}
BAD = {"status": {"a": 3, "b": 1}, "age": 900, "ahead": 1, "lost": 1, "topic": 2, "problems": 1}
# What happens → the world. Where nothing else is said group a is ERR all the time, with an old record and about to lose some, a
# watched topic is WARN, and the cluster itself has a problem.
STORIES = {
    "nothing runs any more": lambda: world(run=after(lambda *_: None)),
    "one run is missed": lambda: world(run=lambda minute, part: None if minute == EVENT else {}),
    "Kafka cannot be read for 20 min": lambda: world(run=after(lambda minute, part: {"blind": True} if minute < EVENT + 20 else {})),
    "one run is bad": lambda: world(run=lambda minute, part: BAD if minute == EVENT else FINE),
    "what is bad recovers": lambda: world(run=after(lambda *_: FINE)),
    "it is renamed or deleted": lambda: world(run=after(lambda *_: {"status": {"b": 1}, "topic": None})),
    "it cannot be read": lambda: world(run=after(lambda *_: {"unknown": 1, "topic": None})),
    "data is 90 s late": lambda: world(delay=lambda minute: 3 if minute >= EVENT else 1, run=always),
    "one of 8 parts does not run": lambda: world(8, run=after(lambda minute, part: None if part == GROUPS["a"] else {})),
}


class Alarms:
    """The alarms of a stack, one evaluation a minute."""

    def __init__(self, stack, beyond):
        self.beyond = beyond
        self.metric = stack.of_type("AWS::CloudWatch::Alarm")
        self.composite = stack.of_type("AWS::CloudWatch::CompositeAlarm")
        self.states = dict.fromkeys([*self.metric, *self.composite], "INSUFFICIENT_DATA")
        self.contributors = {name: {} for name in self.metric}
        self.sent, self.pending, self.silent_until = dict.fromkeys(self.composite, "OK"), {}, -1
        # (minute, alarm, contributor, new state, whether the topic got it)
        self.log = []

    def run(self, data, start=0):
        for now in range(start, END):
            for name, alarm in self.metric.items():
                if "Metrics" in alarm:
                    self.query(now, name, alarm, data)
                else:
                    self.plain(now, name, alarm, data)
            # A composite alarm follows its children, the suppressor first.
            for name in sorted(self.composite, key=lambda name: name != "NobodyWatches"):
                self.rule(now, name, self.composite[name])
        return self

    def plain(self, now, name, alarm, data):
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        key = (alarm["MetricName"], tuple(sorted((each, value) for each, value in dimensions.items() if each == "Part")))
        points = data.points(key, alarm["Statistic"], now, alarm["EvaluationPeriods"] + self.beyond)
        self.turn(now, name, None, self.states[name], evaluated(points, alarm, self.states[name]), alarm)

    def query(self, now, name, alarm, data):
        """Each group or topic by itself: OK or ALARM while it is retrieved, and OK once it is not."""
        metric = re.search(r'MAX\("(\w+)"\)', alarm["Metrics"][0]["Expression"])[1]
        dimension = re.search(r'GROUP BY "(\w+)"', alarm["Metrics"][0]["Expression"])[1]
        known = self.contributors[name]
        for key in {key for key in data.series if key[0] == metric}:
            contributor = dict(key[1])[dimension]
            points = data.points(key, "Maximum", now, alarm["EvaluationPeriods"] + self.beyond)
            old = known.get(contributor, "OK")
            new = evaluated(points, alarm, old) if any(point is not None for point in points) else "OK"
            known[contributor] = new
            self.turn(now, name, contributor, old, new, alarm)
        self.turn(now, name, None, self.states[name], "ALARM" if "ALARM" in known.values() else "OK", alarm)

    def turn(self, now, name, contributor, old, new, alarm):
        if contributor is None:
            self.states[name] = new
        if new != old:
            self.log.append((now, name, contributor, new, bool(alarm.get("AlarmActions" if new == "ALARM" else "OKActions"))))

    def rule(self, now, name, alarm):
        words = re.sub(r'(ALARM|OK)\("<(\w+)\.Arn>"\)', lambda match: str(self.states[match[2]] == match[1]), alarm["AlarmRule"])
        new = "ALARM" if holds(words) else "OK"
        old, self.states[name] = self.states[name], new
        suppressor = alarm.get("ActionsSuppressor")
        if suppressor is None:
            self.turn(now, name, None, old, new, alarm)
            return
        if self.states[suppressor.strip("<>").split(".")[0]] == "ALARM":
            self.silent_until = now + alarm["ActionsSuppressorExtensionPeriod"] // 60
        if new != old:
            self.pending[name] = now + alarm["ActionsSuppressorWaitPeriod"] // 60
        due = self.pending.get(name, END) <= now and now > self.silent_until
        if due and new != self.sent[name]:
            self.sent[name] = new
            self.log.append((now, name, None, new, bool(alarm.get("AlarmActions" if new == "ALARM" else "OKActions"))))

    def after(self, name, contributor=None, sent=None):
        """What became of an alarm since the event: (minutes after it, state), only those that the topic received if `sent` is set."""
        return [(at - EVENT, new) for at, alarm, who, new, was_sent in self.log if alarm == name and who == contributor and at >= EVENT and (was_sent or not sent)]

    def messages(self):
        return [(at - EVENT, alarm, who, new) for at, alarm, who, new, was_sent in self.log if was_sent]


def holds(words):
    """The value of a rule whose alarms are True or False."""
    while "(" in words:
        words = re.sub(r"\(([^()]*)\)", lambda match: str(holds(match[1])), words)
    return any(all(word.strip() == "True" for word in part.split(" AND ")) for part in words.split(" OR "))


def stack(**more):
    values = {**check.WAYS["MSK with IAM"][0], "Cluster": "prod", "AlarmTopicArn": check.TOPIC + "pages", "LagSecondsAlarm": 600, "Watch": "t=new", "ClusterAlarms": "on", **more}
    return resolve.Stack(translate.translated(values), values)


def alarms_of(story, **more):
    """What the topic gets for a story, with the narrowest and the wider evaluation range."""
    return [Alarms(stack(**more), beyond).run(STORIES[story]()) for beyond in BEYOND]


def main():
    check_documented_examples()
    check_promises()
    check_long_periods()
    text = README.read_text()
    expected = with_table(text)
    if sys.argv[1:] == ["--write"]:
        README.write_text(expected)
    check.same(text == expected or sys.argv[1:] == ["--write"], True, "infra/README.md's table of alarms is what the template comes to; run alarms.py --write")
    print(f"each alarm does what infra/README.md says when {', '.join(STORIES)}")


def check_documented_examples():
    """The tables of the page on missing data: 0 is within the threshold, X beyond it, - missing."""
    retain = "retained"
    for datapoints, drawn, ignore, breaching, not_breaching in (
        (3, "0-X-X", "OK", "OK", "OK"),
        (3, "0----", "OK", "OK", "OK"),
        (3, "-----", retain, "ALARM", "OK"),
        (3, "0XX-X", "ALARM", "ALARM", "ALARM"),
        (3, "----X", retain, "ALARM", "OK"),
        (3, "X----", retain, "ALARM", "OK"),
        (2, "0-X-X", "ALARM", "ALARM", "ALARM"),
        (2, "00X0X", "ALARM", "ALARM", "ALARM"),
        (2, "0-X--", "OK", "ALARM", "OK"),
        (2, "----0", "OK", "ALARM", "OK"),
        (2, "----X", retain, "ALARM", "OK"),
    ):
        points = [{"0": 0, "X": 1, "-": None}[each] for each in drawn]
        for treatment, expected in (("ignore", ignore), ("breaching", breaching), ("notBreaching", not_breaching)):
            alarm = {"EvaluationPeriods": 3, "DatapointsToAlarm": datapoints, "TreatMissingData": treatment, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
            check.same(evaluated(points, alarm, retain), expected, f"{datapoints} of 3, {drawn}, {treatment}")


def check_promises():
    for alarms in alarms_of("one run is missed") + alarms_of("data is 90 s late"):
        check.same([message for message in alarms.messages() if message[0] >= 0], [], "neither a missed run nor late data moves anything that is sent")
    for alarms in alarms_of("Kafka cannot be read for 20 min"):
        sent = [message[1:] for message in alarms.messages() if message[0] >= 0]
        check.same(sent[:2], [("BlindRuns", None, "ALARM"), ("NobodyWatches", None, "ALARM")], "without Kafka: two messages that say so")
        # Ages, losses to come and topics are not known meanwhile, so these alarms begin again.
        again = {(name, "ALARM") for name in ("LagSeconds", "LossAhead", "TopicStatus")}
        check.same({message[::2] for message in sent[2:]}, {("NobodyWatches", "OK"), *again}, "no group recovers in between, nor does the cluster")
    for alarms in alarms_of("nothing runs any more"):
        nobody = alarms.after("NobodyWatches", sent=True)
        check.same([state for _, state in nobody], ["ALARM"], "a function that does not run pages")
        ends = [at for at, name, who, new in alarms.messages() if at >= 0 and new == "OK"]
        check.same(alarms.after("ClusterProblems"), [], "no run saw that the cluster is well again")
        check.same(all(at > nobody[0][0] for at in ends), True, f"nobody-watches comes before any group's end: {nobody}, {ends}")
        check.same(alarms.after("Page", sent=True), [], "and the page is silent")
    for alarms in alarms_of("what is bad recovers"):
        for name, contributor in (("GroupStatus", "a"), ("ClusterProblems", None)):
            check.same([state for _, state in alarms.after(name, contributor, sent=True)], ["OK"], "a recovery is sent once")
        check.same(alarms.after("TopicStatus", "t", sent=True), [], "a topic's end is not")
    for alarms in alarms_of("one run is bad"):
        check.same([state for _, state in alarms.after("TopicStatus", "t", sent=True)], ["ALARM"], "one new record in a topic of dead letters is sent")
    for alarms in alarms_of("it cannot be read"):
        check.same(alarms.after("GroupStatus", "a"), [], "a group that cannot be read stays as it was last known")
        check.same([state for _, state in alarms.after("Page", sent=True)], ["ALARM"], "and the page says that it cannot")
    for alarms in alarms_of("one of 8 parts does not run", Parts=8):
        check.same([state for _, state in alarms.after("PartMissing", sent=True)], ["ALARM"], "a part that is missing pages")
        check.same([name for name in alarms.metric if name.startswith("Part") and alarms.states[name] == "ALARM"], ["Part3"], "by its number")
        check.same(alarms.after("NobodyWatches"), [], "while others run, somebody watches")
    unread = world(8, run=after(lambda minute, part: None if part == 3 else {"unknown": int(part == 1)}))
    for beyond in BEYOND:
        alarms = Alarms(stack(Parts=8), beyond).run(unread)
        check.same([state for _, state in alarms.after("Page", sent=True)], ["ALARM"], "a missing part suppresses nothing")
    lost = world(run=lambda minute, part: {**FINE, "lost": int(minute == EVENT)})
    for beyond in BEYOND:
        alarms = Alarms(stack(), beyond).run(lost)
        check.same([state for _, state in alarms.after("LostOffsets", "a", sent=True)], ["ALARM"], "lost records are sent, and no end of it")
    first = world(start=EVENT, run=lambda *_: FINE)
    for beyond in BEYOND:
        alarms = Alarms(stack(Parts=1), beyond).run(first, EVENT - 10)
        check.same([message for message in alarms.messages() if message[-1] == "ALARM"], [], "a new stack pages nobody because it is new")
    for more, name in (({"OkPages": "off"}, "the end of nothing"), ({"Period": 120}, "nor of a group's alarm where runs are rare")):
        ends = {key: alarm.get("OKActions") for key, alarm in stack(**more).of_type("AWS::CloudWatch::Alarm").items()}
        check.same({key for key, action in ends.items() if action}, {"ClusterProblems"} if "Period" in more else set(), f"{name} is sent")


def check_long_periods():
    """What CloudWatch refuses, and what queries see: PutMetricAlarm, and "Limits" of alarms."""
    for period in translate.template()["Parameters"]["Period"]["AllowedValues"]:
        for name, alarm in stack(Period=period, Timeout=60).of_type("AWS::CloudWatch::Alarm").items():
            seconds = alarm["Metrics"][0]["Period"] if "Metrics" in alarm else alarm["Period"]
            whole = seconds * alarm["EvaluationPeriods"]
            check.same(whole <= (86_400 if seconds < 3600 else 604_800), True, f"{name}, every {period} min: {whole} s")
            check.same(alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"], True, f"{name}, every {period} min")
            if "Metrics" in alarm:
                check.same(whole <= 10_800, True, f"{name}, every {period} min: a query sees three hours, not {whole} s")
                check.same("OKActions" not in alarm or whole >= 2 * 60 * period + 180, True, f"{name}, every {period} min: an end is sent, so a missed run must be no gap")


# Alarm → what it watches; first those that are sent, then those that others are made of.
WATCHES = {
    "GroupStatus": "a group is `ERR` (`AlarmFrom=WARN`: or `WARN`) in one of the last five periods",
    "LagSeconds": "`LagSecondsAlarm`: a group's oldest unread record is that old, in two of five periods",
    "LostOffsets": "retention deleted records before a group read them",
    "LossAhead": "a group has nearly used up what retention keeps, in two of five periods",
    "TopicStatus": "`Watch`: a watched topic got a record that should not come, or none for too long, in one of five periods",
    "ClusterProblems": "`ClusterAlarms`: brokers are away, or partitions lack a leader or replicas, for five minutes or longer; in one of three runs",
    "UnknownGroups": "a group cannot be read, or is expected and not there, three runs in a row",
    "FunctionErrors": "runs fail, five of six",
    "BlindRuns": "runs start and cannot read Kafka, two of three",
    "NobodyWatches": "`…-heartbeat-missing`, once a first run has finished",
    "PartMissing": "`Parts`: a part's run does not finish while another's does; its number is that of `…-part-N`",
    "Page": "`…-unknown-groups` or `…-function-errors` (`GroupPages=off`: or a group's alarm); silent while nobody watches",
    "HeartbeatMissing": "no run, of any part, has finished for three periods",
    "Part3": "the run of part 3 has not finished for three periods",
    "FirstRun": "never: `OK` from the first finished run on, so that a new stack does not page",
    "NewVersionErrors": "two runs of a version that takes over failed within ten minutes",
}


def with_table(text):
    """infra/README.md with the table that comes out."""
    lines = [f"| alarm | in `ALARM` when | {' | '.join(STORIES)} |", "|---" * (len(STORIES) + 2) + "|"]
    outcomes = {story: alarms_of(story, **({"Parts": 8} if "parts" in story else {})) for story in STORIES}
    for name, watches in WATCHES.items():
        alias = re.sub(r"(?<!^)(?=[A-Z0-9])", "-", name).lower()
        cells = [cell([alarms for alarms in outcomes[story]], name) for story in STORIES]
        lines.append(f"| `…-{alias}` | {watches} | {' | '.join(cells)} |")
    before, _, rest = text.partition(MARK)
    _, _, behind = rest.partition(MARK)
    if not behind:
        raise SystemExit(f"infra/README.md needs {MARK} twice")
    return before + MARK + "\n" + "\n".join(lines) + "\n" + MARK + behind


def cell(runs, name):
    """What an alarm does, and after how many minutes; bold is sent to the topic."""
    if name not in runs[0].states:
        return "–"
    who = next(iter(runs[0].contributors.get(name, {}).keys() & {"a", "t"}), None)
    turns = [alarms.after(name, who) for alarms in runs]
    sent = [alarms.after(name, who, sent=True) for alarms in runs]
    if not any(turns):
        state = runs[0].contributors[name][who] if who else runs[0].states[name]
        return "–" if state in ("OK", "INSUFFICIENT_DATA") else f"stays `{state}`"
    if {len(each) for each in turns} != {len(turns[0])}:
        raise SystemExit(f"{name} depends on the width of the evaluation range: {turns}")
    words = []
    for number, (_, state) in enumerate(turns[0]):
        minutes = sorted({each[number][0] for each in turns})
        mark = "**" if (turns[0][number]) in sent[0] else ""
        words.append(f"{mark}`{state}`{mark} {minutes[0]}" + (f" to {minutes[-1]}" if len(minutes) > 1 else ""))
    return ", ".join(words)


if __name__ == "__main__":
    main()
