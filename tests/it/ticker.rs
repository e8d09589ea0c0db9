//! What a long run prints on a terminal while it lasts, and that nothing of it is left.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::broker::{Scene, Stage, Voice};

/// Two brokers that answer and one that is silent.
fn stage() -> Stage {
    Scene::of(3).node(2, |node| node.voice = Voice::Silent).start()
}

/// A run that gives the brokers four seconds to list their groups.
fn run(stage: &Stage, command: &mut Command) -> String {
    command.env_clear().stdin(Stdio::null());
    let variables = [
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("KAFKA_BOOTSTRAP_SERVERS", &stage.bootstrap()),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        ("MEERKAT_TIMEOUT", "40"),
        ("TERM", "xterm"),
    ];
    let output = command.envs(variables).output().expect("the program");
    String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
}

#[test]
#[ignore = "needs python3: make test-terminal"]
fn a_long_run_prints_its_step_on_a_terminal_and_leaves_no_trace() {
    let pty = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/on_terminal.py");
    let written = run(&stage(), Command::new("/usr/bin/python3").arg(pty).arg(env!("CARGO_BIN_EXE_meerkat")));
    let written: String = serde_json::from_str(&written).expect("a JSON string");
    assert!(written.contains("\r\u{1b}[Kconnecting, listing the groups of 2 of 3 brokers … 2 s"), "{written:?}");
    // What a terminal shows at the end: of the text after a line feed, the part that nothing erased.
    let left: Vec<&str> = written.split('\n').filter_map(|line| line.rsplit("\u{1b}[K").next()).collect();
    assert!(!left.iter().any(|line| line.contains("connecting")), "{left:?}");
    assert!(left.iter().any(|line| line.contains("broker 2")), "{left:?}");
}

#[test]
fn a_long_run_without_a_terminal_prints_no_step() {
    let written = run(&stage(), &mut Command::new(env!("CARGO_BIN_EXE_meerkat")));
    assert!(written.contains("broker 2") || written.contains("\"id\":2"), "{written}");
    assert!(!written.contains("listing the groups") && !written.contains('\u{1b}'), "{written}");
}
