//! Trouble that a test orders: what happens to which of the next calls.

use std::collections::VecDeque;

use serde::Deserialize;

/// Trouble for the calls of one operation. Faults of the same operation wait for one another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// `PutMetricData` or `GetMetricData`.
    operation: String,
    how: How,
    /// Calls that pass untouched first.
    #[serde(default)]
    after: u32,
    /// Calls that it strikes; `null` for all until faults are cleared.
    #[serde(default = "once")]
    times: Option<u32>,
}

#[expect(clippy::unnecessary_wraps, reason = "the field's default")]
fn once() -> Option<u32> {
    Some(1)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// `ThrottlingException`, "Rate exceeded".
    Throttle,
    /// `AccessDeniedException`.
    Deny,
    /// `RequestTimeTooSkewed`: the clocks differ.
    Skew,
    /// HTTP 500, `InternalServiceError`.
    InternalError,
    /// HTTP 503.
    Unavailable,
    /// The connection ends without an answer, and nothing was applied.
    Cut,
    /// The request is applied, then the connection ends without an answer: the SDK repeats it.
    ApplyThenCut,
    /// No answer, ever; nothing was applied.
    Hang,
    /// The request is applied, then there is no answer, ever.
    ApplyThenHang,
    /// HTTP 200 with half of the points, `PartialData`, and a token for the rest (`GetMetricData` alone, as the next two).
    PartialData,
    /// HTTP 200 with half of the points, `PartialData`, and no token.
    PartialDataForGood,
    /// HTTP 200 with `InternalError` for each query.
    QueryInternalError,
}

impl Fault {
    /// Strikes the next call.
    pub(crate) fn new(operation: &str, how: How) -> Self {
        Self { operation: operation.to_owned(), how, after: 0, times: once() }
    }

    pub(crate) fn after(self, calls: u32) -> Self {
        Self { after: calls, ..self }
    }

    pub(crate) fn times(self, calls: u32) -> Self {
        Self { times: Some(calls), ..self }
    }

    pub(crate) fn always(self) -> Self {
        Self { times: None, ..self }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    ordered: VecDeque<Fault>,
}

impl Faults {
    pub(crate) fn order(&mut self, fault: Fault) {
        self.ordered.push_back(fault);
    }

    /// What happens to this call of the operation.
    pub(crate) fn next(&mut self, operation: &str) -> Option<How> {
        self.ordered.retain(|fault| fault.times != Some(0));
        let fault = self.ordered.iter_mut().find(|fault| fault.operation == operation)?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.how)
    }
}
