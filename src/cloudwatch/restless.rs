//! Which groups' metrics are published with `MEERKAT_METRICS_DETAIL=problems`.

use super::pages::key::OfGroup;
use super::pages::roster::{MOST_LEFT, Restless};
use crate::judge::input::Sight;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;

/// The groups whose metrics are published now, and those whose metrics are published for some more runs.
///
/// A group is restless while it is not OK, has a finding, or lags more than allowed; and after that for as many runs
/// as its alarms need to close.
pub(crate) fn restless(
    Sight { snapshot, thresholds, .. }: Sight<'_>,
    judged: &Judged,
    before: Option<&Restless>,
) -> (Vec<bool>, Restless) {
    let mut next = Vec::new();
    let groups = snapshot.groups.iter().zip(&judged.groups).zip(thresholds);
    let published = groups.map(|((group, of_group), thresholds)| {
        let short = OfGroup::new(&group.name).short();
        let lags = of_group.max_lag.is_some_and(|lag| lag > thresholds.allowed_lag);
        let finds = judged.rows_of(group).iter().any(|judgement| !judgement.findings.is_empty());
        let now = of_group.verdict != Verdict::Ok || lags || finds || !group.vanished.is_empty();
        let before = before.map_or(0, |before| before.runs_left(short));
        let left = if now { MOST_LEFT } else { before.saturating_sub(1) };
        if left > 0 {
            next.push((short, left));
        }
        now || before > 0
    });
    (published.collect(), Restless::Groups(next))
}
