//! What people call a group whose name was made by a framework.

use super::{Group, Kind};

impl Group {
    /// What the group is for people, such as the connector that it belongs to; `None` where its name is its own.
    ///
    /// Kafka Connect calls the group of sink connector X `connect-X` and its members `connector-consumer-X-N`; Kafka Streams calls its
    /// members after their threads; ksqlDB has a prefix of its own for the groups of its queries.
    #[must_use]
    pub fn named(&self) -> Option<String> {
        let clients = || self.members.iter().flatten().map(|member| &*member.client_id);
        if let Some(connector) = self.name.strip_prefix("connect-").filter(|connector| !connector.is_empty()) {
            return clients().all(|client| client.starts_with(CONNECT)).then(|| format!("connector {connector}"));
        }
        if let Some((_, query)) = self.name.strip_prefix(KSQL).and_then(|rest| rest.split_once("query_")) {
            return Some(format!("ksqlDB query {query}"));
        }
        let is_streams = self.kind == Kind::Streams || clients().any(|client| client.contains("-StreamThread-"));
        if is_streams {
            return Some(format!("Streams application {}", self.name));
        }
        let has =
            |name: &str, word: &[u8]| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
        let is_mirror = |name: &str| MIRROR.iter().any(|mirror| has(name, mirror));
        (is_mirror(&self.name) || clients().any(is_mirror)).then(|| String::from("MirrorMaker"))
    }
}

/// How Connect's workers call the consumers of sinks (`ConnectUtils`, Kafka 2.3).
const CONNECT: &str = "connector-consumer-";
/// How ksqlDB's groups begin (`ksql.service.id`, `KsqlConfig.KSQL_INTERNAL_TOPIC_PREFIX`).
const KSQL: &str = "_confluent-ksql-";
/// How `MirrorMaker` is usually called.
const MIRROR: [&[u8]; 2] = [b"mirrormaker", b"mirror-maker"];

#[cfg(test)]
mod tests {
    use crate::model::snapshot::{Group, Kind, Member};

    fn named(name: &str, kind: Kind, clients: &[&str]) -> Option<String> {
        let member =
            |client: &&str| Member { id: (*client).into(), client_id: (*client).into(), host: "/10.0.0.1".into() };
        Group { kind, members: Ok(clients.iter().map(member).collect()), ..Group::missing(name) }.named()
    }

    #[test]
    fn a_name_that_a_framework_made_is_told_in_its_words() {
        let check = |name: &str, kind, clients: &[&str], expected: Option<&str>| {
            assert_eq!(named(name, kind, clients).as_deref(), expected, "{name} {clients:?}");
        };
        check("connect-s3-orders", Kind::Classic, &[], Some("connector s3-orders"));
        check("connect-s3", Kind::Consumer, &["connector-consumer-s3-0"], Some("connector s3"));
        check("connect-s3", Kind::Classic, &["billing-1"], None);
        check("connect-", Kind::Classic, &[], None);
        check("totals", Kind::Streams, &["totals-6f1d-1"], Some("Streams application totals"));
        check("totals", Kind::Classic, &["totals-6f1d-StreamThread-1-consumer"], Some("Streams application totals"));
        check("totals", Kind::Classic, &["totals-1"], None);
        check("_confluent-ksql-default_query_CTAS_X_5", Kind::Classic, &[], Some("ksqlDB query CTAS_X_5"));
        check("copy", Kind::Classic, &["kafka-mirror-maker-0"], Some("MirrorMaker"));
        check("MirrorMaker-eu", Kind::Classic, &[], Some("MirrorMaker"));
    }
}
