"""Counts the code lines of src by folder: no comment, no blank line, no test. `make count` runs it.

A test is an item behind `#[cfg(test)]`, and the file or folder of a module that is declared there.
"""

import pathlib
import re
import sys

# What hides the rest of Rust: comments, texts (a raw one ends with as many `#` as it began with), characters (no lifetimes).
HIDING = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>\bb?r(?P<marks>\#*)".*?"(?P=marks)|"(?:\\.|[^"\\])*"|'(?:\\[^\n]+?|[^'\\\n])')""",
    re.DOTALL,
)


def without_comments(source):
    """The source with its lines; a text keeps its length, and nothing in it can be read as code."""

    def replaced(match):
        filler = " " if match["comment"] else "x"
        return re.sub(r"[^\n]", filler, match[0])

    return HIDING.sub(replaced, source)


def end_of_item(code, start):
    """Where the item ends that begins here: at its semicolon, or at the brace that closes it."""
    depth = 0
    for at in range(start, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
        if depth == 0 and code[at] in ";}":
            return at + 1
    raise ValueError("an item without an end")


def without_tests(code):
    """The code without its tests, and the names of the modules that are tests."""
    modules = []
    while (found := re.search(r"#\[cfg\(test\)\]", code)) is not None:
        item = found.end()
        while (attribute := re.match(r"\s*#(?=\[)", code[item:])) is not None:
            item += attribute.end()
            item = item + code[item:].index("]") + 1
        end = end_of_item(code, item)
        modules += re.findall(r"^\s*mod (\w+);$", code[item:end], re.MULTILINE)
        code = code[: found.start()] + code[end:]
    return code, modules


def count(folder):
    """Code lines by file, tests left out."""
    lines, tests = {}, set()
    for file in sorted(folder.rglob("*.rs")):
        code, modules = without_tests(without_comments(file.read_text(encoding="utf-8")))
        lines[file] = sum(1 for line in code.splitlines() if line.strip())
        home = file.parent if file.name in ("mod.rs", "lib.rs", "main.rs") else file.with_suffix("")
        tests |= {home / name for name in modules}
    return {
        file: number
        for file, number in lines.items()
        if not any(file == test.with_suffix(".rs") or test in file.parents for test in tests)
    }


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
    by_room = {}
    for file, number in count(folder).items():
        parts = file.relative_to(folder).parts[:-1][:2]
        for depth in range(len(parts) + 1):
            room = "/".join(parts[:depth])
            files, total = by_room.get(room, (0, 0))
            by_room[room] = (files + 1, total + number)
    for room, (files, number) in sorted(by_room.items()):
        print(f"{number:>7,} lines  {files:>4} files  {folder.name}/{room}")


main()
