//! Which server answers, and its time: observed on the wire, beside a canary.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

/// Watches requests on their way out, and answers on their way in.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness(Arc<Mutex<OnTheWire>>);

/// What the wire shows besides data.
#[derive(Clone, Debug, Default)]
pub(super) struct OnTheWire {
    pub(super) endpoint: Option<String>,
    /// The header `Date` of the last answer, in seconds since 1970, and when it arrived.
    pub(super) date: Option<(i64, Instant)>,
}

impl Witness {
    pub(super) fn seen(&self) -> MutexGuard<'_, OnTheWire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "canary"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let origin: Vec<&str> = context.request().uri().split('/').take(3).collect();
        self.seen().endpoint = Some(origin.join("/"));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        self.seen().date = date.map(|date| (date.secs(), Instant::now()));
        Ok(())
    }
}
