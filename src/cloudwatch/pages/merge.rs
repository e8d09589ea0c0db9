//! Which slot belongs to which partition: the present keys and the stored slots, two sequences in the same order, are
//! merged.
//!
//! A slot has a fingerprint of 14 bits. If nothing changed, all fingerprints match in order. If partitions came or
//! went, the longest common subsequence is used, and of it only the matches that every longest one has: a partition
//! that could be one of two slots is unknown, and never guessed. A single match in the midst of changes may be chance,
//! and needs confirmation by another snapshot, whose fingerprints differ. One error is left: a new partition in the
//! very slot of an old one is confused with it once in 16,384 times.

use super::key::Key;
use super::page::Page;
use crate::cloudwatch::address::Minute;

/// What became of a present partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// It is the one at this position of the page.
    At(usize),
    /// It may be the one at this position, or that one is gone and has the same fingerprint by chance.
    Perhaps(usize),
    /// It has no slot.
    Absent,
    /// It may be one of several.
    Unclear,
}

/// The present partitions within the span of a page of this minute, in order, each with what became of it.
pub(crate) fn merge(keys: &[Key], page: &Page, minute: Minute) -> Vec<Match> {
    let slots = &page.partitions;
    let fingerprints: Vec<u16> = keys.iter().map(|key| key.fingerprint(minute)).collect();
    let last = slots.len().saturating_sub(1);
    let alike = |key: usize, slot: usize| {
        let (anchor, (first_anchor, last_anchor)) = (keys[key].anchor(), page.span);
        let known = (slot > 0 || anchor == first_anchor) && (slot < last || anchor == last_anchor);
        fingerprints[key] == slots[slot].0 && known
    };
    if keys.len() == slots.len() && (0..keys.len()).all(|place| alike(place, place)) {
        return (0..keys.len()).map(Match::At).collect();
    }
    let common = Common::of(keys.len(), slots.len(), alike);
    let mut matched: Vec<Match> = (0..keys.len()).map(|key| common.matched(key)).collect();
    let places: Vec<(usize, usize)> = matched
        .iter()
        .enumerate()
        .filter_map(|(key, matched)| if let Match::At(place) = matched { Some((key, *place)) } else { None })
        .collect();
    for (index, &(key, place)) in places.iter().enumerate() {
        // Keys and slots without a match on either side; the ends of a page are as certain as a match.
        let before = index.checked_sub(1).map_or((0, 0), |before| (places[before].0 + 1, places[before].1 + 1));
        let after = places.get(index + 1).copied().unwrap_or((keys.len(), slots.len()));
        let (came, went) = (after.0 - before.0 - 1, after.1 - before.1 - 1);
        let beside = before == (key, place) || after == (key + 1, place + 1) || place == 0 || place == last;
        if !beside && (came + 1) * (went + 1) > CHANGES_TO_DOUBT {
            matched[key] = Match::Perhaps(place);
        }
    }
    matched
}

/// The longest common subsequences of keys and slots.
struct Common<F> {
    slots: usize,
    /// Lengths for all prefixes, by key and slot.
    before: Vec<u16>,
    /// Lengths for all suffixes.
    after: Vec<u16>,
    alike: F,
}

impl<F: Fn(usize, usize) -> bool> Common<F> {
    fn of(keys: usize, slots: usize, alike: F) -> Self {
        let lengths = vec![0; (keys + 1) * (slots + 1)];
        let mut common = Self { slots, before: lengths.clone(), after: lengths, alike };
        for key in 0..keys {
            for slot in 0..slots {
                let both = common.before[common.at(key, slot)] + u16::from((common.alike)(key, slot));
                let one = common.before[common.at(key + 1, slot)].max(common.before[common.at(key, slot + 1)]);
                let place = common.at(key + 1, slot + 1);
                common.before[place] = both.max(one);
            }
        }
        for key in (0..keys).rev() {
            for slot in (0..slots).rev() {
                let both = common.after[common.at(key + 1, slot + 1)] + u16::from((common.alike)(key, slot));
                let one = common.after[common.at(key + 1, slot)].max(common.after[common.at(key, slot + 1)]);
                let place = common.at(key, slot);
                common.after[place] = both.max(one);
            }
        }
        common
    }

    fn at(&self, key: usize, slot: usize) -> usize {
        key * (self.slots + 1) + slot
    }

    /// What all longest ones have for a key.
    fn matched(&self, key: usize) -> Match {
        let longest = self.after[0];
        let through = |slot: &usize| {
            let around = self.before[self.at(key, *slot)] + self.after[self.at(key + 1, slot + 1)];
            (self.alike)(key, *slot) && around + 1 == longest
        };
        let mut places = (0..self.slots).filter(through);
        let Some(place) = places.next() else { return Match::Absent };
        let past = |slot: usize| self.before[self.at(key, slot)] + self.after[self.at(key + 1, slot)];
        let without = (0..=self.slots).any(|slot| past(slot) == longest);
        if without || places.next().is_some() { Match::Unclear } else { Match::At(place) }
    }
}

/// Most pairs of new and old partitions that could be the match; so few are equal by chance once in 4,000 times.
const CHANGES_TO_DOUBT: usize = 4;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::entry::Entry;
    use super::*;

    const NOON: Minute = Minute::holding(1_800_014_400);

    /// Partitions in order, named by letters; the same letter twice is the same fingerprint.
    fn keys(word: &str) -> Vec<(char, Key)> {
        let mut fingerprints = std::collections::BTreeMap::new();
        let mut keys = Vec::new();
        let mut number = 1 << 32;
        for letter in word.chars() {
            let wanted = fingerprints.get(&letter).copied();
            while wanted.is_some_and(|wanted| Key::of_number(number).fingerprint(NOON) != wanted)
                || wanted.is_none()
                    && fingerprints.values().any(|other| *other == Key::of_number(number).fingerprint(NOON))
            {
                number += 1 << 13;
            }
            let key = Key::of_number(number);
            fingerprints.insert(letter, key.fingerprint(NOON));
            keys.push((letter, key));
            number += 1 << 13;
        }
        keys
    }

    /// `all` are the partitions in order; below each is 1 where it was on the page then, and where it is there now.
    fn check(all: &str, then: &str, now: &str, expected: &str) {
        let all = keys(all);
        let pick = |mask: &str| -> Vec<Key> {
            all.iter().zip(mask.bytes()).filter(|(_, bit)| *bit == b'1').map(|((_, key), _)| *key).collect()
        };
        let (then, now) = (pick(then), pick(now));
        let partitions = then.iter().map(|key| (key.fingerprint(NOON), Entry::Unread { snapshots: 1 })).collect();
        let span = (then.first().unwrap().anchor(), then.last().unwrap().anchor());
        let within: Vec<Key> = now.into_iter().filter(|key| (span.0..=span.1).contains(&key.anchor())).collect();
        let page = Page { taken: 0, span, pages: 1, partitions };
        let found: String = merge(&within, &page, NOON)
            .into_iter()
            .map(|matched| match matched {
                Match::At(place) => char::from_digit(u32::try_from(place).unwrap(), 36).unwrap(),
                Match::Perhaps(_) => '~',
                Match::Absent => '-',
                Match::Unclear => '?',
            })
            .collect();
        assert_eq!(found, expected, "{all:?}");
    }

    #[test]
    fn what_stayed_is_met_and_what_came_is_not() {
        check("abcdef", "111111", "111111", "012345");
        check("abcdef", "110111", "111111", "01-234");
        check("abcdef", "111111", "101011", "0245");
        check("abcdefg", "0111110", "1111111", "01234");
        check("abcdefg", "1110111", "1011111", "02-345");
    }

    #[test]
    fn what_could_be_one_or_another_is_not_known() {
        check("axxz", "1111", "1101", "0?3");
        check("axxz", "1101", "1111", "0??2");
    }

    #[test]
    fn the_ends_of_a_page_are_known_by_their_keys() {
        check("xxbxx", "11111", "01111", "1234");
        check("xxbxx", "01110", "11111", "012");
    }

    #[test]
    fn a_match_that_stands_alone_among_changes_is_not_believed_at_once() {
        // Three went and three came, and one of the new ones has the fingerprint of an old one.
        check("abcdxfxghz", "1111110001", "1000001111", "0~--6");
        // One went on each side of it.
        check("abcdefg", "1111111", "1101011", "01356");
        // Two went on each side of it.
        check("abcdefg", "1111111", "1001001", "0~6");
    }
}
