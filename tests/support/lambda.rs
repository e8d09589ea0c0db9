//! The binary as a Lambda function: it stays warm between invocations, and meets the platform's runtime API alone.

#![expect(clippy::expect_used, reason = "test support: a platform that cannot play its part is the end of the test")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::http::{Answer, Server};

/// A function that waits for its next invocation.
pub(crate) struct Lambda {
    child: Child,
    events: Option<Sender<String>>,
    answers: Receiver<Invoked>,
    logs: Option<JoinHandle<String>>,
    _platform: Server,
}

/// The result of an invocation.
#[derive(Debug)]
pub(crate) struct Invoked {
    /// Whether the function answered, rather than failed.
    pub(crate) ok: bool,
    /// The answer, or the error as the platform receives it.
    pub(crate) body: String,
}

impl Lambda {
    /// Starts the binary with these variables, and nothing else of this process's environment.
    pub(crate) fn start(variables: &[(String, String)]) -> Self {
        Self::within(Duration::from_mins(1), variables)
    }

    /// The same, with this much time for an invocation.
    pub(crate) fn within(time: Duration, variables: &[(String, String)]) -> Self {
        let (events, next) = channel::<String>();
        let (reported, answers) = channel();
        let mut invocations = 0;
        let platform = Server::start(move |asked| {
            if asked.line.ends_with("/invocation/next") {
                // Without a next event the function is frozen here until it is ended.
                let Ok(event) = next.recv() else { return Answer::json(500, "{}") };
                invocations += 1;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
                let headers = vec![
                    "content-type: application/json".into(),
                    format!("lambda-runtime-aws-request-id: {invocations}"),
                    format!("lambda-runtime-deadline-ms: {}", now + time.as_millis()),
                    "lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:meerkat"
                        .into(),
                ];
                return Answer { status: 200, headers, body: event };
            }
            let _ = reported.send(Invoked { ok: asked.line.ends_with("/response"), body: asked.body.clone() });
            Answer::json(202, "{}")
        });
        let mut child = Command::new(env!("CARGO_BIN_EXE_meerkat"))
            .env_clear()
            .envs(variables.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", platform.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "meerkat")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stderr = child.stderr.take().expect("a pipe");
        let logs = std::thread::spawn(move || {
            let mut text = String::new();
            // Ends with the process.
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, events: Some(events), answers, logs: Some(logs), _platform: platform }
    }

    /// Invokes the function, and waits for its answer.
    pub(crate) fn invoke(&self, event: &str) -> Invoked {
        self.events.as_ref().expect("a running function").send(event.to_owned()).expect("a running platform");
        self.answers.recv_timeout(PATIENCE).expect("a function that answers")
    }

    /// Ends the function; answers everything that it logged.
    pub(crate) fn logs(mut self) -> String {
        self.end();
        self.logs.take().map(|logs| logs.join().expect("logs")).unwrap_or_default()
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.events.take());
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.end();
    }
}

/// A function that has died answers nothing; an invocation has a minute.
const PATIENCE: Duration = Duration::from_secs(90);
