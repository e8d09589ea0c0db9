//! The result of the canary in `CloudWatch`, and the cost of the metrics.

use super::Line;
use super::found::Canary;
use crate::base::fault::Fault;
use crate::base::figures::grouped;

/// The lines of a canary; the namespaces are those of the configuration, `waited_ms` is how long the run waited for
/// it.
pub(crate) fn lines(canary: &Canary, state: &str, results: &str, waited_ms: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let Canary { endpoint, region, ahead_ms, state: kept, results: published, read, visible_ms, wrong } = canary;
    if let Some(endpoint) = endpoint {
        let region = region.as_deref().unwrap_or("no Region");
        lines.push(Line::works(SECTION, "endpoint", format!("{endpoint}, {region}")));
    }
    let granted = |subject: &str, outcome: &Option<Result<(), Fault>>, works: String| match outcome {
        Some(Ok(())) => Line::works(SECTION, subject, works),
        Some(Err(Fault { found, todo })) => {
            let todo = todo.as_deref().unwrap_or("check the function's role and the endpoint's policy");
            Line::fails(SECTION, subject, found, todo)
        }
        None => Line::works(SECTION, subject, "turned off, as configured"),
    };
    lines.push(granted(&format!("write to {state}"), kept, String::from("the history can be kept")));
    lines.push(granted(&format!("write to {results}"), published, String::from("metrics can be published")));
    lines.push(granted("read", read, String::from("data can be read")));
    if let (Some(Ok(())), Some(Ok(()))) = (kept, read) {
        lines.push(match (visible_ms, wrong.is_empty()) {
            (_, false) => Line::fails(
                SECTION,
                "canary",
                format!("came back otherwise than it was written: {}", wrong.iter().cloned().collect::<Vec<_>>().join("; ")),
                "keep no history there (MEERKAT_HISTORY=off), and see what stands between this and CloudWatch",
            ),
            (Some(ms), true) => Line::works(
                SECTION,
                "canary",
                format!("both ends of every range that a slot has and a merged second came back as written, {ms} ms after the write"),
            ),
            (None, true) => Line::unknown(
                SECTION,
                "canary",
                format!("written and not visible after {waited_ms} ms; a new metric may need two minutes: run preflight again then"),
            ),
        });
    }
    lines.push(match ahead_ms {
        Some(ms) if ms.abs() <= CLOCK_TOLERANCE_MS => {
            Line::works(SECTION, "clock", format!("agrees with AWS within {} s", (ms.abs() + 999) / 1_000))
        }
        Some(ms) => {
            let side = if *ms > 0 { "behind" } else { "ahead of" };
            let found = format!("this machine's clock is {} s {side} that of AWS", ms.abs() / 1_000);
            Line::fails(SECTION, "clock", found, "set the clock by NTP: minutes are addresses, and signatures expire")
        }
        None => Line::unknown(SECTION, "clock", "not compared: no answer of AWS carried a date"),
    });
    lines
}

/// Whether a receiver of OTLP accepts requests.
pub(crate) fn receiver(origin: &str, problems: &[String]) -> Line {
    match problems.first() {
        None => Line::works(SECTION, "OTLP", format!("{origin} accepts requests")),
        Some(problem) => {
            Line::fails(SECTION, "OTLP", problem.clone(), "check OTEL_EXPORTER_OTLP_ENDPOINT, and MEERKAT_PUBLISH")
        }
    }
}

/// The expected cost on the account's bill.
pub(crate) fn cost(metrics: usize, state: usize, limit: usize, dollars: f64, prices_of: &str) -> Line {
    let found = format!(
        "{metrics} metrics for people and {state} for the history, about {dollars:.2} USD a month (us-east-1, {prices_of})"
    );
    if metrics > limit {
        let todo =
            "raise MEERKAT_METRICS_LIMIT, choose less in MEERKAT_METRICS_DETAIL, or fewer groups in MEERKAT_GROUPS";
        Line::less(SECTION, "metrics", format!("{found}, MEERKAT_METRICS_LIMIT allows {limit}"), todo)
    } else {
        Line::works(SECTION, "metrics", found)
    }
}

/// Whether one alarm over all groups can hold them, each of which is a series of it.
pub(crate) fn series(groups: usize) -> Line {
    let found = format!(
        "{groups} groups; an alarm with a series for each shows {MOST_SERIES} of them, {MOST_IN_ALARM} in ALARM at a time, out of at most {} metrics",
        grouped(MOST_METRICS as u64)
    );
    if groups * 10 > MOST_METRICS * 9 {
        let beyond = "of metrics beyond those that a query may match, the alarm may report none";
        Line::less(SECTION, "alarm on groups", found, format!("{beyond}: {FEWER_GROUPS}"))
    } else if groups * 10 > MOST_SERIES * 9 {
        let beyond = "beyond them groups are not watched";
        Line::less(SECTION, "alarm on groups", found, format!("{beyond}: {FEWER_GROUPS}"))
    } else if groups * 10 > MOST_IN_ALARM * 9 {
        Line::works(
            SECTION,
            "alarm on groups",
            format!("{found}: if more are, the next one is reported when one of these ends"),
        )
    } else {
        Line::works(SECTION, "alarm on groups", found)
    }
}

/// What a run reads of the history.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The effect of more partitions than one run is made for, if there are that many.
    pub beyond: Option<String>,
    /// Whether there are other parts.
    pub is_part: bool,
    /// Pages of partitions.
    pub pages: usize,
    /// Estimated points of each run.
    pub points: u64,
    /// Additional estimated points while every partition may be slow.
    pub windows: u64,
    /// Estimated points that the run may request per second: its part of half of the quota.
    pub points_per_second: u64,
    /// Seconds that a run has for it.
    pub seconds: u64,
}

/// How long reading the history will take in each run, by the quota alone.
pub(crate) fn reading(reading: Reading) -> Line {
    let Reading { beyond, is_part, pages, points, windows, points_per_second, seconds } = reading;
    let time = |points: u64| {
        let tenths = points * 10 / points_per_second.max(1);
        format!("{}.{} s", tenths / 10, tenths % 10)
    };
    let s = if pages == 1 { "" } else { "s" };
    let share = if is_part { "this part's share of half" } else { "half" };
    let found = format!(
        "{pages} page{s}, {points} estimated points, {} at {share} of the 180,000 a second that all readers in the account and Region share; while every partition is slow {windows} more, {}",
        time(points),
        time(windows)
    );
    let parts = "divide the groups into parts (MEERKAT_PART)";
    if let Some(beyond) = beyond {
        Line::less(SECTION, "reading", format!("{found}; {beyond}"), parts)
    } else if points + windows > points_per_second * seconds {
        let found =
            format!("{found}: a run has {seconds} s, so some partitions keep their last verdict for a while then");
        Line::less(SECTION, "reading", found, parts)
    } else {
        Line::works(SECTION, "reading", found)
    }
}

/// The section of everything about `CloudWatch`.
pub(crate) const SECTION: &str = "CloudWatch";
/// The advice if there are more groups than one alarm can hold.
const FEWER_GROUPS: &str =
    "give each stack some of the groups (MEERKAT_GROUPS) and a cluster name of its own, or use MEERKAT_CHANGES_TOPIC";
/// Series that an alarm on a Metrics Insights query returns, out of 10,000 metrics that it matches, and contributors in ALARM
/// (`CloudWatch` user guide, alarms on Metrics Insights queries). The query matches one metric for each group.
const MOST_SERIES: usize = 500;
const MOST_METRICS: usize = 10_000;
const MOST_IN_ALARM: usize = 100;
/// A minute is the unit of the history, and signatures are accepted for five.
const CLOCK_TOLERANCE_MS: i64 = 5_000;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::preflight::Status;

    fn lines_of(canary: &Canary) -> Vec<(String, Status)> {
        let lines = lines(canary, "Meerkat/State", "Meerkat", 20_000);
        assert!(lines.iter().all(|line| line.status != Status::Fails || line.todo.is_some()), "{lines:?}");
        lines.into_iter().map(|line| (line.subject, line.status)).collect()
    }

    fn well() -> Canary {
        Canary {
            endpoint: Some("https://monitoring.eu-west-1.amazonaws.com".into()),
            region: Some("eu-west-1".into()),
            ahead_ms: Some(-800),
            state: Some(Ok(())),
            results: Some(Ok(())),
            read: Some(Ok(())),
            visible_ms: Some(1_200),
            wrong: std::collections::BTreeSet::new(),
        }
    }

    fn status(canary: &Canary, subject: &str) -> Status {
        lines_of(canary).into_iter().find(|(found, _)| found == subject).unwrap().1
    }

    #[test]
    fn a_canary_that_came_back_works() {
        assert!(lines_of(&well()).iter().all(|(_, status)| *status == Status::Works), "{:?}", lines_of(&well()));
    }

    #[test]
    fn each_namespace_is_reported_for_itself() {
        let todo = Some(String::from("allow cloudwatch:PutMetricData"));
        let refused = Some(Err(Fault { found: String::from("writing the history is not permitted"), todo }));
        let canary = Canary { state: refused, visible_ms: None, ..well() };
        assert_eq!(status(&canary, "write to Meerkat/State"), Status::Fails);
        assert_eq!(status(&canary, "write to Meerkat"), Status::Works);
        assert!(lines_of(&canary).iter().all(|(subject, _)| subject != "canary"));
    }

    #[test]
    fn what_is_turned_off_is_no_trouble() {
        let canary = Canary { state: None, read: None, visible_ms: None, ..well() };
        assert_eq!(status(&canary, "write to Meerkat/State"), Status::Works);
        assert!(lines_of(&canary).iter().all(|(subject, _)| subject != "canary"));
    }

    #[test]
    fn what_is_not_visible_yet_is_unknown_and_what_is_wrong_is_not() {
        assert_eq!(status(&Canary { visible_ms: None, ..well() }, "canary"), Status::Unknown);
        let wrong = ["slot 0".to_owned()].into();
        assert_eq!(status(&Canary { wrong, ..well() }, "canary"), Status::Fails);
    }

    #[test]
    fn a_clock_may_be_off_by_a_few_seconds() {
        let clock = |ahead_ms| status(&Canary { ahead_ms, ..well() }, "clock");
        assert_eq!(clock(Some(5_000)), Status::Works);
        assert_eq!(clock(Some(5_001)), Status::Fails);
        assert_eq!(clock(Some(-5_001)), Status::Fails);
        assert_eq!(clock(None), Status::Unknown);
    }

    #[test]
    fn an_alarm_that_is_nearly_full_is_reported() {
        let lines_of = |groups| (series(groups).status, series(groups).found.contains("the next one is reported"));
        assert_eq!(lines_of(90), (Status::Works, false));
        assert_eq!(lines_of(91), (Status::Works, true));
        assert_eq!(lines_of(450), (Status::Works, true));
        assert_eq!(lines_of(451).0, Status::Less);
        let beyond = |groups| series(groups).todo.unwrap_or_default().contains("may match");
        assert!(!beyond(9_000) && beyond(9_001));
    }

    #[test]
    fn a_read_that_needs_longer_than_a_run_has_is_reported() {
        let of = |pages: usize, beyond: Option<&str>| {
            let points = pages as u64 * 180;
            let (beyond, windows) = (beyond.map(str::to_owned), points * 11);
            let points_per_second = 58_000;
            reading(Reading { beyond, is_part: false, pages, points, windows, points_per_second, seconds: 20 })
        };
        let all_is_well = of(46, None);
        assert_eq!(all_is_well.status, Status::Works);
        assert_eq!(
            all_is_well.found,
            "46 pages, 8280 estimated points, 0.1 s at half of the 180,000 a second that all readers in the account and Region share; while every partition is slow 91080 more, 1.5 s"
        );
        assert_eq!([189, 560].map(|pages| of(pages, None).status), [Status::Works, Status::Less]);
        let beyond = of(1, Some("they are too many"));
        assert_eq!((beyond.status, beyond.found.ends_with("; they are too many")), (Status::Less, true));
    }

    #[test]
    fn more_metrics_than_allowed_are_reported() {
        assert_eq!(cost(500, 3, 500, 151.0, "2026-11").status, Status::Works);
        assert_eq!(cost(501, 3, 500, 151.0, "2026-11").status, Status::Less);
    }
}
