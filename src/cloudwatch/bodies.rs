//! Bodies of requests, written once from what is at hand in the service's protocol (Smithy RPC v2 CBOR).
//!
//! The client's own way is an object of a dozen fields for each second of each page, walked over and compressed at the default level, which
//! took more of the processor than all the rest of a look. Signing, retries and answers stay the client's.

use std::io::Write as _;
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
use flate2::Compression;
use flate2::write::GzEncoder;

use super::metric::Metric;

/// The body of one request, which takes the place of what the client wrote.
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

/// What a metric has at one time: distinct values, and how often each is counted.
pub(super) struct Datapoint<'a> {
    /// Seconds since the epoch.
    pub(super) time: i64,
    pub(super) values: &'a [f64],
    pub(super) counts: &'a [f64],
}

/// Data of one namespace for `PutMetricData`, in as few requests as it allows.
pub(super) struct Puts<'a> {
    namespace: &'a str,
    compress: bool,
    /// The request that still has room, without its end.
    open: Vec<u8>,
    datums: usize,
    full: Vec<(usize, RequestBody)>,
}

impl<'a> Puts<'a> {
    pub(super) fn new(namespace: &'a str, compress: bool) -> Self {
        Self { namespace, compress, open: Vec::new(), datums: 0, full: Vec::new() }
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
        for point in points {
            self.open.extend_from_slice(&named);
            append(&mut self.open, |encoder| {
                encoder.str("Timestamp").timestamp(&DateTime::from_secs(point.time));
                for (name, numbers) in [("Values", point.values), ("Counts", point.counts)] {
                    encoder.str(name).array(numbers.len());
                    for number in numbers {
                        encoder.double(*number);
                    }
                }
                encoder.str("StorageResolution").integer(resolution).end();
            });
        }
        if self.datums > 0 && (self.datums + datums > DATUMS_PER_REQUEST || self.open.len() > BYTES_PER_REQUEST) {
            let block = self.open.split_off(start);
            self.close();
            self.begin();
            self.open.extend(block);
        }
        self.datums += datums;
    }

    /// The requests, each with the number of its datums.
    pub(super) fn finish(mut self) -> Vec<(usize, RequestBody)> {
        self.close();
        self.full
    }

    /// The length of what is there, at least that of a beginning.
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
            self.full.push((self.datums, RequestBody::of(&self.open, self.compress)));
        }
        self.open.clear();
        self.datums = 0;
    }
}

impl RequestBody {
    fn of(bytes: &[u8], compress: bool) -> Self {
        if compress && bytes.len() >= FEWEST_BYTES_TO_COMPRESS {
            let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
            // Writing into memory cannot fail; if it did, what is not compressed is as good.
            if let Ok(gzipped) = encoder.write_all(bytes).and_then(|()| encoder.finish()) {
                return Self { bytes: gzipped.into(), gzipped: true };
            }
        }
        Self { bytes: Bytes::copy_from_slice(bytes), gzipped: false }
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
    /// `width` is what a point stands for, in seconds.
    pub(super) fn new(namespace: &str, width: i64) -> Self {
        let mut asked = Vec::new();
        append(&mut asked, |encoder| {
            encoder.begin_map().str("MetricDataQueries").begin_array();
        });
        Self { asked, namespace: namespace.to_owned(), period: i32::try_from(width).unwrap_or(WHOLE_MINUTES), count: 0 }
    }

    /// Asks for one statistic of a metric after the other.
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

    /// Which question an answer belongs to.
    pub(super) fn number(id: &str) -> Option<usize> {
        id.strip_prefix('q')?.parse().ok()
    }
}

/// Writes on where `bytes` end.
fn append(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Encoder)) {
    let mut encoder = Encoder::new(std::mem::take(bytes));
    write(&mut encoder);
    *bytes = encoder.into_writer();
}

/// The beginning of a map that goes on: a metric's name and dimensions.
fn named(metric: &Metric) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.begin_map().str("MetricName").str(metric.name).str("Dimensions").array(metric.dimensions.len());
    for (name, value) in &metric.dimensions {
        encoder.begin_map().str("Name").str(name).str("Value").str(value).end();
    }
    encoder.into_writer()
}

/// `PutMetricData`, API reference.
const DATUMS_PER_REQUEST: usize = 1_000;
/// Of the 1 MB that a request may have before it is compressed.
const BYTES_PER_REQUEST: usize = 900_000;
/// As the client itself does by default.
const FEWEST_BYTES_TO_COMPRESS: usize = 10_240;
const WHOLE_MINUTES: i32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(length: usize) -> Metric {
        Metric { name: "Partitions", dimensions: vec![("Cluster", "c".repeat(length)), ("Group", "g".repeat(length))] }
    }

    fn datums(blocks: &[(usize, usize)]) -> Vec<usize> {
        let mut puts = Puts::new("Meerkat/State", true);
        for &(length, points) in blocks {
            let point = |time| Datapoint { time, values: &[1.0, 2.0], counts: &[1.0, 4_095.0] };
            puts.add(
                &metric(length),
                1,
                (0..i64::try_from(points).unwrap_or_default()).map(point).collect::<Vec<_>>().into_iter(),
            );
        }
        puts.finish().into_iter().map(|(datums, _)| datums).collect()
    }

    #[test]
    fn a_request_takes_whole_blocks_up_to_its_limits() {
        assert_eq!(datums(&[]), [0; 0]);
        assert_eq!(datums(&[(1, 60); 17]), [960, 60]);
        assert_eq!(datums(&[(1, 500), (1, 500), (1, 1)]), [1_000, 1]);
        // The longest names: 60 points of one metric have 130,000 bytes.
        assert_eq!(datums(&[(1_024, 60); 8]), [360, 120]);
        assert_eq!(datums(&[(1_024, 430), (1, 1)]), [430, 1]);
    }

    #[test]
    fn small_bodies_stay_as_they_are_and_large_ones_shrink() {
        let body = |length, compress| RequestBody::of(&vec![7; length], compress);
        for (length, compress, gzipped) in [(10_239, true, false), (10_240, true, true), (10_240, false, false)] {
            let body = body(length, compress);
            assert_eq!((body.gzipped, body.bytes.len() == length), (gzipped, !gzipped), "{length} {compress}");
        }
    }
}
