"""The template as CloudFormation expands it and SAM translates it, without an account."""

import json
import logging
import os
import pathlib

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
TEMPLATE = INFRA / "template.yaml"


def template():
    """The template as it is written."""
    from samcli.yamlhelper import yaml_parse

    return yaml_parse(TEMPLATE.read_text())


def translated(values):
    """The CloudFormation template that SAM makes for these parameters."""
    os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
    # The translator speaks of its own feature switches and metrics.
    logging.disable(logging.WARNING)
    from samcli.yamlhelper import yaml_parse
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = yaml_parse(TEMPLATE.read_text())
    parameters = {name: str(spec.get("Default", "")) for name, spec in template["Parameters"].items()}
    parameters.update({"AWS::Region": "eu-central-1"}, **{name: str(value) for name, value in values.items()})
    before = named_early(template)
    if before:
        raise SystemExit(f"named before the second transform makes them: {before}")
    template["Resources"] = expanded(template["Resources"])
    code = template["Globals"]["Function"]
    if code["CodeUri"] != "../target/lambda/meerkat/bootstrap.zip":
        raise SystemExit(f"the function's code is {code['CodeUri']}, not what make build makes")
    # Where `sam package` puts it; the translation takes nothing else.
    code["CodeUri"] = "s3://bucket/bootstrap.zip"
    return Translator({}, Parser()).translate(template, parameters)


def expanded(resources, lists=None):
    """The resources with each Fn::ForEach written out: its variable stands in keys and values as ${Variable}.

    `lists` has the values of the parameters that a loop may go through.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
    """
    out = {}
    for name, resource in resources.items():
        if not name.startswith("Fn::ForEach::"):
            out[name] = resource
            continue
        variable, values, body = resource
        if isinstance(values, dict):
            values = lists[values["Ref"]].split(",")
        for one in body.values():
            if next(iter(one)) == "Condition":
                raise SystemExit(f"{name}: CloudFormation fails where the condition comes first")
        for value in values:
            text = json.dumps(body).replace("${" + variable + "}", value).replace(json.dumps({"Ref": variable}), json.dumps(value))
            for made, one in json.loads(text).items():
                condition = {"Condition": one["Condition"]["Fn::Sub"]} if "Condition" in one else {}
                out[made] = {**one, **condition}
    return out


def named_early(template):
    """What the template refers to or waits for and does not declare itself.

    CloudFormation checks references after Fn::ForEach, before SAM adds its own resources
    (https://github.com/aws/serverless-application-model/issues/2778).
    """
    known = template["Parameters"].keys() | template["Resources"].keys()
    names = set()

    def walk(value, loops):
        if isinstance(value, list):
            for item in value:
                walk(item, loops)
        elif isinstance(value, dict):
            for key, item in value.items():
                inside = loops | {item[0]} if key.startswith("Fn::ForEach::") else loops
                if key == "Ref" and item not in inside:
                    names.add(item)
                elif key == "Fn::GetAtt":
                    names.add(item.split(".")[0] if isinstance(item, str) else item[0])
                elif key == "DependsOn":
                    names.update([item] if isinstance(item, str) else item)
                walk(item, inside)

    walk(template["Resources"], frozenset())
    return sorted(name for name in names - known if not name.startswith("AWS::"))
