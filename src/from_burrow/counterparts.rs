//! Where each key of a Burrow configuration went.

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counterpart {
    /// It is said by a variable, or by a note on one.
    Variable,
    /// It went somewhere else, or is not needed.
    Elsewhere(&'static str),
}

/// What became of a key of a section; `None` where Burrow does not know it.
pub(super) fn counterpart(kind: &str, key: &str) -> Option<Counterpart> {
    let said = |known: &(&str, &[&str], Counterpart)| known.0 == kind && (known.1.is_empty() || known.1.contains(&key));
    KEYS.iter().find(|known| said(known)).map(|known| known.2)
}

/// Kind of section, its keys (none: all of them), and what became of them.
const KEYS: &[(&str, &[&str], Counterpart)] = &[
    ("cluster", &["servers", "client-profile"], Counterpart::Variable),
    ("cluster", &["class-name"], Elsewhere("nothing to say: Kafka is the only kind")),
    (
        "cluster",
        &["offset-refresh", "topic-refresh"],
        Elsewhere("the schedule, with MEERKAT_PERIOD (Period) in minutes beside it"),
    ),
    ("cluster", &["groups-reaper-refresh"], Elsewhere("not needed: groups are those that Kafka lists")),
    ("consumer", &["cluster", "client-profile", "group-allowlist", "group-denylist"], Counterpart::Variable),
    ("consumer", &["servers"], Elsewhere("the cluster's own servers are asked")),
    (
        "consumer",
        &["group-whitelist", "group-blacklist"],
        Elsewhere("of old; Burrow itself refuses it: group-allowlist, group-denylist"),
    ),
    (
        "consumer",
        &["class-name"],
        Elsewhere("nothing to say for kafka; offsets that are kept in ZooKeeper (kafka_zk) are not looked at"),
    ),
    (
        "consumer",
        &["zookeeper-path", "zookeeper-timeout"],
        Elsewhere("nothing: offsets that are kept in ZooKeeper are not looked at"),
    ),
    (
        "consumer",
        &["offsets-topic", "start-latest", "backfill-earliest"],
        Elsewhere("not needed: commits are asked for, not consumed"),
    ),
    ("client-profile", &["tls", "sasl", "iam"], Counterpart::Variable),
    ("client-profile", &["kafka-version"], Elsewhere("not needed: versions are negotiated with each broker")),
    ("client-profile", &["client-id"], Elsewhere("nothing: it is meerkat")),
    ("client-profile", &["dial-timeout", "read-timeout"], Elsewhere("MEERKAT_TIMEOUT, for the whole run")),
    ("tls", &["cafile", "certfile", "keyfile", "noverify"], Counterpart::Variable),
    ("sasl", &["mechanism", "username", "password"], Counterpart::Variable),
    ("sasl", &["handshake-first"], Elsewhere("not needed: always")),
    ("iam", &["role-arn"], Counterpart::Variable),
    ("iam", &["region"], Elsewhere("taken from the brokers' names or the cluster's ARN")),
    ("iam", &["profile"], Elsewhere("AWS_PROFILE")),
    ("evaluator", &["allowed-lag"], Counterpart::Variable),
    ("evaluator", &["class-name", "expire-cache"], Elsewhere("not needed: each run evaluates once")),
    (
        "evaluator",
        &["minimum-complete"],
        Elsewhere("not needed: a partition that is warming up raises no alarm, and says so"),
    ),
    (
        "storage",
        &["intervals", "min-distance"],
        Elsewhere("not needed: what must be remembered is, for as long as each group needs"),
    ),
    ("storage", &["expire-group"], Elsewhere("not needed: groups are those that Kafka lists")),
    ("storage", &["class-name", "workers", "queue-depth"], Elsewhere("not needed: CloudWatch metrics are the store")),
    ("storage", &["group-allowlist", "group-denylist"], Elsewhere("MEERKAT_GROUPS (Groups)")),
    ("httpserver", &["address"], Elsewhere("BurrowUrl=on: a function URL answers Burrow's paths")),
    ("httpserver", &["tls", "timeout"], Elsewhere("not needed: the function URL has TLS and a limit of its own")),
    (
        "notifier",
        &[
            "class-name",
            "url-open",
            "url-close",
            "template-open",
            "template-close",
            "method-open",
            "method-close",
            "extras",
            "headers",
            "username",
            "password",
        ],
        Elsewhere("an alarm on Status with an SNS topic (AlarmTopicArn), which delivers by e-mail or https"),
    ),
    (
        "notifier",
        &["server", "port", "from", "to", "auth-type"],
        Elsewhere("an e-mail subscription of the SNS topic (AlarmTopicArn)"),
    ),
    ("notifier", &["cluster"], Elsewhere("each cluster has a stack, and each stack an AlarmTopicArn")),
    ("notifier", &["threshold"], Elsewhere("AlarmFrom=WARN or ERR")),
    (
        "notifier",
        &["interval", "send-interval", "send-once", "send-close"],
        Elsewhere("an alarm tells when it opens and when it closes, once each"),
    ),
    (
        "notifier",
        &["timeout", "keepalive", "disable-http-keepalive", "extra-ca", "noverify"],
        Elsewhere("not needed: SNS delivers"),
    ),
    (
        "notifier",
        &["group-allowlist", "group-denylist"],
        Elsewhere("the groups of an alarm are those of MEERKAT_GROUPS (Groups)"),
    ),
    ("logging", &["level"], Elsewhere("MEERKAT_LOG")),
    (
        "logging",
        &["filename", "maxsize", "maxbackups", "maxage", "use-localtime", "use-compression"],
        Elsewhere("not needed: logs go to standard error, in Lambda to CloudWatch Logs"),
    ),
    ("zookeeper", &[], Elsewhere("not needed: nothing here coordinates through ZooKeeper")),
    (
        "general",
        &["pidfile", "stdout-logfile", "access-control-allow-origin"],
        Elsewhere("not needed: there is no server"),
    ),
];

use Counterpart::Elsewhere;
