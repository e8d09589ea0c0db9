//! The service's errors: what is wrong with a request, and the code and status for it.
//!
//! Codes are those of the API reference of each operation and of its page on common errors; the wording follows messages that users of the
//! service have published.

/// One error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The error's name in the service's model, or the front end's code.
    pub(crate) shape: &'static str,
    /// The code that older clients knew it by, sent as `x-amzn-query-error`; the SDK matches on this one.
    /// `None` for the front end's errors, which the model does not list.
    pub(crate) query_code: Option<&'static str>,
    pub(crate) message: String,
}

impl Refusal {
    /// The code as the SDK shows it.
    pub(crate) fn code(&self) -> &'static str {
        self.query_code.unwrap_or(self.shape)
    }

    /// Who is to blame, in the words of `x-amzn-query-error`.
    pub(crate) fn fault(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }

    pub(crate) fn of_kind(kind: Kind, message: String) -> Self {
        let (shape, query_code) = match kind {
            Kind::Value => ("InvalidParameterValueException", "InvalidParameterValue"),
            Kind::Combination => ("InvalidParameterCombinationException", "InvalidParameterCombination"),
            Kind::Missing => ("MissingRequiredParameterException", "MissingParameter"),
            Kind::Validation => ("ValidationError", "ValidationError"),
            Kind::Token => ("InvalidNextToken", "InvalidNextToken"),
        };
        Self { status: 400, shape, query_code: Some(query_code), message }
    }

    pub(crate) fn throttled() -> Self {
        Self::front_end(400, "ThrottlingException", "Rate exceeded".to_owned())
    }

    pub(crate) fn denied(operation: &str) -> Self {
        let user = "arn:aws:sts::123456789012:assumed-role/meerkat/meerkat";
        let message = format!(
            "User: {user} is not authorized to perform: cloudwatch:{operation} because no identity-based policy allows the \
             cloudwatch:{operation} action"
        );
        Self::front_end(403, "AccessDeniedException", message)
    }

    pub(crate) fn skewed() -> Self {
        let message = "The difference between the request time and the current time is too large.".to_owned();
        Self::front_end(403, "RequestTimeTooSkewed", message)
    }

    pub(crate) fn internal() -> Self {
        let message = "The request processing has failed due to some unknown error, exception or failure.".to_owned();
        Self { status: 500, shape: "InternalServiceFault", query_code: Some("InternalServiceError"), message }
    }

    pub(crate) fn unavailable() -> Self {
        Self::front_end(503, "ServiceUnavailable", "Service is unavailable".to_owned())
    }

    pub(crate) fn too_large(size: usize, limit: usize) -> Self {
        Self::front_end(413, "RequestEntityTooLarge", format!("Request size {size} exceeded {limit} bytes"))
    }

    pub(crate) fn unreadable(cause: &str) -> Self {
        Self::front_end(400, "SerializationException", cause.to_owned())
    }

    pub(crate) fn unknown_operation(path: &str) -> Self {
        Self::front_end(404, "UnknownOperationException", format!("no operation at {path}"))
    }

    fn front_end(status: u16, shape: &'static str, message: String) -> Self {
        Self { status, shape, query_code: None, message }
    }
}

/// The model's error for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Value,
    Combination,
    Missing,
    Validation,
    Token,
}

/// Everything found wrong with one request: the service lists the members at fault, and keeps nothing of it.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<(Kind, String)>,
}

impl Problems {
    pub(crate) fn add(&mut self, kind: Kind, message: String) {
        self.found.push((kind, message));
    }

    pub(crate) fn value(&mut self, message: String) {
        self.add(Kind::Value, message);
    }

    pub(crate) fn required(&mut self, parameter: &str) {
        self.add(Kind::Missing, format!("The parameter {parameter} is required."));
    }

    /// One code for one answer: that of the first problem, with all messages of its kind.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        let kind = self.found.first()?.0;
        let messages: Vec<String> =
            self.found.into_iter().filter(|problem| problem.0 == kind).map(|problem| problem.1).collect();
        Some(Refusal::of_kind(kind, messages.join("\n")))
    }

    /// As [`Self::refusal`], but in the form of the read operations: a `ValidationError` with every message.
    pub(crate) fn validation(self) -> Option<Refusal> {
        let found = self.found.into_iter().map(|(_, message)| (Kind::Validation, message)).collect();
        Self { found }.refusal()
    }
}
