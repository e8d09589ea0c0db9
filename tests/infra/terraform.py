"""Holds the Terraform module against the template: parameters, alarms, variables and what the roles may do.

    terraform.py            checks
    terraform.py --write    writes variables.tf, which follows from the template's parameters and rules

Every file is parsed. What alarms.tf says is worked out for some periods and compared. Where the binary is at hand it evaluates the
module for each way of check.py as well; where its registry is, it validates the resources too.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import check
import hcl2
import resolve
import translate

MODULE = translate.INFRA / "terraform"
# SAM's alone: CodeDeploy reverts a new version by it, and the module has no CodeDeploy.
SAM_ALONE = {"NewVersionErrors"}
TEMPLATE_ALONE = {"Deployment"}
# What the resources of one have where those of the other have their own attribute.
SAME_PLACE = {"<aws_cloudwatch_log_group.logs.arn>:*": "<Logs.Arn>"}
# What the module's own resources take, and what is of PromQL.
NOT_CLASSIC = ("wanted", "dimensions", "pages", "ends", "promql", "pending", "recovery")
# What decides about a value or is part of one; all other data of AWS are no more than names here.
PLACE = {"data.aws_region.here.region": translate.REGION, "data.aws_partition.here.dns_suffix": "amazonaws.com"}
# What asks for the alarms that are not always there.
EVERY_ALARM = {"LagSecondsAlarm": 600, "Watch": "*-dlt=new", "ClusterAlarms": "on"}
DASHBOARDS = ("dashboard.json", "dashboard-otlp.json")
# Each rule of the template, as what a variable must be. A rule about several belongs to the one that a person would change.
RULES = {
    "AddressesAreKnown": ("cluster_arn", 'var.cluster_arn != "" || var.bootstrap_servers != ""'),
    "IamNeedsTheCluster": ("cluster_arn", 'var.cluster_arn != "" || var.authentication != "MSK-IAM"'),
    "SecretsAreThere": ("secret_arn", 'var.secret_arn != "" || !contains(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "MTLS"], var.authentication)'),
    "TokensComeFromSomewhere": ("oauth_token_url", 'var.oauth_token_url != "" || var.authentication != "OAUTHBEARER"'),
    "RunsEndInTime": ("timeout", "var.period > 1 || contains([15, 30, 45, 60], var.timeout)"),
    "UrlsAreThere": ("burrow_url", 'var.burrow_url == "off" || !contains({regions}, data.aws_region.here.region)'),
    "CallersLogIn": ("burrow_login", 'var.burrow_login != "" || var.burrow_url != "login"'),
    "OtlpIsThere": ("metrics", 'var.metrics == "classic" || contains({regions}, data.aws_region.here.region)'),
    "OtlpHasOneEndpoint": ("metrics", 'var.metrics == "classic" || (var.fips == "off" && var.dual_stack == "off")'),
    "RolesAreForIam": ("role_arn", 'var.role_arn == "" || var.authentication == "MSK-IAM"'),
}
HEAD = """\
# The parameters of ../template.yaml, in Terraform's spelling, written by tests/infra/terraform.py --write; name stands for the
# stack's, and zip for its CodeUri.

variable "name" {
  type        = string
  description = "The deployment's name, in front of every alarm's and function's."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,44}$", var.name))
    error_message = "1 to 44 letters, digits and hyphens."
  }
}

variable "zip" {
  type        = string
  description = "The path of what make build makes."
}
"""


def main():
    expected = variables()
    if sys.argv[1:] == ["--write"]:
        (MODULE / "variables.tf").write_text(expected)
    check.same((MODULE / "variables.tf").read_text() == expected, True, "variables.tf follows from the template; run terraform.py --write")
    files = {path.name: hcl2.loads(path.read_text()) for path in sorted(MODULE.glob("*.tf"))}
    for period in (1, 30, 60, 120, 1440):
        for more in ({}, {"OkPages": "off", "GroupPages": "off", "LossPages": "off"}):
            same_alarms(files["alarms.tf"], {"Period": period, **more})
        same_queries(files["alarms.tf"], {"Period": period})
    check.same(set(RULES), set(translate.template()["Rules"]), "each rule of the template is one of the module's")
    binary = shutil.which("terraform") or shutil.which("tofu")
    if not binary:
        print("the module parses, and has the template's parameters, rules and alarms; nothing has evaluated it: terraform is not there")
        return
    formatted = subprocess.run([binary, "fmt", "-check", "-diff", MODULE], capture_output=True, text=True)
    check.same(formatted.stdout, "", "the module is formatted")
    for name, (parameters, may, _) in check.WAYS.items():
        for options in ({"Cluster": "prod"}, check.OPTIONS):
            values = {**parameters, **options}
            same_everything(binary, f"{name}, {len(options)} options", values, may)
    parameters, may, _ = check.WAYS["MSK with IAM"]
    for period in (1, 60, 120, 1440):
        same_queries(files["alarms.tf"], {"Period": period}, binary)
    for period in (60, 120, 1440):
        same_everything(binary, f"every {period} min", {**parameters, "Cluster": "prod", "Period": period}, may)
    print(f"the module says what the template says, {validated(binary)}")


def variables():
    """variables.tf: types, defaults, descriptions and what is allowed."""
    template = translate.template()
    blocks = [HEAD]
    for name, spec in template["Parameters"].items():
        if name in TEMPLATE_ALONE:
            continue
        own, number = snake(name), spec["Type"] == "Number"
        a_list = spec["Type"] == "CommaDelimitedList"
        lines = [f"  type        = {'list(string)' if a_list else 'number' if number else 'string'}"]
        if "Default" in spec:
            default = [each for each in str(spec["Default"]).split(",") if each] if a_list else spec["Default"] if number else str(spec["Default"])
            lines.append(f"  default     = {json.dumps(default)}")
        lines.append(f"  description = {quoted(in_snake(spec['Description'].strip(), template))}")
        for condition, message in [*allowed_values(own, spec), *rules_of(own, template)]:
            lines += ["", "  validation {", f"    condition     = {condition}", f"    error_message = {quoted(message)}", "  }"]
        blocks.append(f'variable "{own}" {{\n' + "\n".join(lines) + "\n}\n")
    return "\n".join(blocks)


def allowed_values(own, spec):
    if "AllowedValues" in spec:
        values = [each if spec["Type"] == "Number" else str(each) for each in spec["AllowedValues"]]
        words = list(map(str, values))
        yield f"contains({json.dumps(values)}, var.{own})", ", ".join(words[:-1]) + f" or {words[-1]}."
    if "AllowedPattern" in spec:
        pattern = quoted(f"^({spec['AllowedPattern']})$")
        message = spec.get("ConstraintDescription") or f"It must match {spec['AllowedPattern']}."
        if spec["Type"] == "CommaDelimitedList":
            yield f"alltrue([for each in var.{own} : can(regex({pattern}, each))])", message
        else:
            yield f"can(regex({pattern}, var.{own}))", message
    if "MaxLength" in spec:
        yield f"length(var.{own}) <= {spec['MaxLength']}", f"At most {spec['MaxLength']} characters."
    bounds = [f"var.{own} {sign} {spec[key]}" for key, sign in (("MinValue", ">="), ("MaxValue", "<=")) if key in spec]
    if bounds:
        yield " && ".join(bounds), f"{spec['MinValue']} to {spec['MaxValue']}." if len(bounds) == 2 else f"At least {spec['MinValue']}."


def rules_of(own, template):
    for name, (variable, condition) in RULES.items():
        if variable == own:
            rule = template["Rules"][name]
            (assertion,) = rule["Assertions"]
            if "{regions}" in condition:
                said = rule["RuleCondition"] if "Fn::Contains" in rule["RuleCondition"] else assertion["Assert"]
                condition = condition.replace("{regions}", json.dumps(said["Fn::Contains"][0]))
            yield condition, in_snake(assertion["AssertDescription"], template)


def in_snake(text, template):
    """A sentence with the parameters' names as Terraform has them."""
    several = [name for name in template["Parameters"] if re.search(r"[a-z][A-Z]", name)]
    return re.sub(rf"\b({'|'.join(several)})\b", lambda match: snake(match[1]), text)


def quoted(text):
    return json.dumps(" ".join(text.split()), ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def same_alarms(file, options):
    """The alarms that alarms.tf comes to, beside the template's."""
    (said,) = file["locals"]
    values = {**check.WAYS["MSK with IAM"][0], "Cluster": "prod", **EVERY_ALARM, "AlarmTopicArn": check.TOPIC + "pages", **options}
    stack = resolve.Stack(translate.translated(values), values)
    alarms = {alarm["AlarmName"].removeprefix("prod-"): alarm for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items() if name not in SAM_ALONE}
    known = Values(said, {snake(name): value for name, value in stack.values.items()})
    found = {name.strip('"'): alarm for name, alarm in {**said["by_group"], **said["of_stack"]}.items() if isinstance(alarm, dict)}
    check.same(set(found), set(alarms), "the alarms")
    for name, alarm in found.items():
        expected = alarms[name]
        words = {
            "ComparisonOperator": known.of(alarm["comparison"]),
            "EvaluationPeriods": known.of(alarm["evaluations"]),
            "DatapointsToAlarm": known.of(alarm["datapoints"]),
            "TreatMissingData": known.of(alarm["missing_data"]),
        }
        if "metric" in alarm:
            words |= {"MetricName": known.of(alarm["metric"]), "Statistic": known.of(alarm["statistic"]), "Period": known.of(alarm["seconds"])}
        else:
            metric = re.search(r'MAX\("(\w+)"\)', expected["Metrics"][0]["Expression"])[1]
            check.same(re.search(r"MAX\(\W+(\w+)\W+\)", alarm["query"])[1], metric, f"{name}: the metric")
            check.same(known.of("${local.window}"), expected["Metrics"][0]["Period"], f"{name}: its period")
        check.same(words, {key: expected[key] for key in words}, f"{name}, {options}")
        check.same(known.of(alarm["pages"]), "AlarmActions" in expected, f"{name}: whether it is sent, {options}")
        # Those of a stack end as its pages do.
        ends = known.of(alarm["ends"]) and ("query" in alarm or bool(known.of(said["ends"])))
        check.same(ends, "OKActions" in expected, f"{name}: whether its end is sent, {options}")
    check.same(bool(known.of(said["ends"])), "OKActions" in stack.of_type("AWS::CloudWatch::CompositeAlarm")["Page"], f"ends, {options}")


def same_queries(file, options, binary=None):
    """The queries where metrics go by OTLP, beside the template's: as alarms.tf has them, or as Terraform works them out."""
    values = {**check.WAYS["MSK with IAM"][0], "Cluster": "prod", **EVERY_ALARM, "Metrics": "otlp", "Parts": 3, **options}
    stack = resolve.Stack(translate.translated(values), values)
    expected = {}
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        if name not in SAM_ALONE:
            criteria = alarm.get("EvaluationCriteria", {}).get("PromQLCriteria", {"Query": "", "PendingPeriod": 0, "RecoveryPeriod": 0})
            expected[alarm["AlarmName"].removeprefix("prod-")] = (criteria["Query"], criteria["PendingPeriod"], criteria["RecoveryPeriod"])
    if binary:
        said = evaluated(binary, values)
        found = {name: (alarm["promql"], alarm["pending"], alarm["recovery"]) for name, alarm in {**said["by_group"], **said["single"]}.items()}
        same_variables(stack, said, f"{options}")
    else:
        (said,) = file["locals"]
        known = Values(said, {snake(name): value for name, value in stack.values.items()})
        alarms = {name.strip('"'): alarm for name, alarm in {**said["by_group"], **said["of_stack"]}.items() if isinstance(alarm, dict)}
        found = {name: asked(alarm, known) for name, alarm in alarms.items()}
        expected = {name: alarm for name, alarm in expected.items() if not name.startswith("part-")}
    check.same(found, expected, f"the queries, {options}")


def asked(alarm, known):
    return known.filled(alarm["promql"].strip('"').replace('\\"', '"')), known.of(alarm["pending"]), known.of(alarm["recovery"])


class Values:
    """The few kinds of expressions that alarms.tf has: numbers, words, comparisons, `a ? b : c`, min, locals and variables."""

    def __init__(self, said, given):
        self.said, self.given = said, given

    def of(self, text):
        if not isinstance(text, str):
            return text
        whole = re.fullmatch(r"\$\{(.*)\}", text, re.DOTALL)
        if not whole:
            return text.strip('"')
        expression = re.sub(r"(.+?) \? (.+) : (.+)", r"(\2) if (\1) else (\3)", whole[1]).replace("&&", " and ").replace("||", " or ")
        expression = re.sub(r"\b(var|local)\.(\w+)", r"\1_('\2')", expression)
        names = {"min": min, "max": max, "true": True, "false": False, "var_": self.variable, "local_": lambda name: self.of(self.said[name])}
        return eval(expression, {"__builtins__": {}}, names)  # noqa: S307

    def filled(self, text):
        """A text with its expressions worked out."""
        return re.sub(r"\$\{[^}]+\}", lambda match: str(self.of(match[0])), text)

    def variable(self, name):
        value = self.given[name]
        return int(value) if str(value).isdigit() else value


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
        found[f"prod-{name}"] = {**{key: value for key, value in alarm.items() if key not in NOT_CLASSIC}, "threshold": float(alarm["threshold"])}
    check.same(found, expected, f"{way}: the alarms")
    if values.get("AlarmTopicArn"):
        pages = {f"prod-{name}" for name, alarm in {**said["by_group"], **said["single"]}.items() if alarm["pages"]}
        expected = {alarm["AlarmName"] for alarm in alarms.values() if alarm.get("AlarmActions")}
        check.same(pages, expected, f"{way}: which alarms page by themselves")
    resolved = {f"<{name}.Arn>": alarm["AlarmName"] for name, alarm in alarms.items()}
    rules = {name: re.sub(r"<\w+\.Arn>", lambda match: resolved[match[0]], alarm["AlarmRule"]) for name, alarm in stack.of_type("AWS::CloudWatch::CompositeAlarm").items()}
    ours = {clause for clause in said["page_rule"].split(" OR ")}
    check.same((ours, said["nobody_rule"]), (set(rules["Page"].split(" OR ")), rules["NobodyWatches"]), f"{way}: the pages")
    if "PartMissing" in rules:
        check.same(said["part_rule"], rules["PartMissing"], f"{way}: a part that is missing")
    ((_, schedule),) = list(stack.of_type("AWS::Scheduler::Schedule").items())[:1]
    check.same(said["cron"], schedule["ScheduleExpression"], f"{way}: the schedule")
    same_variables(stack, said, way)
    allowed = {(action, SAME_PLACE.get(resource, resource)) for statement in said["read"] for action in statement["actions"] for resource in statement["resources"]}
    keys = {pair for pair in may if pair[0] == "kms:Decrypt"}
    check.same(allowed - {("kms:Decrypt", values.get("VariablesKeyArn"))}, may - keys, f"{way}: what both functions may do")


def same_variables(stack, said, way):
    """Those of both functions, where what is empty is left out."""
    for function, found in (("Checker", said["variables"]), ("Widget", said["widget"])):
        given = stack.of_type("AWS::Lambda::Function")[function]["Environment"]["Variables"]
        check.same(found, {name: str(value) for name, value in given.items() if value != ""}, f"{way}: the variables of {function}")


def evaluated(binary, values):
    """What the module's locals come to: its resources are no more than their names."""
    with tempfile.TemporaryDirectory(prefix="terraform-") as scratch:
        for name in DASHBOARDS:
            shutil.copyfile(translate.INFRA / name, pathlib.Path(scratch) / name)
        folder = pathlib.Path(scratch) / "terraform"
        folder.mkdir()
        for path in MODULE.glob("*.tf"):
            blocks = re.split(r"(?m)^(?=\w+ (?:\"|\{))", path.read_text())
            kept = "".join(block for block in blocks if block.startswith(("variable ", "locals ")))
            kept = re.sub(r"\b(?:data\.)?aws_\w+(?:\.\w+)+", lambda match: json.dumps(PLACE.get(match[0], f"<{match[0]}>")), kept)
            (folder / path.name).write_text(kept)
        given = {snake(name): value.split(",") if name in ("SubnetIds", "SecurityGroupIds") else value for name, value in values.items()}
        arguments = {"name": "prod", "zip": "bootstrap.zip", **given}
        (folder / "terraform.tfvars.json").write_text(json.dumps(arguments))
        question = "jsonencode({by_group = local.wanted_by_group, single = local.single, page_rule = local.page_rule, nobody_rule = local.nobody_rule, part_rule = local.part_rule, cron = local.cron, variables = local.variables, widget = local.of_widget, read = local.read})"
        done = subprocess.run([binary, "console"], input=question, cwd=folder, capture_output=True, text=True)
        if done.returncode or not done.stdout.startswith('"'):
            raise SystemExit(f"terraform console: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return json.loads(json.loads(done.stdout))


def validated(binary):
    with tempfile.TemporaryDirectory(prefix="terraform-") as folder:
        module = pathlib.Path(folder) / "terraform"
        shutil.copytree(MODULE, module)
        for name in DASHBOARDS:
            shutil.copyfile(translate.INFRA / name, pathlib.Path(folder) / name)
        started = subprocess.run([binary, "init", "-backend=false", "-input=false"], cwd=module, capture_output=True, text=True)
        if started.returncode:
            return "and its resources are not validated: the registry of providers cannot be reached"
        subprocess.run([binary, "validate"], cwd=module, check=True)
        return "and is valid"


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    main()
