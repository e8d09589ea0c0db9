"""Receivers of OTLP that are not ours, each for as long as its `with` block lasts: `make test-otlp` builds them into .cache/otlp.

The OpenTelemetry Collector writes what it receives into a file (collector/main.go). Prometheus 3 stores it, and answers PromQL.
"""

import json
import pathlib
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tools"), str(HERE.parent / "infra")]

import scene

BUILT = scene.CACHE / "otlp"
PROMTOOL = BUILT / "promtool"
# What Prometheus does with names by default, and the setting that keeps them as CloudWatch does: with dots, without suffixes.
BY_DEFAULT, AS_SENT = "UnderscoreEscapingWithSuffixes", "NoTranslation"


class Part:
    """A program that says on standard error when it is ready."""

    def __init__(self, argv, ready):
        if not argv[0].exists():
            raise SystemExit(f"{argv[0]} is not there: make test-otlp builds it")
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.child.stderr:
            said.append(line)
            if ready in line:
                break
        else:
            raise SystemExit(f"{argv[0].name} did not start:\n{''.join(said[-20:])}")
        # A full pipe would stop it.
        threading.Thread(target=self.child.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Has it end in good order: what it holds in memory is on disk then."""
        self.child.terminate()
        self.child.wait()


class Collector(Part):
    """The OpenTelemetry Collector."""

    def __init__(self, at):
        at.mkdir(parents=True)
        self.file = at / "otlp.jsonl"
        self.origin = f"http://127.0.0.1:{scene.free_port()}"
        config = at / "config.yaml"
        config.write_text(
            f"receivers: {{ otlp: {{ protocols: {{ http: {{ endpoint: {self.origin.removeprefix('http://')} }} }} }} }}\n"
            f"exporters: {{ file: {{ path: {self.file} }} }}\n"
            "service: { telemetry: { metrics: { level: none } }, pipelines: { metrics: { receivers: [otlp], exporters: [file] } } }\n"
        )
        super().__init__([BUILT / "otelsink", "--config", config], "Everything is ready")
        self.variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.origin}

    def requests(self):
        """Each request that it took, as OTLP's JSON; it has ended before."""
        return [json.loads(line) for line in self.file.read_text().splitlines()]


class Prometheus(Part):
    """Prometheus 3 with its receiver of OTLP on."""

    def __init__(self, at, strategy=BY_DEFAULT, rules=None, lookback="5m"):
        at.mkdir(parents=True)
        self.origin = f"http://127.0.0.1:{scene.free_port()}"
        config = at / "prometheus.yaml"
        config.write_text(
            f"otlp: {{ translation_strategy: {strategy}, promote_resource_attributes: [service.name] }}\n"
            # Minutes are rehearsed in any order.
            "storage: { tsdb: { out_of_order_time_window: 30d } }\n"
        )
        flags = ["--web.enable-otlp-receiver", f"--query.lookback-delta={lookback}", f"--web.listen-address={self.origin.removeprefix('http://')}"]
        super().__init__(
            [BUILT / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={at / 'data'}", *flags],
            "Server is ready to receive web requests",
        )
        self.variables = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{self.origin}/api/v1/otlp/v1/metrics"}

    def ask(self, path, **parameters):
        """The data of an answer of its API; a query that it refuses ends the test with its words."""
        url = f"{self.origin}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            raise SystemExit(f"Prometheus refuses {parameters}: {json.load(refused)['error']}") from None

    def vector(self, query, at):
        """An instant query: each series' labels, and its value."""
        return [(each["metric"], float(each["value"][1])) for each in self.ask("query", query=query, time=at)["result"]]


def same(found, expected, what):
    if found != expected:
        raise SystemExit(f"{what}:\n  found    {found}\n  expected {expected}")
