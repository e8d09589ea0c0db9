//! The text for Prometheus, compared with golden files and read by Prometheus' own parsers.
//! `MEERKAT_GOLDEN=write cargo test --test it openmetrics` writes them again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use meerkat::config::MetricsDetail;
use meerkat::judge::numbers::{GroupResult, PartitionResult, Results};
use meerkat::model::part::Part;
use meerkat::report::openmetrics::text;

use super::preflight::answer;
use crate::support::broker::{Group, Scene, Stage, Topic};

fn partition(topic: &str, partition: i32, lag: Option<u64>, lag_seconds: Option<f64>) -> PartitionResult {
    PartitionResult { topic: Arc::from(topic), partition, lag, lag_seconds, ..PartitionResult::default() }
}

/// One group that lags, one of which nothing is known, one whose name is hostile.
fn results() -> Results {
    Results {
        cluster: "prod".to_owned(),
        part: Part::default(),
        groups: vec![
            GroupResult {
                diagnosis: None,
                group: "ledger".to_owned(),
                status: None,
                whole: true,
                members: Some(1),
                partitions: vec![partition("ledger", 0, None, None)],
            },
            GroupResult {
                diagnosis: None,
                group: "orders-svc".to_owned(),
                status: Some(3),
                whole: true,
                members: Some(1),
                partitions: vec![
                    partition("orders", 1, Some(2_921), Some(742.25)),
                    PartitionResult { lost: 512, loss_ahead: true, ..partition("refunds", 0, Some(0), Some(0.0)) },
                    partition("orders", 0, Some(79), None),
                ],
            },
            GroupResult {
                diagnosis: None,
                group: "a \"b\" \\ c\nd {größe}".to_owned(),
                status: Some(1),
                whole: true,
                members: Some(1),
                partitions: vec![partition("orders", 0, Some(u64::MAX), None), partition("orders", 1, Some(7), None)],
            },
        ],
        by_status: vec![("OK", 1), ("WARN", 0), ("ERR", 1), ("UNKNOWN", 1), ("NOTFOUND", 0)],
        unknown_groups: 1,
        brokers: 1,
        cluster_problems: None,
        topics: Vec::new(),
        duration_ms: 83,
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openmetrics").join(name)
}

#[test]
fn the_text_is_the_golden_one() {
    // The sum of a group's lags is not published if one of them is missing.
    let partly = GroupResult { whole: false, ..results().groups.remove(1) };
    let part =
        Results { part: Part::parse("2/8").unwrap(), groups: vec![partly, results().groups.remove(2)], ..results() };
    for (name, results, detail) in [
        ("group.txt", &results(), MetricsDetail::Group),
        ("partition.txt", &results(), MetricsDetail::Partition),
        ("part.txt", &part, MetricsDetail::Problems),
    ] {
        let drawn = text(results, detail, 1_795_999_502_045) + "\n";
        if std::env::var_os("MEERKAT_GOLDEN").is_some() {
            std::fs::write(path(name), &drawn).expect("the file can be written");
        }
        let kept = std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(drawn, kept, "{name}: check the difference, then write the golden file again");
    }
}

#[test]
fn what_is_unknown_has_no_line() {
    let text = text(&results(), MetricsDetail::Partition, 0);
    assert!(!text.contains("ledger"), "{text}");
    for wrong in [" -1\n", " NaN", " inf"] {
        assert!(!text.contains(wrong), "{text}");
    }
}

fn stage() -> Stage {
    Scene::of(1)
        .group(Group::classic("orders-svc").commits("orders", &[5, 10]).member("orders-svc-1", "orders", &[0]))
        .topic(Topic::new("orders", &[0..10, 0..10]))
        .start()
}

/// A script that moves the file does it if there are numbers, whatever they are.
#[test]
fn numbers_are_a_success_whatever_the_status() {
    let stage = stage();
    let run = |arguments: &[&str]| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_meerkat"));
        run.args(arguments).env_clear().stdin(std::process::Stdio::null());
        run.env("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT").env("MEERKAT_HISTORY", "off").env("MEERKAT_PUBLISH", "off");
        let output = run.output().expect("the program");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("UTF-8"),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let here = stage.bootstrap();
    let (code, text, _) = run(&["--bootstrap-server", &here, "--format", "openmetrics"]);
    assert!(code == Some(0) && text.ends_with("\n# EOF\n"), "{code:?} {text}");
    let (code, text, _) = run(&["--bootstrap-server", "127.0.0.1:1", "--format", "openmetrics"]);
    assert_eq!((code, &*text), (Some(4), ""));
    let (code, _, reported) = run(&["--bootstrap-server", &here, "--format", "openmetrics", "--html", "/dev/null"]);
    assert!(code == Some(4) && reported.contains("leave --format"), "{reported}");
}

#[test]
fn a_run_is_exposed_to_prometheus() {
    let stage = stage();
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_FORMAT", "openmetrics"),
        ("MEERKAT_METRICS_DETAIL", "partition"),
    ];
    let text = answer(&variables, "{}").json;
    for line in [
        "meerkat_group_lag{cluster=\"prod\",group=\"orders-svc\"} 5\n",
        "meerkat_partition_lag{cluster=\"prod\",group=\"orders-svc\",topic=\"orders\",partition=\"1\"} 0\n",
        "meerkat_groups{cluster=\"prod\",status=\"UNKNOWN\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(!text.contains("meerkat_group_status"), "nothing is known yet: {text}");
}

#[test]
#[ignore = "needs prometheus_client from PyPI: make test-openmetrics"]
fn prometheus_own_parsers_read_the_same_numbers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = Command::new(root.join("tests/tools/venv.sh"))
        .args(["venv-openmetrics", "tests/tools/openmetrics-requirements.txt"])
        .current_dir(root)
        .status()
        .expect("a shell");
    assert!(made.success());
    for name in ["group.txt", "partition.txt", "part.txt"] {
        let read = Command::new(root.join(".cache/venv-openmetrics/bin/python"))
            .args([root.join("tests/tools/openmetrics.py"), path(name)])
            .output()
            .expect("python");
        assert!(read.status.success(), "{name}: {}", String::from_utf8_lossy(&read.stderr));
        let known = std::fs::read_to_string(path(name)).unwrap();
        let samples = known.lines().filter(|line| !line.starts_with('#')).count();
        let said = String::from_utf8_lossy(&read.stdout);
        assert_eq!(said.lines().next(), Some(&*format!("{samples} samples")), "{name}: {said}");
        let hostile = "{'cluster': 'prod', 'group': 'a \"b\" \\\\ c\\nd {größe}'}";
        assert!(said.contains(hostile), "{name}: {said}");
    }
}
