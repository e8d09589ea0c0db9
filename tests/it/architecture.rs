//! The import rule, checked in the sources: folders to the outside that do not know each other, and a core without the
//! outside.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "architecture/code.rs"]
mod code;

use code::{code, words};

/// The ways outside.
const DOORS: [&str; 4] = ["aws", "cloudwatch", "kafka", "otlp"];

/// Folders and files that may wait, call and connect. Every other file is core, a new one too.
const OUTSIDE: &[&str] = &[
    "aws/",
    "base/clock.rs",
    "base/files.rs",
    "cli/progress_line.rs",
    "cloudwatch/",
    "kafka/",
    "lib.rs",
    "main.rs",
    "otlp/",
    "run/",
];

/// Core files in a folder that is not core: bytes, addresses and rules.
const CORE: &[&str] = &["aws/secrets/reference.rs", "cloudwatch/pages/", "kafka/protocol/", "otlp/message.rs"];

/// Files that read the wall clock: the entry, and the signature of a request, which contains its time.
const WALL_CLOCK: &[&str] = &["main.rs", "aws/secrets/aws.rs"];

/// How the names of the AWS libraries begin.
const SDK: &[&str] = &["aws_config", "aws_credential", "aws_runtime", "aws_sdk", "aws_sig", "aws_smithy", "aws_types"];

#[test]
fn the_door_to_kafka_and_those_to_aws_know_nothing_of_each_other() {
    check(|file| {
        let known: Vec<&str> = DOORS.into_iter().filter(|door| file.knows(door)).collect();
        let wrong = match file.door() {
            Some("kafka") => known.iter().any(|door| *door != "kafka"),
            Some(_) => known.contains(&"kafka"),
            // The variables have words of Kafka and of secrets.
            None => known.contains(&"kafka") && known.contains(&"cloudwatch") && !file.is_story(),
        };
        wrong.then(|| format!("knows {}", known.join(" and "))).into_iter().collect()
    });
}

/// The map in lib.rs names every folder once, and a folder knows only folders on lines below its own.
#[test]
fn a_folder_knows_only_folders_below_it_on_the_map() {
    let library = std::fs::read_to_string(root().join("src/lib.rs")).expect("the file can be read");
    let map = library.split("//! ```").nth(3).expect("the map stands between fences");
    let lines: Vec<Vec<&str>> = map
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .map(|line| line.split("   ").next().unwrap_or_default().split(' ').collect())
        .collect();
    let mut named: Vec<&str> = lines.iter().flatten().copied().collect();
    named.sort_unstable();
    assert_eq!(named, modules("lib.rs"));
    let line_of = |name: &str| lines.iter().position(|line| line.contains(&name));
    check(|file| {
        let Some(own) = line_of(file.room()) else { return Vec::new() };
        let above = lines[..=own].iter().flatten().filter(|room| **room != file.room());
        let known = above.filter(|room| file.words.contains(&format!("crate::{room}")));
        known.map(|room| format!("knows {room}, which is not below it on the map")).collect()
    });
}

/// Inside Kafka's folder: bytes know no other part, connections know bytes, and the requests know both.
#[test]
fn in_the_door_to_kafka_bytes_know_no_connection_and_connections_no_question() {
    let above = [
        ("kafka/protocol/", &["net", "survey", "probe", "found"][..]),
        ("kafka/net/", &["survey", "probe", "found"]),
        ("kafka/survey/", &["probe", "found"]),
        ("kafka/probe/", &["survey"]),
    ];
    for (folder, _) in above {
        assert!(root().join("src").join(folder).is_dir(), "src/{folder} is gone");
    }
    check(|file| {
        let Some((_, above)) = above.iter().find(|(folder, _)| file.name.starts_with(folder)) else {
            return Vec::new();
        };
        let source = std::fs::read_to_string(root().join("src").join(&file.name)).expect("the file can be read");
        let code = code(&source);
        let known = above.iter().filter(|room| code.contains(&format!("kafka::{room}")));
        known.map(|room| format!("knows kafka::{room}")).collect()
    });
}

/// Folders of the survey are used by those above them, never the reverse.
#[test]
fn no_two_files_of_the_survey_know_each_other() {
    let folder = "kafka/survey/";
    let files: Vec<(String, String)> =
        all_sources("src").into_iter().filter(|(name, _)| name.starts_with(folder)).collect();
    let room = |name: &str| {
        let rest = name.strip_prefix(folder).unwrap_or_default();
        rest.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
    };
    let rooms: BTreeSet<String> = files.iter().map(|(name, _)| room(name)).filter(|room| room != "mod").collect();
    let knows = |from: &str, to: &str| {
        let own = files.iter().filter(|(name, _)| room(name) == from);
        own.clone().any(|(_, text)| code(text).contains(&format!("kafka::survey::{to}::")))
    };
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut next = vec![from.clone()];
        while let Some(at) = next.pop() {
            let more = rooms.iter().filter(|to| **to != at && knows(&at, to));
            next.extend(more.filter(|to| reached.insert((*to).clone())).cloned().collect::<Vec<_>>());
        }
        reached
    };
    let circles: Vec<&String> = rooms.iter().filter(|room| reached(room).contains(*room)).collect();
    assert!(circles.is_empty(), "they reach themselves: {circles:?}");
}

#[test]
fn the_core_has_no_outside() {
    let outside = ["async", "await", "lambda_runtime", "tokio", "Instant", "SystemTime"];
    let of_std = ["std::env", "std::fs", "std::net", "std::process", "std::thread"];
    check(|file| {
        let within = |places: &[&str]| places.iter().any(|place| file.name.starts_with(place));
        let excepted = within(OUTSIDE) && !within(CORE);
        let says =
            |word: &&String| outside.contains(&&***word) || of_std.contains(&&***word) || word.starts_with("aws_");
        let words = file.words.iter().filter(says).filter(|_| !excepted);
        words.map(|word| format!("is core and says {word}")).collect()
    });
}

#[test]
fn each_library_of_types_stays_behind_its_door() {
    check(|file| {
        let strange = |word: &&String| match (&***word, file.door()) {
            ("kafka_protocol", door) => door != Some("kafka"),
            ("lambda_runtime", _) => file.name != "main.rs",
            (word, door) => {
                // A login by IAM is a signature, which has no socket.
                let way_out = matches!(door, Some("cloudwatch" | "aws" | "otlp"))
                    || file.name.starts_with("kafka/net/sasl/msk_iam/");
                SDK.iter().any(|sdk| word.starts_with(sdk)) && !way_out
            }
        };
        file.words.iter().filter(strange).map(|word| format!("says {word}")).collect()
    });
}

#[test]
fn the_entry_alone_reads_the_environment_and_the_clock() {
    check(|file| {
        let reads = |word: &&String| match &***word {
            "std::env" => file.name != "main.rs",
            "SystemTime" => !WALL_CLOCK.contains(&&*file.name),
            _ => false,
        };
        file.words.iter().filter(reads).map(|word| format!("says {word}")).collect()
    });
}

#[test]
fn every_exception_is_there() {
    for name in OUTSIDE.iter().chain(CORE).chain(WALL_CLOCK) {
        assert!(root().join("src").join(name).exists(), "src/{name} is gone");
    }
}

#[test]
fn the_top_level_stays() {
    let known = ["Cargo.lock", "Cargo.toml", "LICENSE", "Makefile", "README.md", "events", "infra", "src", "tests"];
    let found: Vec<String> = std::fs::read_dir(root())
        .expect("the top level can be read")
        .map(|entry| entry.expect("an entry can be read").file_name().into_string().expect("the name is UTF-8"))
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    assert!(found.iter().any(|name| name == "src"), "{found:?}");
    let new: Vec<_> = found.iter().filter(|name| !known.contains(&&***name)).collect();
    assert!(new.is_empty(), "new at the top level: {new:?}");
}

/// One file of `src/`.
struct Source {
    /// Its path below `src/`.
    name: String,
    /// The words of its code, in order; paths that begin with `std` keep their second part.
    words: Vec<String>,
}

impl Source {
    /// The folder, or the module of the same name, that it is a part of.
    fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The folder to the outside that it belongs to, if any.
    fn door(&self) -> Option<&str> {
        DOORS.into_iter().find(|door| *door == self.room())
    }

    /// Whether it is part of the run, which uses all folders to the outside.
    fn is_story(&self) -> bool {
        self.name == "lib.rs" || self.name.starts_with("run/")
    }

    /// Whether its code has this module's name in a path, or imports it.
    fn knows(&self, module: &str) -> bool {
        let from_here = [format!("{module}::"), format!("crate::{module}"), format!("super::{module}")];
        self.words.iter().any(|word| from_here.contains(word))
    }
}

/// The modules that a file declares, in order of their names.
fn modules(name: &str) -> Vec<String> {
    let file = sources().into_iter().find(|file| file.name == name).expect("the file is there");
    let follows = file.words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1].clone());
    let mut modules: Vec<String> = follows.collect();
    modules.sort_unstable();
    modules
}

/// Checks every source with a rule that returns what is wrong with it.
fn check(rule: impl Fn(&Source) -> Vec<String>) {
    let wrong: BTreeSet<String> = sources()
        .iter()
        .flat_map(|file| rule(file).into_iter().map(|what| format!("src/{} {what}", file.name)).collect::<Vec<_>>())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files of `src/` that are part of the program; those of tests alone are left out.
fn sources() -> Vec<Source> {
    let program =
        all_sources("src").into_iter().filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("tests/"));
    let found: Vec<Source> = program.map(|(name, text)| Source { name, words: words(&code(&text)) }).collect();
    assert!(found.iter().any(|file| file.name == "lib.rs"), "the sources were found");
    found
}

/// Every file of Rust below a folder of the project, by its path from there, with its text.
fn all_sources(folder: &str) -> Vec<(String, String)> {
    let top = root().join(folder);
    let mut folders = vec![top.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                let name = path.strip_prefix(&top).expect("it is below it").to_str().expect("the name is UTF-8");
                found.push((name.to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
