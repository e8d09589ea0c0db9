"""Draws Grafana's dashboard without Grafana: `make grafana-picture` writes infra/grafana/dashboard.png.

Three hours are rehearsed (hours.py), Prometheus answers the dashboard's own queries, and matplotlib draws each panel at its place, with
its title, unit, thresholds and legend. What a panel asks for and this file does not know ends it: no panel is left out.
"""

import contextlib
import hashlib
import io
import json
import re
import time

import boards
import hours
import matplotlib.figure
import matplotlib.patches
import matplotlib.ticker
import parts
import PIL.Image
import PIL.PngImagePlugin
import scene

PICTURE = boards.GRAFANA.with_name("dashboard.png")
LARGEST = 150_000
# Pixels of the picture's width, of one row of the grid, between panels, and of a line of small text.
WIDTH, ROW, GAP, LINE = 1400, 23, 6, 15
CAPTION = "Drawn by matplotlib from the dashboard's own queries in Prometheus, not by Grafana. Three rehearsed hours on a real Kafka."
STEP_S = 60
COLORS = {"green": "#56a64b", "yellow": "#f2cc0c", "red": "#e02f44", "purple": "#a352cc", "text": "#6e7079"}
PALETTE = ("#56a64b", "#e0b400", "#3274d9", "#ff780a", "#e02f44", "#1f60c4", "#a352cc", "#37872d", "#c4a300", "#8f3bb8", "#0a437c", "#fa6400")
INK, FAINT, PAPER, BEHIND = "#24292e", "#d8dade", "white", "#f4f5f5"
DURATIONS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def main():
    scene.build("--bin", "meerkat")
    scene.build("--example", "cloudwatch")
    board = json.loads(boards.GRAFANA.read_text())
    end = int(time.time()) // 60 - 1
    with contextlib.ExitStack() as stack:
        at = stack.enter_context(scene.folder("picture"))
        kafka = stack.enter_context(scene.Kafka(at / "kafka"))
        history = stack.enter_context(scene.CloudWatch(visible_after=0, new_metric_visible_after=0))
        prometheus = stack.enter_context(parts.Prometheus(at / "prometheus"))
        stage = stack.enter_context(scene.Stagehand(kafka))
        hours.rehearse(kafka, stage, history, prometheus, end)
        answers = {panel["id"]: answered(prometheus, panel, end * 60 + STEP_S // 2) for panel in board["panels"]}
    written(draw(board, answers, end * 60), hashlib.sha256(boards.GRAFANA.read_bytes()).hexdigest())
    print(f"{PICTURE}: {PICTURE.stat().st_size} bytes")


def answered(prometheus, panel, end):
    """Each series of a panel: its name, its labels, its points."""
    series = []
    for target in panel.get("targets", []):
        query = boards.filled(target["expr"], "_", "prod")
        if target.get("instant"):
            found = [(each["metric"], [each["value"]]) for each in prometheus.ask("query", query=query, time=end)["result"]]
        else:
            asked = {"query": query, "start": end - 60 * hours.MINUTES, "end": end, "step": STEP_S}
            found = [(each["metric"], each["values"]) for each in prometheus.ask("query_range", **asked)["result"]]
        for labels, values in found:
            name = re.sub(r"\{\{(\w+)\}\}", lambda match, labels=labels: labels.get(match[1], ""), target["legendFormat"])
            series.append((name, labels, [(moment, float(value)) for moment, value in values]))
    return series


def draw(board, answers, end):
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    height = rows * ROW + 2 * LINE + GAP
    figure = matplotlib.figure.Figure(figsize=(WIDTH / 100, height / 100), dpi=100, facecolor=BEHIND)
    sheet = Sheet(figure, end, 0, 0, WIDTH, height)
    sheet.text(8, 6, board["title"], 11, weight="bold")
    sheet.text(WIDTH - 8, 10, CAPTION, 8, ha="right")
    for panel in board["panels"]:
        grid = panel["gridPos"]
        column = WIDTH / 24
        place = (grid["x"] * column + GAP / 2, grid["y"] * ROW + 2 * LINE + GAP / 2, grid["w"] * column - GAP, grid["h"] * ROW - GAP)
        DRAWN[panel["type"]](Sheet(figure, end, *place), panel, answers[panel["id"]])
    return figure


class Sheet:
    """A part of the figure; its places are in pixels from its upper left corner."""

    def __init__(self, figure, end, left, top, width, height):
        self.figure, self.end, self.left, self.top, self.width, self.height = figure, end, left, top, width, height

    def spot(self, x, y):
        """The same place as the figure counts it."""
        whole = self.figure.get_size_inches() * 100
        return (self.left + x) / whole[0], 1 - (self.top + y) / whole[1]

    def text(self, x, y, text, size, **how):
        return self.figure.text(*self.spot(x, y), text, fontsize=size, **{"va": "top", "color": INK, **how})

    def box(self, x, y, width, height, color, edge="none"):
        whole = self.figure.get_size_inches() * 100
        # Behind all axes, and each above those before it.
        how = {"transform": self.figure.transFigure, "facecolor": color, "edgecolor": edge, "linewidth": 0.6, "zorder": -1}
        self.figure.add_artist(matplotlib.patches.Rectangle(self.spot(x, y + height), width / whole[0], height / whole[1], **how))

    def paper(self, title):
        self.box(0, 0, self.width, self.height, PAPER, FAINT)
        self.text(8, 5, title, 8, weight="bold")

    def axes(self, left, top, right, bottom):
        """Axes within these margins."""
        x, y = self.spot(left, self.height - bottom)
        whole = self.figure.get_size_inches() * 100
        axes = self.figure.add_axes((x, y, (self.width - left - right) / whole[0], (self.height - top - bottom) / whole[1]))
        axes.tick_params(labelsize=6.5, length=0, colors=INK, pad=2)
        axes.grid(color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def over_time(self, axes):
        """The hours below, the same in each panel."""
        axes.set_xlim(self.end - 60 * hours.MINUTES, self.end + 60)
        half = 1_800
        axes.xaxis.set_major_locator(matplotlib.ticker.FixedLocator(range(self.end - self.end % half - 5 * half, self.end + 1, half)))
        axes.xaxis.set_major_formatter(lambda moment, _: time.strftime("%H:%M", time.gmtime(moment)))

    def legend(self, entries):
        """Names with their colours on one line; those that have no room are counted."""
        x, y = 10, self.height - 6
        for number, (name, color) in enumerate(entries):
            more = len(entries) - number
            shown = self.text(x + 11, y, name, 6.5, va="baseline")
            width = shown.get_window_extent().width
            if x + 11 + width > self.width - (60 if more > 1 else 8):
                shown.set_text(f"and {more} more")
                return
            self.box(x, y - 4, 8, 2, color)
            x += 11 + width + 12


def row(sheet, panel, _):
    sheet.text(4, 2, f"▾ {panel['title']}", 8.5, weight="bold")


def stat(sheet, panel, series):
    """The newest value of each series, on the colour of its threshold or its own."""
    known(panel["options"]["reduceOptions"]["calcs"], ["lastNotNull"], panel)
    known(panel["options"]["colorMode"], "background", panel)
    sheet.paper(panel["title"])
    defaults = panel["fieldConfig"]["defaults"]
    shown = [(name, points[-1][1]) for name, _, points in series] or [("", None)]
    width = (sheet.width - 8) / len(shown)
    for number, (name, value) in enumerate(shown):
        text = defaults.get("noValue", "No data") if value is None else spelled(value, defaults["unit"])
        color = COLORS["text"] if value is None else color_of(panel, name, value)
        ink = INK if color == COLORS["yellow"] else "white"
        sheet.box(4 + number * width + 1, 24, width - 2, sheet.height - 28, color)
        middle = 4 + (number + 0.5) * width
        sheet.text(middle, 24 + (sheet.height - 28) / 2 + (7 if name else 0), text, 15, ha="center", va="center", color=ink, weight="bold")
        sheet.text(middle, 30, name, 8, ha="center", color=ink)


def color_of(panel, name, value):
    for override in panel["fieldConfig"]["overrides"]:
        known(override["matcher"]["id"], "byName", panel)
        if override["matcher"]["options"] == name:
            return COLORS[override["properties"][0]["value"]["fixedColor"]]
    steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": [{"color": "green", "value": None}]})["steps"]
    return COLORS[[step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]]


def state_timeline(sheet, panel, series):
    """A bar for each series, coloured by its value."""
    sheet.paper(panel["title"])
    (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
    axes = sheet.axes(76, 26, 12, 18)
    for number, (_, _, points) in enumerate(series):
        for moment, value in points:
            known(f"{value:g}" in mapping["options"], True, panel)
            axes.barh(number, STEP_S, left=moment - STEP_S / 2, height=panel["options"]["rowHeight"], color=COLORS[mapping["options"][f"{value:g}"]["color"]], linewidth=0)
    axes.set_yticks(range(len(series)), [name for name, _, _ in series])
    axes.set_ylim(len(series) - 0.4, -0.6)
    axes.grid(visible=False)
    sheet.over_time(axes)


def timeseries(sheet, panel, series):
    sheet.paper(panel["title"])
    axes = sheet.axes(52, 26, 12, 18 + (LINE if panel["options"]["legend"]["showLegend"] else 0))
    known(panel["options"]["legend"]["placement"], "bottom", panel)
    unit = panel["fieldConfig"]["defaults"]["unit"]
    entries = []
    for number, (name, _, points) in enumerate(series):
        color = PALETTE[number % len(PALETTE)]
        axes.plot(*whole_line(points), color=color, linewidth=1.1)
        entries.append((name or panel["title"], color))
    if not series:
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, ha="center", va="center", fontsize=9, color=COLORS["text"])
    largest = max((value for _, _, points in series for _, value in points), default=0)
    axes.set_ylim(panel["fieldConfig"]["defaults"]["min"], largest * 1.08 or 1)
    axes.yaxis.set_major_locator(matplotlib.ticker.FixedLocator(ticks(largest, unit)))
    axes.yaxis.set_major_formatter(lambda value, _: spelled(value, unit))
    sheet.over_time(axes)
    if panel["options"]["legend"]["showLegend"]:
        sheet.legend(entries)


def whole_line(points):
    """Moments and values, with a gap where a point is missing."""
    moments, values = [], []
    for moment, value in points:
        if moments and moment - moments[-1] > STEP_S:
            moments.append(moment - STEP_S)
            values.append(float("nan"))
        moments.append(moment)
        values.append(value)
    return moments, values


def table(sheet, panel, series):
    """Labels and value of each series, as the panel's transformation leaves them."""
    sheet.paper(panel["title"])
    (transformation,) = panel["transformations"]
    known(transformation["id"], "organize", panel)
    options = transformation["options"]
    columns = [name for name in sorted({label for _, labels, _ in series for label in labels}) if name != "__name__"]
    lines = [{**labels, "Value": spelled(points[-1][1], panel["fieldConfig"]["defaults"]["unit"])} for _, labels, points in series]
    columns = [name for name in [*columns, "Value"] if not options["excludeByName"].get(name)]
    room = int((sheet.height - 30) // LINE) - 1
    width = (sheet.width - 16) / max(len(columns), 1)
    for number, name in enumerate(columns):
        sheet.text(8 + number * width, 26, options.get("renameByName", {}).get(name, name), 7, weight="bold")
    for number, line in enumerate(lines[:room]):
        sheet.box(6, 26 + LINE * (number + 1) - 2, sheet.width - 12, 0.5, FAINT)
        for column, name in enumerate(columns):
            sheet.text(8 + column * width, 26 + LINE * (number + 1), line.get(name, ""), 7)
    if not lines:
        sheet.text(sheet.width / 2, sheet.height / 2, "No data", 9, ha="center", color=COLORS["text"])


DRAWN = {"row": row, "stat": stat, "state-timeline": state_timeline, "timeseries": timeseries, "table": table}


def ticks(largest, unit):
    """Four or five of them, at round values."""
    if unit != "s":
        return matplotlib.ticker.MaxNLocator(4, integer=unit == "short").tick_values(0, largest or 1)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
    step = next((step for step in steps if largest / step <= 5), 86_400)
    return [number * step for number in range(int(largest // step) + 1)]


def spelled(value, unit):
    """A value as Grafana spells it in this unit."""
    if unit == "s":
        factor, word = next(((factor, word) for factor, word in DURATIONS if abs(value) >= factor), (1, "s") if value == 0 or abs(value) >= 1 else (0.001, "ms"))
        return f"{value / factor:.3g} {word}"
    short = f"{value / 1_000:.3g} K" if abs(value) >= 1_000 else f"{value:.3g}"
    return {"short": short, "cps": f"{short} c/s"}[unit]


def known(found, expected, panel):
    """A setting of a panel that this file draws."""
    parts.same(found, expected, f"{panel['title']}: a setting that is not drawn")


def written(figure, of):
    """The picture in few colours, with what it is of: check.py compares that with the dashboard."""
    page = io.BytesIO()
    figure.savefig(page, format="png", facecolor=figure.get_facecolor())
    picture = PIL.Image.open(page).convert("RGB").quantize(128, dither=PIL.Image.Dither.NONE)
    said = PIL.PngImagePlugin.PngInfo()
    said.add_text("dashboard", of)
    said.add_text("Description", CAPTION)
    picture.save(PICTURE, optimize=True, pnginfo=said)
    parts.same(PICTURE.stat().st_size <= LARGEST, True, f"{PICTURE.stat().st_size} bytes of {LARGEST}")


if __name__ == "__main__":
    main()
