"""Fetches a release of Apache Kafka as jars, through Maven, into a folder that git ignores.

A jar folder is complete or absent: Maven fills a folder beside it, which is then renamed.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("KAFKA_CACHE") or REPOSITORY / ".cache" / "kafka")
STAGEHAND = pathlib.Path(__file__).resolve().parent / "stagehand"

# 4.4.0 has no `kafka-streams` jar in the registry, and an older one does not work with its `kafka-clients`. The client of 4.1 shows offsets of
# share groups in another way than later clients.
CLIENTS = {"4.4.0": "4.3.1", "4.1.1": "4.3.1"}
# The same for the command line tools, which are a jar of their own since 3.3.
TOOLS = {"4.4.0": "4.3.1"}
# What needs the client of 4.2: share and streams groups.
NEWEST = {"ShareGroups.java", "ShareReader.java", "StreamsGroups.java", "StreamsReader.java"}
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
# One logger for all: to stderr, so the broker's log is whatever its process wrote.
LOGGER = ["org.slf4j:slf4j-api:1.7.36", "org.slf4j:slf4j-simple:1.7.36"]


def number(version):
    """`2.8.2` as (2, 8, 2), to compare releases."""
    return tuple(int(part) for part in version.split("."))


def client_version(version):
    """The client for a broker: its own where Stagehand's calls exist, else one that still speaks to it."""
    if number(version) >= (3, 9):
        return CLIENTS.get(version, version)
    return "4.3.1" if number(version) >= (2, 1) else "3.9.1"  # 4.0 clients dropped brokers before 2.1 (KIP-896)


def server(version):
    """The jars of a broker, and of ZooKeeper before 3.0."""
    scala = "2.13" if number(version) >= (2, 4) else "2.12"
    artifacts = [f"org.apache.kafka:kafka_{scala}:{version}"]
    if (2, 0) <= number(version) < (2, 4):
        # ZooKeeper 3.4.13 can't name its own server on Java 14 and later.
        artifacts += ["org.apache.zookeeper:zookeeper:3.5.9", "org.apache.zookeeper:zookeeper-jute:3.5.9"]
    if number(version) < (2, 1):
        artifacts.append("log4j:log4j:1.2.17")  # ZooKeeper 3.4 and Kafka 0.11 do not log through slf4j alone
    if number(version) < (1, 0):
        artifacts.append("javax.xml.bind:jaxb-api:2.3.1")  # it left the JDK with Java 11
    return _folder(version, artifacts)


def archive(version):
    """The file of the classes that a broker of this release has loaded once it is ready, for the next ones (CDS)."""
    return CACHE / f"{version}.jsa"


def keep_classes(pid, archive):
    """Writes the classes of a JVM into a file; one that can't is no fault, since the file only saves time."""
    partial = archive.with_suffix(f".{pid}")
    done = subprocess.run(["jcmd", str(pid), "VM.cds", "dynamic_dump", str(partial)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if partial.exists():
        partial.replace(archive)
    else:
        print(f"{archive.name} was not written: {done.stdout.strip()[-300:]}", file=sys.stderr)


def client(version):
    """The jars of a client: `kafka-clients` and, from 4.2, `kafka-streams` for streams groups."""
    artifacts = [f"org.apache.kafka:kafka-clients:{version}"]
    if number(version) >= (4, 2):
        artifacts.append(f"org.apache.kafka:kafka-streams:{version}")
    return _folder(f"clients-{version}", artifacts)


def tools(version):
    """The jars of the command line tools (`org.apache.kafka.tools.…`), for releases from 3.3."""
    version = TOOLS.get(version, version)
    return _folder(f"tools-{version}", [f"org.apache.kafka:kafka-tools:{version}", f"org.apache.kafka:kafka_2.13:{version}"])


def stagehand(version):
    """Stagehand compiled against the client for this broker: the class path that runs it."""
    release = client_version(version)
    libs = client(release)
    sources = [path for path in sorted(STAGEHAND.glob("*.java")) if number(release) >= (4, 2) or path.name not in NEWEST]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    classes = CACHE / f"stagehand-{release}-{digest}"
    with _lock(f"stagehand-{release}"):
        if not classes.is_dir():
            partial = _empty(CACHE / f"stagehand-{release}.partial")
            argv = ["javac", "-nowarn", "-proc:none", "-cp", f"{libs}/*", "-d", str(partial), *map(str, sources)]
            subprocess.run(argv, check=True, stdout=sys.stderr)
            # Older classes stay: a stagehand that is still running may load from them.
            partial.rename(classes)
    return f"{classes}:{libs}/*"


def _folder(name, artifacts):
    folder = CACHE / name
    with _lock(name):
        if folder.is_dir():
            return folder
        began = time.monotonic()
        print(f"fetching {' '.join(artifacts)} into {folder}", file=sys.stderr)
        work = _empty(CACHE / f"{name}.partial")
        (work / "pom.xml").write_text(_pom(artifacts + LOGGER))
        argv = ["mvn", "-q", "-B", f"-DoutputDirectory={work / 'jars'}", COPY]
        done = subprocess.run(argv, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SystemExit(f"mvn could not fetch {' '.join(artifacts)}:\n{done.stdout}")
        (work / "jars").rename(folder)
        shutil.rmtree(work)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"fetched {size / 1e6:.0f} MB in {time.monotonic() - began:.1f} s", file=sys.stderr)
    return folder


def _pom(artifacts):
    def dependency(artifact):
        group, name, version = artifact.split(":")
        left_out = "".join(
            f"<exclusion><groupId>{g}</groupId><artifactId>{a}</artifactId></exclusion>"
            # RocksDB is 70 MB that a stateless topology never loads; the others are second loggers.
            for g, a in [("org.rocksdb", "rocksdbjni"), ("org.slf4j", "slf4j-log4j12"), ("org.slf4j", "slf4j-reload4j")]
        )
        names = f"<groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
        return f"<dependency>{names}<exclusions>{left_out}</exclusions></dependency>"

    own = "<groupId>meerkat</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>"
    body = "".join(map(dependency, artifacts))
    return f"<project><modelVersion>4.0.0</modelVersion>{own}<dependencies>{body}</dependencies></project>"


def _empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextlib.contextmanager
def _lock(name):
    """Keeps two test processes from fetching or compiling the same thing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f".{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
