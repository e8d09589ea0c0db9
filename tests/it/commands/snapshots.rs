//! Several snapshots in one process: verdicts and rates without a store.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use meerkat::config::Config;
use meerkat::event::{Ask, Request};
use meerkat::{Clock, Warm, Watch};
use tokio::time::Instant;

use super::*;

/// Takes snapshots of a cluster that a closure changes before each of them, this many seconds apart; returns their
/// reports.
fn snapshots(stage: &Stage, times: u32, every_s: i64, mut change: impl FnMut(&mut Scene)) -> Vec<Value> {
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*stage.bootstrap()),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_LAG_SECONDS", "0"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::parse(variables).unwrap();
    let request = Request { ask: Ask::Check, read_only: true, ..Request::default() };
    let (warm, watch) = (Warm::new(), Watch::every(Duration::from_secs(every_s.unsigned_abs())));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let taken = (0..i64::from(times)).map(|number| {
        stage.change(&mut change);
        let outcome = runtime.block_on(async {
            let started = Instant::now();
            let unix_ms = 1_800_000_000_000 + number * every_s * 1_000;
            let clock = Clock { unix_ms, started, deadline: started + Duration::from_mins(1) };
            let draw = |answer: meerkat::Answer<'_>| answer.to_json();
            meerkat::watch_once(&watch, &config, &request, clock, &warm, &draw).await.unwrap()
        });
        serde_json::from_str(&outcome.json).unwrap()
    });
    taken.collect()
}

fn group<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["groups"].as_array().unwrap().iter().find(|group| group["group"] == name).unwrap()
}

/// One group gains 20 records a second, one loses 10, one reads nothing, one is caught up.
fn busy() -> Stage {
    Scene::of(1)
        .topic(Topic::new("t", &[0..1_000]))
        .group(Group::consumer("gains").member("a", "t", &[0]).commits("t", &[0]))
        .group(Group::consumer("loses").member("b", "t", &[0]).commits("t", &[900]))
        .group(Group::consumer("silent").member("c", "t", &[0]).commits("t", &[500]))
        .group(Group::consumer("well").member("d", "t", &[0]).commits("t", &[1_000]))
        .start()
}

fn a_step(scene: &mut Scene, number: i64) {
    if number > 0 {
        scene.produce("t", 400);
        scene.catch_up("well", "t");
    }
    scene.commit("gains", "t", 0, number * 800);
    scene.commit("loses", "t", 0, 900 + number * 200);
}

#[test]
fn after_three_snapshots_each_group_has_a_verdict_and_a_rate_or_the_time_that_it_needs() {
    let (stage, mut number) = (busy(), -1);
    let reports = snapshots(&stage, 4, 20, |scene| {
        number += 1;
        a_step(scene, number);
    });
    assert_eq!(group(&reports[0], "loses")["rate"], Value::Null);
    let third = &reports[2];
    assert_eq!((&third["watch"]["snapshots"], &third["watch"]["every_s"]), (&3.into(), &20.into()));
    let of = |name: &str| (group(third, name)["status"].as_str().unwrap(), &group(third, name)["rate"]);
    // A snapshot lasts some milliseconds, so the last digit of a rate is not certain.
    let about = |rate: &Value, wanted: f64| (rate.as_f64().unwrap() - wanted).abs() < 2.0;
    let (status, rate) = of("gains");
    assert!(status == "OK" && about(&rate["in_per_s"], 20.0) && about(&rate["out_per_s"], 40.0), "{third}");
    assert!(rate["trend"].as_str().unwrap().starts_with("catches up in 1"), "{third}");
    let (status, rate) = of("loses");
    let trend = rate["trend"].as_str().unwrap();
    assert!(status == "OK" && trend.starts_with("falls behind by ") && trend.ends_with(" records/s"), "{third}");
    assert_eq!(of("well").0, "OK");
    let (status, _) = of("silent");
    let reason = group(third, "silent")["reason"].as_str().unwrap();
    assert_eq!(status, "UNKNOWN");
    assert!(reason.contains("silent for 40 s; a verdict needs "), "{reason}");
    assert_eq!(third["history"]["enabled"], false);
    assert_eq!(third["history"]["advice"], Value::Null);
}

#[test]
fn a_group_whose_members_leave_stops_after_three_minutes_and_not_after_three_snapshots() {
    let (stage, mut number) = (busy(), -1);
    let reports = snapshots(&stage, 40, 10, |scene| {
        number += 1;
        if number == 10 {
            scene.crash("loses");
        }
        scene.produce("t", 200);
        if number < 10 {
            scene.catch_up("loses", "t");
        }
        scene.catch_up("gains", "t");
    });
    let status = |number: usize| group(&reports[number], "loses")["status"].as_str().unwrap();
    assert!((0..=24).all(|number| status(number) != "ERR"), "{}", reports[24]);
    assert_eq!(status(39), "ERR", "{}", reports[39]);
    assert!(reports.iter().all(|report| group(report, "gains")["status"] != "ERR"));
}

#[test]
fn the_program_prints_one_json_after_the_last_snapshot() {
    let stage = scene().start();
    let (code, json) = report(&stage, "--looks 3 --every 1s --all-groups", &[]);
    assert_eq!(code, Some(1), "{json}");
    assert_eq!(json["watch"]["snapshots"], 3);
    assert_eq!(stage.connections(), 1, "the connection is kept");
    assert!(group(&json, "orders-svc")["rate"]["trend"] == "caught up", "{json}");
}

/// What a run with these arguments and variables writes to a terminal of its own, 80 columns wide.
fn on_terminal(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    on_terminal_until(stage, None, arguments, variables)
}

/// The same; Ctrl-C is pressed as soon as the program has written this.
fn on_terminal_until(
    stage: &Stage,
    ctrl_c_after: Option<&str>,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> String {
    let pty = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/on_terminal.py");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(pty);
    if let Some(text) = ctrl_c_after {
        command.args(["--ctrl-c-after", text]);
    }
    command.arg(env!("CARGO_BIN_EXE_meerkat")).args(arguments);
    let bootstrap = stage.bootstrap();
    let base = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"), ("TERM", "xterm")];
    command.env_clear().envs(base).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "it did not end within a minute: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "needs python3: make test-terminal"]
fn on_a_terminal_the_table_is_drawn_in_its_own_place() {
    let written = on_terminal(&scene().start(), &["--watch", "--looks", "3", "--every", "1s"], &[]);
    // Each table begins at the top of a cleared screen, the last one whole.
    assert_eq!(written.matches("\u{1b}[H\u{1b}[J").count(), 4, "{written:?}");
    let last = written.rsplit("\u{1b}[H\u{1b}[J").next().unwrap();
    assert!(last.contains("Snapshot 3, one every 1 s.") && last.contains("TREND"), "{last:?}");
}

#[test]
#[ignore = "needs python3: make test-terminal"]
fn on_a_terminal_ctrl_c_ends_a_watch_and_leaves_its_last_table() {
    let arguments = ["--watch", "--every", "1h"];
    let written = on_terminal_until(&scene().start(), Some("need 2 h more"), &arguments, &[]);
    let last = written.rsplit("\u{1b}[H\u{1b}[J").next().unwrap();
    assert!(last.contains("orders-svc") && last.contains("Snapshot 1, one every 1 h."), "{written:?}");
    assert!(last.contains("1 partition, 1 record behind in all"), "{written:?}");
}

#[test]
#[ignore = "needs python3: make test-terminal"]
fn on_a_terminal_a_run_without_options_writes_nothing_to_cloudwatch() {
    let stage = scene().start();
    for (arguments, writes) in [(&[][..], false), (&["--publish"], true)] {
        let stand = Stand::start();
        let url = stand.url();
        let aws = at_stand(&url);
        let written = on_terminal(&stage, arguments, &aws);
        assert!(written.contains("orders-svc"), "{written:?}");
        let received = |operation| stand.calls(operation).received > 0;
        assert_eq!(
            (received("GetMetricData"), received("PutMetricData")),
            (true, writes),
            "{arguments:?}: {written:?}"
        );
    }
}
