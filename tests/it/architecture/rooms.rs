//! Names and sizes, read off the sources: a type's name means one thing, and a room is neither a cupboard nor a hall.

use std::collections::BTreeMap;

use super::{all_sources, root};

#[test]
fn no_two_types_have_the_same_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in all_sources("src") {
        for line in text.lines() {
            let declared = line.trim_start();
            // A `type` that is not at the margin belongs to a trait.
            let kinds: &[&str] = if declared.len() == line.len() { &TYPES } else { &TYPES[1..] };
            let declared = declared.strip_prefix("pub").map_or(declared, |rest| {
                // `pub(in crate::x)` has a blank of its own.
                let end = if rest.starts_with('(') { rest.find(')').map_or(rest.len(), |close| close + 1) } else { 0 };
                rest[end..].trim_start()
            });
            let Some(rest) = kinds.iter().find_map(|kind| declared.strip_prefix(kind)) else { continue };
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            places.entry(rest[..end].to_owned()).or_default().push(name.clone());
        }
    }
    assert!(places.len() > 100, "{places:?}");
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn every_room_has_a_size_to_live_in() {
    let (source, tests) = (all_sources("src"), all_sources("tests"));
    for (name, text) in source.iter().chain(&tests) {
        assert!(text.lines().count() <= MOST_LINES, "{name} has {} lines", text.lines().count());
    }
    for (name, text) in &source {
        // A file beside a folder of its name is the door to it.
        let is_door = root().join("src").join(name.trim_end_matches(".rs")).is_dir();
        assert!(is_door || text.lines().count() >= FEWEST_LINES, "{name} has {} lines", text.lines().count());
    }
}

const TYPES: [&str; 5] = ["type ", "struct ", "enum ", "trait ", "union "];
const FEWEST_LINES: usize = 25;
const MOST_LINES: usize = 300;
