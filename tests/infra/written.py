"""What repeats in the template, written out: parts, the parameters of the function, the dashboard.

    written.py            checks that the template holds it
    written.py --write    writes it into the template

Each place stands between two comments, `# written: NAME` and `# end of what is written`.
"""

import re
import sys

import translate

PARTS = 32
BEGIN, END = "# written: ", "# end of what is written"
# What is the function's and no version's.
BESIDE = ("DeploymentPreference", "ReservedConcurrentExecutions")
# The period that the dashboards have where the template puts the schedule's.
PERIODS = ('"period": 60', '"step": 60')


def main():
    text = translate.TEMPLATE.read_text()
    expected = written(text)
    if sys.argv[1:] == ["--write"]:
        translate.TEMPLATE.write_text(expected)
    elif text != expected:
        raise SystemExit("the template does not hold what it repeats: run `python tests/infra/written.py --write`")
    print(f"the template holds {', '.join(PLACES)}")


def written(text):
    """The template with every place filled in anew."""
    for name, lines in PLACES.items():
        pattern = re.compile(rf"(?ms)^( *){re.escape(BEGIN + name)}$.*?^ *{re.escape(END)}$")
        found = pattern.findall(text)
        if len(found) != 1:
            raise SystemExit(f"the template has {len(found)} places for {name}")
        (indent,) = found
        body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines())
        place = f"{indent}{BEGIN}{name}\n{body}{indent}{END}"
        text = pattern.sub(lambda _, place=place: place, text)
    return text


def conditions():
    """Part N is there where there are N parts or more; the first one is always."""
    yield f"WithPart{PARTS}: !Equals [!Ref Parts, {PARTS}]"
    for number in range(PARTS - 1, 1, -1):
        yield f"WithPart{number}: !Or [!Condition WithPart{number + 1}, !Equals [!Ref Parts, {number}]]"


def parts():
    """A schedule for each part, and where there are several an alarm for each, which has its number in its name."""
    for number in range(1, PARTS + 1):
        yield from schedule(number)
    for number in range(1, PARTS + 1):
        yield from heartbeat(number)
    several = ", ".join(f'!If [WithPart{number}, !Sub \'ALARM("${{Part{number}.Arn}}")\', !Ref AWS::NoValue]' for number in range(3, PARTS + 1))
    yield from f"""\
PartMissing:
  Type: AWS::CloudWatch::CompositeAlarm
  Condition: WithPart2
  Properties:
    AlarmName: !Sub "${{AWS::StackName}}-part-missing"
    AlarmDescription: !Sub "Some parts of the runs for ${{Cluster}} do not finish, and others do: the groups of a part whose alarm …-part-NUMBER is in ALARM are not checked."
    AlarmRule: !Sub
      - 'OK("${{FirstRun.Arn}}") AND OK("${{HeartbeatMissing.Arn}}") AND (${{Any}})'
      - Any: !Join
          - " OR "
          - [!Sub 'ALARM("${{Part1.Arn}}")', !Sub 'ALARM("${{Part2.Arn}}")', {several}]
    AlarmActions: !If [WithAlarmTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
    OKActions: !If [WithEnd, [!Ref AlarmTopicArn], !Ref AWS::NoValue]""".splitlines()


def schedule(number):
    filled = '"scheduled": "<aws.scheduler.scheduled-time>", "execution": "<aws.scheduler.execution-id>", "attempt": "<aws.scheduler.attempt-number>"'
    own = f"""!Sub '{{{filled}, "part": "{number}/${{Parts}}"}}'"""
    lines = f"""\
Schedule{number}:
  Type: AWS::Scheduler::Schedule
  Condition: WithPart{number}
  Properties:
    Name: !Sub ["meerkat-${{Id}}-{number}", {{ Id: !Select [0, !Split ["-", !Select [2, !Split ["/", !Ref AWS::StackId]]]] }}]
    Description: !Sub "A run for ${{Cluster}} of the stack ${{AWS::StackName}}, part {number} of ${{Parts}}."
    ScheduleExpression: !FindInMap [Every, !Ref Period, Cron]
    ScheduleExpressionTimezone: UTC
    FlexibleTimeWindow: {{ Mode: "OFF" }}
    Target:
      Arn: !GetAtt Checker.Alias.AliasArn
      RoleArn: !GetAtt ScheduleRole.Arn
      Input: {own}
      RetryPolicy: {{ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }}""".splitlines()
    if number > 1:
        return lines
    # The only part is no part; the comments say it once for all.
    out = []
    for line in lines:
        if line.startswith("  Condition:"):
            continue
        if line.startswith("    Name:"):
            out.append("    # Schedules are named once in an account and Region: after the stack's id, since a stack's name may be too long.")
        if line.startswith("      Arn:"):
            out.append("      # The alias, so that the way back is one command.")
        if line.startswith("      Input:"):
            line = f"      Input: !If [WithPart2, {own}, '{{{filled}}}']"
        if line.startswith("      RetryPolicy:"):
            out.append("      # A late run is worth less than the next one.")
        out.append(line)
    return out


def heartbeat(number):
    return f"""\
Part{number}:
  Type: AWS::CloudWatch::Alarm
  Condition: WithPart{max(number, 2)}
  Properties:
    AlarmName: !Sub "${{AWS::StackName}}-part-{number}"
    AlarmDescription: !Sub "Part {number} of ${{Parts}} of the runs for ${{Cluster}} does not finish; …-part-missing sends the page."
    Namespace: {classic("!Ref Namespace")}
    MetricName: {classic("Heartbeat")}
    Dimensions: {classic(f'[{{ Name: Cluster, Value: !Ref Cluster }}, {{ Name: Part, Value: !Sub "{number}/${{Parts}}" }}]')}
    Statistic: {classic("Sum")}
    Period: {classic("!FindInMap [Every, !Ref Period, Seconds]")}
    ComparisonOperator: {classic("LessThanThreshold")}
    Threshold: {classic("1")}
    EvaluationPeriods: {classic("!FindInMap [Every, !Ref Period, Runs]")}
    DatapointsToAlarm: {classic("!FindInMap [Every, !Ref Period, Runs]")}
    TreatMissingData: {classic("breaching")}
    EvaluationCriteria: !If
      - WithOtlp
      - PromQLCriteria:
          Query: !Sub
            - >-
              absent_over_time({{"meerkat.heartbeat", cluster="${{Cluster}}", part="{number}/${{Parts}}"}}[${{Silence}}s])
            - Silence: !FindInMap [Queries, !Ref Period, Silence]
          PendingPeriod: 0
          RecoveryPeriod: 0
      - !Ref AWS::NoValue
    EvaluationInterval: !If [WithOtlp, 60, !Ref AWS::NoValue]""".splitlines()


def classic(value):
    """A property that alarms on classic metrics alone have."""
    return f"!If [WithOtlp, !Ref AWS::NoValue, {value}]"


def parameters():
    """Every parameter that decides about what the function is given, with its value."""
    template = translate.template()
    own = {key: value for key, value in template["Resources"]["Checker"]["Properties"].items() if key not in BESIDE}
    names = translate.decides(template, own, template["Globals"]["Function"])
    lists = {name for name in names if template["Parameters"][name]["Type"] == "CommaDelimitedList"}
    yield "Content: !Sub"
    yield "  - |"
    for name in sorted(names):
        yield f"    {name}=${{{name}}}"
    for number, name in enumerate(sorted(lists)):
        yield f'  {"-" if number == 0 else " "} {name}: !Join [",", !Ref {name}]'


def dashboard():
    yield "DashboardBody: !If"
    yield "  - WithOtlp"
    yield from body("dashboard-otlp.json", "Reach: !FindInMap [Queries, !Ref Period, Reach]")
    yield from body("dashboard.json")


def body(name, *more):
    text = (translate.INFRA / name).read_text()
    for place in PERIODS:
        text = text.replace(place, place.replace("60", "${Seconds}"))
    if "${Seconds}" not in text:
        raise SystemExit(f"{name} has none of {PERIODS}")
    yield "  - !Sub"
    yield "    - |"
    for line in text.splitlines():
        yield f"      {line}"
    for number, value in enumerate(("Seconds: !FindInMap [Every, !Ref Period, Seconds]", *more)):
        yield f"    {' ' if number else '-'} {value}"


PLACES = {"conditions of parts": conditions, "parts": parts, "parameters": parameters, "dashboard": dashboard}

if __name__ == "__main__":
    main()
