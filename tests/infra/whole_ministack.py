"""MiniStack with what a whole deployment of the template needs and it lacks: `tests/support/ministack.sh tests/infra/whole_ministack.py`.

Filled in, each as AWS documents it: the context attributes in a schedule's input; Fn::Split, Fn::Sub, Fn::Join and Fn::FindInMap in
conditions; the resource types of composite alarms and of CodeDeploy. Alarms on a query are kept and never evaluated, CodeDeploy
shifts nothing, and nobody is asked for a permission.
"""

import datetime
import re
import sys
import uuid

import ministack.app
from ministack.services import cloudwatch, eventbridge
from ministack.services.cloudformation import engine, provisioners

# Where CodeDeploy would shift weights, CloudFormation here moves the alias at once.
NO_EFFECT = ("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup")


def main():
    deliver = eventbridge._invoke_target
    eventbridge._invoke_target = lambda target, event, *more: deliver(with_attributes(target, event), event, *more)

    evaluate = engine._evaluate_conditions
    for name, module in list(sys.modules.items()):
        if name.startswith("ministack.services.cloudformation") and getattr(module, "_evaluate_conditions", None) is evaluate:
            module._evaluate_conditions = lambda template, parameters: evaluate(plain_conditions(template, parameters), parameters)

    record = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = lambda name, properties: record(name, without_query(properties))
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::CloudWatch::CompositeAlarm"] = {"create": make_composite, "delete": lambda name, *_: cloudwatch._composite_alarms.pop(name, None)}
    for kind in NO_EFFECT:
        handlers[kind] = {"create": lambda logical, properties, stack: (f"{stack}-{logical}", {}), "delete": lambda *_: None}
    ministack.app.main()


def with_attributes(target, event):
    """A schedule's target, whose input has its context attributes filled in.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    text = target.get("Input")
    if event.get("Source") != "aws.scheduler" or not text:
        return target
    minute = datetime.datetime.fromtimestamp(event["Time"], datetime.timezone.utc).replace(second=0, microsecond=0)
    attributes = {
        "scheduled-time": minute.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
        "schedule-arn": event["Resources"][0],
    }
    return {**target, "Input": re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda match: attributes[match[1]], text)}


def plain_conditions(template, parameters):
    """The template, its conditions without the functions that MiniStack does not know there."""
    mappings = template.get("Mappings", {})

    def value(name):
        return parameters[name]["Value"] if name in parameters else "${" + name + "}"

    def text(node):
        return value(node["Ref"]) if isinstance(node, dict) and "Ref" in node else node

    def plain(node):
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {key: plain(item) for key, item in node.items()}
        if isinstance(node.get("Fn::Sub"), str):
            return re.sub(r"\$\{([A-Za-z0-9]+)\}", lambda match: value(match[1]), node["Fn::Sub"])
        if "Fn::Split" in node:
            separator, whole = node["Fn::Split"]
            return text(whole).split(separator)
        if "Fn::Join" in node:
            separator, items = node["Fn::Join"]
            items = text(items)
            return separator.join(items.split(",") if isinstance(items, str) else map(text, items))
        if "Fn::FindInMap" in node:
            table, row, column = node["Fn::FindInMap"]
            return mappings[table][str(text(row))][column]
        return node

    return {**template, "Conditions": plain(template.get("Conditions", {}))}


def without_query(properties):
    """An alarm on a query as one on a metric that nobody publishes, so that it is there and keeps its state."""
    if "EvaluationCriteria" in properties:
        # What PutMetricAlarm refuses beside a query in PromQL.
        classic = properties.keys() & {"Metrics", "MetricName", "Namespace", "Period", "Statistic", "Threshold", "ComparisonOperator", "EvaluationPeriods", "TreatMissingData"}
        if classic or "EvaluationInterval" not in properties:
            raise ValueError(f"an alarm in PromQL has an interval, and not {sorted(classic)}")
        named = {key: item for key, item in properties.items() if not key.startswith("Evaluation")}
        query = {"Namespace": "a/query", "MetricName": "PromQL", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1}
        return {**named, **query, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0, "TreatMissingData": "ignore"}
    queries = properties.get("Metrics")
    if not queries:
        return properties
    kept = {key: item for key, item in properties.items() if key != "Metrics"}
    return {**kept, "Namespace": "a/query", "MetricName": queries[0]["Id"], "Period": queries[0].get("Period", 60)}


def make_composite(logical, properties, stack):
    name = properties.get("AlarmName") or f"{stack}-{logical}"
    status, _, body = cloudwatch._put_composite_alarm({}, {**properties, "AlarmName": name}, False, True)[:3]
    if status != 200:
        raise ValueError(body)
    region, account = provisioners.get_region(), provisioners.get_account_id()
    return name, {"Arn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"}


if __name__ == "__main__":
    main()
