//! Runs that cannot read a group, or anything, between runs that can: nothing is forgotten, and nothing is invented.

use super::*;

/// Runs at this interval in minutes; the next one's number.
pub(super) struct Runs {
    pub(super) watch: Watch,
    period: i64,
    number: i64,
}

/// What a run can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// Read everything.
    Whole,
    /// Not read the groups of this test.
    Refused,
    /// Not see the topics' leaders.
    Leaderless,
    /// Nothing: it does not happen.
    Missing,
}

pub(super) const PERIODS: [i64; 4] = [1, 5, 15, 60];
/// `GROUP_AUTHORIZATION_FAILED`.
const REFUSED: i16 = 30;

impl Runs {
    pub(super) fn every(period: i64, scene: Scene) -> Self {
        let watch = Watch::new(scene).with("MEERKAT_PERIOD", &period.to_string());
        Self { watch, period, number: 0 }
    }

    /// Ten records for each topic, and what the groups read of them; then the run.
    pub(super) fn next(&mut self, change: impl FnOnce(&mut Scene)) -> Value {
        self.watch.work(&["well"]);
        self.watch.stage.change(change);
        self.number += 1;
        self.watch.check(self.number * self.period)
    }

    /// What the last run published of a group.
    pub(super) fn published(&self, group: &str) -> String {
        self.watch.published(group, [self.number * self.period])
    }

    /// Eight healthy runs, then one group has crashed and one is stuck, until both are published as errors.
    pub(super) fn until_trouble(mut self) -> Self {
        for _ in 0..8 {
            self.next(|scene| {
                scene.catch_up("crashed", "of-crashed");
                scene.catch_up("stuck", "of-stuck");
            });
        }
        for _ in 0..12 {
            self.next(|scene| scene.crash("crashed"));
            if [self.published("crashed"), self.published("stuck")] == ["3", "3"] {
                return self;
            }
        }
        panic!("never published at a period of {}", self.period);
    }

    /// The run, if it happens, and what it published of the two.
    fn run(&mut self, run: Run) -> Option<[String; 2]> {
        if run == Run::Missing {
            self.number += 1;
            return None;
        }
        let code = if run == Run::Refused { REFUSED } else { 0 };
        let leader = if run == Run::Leaderless { -1 } else { 1 };
        self.next(|scene| {
            for name in ["crashed", "stuck"] {
                scene.refuse(name, code);
                scene.move_leader(&format!("of-{name}"), 0, leader);
                scene.move_leader(&format!("of-{name}"), 1, leader);
            }
        });
        Some([self.published("crashed"), self.published("stuck")])
    }
}

/// Whether this may be published of an error while it cannot be read: the same for some hours, then nothing.
pub(super) fn stands(status: &str) -> bool {
    ["3", "-"].contains(&status)
}

#[test]
fn an_error_outlives_as_many_runs_that_cannot_read_it_as_are_kept() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for times in [1, 2, 10] {
            for kind in [Run::Refused, Run::Leaderless] {
                for _ in 0..times {
                    let published = runs.run(kind).expect("a run");
                    assert!(published.iter().all(|status| stands(status)), "{published:?} at {kind:?}");
                }
                assert_eq!(
                    runs.run(Run::Whole),
                    Some(["3", "3"].map(String::from)),
                    "after {times} of {kind:?} at a period of {period}"
                );
            }
        }
    });
}

#[test]
fn any_mixture_of_runs_publishes_an_error_or_nothing_until_it_moves() {
    side_by_side((0_u64..).zip(PERIODS), |(seed, period)| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        let mut random = 0x2545_f491_4f6c_dd1d_u64 + seed;
        let mut history: Vec<Run> = Vec::new();
        // This many runs of each are kept, one of which wrote before the first of them.
        let kept = usize::try_from(175 / period).expect("a number").max(3) - 1;
        while history.len() < 30 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let kind = [Run::Whole, Run::Refused, Run::Leaderless, Run::Missing]
                [usize::try_from(random >> 62).expect("two bits")];
            let times = 1 + (random >> 33) % 4;
            for _ in 0..times {
                let unread = history.iter().rev().take_while(|kind| **kind != Run::Whole).count();
                let kind = if unread < kept { kind } else { Run::Whole };
                history.push(kind);
                let published = runs.run(kind);
                let right = |status: &String| if kind == Run::Whole { status == "3" } else { stands(status) };
                let right = published.iter().flatten().all(right);
                assert!(right, "{published:?} after {history:?} at a period of {period}");
            }
        }
        let report = runs.next(|scene| {
            for name in ["crashed", "stuck"] {
                scene.refuse(name, 0);
                scene.move_leader(&format!("of-{name}"), 0, 1);
                scene.move_leader(&format!("of-{name}"), 1, 1);
                scene.catch_up(name, &format!("of-{name}"));
            }
        });
        assert_eq!([runs.published("crashed"), runs.published("stuck")], ["1", "1"], "{report}");
    });
}

#[test]
fn members_that_come_back_after_an_outage_end_no_error() {
    side_by_side(PERIODS, |period| {
        let mut runs = Runs::every(period, scene()).until_trouble();
        for _ in 0..5 {
            runs.run(Run::Refused);
        }
        let stuck = |scene: &mut Scene, members: bool| {
            let end = 180;
            scene.delete_group("stuck");
            let group = Group::classic("stuck").commits("of-stuck", &[end, end]);
            scene.add_group(if members { group.member("a-2", "of-stuck", &[0, 1]) } else { group });
        };
        for members in [false, false, true, true, true] {
            let report = runs.next(|scene| stuck(scene, members));
            assert_eq!(runs.published("stuck"), "3", "{members} at a period of {period}: {report}");
        }
        let report = runs.next(|scene| scene.commit("stuck", "of-stuck", 0, 181));
        let partitions = &group(&report, "stuck")["partitions"];
        assert_eq!([&partitions[0]["status"], &partitions[1]["status"]], ["OK", "STALL"], "{report}");
    });
}

#[test]
fn a_healthy_group_whose_coordinator_was_away_is_given_time_to_come_back() {
    side_by_side(PERIODS, |period| {
        // It commits at each run, and is never at the end.
        let steady = Group::classic("steady").commits("of-well", &[95, 95]).member("b-1", "of-well", &[0, 1]);
        let mut runs = Runs::every(period, scene().group(steady));
        let goes_on = |scene: &mut Scene, number: i64| {
            for partition in [0, 1] {
                scene.commit("steady", "of-well", partition, 95 + 10 * number);
            }
        };
        for number in 1..12 {
            runs.next(|scene| goes_on(scene, number));
        }
        assert_eq!(runs.published("steady"), "1");
        for _ in 0..4 {
            runs.next(|scene| scene.refuse("steady", REFUSED));
            assert_eq!(runs.published("steady"), "-");
        }
        // The group could not commit meanwhile, and its members have not all come back yet.
        for state in ["PreparingRebalance", "Stable"] {
            let report = runs.next(|scene| {
                scene.delete_group("steady");
                let group = Group::classic("steady").commits("of-well", &[205, 205]).member("b-1", "of-well", &[0, 1]);
                scene.add_group(group.state(state));
            });
            assert_eq!(status(&report, "steady"), "OK", "{period}: {report}");
        }
        let number = runs.number;
        let report = runs.next(|scene| goes_on(scene, number));
        assert_eq!((status(&report, "steady"), runs.published("steady").as_str()), ("OK", "1"), "{period}: {report}");
    });
}
