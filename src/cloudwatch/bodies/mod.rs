//! Bodies of requests, written directly in the service's protocol (Smithy RPC v2 CBOR).
//!
//! The client's own way is an object of a dozen fields for each second of each page, walked over and compressed at the
//! default level, which needed more CPU than the rest of a run. The client still does signing, retries and answers.

use std::ops::Range;

use aws_smithy_cbor::Encoder;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::metric::Metric;

/// The body of one request, which replaces the one that the client wrote.
#[derive(Clone, Debug)]
pub(super) struct RequestBody {
    bytes: Bytes,
    gzipped: bool,
}

impl Intercept for RequestBody {
    fn name(&self) -> &'static str {
        "RequestBody"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.bytes.len().to_string());
        if self.gzipped {
            request.headers_mut().insert("content-encoding", "gzip");
        }
        *request.body_mut() = SdkBody::from(self.bytes.clone());
        Ok(())
    }
}

/// The values of a metric at one time: distinct values, and the count of each.
pub(super) struct Datapoint<'a> {
    /// Seconds since the epoch.
    pub(super) time: i64,
    pub(super) values: &'a [f64],
    pub(super) counts: &'a [f64],
}

/// Data of one namespace for `PutMetricData`, in as few requests as it allows.
pub(super) struct Puts<'a> {
    namespace: &'a str,
    /// `None` if nothing is to be compressed.
    gzip: Option<Gzip>,
    /// The request that still has room, without its end.
    open: Vec<u8>,
    datums: usize,
    full: Vec<(usize, RequestBody)>,
}

impl<'a> Puts<'a> {
    pub(super) fn new(namespace: &'a str, compress: bool) -> Self {
        Self { namespace, gzip: compress.then(Gzip::default), open: Vec::new(), datums: 0, full: Vec::new() }
    }

    /// Adds the points of one metric, all of them in one request.
    pub(super) fn add<'p>(
        &mut self,
        metric: &Metric,
        resolution: i64,
        points: impl ExactSizeIterator<Item = Datapoint<'p>>,
    ) {
        let (named, resolution) = (named(metric), i32::try_from(resolution).unwrap_or(WHOLE_MINUTES));
        let (start, datums) = (self.begin(), points.len());
        let mut blank = Blank::default();
        for Datapoint { time, values, counts } in points {
            if blank.values != values.len() {
                blank = Blank::new(&named, resolution, values.len());
            }
            let time = DateTime::from_secs(time).as_secs_f64();
            blank.fill(&mut self.open, std::iter::once(&time).chain(values).chain(counts));
        }
        if self.datums > 0 && (self.datums + datums > DATUMS_PER_REQUEST || self.open.len() > BYTES_PER_REQUEST) {
            let block = self.open.split_off(start);
            self.close();
            self.begin();
            self.open.extend(block);
        }
        self.datums += datums;
    }

    /// The requests, each with its number of datums.
    pub(super) fn finish(mut self) -> Vec<(usize, RequestBody)> {
        self.close();
        self.full
    }

    /// The length of the requests so far, at least that of an empty one.
    fn begin(&mut self) -> usize {
        if self.open.is_empty() {
            append(&mut self.open, |encoder| {
                encoder.begin_map().str("Namespace").str(self.namespace).str("MetricData").begin_array();
            });
        }
        self.open.len()
    }

    fn close(&mut self) {
        if self.datums > 0 {
            append(&mut self.open, |encoder| {
                encoder.end().end();
            });
            let body = self.gzip.as_mut().and_then(|gzip| gzip.body(&self.open));
            let plain = || RequestBody { bytes: Bytes::copy_from_slice(&self.open), gzipped: false };
            self.full.push((self.datums, body.unwrap_or_else(plain)));
        }
        self.open.clear();
        self.datums = 0;
    }
}

/// A datum with this many values, whose numbers are still to be filled in: the datums of one metric differ only in
/// them.
#[derive(Default)]
struct Blank {
    values: usize,
    bytes: Vec<u8>,
    /// Where each number belongs: the time, the values, their counts.
    places: Vec<usize>,
}

impl Blank {
    fn new(named: &[u8], resolution: i32, values: usize) -> Self {
        let (mut bytes, mut places) = (named.to_vec(), Vec::with_capacity(2 * values + 1));
        append(&mut bytes, |encoder| {
            encoder.str("StorageResolution").integer(resolution);
            encoder.str("Timestamp").timestamp(&DateTime::from_secs(0));
        });
        places.push(bytes.len() - size_of::<f64>());
        for name in ["Values", "Counts"] {
            append(&mut bytes, |encoder| {
                encoder.str(name).array(values);
            });
            for _ in 0..values {
                append(&mut bytes, |encoder| {
                    encoder.double(0.0);
                });
                places.push(bytes.len() - size_of::<f64>());
            }
        }
        append(&mut bytes, |encoder| {
            encoder.end();
        });
        Self { values, bytes, places }
    }

    /// Adds one to `bytes`, with these numbers.
    fn fill<'n>(&self, bytes: &mut Vec<u8>, numbers: impl Iterator<Item = &'n f64>) {
        let start = bytes.len();
        bytes.extend_from_slice(&self.bytes);
        for (place, number) in self.places.iter().zip(numbers) {
            bytes[start + place..][..size_of::<f64>()].copy_from_slice(&number.to_be_bytes());
        }
    }
}

/// Compresses one body after the other with the same half megabyte of memory; a small body is sent as it is.
#[derive(Default)]
struct Gzip {
    stream: Option<Compress>,
    gzipped: Vec<u8>,
}

impl Gzip {
    /// A compressed body; `None` if it would not be smaller, or is small.
    fn body(&mut self, bytes: &[u8]) -> Option<RequestBody> {
        if bytes.len() < FEWEST_BYTES_TO_COMPRESS {
            return None;
        }
        let stream = self.stream.get_or_insert_with(|| Compress::new_gzip(Compression::fast(), WINDOW_BITS));
        stream.reset();
        self.gzipped.clear();
        self.gzipped.reserve(bytes.len());
        let ended = stream.compress_vec(bytes, &mut self.gzipped, FlushCompress::Finish);
        let smaller = matches!(ended, Ok(Status::StreamEnd)) && self.gzipped.len() < bytes.len();
        smaller.then(|| RequestBody { bytes: Bytes::copy_from_slice(&self.gzipped), gzipped: true })
    }
}

/// Questions to `GetMetricData` about metrics of one namespace, numbered as they are added.
pub(super) struct Queries {
    /// Without its end.
    asked: Vec<u8>,
    namespace: String,
    period: i32,
    count: usize,
}

impl Queries {
    /// `width` is the period of a point, in seconds.
    pub(super) fn new(namespace: &str, width: i64) -> Self {
        let mut asked = Vec::new();
        append(&mut asked, |encoder| {
            encoder.begin_map().str("MetricDataQueries").begin_array();
        });
        Self { asked, namespace: namespace.to_owned(), period: i32::try_from(width).unwrap_or(WHOLE_MINUTES), count: 0 }
    }

    /// Asks for each statistic of a metric.
    pub(super) fn add(&mut self, metric: &Metric, statistics: &[&str]) {
        let named = named(metric);
        for statistic in statistics {
            append(&mut self.asked, |encoder| {
                encoder.begin_map().str("Id").str(&format!("q{}", self.count)).str("MetricStat").begin_map();
                encoder.str("Period").integer(self.period).str("Stat").str(statistic).str("Metric");
            });
            self.asked.extend_from_slice(&named);
            append(&mut self.asked, |encoder| {
                encoder.str("Namespace").str(&self.namespace).end().end().end();
            });
            self.count += 1;
        }
    }

    /// The body that asks for these seconds, from where an earlier answer ended.
    pub(super) fn body(&self, seconds: &Range<i64>, token: Option<&str>) -> RequestBody {
        let mut bytes = self.asked.clone();
        append(&mut bytes, |encoder| {
            encoder.end();
            encoder.str("StartTime").timestamp(&DateTime::from_secs(seconds.start));
            encoder.str("EndTime").timestamp(&DateTime::from_secs(seconds.end));
            if let Some(token) = token {
                encoder.str("NextToken").str(token);
            }
            encoder.end();
        });
        RequestBody { bytes: bytes.into(), gzipped: false }
    }

    /// The question that an answer belongs to.
    pub(super) fn number(id: &str) -> Option<usize> {
        id.strip_prefix('q')?.parse().ok()
    }
}

/// Appends to `bytes`.
fn append(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Encoder)) {
    let mut encoder = Encoder::new(std::mem::take(bytes));
    write(&mut encoder);
    *bytes = encoder.into_writer();
}

/// The beginning of an open map: a metric's name and dimensions.
fn named(metric: &Metric) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.begin_map().str("MetricName").str(metric.name).str("Dimensions").array(metric.dimensions.len());
    for (name, value) in &metric.dimensions {
        encoder.begin_map().str("Name").str(name).str("Value").str(value).end();
    }
    encoder.into_writer()
}

/// `PutMetricData`, API reference.
pub(super) const DATUMS_PER_REQUEST: usize = 1_000;
/// Of the 1 MB that a request may have before it is compressed.
const BYTES_PER_REQUEST: usize = 900_000;
/// As the client itself does by default.
const FEWEST_BYTES_TO_COMPRESS: usize = 10_240;
/// The largest window that a decoder must support (RFC 1951).
const WINDOW_BITS: u8 = 15;
const WHOLE_MINUTES: i32 = 60;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
