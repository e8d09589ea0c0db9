//! Burrow's HTTP side, in the format of a Lambda function URL or an HTTP API (payload format 2.0).

use serde::Serialize;

use super::Origin;

/// The function's answer to one HTTP request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    status_code: u16,
    headers: Headers,
    body: String,
    is_base64_encoded: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Headers {
    content_type: &'static str,
    cache_control: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    www_authenticate: Option<&'static str>,
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
        Self::of_type("application/json", status_code, body)
    }

    /// A text with status 200.
    pub(crate) fn text(body: String) -> Self {
        Self::of_type("text/plain; version=0.0.4; charset=utf-8", 200, body)
    }

    fn of_type(content_type: &'static str, status_code: u16, body: String) -> Self {
        let headers = Headers { content_type, cache_control: "no-store", www_authenticate: None };
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// Burrow's form of an error.
    pub(crate) fn failure(status_code: u16, message: &str, request: &Origin) -> Self {
        // Strings and a flag: nothing here can fail.
        let body = serde_json::to_string(&HttpResponseError { error: true, message, request }).unwrap_or_default();
        Self::new(status_code, body)
    }

    /// The answer to a caller that has to log in.
    pub(crate) fn unauthorized(request: &Origin) -> Self {
        let mut response =
            Self::failure(401, "log in with the user name and password of MEERKAT_BURROW_LOGIN", request);
        response.headers.www_authenticate = Some(r#"Basic realm="meerkat", charset="UTF-8""#);
        response
    }

    /// As one line of JSON; one that is larger than a function's answer may be becomes an error with the reason.
    pub(crate) fn to_json(&self, request: &Origin) -> String {
        // As above.
        let json = serde_json::to_string(self).unwrap_or_default();
        if json.len() <= LARGEST {
            return json;
        }
        let why = format!(
            "the answer has {} bytes, and one of a function may have {LARGEST}: leave groups or topics out by MEERKAT_GROUPS or MEERKAT_TOPICS",
            json.len()
        );
        serde_json::to_string(&Self::failure(503, &why, request)).unwrap_or_default()
    }
}

/// Largest answer to a synchronous invocation (AWS Lambda, quotas).
const LARGEST: usize = 6 * 1024 * 1024;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_answer_that_no_function_may_give_is_a_failure_with_the_way_out() {
        let origin = Origin { url: "/metrics".into(), host: "d.example".into() };
        let response = |size| -> serde_json::Value {
            serde_json::from_str(&Response::text("x".repeat(size)).to_json(&origin)).unwrap()
        };
        assert_eq!(response(6_000_000)["statusCode"], 200);
        let large = response(LARGEST);
        assert_eq!(large["statusCode"], 503);
        assert!(large["body"].as_str().unwrap().contains("MEERKAT_GROUPS"), "{large}");
    }
}
