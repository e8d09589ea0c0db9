//! The recent past of a group's lag, as a line the size of a word.

use std::ops::Range;

use super::markup::Html;

/// Values at regular intervals, the oldest first; `None` is a missing snapshot, and stays a gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(pub Vec<Option<f64>>);

impl Series {
    /// Points of a time range, (milliseconds since 1970, value), one for each `step_ms`; of two in one step, the
    /// larger.
    pub(crate) fn over(range_ms: &Range<i64>, step_ms: i64, points: impl IntoIterator<Item = (i64, f64)>) -> Self {
        let place = |moment: i64| usize::try_from((moment - range_ms.start).div_euclid(step_ms.max(1))).ok();
        let places = place(range_ms.end - 1).map_or(0, |last| last + 1).min(MOST_PLACES);
        let mut series = vec![None; places];
        for (moment, value) in points {
            if let Some(kept) = place(moment).and_then(|place| series.get_mut(place)) {
                *kept = Some(kept.map_or(value, |before: f64| before.max(value)));
            }
        }
        Self(series)
    }
}

/// Draws the line; empty if there are fewer than two values.
pub(crate) fn draw(series: &Series, html: &mut Html) {
    let known = || series.0.iter().flatten().copied().filter(|value| value.is_finite());
    let Some(last) = known().next_back().filter(|_| known().count() > 1) else {
        return;
    };
    let highest = known().fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred places")]
    let place = |index: usize| INSET + (WIDTH - 2.0 * INSET) * index as f64 / (series.0.len() - 1).max(1) as f64;
    let height = |value: f64| {
        let share = if highest > 0.0 { value.max(0.0) / highest } else { 0.0 };
        HEIGHT - INSET - (HEIGHT - 2.0 * INSET) * share
    };
    html.raw("<svg class=\"mk-spark\" viewBox=\"0 0 120 24\" role=\"img\"><title>greatest lag: ");
    html.text(&whole(last)).raw(" now, ").text(&whole(highest)).raw(" at most</title>");
    let runs = runs(&series.0);
    for run in runs.iter().filter(|run| run.len() > 1) {
        html.raw("<path class=\"mk-area\" d=\"M").coordinate(place(run[0].0)).raw(" 24");
        for (index, value) in run {
            html.raw("L").coordinate(place(*index)).raw(" ").coordinate(height(*value));
        }
        html.raw("L").coordinate(place(run[run.len() - 1].0)).raw(" 24Z\"/>");
    }
    for run in &runs {
        html.raw("<path class=\"mk-line\" d=\"");
        for (at, (index, value)) in run.iter().enumerate() {
            html.raw(if at == 0 { "M" } else { "L" });
            html.coordinate(place(*index)).raw(" ").coordinate(height(*value));
        }
        // A snapshot between two gaps is a line without length, which its round ends make a dot.
        html.raw(if run.len() == 1 { "h0" } else { "" }).raw("\"/>");
    }
    if let Some((index, value)) = runs.last().and_then(|run| run.last()) {
        html.raw("<circle class=\"mk-dot\" cx=\"").coordinate(place(*index));
        html.raw("\" cy=\"").coordinate(height(*value)).raw("\" r=\"2\"/>");
    }
    html.raw("</svg>");
}

/// The stretches between gaps, with each value's index.
fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs = vec![Vec::new()];
    for (index, value) in values.iter().enumerate() {
        match (value.filter(|value| value.is_finite()), runs.last_mut()) {
            (Some(value), Some(run)) => run.push((index, value)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn whole(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and a lag has limits")]
    let whole = value.round().max(0.0) as u64;
    crate::base::figures::grouped(whole).to_string()
}

/// Most values of a series; more are finer than any picture of it.
const MOST_PLACES: usize = 2_000;
/// The drawing's own units, as in its `viewBox`.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 24.0;
/// Room for the width of the line and for the dot.
const INSET: f64 = 3.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<f64>]) -> String {
        let mut html = Html::default();
        draw(&Series(values.to_vec()), &mut html);
        html.finish()
    }

    #[test]
    fn fewer_than_two_values_are_no_line() {
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[None, Some(7.0), None]), "");
    }

    #[test]
    fn the_line_spans_the_drawing_and_the_highest_is_at_the_top() {
        let html = drawn(&[Some(0.0), Some(1_500.0), Some(750.0)]);
        assert!(html.contains("class=\"mk-line\" d=\"M3.0 21.0L60.0 3.0L117.0 12.0\""), "{html}");
        assert!(html.contains("<title>greatest lag: 750 now, 1,500 at most</title>"), "{html}");
    }

    #[test]
    fn points_fill_their_slots_and_missing_ones_leave_gaps() {
        let points = [(1_000, 1.0), (1_999, 3.0), (1_500, 2.0), (3_000, 4.0), (999, 9.0), (4_000, 9.0)];
        assert_eq!(Series::over(&(1_000..4_000), 1_000, points), Series(vec![Some(3.0), None, Some(4.0)]));
        assert_eq!(Series::over(&(5..5), 1_000, [(5, 1.0)]), Series(vec![]));
        assert_eq!(Series::over(&(0..i64::MAX), 0, []).0.len(), MOST_PLACES);
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let html = drawn(&[Some(1.0), Some(1.0), None, Some(1.0), Some(f64::NAN), Some(1.0)]);
        assert_eq!(html.matches("mk-line").count(), 3, "{html}");
        assert_eq!(html.matches("h0").count(), 2, "a snapshot between gaps is a dot: {html}");
    }

    #[test]
    fn nothing_but_zeros_is_a_flat_line() {
        assert!(drawn(&[Some(0.0), Some(0.0)]).contains("d=\"M3.0 21.0L117.0 21.0\""));
    }
}
