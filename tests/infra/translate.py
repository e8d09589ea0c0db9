"""The template as SAM translates it, without an account."""

import json
import logging
import os
import pathlib
import re

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
TEMPLATE = INFRA / "template.yaml"
REGION = "eu-central-1"
ZIP = "../target/lambda/meerkat/bootstrap.zip"


def template():
    """The template as it is written."""
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(TEMPLATE.read_text())


def translated(values, code="s3://bucket/bootstrap.zip"):
    """The CloudFormation template that SAM makes for these parameters; the code is where `sam package` puts it."""
    os.environ["AWS_DEFAULT_REGION"] = REGION
    # The translator speaks of its own feature switches and metrics.
    logging.disable(logging.WARNING)
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    whole = template()
    function = whole["Globals"]["Function"]
    if function["CodeUri"] != ZIP:
        raise SystemExit(f"the function's code is {function['CodeUri']}, not what make build makes")
    function["CodeUri"] = code
    parameters = {name: str(spec.get("Default", "")) for name, spec in whole["Parameters"].items()}
    parameters.update({"AWS::Region": REGION}, **{name: str(value) for name, value in values.items()})
    return Translator({}, Parser()).translate(whole, parameters)


def decides(template, *values):
    """The parameters that these values of a template refer to, by themselves or in a condition."""
    found, conditions = set(), set()

    def walk(value):
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                if key == "Ref":
                    found.add(item)
                elif key == "Fn::Sub":
                    found.update(re.findall(r"\$\{([A-Za-z0-9]+)\}", json.dumps(item)))
                elif key in ("Fn::If", "Condition"):
                    name = item if isinstance(item, str) else item[0]
                    if name not in conditions:
                        conditions.add(name)
                        walk(template["Conditions"][name])
                walk(item)

    walk(list(values))
    return found & template["Parameters"].keys()
