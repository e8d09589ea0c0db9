//! Names that are nearly those of the table, and the name that was probably meant.

use super::VARIABLES;
use crate::base::spelling::slips;

/// A judgement of a name that is not in the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It belongs to another program.
    None,
    /// It may be a typing error, or belong to another program.
    Doubt(String),
    /// It is a typing error.
    Slip(String),
}

/// Judges a name. A name that begins with `MEERKAT_` is ours or a typing error; Kafka's own programs also use names
/// that begin with `KAFKA_`, so among those only one wrong letter is certain. Kubernetes sets variables for each
/// Service, and a Service called `meerkat` or `kafka-cluster` gets such names.
pub(crate) fn stranger(name: &str) -> Stranger {
    if VARIABLES.iter().any(|known| known.name == name) || is_service_link(name) {
        return Stranger::None;
    }
    let meant = VARIABLES.iter().map(|known| (slips(name, known.name), known.name)).min();
    let meant = meant.filter(|(few, _)| *few <= TYPING_ERRORS).or_else(|| Some((TYPING_ERRORS, begun(name)?)));
    let question = |meant: &str| format!("{name} is not a variable of meerkat; did you mean {meant}?");
    match (meant, name.starts_with("MEERKAT_")) {
        (Some((_, meant)), true) | (Some((1, meant)), false) => Stranger::Slip(question(meant)),
        (None, true) => Stranger::Slip(format!("{name} is not a variable of meerkat; see --help")),
        (Some((_, meant)), false) => Stranger::Doubt(format!("{} It is ignored", question(meant))),
        (None, false) => Stranger::None,
    }
}

/// The only variable that begins with this name, as `KAFKA_SASL_USERNAME` does with `KAFKA_SASL_USER`.
fn begun(name: &str) -> Option<&'static str> {
    let mut longer = VARIABLES.iter().map(|known| known.name).filter(|known| known.starts_with(name));
    longer.next().filter(|_| longer.next().is_none())
}

/// Whether Kubernetes gives a Service's address by this name (Kubernetes, "Accessing the Service", environment variables).
fn is_service_link(name: &str) -> bool {
    let of_port = |rest: &str| {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let protocols = ["_TCP", "_UDP", "_SCTP"];
        digits.len() < rest.len() && protocols.iter().any(|protocol| digits.starts_with(protocol))
    };
    let ends = ["_PORT", "_SERVICE_HOST", "_SERVICE_PORT"];
    ends.iter().any(|end| name.ends_with(end))
        || name.contains("_SERVICE_PORT_")
        || name.match_indices("_PORT_").any(|(at, found)| of_port(&name[at + found.len()..]))
}

/// Up to this many wrong letters count as a typing error.
const TYPING_ERRORS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_reported_from_a_stranger() {
        let slip = |name: &str, what: &str| Stranger::Slip(format!("{name} is not a variable of meerkat; {what}"));
        assert_eq!(stranger("MEERKAT_TIMOUT"), slip("MEERKAT_TIMOUT", "did you mean MEERKAT_TIMEOUT?"));
        assert_eq!(stranger("MEERKAT_COLOUR_SCHEME"), slip("MEERKAT_COLOUR_SCHEME", "see --help"));
        assert_eq!(stranger("KAFKA_SASL_USER_NAME"), slip("KAFKA_SASL_USER_NAME", "did you mean KAFKA_SASL_USERNAME?"));
        for doubt in
            ["KAFKA_SSL_TRUSTORE", "KAFKA_CLUSTER_ID", "KAFKA_CLUSTER_NAME", "KAFKA_SASL_USER", "KAFKA_BOOTSTRAP"]
        {
            assert!(matches!(stranger(doubt), Stranger::Doubt(_)), "{doubt}");
        }
        assert_eq!(stranger("KAFKA_HOME"), Stranger::None);
        assert_eq!(stranger("KAFKA_SASL"), Stranger::None);
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_passes() {
        for service in ["KAFKA_CLUSTER", "MEERKAT", "KAFKA_SSL_TRUSTSTORE"] {
            for end in [
                "_PORT",
                "_SERVICE_HOST",
                "_SERVICE_PORT",
                "_SERVICE_PORT_TLS",
                "_PORT_9092_TCP",
                "_PORT_9092_TCP_ADDR",
                "_PORT_53_UDP_PROTO",
            ] {
                assert_eq!(stranger(&format!("{service}{end}")), Stranger::None, "{service}{end}");
            }
        }
        assert!(matches!(stranger("MEERKAT_REPORT"), Stranger::Slip(_)));
        assert!(matches!(stranger("MEERKAT_PORT_X"), Stranger::Slip(_)));
    }
}
