"""Takes pictures of the widget and the page in a real browser, and fails where one shows nothing.

    take.py FOLDER [--keep NAME=FILE ...]

The pictures go to FOLDER; --keep copies one to where the README shows it. Debian's chromium, headless.
"""

import argparse
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import scene

# Name of the scene (tests/screenshots/render.rs) -> width and height of the window, dark or not, least share of inked pixels.
SCENES = {
    "light": (1000, 620, False, 0.03),
    "dark": (1000, 620, True, 0.03),
    "narrow": (320, 1190, False, 0.02),
    "medium": (620, 760, True, 0.03),
    "wide": (1800, 500, False, 0.02),
    "healthy": (1000, 320, False, 0.02),
    "empty": (600, 110, False, 0.01),
    "partitions": (1000, 380, False, 0.02),
    "page": (1280, 1130, False, 0.02),
    "page-medium": (700, 1000, False, 0.02),
    "page-narrow": (390, 1300, True, 0.02),
}
DEADLINE_S = 120


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--keep", action="append", default=[], metavar="NAME=FILE")
    asked = arguments.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = asked.folder.resolve()
    scene.build("--example", "widget")
    subprocess.run([scene.TARGET / "debug" / "examples" / "widget", folder], check=True)
    blank = [name for name, window in SCENES.items() if not taken(folder, name, *window)]
    for kept in asked.keep:
        name, _, file = kept.partition("=")
        shutil.copyfile(folder / f"{name}.png", file)
    if blank:
        sys.exit(f"nothing to see: {', '.join(blank)}")


def taken(folder, name, width, height, dark, least):
    """Takes one picture; whether there is enough to see on it."""
    picture = folder / f"{name}.png"
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        argv = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-device-scale-factor=1",
            f"--user-data-dir={profile}", f"--window-size={max(width, NARROWEST)},{height + BELOW}", f"--screenshot={picture}",
            *(["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]),
            # No window is narrower than NARROWEST; what lies beyond the scene is cut off.
            (folder / f"{name}.html").as_uri(),
        ]  # fmt: skip
        done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S)
    if done.returncode != 0 or not picture.exists():
        sys.exit(f"chromium took no picture of {name}:\n{done.stderr[-2000:]}")
    rows, pixel = decoded(picture.read_bytes())
    rows = [row[: width * pixel] for row in rows[:height]]
    picture.write_bytes(encoded(rows, width, pixel))
    share, colours = ink(rows, pixel)
    print(f"{name}: {width} x {height}, {share:.1%} ink, {colours} colours, {picture.stat().st_size} bytes")
    # A browser's own error page, or a page without style, has hardly a colour.
    return share >= least and colours >= COLOURS


def ink(rows, pixel):
    """The share of pixels that differ from the most frequent one, and how many colours there are."""
    counts = {}
    for row in rows:
        for at in range(0, len(row), pixel):
            colour = bytes(row[at : at + 3])
            counts[colour] = counts.get(colour, 0) + 1
    return 1 - max(counts.values()) / sum(counts.values()), len(counts)


def decoded(png):
    """The rows of an 8-bit RGB or RGBA picture without interlace, and the bytes of a pixel (PNG, RFC 2083)."""
    at, data, header = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        header = struct.unpack(">IIBBBBB", body) if kind == b"IHDR" else header
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour, _, _, interlace = header
    if depth != 8 or colour not in (2, 6) or interlace:
        sys.exit(f"a picture of another kind than expected: depth {depth}, colour type {colour}, interlace {interlace}")
    pixel = 3 if colour == 2 else 4
    raw, stride, rows = zlib.decompress(data), width * pixel, []
    above = bytearray(stride)
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        unfilter(kind, row, above, pixel)
        rows.append(row)
        above = row
    return rows, pixel


def unfilter(kind, row, above, pixel):
    """Undoes the filter of one row, in place."""
    if kind == 2:
        for x in range(len(row)):
            row[x] = (row[x] + above[x]) & 255
    elif kind:
        for x in range(len(row)):
            left = row[x - pixel] if x >= pixel else 0
            corner = above[x - pixel] if x >= pixel else 0
            guess = {1: left, 3: (left + above[x]) // 2, 4: paeth(left, above[x], corner)}[kind]
            row[x] = (row[x] + guess) & 255


def paeth(left, up, corner):
    guess = left + up - corner
    near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
    return near[2]


def encoded(rows, width, pixel):
    """These rows as a picture."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2 if pixel == 3 else 6, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# Colours below which a picture shows nothing but an edge or two.
COLOURS = 20
# The window is so much higher than what of it is drawn, its frame included; it is cut off again.
BELOW = 120
NARROWEST = 500

if __name__ == "__main__":
    main()
