//! A request to a Lambda function URL or an HTTP API, by Burrow's paths.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::origin::{Origin, View};

/// What was asked by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The decoded path and the host that it was sent to.
    pub origin: Origin,
    /// What it asks for, or the status code and sentence that refuse it.
    pub question: Result<ConsumerQuestion, (u16, &'static str)>,
}

/// `/v3/kafka/{cluster}/consumer/{group}/status`, or `/lag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerQuestion {
    /// The cluster's name.
    pub cluster: String,
    /// The group's name.
    pub group: String,
    /// Which of the two.
    pub view: View,
}

/// Payload format 2.0, as far as it matters (AWS Lambda, function URLs; API Gateway, HTTP APIs).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    raw_path: String,
    #[serde(default)]
    request_context: RequestContext,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    domain_name: String,
    stage: String,
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    method: String,
}

impl Call {
    pub(super) fn new(payload: &Payload) -> Self {
        let Payload { raw_path, request_context: RequestContext { domain_name, stage, http } } = payload;
        // The path of an HTTP API begins with its stage, unless that is the default one.
        let staged = raw_path.strip_prefix('/').and_then(|path| path.strip_prefix(stage.as_str()));
        let path = staged.filter(|rest| !stage.is_empty() && rest.starts_with('/')).unwrap_or(raw_path);
        let url = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let question = match http.method.as_str() {
            "" | "GET" | "HEAD" => question(path).ok_or((404, UNKNOWN_PATH)),
            _ => Err((405, "nothing but GET is answered")),
        };
        Self { origin: Origin { url, host: domain_name.clone() }, question }
    }
}

/// Function URLs leave a path as it was sent, HTTP APIs decode it first; so whatever stands between `consumer` and the last
/// word is the group's name, slashes included.
fn question(path: &str) -> Option<ConsumerQuestion> {
    let rest = path.trim_end_matches('/').strip_prefix("/v3/kafka/")?;
    let (cluster, rest) = rest.split_once("/consumer/")?;
    let (group, last) = rest.rsplit_once('/')?;
    let view = [View::Status, View::Lag].into_iter().find(|view| view.word() == last)?;
    let decoded = |text| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    let (cluster, group) = (decoded(cluster)?, decoded(group)?);
    (!cluster.is_empty() && !group.is_empty()).then_some(ConsumerQuestion { cluster, group, view })
}

const UNKNOWN_PATH: &str =
    "only /v3/kafka/{cluster}/consumer/{group}/status and /v3/kafka/{cluster}/consumer/{group}/lag are answered";

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn call(path: &str, method: &str, stage: &str) -> Call {
        let event = serde_json::json!({
            "version": "2.0",
            "rawPath": path,
            "requestContext": { "domainName": "d.example", "stage": stage, "http": { "method": method, "path": path } },
        });
        Call::new(&serde_json::from_value(event).unwrap())
    }

    fn asked(path: &str) -> Option<(String, String, View)> {
        call(path, "GET", "$default").question.ok().map(|asked| (asked.cluster, asked.group, asked.view))
    }

    fn check(path: &str, cluster: &str, group: &str, view: View) {
        assert_eq!(asked(path), Some((cluster.to_owned(), group.to_owned(), view)), "{path}");
    }

    #[test]
    fn burrows_two_paths_are_understood() {
        check("/v3/kafka/prod/consumer/orders-svc/lag", "prod", "orders-svc", View::Lag);
        check("/v3/kafka/prod/consumer/orders-svc/status", "prod", "orders-svc", View::Status);
        check("/v3/kafka/prod/consumer/orders-svc/lag/", "prod", "orders-svc", View::Lag);
    }

    #[test]
    fn names_may_have_any_characters() {
        check("/v3/kafka/prod/consumer/a%20b%2Fc/lag", "prod", "a b/c", View::Lag);
        check("/v3/kafka/prod/consumer/a b/c/lag", "prod", "a b/c", View::Lag);
        check("/v3/kafka/prod/consumer/consumer/consumer/lag", "prod", "consumer/consumer", View::Lag);
        assert_eq!(call("/v3/kafka/p/consumer/a%20b/lag", "GET", "").origin.url, "/v3/kafka/p/consumer/a b/lag");
    }

    #[test]
    fn the_stage_of_an_http_api_is_no_part_of_the_path() {
        let asked = call("/live/v3/kafka/prod/consumer/g/lag", "GET", "live");
        assert_eq!(asked.question.unwrap().group, "g");
        assert_eq!(asked.origin, Origin { url: "/v3/kafka/prod/consumer/g/lag".into(), host: "d.example".into() });
    }

    #[test]
    fn other_paths_and_methods_are_refused_with_what_is_answered() {
        for path in
            ["/", "", "/v3/kafka", "/v3/kafka/prod/consumer/g", "/v3/kafka/prod/consumer//lag", "/v3/kafka/p/topic/t"]
        {
            assert_eq!(call(path, "GET", "").question, Err((404, UNKNOWN_PATH)), "{path}");
        }
        let deletion = call("/v3/kafka/prod/consumer/g/lag", "DELETE", "");
        assert_eq!(deletion.question.unwrap_err().0, 405);
    }
}
