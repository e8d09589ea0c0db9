"""The template as SAM translates it, without an account."""

import logging
import os
import pathlib

INFRA = pathlib.Path(__file__).resolve().parents[2] / "infra"
TEMPLATE = INFRA / "template.yaml"


def translated(values):
    """The CloudFormation template that SAM makes for these parameters."""
    os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
    # The translator speaks of its own feature switches and metrics.
    logging.disable(logging.WARNING)
    from samcli.yamlhelper import yaml_parse
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = yaml_parse(TEMPLATE.read_text())
    code = template["Globals"]["Function"]
    if code["CodeUri"] != "../target/lambda/meerkat/bootstrap.zip":
        raise SystemExit(f"the function's code is {code['CodeUri']}, not what make build makes")
    # Where `sam package` puts it; the translation takes nothing else.
    code["CodeUri"] = "s3://bucket/bootstrap.zip"
    parameters = {name: str(spec.get("Default", "")) for name, spec in template["Parameters"].items()}
    parameters.update({"AWS::Region": "eu-central-1"}, **{name: str(value) for name, value in values.items()})
    return Translator({}, Parser()).translate(template, parameters)
