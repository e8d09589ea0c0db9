"""Runs on a real Kafka arrive in the OpenTelemetry Collector and in Prometheus, and each value is that of the JSON report.

Names come from the table of infra/metrics.md, which a test holds to the code. What is compared is the last of three runs: a loss is new
when the run before did not see it.
"""

import contextlib
import json
import re
import subprocess
import time

import boards
import parts
import scene

RUNS = 3
STATUS = {"OK": 1, "WARN": 2, "ERR": 3, "STOP": 4, "STALL": 5, "REWIND": 6}
# When the run is over is known after its points are written.
ABOUT = {"meerkat.run.duration"}
BLIND = "meerkat.blind_runs"
# They lag, and in three runs no commit of theirs moved: an OK that nothing supports is not published.
UNSUPPORTED = ("orders-svc", "close")


def main():
    scene.build("--bin", "meerkat")
    scene.build("--example", "cloudwatch")
    with contextlib.ExitStack() as stack:
        at = stack.enter_context(scene.folder("otlp"))
        kafka = stack.enter_context(scene.Kafka(at / "kafka"))
        history = stack.enter_context(scene.CloudWatch(visible_after=0, new_metric_visible_after=0))
        collector = stack.enter_context(parts.Collector(at / "collector"))
        prometheus = stack.enter_context(parts.Prometheus(at / "prometheus"))
        dotted = stack.enter_context(parts.Prometheus(at / "dotted", parts.AS_SENT))
        receivers = {"collector": collector, "prometheus": prometheus, "dotted": dotted}
        stage = stack.enter_context(scene.Stagehand(kafka))
        furnish(stage)
        last = int(time.time()) // 60
        reports = {}
        for minute in range(last - RUNS + 1, last + 1):
            if minute == last:
                stage.hand("delete-records gone 0 4")
                stage.hand("produce soon 0 1")
            history.control(now=minute * 60 + 2)
            for name, receiver in receivers.items():
                reports[name] = run(name, minute, {**kafka.variables(), **history.variables(), **receiver.variables})
        for name, receiver in receivers.items():
            blind(name, last, receiver.variables)
        collector.end()
        arrived("the Collector", of_collector(collector, last), expected("collector", reports["collector"]))
        arrived("Prometheus", of_prometheus(prometheus, last), expected("prometheus", reports["prometheus"]))
        boards.check_fields()
        for name, dot, where in (("prometheus", "_", "Prometheus"), ("dotted", ".", "CloudWatch")):
            parts.same(boards.names(receivers[name]), dot, f"how names are spelled in {where}")
            boards.answered(receivers[name], boards.grafana(dot, name), last, f"Grafana's dashboard, names as in {where}")
        boards.answered(dotted, boards.cloudwatch("dotted"), last, "the template's dashboard")


def furnish(stage):
    """A group that is caught up, one with a member that lags, one that is late, one that loses records unread, one that soon will, and a topic that no group reads."""
    for topic, partitions in (("done", 1), ("orders", 2), ("old", 1), ("gone", 1), ("soon", 1), ("watched", 1)):
        stage.hand(f"create-topic {topic} {partitions}")
    stage.hand("produce done 0 5")
    stage.hand("commit drained done 0 5")
    stage.hand("produce orders 0 3")
    stage.hand("join member classic orders-svc orders assigned=2")
    stage.hand("wait-caught-up orders-svc")
    stage.hand("pause member")
    stage.hand("produce orders 0 4")
    stage.hand(f"produce old 0 9 timestamp={int(time.time() - 3_600) * 1_000}")
    stage.hand("commit late old 0 2")
    stage.hand("produce gone 0 10")
    stage.hand("commit losing gone 0 1")
    stage.hand("produce soon 0 100")
    stage.hand("delete-records soon 0 1")
    stage.hand("commit close soon 0 5")


def run(cluster, minute, variables):
    stamp = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    event = {"scheduled": stamp(minute * 60), "now": stamp(minute * 60 + 2), "detail": "all"}
    done = meerkat(
        event,
        {
            **variables,
            "MEERKAT_CLUSTER": cluster,
            "MEERKAT_CLUSTER_ALARMS": "on",
            "MEERKAT_EXPECT": "nobody",
            "MEERKAT_METRICS_DETAIL": "partition",
            "MEERKAT_OBJECTIVE": "300/900",
            "MEERKAT_PUBLISH": "otlp",
            "MEERKAT_WATCH": "watched=3600",
        },
    )
    report = json.loads(done.stdout)
    parts.same((report["metrics"]["otlp"]["problems"], report["problems"]), ([], []), "what did not go well")
    return report


def blind(cluster, minute, variables):
    """A run that reaches no broker; it knows no history, so no status stands."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute * 60))
    own = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "MEERKAT_CLUSTER": cluster, "MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "otlp"}
    done = meerkat({"scheduled": stamp, "now": stamp}, {**own, **variables})
    parts.same(done.returncode, 4, f"a run that reaches no broker fails: {done.stderr}")


def meerkat(event, variables):
    argv = [scene.TARGET / "debug" / "meerkat"]
    return subprocess.run(argv, env=scene.environment(variables), input=json.dumps(event), capture_output=True, text=True)


def of_table():
    """Name and unit of each metric of OTLP in infra/metrics.md."""
    rows = re.findall(r"(?m)^\| `([a-z_.]+)` \|[^|]*\|[^|]*\| `([^`]+)` \|", (scene.REPOSITORY / "infra" / "metrics.md").read_text())
    if len(rows) < 20:
        raise SystemExit(f"infra/metrics.md names only {rows}")
    return rows


def expected(cluster, report):
    """What a report says, as metric → labels → value."""
    said = {}

    def say(name, value, **labels):
        if value is not None:
            said.setdefault(name, {})[frozenset({"cluster": cluster, **labels}.items())] = float(value)

    say("meerkat.heartbeat", 1)
    say(BLIND, 1)
    say("meerkat.run.duration", report["duration_ms"] / 1_000)
    say("kafka.brokers", 1)
    parts.same(report.get("cluster_problems", []), [], "troubles of the cluster itself")
    say("meerkat.cluster_problems", 0)
    by_status = report["totals"]["by_status"]
    for status, groups in by_status.items():
        say("meerkat.groups", groups, status=status)
    say("meerkat.unknown_groups", by_status["UNKNOWN"] + by_status["NOTFOUND"])
    for topic in report["watched"]:
        say("meerkat.topic.status", STATUS.get(topic["status"]), topic=topic["topic"])
    for group in report["groups"]:
        of_group = {"group": group["group"]}
        say("meerkat.group.status", None if group["group"] in UNSUPPORTED else STATUS.get(group["status"]), **of_group)
        if "diagnosis" in group:
            say("meerkat.group.diagnosis", 1, kind=group["diagnosis"]["kind"], **of_group)
        say("meerkat.group.loss_ahead.seconds", group.get("loss_ahead_seconds"), **of_group)
        say("meerkat.group.lag", group["total_lag"], **of_group)
        say("meerkat.group.lag.max", group["max_lag"], **of_group)
        say("meerkat.group.lag.seconds", group["lag_seconds"], **of_group)
        say("kafka.consumer_group.members", group["members"], **of_group)
        partitions = group["partitions"]
        say("meerkat.group.lost", sum(partition.get("lost", 0) for partition in partitions) or None, **of_group)
        say("meerkat.group.loss_ahead", sum("loss_ahead" in partition["findings"] for partition in partitions) or None, **of_group)
        for topic in {partition["topic"] for partition in partitions}:
            lags = [partition["lag"] for partition in partitions if partition["topic"] == topic and partition["lag"] is not None]
            say("kafka.consumer_group.lag_sum", sum(lags) if lags else None, topic=topic, **of_group)
        for partition in partitions:
            of_log = {"topic": partition["topic"], "partition": str(partition["partition"])}
            say("kafka.consumer_group.lag", partition["lag"], **of_group, **of_log)
            say("kafka.consumer_group.offset", partition["committed"], **of_group, **of_log)
            say("meerkat.partition.status", STATUS.get(partition["status"]), **of_group, **of_log)
            say("meerkat.partition.lag.seconds", partition["lag_seconds"], **of_group, **of_log)
            say("kafka.partition.current_offset", partition["log_end"], **of_log)
            say("kafka.partition.oldest_offset", partition["log_start"], **of_log)
            # One broker has the only replica of each.
            say("kafka.partition.replicas", 1, **of_log)
            say("kafka.partition.replicas_in_sync", 1, **of_log)
    return said


def of_collector(collector, minute):
    """What lies in the Collector's file of this minute: metric → labels → value."""
    found = {}
    units = dict(of_table())
    for request in collector.requests():
        for resource in request["resourceMetrics"]:
            parts.same(labels(resource["resource"]["attributes"]), {"service.name": "meerkat"}, "the sender")
            for metric in (metric for scope in resource["scopeMetrics"] for metric in scope["metrics"]):
                parts.same(metric["unit"], units[metric["name"]], f"the unit of {metric['name']}")
                for point in metric["gauge"]["dataPoints"]:
                    if int(point["timeUnixNano"]) != minute * 60 * 10**9:
                        continue
                    value = float(point["asInt"] if "asInt" in point else point["asDouble"])
                    found.setdefault(metric["name"], {})[frozenset(labels(point["attributes"]).items())] = value
    return found


def labels(attributes):
    return {each["key"]: each["value"]["stringValue"] for each in attributes}


def of_prometheus(prometheus, minute):
    """What Prometheus answers of this minute for each name of the table."""
    found = {}
    for name, unit in of_table():
        flat = name.replace(".", "_")
        suffix = "_seconds" if unit == "s" and not flat.endswith("_seconds") else ""
        for series, value in prometheus.vector(f"last_over_time({flat}{suffix}[1s])", minute * 60):
            own = {key: text for key, text in series.items() if key not in ("__name__", "job", "service_name")}
            found.setdefault(name, {})[frozenset(own.items())] = value
    return found


def arrived(where, found, wanted):
    parts.same(sorted(found), sorted(name for name, _ in of_table()), f"names of the table in {where}")
    parts.same(sorted(found), sorted(wanted), f"names of the report in {where}")
    for name, points in wanted.items():
        parts.same(found[name].keys(), points.keys(), f"{name} in {where}: its labels")
        for key, value in points.items():
            if name in ABOUT:
                parts.same(0 < found[name][key] <= value, True, f"{name} in {where}: {found[name][key]} of {value}")
            else:
                parts.same(found[name][key], value, f"{name}{dict(key)} in {where}")
    print(f"{where} has {len(found)} names and {sum(map(len, found.values()))} points, each with the report's value")


if __name__ == "__main__":
    main()
