"""A broker to play with: `make kafka`, `make run`, `make kafka-stop`.

    play.py start | stop | run EVENT
"""

import json
import os
import pathlib
import subprocess
import sys

import scene

FOLDER = scene.CACHE / "play"
# Without a CloudWatch there is only the look itself.
ALONE = {"MEERKAT_HISTORY": "off", "MEERKAT_PUBLISH": "off"}


def start():
    argv = [*scene.CLUSTER, "start", "--dir", str(FOLDER)]
    shown = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    for name, value in variables(shown).items():
        print(f"export {name}={value}")
    print(f"# without TLS: {','.join(shown['plaintext'])}; with SASL: {','.join(shown['sasl_ssl'])}; users: {shown['users']}")
    print(f"# topics, records, groups: tests/kafka/cluster.py stagehand --dir {os.path.relpath(FOLDER)}, then help")


def stop():
    subprocess.run([*scene.CLUSTER, "stop", "--dir", str(FOLDER)], check=True)


def run(event):
    """One look with the variables of this shell, or else at the broker to play with."""
    own = dict(os.environ)
    if "KAFKA_BOOTSTRAP_SERVERS" not in own:
        notes = FOLDER / "cluster.json"
        if not notes.exists():
            raise SystemExit("export KAFKA_BOOTSTRAP_SERVERS and what goes with it, or begin with: make kafka")
        own.update(variables(json.loads(notes.read_text())))
    argv = ["cargo", "run", "--quiet", "--bin", "meerkat", "--", str(pathlib.Path(event).resolve())]
    sys.exit(subprocess.run(argv, cwd=scene.REPOSITORY, env=own).returncode)


def variables(shown):
    return {"KAFKA_BOOTSTRAP_SERVERS": ",".join(shown["ssl"]), "KAFKA_SSL_TRUSTSTORE": shown["tls"]["ca"], **ALONE}


if __name__ == "__main__":
    {"start": start, "stop": stop, "run": run}[sys.argv[1]](*sys.argv[2:])
