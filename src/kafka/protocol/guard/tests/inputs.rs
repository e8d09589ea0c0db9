//! Answers of real brokers, answers that were hostile once, and how one becomes hostile.

use super::{Api, Dice};

pub(crate) fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let until = (at + dice.roll(12)).min(bytes.len());
    match dice.roll(6) {
        0 if at < bytes.len() => bytes[at] = dice.byte(),
        1 if at < bytes.len() => bytes[at] = [0x00, 0x01, 0x7f, 0x80, 0xff][dice.roll(5)],
        2 => drop(bytes.splice(at..until, LENGTHS[dice.roll(LENGTHS.len())].iter().copied())),
        3 => bytes.truncate(at),
        4 => drop(bytes.splice(at..until, [])),
        _ => {
            let again = bytes[at..until].to_vec();
            drop(bytes.splice(at..at, again));
        }
    }
}

/// Lengths that announce much, in both encodings, and those that mean null or less.
const LENGTHS: [&[u8]; 9] = [
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x0f",
    b"\xff\xff\xff\x07",
    b"\x80\x80\x40",
    b"\x7f\xff\xff\xff",
    b"\0\xff\xff\xff",
    b"\x7f\xff",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
];

/// Every answer of every recording, from its header on.
pub(crate) fn recorded() -> Vec<(Api, i16, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/recorded");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let exchange = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [key, version, _, answer] = fields[..] else { return None };
        Some(answer_of(key.parse().ok()?, version.parse().ok()?, answer))
    };
    lines.filter_map(exchange).collect()
}

pub(crate) fn kept() -> Vec<(Api, i16, Vec<u8>)> {
    let lines = include_str!("../../../../../tests/support/hostile.txt").lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split(' ').collect::<Vec<_>>());
    fields.map(|fields| answer_of(fields[0].parse().unwrap(), fields[1].parse().unwrap(), fields[2])).collect()
}

/// The correlation id is not recorded.
fn answer_of(key: i16, version: i16, digits: &str) -> (Api, i16, Vec<u8>) {
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
    (Api::from_key(key).unwrap(), version, [0; 4].into_iter().chain(bytes).collect())
}
