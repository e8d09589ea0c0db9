#!/usr/bin/env python3
"""A real Apache Kafka on 127.0.0.1, without containers: Maven's jars, Java 17 and openssl are all it takes.

    cluster.py start --version 4.4.0 --nodes 1 --dir DIR    prints one JSON object: addresses, files, users, pids
    cluster.py stagehand --dir DIR                          commands on stdin, one answer each (stagehand/Stagehand.java)
    cluster.py freeze|thaw --dir DIR --node 2             one broker stops answering, goes on
    cluster.py kill|leave --dir DIR --node 2                one broker goes down at once, or in good order
    cluster.py revive --dir DIR --node 2                    it comes back with its data
    cluster.py stop --dir DIR

`start` first ends what an earlier run left in DIR. `--with-parent PID` ends the cluster when that process is gone.
"""

import argparse
import base64
import concurrent.futures
import fcntl
import json
import os
import pathlib
import signal
import shutil
import subprocess
import sys
import time

import certificates
import jars
import ports
import processes
import readiness
import settings

JAVA = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
LOGGING = ["-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"]
DEADLINE_S = 120


class PortTaken(Exception):
    """Another process was quicker to bind a port."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "stop", "fetch", "stagehand", "kill", "leave", "revive", "freeze", "thaw", "watch"):
        command = commands.add_parser(name)
        if name != "fetch":
            command.add_argument("--dir", required=True, type=lambda text: pathlib.Path(text).resolve())
        if name in ("start", "fetch"):
            command.add_argument("--version", default=os.environ.get("KAFKA_VERSION") or "4.4.0")
        if name in ("start", "watch"):
            command.add_argument("--with-parent", type=int, metavar="PID")
        if name in ("kill", "leave", "revive", "freeze", "thaw"):
            command.add_argument("--node", type=int, required=True)
    start_command = commands.choices["start"]
    start_command.add_argument("--nodes", type=int, default=1)
    start_command.add_argument("--authorizer", action="store_true", help="deny what no ACL allows; ANONYMOUS and alice are super users")
    start_command.add_argument("--advertise-ssl", metavar="PORT", help="the port that the TLS listener is called by, where something stands before it")
    start_command.add_argument("--set", action="extend", nargs="+", default=[], metavar="KEY=VALUE", help="settings of the brokers")
    commands.choices["fetch"].add_argument("--tools", action="store_true", help="the command line tools too")
    options = parser.parse_args()
    globals()[options.command](options)


def start(options):
    began = time.monotonic()
    libs = jars.server(options.version)
    options.dir.mkdir(parents=True, exist_ok=True)
    with open(options.dir / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for attempt in range(1, 6):
            clear(options.dir)
            try:
                shown = boot(options, libs)
                break
            except PortTaken as taken:
                print(f"attempt {attempt}: {taken}", file=sys.stderr)
            except BaseException:
                processes.end(options.dir)
                raise
        else:
            processes.end(options.dir)
            raise SystemExit("each attempt lost a port to another process")
        (options.dir / "cluster.json").write_text(json.dumps(shown))
    print(f"Kafka {options.version} is ready after {time.monotonic() - began:.1f} s", file=sys.stderr)
    print(json.dumps(shown))


def boot(options, libs):
    folder, version = options.dir, options.version
    names = ["PLAINTEXT", "SSL", "SASL_SSL", "CONTROLLER"]
    free, lock = ports.reserve(options.nodes * len(names) + 1)
    if options.with_parent:
        argv = [sys.executable, __file__, "watch", "--dir", str(folder), "--with-parent", str(options.with_parent)]
        processes.spawn(folder, "watch", argv, folder / "watch.log", keeps=[lock])
    tls = certificates.make(folder / "tls", settings.stores(version))
    zookeeper = None if settings.kraft(version) else free.pop()
    of_node = {node: {name: free.pop() for name in names} for node in range(1, options.nodes + 1)}
    for node in of_node:
        (folder / f"node-{node}").mkdir()
        own = settings.broker(version, node, of_node, folder / f"node-{node}", folder / "tls", options.authorizer, zookeeper)
        if options.advertise_ssl:
            called = own["advertised.listeners"]
            own["advertised.listeners"] = called.replace(f",SSL://localhost:{of_node[node]['SSL']}", f",SSL://localhost:{options.advertise_ssl}")
        own.update(pair.split("=", 1) for pair in options.set)
        write_properties(folder / f"node-{node}" / "server.properties", own)
    archive = jars.archive(version)
    # A JVM that starts with the classes of an earlier one, read and verified, needs half of the time.
    classes = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else ["-XX:+RecordDynamicDumpInfo"]
    argv = [*JAVA, *classes, "-Xmx512m", *LOGGING, "-cp", f"{libs}/*"]
    if jars.number(version) < (2, 1):  # later ones log through slf4j alone
        (folder / "log4j.properties").write_text(settings.LOG4J)
        argv.insert(1, f"-Dlog4j.configuration=file:{folder / 'log4j.properties'}")
    if zookeeper:
        start_zookeeper(folder, argv, zookeeper)
        add_scram_users(argv, zookeeper)
    else:
        format_storage(folder, argv, of_node, settings.features(version))
    login = settings.jaas(version)
    if login:
        (folder / "jaas.conf").write_text(login)
        argv.append(f"-Djava.security.auth.login.config={folder / 'jaas.conf'}")
    started = {node: start_broker(folder, argv, node) for node in of_node}
    if options.with_parent and "watch" not in processes.running(folder):
        raise SystemExit("the process that asked for this cluster has ended")  # before there was anything to end
    for node in of_node:
        await_broker(folder, started, node, of_node[node]["PLAINTEXT"], len(of_node))
    if not archive.exists():
        jars.keep_classes(started[1].pid, archive)
    addresses = {key: [f"127.0.0.1:{of[name]}" for of in of_node.values()] for key, name in zip(("plaintext", "ssl", "sasl_ssl"), names)}
    return {
        "version": version,
        "client_version": jars.client_version(version),
        **addresses,
        "tls": tls,
        "users": settings.USERS,
        "pids": processes.running(folder),
        "dir": str(folder),
        "libs": str(libs),
    }


def start_broker(folder, argv, node):
    own = folder / f"node-{node}"
    argv = [*argv, "kafka.Kafka", str(own / "server.properties")]
    (own / "command.json").write_text(json.dumps(argv))
    return processes.spawn(folder, f"node-{node}", argv, own / "log", cwd=own)


def await_broker(folder, started, node, port, brokers):
    """Waits until this broker sees all the others."""
    deadline = time.monotonic() + DEADLINE_S
    while readiness.brokers(port) < brokers:
        for other, child in started.items():
            check_alive(child, folder / f"node-{other}" / "log")
        if time.monotonic() > deadline:
            raise SystemExit(f"node {node} is not ready after {DEADLINE_S} s:\n{tail(folder / f'node-{node}' / 'log')}")
        pause()


def start_zookeeper(folder, argv, port):
    own = folder / "zookeeper"
    own.mkdir()
    write_properties(
        own / "zoo.cfg",
        {"clientPort": port, "clientPortAddress": "127.0.0.1", "dataDir": own, "tickTime": 2000, "maxClientCnxns": 0, "admin.enableServer": "false"},
    )
    child = processes.spawn(
        folder, "zookeeper", [*argv, "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(own / "zoo.cfg")], own / "log", cwd=own
    )
    deadline = time.monotonic() + DEADLINE_S
    while not readiness.listens(port):
        check_alive(child, own / "log")
        if time.monotonic() > deadline:
            raise SystemExit(f"ZooKeeper is not ready after {DEADLINE_S} s:\n{tail(own / 'log')}")
        pause()


def add_scram_users(argv, zookeeper):
    tool = [*argv, "kafka.admin.ConfigCommand", "--zookeeper", f"127.0.0.1:{zookeeper}", "--alter", "--entity-type", "users"]
    argvs = []
    for name, password in settings.USERS.items():
        added = ",".join(f"SCRAM-SHA-{bits}=[iterations=4096,password={password}]" for bits in (256, 512))
        argvs.append([*tool, "--entity-name", name, "--add-config", added])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(run_tool, argvs))


def format_storage(folder, argv, nodes, features):
    """Formats the first node and copies the result, since only the ids differ between nodes."""
    cluster_id = "meerkat-test-cluster-1"
    users = [
        argument
        for name, password in settings.USERS.items()
        for bits in (256, 512)
        for argument in ("--add-scram", f"SCRAM-SHA-{bits}=[name={name},iterations=4096,password={password}]")
    ]
    first = folder / "node-1"
    run_tool([*argv, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(first / "server.properties"), *features, *users])
    for node in list(nodes)[1:]:
        data = folder / f"node-{node}" / "data"
        shutil.copytree(first / "data", data)
        meta = dict(line.split("=", 1) for line in (data / "meta.properties").read_text().splitlines() if "=" in line and line[0] != "#")
        meta["node.id"] = str(node)
        if "directory.id" in meta:
            meta["directory.id"] = random_id()
        write_properties(data / "meta.properties", meta)


def random_id():
    """16 random bytes as Kafka writes them: URL-safe base64 without padding, never starting with a dash."""
    while (text := base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")).startswith("-"):
        pass
    return text


def stop(options):
    processes.end(options.dir)
    remove_data(options.dir)
    (options.dir / "cluster.json").unlink(missing_ok=True)


def kill(options):
    if not processes.end(options.dir, [f"node-{options.node}"]):
        raise SystemExit(f"node {options.node} is not running")


def leave(options):
    """As an operator restarts a broker: it hands over what it leads before it ends."""
    pid = processes.running(options.dir)[f"node-{options.node}"]
    processes.send(options.dir, f"node-{options.node}", signal.SIGTERM)
    if not processes.wait_gone(pid, DEADLINE_S):
        raise SystemExit(f"node {options.node} does not end")


# Longer than `zookeeper.session.timeout.ms`, 18 s.
SESSION_S = 30


def revive(options):
    own = options.dir / f"node-{options.node}"
    shown = json.loads((options.dir / "cluster.json").read_text())
    port = int(shown["plaintext"][options.node - 1].rpartition(":")[2])
    patience = time.monotonic() + SESSION_S
    while True:
        child = processes.spawn(options.dir, f"node-{options.node}", json.loads((own / "command.json").read_text()), own / "log", cwd=own)
        others = [name for name in processes.running(options.dir) if name.startswith("node-")]
        try:
            return await_broker(options.dir, {options.node: child}, options.node, port, len(others))
        except SystemExit:
            # ZooKeeper holds the place of a broker that was killed until its session ends, and the broker gives up at once.
            if time.monotonic() > patience:
                raise


def freeze(options):
    """The broker's sockets stay open, and nobody answers on them."""
    processes.send(options.dir, f"node-{options.node}", signal.SIGSTOP)


def thaw(options):
    processes.send(options.dir, f"node-{options.node}", signal.SIGCONT)


def watch(options):
    started = processes.start_time(options.with_parent)
    if started is not None:
        processes.wait_gone(options.with_parent)
    processes.end(options.dir, [name for name in processes.running(options.dir) if name != "watch"])
    remove_data(options.dir)


def stagehand(options):
    shown = json.loads((options.dir / "cluster.json").read_text())
    class_path = jars.stagehand(shown["version"])
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    os.execvp("java", [*JAVA, "-Xmx512m", *LOGGING, quiet, "-cp", class_path, "Stagehand", ",".join(shown["plaintext"])])


def fetch(options):
    print(jars.server(options.version))
    print(jars.client(jars.client_version(options.version)))
    if options.tools:
        print(jars.tools(options.version))


def clear(folder):
    processes.end(folder)
    for left_over in [folder / "tls", folder / "zookeeper", *folder.glob("node-*")]:
        shutil.rmtree(left_over, ignore_errors=True)
    (folder / "cluster.json").unlink(missing_ok=True)


def remove_data(folder):
    """Logs and settings stay for inspection."""
    for data in [*folder.glob("node-*/data"), *folder.glob("zookeeper/version-*")]:
        shutil.rmtree(data, ignore_errors=True)


def write_properties(path, pairs):
    path.write_text("".join(f"{key}={value}\n" for key, value in pairs.items()))


def check_alive(child, log):
    if child.poll() is not None:
        said = tail(log)
        if "BindException" in said or "Address already in use" in said:
            raise PortTaken(f"a port was taken ({log})")
        raise SystemExit(f"{log}: ended with {child.returncode}:\n{said}")


def run_tool(argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}: ended with {done.returncode}:\n{done.stdout[-4000:]}")


def tail(log):
    """The end of a log, after the earlier lines with an error."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    errors = [line for line in lines[:-30] if any(word in line for word in ("ERROR", "FATAL", "Exception", "Caused by"))]
    return "\n".join(errors[-30:] + lines[-30:])


def pause():
    """Seconds between two polls of something that sends no event."""
    time.sleep(0.05)


if __name__ == "__main__":
    main()
