"""What CloudFormation makes of a template for given parameters, without an account: intrinsic functions and conditions."""

import functools
import re

NOTHING = object()


class Stack:
    """A template, translated from SAM, with values for its parameters."""

    def __init__(self, template, values, checked=True, pseudo=None):
        self.template = template
        self.pseudo = {**PSEUDO, **(pseudo or {})}
        self.values = {name: spec.get("Default") for name, spec in template["Parameters"].items()}
        unknown = values.keys() - self.values.keys()
        if unknown:
            raise SystemExit(f"no such parameter: {unknown}")
        self.values.update(values)
        missing = [name for name, value in self.values.items() if value is None]
        if missing:
            raise SystemExit(f"no value for {missing}")
        if checked:
            self.check_patterns()

    @functools.cached_property
    def resources(self):
        """Those whose conditions hold, by name."""
        there = {name: each for name, each in self.template["Resources"].items() if "Condition" not in each or self.condition(each["Condition"])}
        return {name: {**each, "Properties": self.resolved(each.get("Properties", {}))} for name, each in there.items()}

    def of_type(self, kind):
        return {name: resource["Properties"] for name, resource in self.resources.items() if resource["Type"] == kind}

    def check_patterns(self):
        for name, spec in self.template["Parameters"].items():
            values = self.values[name].split(",") if spec["Type"] == "CommaDelimitedList" else [self.values[name]]
            for value in values:
                if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], str(value)):
                    raise SystemExit(f"{name} may not be {value!r}: {spec['AllowedPattern']}")
                if "AllowedValues" in spec and str(value) not in map(str, spec["AllowedValues"]):
                    raise SystemExit(f"{name} may not be {value!r}: {spec['AllowedValues']}")
                if len(str(value)) > spec.get("MaxLength", 4096):
                    raise SystemExit(f"{name} is longer than {spec['MaxLength']}")
                if spec["Type"] == "Number" and not spec.get("MinValue", -1) <= int(value) <= spec.get("MaxValue", int(value)):
                    raise SystemExit(f"{name} may not be {value}")

    def broken_rules(self):
        """What the template's rules say against the parameters."""
        broken = []
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" not in rule or self.resolved(rule["RuleCondition"]):
                broken += [each["AssertDescription"] for each in rule["Assertions"] if not self.resolved(each["Assert"])]
        return broken

    def condition(self, name):
        return self.resolved(self.template["Conditions"][name])

    def resolved(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolved, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function == "Ref":
                return self.ref(argument)
            if function == "Condition":
                return self.condition(argument) if isinstance(argument, str) else {"Condition": self.resolved(argument)}
            if function.startswith("Fn::"):
                return getattr(self, function.removeprefix("Fn::").lower())(argument)
        resolved = {key: self.resolved(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def ref(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.values:
            value = self.values[name]
            return value.split(",") if self.template["Parameters"][name]["Type"] == "CommaDelimitedList" else value
        if name not in self.template["Resources"]:
            raise SystemExit(f"there is nothing called {name}")
        return f"<{name}>"

    def getatt(self, argument):
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if name not in self.template["Resources"]:
            raise SystemExit(f"there is nothing called {name}")
        return ATTRIBUTES.get(f"{name}.{attribute}", f"<{name}.{attribute}>")

    def sub(self, argument):
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.resolved(argument[1]))

        def put(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(own[name])
            return str(self.getatt(name) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", put, text)

    def findinmap(self, argument):
        table, row, column = map(self.resolved, argument)
        return self.template["Mappings"][table][str(row)][column]

    def equals(self, argument):
        one, other = map(self.resolved, argument)
        return str(one) == str(other)

    def contains(self, argument):
        all_of_them, one = map(self.resolved, argument)
        return str(one) in map(str, all_of_them)

    def select(self, argument):
        return self.resolved(argument[1])[int(argument[0])]

    def split(self, argument):
        return self.resolved(argument[1]).split(argument[0])

    def join(self, argument):
        return argument[0].join(map(str, self.resolved(argument[1])))

    # `not`, `and`, `or` and `if` are words of Python's own, so their methods are set by name below.


def _if(self, argument):
    name, then, otherwise = argument
    return self.resolved(then if self.condition(name) else otherwise)


setattr(Stack, "if", _if)
setattr(Stack, "not", lambda self, argument: not self.resolved(argument[0]))
setattr(Stack, "and", lambda self, argument: all(map(self.resolved, argument)))
setattr(Stack, "or", lambda self, argument: any(map(self.resolved, argument)))

# A name that a function splits must have its usual form.
ATTRIBUTES = {"CheckerAliaslive.AliasArn": "arn:aws:lambda:eu-central-1:123456789012:function:prod-Checker-AbC:live"}
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/prod/0a1b2c3d-0000-1111-2222-333344445555",
    "AWS::StackName": "prod",
    "AWS::URLSuffix": "amazonaws.com",
}
