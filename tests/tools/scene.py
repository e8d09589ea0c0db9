"""What the demonstration, the bench and the end-to-end test have in common: a Kafka, a stagehand, a CloudWatch, a Lambda.

Everything listens on 127.0.0.1 and ends with its `with` block, or with this process.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache"
RUNS = CACHE / "run"
COMPILING = REPOSITORY / "tests" / "tools" / "compiling.py"
CLUSTER = [sys.executable, str(REPOSITORY / "tests" / "kafka" / "cluster.py")]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
NEWEST = "4.4.0"
DEADLINE_S = 120


@contextlib.contextmanager
def folder(name):
    """A folder that goes with the block."""
    RUNS.mkdir(parents=True, exist_ok=True)
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=RUNS))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def cluster(command, at, *more):
    """Does something to a cluster: tests/kafka/cluster.py."""
    subprocess.run([*CLUSTER, command, "--dir", str(at), *more], check=True)


class Kafka:
    """One broker, or several."""

    def __init__(self, at, version=NEWEST, settings=(), advertise_ssl=None):
        self.at = at
        argv = [*CLUSTER, "start", "--dir", str(at), "--version", version, "--with-parent", str(os.getpid())]
        if advertise_ssl:
            argv += ["--advertise-ssl", str(advertise_ssl)]
        if settings:
            argv += ["--set", *settings]
        self.shown = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        cluster("stop", self.at)

    def variables(self):
        """What meerkat needs to check it over TLS."""
        return {"KAFKA_BOOTSTRAP_SERVERS": ",".join(self.shown["ssl"]), "KAFKA_SSL_TRUSTSTORE": self.shown["tls"]["ca"]}


class Stagehand:
    """Makes topics, records, commits and readers: tests/kafka/stagehand/Stagehand.java."""

    def __init__(self, kafka):
        argv = [*CLUSTER, "stagehand", "--dir", str(kafka.at)]
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def hand(self, line):
        """Has it do one thing; what it said after `ok`."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        word, _, said = self.child.stdout.readline().rstrip("\n").partition(" ")
        if word != "ok":
            raise SystemExit(f"stagehand: {line}: {said or word or 'it ended'}")
        return said


class CloudWatch:
    """The stand-in: tests/support/cloudwatch_main.rs."""

    def __init__(self, *built, **orders):
        argv = ["cargo", "run", "--quiet", *built, "--example", "cloudwatch"]
        self.child = subprocess.Popen(argv, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.child.stdout.readline().strip()
        if not self.address:
            raise SystemExit("the CloudWatch stand-in did not start")
        self.control(**orders)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def control(self, **orders):
        """Its clock, its delays, its faults: tests/support/cloudwatch/control.rs."""
        request = urllib.request.Request(f"{self.address}/control", json.dumps(orders).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def variables(self):
        """What the SDK needs to take it for the service."""
        return {
            "AWS_ENDPOINT_URL_CLOUDWATCH": self.address,
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
        }


class Emulator:
    """Another's emulator of AWS (tests/support/*.sh), in a process of its own that ends with its standard input."""

    def __init__(self, script, *arguments):
        self.child = subprocess.Popen([REPOSITORY / "tests" / "support" / script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.child.stdout.readline().strip()
        if not self.address:
            raise SystemExit(f"{script} did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()


class Lambda:
    """`cargo lambda watch` with the function beside it, as `build_debug` built it; their log is a file."""

    def __init__(self, at, variables):
        self.port = free_port()
        self.log = at / "lambda.log"
        # The watcher would build the function anew, without the features that the tests' libraries ask for.
        watcher = ["cargo", "lambda", "watch", "--only-lambda-apis", "--ignore-changes", "--invoke-address", "127.0.0.1", "--invoke-port", str(self.port)]
        told = {"RUNTIME_API": f"http://127.0.0.1:{self.port}/.rt", "FUNCTION_NAME": "meerkat", "FUNCTION_MEMORY_SIZE": "4096", "FUNCTION_VERSION": "1"}
        function = {**environment(variables), **{f"AWS_LAMBDA_{name}": value for name, value in told.items()}}
        with open(self.log, "wb") as log:
            start = lambda argv, own, **how: subprocess.Popen(argv, cwd=REPOSITORY, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **how)
            self.child = start(watcher, environment(variables), start_new_session=True)
            await_port(self.port, self.child, self.log)
            self.function = start([TARGET / "debug" / "meerkat"], function)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.function.terminate()
        self.function.wait()
        # What cargo starts is in its session, and so in its process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGTERM)
        self.child.wait()

    def answer(self, event):
        """The JSON that an event file is answered with."""
        done = self._invoke(event)
        if done.returncode != 0:
            raise SystemExit(f"{event.name}: {done.stdout}{done.stderr}\n{self.log.read_text()[-2000:]}")
        return json.loads(done.stdout)

    def error(self, event):
        """What the platform is told of an event file that fails: errorType and errorMessage, before `invoke` folds them."""
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/_/invocations"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, event.read_bytes(), method="POST")) as answer:
                raise SystemExit(f"{event.name} was answered: {answer.read().decode()}")
        except urllib.error.HTTPError as failed:
            return json.loads(failed.read())

    def _invoke(self, event):
        argv = ["cargo", "lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", str(self.port)]
        argv += ["--output-format", "json", "--data-file", str(event)]
        return subprocess.run(argv, cwd=REPOSITORY, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def environment(variables):
    """This process's environment without what would leak into a run, with the tools of .cache/venv, and with `variables`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "MEERKAT_", "AWS_", "OTEL_"))}
    own["PATH"] = f"{CACHE / 'venv' / 'bin'}{os.pathsep}{own['PATH']}"
    return {**own, **variables}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, child, log):
    """Returns when something listens on the port."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"nothing listens on port {port}:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)


def build(*arguments):
    """Builds with cargo; one thing at a time, since what else is built decides about the features of the dependencies."""
    subprocess.run([sys.executable, COMPILING, "build", "--locked", *arguments], cwd=REPOSITORY, check=True)


def build_debug():
    """The function and the CloudWatch stand-in, with the features of the tests in Rust: each crate is compiled once for all of them."""
    build("--bin", "meerkat", "--example", "cloudwatch")


def table(variables, *arguments):
    """What the binary prints on a terminal."""
    reader, terminal = os.openpty()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    argv = [target / "debug" / "meerkat", *arguments]
    child = subprocess.Popen(argv, cwd=REPOSITORY, env=environment(variables), stdin=subprocess.DEVNULL, stdout=terminal)
    os.close(terminal)
    text = b""
    # A pseudo-terminal whose other end is closed reads as an error.
    with contextlib.suppress(OSError):
        while chunk := os.read(reader, 65536):
            text += chunk
    os.close(reader)
    child.wait()
    return text.decode().replace("\r\n", "\n")
