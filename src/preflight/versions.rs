//! The version matrix: what is missing with a lower version, or with none.

use super::{Line, Status};
use crate::kafka::found::Version;

/// One line for each request. `login`: whether the listener demands one.
pub(crate) fn lines(section: &str, matrix: &[Version], login: bool) -> Vec<Line> {
    let whole = |version| {
        let (line, ranges) = line(section, version, login);
        Line { found: line.found + &ranges, ..line }
    };
    matrix.iter().map(whole).collect()
}

/// A line with the ranges of both sides.
fn line(section: &str, version: &Version, login: bool) -> (Line, String) {
    let Version { api, ours, broker, chosen } = version;
    let (offers, range) = (broker.map_or_else(|| String::from("does not offer it"), ranged), ranged(*ours));
    let subject = *api;
    let sasl = matches!(subject, "SaslHandshake" | "SaslAuthenticate");
    let ranges = format!("; this build {range}, the broker {offers}");
    if sasl && !login {
        return (Line::works(section, subject, "not needed"), ranges);
    }
    let Some(chosen) = chosen else {
        let found = format!("no version in common: this build {range}, the broker {offers}");
        let newer = broker.is_some_and(|(min, _)| min > ours.1);
        let todo = if newer { "upgrade meerkat" } else { "upgrade the broker" };
        let line = match missing(subject) {
            Lacking::NoSuchGroups if !newer => Line::works(section, subject, "the broker has no groups of this kind"),
            Lacking::NoSuchGroups => {
                Line::less(section, subject, format!("{found}: members of these groups are not reported"), todo)
            }
            Lacking::Less(what) => Line::less(section, subject, format!("{found}: {what}"), todo),
            Lacking::Nothing(what) => Line::fails(section, subject, format!("{found}: {what}"), todo),
        };
        return (line, String::new());
    };
    let found = format!("{subject} {chosen}");
    let lost: Vec<&str> = losses(subject).iter().filter(|(below, _)| chosen < below).map(|(_, what)| *what).collect();
    let line = if lost.is_empty() {
        Line::works(section, subject, found)
    } else {
        Line::less(section, subject, format!("{found}: {}", lost.join(", ")), "upgrade the broker for more")
    };
    (line, ranges)
}

/// The summary of a release in the table: the worst status, and what is missing, most important first.
pub(crate) fn summary(matrix: &[Version], login: bool) -> (Status, Vec<String>) {
    let lines: Vec<Line> = matrix.iter().map(|version| line("", version, login).0).collect();
    let worst = lines.iter().map(|line| line.status).max_by_key(|status| status.verdict().severity());
    let mut lines: Vec<&Line> = lines.iter().filter(|line| line.status != Status::Works).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.status.verdict().severity()));
    let named = |line: &&Line| {
        let Line { subject, found, .. } = line;
        if found.starts_with(&**subject) { found.clone() } else { format!("{subject}: {found}") }
    };
    (worst.unwrap_or(Status::Works), lines.iter().map(named).collect())
}

/// The effect of a missing request.
enum Lacking {
    Nothing(&'static str),
    Less(&'static str),
    NoSuchGroups,
}

fn missing(api: &str) -> Lacking {
    match api {
        "FindCoordinator" => Lacking::Less("groups that no broker lists cannot be asked for by name"),
        "DescribeGroups" => Lacking::Less("members and states of classic groups are not reported"),
        "SaslHandshake" | "SaslAuthenticate" => Lacking::Nothing("there is no login that both sides know"),
        "Metadata" => Lacking::Nothing("neither brokers nor leaders can be found"),
        "ListGroups" => Lacking::Nothing("groups cannot be found"),
        "OffsetFetch" => Lacking::Nothing("commits cannot be read"),
        "ListOffsets" => Lacking::Nothing("log ends cannot be read"),
        "ApiVersions" => Lacking::Nothing("no version can be agreed on"),
        _ => Lacking::NoSuchGroups,
    }
}

/// What is missing below a certain version; by request, from the most important on.
fn losses(api: &str) -> &'static [(i16, &'static str)] {
    match api {
        "ListOffsets" => &[
            (7, "no MAX_TIMESTAMP (KIP-734), lag in seconds starts its search at now"),
            (5, "a new leader may report an earlier log end for a moment (KIP-207)"),
            (4, "no leader epochs (KIP-320), a leader that is out of date is not found out"),
        ],
        "Metadata" => &[(10, "no topic ids (KIP-516), a recreated topic shows only by its log end going backwards")],
        "OffsetFetch" => &[(8, "one group per request (KIP-709): many groups need more requests")],
        "FindCoordinator" => &[(4, "one group a request (KIP-699)")],
        "ListGroups" => &[
            (4, "no states (KIP-518), they come from the descriptions alone"),
            (5, "no types (KIP-848), groups are distinguished by their protocol alone"),
        ],
        "DescribeShareGroupOffsets" => {
            &[(1, "no lag of share groups (KIP-1226), everything from the start offset on counts")]
        }
        "ApiVersions" => &[(3, "the broker does not learn who asks (KIP-511)")],
        _ => &[],
    }
}

/// A range for people.
fn ranged((min, max): (i16, i16)) -> String {
    if min == max { min.to_string() } else { format!("{min}–{max}") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::kafka::found::matrix;
    use crate::kafka::protocol::releases::{Found, find};
    use crate::kafka::protocol::versions::{Range, Versions};

    fn of(release: &str) -> Vec<Version> {
        match find(release) {
            Some(Found::Measured(release)) => matrix(&release.versions),
            other => panic!("{other:?}"),
        }
    }

    fn lines_of(release: &str, api: &str, login: bool) -> (Status, String) {
        let line = lines("b", &of(release), login).into_iter().find(|line| line.subject == api).unwrap();
        (line.status, line.found)
    }

    #[test]
    fn a_lower_version_is_reported_with_what_it_lacks() {
        let (status, found) = lines_of("2.8.2", "ListOffsets", false);
        assert_eq!(status, Status::Less);
        assert!(
            found.starts_with("ListOffsets 6: no MAX_TIMESTAMP (KIP-734), lag in seconds starts its search at now; ")
        );
        assert!(found.ends_with("the broker 0–6"), "{found}");
        assert_eq!(lines_of("3.9.1", "ListOffsets", false).0, Status::Works);
        assert_eq!(lines_of("2.8.2", "OffsetFetch", false).0, Status::Less);
        assert_eq!(lines_of("3.9.1", "OffsetFetch", false).0, Status::Works);
    }

    #[test]
    fn a_broker_without_a_kind_of_groups_has_none_to_describe() {
        assert_eq!(lines_of("2.8.2", "ConsumerGroupDescribe", false).0, Status::Works);
    }

    #[test]
    fn a_login_needs_what_a_listener_without_one_does_not() {
        assert_eq!(lines_of("0.11.0.3", "SaslHandshake", false).0, Status::Works);
        let (status, found) = lines_of("0.11.0.3", "SaslHandshake", true);
        assert_eq!(status, Status::Fails);
        assert!(found.contains("there is no login that both sides know"), "{found}");
        assert_eq!(lines_of("1.1.1", "SaslAuthenticate", true).0, Status::Works);
    }

    #[test]
    fn no_common_version_is_reported_with_who_has_to_upgrade() {
        let with = |range: (i16, i16)| {
            let versions = Versions::offered([(2, Range { min: range.0, max: range.1 })]);
            let lines = lines("b", &matrix(&versions), false);
            lines.into_iter().find(|line| line.subject == "ListOffsets").unwrap()
        };
        assert_eq!(with((90, 99)).todo.as_deref(), Some("upgrade meerkat"));
        assert_eq!(with((0, 0)).todo.as_deref(), Some("upgrade the broker"));
        assert_eq!(with((0, 0)).status, Status::Fails);
    }

    #[test]
    fn every_measured_release_works_at_least_with_less_without_a_login() {
        for release in crate::kafka::protocol::releases::releases() {
            let (status, missing) = summary(&matrix(&release.versions), false);
            assert_ne!(status, Status::Fails, "{}: {missing:?}", release.name);
        }
        assert_eq!(summary(&of("4.4.0"), true), (Status::Works, Vec::new()));
        let (status, missing) = summary(&of("0.11.0.3"), true);
        assert_eq!(status, Status::Fails);
        assert!(missing[0].starts_with("SaslHandshake: no version in common"), "{missing:?}");
    }
}
