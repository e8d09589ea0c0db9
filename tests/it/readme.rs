//! The promises of the documents: their size, that their links have targets, and that each command works.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents, from the top level.
const DOCUMENTS: [&str; 6] =
    ["README.md", "infra/README.md", "infra/metrics.md", "infra/questions.md", "events/README.md", "tests/README.md"];

/// Commands that need AWS, a cluster of one's own or a registry, by how they begin.
const ELSEWHERE: [&str; 10] = [
    "meerkat --history",
    "meerkat --bootstrap-server",
    "sam ",
    "aws ",
    "kubectl ",
    "cargo install",
    "make build",
    "git tag",
    "cp ",
    "git rm",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The commands of the blocks of shell, continued lines joined, comments left out.
fn commands(name: &str) -> Vec<String> {
    let text = document(name);
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(|block| block.replace("\\\n", "").lines().map(str::to_owned).collect::<Vec<_>>());
    lines.map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

#[test]
fn the_readme_is_read_in_one_sitting() {
    let text = document("README.md");
    let lines = text.lines().count();
    assert!(lines <= 220, "{lines} lines");
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 140).collect();
    assert!(long.is_empty(), "longer than 140 characters:\n{}", long.join("\n"));
}

#[test]
fn every_link_leads_to_a_file() {
    let mut seen = 0;
    for name in DOCUMENTS {
        let text = document(name);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let found = root().join(name).parent().expect("a folder").join(path);
            if !path.starts_with("http") && !path.is_empty() {
                assert!(found.exists(), "{name} links to {target}");
                seen += 1;
            }
            if let (false, true) = (anchor.is_empty(), Path::new(path).extension().is_some_and(|md| md == "md")) {
                let text = std::fs::read_to_string(&found).expect("a document");
                let known = text.lines().filter(|line| line.starts_with('#')).map(anchor_of).any(|of| of == anchor);
                assert!(known, "{name} links to {target}, and there is no such heading");
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

/// As GitHub makes them of headings.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

#[test]
fn every_target_that_the_documents_name_is_one() {
    let makefile = document("Makefile");
    let mut seen = 0;
    for name in DOCUMENTS {
        let text = document(name);
        let in_backquotes = text.split('`').skip(1).step_by(2).map(str::to_owned);
        for command in in_backquotes.chain(commands(name)).filter(|command| command.starts_with("make ")) {
            let target = command.split(' ').nth(1).expect("a target");
            assert!(makefile.contains(&format!("\n{target}:")), "{name}: {command}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn every_command_is_understood_or_needs_what_is_not_here() {
    let mut ran = 0;
    for name in DOCUMENTS {
        for command in commands(name) {
            let known =
                ["make ", "export ", "cargo test "].iter().chain(&ELSEWHERE).any(|how| command.starts_with(how));
            if known {
                continue;
            }
            let script = command.replace("meerkat", env!("CARGO_BIN_EXE_meerkat"));
            let mut run = Command::new("sh");
            run.args(["-c", &script]).env_clear().env("PATH", std::env::var_os("PATH").expect("a path"));
            run.env("MEERKAT_HISTORY", "off")
                .env("MEERKAT_PUBLISH", "off")
                .env("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1");
            let output = run.current_dir(env!("CARGO_TARGET_TMPDIR")).output().expect("a shell");
            let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
            let understood = said.contains("127.0.0.1:1") || output.status.code() == Some(0);
            assert!(understood, "{name}: {command}\n{said}");
            ran += 1;
        }
    }
    assert!(ran >= 3, "{ran}");
}
