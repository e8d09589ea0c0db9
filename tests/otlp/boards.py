"""What people look at where metrics go by OTLP: the dashboard for Grafana, and the template's in PromQL.

Every query is asked where a run's metrics have arrived, and has an answer. Grafana itself is not part of this: its types are, from its
Foundation SDK (board/main.go).
"""

import json
import re
import subprocess

import parts
import scene
import yaml

GRAFANA = scene.REPOSITORY / "infra" / "grafana" / "dashboard.json"
# What provisions it → the type of data source.
SOURCES = {"prometheus.yaml": "prometheus", "cloudwatch.yaml": "grafana-amazonprometheus-datasource"}
CLOUDWATCH = scene.REPOSITORY / "infra" / "dashboard-otlp.json"


def check_fields():
    """Fields and their types, places, and variables."""
    subprocess.run([parts.BUILT / "board", GRAFANA], check=True)
    board = json.loads(GRAFANA.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    parts.same(len(set(ids)), len(ids), "an id for each panel")
    taken = set()
    for panel in board["panels"]:
        grid = panel["gridPos"]
        cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
        parts.same((cells & taken, grid["x"] + grid["w"] <= 24), (set(), True), f"the place of {panel['title']}")
        taken |= cells
    known = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board))) - {"__all"}
    parts.same(used, known, "the variables")
    of_prometheus = {each["datasource"]["uid"] for panel in board["panels"] for each in panel.get("targets", [])}
    parts.same(of_prometheus, {"${datasource}"}, "where each query is asked")
    for name, kind in SOURCES.items():
        (source,) = yaml.safe_load((GRAFANA.parent / name).read_text())["datasources"]
        parts.same((source["type"], source["jsonData"]["httpMethod"]), (kind, "POST"), f"{name}: the data source")
    (provider,) = yaml.safe_load((GRAFANA.parent / "dashboards.yaml").read_text())["providers"]
    parts.same(provider["type"], "file", "what provisions the dashboard")


def grafana(dot, cluster):
    """The queries of the dashboard for Grafana: title → PromQL; variables' own queries are among them."""
    board = json.loads(GRAFANA.read_text())
    queries = {f"{panel['title']}, {each['refId']}": filled(each["expr"], dot, cluster) for panel in board["panels"] for each in panel.get("targets", [])}
    for variable in board["templating"]["list"]:
        if variable["type"] == "query" and variable["name"] != "names":
            selector = re.fullmatch(r"label_values\((.*), (\w+)\)", filled(variable["definition"], dot, cluster))
            queries[f"the variable {variable['name']}"] = f"count by ({selector[2]}) ({selector[1]})"
    return queries


def filled(text, dot, cluster):
    """A query of that dashboard with its variables' values: every group, a run a minute."""
    values = {"names": dot, "cluster": cluster, "group": ".*", "reach": "5m", "rate": "15m"}
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values[match[1]], text)


def names(prometheus):
    """What the dashboard finds out by itself: how a dot of a metric's name is spelled here."""
    board = json.loads(GRAFANA.read_text())
    (variable,) = [variable for variable in board["templating"]["list"] if variable["name"] == "names"]
    parts.same(variable["definition"], "label_values(__name__)", "what the variable asks for")
    pattern = variable["regex"].strip("/")
    (found,) = [match[1] for match in (re.search(pattern, name) for name in prometheus.ask("label/__name__/values")) if match]
    return found


def cloudwatch(cluster):
    """The queries of the template's dashboard."""
    widgets = json.loads(CLOUDWATCH.read_text())["widgets"]
    asked = [query for widget in widgets if widget["type"] == "chart" for query in widget["properties"]["data"]["queries"]]
    return {query["id"]: query["query"].replace("${Cluster}", cluster).replace("${Reach}", "300") for query in asked}


def answered(prometheus, queries, minute, what):
    """Each query has an answer at this minute."""
    for name, query in queries.items():
        found = prometheus.vector(query, minute * 60)
        parts.same(bool(found), True, f"{what}: {name}: {query}: nothing is returned")
    print(f"each of {len(queries)} queries of {what} has an answer")
