//! The import rule, read off the sources: two doors that know nothing of each other, and a core without the outside.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "architecture/code.rs"]
mod code;

use code::{code, words};

/// What may wait, call and connect. Every other file is core, a new one too.
const OUTSIDE: &[&str] = &[
    "cloudwatch.rs",
    "cloudwatch/error.rs",
    "cloudwatch/history.rs",
    "cloudwatch/pace.rs",
    "cloudwatch/publish.rs",
    "kafka/cluster.rs",
    "kafka/commits.rs",
    "kafka/connection.rs",
    "kafka/coordinator.rs",
    "kafka/groups.rs",
    "kafka/handshake.rs",
    "kafka/logs.rs",
    "kafka/members.rs",
    "kafka/mod.rs",
    "kafka/tls.rs",
    "kafka/transport.rs",
    "lib.rs",
    "main.rs",
    "run.rs",
    "run/look.rs",
    "secrets.rs",
    "secrets/aws.rs",
    "secrets/call.rs",
    "secrets/error.rs",
    "secrets/msk.rs",
    "secrets/stored.rs",
    "secrets/token.rs",
];

/// The story of a run, which has both doors in it.
const STORY: &[&str] = &["lib.rs", "run.rs", "run/look.rs"];

/// What reads the clock on the wall: the entry, and the signature of a request that carries the moment of signing.
const WALL_CLOCK: &[&str] = &["main.rs", "secrets/aws.rs"];

#[test]
fn the_two_doors_know_nothing_of_each_other() {
    for file in sources() {
        let (kafka, cloudwatch) = (file.knows("kafka"), file.knows("cloudwatch"));
        match file.door() {
            Some("kafka") => assert!(!cloudwatch, "{} knows cloudwatch", file.name),
            Some("cloudwatch") => assert!(!kafka, "{} knows kafka", file.name),
            _ => assert!(!(kafka && cloudwatch) || STORY.contains(&&*file.name), "{} knows both doors", file.name),
        }
    }
}

#[test]
fn nothing_in_the_library_knows_the_entry() {
    let modules = |name: &str| -> Vec<String> {
        let file = sources().into_iter().find(|file| file.name == name).expect("the file is there");
        let follows = file.words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1].clone());
        follows.collect()
    };
    let (entry, library) = (modules("main.rs"), modules("lib.rs"));
    assert!(!entry.is_empty() && !library.is_empty());
    for module in &entry {
        assert!(!library.contains(module), "{module} belongs to the entry and to the library");
    }
}

#[test]
fn the_core_has_no_outside() {
    for file in sources().iter().filter(|file| !OUTSIDE.contains(&&*file.name)) {
        for word in &file.words {
            let outside = matches!(&**word, "async" | "await" | "tokio" | "lambda_runtime" | "Instant" | "SystemTime")
                || word.starts_with("aws_")
                || matches!(&**word, "std::env" | "std::fs" | "std::net" | "std::process" | "std::thread");
            assert!(!outside, "{} is core and says {word}", file.name);
        }
    }
}

#[test]
fn each_library_of_types_stays_behind_its_door() {
    for file in sources() {
        for word in &file.words {
            let door = file.door();
            assert!(word != "kafka_protocol" || door == Some("kafka"), "{} says {word}", file.name);
            let sdk = word.starts_with("aws_") && !word.starts_with("aws_key");
            assert!(!sdk || matches!(door, Some("cloudwatch" | "secrets")), "{} says {word}", file.name);
            assert!(word != "lambda_runtime" || file.name == "main.rs", "{} says {word}", file.name);
        }
    }
}

#[test]
fn the_entry_alone_reads_the_environment_and_the_clock() {
    for file in sources() {
        let knows = |word: &str| file.words.iter().any(|known| known == word);
        assert!(!knows("std::env") || file.name == "main.rs", "{} reads the environment", file.name);
        assert!(!knows("SystemTime") || WALL_CLOCK.contains(&&*file.name), "{} reads the clock", file.name);
    }
}

#[test]
fn every_exception_is_a_file() {
    for name in OUTSIDE.iter().chain(STORY).chain(WALL_CLOCK) {
        assert!(root().join("src").join(name).is_file(), "src/{name} is gone");
    }
}

#[test]
fn the_top_level_stays() {
    let known = ["Cargo.lock", "Cargo.toml", "LICENSE", "Makefile", "README.md", "events", "infra", "src", "tests"];
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-tree", "--name-only", "HEAD"]).output();
    let listed = listed.expect("git runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let text = String::from_utf8(listed.stdout).expect("the names are UTF-8");
    assert!(text.lines().any(|name| name == "src"), "{text}");
    for name in text.lines() {
        assert!(known.contains(&name) || name.starts_with('.'), "{name} is new at the top level");
    }
}

#[test]
fn the_readme_has_the_table_of_variables() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md can be read");
    let table = meerkat::variables::markdown();
    assert!(readme.contains(&table), "README.md lacks this table (meerkat --variables-table):\n{table}");
}

/// One file of `src/`.
struct Source {
    /// Its path below `src/`.
    name: String,
    /// What its code says, in order; paths that begin with `std` keep their second part.
    words: Vec<String>,
}

impl Source {
    /// The folder, or the module of the same name, that it is a part of.
    fn door(&self) -> Option<&str> {
        let first = self.name.split('/').next()?;
        let first = first.strip_suffix(".rs").unwrap_or(first);
        ["cloudwatch", "kafka", "secrets"].into_iter().find(|door| *door == first)
    }

    /// Whether its code says this module's name as a path, or imports it.
    fn knows(&self, module: &str) -> bool {
        let from_here = [format!("{module}::"), format!("crate::{module}"), format!("super::{module}")];
        self.words.iter().any(|word| from_here.contains(word))
    }
}

/// The files of `src/` that are part of the program; those of tests alone are left out.
fn sources() -> Vec<Source> {
    let mut folders = vec![root().join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                let below = path.strip_prefix(root().join("src")).expect("it is below src");
                let name = below.to_str().expect("the name is UTF-8").to_owned();
                found.push(Source { name, words: words(&code(&text)) });
            }
        }
    }
    assert!(found.iter().any(|file| file.name == "lib.rs"), "the sources were found");
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
