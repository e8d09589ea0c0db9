//! Brokers that are not Apache Kafka's: franz-go's kfake, three of them over TLS (`tests/kfake/main.go`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::real_kafka::show;
use crate::support::check::{Check, Report};

/// The cluster; it ends with its standard input.
struct Kfake {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    addresses: String,
    authority: String,
}

impl Kfake {
    /// In the versions of a release, or in all that it knows.
    fn start(release: Option<&str>) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/kfake/kfake-cluster");
        let mut process = Command::new(&program)
            .args(release)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: make test-kfake builds it", program.display()));
        let commands = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("its output is read");
        let shown: Value = serde_json::from_str(&line).expect("addresses in JSON");
        let addresses = shown["addresses"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let addresses = addresses.collect::<Vec<_>>().join(",");
        let authority = shown["ca"].as_str().expect("a certificate").to_owned();
        Self { process, commands, answers, addresses, authority }
    }

    /// Has it do something.
    fn hand(&mut self, command: &str) {
        writeln!(self.commands.as_mut().expect("its input is open"), "{command}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("its output is read");
        assert_eq!(line.trim(), "ok", "{command}");
    }

    fn check(&self) -> Check {
        Check::at(&self.addresses).trusting(&self.authority).with("MEERKAT_ALLOWED_LAG", "10000")
    }

    fn report(&self) -> Report {
        self.check().answer().expect("a report")
    }
}

impl Drop for Kfake {
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.process.wait();
    }
}

/// Both groups with their lag, and nothing that could not be read.
#[track_caller]
fn is_whole(report: &Report) {
    assert_eq!((report.problems(), report.complete()), (Vec::new(), true), "{report:?}");
    assert_eq!(report.lags("idle"), "orders/0 100, orders/1 100, orders/2 100");
    assert_eq!(report.lags("live"), "orders/0 500, orders/1 500, orders/2 500");
    assert_eq!(show(report.group("idle"), "type state members"), "type=classic state=Empty members=0");
    assert_eq!(report.group("live")["members"], 1);
}

#[test]
#[ignore = "needs franz-go's kfake: make test-kfake"]
fn groups_of_a_stranger_are_read_in_the_versions_of_every_release() {
    for release in [None, Some("2.8"), Some("3.9"), Some("4.0")] {
        is_whole(&Kfake::start(release).report());
    }
}

#[test]
#[ignore = "needs franz-go's kfake: make test-kfake"]
fn a_group_that_a_stranger_does_not_have_is_missing() {
    // It has no offsets topic, so a group that it does not list may exist; a group that is asked for by name is known
    // not to.
    let report = Kfake::start(None).check().with("MEERKAT_EXPECT", "idle,nobody,no*").answer().expect("a report");
    for (group, status) in [("idle", "OK"), ("nobody", "NOTFOUND"), ("no*", "UNKNOWN")] {
        assert_eq!(report.group(group)["status"], status, "{group}: {report:?}");
    }
}

#[test]
#[ignore = "needs franz-go's kfake: make test-kfake"]
fn a_stranger_that_loads_or_moves_a_leader_is_asked_again() {
    let mut kfake = Kfake::start(None);
    kfake.hand("load 2");
    is_whole(&kfake.report());
    for (partition, node) in [(0, 1), (0, 2), (1, 0)] {
        kfake.hand(&format!("lead orders {partition} {node}"));
        is_whole(&kfake.report());
    }
}
