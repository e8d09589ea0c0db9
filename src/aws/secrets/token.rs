//! A bearer token for client credentials (RFC 6749, section 4.4), as Kafka's own client asks for one (KIP-768).

use std::time::Duration;

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::call::{Failure, call};
use super::{Door, LONGEST_ANSWER, SecretError};
use crate::aws::http;
use crate::base::shown;
use crate::keystore::Authorities;
use crate::model::mask::Mask;
use crate::model::secret::Secret;

/// What is needed to ask for a token.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The issuer's token endpoint, an `https` URL.
    pub endpoint: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The scope to ask for; `None` leaves it to the issuer.
    pub scope: Option<String>,
    /// Whether id and secret are percent-encoded first, as RFC 6749 demands and many issuers do not expect
    /// (KAFKA-16345).
    pub header_urlencode: bool,
    /// CAs to trust besides the system's.
    pub ca: Option<Authorities>,
}

/// A token, and its lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub token: Secret,
    /// From now on; `None` if the issuer does not return it.
    pub lifetime: Option<Duration>,
}

/// A successful answer (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// Seconds; some issuers write them as text (Microsoft's first endpoint).
    #[serde(default)]
    expires_in: Value,
}

impl TokenAnswer {
    fn lifetime(&self) -> Option<Duration> {
        let seconds = self.expires_in.as_f64().or_else(|| self.expires_in.as_str()?.trim().parse().ok());
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

impl Door {
    /// A fresh token.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the endpoint cannot be reached, is not safe for a secret, or refuses.
    pub async fn token(&self, request: &TokenRequest) -> Result<Token, SecretError> {
        let endpoint = || shown(&request.endpoint);
        let unfit =
            |why: &str| SecretError::Unusable { subject: format!("{VARIABLE} ({})", endpoint()), why: why.to_owned() };
        let (origin, path) = split(&request.endpoint).map_err(unfit)?;
        let http = match &request.ca {
            Some(authorities) => trusting(authorities).map_err(unfit)?,
            None => self.http.clone(),
        };
        let message = message(request, path)
            .map_err(|source| SecretError::Settings { subject: format!("{VARIABLE} ({})", endpoint()), source })?;
        let body = call(&http, self.wait, origin, message).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => {
                let said = refusal.masked(&mask(request));
                SecretError::NoToken { endpoint: endpoint(), said, way_out: way_out(refusal.code(), refusal.status) }
            }
            Failure::TooLong(why) => unfit(&why.to_string()),
            Failure::Unreachable(source) => {
                SecretError::Unreachable { subject: VARIABLE.to_owned(), origin: origin.to_owned(), source }
            }
        })?;
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| unfit("its answer has no access_token"))?;
        let lifetime = answer.lifetime();
        Ok(Token { token: Secret::new(answer.access_token), lifetime })
    }
}

fn message(request: &TokenRequest, path: &str) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
    let pair = pair(request, request.header_urlencode);
    let scope = request.scope.as_ref().map_or(String::new(), |scope| format!("&scope={}", encode(scope)));
    let mut message = HttpRequest::new(SdkBody::from(format!("grant_type=client_credentials{scope}")));
    message.set_method("POST")?;
    message.set_uri(path)?;
    message.headers_mut().insert("accept", "application/json");
    message.headers_mut().insert("authorization", format!("Basic {}", STANDARD.encode(pair)));
    message.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    Ok(message)
}

/// What an issuer may repeat of the request: the secret, and the header with it, encoded or not.
fn mask(request: &TokenRequest) -> Mask {
    let headers = [false, true].map(|encoded| Secret::new(STANDARD.encode(pair(request, encoded))));
    Mask::new([&request.client_secret].into_iter().chain(&headers))
}

/// Id and secret, as the header `Authorization` has them.
fn pair(request: &TokenRequest, encoded: bool) -> String {
    let (id, secret) = (request.client_id.as_str(), request.client_secret.expose());
    if encoded { [encode(id), encode(secret)].join(":") } else { format!("{id}:{secret}") }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A URL for an error message: without a user, and without a query, which may be a key.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = plain.split_once("://").map_or(("", plain), |(scheme, rest)| (scheme, rest));
    let scheme = if matches!(scheme, "http" | "https") { format!("{scheme}://") } else { String::new() };
    let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("***@", rest));
    // Characters that no URL has are not part of it: perhaps other lines of a file.
    let of_urls = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    let url = rest.split(|c| !of_urls(c)).next().unwrap_or_default();
    let more = if url.len() < rest.len() { "…" } else { "" };
    if scheme.is_empty() && user.is_empty() {
        return shown::characters(plain);
    }
    shown::cut(&format!("{scheme}{user}{url}{more}"), LONGEST_URL)
}

/// Origin and path of a URL that is safe for a secret.
fn split(url: &str) -> Result<(&str, &str), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("it must be an https URL")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    // No one can listen in between on the machine itself.
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match scheme {
        _ if host.is_empty() || authority.contains('@') => {
            Err("it must be an https URL with a host and without a user")
        }
        "https" => Ok((&url[..scheme.len() + 3 + end], if path.is_empty() { "/" } else { path })),
        "http" if local => Ok((&url[..scheme.len() + 3 + end], if path.is_empty() { "/" } else { path })),
        _ => Err("it must be an https URL, or the client's secret could be read on its way"),
    }
}

/// A client that trusts these CAs besides the public ones: brokers with their own CA often use a public issuer.
fn trusting(authorities: &Authorities) -> Result<SharedHttpClient, &'static str> {
    let store = TrustStore::default().with_pem_certificate(authorities.to_pem());
    let context = TlsContext::builder().with_trust_store(store).build();
    let context = context.map_err(|_| "KAFKA_SSL_TRUSTSTORE is not accepted")?;
    Ok(http::client(LONGEST_ANSWER, Some(context)))
}

fn way_out(code: &str, status: u16) -> &'static str {
    match (code, status) {
        ("invalid_client" | "unauthorized_client", _) | (_, 401) => {
            "check KAFKA_SASL_OAUTHBEARER_CLIENT_ID and KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET, or what KAFKA_SASL_SECRET refers to"
        }
        ("invalid_scope", _) => "check KAFKA_SASL_OAUTHBEARER_SCOPE",
        ("unsupported_grant_type", _) => "let the issuer allow client credentials to this client",
        _ => "check KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
    }
}

/// Characters of a URL that are shown.
const LONGEST_URL: usize = 300;

/// The variable that names the endpoint.
const VARIABLE: &str = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL";

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_secret_goes_over_tls_or_not_at_all() {
        assert_eq!(split("https://issuer.example/oauth/token?x=y"), Ok(("https://issuer.example", "/oauth/token?x=y")));
        assert_eq!(split("https://issuer.example:8443"), Ok(("https://issuer.example:8443", "/")));
        assert_eq!(split("http://127.0.0.1:8080/t"), Ok(("http://127.0.0.1:8080", "/t")));
        for wrong in [
            "http://issuer.example/t",
            "http://127.0.0.1.example/t",
            "issuer.example",
            "https:///t",
            "https://u@h/t",
            "ftp://h/",
        ] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_shows_without_what_may_be_secret() {
        assert_eq!(shown("https://issuer.example/t?key=hunter2"), "https://issuer.example/t");
        assert_eq!(shown("https://meerkat:hunter2@issuer.example/t"), "https://***@issuer.example/t");
        assert_eq!(shown("https://meerkat:hunt@er/2@issuer.example"), "https://***@issuer.example");
        assert_eq!(shown("meerkat:hunter2@issuer.example"), "***@issuer.example");
        assert_eq!(shown("hunter2"), "7 characters");
        for more in [" sasl.mechanism=x", ",password=hunter2", "\\nhunter2", "\"hunter2"] {
            assert_eq!(shown(&format!("https://issuer.example/t{more}")), "https://issuer.example/t…");
        }
    }

    #[test]
    fn a_lifetime_is_a_number_however_it_is_written() {
        let lifetime = |text: &str| {
            let answer = format!(r#"{{"access_token":"t","expires_in":{text}}}"#);
            serde_json::from_str::<TokenAnswer>(&answer).unwrap().lifetime()
        };
        let hour = Some(Duration::from_secs(3_599));
        assert_eq!((lifetime("3599"), lifetime("\"3599\""), lifetime("3599.0")), (hour, hour, hour));
        for none in ["null", "true", "\"soon\"", "-1", "1e30", "\"NaN\"", "[]", "{}"] {
            assert_eq!(lifetime(none), None, "{none}");
        }
        assert!(serde_json::from_str::<TokenAnswer>(r#"{"access_token":"t"}"#).unwrap().lifetime().is_none());
        // What a clock can reach is up to who adds it.
        assert!(lifetime("9223372036854775807").is_some());
    }

    fn header(header_urlencode: bool) -> String {
        let request = TokenRequest {
            endpoint: String::new(),
            client_id: "id".into(),
            client_secret: Secret::new("a+b/c".into()),
            scope: Some("kafka read".into()),
            header_urlencode,
            ca: None,
        };
        let message = message(&request, "/token").unwrap();
        assert_eq!(message.body().bytes(), Some(&b"grant_type=client_credentials&scope=kafka%20read"[..]));
        let header = message.headers().get("authorization").unwrap().strip_prefix("Basic ").unwrap().to_owned();
        String::from_utf8(STANDARD.decode(header).unwrap()).unwrap()
    }

    #[test]
    fn id_and_secret_are_encoded_only_when_configured() {
        assert_eq!(header(false), "id:a+b/c");
        assert_eq!(header(true), "id:a%2Bb%2Fc");
    }

    #[test]
    fn what_an_issuer_repeats_shows_no_secret_wherever_it_is_cut() {
        let request = TokenRequest {
            endpoint: String::new(),
            client_id: "id".into(),
            client_secret: Secret::new("hunter2/".into()),
            scope: None,
            header_urlencode: true,
            ca: None,
        };
        for before in 480..510 {
            let header = STANDARD.encode(pair(&request, true));
            for repeated in ["hunter2/", "hunter2%2F", &header] {
                let said = mask(&request).apply(&format!("{}{repeated}", "x".repeat(before)));
                assert!(!said.contains("hun") && !said.contains(&header[..3]), "{said}");
            }
        }
    }

    mod fuzz {
        include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fuzz.rs"));
    }

    #[test]
    fn any_answer_of_an_issuer_is_a_token_or_a_refusal() {
        use super::super::call::Refusal;
        let pieces = [
            "{",
            "}",
            ":",
            ",",
            "\"access_token\"",
            "\"expires_in\"",
            "\"error\"",
            "\"error_description\"",
            "\"hunter2/\"",
            "9223372036854775807",
            "1e308",
            "-1",
            "\"1e400\"",
            "\"inf\"",
            "null",
            "[",
            "]",
            "<Code>",
            "</Code>",
            "\u{1b}[2J",
            "\n",
            "hunter2/",
            "hunter2%2f",
        ];
        let request = TokenRequest {
            endpoint: String::new(),
            client_id: "id".into(),
            client_secret: Secret::new("hunter2/".into()),
            scope: None,
            header_urlencode: true,
            ca: None,
        };
        fuzz::each(5_000, |choice| {
            let mut body = choice.text(&pieces, 14);
            if choice.below(2) == 0 {
                body = format!("{{\"access_token\":\"t\",\"expires_in\":{}}}", choice.of(&pieces));
            }
            let body = if choice.below(4) == 0 { choice.mutated(body.as_bytes()) } else { body.into() };
            if let Ok(answer) = serde_json::from_slice::<TokenAnswer>(&body) {
                let _ = answer.lifetime();
            }
            let said = Refusal::new(400, None, &body).masked(&mask(&request));
            assert!(!said.chars().any(char::is_control) && said.chars().count() < 600, "{said:?}");
            assert!(!said.contains("hunter2/") && !said.contains("hunter2%2f"), "{said}");
        });
    }
}
