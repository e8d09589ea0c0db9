//! One account in one Region: everything that outlives a request, and how each request is answered.

use std::collections::BTreeMap;
use std::time::Duration;

use ciborium::Value;

use super::answer::{HOURS_3, Spoil};
use super::calls::Calls;
use super::clock::Clock;
use super::faults::{Faults, How};
use super::quota::{self, Quotas};
use super::refusal::Refusal;
use super::store::{Store, Visibility};
use super::wire::{self, GetMetricData, PutMetricData};
use super::{get_rules, put_rules};

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) visibility: Visibility,
    pub(crate) faults: Faults,
    /// `None`: the quotas are not kept.
    pub(crate) quotas: Option<Quotas>,
    pub(crate) calls: BTreeMap<String, Calls>,
    /// Requests so far; the number of one is its place in this count.
    requests: u64,
}

/// What the client sees.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Vec<u8>),
    Refused(Refusal),
    /// The connection ends.
    Cut,
    /// The connection stays and nothing comes.
    Silence,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            clock: Clock::Real,
            store: Store::default(),
            visibility: Visibility::default(),
            faults: Faults::default(),
            quotas: None,
            calls: BTreeMap::new(),
            requests: 0,
        }
    }

    /// Answers one request, the body as it came.
    pub(crate) fn answer(&mut self, operation: &str, content_encoding: Option<&str>, wire_body: &[u8]) -> Outcome {
        self.requests += 1;
        let calls = self.calls.entry(operation.to_owned()).or_default();
        calls.received += 1;
        calls.wire_bytes += wire_body.len() as u64;
        let outcome = match self.faults.next(operation) {
            Some(How::Cut) => Outcome::Cut,
            Some(How::Hang) => Outcome::Silence,
            Some(How::Throttle) => Outcome::Refused(Refusal::throttled()),
            Some(How::Deny) => Outcome::Refused(Refusal::denied(operation)),
            Some(How::Skew) => Outcome::Refused(Refusal::skewed()),
            Some(How::InternalError) => Outcome::Refused(Refusal::internal()),
            Some(How::Unavailable) => Outcome::Refused(Refusal::unavailable()),
            fault => {
                let spoil = match fault {
                    Some(How::PartialData) => Spoil::HalfNow,
                    Some(How::PartialDataForGood) => Spoil::HalfForGood,
                    Some(How::QueryInternalError) => Spoil::InternalError,
                    _ => Spoil::Nothing,
                };
                match (self.apply(operation, content_encoding, wire_body, spoil), fault) {
                    (Err(refusal), _) => Outcome::Refused(refusal),
                    (Ok(_), Some(How::ApplyThenCut)) => Outcome::Cut,
                    (Ok(_), Some(How::ApplyThenHang)) => Outcome::Silence,
                    (Ok(None), _) => Outcome::Answer(Vec::new()),
                    (Ok(Some(body)), _) => Outcome::Answer(wire::encode(&body)),
                }
            }
        };
        let calls = self.calls.entry(operation.to_owned()).or_default();
        match &outcome {
            Outcome::Answer(_) => calls.succeeded += 1,
            Outcome::Refused(refusal) => *calls.refused.entry(refusal.code()).or_default() += 1,
            Outcome::Cut | Outcome::Silence => calls.unanswered += 1,
        }
        outcome
    }

    /// `None` for an operation without an output.
    fn apply(
        &mut self,
        operation: &str,
        content_encoding: Option<&str>,
        wire_body: &[u8],
        spoil: Spoil,
    ) -> Result<Option<Value>, Refusal> {
        let now = self.clock.now();
        let body = wire::inflate(content_encoding, wire_body)?;
        let calls = self.calls.entry(operation.to_owned()).or_default();
        calls.bytes += body.len() as u64;
        let limit = if operation == "GetMetricData" { GET_BODY_MAX } else { PUT_BODY_MAX };
        if body.len() > limit {
            return Err(Refusal::too_large(body.len(), limit));
        }
        if let Some(quotas) = &mut self.quotas
            && !quotas.take(quota_name(operation), quota::calls_a_second(operation), 1, now)
        {
            return Err(Refusal::throttled());
        }
        match operation {
            "PutMetricData" => {
                let request: PutMetricData = wire::decode(&body)?;
                let writes = put_rules::writes(&request, now)?;
                calls.datums += writes.len() as u64;
                self.store.accept(writes, self.requests, now, self.visibility);
                Ok(None)
            }
            "GetMetricData" => {
                let request: GetMetricData = wire::decode(&body)?;
                let (read, most) = get_rules::read(&request)?;
                let estimated = read.estimated_points(now);
                let recent = now.milliseconds() - read.start <= HOURS_3 * 1_000;
                let (name, limit) = if recent {
                    ("recent points", quota::RECENT_POINTS)
                } else {
                    ("older points", quota::OLDER_POINTS)
                };
                calls.estimated_points += estimated;
                if let Some(quotas) = &mut self.quotas
                    && !quotas.take(name, limit, estimated, now)
                {
                    return Err(Refusal::throttled());
                }
                let page = read.page(&self.store, now, request.next_token.as_deref(), most, spoil)?;
                calls.queries += read.queries.len() as u64;
                calls.points += page.points as u64;
                Ok(Some(page.body))
            }
            _ => Err(Refusal::unknown_operation(operation)),
        }
    }

    pub(crate) fn keep_quotas(&mut self, keep: bool) {
        self.quotas = keep.then(Quotas::default);
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }
}

fn quota_name(operation: &str) -> &'static str {
    match operation {
        "PutMetricData" => "PutMetricData",
        "GetMetricData" => "GetMetricData",
        _ => "other operations",
    }
}

/// 1 MB (`PutMetricData`), counted after inflating, which is the narrower reading of the documentation.
pub(crate) const PUT_BODY_MAX: usize = 1 << 20;
/// Not in the documentation: the service's own message, "Request size 639468 exceeded 614400 bytes" (influxdata/telegraf#10842).
pub(crate) const GET_BODY_MAX: usize = 600 << 10;
