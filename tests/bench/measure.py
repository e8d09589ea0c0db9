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
        own = {
            **variables,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "meerkat",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
        }
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
