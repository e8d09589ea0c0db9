//! Another's emulator of AWS, for as long as it is needed: its script prints an address, and ends when its standard input does.

#![expect(clippy::expect_used, reason = "test support: an emulator that does not start is the end of the test")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) struct Emulator {
    process: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Emulator {
    /// `script` is one of those in `tests/support`.
    pub(crate) fn start(script: &str) -> Self {
        let script = format!("{}/tests/support/{script}", env!("CARGO_MANIFEST_DIR"));
        let started = Command::new("sh").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.expect("sh can be started");
        let mut line = String::new();
        let out = process.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("the script can be read");
        let url = line.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "the script printed {line:?} instead of an address");
        Self { process, url }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}
