//! The client for services over HTTPS: every answer has a size limit, because clients hold it in memory before they
//! parse it. The same is true of answers with credentials.

use std::error::Error;
use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// An answer that is longer than expected.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the answer of {from} has more than {} MB", .most / 1024 / 1024)]
pub(crate) struct TooLong {
    from: Arc<str>,
    most: usize,
}

impl TooLong {
    /// The one among an error's causes.
    pub(crate) fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        error.downcast_ref().cloned().or_else(|| Self::among(error.source()?))
    }
}

/// A client for answers of up to `most` bytes, with the system's trust or this one. It uses the proxy of
/// `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, except for the hosts of `NO_PROXY`.
pub(crate) fn client(most: usize, trust: Option<TlsContext>) -> SharedHttpClient {
    let within = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        let connector = connector.tls_provider(Provider::Rustls(CryptoMode::Ring));
        match &trust {
            Some(trust) => connector.tls_context(trust.clone()).build(),
            None => connector.build(),
        }
    });
    SharedHttpClient::new(Bounded { within, most })
}

/// An HTTP client whose answers have a size limit.
#[derive(Debug)]
struct Bounded<T> {
    within: T,
    most: usize,
}

impl HttpClient for Bounded<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let Self { within, most } = self;
        SharedHttpConnector::new(Bounded { within: within.http_connector(settings, components), most: *most })
    }
}

impl HttpConnector for Bounded<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // Without a user, a path or a query, which may be secret.
        let origin = request.uri().split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = origin.split_once("://").unwrap_or(("", origin));
        let host = rest.split('/').next().and_then(|authority| authority.rsplit('@').next()).unwrap_or_default();
        let too_long = TooLong { from: format!("{scheme}://{host}").into(), most: self.most };
        let answer = self.within.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let mut body = ByteStream::new(std::mem::replace(answer.body_mut(), SdkBody::taken()));
            let mut whole = Vec::new();
            while let Some(bytes) = body.next().await {
                whole.extend_from_slice(&bytes.map_err(|cut| ConnectorError::io(cut.into()))?);
                if whole.len() > too_long.most {
                    // The next attempt would get the same answer.
                    return Err(ConnectorError::user(too_long.into()));
                }
            }
            *answer.body_mut() = SdkBody::from(whole);
            Ok(answer)
        })
    }
}
