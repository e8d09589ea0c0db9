//! A broker's address.

use std::fmt;

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
        let wrong = || format!("must be host:port, found {text:?}");
        let Some((host, port)) = address.rsplit_once(':') else {
            return Err(format!("{}: the port is missing, as in {address}:9094", wrong()));
        };
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(v6)) => v6,
            None if !host.contains(':') => host,
            _ => return Err(format!("must be host:port with an IPv6 address in brackets, found {text:?}")),
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether both name the same place; the letter case of a host name means nothing.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
