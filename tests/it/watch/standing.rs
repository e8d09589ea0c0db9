//! An alarm ends only when a run has read that it is over: not when a group, Kafka or the history could not be read.

use kafka_protocol::messages::ApiKey;

use super::*;
use crate::support::broker::{Act, When};
use crate::support::cloudwatch::{Fault, How, Stored};

/// A coordinator that is being elected (Kafka protocol guide, error codes).
const COORDINATOR_NOT_AVAILABLE: i16 = 15;

impl Watch {
    /// The run of a minute in which no broker listens at the address: its output on standard error.
    fn blind(&self, minute: i64, variables: &[(&str, &str)]) -> String {
        let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
        let away = [("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")];
        let output = self.output(minute * 60 + DELAY, event, &[&away, variables].concat());
        assert_eq!((output.status.code(), &*output.stdout), (Some(4), &b""[..]));
        String::from_utf8(output.stderr).expect("text")
    }

    /// The metrics of a minute: `Name Part Group=value`, in order.
    fn stored(&self, minute: i64) -> Vec<String> {
        let of = |stored: &&Stored| {
            stored.metric.namespace == names::NAMESPACE && stored.timestamp == MIDNIGHT + minute * 60
        };
        let line = |stored: &Stored| {
            let dimension = |name: &str| stored.metric.dimensions.get(name).map(|value| format!(" {value}"));
            let dimensions: String = ["Part", names::GROUP].iter().filter_map(|name| dimension(name)).collect();
            format!("{}{dimensions}={}", stored.metric.name, stored.maximum)
        };
        let mut lines: Vec<String> = self.stand.metrics().iter().filter(of).map(line).collect();
        lines.sort_unstable();
        lines
    }

    fn pages_of_names(&self, minute: i64) -> usize {
        let stored = self.stand.metrics();
        let of =
            |stored: &&Stored| stored.metric.name == names::STANDING && stored.timestamp == MIDNIGHT + minute * 60 - 60;
        stored.iter().filter(of).count()
    }
}

#[test]
fn a_group_that_cannot_be_read_keeps_its_last_status_for_three_hours() {
    let watch = Watch::new(scene()).with("MEERKAT_TIMEOUT", "5");
    let first = watch.until_trouble();
    let read = first - 1;
    watch.stage.change(|scene| {
        scene.refuse("stuck", COORDINATOR_NOT_AVAILABLE);
        scene.refuse("well", COORDINATOR_NOT_AVAILABLE);
    });
    watch.work(&["well"]);
    let report = watch.check(first);
    assert_eq!(["stuck", "crashed", "well"].map(|group| watch.published(group, [first])), ["3", "3", "-"]);
    let stuck = group(&report, "stuck");
    assert_eq!(
        (&stuck["status"], &stuck["last_known"]),
        (&json!("UNKNOWN"), &json!({ "status": "ERR", "at": rfc3339(MIDNIGHT + read * 60) }))
    );
    let since = format!("; not read since {:02}:{:02}, last known ERR", read / 60, read % 60);
    assert!(stuck["reason"].as_str().expect("a text").ends_with(&since), "{stuck}");
    assert_eq!(group(&report, "well").get("last_known"), None, "an OK does not stand");

    let minutes = [read + 90, read + 180, read + 181, read + 182];
    for minute in minutes {
        watch.work(&["well"]);
        watch.check(minute);
    }
    assert_eq!(watch.published("stuck", minutes), "3 3 - -");
    assert_eq!(watch.published("crashed", minutes), "3 3 3 3");

    watch.stage.change(|scene| scene.refuse("stuck", 0));
    watch.work(&["stuck", "well"]);
    watch.check(read + 183);
    assert_eq!(watch.published("stuck", [read + 183]), "1", "a run saw that it is over");
}

#[test]
fn a_run_that_cannot_reach_kafka_publishes_what_stands_and_that_it_was_blind() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    for minute in first..first + 3 {
        let reported = watch.blind(minute, &[("MEERKAT_LOG", "")]);
        assert!(
            reported.contains("statuses are published as last known") && reported.contains("127.0.0.1:1"),
            "{reported}"
        );
        assert_eq!(watch.stored(minute), ["BlindRuns=1", "Status crashed=3", "Status stuck=3"]);
    }
    // Data with a resolution of a second is kept for three hours, and a run may be late.
    for (minute, stored) in [(first + 170, 3), (first + 180, 1)] {
        watch.blind(minute, &[]);
        assert_eq!(watch.stored(minute).len(), stored, "{:?}", watch.stored(minute));
    }

    // The next run that sees it ends it, or does not.
    let next = first + 100;
    watch.work(&["stuck", "well"]);
    watch.check(next);
    assert_eq!(["stuck", "crashed", "well"].map(|group| watch.published(group, [next])), ["1", "3", "1"]);
    watch.blind(next + 1, &[]);
    assert_eq!(watch.stored(next + 1), ["BlindRuns=1", "Status crashed=3"]);
}

#[test]
fn a_blind_part_publishes_its_own_and_leaves_the_others_alone() {
    let watch = Watch::new(scene());
    let check = |minute: i64, part: &str| {
        let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60), "part": part });
        watch.run(minute * 60 + DELAY, event, &[])
    };
    let mut of_first = Vec::new();
    for minute in 0..40 {
        watch.work(if minute < 8 { &["crashed", "stuck", "well"] } else { &["well"] });
        if minute == 8 {
            watch.stage.change(|scene| scene.crash("crashed"));
        }
        of_first = check(minute, "1/2")["groups"].as_array().expect("groups").clone();
        check(minute, "2/2");
    }
    let standing = |part: &str| -> Vec<String> {
        let of_part = |name: &&str| of_first.iter().any(|group| group["group"] == **name) == (part == "1/2");
        let lines = ["crashed", "stuck"].into_iter().filter(of_part).map(|name| format!("Status {name}=3"));
        [format!("BlindRuns {part}=1"), "BlindRuns=1".to_owned()].into_iter().chain(lines).collect()
    };
    for (minute, part) in [(40, "1/2"), (41, "2/2")] {
        watch.blind(minute, &[("MEERKAT_PART", part)]);
        assert_eq!(watch.stored(minute), standing(part));
    }
}

#[test]
fn a_blind_run_without_a_history_or_a_name_publishes_nothing_that_it_does_not_know() {
    let watch = Watch::new(scene());
    watch.blind(3, &[]);
    assert_eq!(watch.stored(3), ["BlindRuns=1"], "nothing was ever kept");
    let reported = watch.blind(4, &[("MEERKAT_CLUSTER", ""), ("MEERKAT_LOG", "")]);
    assert!(reported.contains("set MEERKAT_CLUSTER"), "{reported}");
    watch.blind(5, &[("MEERKAT_PUBLISH", "off")]);
    watch.blind(6, &[("MEERKAT_HISTORY", "off")]);
    assert_eq!([4, 5, 6].map(|minute| watch.stored(minute).len()), [0, 0, 1]);
    watch.stand.fail(Fault::new("GetMetricData", How::Deny).always());
    watch.blind(7, &[]);
    assert_eq!(watch.stored(7), ["BlindRuns=1"], "what cannot be read keeps nothing from being said");
}

#[test]
fn groups_that_cannot_be_listed_keep_their_status_and_are_named() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    watch.stage.change(|scene| {
        *scene = std::mem::replace(scene, Scene::of(1)).fault(When::on(ApiKey::ListGroups), Act::Code(31));
    });
    let report = watch.check(first);
    assert_eq!(["crashed", "stuck", "well"].map(|group| watch.published(group, [first])), ["3", "3", "-"], "{report}");
    let since = format!("{:02}:{:02}", (first - 1) / 60, (first - 1) % 60);
    let reported = format!("groups: not listed since {since}, and published as last known: crashed ERR, stuck ERR");
    assert!(problems(&report).contains(&reported), "{:?}", problems(&report));
    watch.check(first + 1);
    assert_eq!(watch.published("stuck", [first + 1]), "3", "the next run knows them too");
}

#[test]
fn a_group_that_was_deleted_stands_no_longer() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    watch.stage.change(|scene| scene.delete_group("stuck"));
    watch.work(&["well"]);
    for minute in first..first + 3 {
        watch.check(minute);
    }
    assert_eq!(watch.published("stuck", first..first + 3), "- - -");
    watch.blind(first + 3, &[]);
    assert_eq!(watch.stored(first + 3), ["BlindRuns=1", "Status crashed=3"]);
}

#[test]
fn names_are_kept_only_while_a_status_stands() {
    let watch = Watch::new(scene());
    for minute in 0..8 {
        watch.work(&["crashed", "stuck", "well"]);
        watch.check(minute);
        assert_eq!(watch.pages_of_names(minute), 0);
    }
    let first = watch.until_trouble();
    assert_ne!(watch.pages_of_names(first - 1), 0);
}

/// Runs on after something was changed, until this many minutes have passed: the status of both groups for each run.
fn goes_on(
    watch: &Watch,
    minutes: impl Iterator<Item = i64>,
    variables: &[(&str, &str)],
    events: &[Value],
) -> (String, String) {
    let minutes: Vec<i64> = minutes.collect();
    for minute in &minutes {
        watch.work(&["well"]);
        // Parts run in the same minute.
        side_by_side(events, |event| {
            let mut event = event.clone();
            event["scheduled"] = json!(rfc3339(MIDNIGHT + minute * 60));
            watch.run(minute * 60 + DELAY, event, variables);
        });
    }
    (watch.published("crashed", minutes.iter().copied()), watch.published("stuck", minutes.iter().copied()))
}

fn all(status: &str, text: &str) -> bool {
    text.split(' ').all(|one| one == status)
}

#[test]
fn another_period_ends_no_alarm() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    let begin = (first + 4) / 5 * 5;
    let period = [("MEERKAT_PERIOD", "5")];
    let (crashed, stuck) = goes_on(&watch, (begin..begin + 120).step_by(5), &period, &[json!({})]);
    assert!(all("3", &crashed) && all("3", &stuck), "{crashed} | {stuck}");

    // A commit moves: a run sees that it is over, at once.
    let next = begin + 120;
    watch.work(&["stuck", "well"]);
    watch.run(next * 60 + DELAY, json!({ "scheduled": rfc3339(MIDNIGHT + next * 60) }), &period);
    assert_eq!(["stuck", "crashed"].map(|group| watch.published(group, [next])), ["1", "3"]);
}

#[test]
fn other_parts_end_no_alarm_and_the_statuses_are_read_once() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    let parts = [json!({ "part": "1/3" }), json!({ "part": "2/3" }), json!({ "part": "3/3" })];
    watch.stand.forget_calls();
    let (crashed, stuck) = goes_on(&watch, first..first + 8, &[], &parts);
    assert!(all("3", &crashed) && all("3", &stuck), "{crashed} | {stuck}");
    let asked = watch.stand.calls("GetMetricData");
    let (crashed, stuck) = goes_on(&watch, (first + 8..first + 80).step_by(4), &[], &parts);
    assert!(all("3", &crashed) && all("3", &stuck), "{crashed} | {stuck}");
    let later = watch.stand.calls("GetMetricData");
    assert!(later.received - asked.received <= 18 * 3 * 5, "{asked:?} {later:?}");
}

#[test]
fn four_hours_without_a_run_end_no_alarm() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble() + 4 * 60;
    let (crashed, stuck) =
        goes_on(&watch, (first..first + 4).chain((first + 5..first + 75).step_by(5)), &[], &[json!({})]);
    assert!(all("3", &crashed) && all("3", &stuck), "{crashed} | {stuck}");
    let report = watch.check(first + 75);
    let reason = group(&report, "crashed")["reason"].as_str().expect("a text");
    assert!(
        reason.starts_with("stays ERR until a commit moves or the lag is gone: of-crashed/0 WARN: abandoned"),
        "{reason}"
    );
}

#[test]
fn an_ok_or_nothing_from_before_is_no_alarm_afterwards() {
    let watch = Watch::new(scene());
    for minute in 0..8 {
        watch.work(&["crashed", "stuck", "well"]);
        watch.check(minute);
    }
    let (crashed, stuck) = goes_on(&watch, 250..254, &[], &[json!({})]);
    assert!(!crashed.contains('3') && !stuck.contains('3'), "{crashed} | {stuck}");
}

#[test]
fn statuses_that_could_not_be_read_once_are_asked_for_again() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble() + 4 * 60;
    // The rosters of the last minutes beside the notes, and the rosters of all that are kept; then the published statuses.
    watch.stand.fail(Fault::new("GetMetricData", How::Deny).after(3).times(1));
    watch.work(&["well"]);
    let report = watch.check(first);
    let reported = problems(&report);
    assert!(
        reported
            .iter()
            .any(|problem| problem.starts_with("history: the statuses that were published before the history began: ")),
        "{reported:?}"
    );
    assert_eq!(watch.published("stuck", [first]), "-");
    watch.work(&["well"]);
    watch.check(first + 1);
    assert_eq!(["stuck", "crashed"].map(|group| watch.published(group, [first + 1])), ["3", "3"]);
}
