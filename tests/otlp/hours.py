"""Three hours of a cluster in a few minutes: runs on a real Kafka, one a minute, which send their metrics to a receiver of OTLP.

Each event carries its minute and, as a rehearsal, the present that goes with it; records' timestamps and the history's clock follow.
"""

import json
import subprocess
import time

import scene

MINUTES = 180
# Records a minute and partition, the partitions of each topic, and for how many minutes `orders` keeps its records.
RECORDS, TOPICS, KEPT = 40, {"orders": 2, "clicks": 1}, 35
# Minutes at which a member of `billing` stops and goes on, and from which on `exports` is stuck at one record.
STOPS, GOES_ON, STUCK = 60, 100, 168
# Minutes between which `search` is too slow, and records that it reads in such a minute and in one after them.
SLOW, SLOWLY, FAST = range(95, 140), 25, 60
# BLIND: in these minutes a run does not reach Kafka. DEAD: in these, a topic of dead letters gets a record.
BLIND, DEAD = range(30, 33), (70, 88, 172)


def rehearse(kafka, stage, history, receiver, end):
    """Runs that end with the minute `end`; the receiver has each run's points."""
    furnish(stage)
    read = 0
    for minute in range(MINUTES):
        at = end - MINUTES + 1 + minute
        for topic, partitions in TOPICS.items():
            for partition in range(partitions):
                stage.hand(f"produce {topic} {partition} {RECORDS} timestamp={(at - 1) * 60_000} step={60_000 // RECORDS}")
        if minute >= KEPT:
            for partition in range(TOPICS["orders"]):
                stage.hand(f"delete-records orders {partition} {RECORDS * (minute - KEPT + 1)}")
        written = RECORDS * (minute + 1)
        read = min(written, read + (SLOWLY if minute in SLOW else FAST))
        stage.hand(f"commit search clicks 0 {read}")
        act(stage, minute)
        history.control(now=at * 60 + 2)
        run(at, {**kafka.variables(), **history.variables(), **receiver.variables, **({"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"} if minute in BLIND else {})})


def furnish(stage):
    for topic, partitions in {**TOPICS, "orders-dlt": 1}.items():
        stage.hand(f"create-topic {topic} {partitions}")
    for member in ("audit-1 consumer audit", "audit-2 consumer audit", "billing-1 classic billing", "exports-1 consumer exports"):
        # What has piled up is read in some minutes.
        stage.hand(f"join {member} orders rate=800")


def act(stage, minute):
    """What the members do in a minute; those that are not stuck have read everything when the run begins."""
    if minute == STOPS:
        stage.hand("pause billing-1 silent")
    if minute == GOES_ON:
        stage.hand("resume billing-1")
    if minute in DEAD:
        stage.hand("produce orders-dlt 0 1")
    if minute == STUCK:
        stage.hand("hold exports-1 1")
    stage.hand("wait-caught-up audit")
    if minute < STUCK:
        stage.hand("wait-caught-up exports")
    if not STOPS <= minute < GOES_ON + 30:
        stage.hand("wait-caught-up billing")


def run(minute, variables):
    stamp = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    event = {"scheduled": stamp(minute * 60), "now": stamp(minute * 60 + 2)}
    own = {"MEERKAT_CLUSTER": "prod", "MEERKAT_PUBLISH": "otlp", "MEERKAT_METRICS_DETAIL": "partition", "MEERKAT_CLUSTER_ALARMS": "on", "MEERKAT_WATCH": "*-dlt=new,clicks=600"}
    done = subprocess.run([scene.TARGET / "debug" / "meerkat"], env=scene.environment({**variables, **own}), input=json.dumps(event), capture_output=True, text=True)
    blind = variables["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:1"
    if (done.returncode == 4) != blind or (not blind and json.loads(done.stdout)["metrics"]["otlp"]["problems"]):
        raise SystemExit(f"{event}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
