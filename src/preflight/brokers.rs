//! Each address, step by step, as lines.

use super::{Line, versions};
use crate::base::moment::rfc3339;
use crate::kafka::found::{Certificate, Failed, Tried};
use crate::kafka::net::error::Step;
use crate::model::snapshot::{Broker, Snapshot};

/// The lines of every address; `login` is the SASL mechanism in use, `now_s` is the present in seconds since 1970.
pub(crate) fn lines(tried: &[Tried], encrypted: bool, login: Option<&str>, now_s: i64) -> Vec<Line> {
    let mut lines: Vec<Line> = tried.iter().flat_map(|one| of(one, encrypted, login, now_s)).collect();
    lines.extend(mixed(tried));
    lines
}

/// A line for each broker that throttled the run.
pub(crate) fn throttled(snapshot: &Snapshot) -> Vec<Line> {
    let line = |broker: &Broker| {
        let section = format!("broker {} ({})", broker.id, broker.address);
        let todo =
            "raise that quota (kafka-configs.sh --describe --entity-type clients, or users), or give the run more time";
        Some(Line::less(&section, "quota", broker.throttled()?, todo))
    };
    snapshot.brokers.iter().filter_map(line).collect()
}

/// How a line names an address.
fn section(tried: &Tried) -> String {
    match tried.broker {
        Some(id) => format!("broker {id} ({})", tried.address),
        None => format!("bootstrap {}", tried.address),
    }
}

fn of(tried: &Tried, encrypted: bool, login: Option<&str>, now_s: i64) -> Vec<Line> {
    let section = &*section(tried);
    let mut lines = Vec::new();
    let failed = |step| tried.failed.as_ref().filter(|failed| failed.step == step);
    let reached = |step| tried.failed.as_ref().is_none_or(|failed| failed.step > step);
    let mut step = |step: Step, subject: &str, otherwise: &str, works: Option<Line>| match (failed(step), works) {
        (Some(Failed { why, .. }), _) => lines.push(Line::fails_because(section, subject, why, otherwise)),
        (None, Some(line)) if reached(step) => lines.push(line),
        _ => {}
    };
    let addresses = Line::works(section, "address", tried.resolved.join(", "));
    step(
        Step::Resolve,
        "address",
        "check the host name, and the DNS of the network that this runs in",
        Some(addresses),
    );
    let round_trip = tried.round_trip_ms.map_or(String::new(), |ms| format!("reached, {ms:.1} ms a round trip"));
    let connected = Line::works(section, "connection", round_trip);
    step(
        Step::Connect,
        "connection",
        "check security groups, routes, and whether a broker listens there",
        Some(connected),
    );
    let tls = match (&tried.tls, encrypted) {
        (Some(tls), _) => Some(Line::works(section, "TLS", format!("{}, {}", tls.version, tls.cipher))),
        (None, true) => None,
        (None, false) => Some(Line::less(
            section,
            "TLS",
            "plaintext, as configured: everyone on the network path can read it",
            "use a listener with TLS, and KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL",
        )),
    };
    step(Step::Tls, "TLS", "check that the port belongs to a TLS listener, and read the broker's log", tls);
    if let Some(certificate) = &tried.certificate {
        lines.push(shown(section, certificate, now_s));
    }
    let versions = failed(Step::Versions);
    if let Some(Failed { why, .. }) = versions {
        lines.push(Line::fails_because(section, "ApiVersions", why, "check that the port is that of a Kafka listener"));
    }
    if let Some(mechanism) = login {
        let offered = tried.mechanisms.as_ref().map(|offered| format!("; the listener offers {}", offered.join(", ")));
        match failed(Step::Login) {
            Some(Failed { why, .. }) => {
                let line = Line::fails_because(section, "login", why, "check the user, its password and the mechanism");
                lines.push(Line { found: line.found + offered.as_deref().unwrap_or_default(), ..line });
            }
            None if reached(Step::Login) => {
                lines.push(Line::works(
                    section,
                    "login",
                    format!("{mechanism} accepted{}", offered.unwrap_or_default()),
                ));
            }
            None => {}
        }
    }
    if let Some(Failed { why, .. }) = failed(Step::Metadata) {
        let todo =
            "check that the listener wants no login, or set KAFKA_SECURITY_PROTOCOL to one that begins with SASL_";
        lines.push(Line::fails_because(section, "Metadata", why, todo));
    }
    // If a bootstrap address leads to the brokers, their own lines have the versions.
    if tried.broker.is_some() || tried.failed.is_some() {
        lines.extend(versions::lines(section, &tried.versions, login.is_some()));
    }
    lines
}

fn shown(section: &str, certificate: &Certificate, now_s: i64) -> Line {
    let Certificate { names, issuer, not_before, not_after, .. } = certificate;
    let names = if names.is_empty() { String::from("no name at all") } else { names.join(", ") };
    let left = (not_after - now_s).div_euclid(DAY);
    let until = rfc3339(*not_after);
    let certified = format!("for {names}, issued by {issuer}");
    if now_s < *not_before {
        let found = format!("{certified}, not valid before {}", rfc3339(*not_before));
        Line::fails(section, CERTIFICATE, found, "check the clocks of this machine and of the authority")
    } else if now_s > *not_after {
        Line::fails(section, CERTIFICATE, format!("{certified}, expired at {until}"), "renew it on the broker")
    } else if left < SOON {
        let found = format!("{certified}, {left} days left, until {until}");
        Line::less(section, CERTIFICATE, found, "renew it on the broker before then")
    } else {
        Line::works(section, CERTIFICATE, format!("{certified}, {left} days left, until {until}"))
    }
}

/// Brokers of one cluster that offer different versions, as they do during a rolling upgrade.
fn mixed(tried: &[Tried]) -> Option<Line> {
    let known: Vec<&Tried> = tried.iter().filter(|one| one.broker.is_some() && !one.versions.is_empty()).collect();
    let mut kinds: Vec<(&Tried, Vec<i32>)> = Vec::new();
    for one in known {
        match kinds.iter_mut().find(|(known, _)| known.versions == one.versions) {
            Some((_, ids)) => ids.extend(one.broker),
            None => kinds.push((one, one.broker.into_iter().collect())),
        }
    }
    let [_, _, ..] = kinds.as_slice() else { return None };
    let kinds = kinds.iter().map(|(one, ids)| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let log_ends = one.versions.iter().find(|version| version.api == "ListOffsets");
        let newest = log_ends
            .and_then(|version| version.broker)
            .map_or(String::new(), |(_, max)| format!(" (ListOffsets to {max})"));
        format!("brokers {}{newest}", ids.join(", "))
    });
    let kinds: Vec<String> = kinds.collect();
    let found = format!("the brokers offer different versions, as during a rolling upgrade: {}", kinds.join("; "));
    Some(Line::works("cluster", "mixed versions", found + "; each is spoken to in its own"))
}

const CERTIFICATE: &str = "certificate";
const DAY: i64 = 24 * 3_600;
/// Days before the end of a certificate from which on the line is a warning.
const SOON: i64 = 30;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::base::fault::Fault;
    use crate::kafka::found::{TlsFound, matrix};
    use crate::kafka::protocol::releases::{Found, find};
    use crate::preflight::Status;

    const NOW: i64 = 1_800_000_000;

    fn tried(id: i32, release: &str) -> Tried {
        let Some(Found::Measured(release)) = find(release) else { panic!("{release}") };
        Tried {
            broker: Some(id),
            address: format!("b-{id}.example:9094"),
            resolved: vec!["10.0.0.1".into()],
            round_trip_ms: Some(0.42),
            tls: Some(TlsFound { version: "TLSv1_3".into(), cipher: "TLS13_AES_256_GCM_SHA384".into() }),
            certificate: Some(certificate(NOW + 90 * DAY)),
            versions: matrix(&release.versions),
            ..Tried::default()
        }
    }

    fn certificate(not_after: i64) -> Certificate {
        let names = vec!["b-1.example".into()];
        Certificate { names, issuer: "CN=ca".into(), subject: "CN=b-1".into(), not_before: NOW - DAY, not_after }
    }

    fn find_line(lines: &[Line], subject: &str) -> (Status, String) {
        let line =
            lines.iter().find(|line| line.subject == subject).unwrap_or_else(|| panic!("{subject} in {lines:?}"));
        (line.status, line.found.clone())
    }

    #[test]
    fn a_working_broker_has_a_line_for_each_step() {
        let lines = lines(&[tried(1, "4.4.0")], true, None, NOW);
        assert!(lines.iter().all(|line| line.status == Status::Works), "{lines:?}");
        assert_eq!(lines[0].section, "broker 1 (b-1.example:9094)");
        assert_eq!(find_line(&lines, "address").1, "10.0.0.1");
        assert_eq!(find_line(&lines, "connection").1, "reached, 0.4 ms a round trip");
        assert_eq!(find_line(&lines, "TLS").1, "TLSv1_3, TLS13_AES_256_GCM_SHA384");
        assert_eq!(
            find_line(&lines, "certificate").1,
            "for b-1.example, issued by CN=ca, 90 days left, until 2027-04-15T08:00:00Z"
        );
    }

    #[test]
    fn a_certificate_is_reported_before_and_after_its_end() {
        let status = |not_after| {
            let one = Tried { certificate: Some(certificate(not_after)), ..tried(1, "4.4.0") };
            find_line(&lines(&[one], true, None, NOW), "certificate").0
        };
        assert_eq!(status(NOW + SOON * DAY), Status::Works);
        assert_eq!(status(NOW + SOON * DAY - 1), Status::Less);
        assert_eq!(status(NOW), Status::Less);
        assert_eq!(status(NOW - 1), Status::Fails);
    }

    #[test]
    fn a_failed_step_has_advice_and_ends_the_list() {
        let failed = |step, why| Tried {
            failed: Some(Failed { step, why }),
            versions: Vec::new(),
            tls: None,
            ..tried(1, "4.4.0")
        };
        let lines = lines(&[failed(Step::Tls, Fault::with("it expired", "renew it"))], true, None, NOW);
        assert_eq!(find_line(&lines, "TLS"), (Status::Fails, "it expired".into()));
        assert_eq!(lines.iter().find(|line| line.subject == "TLS").unwrap().todo.as_deref(), Some("renew it"));
        assert_eq!(lines.len(), 4, "{lines:?}"); // address, connection, TLS, certificate
        let lines = super::lines(
            &[Tried { certificate: None, ..failed(Step::Resolve, Fault::of("no; such name")) }],
            true,
            None,
            NOW,
        );
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].found, "no; such name");
        assert!(lines[0].todo.as_ref().unwrap().contains("DNS"));
    }

    #[test]
    fn a_login_reports_what_the_listener_offers() {
        let offered = Some(vec!["PLAIN".to_owned(), "SCRAM-SHA-512".to_owned()]);
        let one = Tried { mechanisms: offered, ..tried(1, "4.4.0") };
        let report = lines(std::slice::from_ref(&one), true, Some("PLAIN"), NOW);
        assert_eq!(find_line(&report, "login").1, "PLAIN accepted; the listener offers PLAIN, SCRAM-SHA-512");
        let failed = Some(Failed { step: Step::Login, why: Fault::of("Authentication failed") });
        let report = lines(&[Tried { failed, ..one }], true, Some("PLAIN"), NOW);
        assert_eq!(find_line(&report, "login").0, Status::Fails);
    }

    #[test]
    fn a_bootstrap_address_that_leads_to_the_brokers_leaves_versions_to_them() {
        let bootstrap = Tried { broker: None, ..tried(1, "4.4.0") };
        let report = lines(std::slice::from_ref(&bootstrap), true, None, NOW);
        assert_eq!((report.len(), &*report[0].section), (4, "bootstrap b-1.example:9094"));
        let failed = Some(Failed { step: Step::Metadata, why: Fault::of("the connection was lost") });
        let report = lines(&[Tried { failed, ..bootstrap }], true, None, NOW);
        assert_eq!(find_line(&report, "ListOffsets").0, Status::Works);
    }

    #[test]
    fn plaintext_is_explicit() {
        let one = Tried { tls: None, certificate: None, ..tried(1, "4.4.0") };
        assert_eq!(find_line(&lines(&[one], false, None, NOW), "TLS").0, Status::Less);
    }

    #[test]
    fn mixed_versions_are_shown_as_such() {
        let report = lines(&[tried(1, "4.4.0"), tried(2, "3.9.1"), tried(3, "4.4.0")], true, None, NOW);
        assert_eq!(
            find_line(&report, "mixed versions").1,
            "the brokers offer different versions, as during a rolling upgrade: brokers 1, 3 (ListOffsets to 11); \
             brokers 2 (ListOffsets to 9); each is spoken to in its own"
        );
        let report = lines(&[tried(1, "4.4.0"), tried(2, "4.4.0")], true, None, NOW);
        assert!(report.iter().all(|line| line.subject != "mixed versions"));
    }
}
