"""Holds every dependency against infra/deny.toml: its licence, where it comes from, whether it is banned or was yanked.

`make deny` has cargo-deny judge the same file, which takes minutes to build first; this takes a second.
"""

import json
import os
import pathlib
import re
import subprocess
import tomllib

import scene


def main():
    rules = tomllib.loads((scene.REPOSITORY / "infra" / "deny.toml").read_text())
    allowed = set(rules["licenses"]["allow"])
    banned = {entry["name"] for entry in rules["bans"]["deny"]}
    argv = ["cargo", "metadata", "--locked", "--format-version", "1"]
    packages = json.loads(subprocess.run(argv, cwd=scene.REPOSITORY, stdout=subprocess.PIPE, check=True).stdout)["packages"]
    wrong, used = [], set()
    for package in packages:
        name = f"{package['name']} {package['version']}"
        chosen = licences(package["license"] or "none", allowed)
        if chosen is None:
            wrong.append(f"{name}: its licence is {package['license']}")
        used |= chosen or set()
        if package["name"] in banned:
            wrong.append(f"{name}: it is banned")
        if package["source"] and yanked(package["name"], package["version"]) and rules["advisories"]["yanked"] == "deny":
            wrong.append(f"{name}: it was yanked")
        if not (package["source"] or "registry+").startswith("registry+"):
            wrong.append(f"{name}: it comes from {package['source']}")
    wrong += [f"infra/deny.toml allows {licence}, which nothing needs" for licence in sorted(allowed - used)]
    print("\n".join(wrong) or f"{len(packages)} packages keep infra/deny.toml")
    raise SystemExit(1 if wrong else 0)


def yanked(name, version):
    """Whether cargo's own copy of the index says so; a version that it does not list was not fetched with this index."""
    low = name.lower()
    folder = {1: "1", 2: "2", 3: f"3/{low[:1]}"}.get(len(low), f"{low[:2]}/{low[2:4]}")
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    for entry in home.glob(f"registry/index/*/.cache/{folder}/{low}"):
        # Versions stand between zero bytes, each before its line of JSON.
        for line in entry.read_bytes().split(b"\0"):
            if line.startswith(b"{"):
                found = json.loads(line)
                if found["vers"] == version and found["yanked"]:
                    return True
    return False


def licences(expression, allowed):
    """The allowed licences that satisfy an SPDX expression; None where none do. AND binds tighter than OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+(?: WITH [^\s()]+)?", expression.replace("/", " OR "))

    def either():
        found = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            other = both()
            found = other if found is None else found if other is None else found | other
        return found

    def both():
        found = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            other = one()
            found = None if found is None or other is None else found | other
        return found

    def one():
        token = tokens.pop(0)
        if token == "(":
            found = either()
            tokens.pop(0)
            return found
        return {token} if token in allowed else None

    return either()


if __name__ == "__main__":
    main()
