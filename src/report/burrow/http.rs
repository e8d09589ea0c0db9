//! Burrow's HTTP side, in the words of a Lambda function URL or an HTTP API (payload format 2.0).

use serde::Serialize;

use super::Origin;

/// What the function returns for one HTTP request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    status_code: u16,
    headers: Headers,
    body: String,
    is_base64_encoded: bool,
}

#[derive(Debug, Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
    #[serde(rename = "cache-control")]
    cache_control: &'static str,
}

/// `httpResponseError`.
#[derive(Serialize)]
struct HttpResponseError<'a> {
    error: bool,
    message: &'a str,
    request: &'a Origin,
}

impl Response {
    /// This JSON, with this status code.
    pub(crate) fn new(status_code: u16, body: String) -> Self {
        let headers = Headers { content_type: "application/json", cache_control: "no-store" };
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// Burrow's form of an error.
    pub(crate) fn failure(status_code: u16, message: &str, request: &Origin) -> Self {
        // Strings and a flag: nothing here can fail.
        let body = serde_json::to_string(&HttpResponseError { error: true, message, request }).unwrap_or_default();
        Self::new(status_code, body)
    }

    /// As one line of JSON.
    pub(crate) fn to_json(&self) -> String {
        // As above.
        serde_json::to_string(self).unwrap_or_default()
    }
}
