"""The settings of one broker, for releases from 0.11 to the newest. Brokers only warn of settings they do not know."""

from certificates import PASSWORD
from jars import number

MODULES = "org.apache.kafka.common.security"
# With an authorizer, alice may do everything, the others nothing until they are allowed to.
USERS = {"alice": "secret", "reader": "reader-secret", "nobody": "nobody-secret"}
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

COMMON = {
    "inter.broker.listener.name": "PLAINTEXT",
    "num.partitions": "1",
    # On purpose: a checker that creates topics by asking for them must be caught.
    "auto.create.topics.enable": "true",
    "delete.topic.enable": "true",
    # Records of any age stay, and may be of any age.
    "log.retention.ms": "-1",
    "log.message.timestamp.after.max.ms": "9223372036854775807",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": "30000",
    "group.consumer.min.heartbeat.interval.ms": "200",
    "group.consumer.heartbeat.interval.ms": "500",
    "group.share.min.session.timeout.ms": "1000",
    "group.share.session.timeout.ms": "30000",
    "group.share.min.heartbeat.interval.ms": "200",
    "group.share.heartbeat.interval.ms": "500",
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.streams.min.session.timeout.ms": "1000",
    "group.streams.session.timeout.ms": "30000",
    "group.streams.min.heartbeat.interval.ms": "200",
    "group.streams.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "2",
    "share.coordinator.state.topic.min.isr": "1",
    # A small machine is enough.
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
    # Compaction is there to be waited for.
    "log.cleaner.backoff.ms": "100",
}


def kraft(version):
    """Whether the broker keeps its own metadata; ZooKeeper does it for the others."""
    return number(version) >= (3, 3)


def broker(version, node, ports, folder, tls, authorizer=False, zookeeper=None):
    """Settings of `node`, whose listeners have `ports[node]`; its data goes to `folder`."""
    names = ["PLAINTEXT", "SSL", "SASL_SSL"]
    mine = ports[node]
    # The bootstrap address is 127.0.0.1, the advertised TLS name is localhost: SNI must follow the latter.
    advertised = {"PLAINTEXT": "127.0.0.1", "SSL": "localhost", "SASL_SSL": "localhost"}
    replicas = str(min(3, len(ports)))
    settings = dict(COMMON)
    settings.update(
        {
            "log.dirs": f"{folder}/data",
            "advertised.listeners": ",".join(f"{name}://{advertised[name]}:{mine[name]}" for name in names),
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "share.coordinator.state.topic.replication.factor": replicas,
        }
    )
    if kraft(version):
        settings.update(
            {
                "process.roles": "broker,controller",
                "node.id": str(node),
                "controller.listener.names": "CONTROLLER",
                "controller.quorum.voters": ",".join(f"{id}@127.0.0.1:{of['CONTROLLER']}" for id, of in ports.items()),
            }
        )
        names = [*names, "CONTROLLER"]
    else:
        settings.update({"broker.id": str(node), "zookeeper.connect": f"127.0.0.1:{zookeeper}"})
    settings["listeners"] = ",".join(f"{name}://127.0.0.1:{mine[name]}" for name in names)
    protocols = {"CONTROLLER": "PLAINTEXT"}
    settings["listener.security.protocol.map"] = ",".join(f"{name}:{protocols.get(name, name)}" for name in names)
    if number(version)[:2] == (3, 9):
        settings["group.coordinator.rebalance.protocols"] = "classic,consumer"  # a preview in 3.9
    settings.update(_tls(version, tls))
    settings.update(_sasl(version))
    if authorizer:
        settings.update(_authorizer(version))
    return settings


def features(version):
    """Arguments of the storage tool that turn on what a release has, but only as a preview."""
    if number(version)[:2] == (4, 1):
        return ["--feature", "share.version=1"]
    return []


def stores(version):
    """Whether the broker needs PKCS#12 files: PEM came with 2.7 (KIP-651), PEM keys without a password later."""
    return number(version) < (3, 0)


def jaas(version):
    """The static login file that a broker before 1.1 reads, else None."""
    if number(version) >= (1, 1):
        return None
    return f"KafkaServer {{\n  {_plain()}\n  {MODULES}.scram.ScramLoginModule required;\n}};\n"


LOG4J = """log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{HH:mm:ss.SSS} [%t] %p %c - %m%n
"""


def _tls(version, tls):
    settings = {"ssl.client.auth": "requested"}
    for kind, file in (("keystore", "broker"), ("truststore", "ca")):
        settings[f"ssl.{kind}.type"] = "PKCS12" if stores(version) else "PEM"
        settings[f"ssl.{kind}.location"] = f"{tls}/{file}.{'p12' if stores(version) else 'pem'}"
        if stores(version):
            settings[f"ssl.{kind}.password"] = PASSWORD
    if stores(version):
        settings["ssl.key.password"] = PASSWORD
    return settings


def _sasl(version):
    mechanisms = MECHANISMS if number(version) >= (2, 0) else MECHANISMS[:3]
    settings = {"sasl.enabled.mechanisms": ",".join(mechanisms)}
    if jaas(version) is None:
        scram = f"{MODULES}.scram.ScramLoginModule required;"
        # Without a validator of its own a broker takes any unsecured token (KIP-255); its subject is the user.
        token = f'{MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        logins = {"PLAIN": _plain(), "SCRAM-SHA-256": scram, "SCRAM-SHA-512": scram, "OAUTHBEARER": token}
        for mechanism in mechanisms:
            settings[f"listener.name.sasl_ssl.{mechanism.lower()}.sasl.jaas.config"] = logins[mechanism]
    return settings


def _plain():
    users = " ".join(f'user_{name}="{password}"' for name, password in USERS.items())
    return f"{MODULES}.plain.PlainLoginModule required {users};"


def _authorizer(version):
    if kraft(version):
        name = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    elif number(version) >= (2, 4):
        name = "kafka.security.authorizer.AclAuthorizer"
    else:
        name = "kafka.security.auth.SimpleAclAuthorizer"
    return {"authorizer.class.name": name, "super.users": "User:ANONYMOUS;User:alice"}
