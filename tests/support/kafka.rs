//! A real Apache Kafka on 127.0.0.1, and a stagehand that makes topics, records, commits and readers on it.
//!
//! `tests/kafka/cluster.py` does the work. A cluster ends when its [`Cluster`] is dropped, or else with this process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

/// What kind of cluster.
pub(crate) struct Options {
    /// The release, such as `2.8.2`.
    pub(crate) version: String,
    /// How many brokers; numbered from 1.
    pub(crate) nodes: usize,
    /// Whether permissions count: only plaintext connections, TLS ones without a SASL user, and alice may do everything.
    pub(crate) authorizer: bool,
    /// Broker settings, each `key=value`.
    pub(crate) settings: Vec<String>,
    /// The port that TLS listeners are advertised by; `None` for their own.
    pub(crate) advertised_ssl: Option<u16>,
}

impl Default for Options {
    /// One broker of the release in the variable `KAFKA_VERSION`, or the newest.
    fn default() -> Options {
        let version = std::env::var("KAFKA_VERSION").ok().filter(|text| !text.is_empty());
        Options {
            version: version.unwrap_or_else(|| NEWEST.to_owned()),
            nodes: 1,
            authorizer: false,
            settings: Vec::new(),
            advertised_ssl: None,
        }
    }
}

/// A running cluster.
pub(crate) struct Cluster {
    folder: PathBuf,
    /// What `cluster.py start` printed.
    shown: Value,
    /// Started with the first command.
    stagehand: Mutex<Option<Stagehand>>,
}

impl Cluster {
    /// Starts a cluster and waits until every broker sees all the others.
    ///
    /// # Panics
    /// When it does not start; the brokers' last words are on standard error then.
    pub(crate) fn start(options: &Options) -> Cluster {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let process = std::process::id().to_string();
        let name = format!("kafka-{process}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut command = script("start", &folder);
        command.args(["--version", &options.version, "--nodes", &options.nodes.to_string(), "--with-parent", &process]);
        if options.authorizer {
            command.arg("--authorizer");
        }
        for setting in &options.settings {
            command.args(["--set", setting]);
        }
        if let Some(port) = options.advertised_ssl {
            command.args(["--advertise-ssl", &port.to_string()]);
        }
        let printed = run(&mut command);
        let shown =
            serde_json::from_slice(&printed).unwrap_or_else(|error| panic!("cluster.py printed {printed:?}: {error}"));
        Cluster { folder, shown, stagehand: Mutex::new(None) }
    }

    /// The cluster that all tests of this process share: the default options. Name topics and groups after the test.
    pub(crate) fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Cluster::start(&Options::default()))
    }

    /// The release.
    pub(crate) fn version(&self) -> &str {
        self.text(&["version"])
    }

    /// Whether the release is this one or newer.
    pub(crate) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version().split('.').map(|part| part.parse::<u32>().unwrap_or_default());
        (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()) >= (major, minor)
    }

    /// Bootstrap addresses without TLS, separated by commas.
    pub(crate) fn plaintext(&self) -> String {
        self.addresses("plaintext")
    }

    /// Bootstrap addresses with TLS, a client certificate being welcome. The brokers advertise `localhost` there.
    pub(crate) fn ssl(&self) -> String {
        self.addresses("ssl")
    }

    /// Bootstrap addresses with TLS and SASL, all mechanisms.
    pub(crate) fn sasl_ssl(&self) -> String {
        self.addresses("sasl_ssl")
    }

    /// The password of `alice`, `reader` or `nobody`.
    pub(crate) fn password(&self, user: &str) -> &str {
        self.text(&["users", user])
    }

    /// The certificate of the authority that signed the brokers'.
    pub(crate) fn ca_pem(&self) -> String {
        self.pem("ca")
    }

    /// A PEM file's text by its name in `tests/kafka/certificates.py`: `client` is a key and its chain in one, and so is each
    /// bad one (`expired`, `other-name`, `unknown-ca`, `client-expired`, …); `client_key` and `client_crt` are the halves.
    pub(crate) fn pem(&self, name: &str) -> String {
        let path = self.text(&["tls", name]);
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Has the stagehand do something, such as `create-topic orders 6`; returns its answer after `ok`.
    ///
    /// # Panics
    /// With the stagehand's own words when it could not.
    pub(crate) fn hand(&self, line: &str) -> String {
        self.try_hand(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// As [`Cluster::hand`], when failing is part of the test.
    pub(crate) fn try_hand(&self, line: &str) -> Result<String, String> {
        let mut stagehand = self.stagehand.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = stagehand.get_or_insert_with(|| Stagehand::new(script("stagehand", &self.folder))).ask(line);
        match answer.split_once(' ').unwrap_or((&answer, "")) {
            ("ok", said) => Ok(said.to_owned()),
            (_, said) => Err(said.to_owned()),
        }
    }

    /// Takes a broker down at once.
    pub(crate) fn kill(&self, node: usize) {
        run(script("kill", &self.folder).args(["--node", &node.to_string()]));
    }

    /// Stops a broker properly: it hands over what it leads.
    pub(crate) fn leave(&self, node: usize) {
        run(script("leave", &self.folder).args(["--node", &node.to_string()]));
    }

    /// Starts a stopped broker again, with its data and its ports.
    pub(crate) fn revive(&self, node: usize) {
        run(script("revive", &self.folder).args(["--node", &node.to_string()]));
    }

    /// Has a broker answer nothing more, with its connections open.
    pub(crate) fn freeze(&self, node: usize) {
        run(script("freeze", &self.folder).args(["--node", &node.to_string()]));
    }

    /// Has a broker go on that was frozen.
    pub(crate) fn thaw(&self, node: usize) {
        run(script("thaw", &self.folder).args(["--node", &node.to_string()]));
    }

    fn addresses(&self, listener: &str) -> String {
        let list = self.shown[listener].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    }

    fn text(&self, path: &[&str]) -> &str {
        let found = path.iter().try_fold(&self.shown, |value, key| value.get(key));
        found.and_then(Value::as_str).unwrap_or_else(|| panic!("this cluster has no {}", path.join(" ")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        *self.stagehand.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // A failure here must not hide the test's own; the watcher ends the brokers with this process anyway.
        let _ = script("stop", &self.folder).status();
    }
}

/// A conversation with `tests/kafka/stagehand`, which ends when its standard input does.
struct Stagehand {
    child: Child,
    lines: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Stagehand {
    fn new(mut command: Command) -> Stagehand {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap_or_else(|| panic!("standard output is piped")));
        Stagehand { child, lines, answers }
    }

    fn ask(&mut self, line: &str) -> String {
        assert!(!line.contains('\n') && !line.trim().is_empty(), "a command is one line: {line:?}");
        let lines = self.lines.as_mut().unwrap_or_else(|| panic!("standard input is open until the end"));
        writeln!(lines, "{line}").unwrap_or_else(|error| panic!("the stagehand has gone: {error}"));
        let mut answer = String::new();
        let length = self.answers.read_line(&mut answer).unwrap_or_else(|error| panic!("the stagehand: {error}"));
        assert!(length > 0, "the stagehand ended at {line:?}; its last words are on standard error");
        answer.trim_end().to_owned()
    }
}

impl Drop for Stagehand {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.child.wait();
    }
}

fn script(command: &str, folder: impl AsRef<OsStr>) -> Command {
    let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/cluster.py"));
    script.arg(command).arg("--dir").arg(folder);
    script
}

/// Runs a command to its end; answers its standard output.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?} ended with {}", output.status);
    output.stdout
}

const NEWEST: &str = "4.4.0";
