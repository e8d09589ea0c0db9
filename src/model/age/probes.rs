//! Which timestamps to ask next: a mixture, since no single rule suits every log.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamped {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
}

/// What is known of a record when its next questions are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Narrowed {
    /// The offset whose record is wanted.
    pub(crate) wanted: i64,
    /// A record before it; timestamps up to this one's lead there or before.
    pub(crate) below: Stamped,
    /// From this timestamp on, answers lead past the wanted record.
    pub(crate) hi: i64,
    /// The record (or the log's end) that such an answer leads to.
    pub(crate) above: Stamped,
    /// The width of a bracket that is narrow enough, in milliseconds.
    pub(crate) goal: u64,
}

/// The first round: the first record, and what now and certain times ago lead to.
pub(crate) fn first(now_ms: i64) -> impl Iterator<Item = i64> {
    let ladder = LADDER_MS.into_iter().map(move |ago| now_ms.saturating_sub(ago)).filter(|&at| at > 0);
    [0, now_ms].into_iter().chain(ladder)
}

/// Distinct timestamps strictly inside the bracket, the most informative first.
pub(crate) fn next(view: Narrowed) -> Vec<i64> {
    let Narrowed { wanted, below, hi, above, goal } = view;
    let lo = below.timestamp;
    let width = u128::from(lo.abs_diff(hi));
    let (behind, ahead) = (u128::from(below.offset.abs_diff(wanted)), u128::from(wanted.abs_diff(above.offset)));
    let records = (behind + ahead).max(1);

    // The records spread up to the one above, unless so much time lies before it that `hi` must be inside a pause.
    let pause = u128::from(hi.abs_diff(above.timestamp));
    let spread = if above.timestamp > hi && pause <= width * USUAL_GAPS / records { width + pause } else { width };

    // If they are spread evenly, the wanted one stands half a gap after this: any timestamp after its predecessor's
    // leads to it. If they are spread at random (Poisson), it usually strays no further from there than this.
    let even = spread * (2 * behind).saturating_sub(1) / (2 * records);
    let stray = (spread * spread / records * (behind * ahead / records) / records).isqrt();
    let root = width.isqrt();
    let near = (u128::from(goal) * 2 / 5).max(width / 256);
    let far = stray.max(width / 16);

    // Towards the bracket's lower end the steps become smaller: there an answer inside a pause shows only that the
    // record comes before it, while one before the record jumps over any pause by itself.
    let steps = [
        even,
        width / 2,
        1,
        even.saturating_sub(near),
        even + near,
        even.saturating_sub(far),
        even + far,
        width / 64,
        width / 4,
        even / 8,
        root,
        even / 2,
        width / 4 * 3,
    ];
    let mut asked = Vec::with_capacity(steps.len());
    for step in steps {
        let Some(at) = i64::try_from(step).ok().and_then(|step| lo.checked_add(step)) else {
            continue;
        };
        if lo < at && at < hi && !asked.contains(&at) {
            asked.push(at);
        }
    }
    asked
}

/// How long ago the first round asks about: usual delays of consumers, then coarser steps.
const LADDER_MS: [i64; 9] =
    [10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 259_200_000, 604_800_000, 2_592_000_000];

/// A gap of at most this many mean gaps is usual.
const USUAL_GAPS: u128 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn view(below: (i64, i64), wanted: i64, hi: i64, above: (i64, i64)) -> Narrowed {
        let stamped = |(offset, timestamp)| Stamped { offset, timestamp };
        Narrowed { wanted, below: stamped(below), hi, above: stamped(above), goal: 0 }
    }

    #[test]
    fn the_first_round_asks_nothing_before_1970() {
        assert_eq!(first(60_000).collect::<Vec<_>>(), [0, 60_000, 50_000]);
    }

    #[test]
    fn an_evenly_spaced_record_is_asked_for_at_once() {
        let asked = next(view((100, 0), 107, 20_000, (120, 20_000))); // a record a second: 107 is stamped 7,000
        assert!(asked.iter().any(|at| (6_001..=7_000).contains(at)), "{asked:?}");
    }

    #[test]
    fn a_pause_above_does_not_stretch_the_estimate() {
        let asked = next(view((100, 0), 107, 20_000, (120, 900_000_000)));
        assert!(asked.iter().any(|at| (6_001..=7_000).contains(at)), "{asked:?}");
    }

    #[test]
    fn questions_are_distinct_and_inside_the_bracket() {
        for (lo, hi) in [(0, 1), (0, 2), (0, 3), (5, 1_000), (-1, i64::MAX), (i64::MAX - 2, i64::MAX)] {
            for (wanted, end) in [(1, 2), (1, i64::MAX), (i64::MAX - 1, i64::MAX)] {
                let mut asked = next(view((0, lo), wanted, hi, (end, i64::MAX)));
                assert!(asked.iter().all(|at| (lo + 1..hi).contains(at)), "{lo} {hi}: {asked:?}");
                assert_eq!(asked.is_empty(), hi - lo.max(0) <= 1 && lo >= 0, "{lo} {hi}: {asked:?}");
                let all = asked.len();
                asked.sort_unstable();
                asked.dedup();
                assert_eq!(asked.len(), all);
            }
        }
    }
}
