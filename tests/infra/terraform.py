"""Holds the Terraform module against the template: parameters, alarms, variables and what the roles may do.

    terraform.py

Every file is parsed, and what alarms.tf says word for word is compared. Where the binary is at hand it evaluates the module for
each way of check.py as well; where its registry is, it validates the resources too.
"""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import check
import hcl2
import resolve
import translate

MODULE = translate.INFRA / "terraform"
# SAM's alone: CodeDeploy takes a new version back by it, and the module has no CodeDeploy.
SAM_ALONE = {"NewVersionErrors"}
# The module's own, and what takes their place in the template.
PARAMETERS = {"name": None, "zip": None}
TEMPLATE_ALONE = {"deployment"}
# What the resources of one have where those of the other have their own attribute.
SAME_PLACE = {"<aws_cloudwatch_log_group.logs.arn>:*": "<Logs.Arn>"}


def main():
    files = {path.name: hcl2.loads(path.read_text()) for path in sorted(MODULE.glob("*.tf"))}
    same_parameters(files["variables.tf"])
    same_words(files["alarms.tf"])
    binary = shutil.which("terraform") or shutil.which("tofu")
    if not binary:
        print("the module parses, and names the same parameters and alarms; nothing has evaluated it: terraform is not there")
        return
    formatted = subprocess.run([binary, "fmt", "-check", "-diff", MODULE], capture_output=True, text=True)
    check.same(formatted.stdout, "", "the module is formatted")
    for name, (parameters, may, _) in check.WAYS.items():
        for options in ({"Cluster": "prod"}, check.OPTIONS):
            values = {**parameters, **options}
            same_everything(binary, f"{name}, {len(options)} options", values, may)
    print(f"the module says what the template says, {validated(binary)}")


def same_parameters(file):
    names = {name.strip('"') for variable in file["variable"] for name in variable}
    template = translate.template()
    expected = {snake(name) for name in template["Parameters"]} - TEMPLATE_ALONE
    check.same(names - PARAMETERS.keys(), expected, "the module's variables are the template's parameters")


def same_words(file):
    """What is written out in both, without evaluating anything."""
    (said,) = file["locals"]
    values = {**check.WAYS["MSK with IAM"][0], "Cluster": "prod", "LagSecondsAlarm": 600}
    stack = resolve.Stack(translate.translated(values), values)
    alarms = {alarm["AlarmName"].removeprefix("prod-"): alarm for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items() if name not in SAM_ALONE}
    found = {**said["by_group"], **said["single"]}
    found = {name: alarm for name, alarm in found.items() if isinstance(alarm, dict)}
    check.same(set(found), set(alarms), "the alarms")
    for name, alarm in found.items():
        expected = alarms[name]
        words = {
            "ComparisonOperator": alarm["comparison"].strip('"'),
            "EvaluationPeriods": alarm["evaluations"],
            "DatapointsToAlarm": alarm["datapoints"],
            "TreatMissingData": alarm["missing_data"].strip('"'),
        }
        if "metric" in alarm:
            words |= {"MetricName": alarm["metric"].strip('"'), "Statistic": alarm["statistic"].strip('"')}
        else:
            metric = re.search(r'MAX\("(\w+)"\)', expected["Metrics"][0]["Expression"])[1]
            check.same(re.search(r'MAX\(\W+(\w+)\W+\)', alarm["query"])[1], metric, f"{name}: the metric")
        check.same(words, {key: expected[key] for key in words}, f"{name}")


def same_everything(binary, way, values, may):
    stack = resolve.Stack(translate.translated(values), values)
    said = evaluated(binary, values)
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    expected = {}
    for name, alarm in alarms.items():
        if name in SAM_ALONE:
            continue
        query = alarm.get("Metrics", [{}])[0]
        expected[alarm["AlarmName"]] = {
            "description": alarm["AlarmDescription"],
            "comparison": alarm["ComparisonOperator"],
            "threshold": float(alarm["Threshold"]),
            "evaluations": alarm["EvaluationPeriods"],
            "datapoints": alarm["DatapointsToAlarm"],
            "missing_data": alarm["TreatMissingData"],
            **({"query": query["Expression"]} if query else {"namespace": alarm["Namespace"], "metric": alarm["MetricName"], "statistic": alarm["Statistic"], "seconds": alarm["Period"]}),
        }  # fmt: skip
    found = {}
    for name, alarm in {**said["by_group"], **said["single"]}.items():
        found[f"prod-{name}"] = {**{key: value for key, value in alarm.items() if key not in ("wanted", "dimensions", "pages")}, "threshold": float(alarm["threshold"])}
    check.same(found, expected, f"{way}: the alarms")
    if values.get("AlarmTopicArn"):
        pages = {f"prod-{name}" for name, alarm in said["by_group"].items() if alarm["pages"]}
        expected = {alarm["AlarmName"] for alarm in alarms.values() if alarm.get("AlarmActions")}
        check.same(pages, expected, f"{way}: which alarms on groups page by themselves")
    resolved = {f"<{name}.Arn>": alarm["AlarmName"] for name, alarm in alarms.items()}
    rules = {name: re.sub(r"<\w+\.Arn>", lambda match: resolved[match[0]], alarm["AlarmRule"]) for name, alarm in stack.of_type("AWS::CloudWatch::CompositeAlarm").items()}
    ours = {clause for clause in said["page_rule"].split(" OR ")}
    check.same((ours, said["nobody_rule"]), (set(rules["Page"].split(" OR ")), rules["NobodyWatches"]), f"{way}: the pages")

    variables = {name: str(value) for name, value in stack.of_type("AWS::Lambda::Function")["Checker"]["Environment"]["Variables"].items() if value != ""}
    check.same(said["variables"], variables, f"{way}: the variables")
    allowed = {(action, SAME_PLACE.get(resource, resource)) for statement in said["read"] for action in statement["actions"] for resource in statement["resources"]}
    keys = {pair for pair in may if pair[0] == "kms:Decrypt"}
    check.same(allowed, may - keys, f"{way}: what both functions may do")


def evaluated(binary, values):
    """What the module's locals come to: its resources are no more than their names."""
    with tempfile.TemporaryDirectory(prefix="terraform-") as scratch:
        shutil.copyfile(translate.INFRA / "dashboard.json", pathlib.Path(scratch) / "dashboard.json")
        folder = pathlib.Path(scratch) / "terraform"
        folder.mkdir()
        for path in MODULE.glob("*.tf"):
            blocks = re.split(r"(?m)^(?=\w+ (?:\"|\{))", path.read_text())
            kept = "".join(block for block in blocks if block.startswith(("variable ", "locals ")))
            kept = re.sub(r"\b(?:data\.)?aws_\w+(?:\.\w+)+", lambda match: f'"<{match[0]}>"', kept)
            (folder / path.name).write_text(kept)
        given = {snake(name): value.split(",") if name in ("SubnetIds", "SecurityGroupIds") else value for name, value in values.items()}
        given["group_pages"] = values.get("GroupPages", "on") == "on"
        arguments = {"name": "prod", "zip": "bootstrap.zip", **given}
        (folder / "terraform.tfvars.json").write_text(json.dumps(arguments))
        question = "jsonencode({by_group = local.wanted_by_group, single = local.single, page_rule = local.page_rule, nobody_rule = local.nobody_rule, variables = local.variables, read = local.read})"
        done = subprocess.run([binary, "console"], input=question, cwd=folder, capture_output=True, text=True)
        if done.returncode or not done.stdout.startswith('"'):
            raise SystemExit(f"terraform console: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return json.loads(json.loads(done.stdout))


def validated(binary):
    with tempfile.TemporaryDirectory(prefix="terraform-") as folder:
        module = pathlib.Path(folder) / "terraform"
        shutil.copytree(MODULE, module)
        shutil.copyfile(translate.INFRA / "dashboard.json", pathlib.Path(folder) / "dashboard.json")
        started = subprocess.run([binary, "init", "-backend=false", "-input=false"], cwd=module, capture_output=True, text=True)
        if started.returncode:
            return "and its resources are not validated: the registry of providers cannot be reached"
        subprocess.run([binary, "validate"], cwd=module, check=True)
        return "and is valid"


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    main()
