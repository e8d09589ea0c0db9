"""JSON as a person reads it: indented, but what fits on a line stays on it."""

import json
import pathlib

WIDTH = 150
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "infra" / "report.schema.json"


def report(value):
    """A report with its keys in the order of its schema; what passes through other programs comes back sorted by name."""
    schema = json.loads(SCHEMA.read_text())

    def ordered(value, shape):
        while "$ref" in shape:
            shape = schema["$defs"][shape["$ref"].rsplit("/", 1)[-1]]
        if isinstance(value, list):
            return [ordered(part, shape.get("items", {})) for part in value]
        if not isinstance(value, dict):
            return value
        known = shape.get("properties", {})
        keys = sorted(value, key=lambda key: list(known).index(key) if key in known else len(known))
        return {key: ordered(value[key], known.get(key, {})) for key in keys}

    return json_text(ordered(value, schema))


def json_text(value, indent=0):
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(key, ensure_ascii=False)}: {json_text(of_key, indent + 2)}" for key, of_key in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + json_text(part, indent + 2) for part in value) + "\n" + " " * indent + "]"
