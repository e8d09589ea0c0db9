"""JSON as a person reads it: indented, but what fits on a line stays on it."""

import json

WIDTH = 150


def json_text(value, indent=0):
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(key, ensure_ascii=False)}: {json_text(of_key, indent + 2)}" for key, of_key in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + json_text(part, indent + 2) for part in value) + "\n" + " " * indent + "]"
