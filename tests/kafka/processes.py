"""Starts processes that outlive their starter, remembers them in a file, and ends them again.

A process is remembered by its id and its start time, so an id that the system has given to another process is left alone.
"""

import os
import pathlib
import select
import signal
import subprocess
import time


def spawn(folder, name, argv, log, cwd=None, keeps=()):
    """Starts `argv` in a session of its own, its output in `log`, and notes it in `folder`; it keeps these files open, and their locks."""
    with open(log, "ab") as output:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, start_new_session=True, pass_fds=keeps)
    with open(_file(folder), "a") as notes:
        notes.write(f"{name}\t{child.pid}\t{start_time(child.pid)}\n")
    return child


def running(folder):
    """Name → pid of every noted process that is still the same process."""
    try:
        lines = _file(folder).read_text().splitlines()
    except FileNotFoundError:
        return {}
    notes = [line.split("\t") for line in lines]
    return {name: int(pid) for name, pid, started in notes if started != "None" and start_time(int(pid)) == started}


def end(folder, names=None):
    """Kills the noted processes (or those of `names`) and waits until they are gone. Nothing they hold is worth keeping."""
    ended = {name: pid for name, pid in running(folder).items() if names is None or name in names}
    for pid in ended.values():
        _kill(pid)
    for name, pid in ended.items():
        if not wait_gone(pid, 20):
            raise SystemExit(f"{name} (pid {pid}) does not end")
    if names is None:
        _file(folder).unlink(missing_ok=True)
    return ended


def send(folder, name, what):
    """Sends a signal to a noted process."""
    os.kill(running(folder)[name], what)


def start_time(pid):
    """When the process started, as text that only serves to compare; None when there is no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        pass
    if os.path.exists("/proc/self/stat"):
        return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return shown or None


def wait_gone(pid, seconds=None):
    """Waits until a process, whoever's child it is, has ended; False when it outlived `seconds`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except (AttributeError, OSError):
        handle = None
    if handle is not None:
        try:
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)
    while start_time(pid) is not None:  # no pidfd on this system: the only way is to poll
        if deadline is not None and time.monotonic() > deadline:
            return False
        select.select([], [], [], 0.1)
    return True


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    try:
        os.waitpid(pid, 0)  # when it is our own child
    except ChildProcessError:
        pass


def _file(folder):
    return pathlib.Path(folder) / "processes.tsv"
