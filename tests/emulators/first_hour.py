"""infra/first_hour.py against an emulator: what it can show comes as expected, and what it cannot is reported as missing.

MiniStack has no alias of a function that would answer a preflight, and no contributors; logs, metrics, alarms and the stack's
outputs are real requests of the AWS CLI.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import boto3
import rehearse
import scene

STACK = "orders"
DIMENSIONS = [{"Name": "Cluster", "Value": "orders"}]
SHOWN = {"the stack", "ten runs", "the heartbeat", "the alarms"}


def main():
    with scene.Emulator("ministack.sh") as emulator:
        variables = {"AWS_ENDPOINT_URL": emulator.address, "AWS_REGION": rehearse.REGION, "AWS_DEFAULT_REGION": rehearse.REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        deployed(emulator.address)
        path = f"{scene.CACHE / 'venv-aws' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        argv = [sys.executable, scene.REPOSITORY / "infra" / "first_hour.py", STACK]
        done = subprocess.run(argv, env={**os.environ, **variables, "PATH": path}, capture_output=True, text=True)
    print(done.stdout + done.stderr)
    lines = done.stdout.splitlines()
    came = {lines[number - 3]: line.strip() == "as expected" for number, line in enumerate(lines) if line.strip().lower().endswith("as expected") and number >= 3}
    wrong = [step for step in SHOWN if not came.get(step)]
    if wrong or done.returncode != 1 or "the first preflight" not in came:
        raise SystemExit(f"these did not come: {wrong}; all that came: {came}; exit code {done.returncode}")
    print(f"the first hour shows what the emulator has: {', '.join(sorted(SHOWN))}")


def deployed(address):
    """A stack in small: outputs, a log of ten starts, ten heartbeats, and alarms that are well."""
    client = lambda service: boto3.client(service, endpoint_url=address, region_name=rehearse.REGION, aws_access_key_id="test", aws_secret_access_key="test")
    template = {
        "Parameters": {name: {"Type": "String", "Default": value} for name, value in (("Cluster", "orders"), ("Period", "1"), ("Parts", "1"), ("Namespace", "Meerkat"))},
        "Resources": {"FirstRun": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm(f"{STACK}-first-run")}},
        "Outputs": {"FunctionName": {"Value": "orders-Checker-AbC"}},
    }
    stacks = client("cloudformation")
    stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    minute = int(time.time()) // 60
    logs = client("logs")
    logs.create_log_group(logGroupName=f"/meerkat/{STACK}")
    logs.create_log_stream(logGroupName=f"/meerkat/{STACK}", logStreamName="one")
    starts = [{"timestamp": ((minute - ago) * 60 + 7) * 1000, "message": f"START RequestId: {ago} Version: 1"} for ago in range(10, 0, -1)]
    logs.put_log_events(logGroupName=f"/meerkat/{STACK}", logStreamName="one", logEvents=starts)
    cloudwatch = client("cloudwatch")
    beats = [{"MetricName": "Heartbeat", "Dimensions": DIMENSIONS, "Timestamp": (minute - ago) * 60, "Value": 1} for ago in range(14, 0, -1)]
    cloudwatch.put_metric_data(Namespace="Meerkat", MetricData=beats)
    cloudwatch.set_alarm_state(AlarmName=f"{STACK}-first-run", StateValue="OK", StateReason="one heartbeat")
    # The alarm of another stack, whose name begins as this one's, is none of this stack's.
    cloudwatch.put_metric_alarm(**alarm(f"{STACK}-eu-page"))
    cloudwatch.set_alarm_state(AlarmName=f"{STACK}-eu-page", StateValue="ALARM", StateReason="another stack's")


def alarm(name):
    """An alarm on the heartbeat that keeps its state while nothing is there."""
    watch = {"Namespace": "Meerkat", "MetricName": "Heartbeat", "Dimensions": DIMENSIONS, "Statistic": "Sum", "Period": 60}
    return {"AlarmName": name, **watch, "ComparisonOperator": "LessThanThreshold", "Threshold": 1, "EvaluationPeriods": 1, "TreatMissingData": "ignore"}


if __name__ == "__main__":
    main()
