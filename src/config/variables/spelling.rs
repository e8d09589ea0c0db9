//! Names that are nearly those of the table, and the name that was probably meant.

use super::VARIABLES;
use crate::base::spelling::{nearest, slips};

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
    let near = nearest(name, VARIABLES.iter().map(|known| known.name)).first().copied();
    let is_ours = name.starts_with("MEERKAT_");
    match near.or_else(|| begun(name)) {
        Some(meant) => {
            let question = format!("{name} is not a variable of meerkat; did you mean {meant}?");
            let is_certain = is_ours || slips(name, meant) == 1;
            if is_certain { Stranger::Slip(question) } else { Stranger::Doubt(format!("{question} It is ignored")) }
        }
        None if is_ours => Stranger::Slip(format!("{name} is not a variable of meerkat; see --help")),
        None => Stranger::None,
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
