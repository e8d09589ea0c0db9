//! Preflight
use super::{Error, Outcome, Run};
impl Run<'_> {
    pub(super) async fn preflight(self, _against: Option<&str>) -> Result<Outcome, Error> { Err(Error::HistoryOff) }
}
