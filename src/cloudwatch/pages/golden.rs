//! What the store contains, number by number, and what it means: a page, a roster and a memory.
//!
//! After an upgrade, data of the previous version is read for hours. If one of these tests fails, the same numbers
//! would mean something else: raise [`FORMAT`](super::seconds) first, and then write the new numbers here.

use std::fmt::Write as _;

use super::entry::{Entry, Sighting};
use super::key::{Key, Mark, OfGroup, OfName, OfTopic};
use super::page::{self, Page};
use super::roster::{Announced, ReadTopic, Restless, Roster};
use super::seconds::{self, Merged, Slot, Slots};
use crate::cloudwatch::address::{Minute, Schedule};
use crate::model::lag::Committed;
use crate::model::memory::Memory;

const NOON: Minute = Minute::holding(1_800_014_400);
const TAKEN: i64 = 1_800_014_402_250;

/// Seconds of a page as they are written and read: second of the minute before noon, smaller value, larger value,
/// samples.
fn written(slots: Vec<Slot>) -> String {
    let seconds = seconds::write(Schedule::MINUTELY, NOON, &Slots { taken: TAKEN, slots }).unwrap_or_default();
    seconds.iter().fold(String::new(), |mut text, second| {
        let [low, high] = second.values;
        let samples = second.counts[0] + second.counts[1];
        let at = second.time - Schedule::MINUTELY.span(NOON).start;
        let _ = writeln!(text, "{at} {low} {high} {samples}");
        text
    })
}

fn read(text: &str) -> Option<Slots> {
    let points: Vec<Merged> = text
        .lines()
        .enumerate()
        .filter_map(|(slot, line)| {
            let mut numbers = line.split(' ').map(|number| number.parse::<f64>().ok());
            let time = Schedule::MINUTELY.time(NOON, slot);
            let (_, minimum, maximum, samples) = (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()?);
            Some(Merged { time, samples, minimum, maximum })
        })
        .collect();
    let (minute, slots) = seconds::read(Schedule::MINUTELY, &points).pop()?;
    slots.ok().filter(|_| minute == NOON)
}

/// Partitions 12 to 15 of the topic `orders`, which the group `orders-svc` reads.
fn partitions() -> Vec<(Key, Entry)> {
    let (group, topic) = (OfGroup::new("orders-svc"), OfTopic::new(Mark(0x0123_4567_89ab_cdef_0011_2233_4455_6677)));
    let seen = |committed, end, memory| Sighting::new(committed, end, memory).map(Entry::Seen);
    let entries = [
        seen(Committed::At(1_400), 4_321, 6_543_210_987),
        seen(Committed::At(9_000), 7_000, 0),
        seen(Committed::Never, 77, 1),
        Some(Entry::Unread { snapshots: 5 }),
    ];
    let keyed = (12..).zip(entries).filter_map(|(partition, entry)| Some((Key::new(group, topic, partition), entry?)));
    let mut partitions: Vec<(Key, Entry)> = keyed.collect();
    partitions.sort_unstable_by_key(|(key, _)| *key);
    partitions
}

#[test]
fn a_page_means_what_it_meant() {
    let partitions = partitions();
    assert_eq!(written(page::slots(NOON, &partitions, 3).unwrap_or_default()), PAGE);
    let slots = read(PAGE).map(|slots| Page::of(slots.taken, &slots.slots));
    let found = slots.flatten().map(|page| (page.taken, page.pages, page.span, page.partitions));
    let span = (partitions[0].0.anchor(), partitions[3].0.anchor());
    let expected = partitions.iter().map(|(key, entry)| (key.fingerprint(NOON), *entry)).collect();
    assert_eq!(found, Some((TAKEN, 3, span, expected)));
}

#[test]
fn a_roster_means_what_it_meant() {
    let roster = Roster {
        groups: 1_234,
        writer: 987_654_321,
        bits: 2,
        whole: true,
        filled: vec![true, false, true, true],
        deepest: 9,
        restless: Restless::Groups(vec![(7, 3), (70_000, 1)]),
        announced: Announced { groups: vec![(1 << 49, 3), (5, 2)], more: 6 },
        topics: vec![ReadTopic {
            mark: Mark(0x0123_4567_89ab_cdef_0011_2233_4455_6677),
            name: OfName::new("orders"),
            partitions: 12,
        }],
    };
    assert_eq!(written(roster.slots()), ROSTER);
    assert_eq!(read(ROSTER).and_then(|slots| Roster::of(&slots.slots)), Some(roster));
}

#[test]
fn a_memory_means_what_it_meant() {
    let (packed, meaning) = MEMORY;
    assert_eq!(Memory::unpack(packed).map(|memory| format!("{memory:?}")).as_deref(), Some(meaning));
    assert_eq!(Memory::unpack(packed).map(Memory::pack), Some(packed));
}

/// A header, an anchor, and the slots in the order of their keys.
const PAGE: &str = "\
0 1044392112068 4504644019482564 4101
1 3345195167454129 7848795034358516 5
2 2824 3184 4
3 717098 2213083 1226852060
4 3584005 4608560 3
5 86 40385 4
";

/// A header, what counts for all, which buckets have pages, which groups were in trouble, which are restless, which topics there are,
/// and what they are called.
const ROSTER: &str = "\
0 1044388835358 4504644016205854 4102
1 1293942790 4503600615024817 67109460
2 13 4503599627370496 2
3 2251799813685251 4503599627370518 3
4 2080654785 4503599627370496 2
5 20015998343868 8425557891101508 716389264
6 0 4503599627370506 658358468
";

const MEMORY: (u64, &str) = (
    6_543_210_987,
    "Memory { silent: Coarse(7), gap: Coarse(41), bad: 0, warning: None(0), rest: No, rewound: 2, absent: 0, members_seen: false, habit: 0, assigned: Unknown, held: false, unstable: 9, snapshots: 3, supported: true, late: false, loss: 9 }",
);
