//! The table of a terminal, held against what was looked at once: `MEERKAT_GOLDEN=write cargo test --test pure terminal` draws anew.

use std::path::Path;

use meerkat::cli::table::Shown;
use meerkat::cli::table::{Screen, history, table};
use meerkat::judge::verdict::judge;
use meerkat::model::lag::{Assigned, Committed, LogRange};
use meerkat::model::memory::{Members, Memory, Reading, Sample, Thresholds};
use meerkat::report::Report;
use meerkat::report::history::PastOfGroup;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

const PROBLEMS: &str = include_str!("../screenshots/reports/problems.json");
const HEALTHY: &str = include_str!("../screenshots/reports/healthy.json");
const EMPTY: &str = include_str!("../screenshots/reports/empty.json");

fn drawn(report: &str, width: usize, partitions: bool) -> String {
    table(&Report::parse(report).expect("a report"), Screen { width, colour: false }, shown(partitions))
}

fn shown(partitions: bool) -> Shown {
    if partitions { Shown::Partitions } else { Shown::Groups }
}

/// A report of this many groups with the same reason, with a name in it.
fn alike(groups: usize, name: &str) -> String {
    let group = |name: &str| {
        json!({ "group": name, "state": "Empty", "members": 0, "status": "UNKNOWN", "reason": "no earlier snapshot", "total_lag": 1_234_567,
                "max_lag": 7, "lag_seconds": 754.2, "partition_count": 1, "partitions": [] })
    };
    let names = (1..groups).map(|number| group(&format!("group-{number:02}"))).chain([group(name)]);
    let problems = (0..6).map(|broker| json!({ "where": format!("broker {broker}"), "what": "it does not answer" }));
    json!({ "cluster": "prod", "status": "UNKNOWN", "complete": false, "scheduled": "2026-11-23T01:05:00Z", "duration_ms": 83,
            "groups": names.collect::<Vec<_>>(), "problems": problems.collect::<Vec<_>>(), "history": { "enabled": false } })
    .to_string()
}

fn golden(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pure/terminal").join(name);
    if std::env::var_os("MEERKAT_GOLDEN").is_some() {
        std::fs::write(&path, drawn).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(drawn, kept, "{name}: check the difference, then write the golden file again");
}

#[test]
fn the_table_of_groups_is_the_golden_one() {
    for (name, report) in [("problems", PROBLEMS), ("healthy", HEALTHY), ("empty", EMPTY), ("alike", &alike(9, "last"))]
    {
        for width in [80, 120, 200] {
            golden(&format!("{name}-{width}.txt"), &drawn(report, width, false));
        }
    }
}

#[test]
fn the_table_of_partitions_is_the_golden_one() {
    for width in [80, 120, 200] {
        golden(&format!("partitions-{width}.txt"), &drawn(PROBLEMS, width, true));
    }
}

/// The reason in this minute for a partition that was committed to each minute up to the 25th, and has this much
/// unread since.
fn silence(now: i64, unread: i64, (members, assigned): (Members, Assigned)) -> String {
    let (thresholds, mut before, mut said) = (Thresholds::DEFAULT, None::<Sample>, String::new());
    for minute in 0..=now {
        let committed = 10 * minute.min(25);
        let silent = minute > 25;
        let end = if silent { committed + unread } else { committed };
        let (members, assigned) = if silent { (members, assigned) } else { (Members::Present, Assigned::Yes) };
        let log = LogRange { start: 0, end, last_stable: None };
        let reading = Reading::new(minute * 60_000, Committed::At(committed), log, assigned, members);
        let mut memory = Memory::fold(before.as_ref(), &reading, &thresholds);
        said = judge(before.as_ref(), &reading, &mut memory, Ok(&[]), None, &thresholds).to_string();
        before = Some(Sample { time_ms: reading.time_ms, committed: reading.committed, end, memory });
    }
    said
}

#[test]
fn the_sample_and_the_readme_match_the_programs_output() {
    let readme = include_str!("../../README.md");
    let stopped = silence(72, 18_204, (Members::Absent, Assigned::No));
    let stalled = silence(42, 4_117, (Members::Present, Assigned::Yes));
    for said in [stopped, stalled] {
        assert!(PROBLEMS.contains(&format!("\"{said}\"")), "{said}");
        let shown = said.rsplit_once(", ").expect("a sentence in pieces").0;
        assert!(readme.contains(shown), "{shown}");
    }
}

/// What mode history prints: a partition that stops being read, one that is slow with runs missing, one of which nothing is known.
fn kept() -> String {
    let reading = |minute: i64, committed: Option<i64>, log_end: i64| json!({ "taken": format!("2026-11-23T01:{minute:02}:02Z"), "committed": committed, "log_end": log_end, "memory": "…" });
    let stops = (0..31).rev().map(|minute| reading(minute, Some(1_400 + 10 * minute.min(12)), 1_400 + 10 * minute));
    let slow = (0..31)
        .rev()
        .filter(|minute| !(9..13).contains(minute))
        .map(|minute| reading(minute, Some(77_000_000 + 90 * minute), 77_000_000 + 100 * minute));
    json!({ "cluster": "prod", "group": "orders-svc", "period_minutes": 1, "problems": ["history: the snapshots of 4 minutes are missing"], "partitions": [
        { "topic": "orders", "partition": 0, "problem": null, "looks": stops.collect::<Vec<_>>() },
        { "topic": "orders", "partition": 11, "problem": null, "looks": slow.collect::<Vec<_>>() },
        { "topic": "refunds-of-customers-in-the-european-union", "partition": 0, "problem": null, "looks": [reading(30, None, 512)] },
        { "topic": "vouchers", "partition": 0, "problem": "the page could not be read", "looks": [] } ] })
    .to_string()
}

#[test]
fn the_history_of_a_group_is_the_golden_one() {
    for width in [80, 120, 200] {
        let drawn = history(&PastOfGroup::parse(&kept()).expect("a history"), Screen { width, colour: false });
        golden(&format!("history-{width}.txt"), &drawn);
        assert!(drawn.lines().all(|line| line.width() <= width), "{drawn}");
    }
}

#[test]
fn an_unknown_group_is_not_reported_as_reading_nothing() {
    let drawn = |problems: &[&str]| {
        let json =
            json!({ "cluster": "prod", "group": "g", "period_minutes": 1, "problems": problems, "partitions": [] });
        history(&PastOfGroup::parse(&json.to_string()).expect("a history"), Screen { width: 80, colour: false })
    };
    assert!(drawn(&[]).contains("The group reads nothing"));
    let reported = drawn(&["its coordinator is away"]);
    assert!(reported.contains("its coordinator is away") && !reported.contains("reads nothing"), "{reported}");
}

#[test]
fn partitions_stand_in_the_columns_of_kafkas_own_tool() {
    let theirs = "TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID";
    let drawn = drawn(PROBLEMS, 200, true);
    let head = drawn.lines().find(|line| line.starts_with("TOPIC")).expect("a head");
    assert!(head.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(theirs), "{head}");
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let long = "orders-".repeat(40);
    for report in [PROBLEMS, HEALTHY, EMPTY, &alike(3, &long), &alike(3, &"注文".repeat(60))] {
        for width in [80, 100, 132, 200] {
            for line in drawn(report, width, false).lines().chain(drawn(report, width, true).lines()) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn a_name_cannot_move_the_cursor_or_turn_the_line() {
    let report = alike(2, "evil\u{1b}[2J\u{202e}\r\nname\u{7}");
    let drawn = drawn(&report, 200, false);
    assert!(drawn.contains("evil\\u{1b}[2J\\u{202e}\\u{d}\\u{a}name\\u{7}"), "{drawn}");
    assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']), "{drawn:?}");
}

#[test]
fn colour_is_all_that_a_colourful_screen_adds() {
    let report = Report::parse(PROBLEMS).expect("a report");
    let coloured = table(&report, Screen { width: 200, colour: true }, Shown::Groups);
    let mut parts = coloured.split("\x1b[");
    let mut plain = parts.next().expect("a first part").to_owned();
    plain.extend(parts.map(|part| part.split_once('m').expect("an end").1));
    assert!(coloured.contains("\x1b[1;31mERR\x1b[0m"), "{coloured:?}");
    assert_eq!(plain, drawn(PROBLEMS, 200, false));
}

#[test]
fn each_group_has_its_reason_and_one_trouble_is_printed_once() {
    let drawn = drawn(&alike(89, "last"), 200, false);
    assert_eq!(drawn.matches("no earlier snapshot").count(), 89, "{drawn}");
    assert_eq!(drawn.matches("it does not answer").count(), 1, "{drawn}");
    let closing = "89 of 89 groups need attention. Without history meerkat reports lag only.\n";
    assert!(drawn.ends_with(closing), "{drawn}");
}

#[test]
fn a_name_of_blanks_is_seen() {
    let drawn = drawn(&alike(3, "  "), 200, false);
    assert!(drawn.contains("\"  \"  "), "{drawn}");
}

#[test]
fn an_owner_has_a_column_where_somebody_owns_a_group() {
    let mut report: serde_json::Value = serde_json::from_str(&alike(3, "last")).expect("a report");
    report["groups"][1]["owner"] = json!("team-a");
    let drawn = drawn(&report.to_string(), 200, false);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = drawn.lines().map(words).collect();
    assert_eq!(lines[0][..8], ["GROUP", "STATUS", "LAG", "BEHIND", "MEMBERS", "STATE", "OWNER", "WHY"]);
    assert!(
        lines.iter().any(|line| line.first().is_some_and(|name| name == "group-02") && line.contains(&"team-a".into())),
        "{drawn}"
    );
}
