//! The door to receivers of OTLP: a collector, Prometheus, or `CloudWatch`'s own endpoint.
//!
//! [`message`] is pure and encodes the requests; this file sends them: OTLP/HTTP with binary protobuf (OTLP specification 1.x), one request
//! for each 1,000 points. A receiver that is slow, full or wrong costs only its own time, and its words become a problem of the report.

use std::io::Write as _;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep, timeout_at};

pub mod message;

use self::message::Body;
use crate::aws::http;
use crate::aws::secrets::Door;
use crate::base::fault;
use crate::config::otlp::Otlp;
use crate::model::mask::Mask;
use crate::model::secret::Secret;

/// The outcome for a run's points.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Points that the receiver accepted.
    pub(crate) points: usize,
    /// Bytes of all bodies before compression.
    pub(crate) bytes: usize,
    /// Bytes that `CloudWatch` bills for them.
    pub(crate) weight: usize,
    /// What was not accepted, and why; each once.
    pub(crate) problems: Vec<String>,
}

/// Sends the bodies, several at once; everything ends at `until`, or earlier if the configured time is over.
pub(crate) async fn send(config: &Otlp, door: &Door, bodies: Vec<Body>, until: Instant) -> Sent {
    let until = until.min(Instant::now() + config.timeout);
    let bytes = bodies.iter().map(|body| body.bytes.len()).sum();
    let mut sent = Sent { bytes, weight: bodies.iter().map(|body| body.weight).sum(), ..Sent::default() };
    let receiver = match timeout_at(until, Receiver::new(config, door)).await {
        Ok(Ok(receiver)) => receiver,
        Ok(Err(problem)) => return Sent { problems: vec![problem], ..sent },
        Err(_) => {
            let problem = format!("{}: the secrets of its headers were not read in time", config.origin);
            return Sent { problems: vec![problem], ..sent };
        }
    };
    let calls = bodies.into_iter().map(|body| {
        let points = body.points;
        let call = receiver.deliver(body, until);
        async move { (points, call.await) }
    });
    let mut calls = stream::iter(calls).buffer_unordered(REQUESTS_AT_ONCE);
    while let Some((points, delivered)) = calls.next().await {
        let problem = match delivered {
            Ok(None) => {
                sent.points += points;
                None
            }
            Ok(Some((rejected, why))) => {
                sent.points += points.saturating_sub(usize::try_from(rejected).unwrap_or_default());
                Some(format!("{} left out {rejected} of {points} points: {why}", config.origin))
            }
            Err(problem) => Some(format!("{} took none of {points} points: {problem}", config.origin)),
        };
        sent.problems.extend(problem.filter(|problem| !sent.problems.contains(problem)));
    }
    sent
}

/// A receiver that can be asked.
struct Receiver<'a> {
    config: &'a Otlp,
    door: &'a Door,
    http: SharedHttpClient,
    headers: Vec<(&'a str, Secret)>,
    mask: Mask,
}

/// Why a request was not accepted.
enum Trouble {
    /// It may be accepted later, after this time if the receiver names one.
    Passing(String, Option<Duration>),
    Lasting(String),
}

/// The error of an operation that has none: each answer is read by its status.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

impl<'a> Receiver<'a> {
    async fn new(config: &'a Otlp, door: &'a Door) -> Result<Self, String> {
        let mut headers = Vec::with_capacity(config.headers.len());
        for (name, source) in &config.headers {
            let value = door.read(HEADERS, source).await.map_err(|error| fault::sentence(&error))?;
            headers.push((name.as_str(), value));
        }
        let http = match &config.certificate {
            // A warm process still has its connections.
            None => door.http(),
            Some(source) => {
                let pem = door.read(CERTIFICATE, source).await.map_err(|error| fault::sentence(&error))?;
                let store = TrustStore::default().with_pem_certificate(pem.expose().to_owned());
                let context = TlsContext::builder().with_trust_store(store).build();
                let trust = context.map_err(|_| format!("{CERTIFICATE} has no certificate in PEM that can be read"))?;
                http::client(LONGEST_ANSWER, Some(trust))
            }
        };
        let mask = Mask::new(headers.iter().map(|(_, secret)| secret));
        Ok(Self { config, door, http, headers, mask })
    }

    /// Sends one body until it is accepted, refused for good, or the time is over; returns what the receiver left out
    /// of it.
    async fn deliver(&self, body: Body, until: Instant) -> Result<Option<(i64, String)>, String> {
        let bytes = if self.config.gzip { gzipped(&body.bytes) } else { body.bytes };
        let mut wait = FIRST_WAIT;
        let mut last = None;
        loop {
            let trouble = match timeout_at(until, self.call(&bytes)).await {
                Ok(Ok(answer)) => {
                    return Ok(message::rejected(&answer).map(|(points, why)| (points, self.mask.apply(&why))));
                }
                Ok(Err(trouble)) => trouble,
                Err(_) => {
                    return Err(last
                        .unwrap_or_else(|| String::from("no answer in time: check that it can be reached from here")));
                }
            };
            let (problem, asked) = match trouble {
                Trouble::Lasting(problem) => return Err(problem),
                Trouble::Passing(problem, asked) => (problem, asked),
            };
            let pause = asked.unwrap_or(wait);
            if Instant::now() + pause >= until {
                return Err(problem);
            }
            last = Some(problem);
            sleep(pause).await;
            wait *= 2;
        }
    }

    async fn call(&self, bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
        let request = self.request(bytes).await.map_err(Trouble::Lasting)?;
        let (status, retry_after, body) = self.exchange(request).await?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let said = message::refusal(&body).map(|words| format!(": {}", self.mask.apply(&words))).unwrap_or_default();
        let problem = format!("HTTP status {status}{said}{}", way_out(status, self.config.region.is_some()));
        // OTLP/HTTP, "Retryable Response Codes".
        Err(match status {
            429 | 502 | 503 | 504 => Trouble::Passing(problem, retry_after),
            _ => Trouble::Lasting(problem),
        })
    }

    async fn request(&self, bytes: &[u8]) -> Result<HttpRequest, String> {
        let unfit = |error: &dyn std::fmt::Display| format!("the request cannot be made: {error}");
        let mut request = HttpRequest::new(SdkBody::from(bytes.to_vec()));
        request.set_method("POST").map_err(|error| unfit(&error))?;
        request.set_uri(self.config.path.as_str()).map_err(|error| unfit(&error))?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            let added = headers.try_insert((*name).to_owned(), value.expose().to_owned());
            added.map_err(|_| format!("{HEADERS}: the value of {name} is not fit for a header"))?;
        }
        headers.insert("content-type", "application/x-protobuf");
        headers.insert("user-agent", concat!("meerkat/", env!("CARGO_PKG_VERSION")));
        if self.config.gzip {
            headers.insert("content-encoding", "gzip");
        }
        if let Some(region) = &self.config.region {
            // Each attempt is signed with its own time.
            let signed = self.door.sign(&mut request, &self.config.origin, (region, SERVICE));
            signed.await.map_err(|error| format!("the request cannot be signed: {}", fault::sentence(&*error)))?;
        }
        Ok(request)
    }

    /// The status of the answer, when to come again, and its body.
    async fn exchange(&self, request: HttpRequest) -> Result<(u16, Option<Duration>, Vec<u8>), Trouble> {
        let operation = Operation::builder()
            .service_name("otlp")
            .operation_name("export")
            .http_client(self.http.clone())
            .endpoint_url(&self.config.origin)
            .no_auth()
            .sleep_impl(TokioSleep::new())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .standard_retry(&RetryConfig::disabled())
            .serializer(|request: HttpRequest| Ok(request))
            .deserializer(|response: &HttpResponse| {
                let retry_after = response.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
                let body = response.body().bytes().unwrap_or_default().to_vec();
                let answer = (response.status().as_u16(), retry_after.map(Duration::from_secs), body);
                Ok::<_, OrchestratorError<NoAnswer>>(answer)
            })
            .build();
        operation.invoke(request).await.map_err(|error| Trouble::Passing(fault::sentence(&error), None))
    }
}

/// Bytes that `CloudWatch` bills for a month of such runs, one every `period` minutes.
#[must_use]
pub fn bytes_a_month(weight: usize, period: u32) -> u64 {
    u64::try_from(weight).unwrap_or(u64::MAX).saturating_mul(MINUTES_A_MONTH) / u64::from(period.max(1))
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes all that is written.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn way_out(status: u16, signed: bool) -> &'static str {
    match status {
        401 | 403 if signed => "; the run's role needs cloudwatch:PutMetricData",
        401 | 403 => "; check OTEL_EXPORTER_OTLP_HEADERS",
        404 | 405 => "; check the path: OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is the whole URL",
        _ => "",
    }
}

const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
/// The service that a signature for `CloudWatch` names (Amazon `CloudWatch` User Guide, "Send metrics using OpenTelemetry").
const SERVICE: &str = "monitoring";
const REQUESTS_AT_ONCE: usize = 4;
/// A month has 30 days and 10 hours.
const MINUTES_A_MONTH: u64 = 43_800;
/// How long opening a connection may last.
const CONNECT: Duration = Duration::from_secs(3);
/// The pause after the first failure; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Largest answer in bytes: it contains at most what was left out.
const LONGEST_ANSWER: usize = 1024 * 1024;
