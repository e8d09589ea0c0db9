//! What a report contains about the history and the metrics: beginnings, limits and refusals.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::support::cloudwatch::{Fault, How};

#[test]
fn the_first_two_runs_report_their_number_and_the_third_has_verdicts() {
    let watch = Watch::new(scene());
    let mut reported = Vec::new();
    for minute in 0..4 {
        watch.work(&["well"]);
        let report = watch.check(minute);
        assert_eq!(problems(&report), [""; 0]);
        let stuck = group(&report, "stuck");
        let partition = stuck["partitions"][0]["reason"].as_str().expect("a reason").to_owned();
        reported.push((
            stuck["reason"].as_str().expect("a reason").to_owned(),
            partition,
            stuck["warming_up_seconds"].clone(),
        ));
    }
    let begins = |at: usize| reported[at].0.split(" snapshot").next().expect("a beginning").to_owned();
    assert_eq!(
        (reported[0].0.as_str(), &reported[0].2),
        ("first snapshot of three, 2 partitions, 20 records behind in all", &json!(120))
    );
    assert_eq!(reported[0].1, "first snapshot of three, 10 records behind");
    assert_eq!((begins(1).as_str(), &reported[1].2), ("second", &json!(60)));
    assert_eq!((begins(2).starts_with("2 partitions"), &reported[2].2), (true, &Value::Null));
}

#[test]
fn without_its_old_history_a_run_is_a_first_run() {
    let watch = Watch::new(scene());
    let minute = watch.until_trouble();
    watch.work(&["well"]);
    let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
    let report = watch.run(minute * 60 + DELAY, event, &[("MEERKAT_PERIOD", "2")]);
    assert_eq!(problems(&report), [""; 0]);
    let reason = group(&report, "stuck")["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("first snapshot of three, "), "{reason}");
    assert_eq!(watch.published("stuck", [minute - 1, minute]), "3 -");
}

#[test]
fn metrics_beyond_the_limit_are_reported_and_every_status_comes_first() {
    let watch = Watch::new(scene());
    let mut minute = watch.until_trouble();
    let check = |minute: i64, limit: u64| {
        watch.work(&["well"]);
        let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
        watch.run(minute * 60 + DELAY, event, &[("MEERKAT_METRICS_LIMIT", &limit.to_string())])
    };
    let report = check(minute, 500);
    assert_eq!(problems(&report), [""; 0]);
    let all = report["metrics"]["published"].as_u64().expect("a number");
    minute += 1;
    // Each of the three groups has a lag and the one that is well an age: all but one of these four are too many.
    let report = check(minute, all - 3);
    let refused = format!(
        "metrics: {all} metrics were asked for and MEERKAT_METRICS_LIMIT allows {}: the lag of 2 groups is left out, and the status of 0, the healthy ones first; raise the limit, or choose less in MEERKAT_METRICS_DETAIL",
        all - 3
    );
    assert_eq!(problems(&report), [refused]);
    assert_eq!(report["complete"], true, "everything was read");
    assert_eq!(["crashed", "stuck", "well"].map(|group| watch.published(group, [minute])), ["3", "3", "1"]);
    assert_eq!(watch.groups_with(names::LAG, minute), ["crashed"]);
}

#[test]
fn a_refusal_of_the_service_is_reported() {
    let watch = Watch::new(scene());
    watch.check(0);
    watch.stand.fail(Fault::new("PutMetricData", How::Deny).always());
    let report = watch.check(1);
    let reported = problems(&report);
    let begins =
        |place: &str, tried: &str| format!("{place}: {tried} is not permitted: allow cloudwatch:PutMetricData");
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(reported[0].starts_with(&begins("history", "writing the history")), "{reported:?}");
    assert!(reported[1].starts_with(&begins("metrics", "publishing the metrics")), "{reported:?}");
}

#[test]
fn offsets_that_are_too_large_to_store_are_reported_with_the_way_out() {
    let huge = 1_i64 << 60;
    let group_of = Group::classic("huge").commits("of-huge", &[huge, 5]).member("a-1", "of-huge", &[0, 1]);
    let watch = Watch::new(scene().group(group_of).topic(Topic::new("of-huge", &[0..huge + 9, 0..9])));
    for minute in 0..4 {
        let report = watch.check(minute);
        one_problem(&report, "history: the offsets of of-huge/0 are too large to store (");
        assert!(
            problems(&report)[0].ends_with(": leave the topic out (MEERKAT_TOPICS), or create it again"),
            "{report}"
        );
        let huge = group(&report, "huge");
        assert_eq!(
            (&huge["status"], &huge["total_lag"]),
            (&json!("UNKNOWN"), &json!(13)),
            "it never warms up: {report}"
        );
        assert_eq!(status(&report, "stuck"), "OK", "nobody else is meant");
    }
}

#[test]
fn a_dashboard_draws_lines_of_any_age() {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let now = i64::try_from(since_1970).expect("a time before the year 9999") - MIDNIGHT;
    for (days, group, groups) in [(0, None, 3), (20, None, 3), (20, Some("stuck"), 1)] {
        let watch = Watch::new(scene());
        let first = now / 60 - days * 1_440 - 20;
        for minute in first..first + 15 {
            watch.work(&["well"]);
            watch.check(minute);
        }
        let [start, end] = [first, first + 20].map(|minute| (MIDNIGHT + minute * 60) * 1_000);
        let mut event = json!({ "widgetContext": { "timeRange": { "start": start, "end": end } } });
        if let Some(group) = group {
            event["group"] = json!(group);
        }
        let html = watch.run(now, event, &[]);
        let html = html.as_str().expect("a text");
        assert_eq!(html.matches("<svg class=\"mk-spark\"").count(), groups, "{days} days: {html}");
    }
}
