//! A broker's address.

use std::fmt;

use crate::base::shown::characters;

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    /// Host name or IP address, IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Endpoint {
    /// Reads `host:port`, `[v6]:port`, or either after a listener's name (`SSL://host:port`).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let address = text.split_once("://").map_or(text, |(_, address)| address);
        let found = shown(text);
        if address.contains('@') {
            return Err(format!(
                "must be host:port without a user and a password (KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD), {found}"
            ));
        }
        let wrong = || format!("must be host:port, {found}");
        let Some((host, port)) = address.rsplit_once(':') else {
            let host = if is_shown(address) { address } else { "HOST" };
            return Err(format!("{}: the port is missing, as in {host}:9094", wrong()));
        };
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(v6)) => v6,
            None if !host.contains(':') => host,
            _ => return Err(format!("must be host:port with an IPv6 address in brackets, {found}")),
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        if host.is_empty() || host.len() > LONGEST_HOST || !host.chars().all(is_of_a_host) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether both are the same address; the letter case of a host name does not matter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }
}

/// A wrong address, as an error shows it. Without a dot it may be anything, also a password.
fn shown(text: &str) -> String {
    match text {
        "" => String::from("found nothing"),
        text if is_shown(text) => format!("found {text:?}"),
        text => format!("found {}, not shown here", characters(text)),
    }
}

fn is_shown(text: &str) -> bool {
    let address = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
    (text.contains(['.', ':']) || text == "localhost") && text.len() <= LONGEST_HOST && text.chars().all(address)
}

/// Host names have letters, digits, dots and hyphens, those inside of clusters underscores too; `:` and `%` are those of IPv6.
fn is_of_a_host(c: char) -> bool {
    c.is_alphanumeric() || "-._:%".contains(c)
}

/// Characters of the longest host name (RFC 1035, section 2.3.4), with room for a port and a listener's name.
const LONGEST_HOST: usize = 300;

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
