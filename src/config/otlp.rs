//! Where metrics go by OTLP: the variables of OpenTelemetry's own exporters (specification, "OTLP Exporter Configuration" and "SDK
//! Environment Variables").

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::material::is_path;
use super::reader::Variables;
use crate::aws::secrets::Source;

/// A receiver of OTLP over HTTP, and how to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Otlp {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The path, with its query.
    pub(crate) path: String,
    /// Headers of each request, such as a key.
    pub(crate) headers: Vec<(String, Source)>,
    /// How long a request may last, retries included.
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    /// A CA to trust besides the public ones.
    pub(crate) certificate: Option<Source>,
    /// Attributes of the sender, `service.name` among them.
    pub(crate) resource: Vec<(String, String)>,
    /// The Region if the receiver is `CloudWatch`, for which requests are signed; `None` for other receivers.
    pub(crate) region: Option<String>,
}

impl Variables {
    /// The receiver, if this run publishes to one.
    pub(super) fn otlp(&mut self) -> Otlp {
        let (origin, path) = self.otlp_endpoint();
        let region = self.text("MEERKAT_OTLP_SIGV4_REGION").or_else(|| region(&origin).map(str::to_owned));
        self.otlp_protocol();
        let compression = self.of_metrics("COMPRESSION").map(|(name, word)| (name, word.to_ascii_lowercase()));
        let gzip = match compression.as_ref().map(|(name, word)| (name, word.as_str())) {
            // A hundred kilobytes of names become five.
            None => region.is_some(),
            Some((_, "gzip")) => true,
            Some((_, "none" | "")) => false,
            Some((name, other)) => {
                self.unexpected(name, "must be gzip or none", other, &["gzip", "zstd", "deflate"]);
                false
            }
        };
        Otlp {
            headers: self.otlp_headers(),
            timeout: self.otlp_timeout(),
            gzip,
            certificate: self.otlp_certificate(),
            resource: self.otlp_resource(),
            origin,
            path,
            region,
        }
    }

    /// The variable for metrics overrides the one for all signals.
    fn of_metrics(&mut self, what: &str) -> Option<(&'static str, String)> {
        let names = NAMES.iter().find(|[known, ..]| *known == what)?;
        names[1..].iter().find_map(|name| Some((*name, self.text(name)?)))
    }

    fn otlp_endpoint(&mut self) -> (String, String) {
        let (name, url) = self.of_metrics("ENDPOINT").unwrap_or_default();
        match split(&url) {
            Ok((origin, path)) if name == METRICS_ENDPOINT => {
                (origin.to_owned(), if path.is_empty() { "/".to_owned() } else { path.to_owned() })
            }
            Ok((origin, path)) => (origin.to_owned(), format!("{}/v1/metrics", path.trim_end_matches('/'))),
            Err(why) => {
                self.wrong(name, format_args!("must be an http or https URL, such as http://localhost:4318: {why}"));
                (String::new(), String::new())
            }
        }
    }

    fn otlp_protocol(&mut self) {
        if let Some((name, protocol)) = self.of_metrics("PROTOCOL")
            && protocol != "http/protobuf"
        {
            self.wrong(
                name,
                "must be http/protobuf, which is all that meerkat sends: use the receiver's HTTP port, often 4318",
            );
        }
    }

    /// `key=value` pairs; a value is percent-encoded, and may be a reference to a secret.
    fn otlp_headers(&mut self) -> Vec<(String, Source)> {
        let Some((name, text)) = self.of_metrics("HEADERS") else { return Vec::new() };
        let mut headers = Vec::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let header = pair.split_once('=').and_then(|(key, value)| {
                let (key, value) = (key.trim(), percent_decode_str(value.trim()).decode_utf8().ok()?);
                let fits = |c: char| c.is_ascii_alphanumeric() || "-_.!#$%&'*+^`|~".contains(c);
                let named = !key.is_empty() && key.chars().all(fits);
                (named && !value.contains(['\r', '\n', '\0'])).then(|| (key.to_ascii_lowercase(), value.into_owned()))
            });
            match header.map(|(key, value)| (key, Source::parse(&value))) {
                Some((key, Ok(source))) => headers.push((key, source)),
                Some((key, Err(expectation))) => self.wrong(name, format_args!("({key}) {expectation}")),
                None => self.wrong(name, "must be KEY=VALUE pairs, separated by commas, with percent-encoded values"),
            }
        }
        headers
    }

    fn otlp_timeout(&mut self) -> Duration {
        let (name, text) = self.of_metrics("TIMEOUT").unwrap_or_default();
        let ms = text.parse().ok().filter(|ms| (1..=900_000).contains(ms));
        if ms.is_none() {
            self.wrong(name, "must be a whole number of milliseconds from 1 to 900000");
        }
        Duration::from_millis(ms.unwrap_or_default())
    }

    fn otlp_certificate(&mut self) -> Option<Source> {
        let (name, text) = self.of_metrics("CERTIFICATE")?;
        let source = match Source::parse(&text) {
            Ok(Source::Inline(_)) if !text.contains("-----BEGIN ") && is_path(&text) => {
                Source::parse(&format!("file:{text}"))
            }
            Ok(Source::Inline(_)) if !text.contains("-----BEGIN ") => {
                let expected =
                    "must be PEM, which begins with -----BEGIN, or the path of a file with PEM, or refer to one";
                self.wrong(name, format_args!("{expected}; the value is not shown"));
                return None;
            }
            other => other,
        };
        source.map_err(|expectation| self.wrong(name, expectation)).ok()
    }

    fn otlp_resource(&mut self) -> Vec<(String, String)> {
        let name = "OTEL_RESOURCE_ATTRIBUTES";
        let mut resource: Vec<(String, String)> = Vec::new();
        for pair in self.list(name) {
            let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8().ok().map(String::from);
            match pair.split_once('=').and_then(|(key, value)| Some((decoded(key)?, decoded(value)?))) {
                Some((key, value)) if !key.is_empty() => resource.push((key, value)),
                _ => self.wrong(name, "must be KEY=VALUE pairs, separated by commas, with percent-encoded values"),
            }
        }
        let service = self.text("OTEL_SERVICE_NAME");
        if service.is_some() || resource.iter().all(|(key, _)| key != "service.name") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push((String::from("service.name"), service.unwrap_or_else(|| String::from("meerkat"))));
        }
        resource
    }
}

/// Origin and path of a URL, which must not have a user.
fn split(url: &str) -> Result<(&str, &str), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("the scheme is missing")?;
    if !matches!(scheme, "http" | "https") {
        return Err("the scheme is another one");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic());
    match () {
        () if authority.contains('@') => Err("a user goes into OTEL_EXPORTER_OTLP_HEADERS"),
        () if host.is_empty() => Err("the host is missing"),
        () if !plain(url) || path.contains('#') => Err("it has characters that a URL cannot have"),
        () => Ok((&url[..scheme.len() + 3 + end], path)),
    }
}

/// The Region of `CloudWatch`'s own endpoint, in every partition and behind an interface endpoint.
fn region(origin: &str) -> Option<&str> {
    let host = origin.split_once("://")?.1.split(':').next()?;
    let ours = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn"];
    ours.iter().find(|suffix| host.ends_with(**suffix))?;
    let mut labels = host.split('.').skip_while(|label| !matches!(*label, "monitoring" | "monitoring-fips"));
    labels.nth(1).filter(|region| region.contains('-'))
}

/// Variables of one meaning, the one for metrics first.
const NAMES: [[&str; 3]; 6] = [
    ["ENDPOINT", METRICS_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
    ["TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"],
    ["COMPRESSION", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"],
    ["CERTIFICATE", "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"],
    ["PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
];
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn parse(variables: &[(&str, &str)]) -> Result<Otlp, String> {
        let base = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_PUBLISH", "otlp")];
        let pairs = base.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(pairs)
            .map_err(|error| error.to_string())
            .and_then(|config| config.store.otlp.ok_or_else(String::new))
    }

    fn url(otlp: &Otlp) -> String {
        format!("{}{}", otlp.origin, otlp.path)
    }

    #[test]
    fn an_endpoint_is_read_as_the_specification_says() {
        let endpoint = |variables: &[(&str, &str)]| parse(variables).map(|otlp| url(&otlp));
        assert_eq!(endpoint(&[]), Ok("http://localhost:4318/v1/metrics".into()));
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example:4318/otlp/");
        assert_eq!(endpoint(&[all]), Ok("https://collector.example:4318/otlp/v1/metrics".into()));
        let metrics = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://prometheus:9090/api/v1/otlp/v1/metrics");
        assert_eq!(endpoint(&[all, metrics]), Ok(metrics.1.into()));
        assert_eq!(endpoint(&[(metrics.0, "https://h")]), Ok("https://h/".into()));
        for wrong in ["collector:4318", "grpc://h", "https://", "https://u:hunter2@h", "http://h/a b"] {
            let error = endpoint(&[(all.0, wrong)]).err().unwrap_or_default();
            assert!(error.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL"), "{wrong}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_endpoint_of_cloudwatch_is_signed_for_in_its_region() {
        for (url, expected) in [
            ("https://monitoring.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("https://monitoring-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("https://monitoring.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("https://monitoring.eu-west-1.api.aws", Some("eu-west-1")),
            ("https://vpce-0a1b.monitoring.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("https://monitoring.example", None),
            ("https://monitoring.eu-west-1.amazonaws.com.evil.example", None),
            ("http://localhost:4318", None),
        ] {
            let otlp = parse(&[("OTEL_EXPORTER_OTLP_ENDPOINT", url)]);
            assert_eq!(otlp.as_ref().ok().and_then(|otlp| otlp.region.as_deref()), expected, "{url}");
            assert_eq!(otlp.map(|otlp| otlp.gzip), Ok(expected.is_some()), "{url}");
        }
    }

    #[test]
    fn headers_may_be_references_and_are_never_shown() {
        let headers = |text| parse(&[("OTEL_EXPORTER_OTLP_HEADERS", text)]);
        let otlp =
            headers("Authorization=Basic%20aHVudGVyMg%3D%3D, x-key=file:/run/secrets/key").map(|otlp| otlp.headers);
        let named: Vec<_> =
            otlp.iter().flatten().map(|(key, source)| (key.as_str(), matches!(source, Source::Inline(_)))).collect();
        assert_eq!(named, [("authorization", true), ("x-key", false)]);
        assert!(!format!("{otlp:?}").contains("aHVudGVyMg"));
        for wrong in ["hunter2", "a b=hunter2", "a=hunter2%0d%0aX:1"] {
            let error = headers(wrong).err().unwrap_or_default();
            assert!(error.starts_with("OTEL_EXPORTER_OTLP_HEADERS must be KEY=VALUE"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_describes_the_sender_has_a_name() {
        let resource = |variables: &[(&str, &str)]| parse(variables).map(|otlp| otlp.resource);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(resource(&[]), Ok(vec![pair("service.name", "meerkat")]));
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod%20eu,service.name=lag");
        assert_eq!(
            resource(&[attributes]),
            Ok(vec![pair("deployment.environment.name", "prod eu"), pair("service.name", "lag")])
        );
        let both = resource(&[attributes, ("OTEL_SERVICE_NAME", "mine")]);
        assert_eq!(both.ok().and_then(|mut all| all.pop()), Some(pair("service.name", "mine")));
    }

    #[test]
    fn another_protocol_or_a_wrong_number_is_refused() {
        for (name, value, expected) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "10s", "must be a whole number of milliseconds"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "must be gzip or none"),
        ] {
            let error = parse(&[(name, value)]).err().unwrap_or_default();
            assert!(error.starts_with(&format!("{name} {expected}")), "{error}");
        }
    }

    #[test]
    fn variables_of_otlp_are_not_read_where_nothing_goes_there() {
        let pairs = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
        let config = Config::parse(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(config.is_ok_and(|config| config.store.otlp.is_none()));
    }
}
