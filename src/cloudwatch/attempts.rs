//! What is watched while a call is under way: that `CloudWatch` itself answers, how attempts fail, and what answers have besides data.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

use super::error::{Operation, StoreError, StoreTrouble, described, short};

/// Refuses an answer in another protocol: without this check a proxy's page with status 200 would count as a
/// successful write, since the answer to a write is empty (Smithy RPC v2 CBOR: an answer without the header
/// `smithy-protocol` is malformed).
///
/// Nothing else of a write can be checked: status 200 and this header are all that `PutMetricData` returns. The next
/// run sees whether the data arrived, when it reads them back.
#[derive(Debug)]
pub(super) struct Spoken;

impl Intercept for Spoken {
    fn name(&self) -> &'static str {
        "Spoken"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        if is_spoken(answer) || !answer.status().is_success() {
            return Ok(());
        }
        Err("the answer is not CloudWatch's".into())
    }
}

/// Whether an answer has the protocol that the client uses.
fn is_spoken(answer: &HttpResponse) -> bool {
    answer.headers().get("smithy-protocol") == Some("rpc-v2-cbor")
}

/// Whether an answer may be a refusal of the service's front end, which does not always name the protocol.
fn is_of_aws(answer: &HttpResponse) -> bool {
    let kind = answer.headers().get("content-type").unwrap_or_default();
    ["application/cbor", "application/json", "application/x-amz-"].iter().any(|of_aws| kind.starts_with(of_aws))
}

/// The outcome of the attempts of one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(Arc<Mutex<Seen>>);

/// What requests and answers have besides data.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Whether the last attempt began, and was not signed: whoever gives credentials has not answered.
    unsigned: bool,
    /// How the last attempt that ended had failed.
    failed: Option<String>,
    /// Where the last request went.
    pub(super) endpoint: Option<String>,
    /// The header `Date` of the last answer, in seconds since 1970, and when it came.
    pub(super) date: Option<(i64, Instant)>,
}

impl Attempts {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error of a call for which there is no time left.
    pub(super) fn out_of_time(&self, tried: Operation) -> StoreError {
        let mut seen = self.seen();
        if seen.unsigned {
            return StoreError::new(tried, StoreTrouble::NoCredentials, None);
        }
        match seen.failed.take() {
            Some(failed) => StoreError::new(tried, StoreTrouble::StillTrying, Some(failed.into())),
            None => StoreError::new(tried, StoreTrouble::OutOfTime, None),
        }
    }

    /// The error of a call that was given up.
    pub(super) fn failed<E>(&self, tried: Operation, error: SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let late = matches!(error, SdkError::TimeoutError(_)) && self.seen().unsigned;
        if late { StoreError::new(tried, StoreTrouble::NoCredentials, None) } else { tried.failed(error) }
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.seen().unsigned = true;
        Ok(())
    }

    fn read_after_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let origin: Vec<&str> = context.request().uri().split('/').take(3).collect();
        let mut seen = self.seen();
        (seen.unsigned, seen.endpoint) = (false, Some(origin.join("/")));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        self.seen().date = date.map(|date| (date.secs(), Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let error = context.output_or_error().and_then(Result::err);
        // The parse error of a foreign answer is useless; the server that answered is the cause.
        let foreign = context.response().filter(|answer| !is_spoken(answer) && !is_of_aws(answer));
        let failed = error.map(|error| match foreign {
            Some(answer) => format!("something else than CloudWatch answered ({})", described(answer)),
            None => short(error).to_string(),
        });
        self.seen().failed = failed;
        Ok(())
    }
}
