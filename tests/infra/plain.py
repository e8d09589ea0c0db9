"""Writes the template without transforms, for StackSets, Service Catalog and the CDK's CfnInclude: `make build` runs it.

    plain.py FILE                    infra/template.yaml as SAM's transform expands it
    plain.py FILE --without-urls     the same for Regions that have no function URLs

The zip is then given by two parameters, CodeBucket and CodeKey. A new zip belongs under a new key.
"""

import json
import pathlib
import sys

import translate

CODE = {
    "CodeBucket": {"Type": "String", "Description": "The bucket, of the stack's Region, that holds the zip of make build.", "AllowedPattern": "[a-z0-9.-]{3,63}"},
    "CodeKey": {"Type": "String", "Description": "The zip's key there; a new zip needs a new one.", "AllowedPattern": r"[\S]{1,512}"},
}
# What stands for them while SAM translates.
PLACE = {"S3Bucket": "CodeBucket", "S3Key": "CodeKey"}
OF_URLS = {
    "Parameters": ["BurrowUrl", "BurrowCallers", "BurrowLogin"],
    "Rules": ["UrlsAreThere", "CallersLogIn"],
    "Conditions": ["WithBurrowUrl", "WithBurrowCallers", "WithBurrowLogin", "WithBurrowCalls"],
    "Resources": ["BurrowDoor", "BurrowCall", "BurrowInvoke", "BurrowSecret"],
    "Outputs": ["BurrowUrl"],
}


def main():
    file, *options = sys.argv[1:]
    pathlib.Path(file).write_text(json.dumps(plain(urls="--without-urls" not in options), indent=1) + "\n")


def plain(urls=True):
    """The template that CloudFormation takes as it is."""
    template = translate.translated({"Cluster": "any"}, f"s3://{PLACE['S3Bucket']}/{PLACE['S3Key']}")
    resources = template["Resources"]
    for resource in resources.values():
        resource.get("Metadata", {}).pop("SamResourceId", None)
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Lambda::Function":
            check_same(properties["Code"], PLACE)
            properties["Code"] = {key: {"Ref": name} for key, name in PLACE.items()}
        if resource["Type"] == "AWS::CodeDeploy::DeploymentGroup":
            # SAM has put the default of the parameter here.
            properties["DeploymentConfigName"] = {"Fn::Sub": "CodeDeployDefault.Lambda${Deployment}"}
    # A new zip is a new set of values too.
    resources["Settings"]["Properties"]["Content"]["Fn::Sub"][0] += "CodeBucket=${CodeBucket}\nCodeKey=${CodeKey}\n"
    template["Parameters"] |= CODE
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    groups.append({"Label": {"default": "The program"}, "Parameters": list(CODE)})
    if not urls:
        for section, names in OF_URLS.items():
            for name in names:
                del template[section][name]
        del resources["Widget"]["Properties"]["Environment"]["Variables"]["MEERKAT_BURROW_LOGIN"]
        for group in groups:
            group["Parameters"] = [name for name in group["Parameters"] if name not in OF_URLS["Parameters"]]
    return template


def check_same(found, expected):
    if found != expected:
        raise SystemExit(f"SAM's translation has the code {found}, not {expected}")


if __name__ == "__main__":
    main()
