//! What a snapshot stores about all groups together: that it exists, where its pages are, and which groups were
//! restless.
//!
//! A broker that has just started lists no groups, or only some, without an error. Only the previous snapshot shows
//! that groups are missing.

use super::PARTITIONS_PER_PAGE;
use super::binding::MOST_BITS;
use super::key::{LONG_BITS, Mark, OfGroup, OfName, SHORT_BITS};
use super::seconds::{APART, FEWEST_SAMPLES, Slot};
use crate::model::memory::Coarse;

/// One snapshot's roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roster {
    /// How many groups there were in this part of the cluster, of those that were selected; see [`GroupCount`].
    pub groups: u32,
    /// The selection of the run that wrote it, as a hash below 2⁴⁰: another selection is another writer.
    pub writer: u64,
    /// Partitions are spread over 2 to this power buckets.
    pub bits: u32,
    /// Whether every group could be read: then a partition without a slot did not exist.
    pub whole: bool,
    /// Which buckets have pages.
    pub filled: Vec<bool>,
    /// How many pages the fullest of them has, up to [`MOST_PAGES`]; 0 if that is unknown.
    pub deepest: u32,
    /// Groups whose metrics are still to be published although they may be OK again.
    pub restless: Restless,
    /// Groups that were announced as not OK.
    pub announced: Announced,
    /// Which topics they read, as far as there is room: a later run knows from them which are gone.
    pub topics: Vec<ReadTopic>,
}

/// A topic that groups read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTopic {
    /// Which topic it is.
    pub mark: Mark,
    /// Its name.
    pub name: OfName,
    /// Its number of partitions, or slightly more.
    pub partitions: u32,
}

/// How many groups there are, as [`Roster::groups`] holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupCount {
    /// Up to [`MOST_GROUPS`].
    pub groups: u32,
    /// For how many runs in a row fewer groups than these were listed, and no broker shows whether the others were
    /// deleted; up to 255.
    pub doubted: u8,
}

impl GroupCount {
    pub(crate) fn of(packed: u32) -> Self {
        Self { groups: packed & MOST_GROUPS, doubted: u8::try_from(packed >> DOUBTED_BIT).unwrap_or(u8::MAX) }
    }

    pub(crate) fn packed(self) -> u32 {
        self.groups.min(MOST_GROUPS) | u32::from(self.doubted) << DOUBTED_BIT
    }

    /// What the next run compares with, after a run that listed fewer groups: the same number for as long as a memory
    /// is kept.
    pub(crate) fn doubted_again(self, shown: u32, period_minutes: i64) -> Self {
        let doubted = self.doubted.saturating_add(1);
        if i64::from(doubted) * period_minutes < DOUBTED_MINUTES && doubted < u8::MAX {
            Self { doubted, ..self }
        } else {
            Self { groups: shown, doubted: 0 }
        }
    }
}

/// Groups whose last published status was not OK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Up to [`MOST_ANNOUNCED`] of them ([`OfGroup::long`]), each with its published status: 2 or 3.
    pub groups: Vec<(u64, u8)>,
    /// How many more there were when their number was announced last, up to [`MOST_MORE`]; 0 if there are no others.
    pub more: u32,
}

impl Announced {
    /// The announced status of a group; `None` if it is not listed.
    pub(crate) fn of(&self, group: OfGroup) -> Option<u8> {
        self.groups.iter().find(|(other, _)| *other == group.long()).map(|(_, status)| *status)
    }

    /// Whether the group with this [`super::key::OfGroup::short`] was announced as an error; false if it is not
    /// listed.
    pub(crate) fn was_error(&self, short: u32) -> bool {
        self.groups.iter().any(|(long, status)| *status > WARN && long >> (LONG_BITS - SHORT_BITS) == u64::from(short))
    }
}

/// Groups that were not OK a short while ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Restless {
    /// These ([`super::key::OfGroup::short`]), each with the number of runs for which it still counts.
    Groups(Vec<(u32, u8)>),
    /// More than a roster has room for: any group may be one of them.
    Any,
}

impl Restless {
    /// For how many runs from now on, this one included, the group's metrics are published.
    pub(crate) fn runs_left(&self, group: u32) -> u8 {
        match self {
            Self::Groups(groups) => groups.iter().find(|(short, _)| *short == group).map_or(0, |(_, left)| *left),
            Self::Any => 1,
        }
    }
}

impl Roster {
    /// As the slots of a page of its own.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let bits = self.bits.min(MOST_BITS);
        let filled: Vec<u64> = self
            .filled
            .chunks(BITS_PER_VALUE)
            .map(|bits| bits.iter().rev().fold(0, |value, bit| value << 1 | u64::from(*bit)))
            .collect();
        let announced = &self.announced.groups[..self.announced.groups.len().min(MOST_ANNOUNCED)];
        let room = (PARTITIONS_PER_PAGE - 1 - filled.len().div_ceil(2) - announced.len().div_ceil(2)) * GROUPS_PER_SLOT;
        let restless = match &self.restless {
            Restless::Groups(groups) if groups.len() <= room => Some(groups),
            _ => None,
        };
        let flags = i64::from(bits)
            | i64::from(self.whole) << WHOLE_BIT
            | i64::from(restless.is_none()) << ANY_BIT
            | i64::from(self.deepest.min(MOST_PAGES)) << DEEPEST_BIT
            | i64::from(self.announced.more > 0) << MORE_BIT;
        let more = u64::from(self.announced.more.min(MOST_MORE));
        let mut slots = vec![slot(u64::from(self.groups) << MORE_BITS | more, self.writer % WRITER_END, flags)];
        slots.extend(filled.chunks(2).map(|pair| slot(pair[0], pair.get(1).copied().unwrap_or_default(), 0)));
        let announced: Vec<u64> = announced
            .iter()
            .map(|(long, status)| (long << STATUS_BITS) | (u64::from(*status) % (1 << STATUS_BITS)))
            .collect();
        slots.extend(
            announced.chunks(2).map(|pair| slot(pair[0], pair.get(1).copied().unwrap_or_default(), OF_ANNOUNCED)),
        );
        let packed: Vec<u64> = restless
            .into_iter()
            .flatten()
            .map(|(short, left)| u64::from(*short) << LEFT_BITS | u64::from((*left).min(MOST_LEFT)))
            .collect();
        let value =
            |groups: Option<&[u64]>| groups.into_iter().flatten().fold(0, |value, one| value << GROUP_BITS | one);
        slots.extend(packed.chunks(GROUPS_PER_SLOT).map(|groups| {
            let mut halves = groups.chunks(GROUPS_PER_SLOT / 2);
            slot(value(halves.next()), value(halves.next()), 0)
        }));
        let room = PARTITIONS_PER_PAGE.saturating_sub(slots.len());
        for four in self.topics[..self.topics.len().min(most_topics(room))].chunks(NAMES_PER_SLOT) {
            slots.extend(four.iter().map(|topic| {
                let level = Coarse::ceil(topic.partitions).level();
                wide_slot(topic.mark.0, level.min((1 << COUNT_BITS) - 1))
            }));
            slots.push(wide_slot(
                four.iter().rev().fold(0, |names, topic| names << 32 | u128::from(topic.name.0)),
                NAMES,
            ));
        }
        slots
    }

    /// The roster that was written as these slots; `None` if they are no roster.
    pub(crate) fn of(slots: &[Slot]) -> Option<Self> {
        let (first, rest) = slots.split_first()?;
        let [low, writer] = values(first)?;
        let flags = first.samples - FEWEST_SAMPLES;
        let bits = u32::try_from(flags % (1 << WHOLE_BIT)).ok().filter(|bits| *bits <= MOST_BITS)?;
        let buckets = 1_usize << bits;
        let (filled, restless) = rest.split_at_checked(buckets.div_ceil(2 * BITS_PER_VALUE))?;
        let bit = |bucket: usize| {
            let slot = values(filled.get(bucket / (2 * BITS_PER_VALUE))?)?;
            Some(slot[bucket / BITS_PER_VALUE % 2] >> (bucket % BITS_PER_VALUE) & 1 == 1)
        };
        let announced = restless.iter().take_while(|slot| slot.samples == FEWEST_SAMPLES + OF_ANNOUNCED).count();
        let (announced, restless) = restless.split_at_checked(announced)?;
        let announced = announced.iter().map(values).collect::<Option<Vec<_>>>()?;
        let announced = announced.into_iter().flatten().filter(|packed| *packed != 0).map(|packed| {
            let status = u8::try_from(packed % (1 << STATUS_BITS)).unwrap_or_default();
            (packed >> STATUS_BITS, status)
        });
        let groups_end = restless.iter().take_while(|slot| slot.samples == FEWEST_SAMPLES).count();
        let (restless, topics) = restless.split_at_checked(groups_end)?;
        let topics = topics.iter().map(wide).collect::<Option<Vec<_>>>()?;
        let mut read = Vec::new();
        for five in topics.chunks(NAMES_PER_SLOT + 1) {
            let ((names, _), four) = five.split_last().filter(|((_, tag), _)| *tag == NAMES)?;
            read.extend(four.iter().enumerate().map(|(at, (mark, level))| ReadTopic {
                mark: Mark(*mark),
                name: OfName(u32::try_from(names >> (32 * at) & u128::from(u32::MAX)).unwrap_or_default()),
                partitions: Coarse::of_level(*level).value(),
            }));
        }
        let mut groups = Vec::new();
        for value in restless.iter().map(values).collect::<Option<Vec<_>>>()?.into_iter().flatten() {
            let two = [value >> GROUP_BITS, value % (1 << GROUP_BITS)].into_iter().filter(|packed| *packed != 0);
            groups.extend(two.map(|packed| {
                let left = u8::try_from(packed % (1 << LEFT_BITS)).unwrap_or_default();
                (u32::try_from(packed >> LEFT_BITS).unwrap_or_default(), left)
            }));
        }
        let any = flags >> ANY_BIT & 1 == 1;
        Some(Self {
            groups: u32::try_from(low >> MORE_BITS).ok()?,
            writer,
            bits,
            whole: flags >> WHOLE_BIT & 1 == 1,
            filled: (0..buckets).map(bit).collect::<Option<_>>()?,
            deepest: u32::try_from(flags >> DEEPEST_BIT).ok()? % (MOST_PAGES + 1),
            restless: if any { Restless::Any } else { Restless::Groups(groups) },
            announced: Announced {
                groups: announced.collect(),
                // Without the bit an earlier version stored another count there.
                more: if flags >> MORE_BIT & 1 == 1 { u32::try_from(low % (1 << MORE_BITS)).ok()? } else { 0 },
            },
            topics: read,
        })
    }
}

fn slot(low: u64, high: u64, more: i64) -> Slot {
    let number = |value: u64| i64::try_from(value % VALUE_END).unwrap_or_default();
    Slot { low: number(low), high: APART + number(high), samples: FEWEST_SAMPLES + more }
}

fn values(slot: &Slot) -> Option<[u64; 2]> {
    Some([u64::try_from(slot.low).ok()?, u64::try_from(slot.high - APART).ok()?])
}

/// A slot of 128 bits, and a tag below 2 to the power of [`COUNT_BITS`] or [`NAMES`].
fn wide_slot(bits: u128, tag: u8) -> Slot {
    let part = |part: u128| u64::try_from(part % u128::from(VALUE_END)).unwrap_or_default();
    let rest = i64::try_from(bits % (1 << REST_BITS)).unwrap_or_default();
    let tag = rest << TAG_BITS | i64::from(tag);
    slot(part(bits >> (BITS_PER_VALUE + REST_BITS)), part(bits >> REST_BITS), OF_TOPIC + tag)
}

/// The content of a slot of [`wide_slot`]; `None` for any other slot.
fn wide(slot: &Slot) -> Option<(u128, u8)> {
    let [low, high] = values(slot)?;
    let tag = slot.samples.checked_sub(FEWEST_SAMPLES + OF_TOPIC).filter(|tag| *tag >= 0)?;
    let rest = u128::try_from(tag >> TAG_BITS).ok().filter(|rest| *rest < 1 << REST_BITS)?;
    let tag = u8::try_from(tag % (1 << TAG_BITS)).ok()?;
    Some((u128::from(low) << (BITS_PER_VALUE + REST_BITS) | u128::from(high) << REST_BITS | rest, tag))
}

/// How many topics fit into this many slots: of five slots the last one holds the names of the four before it.
fn most_topics(slots: usize) -> usize {
    slots / (NAMES_PER_SLOT + 1) * NAMES_PER_SLOT + (slots % (NAMES_PER_SLOT + 1)).saturating_sub(1)
}

/// Groups are counted up to here.
const MOST_GROUPS: u32 = (1 << DOUBTED_BIT) - 1;
const DOUBTED_BIT: u32 = 24;
/// The three hours for which a memory is kept.
const DOUBTED_MINUTES: i64 = 180;

/// Groups beyond the listed ones are counted up to here.
pub(crate) const MOST_MORE: u32 = (1 << MORE_BITS) - 1;
/// Hashes of writers are below this.
pub(crate) const WRITER_END: u64 = 1 << 40;
/// Pages of a bucket are counted up to here, which is 60 million partitions.
pub(crate) const MOST_PAGES: u32 = (1 << 20) - 1;
/// Groups that are listed as not OK; more of them mean that the whole cluster is in trouble.
pub(crate) const MOST_ANNOUNCED: usize = 64;
/// A restless group counts for this many runs.
pub(crate) const MOST_LEFT: u8 = (1 << LEFT_BITS) - 1;

/// As it is published.
const WARN: u8 = 2;
const MORE_BITS: u32 = 20;
const LEFT_BITS: u32 = 2;
const GROUP_BITS: u32 = SHORT_BITS + LEFT_BITS;
const GROUPS_PER_SLOT: usize = 4;
const BITS_PER_VALUE: usize = 52;
const VALUE_END: u64 = 1 << BITS_PER_VALUE;
const WHOLE_BIT: u32 = 4;
const ANY_BIT: u32 = 5;
const DEEPEST_BIT: u32 = 6;
const MORE_BIT: u32 = 26;
/// Beside a group's long hash.
const STATUS_BITS: u32 = 2;
/// Marks slots of groups that were announced.
const OF_ANNOUNCED: i64 = 1;
/// Slots of topics begin here.
const OF_TOPIC: i64 = 2;
/// Bits of a mark that are in neither of a slot's two values.
const REST_BITS: usize = 24;
/// Bits of a coarse number of partitions beside them; one bit more says that a slot holds [`NAMES`].
const COUNT_BITS: u32 = 6;
const TAG_BITS: u32 = COUNT_BITS + 1;
/// Instead of a number of partitions: the slot holds names.
const NAMES: u8 = 1 << COUNT_BITS;
/// Names of 32 bits that a slot holds.
const NAMES_PER_SLOT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn roster() -> impl Strategy<Value = Roster> {
        let groups = prop::collection::vec((0..1_u32 << SHORT_BITS, 1..=MOST_LEFT), 0..100);
        let restless = prop_oneof![Just(Restless::Any), groups.prop_map(Restless::Groups)];
        let filled = (0..=MOST_BITS).prop_flat_map(|bits| prop::collection::vec(any::<bool>(), 1_usize << bits));
        let announced = prop::collection::vec((0..1_u64 << LONG_BITS, 2..=3_u8), 0..=MOST_ANNOUNCED);
        let announced =
            (announced, prop_oneof![Just(0), 1..=MOST_MORE]).prop_map(|(groups, more)| Announced { groups, more });
        let partitions = (0..=63_u8).prop_map(|level| Coarse::of_level(level).value());
        let topic = (any::<u128>(), any::<u32>(), partitions).prop_map(|(mark, name, partitions)| ReadTopic {
            mark: Mark(mark),
            name: OfName(name),
            partitions,
        });
        let topics = prop::collection::vec(topic, 0..80);
        let head = (any::<u32>(), 0..WRITER_END, any::<bool>());
        (head, filled, 0..=MOST_PAGES, restless, announced, topics).prop_map(
            |((groups, writer, whole), filled, deepest, restless, announced, topics)| {
                let bits = filled.len().ilog2();
                Roster { groups, writer, bits, whole, filled, deepest, restless, announced, topics }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_roster_comes_back(roster in roster()) {
            let slots = roster.slots();
            prop_assert!(slots.len() <= PARTITIONS_PER_PAGE);
            let back = Roster::of(&slots).ok_or_else(|| TestCaseError::fail("no roster"))?;
            // Restless groups get the room that is left.
            prop_assert!(back.restless == roster.restless || back.restless == Restless::Any);
            // After them, topics do.
            let all = back.topics.len() == roster.topics.len();
            prop_assert!(all || slots.len() + 1 >= PARTITIONS_PER_PAGE);
            prop_assert!(roster.topics.starts_with(&back.topics));
            prop_assert_eq!(Roster { restless: roster.restless.clone(), topics: roster.topics.clone(), ..back }, roster);
        }
    }

    #[test]
    fn more_restless_groups_than_there_is_room_for_are_any() {
        let roster = |count| Roster {
            groups: 1,
            writer: 1,
            bits: 0,
            whole: true,
            filled: vec![true],
            deepest: 1,
            restless: Restless::Groups((1..=count).map(|group| (group, 3)).collect()),
            announced: Announced::default(),
            topics: Vec::new(),
        };
        let comes_back = |count| Roster::of(&roster(count).slots()).map(|roster| roster.restless);
        assert_eq!(comes_back(224), Some(roster(224).restless));
        assert_eq!(comes_back(225), Some(Restless::Any));
        assert_eq!(Restless::Any.runs_left(7), 1);
        assert_eq!(roster(2).restless.runs_left(2), 3);
        assert_eq!(roster(2).restless.runs_left(3), 0);
    }

    #[test]
    fn fewer_groups_are_doubted_for_three_hours() {
        for (period, runs) in [(1, 180), (5, 36), (15, 12), (60, 3), (1_440, 1)] {
            let mut count = GroupCount { groups: 7, doubted: 0 };
            let mut doubted = 0;
            while count.groups == 7 {
                count = GroupCount::of(count.packed()).doubted_again(3, period);
                doubted += 1;
            }
            assert_eq!((count, doubted), (GroupCount { groups: 3, doubted: 0 }, runs), "{period}");
        }
    }

    #[test]
    fn a_page_of_something_else_is_no_roster() {
        assert_eq!(Roster::of(&[]), None);
        assert_eq!(Roster::of(&[Slot { low: 0, high: 1, samples: 2 }]), None);
    }
}
