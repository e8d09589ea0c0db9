//! A check for a dashboard: the answer is HTML.

use std::collections::BTreeMap;

use super::{Outcome, Run};
use crate::base::budget::DRAWING_SHARE;
use crate::event::widget::Widget;
use crate::judge::verdict::Verdict;
use crate::report::Report;
use crate::report::html::{self, Series};

impl Run<'_> {
    /// Draws a report, each group with the line of its recent lag.
    pub(super) async fn widget(&self, report: &Report<'_>, widget: &Widget) -> String {
        let now_s = self.clock.unix_ms / 1_000;
        let range_ms = widget.context.range_ms.clone();
        let range_ms = range_ms.unwrap_or((now_s - USUAL_RANGE_S) * 1_000..now_s * 1_000);
        let step = widget.context.step_s(now_s);
        let lags = match &self.store {
            Some(store) => {
                let groups = html::drawn(report, &widget.asked);
                let seconds = range_ms.start / 1_000..range_ms.end / 1_000;
                store.lag_trend(&report.cluster, &groups, seconds, step, self.until(DRAWING_SHARE)).await
            }
            None => BTreeMap::new(),
        };
        let series = lags.into_iter().map(|(group, points)| {
            let points = points.into_iter().map(|(second, lag)| (second * 1_000, lag));
            (group, Series::over(&range_ms, step * 1_000, points))
        });
        let html = html::widget(report, &series.collect(), widget);
        // A text always becomes JSON.
        serde_json::to_string(&html).unwrap_or_default()
    }
}

/// The widget's documentation, which needs no run.
pub(super) fn described() -> Outcome {
    // A text without hostile parts always becomes JSON.
    let json = serde_json::to_string(html::DESCRIPTION).unwrap_or_default();
    Outcome { json, status: Verdict::Ok, failure: None }
}

/// The time range if the dashboard sends none.
const USUAL_RANGE_S: i64 = 3_600;
