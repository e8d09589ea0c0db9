//! A request to a Lambda function URL or an HTTP API, by Burrow's paths.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::origin::{Origin, View};
use crate::model::secret::Secret;

/// What was asked by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The decoded path and the host of the request.
    pub origin: Origin,
    /// The question, or the status code and sentence that refuse it.
    pub question: Result<Question, (u16, &'static str)>,
    /// The header `authorization`, if it has one.
    pub login: Option<Secret>,
    /// Whether the caller used TLS, as the front reports.
    pub encrypted: bool,
}

/// One of the paths of Burrow's HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// `/burrow/admin`: whether the server runs.
    Alive,
    /// `/metrics`: everything, as text for Prometheus.
    Metrics,
    /// `/v3/kafka`: the names of the clusters.
    Clusters,
    /// `/v3/kafka/{cluster}`: how to connect to the cluster.
    Cluster(String),
    /// `/v3/kafka/{cluster}/consumer`: the names of the groups.
    Consumers(String),
    /// `/v3/kafka/{cluster}/topic`: the names of the topics.
    Topics(String),
    /// `/v3/kafka/{cluster}/topic/{topic}`: the log end offsets of the topic.
    Topic {
        /// The cluster's name.
        cluster: String,
        /// The topic's name.
        topic: String,
    },
    /// `/v3/kafka/{cluster}/consumer/{group}`, or `…/status`, or `…/lag`.
    Consumer {
        /// The cluster's name.
        cluster: String,
        /// The group's name.
        group: String,
        /// `/status` or `/lag`; `None` for the commits of each partition.
        view: Option<View>,
    },
}

impl Question {
    /// The cluster of the question; `None` if it is about none in particular.
    pub(crate) fn cluster(&self) -> Option<&str> {
        match self {
            Self::Alive | Self::Metrics | Self::Clusters => None,
            Self::Cluster(cluster)
            | Self::Consumers(cluster)
            | Self::Topics(cluster)
            | Self::Topic { cluster, .. }
            | Self::Consumer { cluster, .. } => Some(cluster),
        }
    }

    /// Whether the answer depends on what groups read now and before.
    pub(crate) fn is_about_lag(&self) -> bool {
        matches!(self, Self::Metrics | Self::Consumer { .. })
    }
}

/// Payload format 2.0, the parts that matter (AWS Lambda, function URLs; API Gateway, HTTP APIs).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    raw_path: String,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    request_context: RequestContext,
}

/// The headers that matter; their names are in lower case.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Headers {
    authorization: Option<String>,
    x_forwarded_proto: Option<String>,
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
    pub(super) fn new(payload: Payload) -> Self {
        let Payload { raw_path, headers, request_context: RequestContext { domain_name, stage, http } } = payload;
        // The path of an HTTP API begins with its stage, unless that is the default one.
        let staged = raw_path.strip_prefix('/').and_then(|path| path.strip_prefix(stage.as_str()));
        let path = staged.filter(|rest| !stage.is_empty() && rest.starts_with('/')).unwrap_or(&raw_path);
        let url = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let question = match http.method.as_str() {
            "" | "GET" | "HEAD" => question(path).ok_or((404, UNKNOWN_PATH)),
            _ => Err((405, "only GET is answered: nothing can be changed here")),
        };
        Self {
            origin: Origin { url, host: domain_name },
            question,
            login: headers.authorization.map(Secret::new),
            encrypted: headers.x_forwarded_proto.as_deref() == Some("https"),
        }
    }

    /// The user name and password of Basic authentication (RFC 7617), as `name:password`.
    pub(crate) fn basic(&self) -> Option<Secret> {
        let (scheme, encoded) = self.login.as_ref()?.expose().split_once(' ')?;
        let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())?;
        String::from_utf8(decoded?).ok().map(Secret::new)
    }
}

/// Function URLs leave a path as it was sent, HTTP APIs decode it first; so the group's name is everything between
/// `consumer` and the last word, slashes included.
fn question(path: &str) -> Option<Question> {
    let path = path.trim_end_matches('/');
    match path {
        "/burrow/admin" => return Some(Question::Alive),
        "/metrics" => return Some(Question::Metrics),
        "/v3/kafka" => return Some(Question::Clusters),
        _ => {}
    }
    let rest = path.strip_prefix("/v3/kafka/")?;
    let Some((cluster, rest)) = rest.split_once('/') else { return Some(Question::Cluster(decoded(rest)?)) };
    let cluster = decoded(cluster)?;
    match rest.split_once('/') {
        None if rest == "consumer" => Some(Question::Consumers(cluster)),
        None if rest == "topic" => Some(Question::Topics(cluster)),
        Some(("topic", topic)) => Some(Question::Topic { cluster, topic: decoded(topic)? }),
        Some(("consumer", rest)) => {
            let viewed = rest.rsplit_once('/').and_then(|(group, last)| {
                let view = [View::Status, View::Lag].into_iter().find(|view| view.word() == last)?;
                Some((group, view))
            });
            let (group, view) = viewed.map_or((rest, None), |(group, view)| (group, Some(view)));
            Some(Question::Consumer { cluster, group: decoded(group)?, view })
        }
        _ => None,
    }
}

/// A name in a path; it must not be empty.
fn decoded(text: &str) -> Option<String> {
    let name = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    Some(name).filter(|name| !name.is_empty())
}

const UNKNOWN_PATH: &str = "these paths are answered: /burrow/admin, /metrics, /v3/kafka, /v3/kafka/{cluster}, and below that /consumer, /consumer/{group}, /consumer/{group}/status, /consumer/{group}/lag, /topic and /topic/{topic}";

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
        Call::new(serde_json::from_value(event).unwrap())
    }

    fn asked(path: &str) -> Option<Question> {
        call(path, "GET", "$default").question.ok()
    }

    fn about(cluster: &str, group: &str, view: Option<View>) -> Question {
        Question::Consumer { cluster: cluster.into(), group: group.into(), view }
    }

    #[test]
    fn every_path_of_burrows_clients_is_understood() {
        let prod = || String::from("prod");
        for (path, question) in [
            ("/burrow/admin", Question::Alive),
            ("/metrics", Question::Metrics),
            ("/v3/kafka", Question::Clusters),
            ("/v3/kafka/", Question::Clusters),
            ("/v3/kafka/prod", Question::Cluster(prod())),
            ("/v3/kafka/prod/consumer", Question::Consumers(prod())),
            ("/v3/kafka/prod/topic", Question::Topics(prod())),
            ("/v3/kafka/prod/topic/orders.v1", Question::Topic { cluster: prod(), topic: "orders.v1".into() }),
        ] {
            assert_eq!(asked(path), Some(question), "{path}");
        }
        for (path, view) in [("", None), ("/lag", Some(View::Lag)), ("/status", Some(View::Status))] {
            let path = format!("/v3/kafka/prod/consumer/orders-svc{path}");
            assert_eq!(asked(&path), Some(about("prod", "orders-svc", view)), "{path}");
        }
    }

    #[test]
    fn names_may_have_any_characters() {
        for (path, group, view) in [
            ("a%20b%2Fc/lag", "a b/c", Some(View::Lag)),
            ("a b/c/lag", "a b/c", Some(View::Lag)),
            ("a b/c", "a b/c", None),
            ("status", "status", None),
            ("consumer/consumer/lag", "consumer/consumer", Some(View::Lag)),
        ] {
            assert_eq!(asked(&format!("/v3/kafka/p%2Fq/consumer/{path}")), Some(about("p/q", group, view)), "{path}");
        }
        assert_eq!(call("/v3/kafka/p/consumer/a%20b/lag", "GET", "").origin.url, "/v3/kafka/p/consumer/a b/lag");
    }

    #[test]
    fn the_stage_of_an_http_api_is_no_part_of_the_path() {
        let asked = call("/live/v3/kafka/prod/consumer/g/lag", "GET", "live");
        assert_eq!(asked.question.ok(), Some(about("prod", "g", Some(View::Lag))));
        assert_eq!(asked.origin, Origin { url: "/v3/kafka/prod/consumer/g/lag".into(), host: "d.example".into() });
    }

    #[test]
    fn other_paths_and_methods_are_refused_with_what_is_answered() {
        for path in [
            "/",
            "",
            "/v2/kafka",
            "/v3/config",
            "/v3/kafka/prod/consumer//lag",
            "/v3/kafka/prod/other",
            "/v3/kafka//consumer",
            "/v3/kafka/prod/topics/t",
        ] {
            assert_eq!(call(path, "GET", "").question, Err((404, UNKNOWN_PATH)), "{path}");
        }
        for method in ["DELETE", "POST", "PUT", "OPTIONS"] {
            assert_eq!(call("/v3/kafka/prod/consumer/g", method, "").question.unwrap_err().0, 405, "{method}");
        }
    }

    #[test]
    fn a_login_is_read_and_shows_in_no_output() {
        let with = |headers: serde_json::Value| {
            Call::new(
                serde_json::from_value(serde_json::json!({ "rawPath": "/v3/kafka", "headers": headers })).unwrap(),
            )
        };
        let call = with(serde_json::json!({ "authorization": "bAsIc YTpodW50ZXIyOng=", "x-forwarded-proto": "https" }));
        assert!(call.encrypted);
        assert_eq!(call.basic().unwrap().expose(), "a:hunter2:x");
        assert!(!format!("{call:?}").contains("YTpodW50"), "{call:?}");
        for authorization in ["", "Basic", "Basic !", "Bearer YTpodW50ZXIyOng=", "Basic /w=="] {
            let call = with(serde_json::json!({ "authorization": authorization, "x-forwarded-proto": "http" }));
            assert!(!call.encrypted);
            assert_eq!(call.basic(), None, "{authorization}");
        }
    }
}
