//! What this user may describe, and the line that grants what is missing.

use serde::Serialize;

use super::Line;
use super::found::{Grants, Permissions};
use crate::base::figures::quoted;

/// The user, in the terms of whoever grants permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// A principal of Kafka's own, without `User:` before it.
    Kafka {
        /// Its name; `None` if only the brokers know it.
        name: Option<String>,
        /// A broker's address, for the command line.
        bootstrap: String,
    },
    /// A role or user of AWS, on Amazon MSK.
    Iam {
        /// The cluster's ARN, if it is configured.
        cluster: Option<String>,
    },
}

/// One line for each permission.
pub(crate) fn lines(permissions: &Permissions, principal: &Principal) -> Vec<Line> {
    let Permissions { cluster, listed, groups, topics, hiding } = permissions;
    let works = |found| Line::works(SECTION, CLUSTER, found);
    let less = |found| Line::less(SECTION, CLUSTER, found, principal.grant(&Resource::Cluster));
    let fails = |found| Line::fails(SECTION, CLUSTER, found, principal.grant(&Resource::Cluster));
    let unknown = |found| Line::unknown(SECTION, CLUSTER, found);
    let first = match (cluster, listed) {
        (Some(true), _) => works("DESCRIBE is there, so brokers list every group"),
        (Some(false), Some(1..)) => {
            less("DESCRIBE is missing, so brokers list, without an error, only the groups that this user may describe")
        }
        (Some(false), Some(0)) => fails(
            "DESCRIBE is missing and no group is listed, without an error: this user has no permission at all, or none for groups",
        ),
        (Some(false), None) => {
            less("DESCRIBE is missing, and no group is listed, but not every broker listed its groups")
        }
        (None, Some(1..)) => {
            works("the brokers do not report whether DESCRIBE is granted (they do from Kafka 2.3 on), and list groups")
        }
        (None, Some(0)) => unknown(
            "the brokers do not report whether DESCRIBE is granted (they do from Kafka 2.3 on), and list no group: there is none, or this user may see none",
        ),
        (None, None) => unknown("no group is listed, but not every broker listed its groups"),
    };
    let mut lines = vec![first];
    // Nothing is missing if it is not known what exists.
    let cluster = cluster.filter(|_| listed.is_some());
    lines.extend(of(GROUPS, groups, cluster, |name| principal.grant(&Resource::Group(name))));
    if hiding.is_empty() || *topics != Grants::default() {
        lines.extend(of(TOPICS, topics, cluster, |name| principal.grant(&Resource::Topic(name))));
    }
    if !hiding.is_empty() {
        let found =
            format!("{} may have commits to topics that this user may not describe; nothing names them", few(hiding));
        lines.push(Line::fails(SECTION, TOPICS, found, principal.grant(&Resource::Topic(Name::Any))));
    }
    lines
}

fn of(subject: &str, asked: &Grants, cluster: Option<bool>, grant: impl Fn(Name<'_>) -> String) -> Vec<Line> {
    let Grants { allowed, denied, unread } = asked;
    let mut lines = Vec::new();
    if !allowed.is_empty() {
        lines.push(Line::works(SECTION, subject, format!("DESCRIBE is there for {}: {}", allowed.len(), few(allowed))));
    }
    for name in denied.iter().take(SHOWN) {
        lines.push(Line::fails(SECTION, subject, format!("DESCRIBE is missing for {name}"), grant(Name::One(name))));
    }
    if denied.len() > SHOWN {
        let found = format!("DESCRIBE is missing for {} more", denied.len() - SHOWN);
        lines.push(Line::fails(SECTION, subject, found, grant(Name::Any)));
    }
    for (name, why) in unread.iter().take(SHOWN) {
        lines.push(Line::unknown(SECTION, subject, format!("{name}: {why}")));
    }
    if lines.is_empty() {
        lines.push(match cluster {
            Some(false) => Line::fails(SECTION, subject, "none is seen", grant(Name::Any)),
            _ => Line::unknown(SECTION, subject, "none was there to be tried"),
        });
    }
    lines
}

/// A few of many names.
fn few(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

enum Resource<'a> {
    Cluster,
    Group(Name<'a>),
    Topic(Name<'a>),
}

/// The resource of a grant: one of any name, or all of them.
#[derive(Clone, Copy)]
enum Name<'a> {
    One(&'a str),
    Any,
}

/// A statement of an IAM policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    effect: &'a str,
    action: &'a str,
    resource: &'a str,
}

impl Name<'_> {
    /// As an argument of `kafka-acls.sh`; `None` if that would grant more than the name: a literal `*` is every name
    /// there (`ResourcePattern.WILDCARD_RESOURCE`).
    fn argument(self) -> Option<String> {
        match self {
            Self::One("*") => None,
            Self::One(name) => Some(quoted(name)),
            Self::Any => Some(quoted("*")),
        }
    }

    /// As part of a resource, with its special characters escaped (IAM, policy variables, special characters).
    fn pattern(self) -> String {
        let Self::One(name) = self else { return String::from("*") };
        let escape = |c: char| if matches!(c, '*' | '?' | '$') { format!("${{{c}}}") } else { c.to_string() };
        name.chars().map(escape).collect()
    }
}

impl Principal {
    /// The command or statement that grants DESCRIBE.
    fn grant(&self, resource: &Resource<'_>) -> String {
        match self {
            Self::Kafka { name, bootstrap } => {
                let on = match resource {
                    Resource::Cluster => Some(String::from("--cluster")),
                    Resource::Group(name) => name.argument().map(|name| format!("--group {name}")),
                    Resource::Topic(name) => name.argument().map(|name| format!("--topic {name}")),
                };
                let Some(on) = on else {
                    return String::from(
                        "grant DESCRIBE on the others by their names: an ACL for the name * is one for every name",
                    );
                };
                let user = quoted(&format!("User:{}", name.as_deref().unwrap_or("NAME")));
                let bootstrap = quoted(bootstrap);
                format!(
                    "kafka-acls.sh --bootstrap-server {bootstrap} --add --allow-principal {user} --operation Describe {on}"
                )
            }
            Self::Iam { cluster } => {
                let (action, kind, name) = match resource {
                    Resource::Cluster => ("DescribeCluster", "cluster", None),
                    Resource::Group(name) => ("DescribeGroup", "group", Some(name.pattern())),
                    Resource::Topic(name) => ("DescribeTopic", "topic", Some(name.pattern())),
                };
                // arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID, and the same with the kind and name of a resource in
                // it.
                let arn = cluster.as_deref().unwrap_or("arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID");
                let arn = arn.replacen(":cluster/", &format!(":{kind}/"), 1);
                let arn = name.map_or_else(|| arn.clone(), |name| format!("{arn}/{name}"));
                let action = format!("kafka-cluster:{action}");
                // Three texts are always JSON.
                serde_json::to_string(&Statement { effect: "Allow", action: &action, resource: &arn })
                    .unwrap_or_default()
            }
        }
    }
}

const SECTION: &str = "permissions";
const CLUSTER: &str = "cluster";
const GROUPS: &str = "groups";
const TOPICS: &str = "topics";
/// How many names are shown.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::Status;

    fn principal() -> Principal {
        Principal::Kafka { name: Some("reader".into()), bootstrap: "b-1:9096".into() }
    }

    fn lines_of(permissions: &Permissions) -> Vec<(Status, String, String)> {
        let lines = lines(permissions, &principal());
        lines.into_iter().map(|line| (line.status, line.found, line.todo.unwrap_or_default())).collect()
    }

    fn asked(allowed: &[&str], denied: &[&str]) -> Grants {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Grants { allowed: names(allowed), denied: names(denied), unread: Vec::new() }
    }

    #[test]
    fn every_permission_that_is_there_is_named() {
        let lines_of = lines_of(&Permissions {
            cluster: Some(true),
            listed: Some(1),
            groups: asked(&["g"], &[]),
            topics: asked(&["t"], &[]),
            ..Permissions::default()
        });
        assert!(lines_of.iter().all(|(status, ..)| *status == Status::Works), "{lines_of:?}");
        assert_eq!(lines_of[1].1, "DESCRIBE is there for 1: g");
    }

    #[test]
    fn empty_lists_without_an_error_are_recognised() {
        let lines_of = lines_of(&Permissions { cluster: Some(false), listed: Some(0), ..Permissions::default() });
        assert!(lines_of.iter().all(|(status, ..)| *status == Status::Fails), "{lines_of:?}");
        assert!(lines_of[0].1.contains("without an error: this user has no permission at all"));
        let todo = |resource: &str| {
            format!(
                "kafka-acls.sh --bootstrap-server b-1:9096 --add --allow-principal User:reader --operation Describe {resource}"
            )
        };
        assert_eq!(
            lines_of.iter().map(|(.., todo)| todo.clone()).collect::<Vec<_>>(),
            [todo("--cluster"), todo("--group '*'"), todo("--topic '*'")]
        );
    }

    #[test]
    fn a_user_who_sees_some_groups_is_reported_that_there_may_be_more() {
        let permissions = Permissions {
            cluster: Some(false),
            listed: Some(1),
            groups: asked(&["g"], &[]),
            topics: asked(&["t"], &["it's secret"]),
            ..Permissions::default()
        };
        let lines_of = lines_of(&permissions);
        assert_eq!(lines_of[0].0, Status::Less);
        assert_eq!((lines_of[3].0, &*lines_of[3].1), (Status::Fails, "DESCRIBE is missing for it's secret"));
        assert!(lines_of[3].2.ends_with(r"--topic 'it'\''s secret'"), "{lines_of:?}");
    }

    #[test]
    fn a_cluster_without_groups_is_no_lack_of_permissions() {
        let lines_of = lines_of(&Permissions { cluster: Some(true), listed: Some(0), ..Permissions::default() });
        assert_eq!(
            lines_of.iter().map(|(status, ..)| *status).collect::<Vec<_>>(),
            [Status::Works, Status::Unknown, Status::Unknown]
        );
    }

    #[test]
    fn many_are_reported_by_a_few() {
        let names: Vec<String> = (0..9).map(|n| format!("g{n}")).collect();
        let permissions = Permissions {
            cluster: Some(true),
            listed: Some(9),
            groups: Grants { denied: names, ..Grants::default() },
            topics: asked(&["a", "b", "c", "d", "e", "f", "g"], &[]),
            ..Permissions::default()
        };
        let lines_of = lines_of(&permissions);
        assert_eq!(lines_of[6].1, "DESCRIBE is missing for 4 more");
        assert_eq!(lines_of[7].1, "DESCRIBE is there for 7: a, b, c, d, e and 2 more");
    }

    #[test]
    fn topics_that_nothing_names_are_reported_by_the_groups_that_may_read_them() {
        let permissions = Permissions {
            cluster: Some(true),
            listed: Some(1),
            groups: asked(&["g"], &[]),
            topics: asked(&["t"], &[]),
            hiding: vec!["g".into()],
        };
        let lines_of = lines_of(&permissions);
        assert_eq!(
            lines_of.iter().map(|(status, ..)| *status).collect::<Vec<_>>()[2..],
            [Status::Works, Status::Fails]
        );
        assert!(lines_of[3].2.ends_with("--topic '*'"), "{lines_of:?}");
    }

    #[test]
    fn amazon_grants_by_statements() {
        let cluster = Some("arn:aws:kafka:eu-west-1:1:cluster/prod/4-2".to_owned());
        let statement = |resource: &Resource<'_>| Principal::Iam { cluster: cluster.clone() }.grant(resource);
        assert_eq!(
            statement(&Resource::Group(Name::One("orders"))),
            r#"{"Effect":"Allow","Action":"kafka-cluster:DescribeGroup","Resource":"arn:aws:kafka:eu-west-1:1:group/prod/4-2/orders"}"#
        );
        let resource = |name| {
            let statement: serde_json::Value =
                serde_json::from_str(&statement(&Resource::Topic(name))).unwrap_or_default();
            assert_eq!(statement.as_object().map(serde_json::Map::len), Some(3), "{statement}");
            statement["Resource"].as_str().unwrap_or_default().rsplit("4-2/").next().unwrap_or_default().to_owned()
        };
        assert_eq!(resource(Name::Any), "*");
        let injection = r#"x"},{"Effect":"Allow","Action":"*","Resource":"*"#;
        for (name, expected) in [
            ("*", "${*}"),
            ("a?b", "a${?}b"),
            ("${aws:username}", "${$}{aws:username}"),
            (injection, r#"x"},{"Effect":"Allow","Action":"${*}","Resource":"${*}"#),
        ] {
            assert_eq!(resource(Name::One(name)), expected);
        }
        assert!(statement(&Resource::Cluster).contains(r#""Resource":"arn:aws:kafka:eu-west-1:1:cluster/prod/4-2""#));
    }

    #[test]
    fn no_line_grants_more_than_its_name() {
        for (name, shown) in [("*", "by their names"), ("a*", "--group 'a*'"), ("a b", "--group 'a b'")] {
            let lines_of = lines_of(&Permissions {
                cluster: Some(true),
                listed: Some(1),
                groups: asked(&[], &[name]),
                topics: asked(&["t"], &[]),
                ..Permissions::default()
            });
            assert!(lines_of[1].2.contains(shown) && !lines_of[1].2.ends_with("--group '*'"), "{lines_of:?}");
        }
    }
}
