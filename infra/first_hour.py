"""The steps of infra/first-hour.md that are one command: what was expected, and what happened.

    first_hour.py STACK

Needs the AWS CLI with a Region and credentials; changes nothing but what two preflights write.
"""

import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

LATE_LIMIT_S = 120


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    hour = FirstHour(sys.argv[1])
    hour.outputs()
    for number in ("first", "second"):
        hour.preflight(number)
    hour.lateness()
    hour.heartbeat()
    hour.alarms()
    hour.contributors()
    hour.rollback()
    print(f"\nto be done by hand: a group that stops, a second cluster, and in the end\n  sam delete --stack-name {hour.stack} --no-prompts")
    print(f"\n{hour.missed} of {hour.steps} steps were not as expected" if hour.missed else f"\nall {hour.steps} steps were as expected")
    return 1 if hour.missed else 0


class FirstHour:
    """One stack, and what its steps have found out."""

    def __init__(self, stack):
        self.stack = stack
        self.steps = self.missed = 0
        self.known = {}

    def outputs(self):
        said = self.ask("cloudformation", "describe-stacks", "--stack-name", self.stack)
        for stack in said["Stacks"] if said else []:
            self.known = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
            self.known |= {each["ParameterKey"]: each.get("ParameterValue", "") for each in stack.get("Parameters", [])}
        self.report("the stack", "it names its function", self.known.get("FunctionName"), "FunctionName" in self.known)

    def preflight(self, number):
        with tempfile.TemporaryDirectory() as folder:
            event, answer = pathlib.Path(folder) / "event.json", pathlib.Path(folder) / "answer.json"
            event.write_text('{"mode": "preflight"}')
            function = f"{self.known.get('FunctionName')}:live"
            # A file, since the first and the second version of the CLI take words on the line for different things.
            invoked = self.ask("lambda", "invoke", "--function-name", function, "--payload", f"fileb://{event}", str(answer))
            try:
                report = json.loads(answer.read_text())
            except (OSError, ValueError):
                report = {}
        canary = next((line for line in report.get("lines", []) if line["subject"] == "canary"), {})
        came = f"{report.get('status', 'no answer')}; canary: {canary.get('found', 'none')}"
        self.report(f"the {number} preflight", "it works, and reports when the canary was back", came, bool(invoked) and report.get("status") in ("works", "works with less"))

    def lateness(self):
        """By the lines that Lambda writes when a run starts."""
        period = 60 * int(self.known.get("Period") or 1)
        since = int((datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=12 * period)).timestamp() * 1000)
        arguments = ("--log-group-name", f"/meerkat/{self.stack}", "--filter-pattern", '"START RequestId"', "--start-time", str(since))
        said = self.ask("logs", "filter-log-events", *arguments)
        late = [event["timestamp"] // 1000 % period for event in (said or {}).get("events", [])][-10:]
        came = f"{len(late)} runs, seconds after their minute: {', '.join(map(str, late)) or 'none'}"
        self.report("ten runs", f"each within {LATE_LIMIT_S} s of its minute", came, len(late) == 10 and max(late) <= LATE_LIMIT_S)

    def heartbeat(self):
        period, parts = 60 * int(self.known.get("Period") or 1), int(self.known.get("Parts") or 1)
        # The newest minutes may still be on their way.
        until = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=3)
        arguments = ("--namespace", self.known.get("Namespace") or "Meerkat", "--metric-name", "Heartbeat", "--statistics", "Sum")
        arguments += ("--dimensions", f"Name=Cluster,Value={self.known.get('Cluster')}", "--period", str(period))
        arguments += ("--start-time", (until - datetime.timedelta(seconds=10 * period)).isoformat(), "--end-time", until.isoformat())
        said = self.ask("cloudwatch", "get-metric-statistics", *arguments)
        sums = [point["Sum"] for point in sorted((said or {}).get("Datapoints", []), key=lambda point: str(point["Timestamp"]))]
        self.report("the heartbeat", f"{parts} a period, ten periods long", f"{sums}", len(sums) >= 9 and set(sums) == {float(parts)})

    def alarms(self):
        """By the stack's own list: the name of another stack may begin with this one's."""
        listed = self.ask("cloudformation", "list-stack-resources", "--stack-name", self.stack)
        kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        names = [each["PhysicalResourceId"] for each in (listed or {}).get("StackResourceSummaries", []) if each["ResourceType"] in kinds]
        said = self.ask("cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm", "CompositeAlarm", "--alarm-names", *names) if names else None
        found = {alarm["AlarmName"].removeprefix(f"{self.stack}-"): alarm["StateValue"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in (said or {}).get(kind, [])}
        raised = sorted(name for name, state in found.items() if state == "ALARM")
        came = f"{len(found)} alarms, in ALARM: {', '.join(raised) or 'none'}; first-run is {found.get('first-run', 'not there')}"
        self.report("the alarms", "none in ALARM, and first-run OK", came, not raised and found.get("first-run") == "OK")

    def contributors(self):
        said = self.ask("cloudwatch", "describe-alarm-contributors", "--alarm-name", f"{self.stack}-group-status")
        named = [each.get("ContributorAttributes", {}) for each in (said or {}).get("AlarmContributors", [])]
        self.report("the contributors", "those groups that are ERR, by name", f"{named}", said is not None)

    def rollback(self):
        function = self.known.get("FunctionName")
        said = self.ask("lambda", "list-versions-by-function", "--function-name", f"{function}")
        versions = [each["Version"] for each in (said or {}).get("Versions", []) if each["Version"] != "$LATEST"]
        self.report("the versions", "at least one", ", ".join(versions) or "none", bool(versions))
        if len(versions) > 1:
            back = f"aws lambda update-alias --function-name {function} --name live --function-version {versions[-2]} --routing-config AdditionalVersionWeights={{}}"
            print(f"  back to the version before:\n  {back}")

    def ask(self, *arguments):
        """What the AWS CLI answers, or nothing where it does not."""
        print(f"\n$ aws {' '.join(arguments)}")
        done = subprocess.run(["aws", *arguments, "--output", "json"], capture_output=True, text=True)
        if done.returncode:
            print(f"  {done.stderr.strip()[-300:]}")
            return None
        return json.loads(done.stdout or "{}")

    def report(self, step, expected, came, well):
        self.steps += 1
        self.missed += not well
        print(f"{step}\n  expected  {expected}\n  found     {came}\n  {'as expected' if well else 'NOT AS EXPECTED'}")


if __name__ == "__main__":
    sys.exit(main())
