"""Reads a text with Prometheus' own parsers, that of OpenMetrics and that of the older format, which must find the same.

    openmetrics.py FILE
"""

import pathlib
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as newer


def samples(families):
    return [(family.type, sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def main():
    text = pathlib.Path(sys.argv[1]).read_text()
    new = samples(newer.text_string_to_metric_families(text))
    old = samples(parser.text_string_to_metric_families(text))
    if new != old:
        sys.exit(f"the two formats differ: {new} and {old}")
    wrong = [sample for sample in new if sample[0] != "gauge" or sample[3] != sample[3]]
    if wrong:
        sys.exit(f"no gauges: {wrong}")
    print(len(new), "samples")
    for _, name, labels, value in new:
        print(name, labels, value)


main()
