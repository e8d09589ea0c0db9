//! Runs in a row, minute by minute, each with nothing left of the one before: a scripted broker, a `CloudWatch` that keeps the rules of
//! the service, and what is published in the end.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use meerkat::base::moment::rfc3339;
use meerkat::cloudwatch::names;
use meerkat::config::Config;
use meerkat::event::Request;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::broker::{Group, Scene, Stage, Topic};
use crate::support::cloudwatch::Stand;
use crate::support::contract::keeps_promises;
use crate::support::side_by_side;

mod changes;
mod cluster;
mod elsewhere;
mod journal;
mod kinds;
mod losses;
mod objectives;
mod parts;
mod problems;
mod replaced;
mod schedules;
mod standing;
mod trouble;
mod vanished;
mod vanished_partitions;
mod watched;
mod windows;

/// A midnight, and three seconds that pass from a scheduled minute to its run.
const MIDNIGHT: i64 = 20_000 * 86_400;
const DELAY: i64 = 3;

/// A cluster, its history, and the variables of its function.
struct Watch {
    stage: Stage,
    stand: Stand,
    variables: Vec<(String, String)>,
    /// Whether `CloudWatch`'s quotas are kept, by a clock that runs on during a run.
    has_quotas: bool,
}

/// The groups `crashed`, `stuck` and `well` read a topic of their own, of two partitions each.
fn scene() -> Scene {
    ["crashed", "stuck", "well"].iter().fold(Scene::of(1), |scene, name| {
        let topic = format!("of-{name}");
        let group = Group::classic(name).commits(&topic, &[100, 100]).member("a-1", &topic, &[0, 1]);
        scene.group(group).topic(Topic::new(&topic, &[0..100, 0..100]))
    })
}

impl Watch {
    fn new(scene: Scene) -> Self {
        Self { stage: scene.start(), stand: Stand::start(), variables: Vec::new(), has_quotas: false }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The answer to an event at this second after midnight. It is given in this process, as a new process would give it; but where
    /// another service of AWS takes part, only an environment says where that is.
    fn run(&self, second: i64, event: Value, variables: &[(&str, &str)]) -> Value {
        if self.variables.iter().any(|(name, _)| name.starts_with("AWS_")) {
            return self.run_with_code(second, event, variables).0;
        }
        let event = self.event_at(second, event);
        let own = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        // What comes last counts, as in an environment.
        let variables: BTreeMap<String, String> = self.environment().into_iter().chain(own).collect();
        let config = Config::parse(variables).unwrap_or_else(|error| panic!("{error}"));
        let request = Request::parse(&event.to_string()).unwrap_or_else(|error| panic!("{error}"));
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("any", "any", None, None, "test"))
            .endpoint_url(self.stand.url());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let outcome = runtime.block_on(async {
            let warm = meerkat::Warm::with_cloudwatch(settings).await;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
            let unix_ms = i64::try_from(now.as_millis()).expect("it is before the year 292,000,000");
            let started = Instant::now();
            let clock = meerkat::Clock { unix_ms, started, deadline: started + config.timeout };
            meerkat::answer(&config, &request, clock, &warm).await
        });
        let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
        let report: Value = serde_json::from_str(&outcome.json).expect("a report in JSON");
        keeps_promises(&report);
        report
    }

    /// The same by the program, with the exit code.
    fn run_with_code(&self, second: i64, event: Value, variables: &[(&str, &str)]) -> (Value, Option<i32>) {
        let output = self.output(second, event, variables);
        let reported = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {reported}"));
        keeps_promises(&report);
        (report, output.status.code())
    }

    /// All that the program leaves of the same.
    fn output(&self, second: i64, event: Value, variables: &[(&str, &str)]) -> Output {
        let event = self.event_at(second, event);
        let mut run = Command::new(env!("CARGO_BIN_EXE_meerkat"));
        run.env_clear()
            .envs(self.environment())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = run.spawn().expect("the program starts");
        let mut input = process.stdin.take().expect("its input is piped");
        input.write_all(event.to_string().as_bytes()).expect("the event is sent");
        drop(input);
        process.wait_with_output().expect("the program ends")
    }

    /// The event at this second after midnight, to which the clock of `CloudWatch` is set.
    fn event_at(&self, second: i64, mut event: Value) -> Value {
        if self.has_quotas {
            self.stand.run_clock_from(MIDNIGHT + second);
        } else {
            self.stand.set_now(MIDNIGHT + second);
        }
        // A dashboard knows no rehearsals.
        if event.get("widgetContext").is_none() {
            event["now"] = json!(rfc3339(MIDNIGHT + second));
        }
        event
    }

    /// The variables of every run.
    fn environment(&self) -> Vec<(String, String)> {
        let bootstrap = self.stage.bootstrap();
        let always = [
            ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
            ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
            ("MEERKAT_CLUSTER", "prod"),
            ("MEERKAT_DETAIL", "all"),
            ("MEERKAT_LAG_SECONDS", "0"),
            ("MEERKAT_LOG", "off"),
            ("AWS_ENDPOINT_URL_CLOUDWATCH", &*self.stand.url()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "any"),
            ("AWS_SECRET_ACCESS_KEY", "any"),
        ];
        let always = always.map(|(name, value)| (name.to_owned(), value.to_owned()));
        always.into_iter().chain(self.variables.iter().cloned()).collect()
    }

    /// The run that is scheduled for this minute after midnight.
    fn check(&self, minute: i64) -> Value {
        self.check_late(minute, DELAY)
    }

    /// The same, this many seconds after its minute.
    fn check_late(&self, minute: i64, late: i64) -> Value {
        let event = json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) });
        self.run(minute * 60 + late, event, &[])
    }

    /// A minute of work before it: all topics get ten records, and the groups that are well read them.
    fn work(&self, well: &[&str]) {
        self.stage.change(|scene| {
            for name in ["crashed", "stuck", "well"] {
                let topic = format!("of-{name}");
                scene.produce(&topic, 10);
                if well.contains(&name) {
                    scene.catch_up(name, &topic);
                }
            }
        });
    }

    /// Eight minutes of health, then one group has crashed and one is stuck, until both are known to be; the next minute.
    fn until_trouble(&self) -> i64 {
        for minute in 0..8 {
            self.work(&["crashed", "stuck", "well"]);
            self.check(minute);
        }
        self.stage.change(|scene| scene.crash("crashed"));
        for minute in 8..40 {
            self.work(&["well"]);
            self.check(minute);
            if self.published("crashed", [minute]) == "3" && self.published("stuck", [minute]) == "3" {
                return minute + 1;
            }
        }
        panic!("never reported: {} and {}", self.published("crashed", 0..40), self.published("stuck", 0..40));
    }

    /// The status that was published of a group for each of these minutes, or a dash.
    fn published(&self, group: &str, minutes: impl IntoIterator<Item = i64>) -> String {
        let stored = self.stand.metrics();
        let status = |minute: i64| {
            let of = |stored: &&crate::support::cloudwatch::Stored| {
                let dimensions = &stored.metric.dimensions;
                stored.metric.name == names::STATUS
                    && dimensions.get(names::GROUP).is_some_and(|name| name == group)
                    && stored.timestamp == MIDNIGHT + minute * 60
            };
            stored.iter().find(of).map_or("-".to_owned(), |stored| stored.maximum.to_string())
        };
        minutes.into_iter().map(status).collect::<Vec<_>>().join(" ")
    }

    /// The groups that have this metric in a minute, in the order of their names.
    fn groups_with(&self, name: &str, minute: i64) -> Vec<String> {
        let stored = self.stand.metrics();
        let of = stored
            .iter()
            .filter(|stored| stored.metric.name == name && stored.timestamp == MIDNIGHT + minute * 60)
            .filter_map(|stored| stored.metric.dimensions.get(names::GROUP).cloned());
        of.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// What is stored under this name in the namespace of the metrics, as (seconds after midnight, sum).
    fn metric(&self, name: &str) -> Vec<(i64, f64)> {
        let stored = self.stand.metrics();
        let of =
            stored.iter().filter(|stored| stored.metric.name == name && stored.metric.namespace == names::NAMESPACE);
        of.map(|stored| (stored.timestamp - MIDNIGHT, stored.sum)).collect()
    }
}

/// The problems of a report, each as `where: what`.
fn problems(report: &Value) -> Vec<String> {
    let problems = report["problems"].as_array().expect("problems");
    let text = |problem: &Value, key: &str| problem[key].as_str().expect("a text").to_owned();
    problems.iter().map(|problem| format!("{}: {}", text(problem, "where"), text(problem, "what"))).collect()
}

#[track_caller]
fn one_problem(report: &Value, begin: &str) {
    let problems = problems(report);
    assert!(problems.len() == 1 && problems[0].starts_with(begin), "{problems:?} and not {begin:?}");
    assert_eq!(report["complete"], false);
}

/// A group's entry in a report.
#[track_caller]
fn group<'a>(report: &'a Value, group: &str) -> &'a Value {
    let groups = report["groups"].as_array().expect("groups");
    groups.iter().find(|entry| entry["group"] == group).expect("the group")
}

/// A group's word in a report.
fn status<'a>(report: &'a Value, group: &str) -> &'a str {
    self::group(report, group)["status"].as_str().expect("a word")
}
