//! The results of connecting to a broker step by step, as plain data.

use serde::Serialize;

use crate::base::fault::Fault;
use crate::kafka::net::error::Step;
use crate::kafka::protocol::versions::{Api, Range, Versions};

/// One address, tried step by step until a step fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tried {
    /// The broker's id; `null` for a bootstrap address that no broker advertises.
    pub(crate) broker: Option<i32>,
    pub(crate) address: String,
    /// The addresses of the host name.
    pub(crate) resolved: Vec<String>,
    /// Milliseconds until a TCP connection was open, which needs one round trip.
    pub(crate) round_trip_ms: Option<f64>,
    /// What TLS agreed on; `null` if it failed, or on plaintext listeners.
    pub(crate) tls: Option<TlsFound>,
    /// The broker's certificate, accepted or not.
    pub(crate) certificate: Option<Certificate>,
    /// The SASL mechanisms that the listener offers; `null` if they were not requested.
    pub(crate) mechanisms: Option<Vec<String>>,
    /// One for each request that this build can send; empty if the broker did not return its versions.
    pub(crate) versions: Vec<Version>,
    pub(crate) failed: Option<Failed>,
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TlsFound {
    /// Such as `TLSv1_3`.
    pub(crate) version: String,
    pub(crate) cipher: String,
}

/// A broker's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Certificate {
    /// The names and addresses that it is valid for.
    pub(crate) names: Vec<String>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The beginning of its validity, in seconds since 1970.
    pub(crate) not_before: i64,
    /// The end of its validity, in seconds since 1970.
    pub(crate) not_after: i64,
}

/// One request in the versions of both sides, each from the lowest to the highest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Version {
    pub(crate) api: &'static str,
    pub(crate) ours: (i16, i16),
    /// The broker's; `null` if it does not know the request.
    pub(crate) broker: Option<(i16, i16)>,
    /// The one that is sent; `null` if they have none in common.
    pub(crate) chosen: Option<i16>,
}

/// The step at which the connection to a broker failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failed {
    pub(crate) step: Step,
    pub(crate) why: Fault,
}

/// One entry for each request that this build can send.
pub(crate) fn matrix(versions: &Versions) -> Vec<Version> {
    let pair = |range: Range| (range.min, range.max);
    let entry = |api: Api| Version {
        api: api.name(),
        ours: pair(api.ours()),
        broker: versions.range(api).map(pair),
        chosen: versions.choose(api).ok(),
    };
    Api::all().map(entry).collect()
}
