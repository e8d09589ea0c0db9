//! Burrow's five questions about commits, asked exactly as it asks them (linkedin/Burrow v1.9.5,
//! `core/internal/evaluator/caching.go`), so that they can be held against its own answers.

use super::Verdict;
use crate::window::Commit;

/// Whether longer has passed since the last commit than between the first and the last (`checkIfOffsetsStopped`).
#[must_use]
pub fn stopped(commits: &[Commit], now_s: i64) -> bool {
    let (Some(first), Some(last)) = (commits.first(), commits.last()) else {
        return false;
    };
    now_s * 1_000 - last.time_ms > last.time_ms - first.time_ms
}

/// Whether the last commit had reached one of the recent log ends (`checkIfRecentLagZero`).
#[must_use]
pub fn recently_caught_up(commits: &[Commit], ends: &[i64]) -> bool {
    commits.last().is_some_and(|last| ends.iter().any(|end| *end <= last.offset))
}

/// Whether the first step backwards has not been made up for since (`checkIfOffsetsRewind`).
#[must_use]
pub fn rewound(commits: &[Commit]) -> bool {
    step_back(commits).is_some_and(|at| commits[at..].iter().all(|commit| commit.offset < commits[at - 1].offset))
}

/// Whether all commits are at one offset (`checkIfOffsetsStalled`).
#[must_use]
pub fn stalled(commits: &[Commit]) -> bool {
    commits.windows(2).all(|pair| pair[0].offset == pair[1].offset)
}

/// Whether no known lag is below the one before it (`checkIfLagNotDecreasing`).
#[must_use]
pub fn lag_never_falls(commits: &[Commit]) -> bool {
    lags(commits).is_sorted()
}

/// Burrow's own verdict on a partition (`calculatePartitionStatus`), to hold ours against.
#[must_use]
pub fn burrow(commits: &[Commit], ends: &[i64], lag: u64, now_s: i64, allowed_lag: u64) -> Verdict {
    let always_behind = commits.iter().all(|commit| commit.lag.is_none_or(|lag| lag > allowed_lag));
    if commits.is_empty() || lag <= allowed_lag {
        Verdict::Ok
    } else if stopped(commits, now_s) && !recently_caught_up(commits, ends) {
        Verdict::Stop
    } else if rewound(commits) {
        Verdict::Rewind
    } else if always_behind && stalled(commits) {
        Verdict::Stall
    } else if always_behind && lag_never_falls(commits) {
        Verdict::Warn
    } else {
        Verdict::Ok
    }
}

pub(super) fn lags(commits: &[Commit]) -> impl Iterator<Item = u64> {
    commits.iter().filter_map(|commit| commit.lag)
}

/// Where the first commit is that is below the one before it.
pub(super) fn step_back(commits: &[Commit]) -> Option<usize> {
    (1..commits.len()).find(|&at| commits[at].offset < commits[at - 1].offset)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;

    /// `offset` or `offset/lag`, one commit each ten seconds from second 0 on.
    fn commits(story: &str) -> Vec<Commit> {
        let commit = |(text, time_ms): (&str, i64)| {
            let (offset, lag) = text.split_once('/').map_or((text, None), |(offset, lag)| (offset, Some(lag)));
            Commit { offset: offset.parse().unwrap(), time_ms, lag: lag.map(|lag| lag.parse().unwrap()) }
        };
        story.split_whitespace().zip((0..).step_by(10_000)).map(commit).collect()
    }

    #[test]
    fn stopped_is_a_silence_longer_than_the_commits_span() {
        assert!(!stopped(&commits("1 2 3"), 40));
        assert!(stopped(&commits("1 2 3"), 41));
        assert!(!stopped(&commits("1"), 0));
        assert!(stopped(&commits("1"), 1));
    }

    #[test]
    fn recently_caught_up_is_a_log_end_at_or_below_the_last_commit() {
        assert!(recently_caught_up(&commits("1 5"), &[9, 5]));
        assert!(!recently_caught_up(&commits("1 5"), &[9, 6]));
        assert!(!recently_caught_up(&commits("1 5"), &[]));
    }

    #[test]
    fn rewound_is_a_first_step_back_that_was_not_made_up_for() {
        assert!(!rewound(&commits("1 2 2 3")));
        assert!(rewound(&commits("5 4")));
        assert!(rewound(&commits("5 3 4")));
        assert!(!rewound(&commits("5 3 5")));
        assert!(!rewound(&commits("5 3 6 2"))); // only the first step back is asked about
    }

    #[test]
    fn stalled_is_one_offset() {
        assert!(stalled(&commits("7 7 7")));
        assert!(stalled(&commits("7")));
        assert!(!stalled(&commits("7 7 8")));
    }

    #[test]
    fn lag_never_falls_skips_what_is_not_known() {
        assert!(lag_never_falls(&commits("1/5 2/5 3/6")));
        assert!(!lag_never_falls(&commits("1/5 2/6 3/5")));
        assert!(lag_never_falls(&commits("1/5 2 3/5")));
        assert!(!lag_never_falls(&commits("1/5 2 3/4")));
        assert!(lag_never_falls(&commits("1/5")));
        assert!(lag_never_falls(&commits("")));
    }

    fn check(story: &str, end: i64, now_s: i64, allowed_lag: u64, expected: Verdict) {
        let commits = commits(story);
        let lag = u64::try_from(end - commits.last().map_or(0, |last| last.offset)).unwrap();
        assert_eq!(burrow(&commits, &[end], lag, now_s, allowed_lag), expected, "{story} at {now_s} s");
    }

    #[test]
    fn burrow_asks_in_its_own_order() {
        check("100/50 110/60 120/80", 200, 30, 0, Verdict::Warn);
        check("100/50 110/60 120/59", 200, 30, 0, Verdict::Ok);
        check("100/50 110/0 120/80", 200, 30, 0, Verdict::Ok);
        check("100/50 110/9 120/80", 200, 30, 9, Verdict::Ok);
        check("100/50 110/60 120/80", 200, 30, 80, Verdict::Ok);
        check("100/50 110/60 120/80", 200, 41, 0, Verdict::Stop);
        check("100/50 100/60 100/80", 200, 30, 0, Verdict::Stall);
        check("100/50 90/0 95/80", 200, 30, 0, Verdict::Rewind);
        check("100/50 90/60 95/80", 200, 41, 0, Verdict::Stop);
        check("", 200, 30, 0, Verdict::Ok);
    }

    #[test]
    fn a_log_end_that_the_last_commit_reached_is_no_stop() {
        assert_eq!(burrow(&commits("1/0 9/0"), &[9, 12], 3, 100, 0), Verdict::Ok);
        assert_eq!(burrow(&commits("1/0 9/0"), &[10, 12], 3, 100, 0), Verdict::Stop);
    }
}
