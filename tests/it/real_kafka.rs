//! The binary itself against a real Apache Kafka over TLS: exit code, standard output, standard error.
//!
//! The release is that of the variable `KAFKA_VERSION`, else the newest. All tests but a few share one cluster, so each
//! names its own topics and groups.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::check::Report;
use crate::support::contract::keeps_promises;
use crate::support::kafka::Cluster;

mod ages;
mod brokers;
mod diagnoses;
mod entry;
mod groups;
mod kinds;
mod logins;
mod logs;
mod matrix;
mod outcomes;
mod permissions;
mod preflight;
mod properties;
mod refusals;
mod shared;
mod trouble;
mod upheaval;
mod verdicts;
mod wire;

/// A run of the binary that is to be made: variables, and an event on standard input.
pub(crate) struct Run {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    event: String,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output: the report, or null where there is none.
    pub(crate) report: Report,
    /// Standard error.
    pub(crate) said: String,
}

impl Run {
    /// Over TLS, trusting the cluster's authority alone; every partition in the report, nothing in `CloudWatch`.
    pub(crate) fn on(cluster: &Cluster) -> Self {
        Self { variables: Vec::new(), arguments: Vec::new(), event: String::new() }
            .with("KAFKA_BOOTSTRAP_SERVERS", &cluster.ssl())
            .with("KAFKA_SSL_TRUSTSTORE", &cluster.ca_pem())
            .with("MEERKAT_DETAIL", "all")
            .with("MEERKAT_HISTORY", "off")
            .with("MEERKAT_PUBLISH", "off")
            .with("MEERKAT_LOG", "warn")
    }

    /// The last value of a variable counts; an empty one is none.
    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.into(), value.into()));
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// What stands on standard input.
    pub(crate) fn event(mut self, event: &str) -> Self {
        event.clone_into(&mut self.event);
        self
    }

    /// At these groups alone.
    pub(crate) fn groups(self, names: &[&str]) -> Self {
        self.event(&json!({ "groups": names }).to_string())
    }

    /// Makes the run; nothing of this process's environment reaches it.
    pub(crate) fn make(self) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meerkat"));
        command.args(&self.arguments).env_clear().envs(self.variables);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        // A run that ends before it reads its event closes the pipe; its exit code shows it.
        let _ = child.stdin.take().expect("a pipe").write_all(self.event.as_bytes());
        let output = child.wait_with_output().expect("the binary ends");
        let said = String::from_utf8(output.stderr).expect("standard error is UTF-8");
        let report = if output.stdout.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&output.stdout).expect("standard output is JSON")
        };
        Ran { code: output.status.code().expect("the binary was not killed"), report: Report(report), said }
    }

    /// Makes the run, which has a report.
    pub(crate) fn report(self) -> Report {
        let ran = self.make();
        assert!(ran.report.0.is_object(), "no report: {}", ran.said);
        keeps_promises(&ran.report.0);
        ran.report
    }
}

/// One run over some groups of the shared cluster.
pub(crate) fn check(groups: &[&str]) -> Report {
    Run::on(Cluster::shared()).groups(groups).report()
}

/// The first of several runs whose report is as wanted: Kafka spreads news in steps, and at a pace of its own.
pub(crate) fn until(what: &str, run: impl Fn() -> Report, is_wanted: impl Fn(&Report) -> bool) -> Report {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let report = run();
        if is_wanted(&report) {
            return report;
        }
        assert!(Instant::now() < deadline, "not until {what}: {report:?}");
    }
}

/// However slow the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// Ends the threads of a scope, also where the scope panics: it waits for all of its threads.
pub(crate) struct IsOver<'a>(pub(crate) &'a AtomicBool);

impl Drop for IsOver<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Some keys of an object, in one line, such as `lag=5 committed=null`.
pub(crate) fn show(entry: &Value, keys: &str) -> String {
    let shown: Vec<String> = keys
        .split(' ')
        .map(|key| {
            let value = entry.get(key).map_or_else(|| "absent".into(), ToString::to_string);
            format!("{key}={}", value.trim_matches('"'))
        })
        .collect();
    shown.join(" ")
}

/// Has the shared cluster's stagehand do something.
pub(crate) fn hand(line: &str) -> String {
    Cluster::shared().hand(line)
}
