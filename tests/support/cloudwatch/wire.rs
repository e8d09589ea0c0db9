//! RPC v2 CBOR as the SDK speaks it (Smithy `rpcv2Cbor`): requests as structures, answers as bytes.
//!
//! The codec is deliberately not the SDK's own, so that both ends cannot be wrong in the same way.

use std::io::Read;

use ciborium::Value;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};

use super::clock::Moment;
use super::refusal::Refusal;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutMetricData {
    pub(crate) namespace: Option<String>,
    #[serde(default)]
    pub(crate) metric_data: Vec<MetricDatum>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDatum {
    pub(crate) metric_name: Option<String>,
    #[serde(default)]
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) value: Option<Number>,
    pub(crate) statistic_values: Option<StatisticSet>,
    pub(crate) values: Option<Vec<Number>>,
    pub(crate) counts: Option<Vec<Number>>,
    pub(crate) unit: Option<String>,
    pub(crate) storage_resolution: Option<i64>,
}

/// One dimension of a metric, or of a filter (then `value` may be absent: any).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatisticSet {
    pub(crate) sample_count: Option<Number>,
    pub(crate) sum: Option<Number>,
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetMetricData {
    #[serde(default)]
    pub(crate) metric_data_queries: Vec<MetricDataQuery>,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Option<Timestamp>,
    pub(crate) next_token: Option<String>,
    pub(crate) scan_by: Option<String>,
    pub(crate) max_datapoints: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataQuery {
    pub(crate) id: Option<String>,
    pub(crate) metric_stat: Option<MetricStat>,
    pub(crate) expression: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) return_data: Option<bool>,
    pub(crate) period: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricStat {
    pub(crate) metric: Option<Metric>,
    pub(crate) period: Option<i64>,
    pub(crate) stat: Option<String>,
    pub(crate) unit: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the members' names on the wire")]
pub(crate) struct Metric {
    pub(crate) namespace: Option<String>,
    pub(crate) metric_name: Option<String>,
    #[serde(default)]
    pub(crate) dimensions: Vec<Dimension>,
}

/// A number in any of CBOR's forms; the protocol lets a peer choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        number(&Value::deserialize(decoder)?).map(Self).ok_or_else(|| D::Error::custom("expected a number"))
    }
}

/// Tag 1 around seconds since 1970 (RFC 8949, 3.4.2); anything else is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamp(pub(crate) Moment);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        let Value::Tag(1, seconds) = Value::deserialize(decoder)? else {
            return Err(D::Error::custom("expected tag 1"));
        };
        let moment = number(&seconds).and_then(Moment::from_fraction);
        moment.map(Self).ok_or_else(|| D::Error::custom("expected seconds since 1970"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "the service's numbers are doubles")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        Value::Integer(number) => Some(i128::from(*number) as f64),
        _ => None,
    }
}

/// The request body without its compression.
pub(crate) fn inflate(content_encoding: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    match content_encoding {
        None | Some("identity") => Ok(body.to_vec()),
        Some("gzip") => {
            let mut inflated = Vec::new();
            let read = GzDecoder::new(body).take(INFLATED_MAX).read_to_end(&mut inflated);
            read.map_err(|error| Refusal::unreadable(&format!("the body is not gzip: {error}")))?;
            Ok(inflated)
        }
        Some(other) => Err(Refusal::unreadable(&format!("Content-Encoding {other} is not known"))),
    }
}

pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    ciborium::from_reader(body).map_err(|error| Refusal::unreadable(&error.to_string()))
}

pub(crate) fn encode(answer: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    #[expect(clippy::expect_used, reason = "writing to memory cannot fail, and a Value holds nothing that CBOR lacks")]
    ciborium::into_writer(answer, &mut bytes).expect("memory takes every byte");
    bytes
}

pub(crate) fn encode_refusal(refusal: &Refusal) -> Vec<u8> {
    let shape = format!("com.amazonaws.cloudwatch.v2010_08_01#{}", refusal.shape);
    encode(&map([("__type", text(shape)), ("message", text(&*refusal.message))]))
}

pub(crate) fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (text(name), value)).collect())
}

pub(crate) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double for longer than anyone asks")]
pub(crate) fn timestamp(seconds: i64) -> Value {
    Value::Tag(1, Box::new(Value::Float(seconds as f64)))
}

/// A body that inflates to more is cut here and then fails to decode, before it fills the memory.
const INFLATED_MAX: u64 = 64 << 20;
