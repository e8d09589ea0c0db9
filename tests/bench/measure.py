"""What a program used: processor time, time on the clock, memory at its peak."""

import ctypes
import dataclasses
import http.server
import os
import statistics
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36


@dataclasses.dataclass
class Use:
    cpu_ms: float
    wall_ms: float
    rss_mb: float

    @staticmethod
    def median(uses):
        return Use(*(statistics.median(getattr(use, field.name) for use in uses) for field in dataclasses.fields(Use)))


def run(argv, variables, output):
    """Runs a program to its end, its standard output in a file, its log in one beside it: (what it used, its exit code).

    Linux counts the memory of the process that forked into the peak of the one that it starts, so a shell of one megabyte
    starts it, and ends; the orphan becomes this process's child.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shell = ["sh", "-c", 'out=$1; shift; "$@" >"$out" 2>"$out.log" & echo $!', "sh", str(output), *map(str, argv)]
    began = time.monotonic()
    pid = int(subprocess.run(shell, env=variables, stdout=subprocess.PIPE, check=True).stdout)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - began
    return Use((used.ru_utime + used.ru_stime) * 1e3, wall * 1e3, used.ru_maxrss / 1024), os.waitstatus_to_exitcode(status)


def start_to_first_next(binary, variables):
    """Milliseconds from the start of the process to its first question for an invocation."""
    asked = threading.Event()
    moment = []

    class Runtime(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            moment.append(time.monotonic())
            asked.set()
            self.close_connection = True

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = {**variables, **platform(server)}
        began = time.monotonic()
        child = subprocess.Popen([binary], env=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not asked.wait(10):
                raise SystemExit("the function does not ask for an invocation")
        finally:
            child.kill()
            child.wait()
            server.shutdown()
    return (moment[0] - began) * 1e3


def invocations(binary, variables, count, asked=lambda: None):
    """Milliseconds from handing over each of so many invocations to its answer, in one process as on Lambda.

    `asked` is called whenever the process asks for an invocation, once more than it gets any.
    """
    handed, answered, took = [], threading.Event(), []

    class Runtime(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are two writes: without this, the body waits 40 ms for the headers' acknowledgement.
        disable_nagle_algorithm = True

        def do_GET(self):
            asked()
            if len(handed) == count:
                answered.set()
                threading.Event().wait()
            self.send_response(200)
            deadline = int((time.time() + 60) * 1000)
            for name, value in (("aws-request-id", len(handed)), ("deadline-ms", deadline), ("invoked-function-arn", "arn:bench")):
                self.send_header(f"lambda-runtime-{name}", str(value))
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "2")
            self.end_headers()
            handed.append(time.monotonic())
            self.wfile.write(b"{}")

        def do_POST(self):
            took.append((time.monotonic() - handed[-1]) * 1e3)
            body = self.rfile.read(int(self.headers["content-length"])) if "content-length" in self.headers else b""
            if not self.path.endswith("/response"):
                print(f"the function failed: {body.decode()}")
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        child = subprocess.Popen([binary], env={**variables, **platform(server)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not answered.wait(120):
                raise SystemExit(f"the function answered {len(took)} of {count} invocations")
        finally:
            child.kill()
            child.wait()
            server.shutdown()
    return took


def platform(server):
    """What Lambda sends to a function, which asks `server` for its invocations."""
    return {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "meerkat",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    }
