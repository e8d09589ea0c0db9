"""A broker to play with: `make kafka`, `make run`, `make kafka-stop`.

    play.py start | stop | run EVENT
"""

import json
import os
import subprocess
import sys
import types

import scene

FOLDER = scene.CACHE / "play"
# Without a CloudWatch there is only the run itself.
ALONE = {"MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off"}


def start():
    running = (FOLDER / "cluster.json").exists()
    argv = [*scene.CLUSTER, "start", "--dir", str(FOLDER)]
    shown = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    if not running:
        furnish()
    for name, value in variables(shown).items():
        print(f"export {name}={value}")
    print(f"# without TLS: {','.join(shown['plaintext'])}; with SASL: {','.join(shown['sasl_ssl'])}; users: {shown['users']}")
    print(f"# topics, records, groups: tests/kafka/cluster.py stagehand --dir {os.path.relpath(FOLDER)}, then help")


def furnish():
    """The groups that the example events name: one lags, one is caught up."""
    with scene.Stagehand(types.SimpleNamespace(at=FOLDER)) as stage:
        for topic, group, committed in (("orders", "orders-svc", 40), ("payments", "payments-svc", 100)):
            stage.hand(f"create-topic {topic} 2")
            for partition in (0, 1):
                stage.hand(f"produce {topic} {partition} 100")
                stage.hand(f"commit {group} {topic} {partition} {committed}")


def stop():
    subprocess.run([*scene.CLUSTER, "stop", "--dir", str(FOLDER)], check=True)


def run(event):
    """One run with the variables of this shell, or else against the broker to play with."""
    own = dict(os.environ)
    if "KAFKA_BOOTSTRAP_SERVERS" not in own:
        notes = FOLDER / "cluster.json"
        if not notes.exists():
            raise SystemExit("export KAFKA_BOOTSTRAP_SERVERS and what goes with it, or begin with: make kafka")
        own.update(variables(json.loads(notes.read_text())))
    scene.build("--bin", "meerkat")
    sys.exit(subprocess.run([scene.TARGET / "debug" / "meerkat", event], env=own).returncode)


def variables(shown):
    return {"KAFKA_BOOTSTRAP_SERVERS": ",".join(shown["ssl"]), "KAFKA_SSL_TRUSTSTORE": shown["tls"]["ca"], **ALONE}


if __name__ == "__main__":
    {"start": start, "stop": stop, "run": run}[sys.argv[1]](*sys.argv[2:])
