//! Notes: what is remembered of a cluster besides its partitions ([`ClusterMemory`]), as bytes in pages of their own.
//!
//! | what | bytes |
//! |---|---|
//! | pages and [`LAYOUT`], whether partitions without a leader were announced, then the numbers of brokers, of topics and of groups | 1 + 1 + 2 + 2 + 2 |
//! | a broker: id, hash and height of its offer, minutes since it was seen, minutes since partitions lack it, its change, whether it was announced | 4 + 4 + 2 + 1 + 2 + 3 + 1 |
//! | a watched topic: key, sum of its log ends, minutes since a record came, whether it was announced | 3 + 6 + 2 + 1 |
//! | a group: key, mark, and in a byte whether it has a mark, whether it rebalanced, how many members are sampled and what became of them | 3 + 3 + 1 |
//! | the counts of one that rebalanced, four bits each | 5 |
//! | each sampled member | 2 |
//! | minutes since the members changed, if they did | 2 |
//!
//! Pages of another layout are not read: then the notes begin anew, and the memory of the partitions is as it was.
//!
//! Where there is not enough room, the members of groups that are quiet are left out first, then those groups: they begin anew.

use std::collections::BTreeMap;

use super::bytes::{self, BYTES_PER_PAGE, short, take};
use super::seconds::Slot;
use crate::model::cluster_memory::{BrokerMemory, Change, ClusterMemory, Direction, GroupMemory, MOST_BROKERS};
use crate::model::crew::{self, Crew, MOST_SAMPLED, Sample};
use crate::model::since::Since;
use crate::model::snapshot::Offer;
use crate::model::turnover::{MOST_COUNTED, SLICES, Turnover};
use crate::model::watched::TopicMemory;

/// The slots of each page; `now` is the second at which the run's minute begins.
pub(crate) fn pages(memory: &ClusterMemory, now: i64) -> Vec<Vec<Slot>> {
    let brokers: Vec<_> = memory.brokers.iter().take(MOST_BROKERS).collect();
    let mut groups: Vec<_> = memory.groups.iter().collect();
    groups.sort_by_key(|(_, memory)| !memory.is_restless());
    let topics: Vec<_> = memory.topics.iter().take(MOST_TOPICS).collect();
    let fixed = HEAD + brokers.len() * OF_BROKER + topics.len() * OF_TOPIC;
    let mut room = (MOST_PAGES * BYTES_PER_PAGE).saturating_sub(fixed);
    let mut take = |needed: usize| room.checked_sub(needed).map(|left| room = left).is_some();
    let kept = groups.iter().take_while(|(_, memory)| take(of_turnover(memory))).count();
    let sampled = groups[..kept].iter().take_while(|(_, memory)| take(of_crew(memory))).count();
    let mut written = vec![0, u8::from(memory.leaderless_announced)];
    written.extend(short(brokers.len()));
    written.extend(short(topics.len()));
    written.extend(short(kept));
    for (id, broker) in brokers {
        written.extend(id.to_be_bytes());
        written.extend(of_broker(broker, now));
    }
    for (key, topic) in topics {
        written.extend_from_slice(&key.to_be_bytes()[1..]);
        written.extend_from_slice(&topic.ends.to_be_bytes()[2..]);
        written.extend(since(topic.silent, now).to_be_bytes());
        written.push(u8::from(topic.announced));
    }
    for (at, (key, memory)) in groups[..kept].iter().enumerate() {
        let turnover = memory.turnover.unwrap_or(Turnover { mark: 0, counts: [0; SLICES] });
        let crew = memory.crew.filter(|_| at < sampled);
        let sample = crew.map(|crew| crew.sample).unwrap_or_default();
        let (change, since_s) = crew.map_or((0, None), |crew| match crew.change {
            crew::Change::Settled => (0, None),
            crew::Change::Grew(since_s) => (GREW, Some(since_s)),
            crew::Change::Left(since_s) => (LEFT, Some(since_s)),
            crew::Change::Replaced(since_s) => (REPLACED, Some(since_s)),
        });
        written.extend_from_slice(&key.to_be_bytes()[1..]);
        written.extend_from_slice(&turnover.mark.to_be_bytes()[1..]);
        let has_turnover = u8::from(memory.turnover.is_some()) << HAS_TURNOVER_BIT;
        let count = u8::try_from(sample.hashes().len()).unwrap_or_default();
        written.push(u8::from(turnover.is_restless()) | has_turnover | count << COUNT_BIT | change << CHANGE_BIT);
        if turnover.is_restless() {
            written.extend(turnover.counts.chunks(2).map(|pair| pair[0] << 4 | pair[1] & MOST_COUNTED));
        }
        written.extend(sample.hashes().iter().flat_map(|hash| hash.to_be_bytes()));
        written.extend(since_s.into_iter().flat_map(|since_s| since(Since::At(since_s), now).to_be_bytes()));
    }
    written[0] = LAYOUT | u8::try_from(written.len().div_ceil(BYTES_PER_PAGE)).unwrap_or(u8::MAX);
    bytes::pages(&written)
}

/// How many pages there are, by the first of them; `None` where they are of another layout.
pub(crate) fn count(first: &[Slot]) -> Option<usize> {
    let pages = bytes::of(first).first()?.checked_sub(LAYOUT)?;
    Some(usize::from(pages)).filter(|pages| *pages <= MOST_PAGES)
}

/// So many pages will do for what is remembered of so many brokers, watched topics and groups, each with its number of members, while few of the groups
/// are restless.
pub(crate) fn expected(brokers: usize, topics: usize, groups: impl Iterator<Item = usize>) -> usize {
    let of_groups: usize = groups.map(|members| OF_GROUP + members.min(MOST_SAMPLED) * OF_MEMBER).sum();
    let bytes = HEAD + brokers * OF_BROKER + topics * OF_TOPIC + of_groups + of_groups / SPARE;
    bytes.div_ceil(BYTES_PER_PAGE).min(MOST_PAGES)
}

/// The bytes of a group without its members.
fn of_turnover(memory: &GroupMemory) -> usize {
    OF_GROUP + if memory.turnover.is_some_and(|turnover| turnover.is_restless()) { OF_COUNTS } else { 0 }
}

/// The bytes of its members.
fn of_crew(memory: &GroupMemory) -> usize {
    memory.crew.map_or(0, |crew| {
        crew.sample.hashes().len() * OF_MEMBER + if crew.change == crew::Change::Settled { 0 } else { OF_MINUTES }
    })
}

/// What was written as these slots, one page after the other; `None` where it is not whole.
pub(crate) fn of(slots: &[Slot], now: i64) -> Option<ClusterMemory> {
    let written = bytes::of(slots);
    let mut rest = &*written;
    let [_, leaderless_announced] = take(&mut rest)?;
    let mut count = || Some(u16::from_be_bytes(take(&mut rest)?));
    let (brokers_written, topics_written, groups_written) = (count()?, count()?, count()?);
    let mut brokers = BTreeMap::new();
    for _ in 0..brokers_written {
        let id = i32::from_be_bytes(take(&mut rest)?);
        brokers.insert(id, broker(&mut rest, now)?);
    }
    let mut topics = BTreeMap::new();
    for _ in 0..topics_written {
        let key = number(take::<3>(&mut rest)?);
        let ends = take::<6>(&mut rest)?.into_iter().fold(0, |number, byte| number << 8 | u64::from(byte));
        let silent = since_of(u16::from_be_bytes(take(&mut rest)?), now)?;
        let [announced] = take(&mut rest)?;
        topics.insert(key, TopicMemory { ends, silent, announced: announced > 0 });
    }
    let mut groups = BTreeMap::new();
    for _ in 0..groups_written {
        let key = number(take::<3>(&mut rest)?);
        let mark = number(take::<3>(&mut rest)?);
        let [flags] = take(&mut rest)?;
        let mut counts = [0; SLICES];
        if flags & 1 == 1 {
            for (pair, packed) in counts.chunks_mut(2).zip(take::<OF_COUNTS>(&mut rest)?) {
                pair.copy_from_slice(&[packed >> 4, packed & MOST_COUNTED]);
            }
        }
        let turnover = (flags >> HAS_TURNOVER_BIT & 1 == 1).then_some(Turnover { mark, counts });
        let crew = Some(crew_of(flags, &mut rest, now)?).filter(|crew| !crew.sample.hashes().is_empty());
        groups.insert(key, GroupMemory { turnover, crew });
    }
    Some(ClusterMemory { at_s: now, brokers, groups, topics, leaderless_announced: leaderless_announced > 0 })
}

/// Without a sample where no members are remembered; `None` where it is not whole.
fn crew_of(flags: u8, rest: &mut &[u8], now: i64) -> Option<Crew> {
    let hashes = (0..flags >> COUNT_BIT & 7).map(|_| Some(u16::from_be_bytes(take(rest)?)));
    let hashes = hashes.collect::<Option<Vec<u16>>>()?;
    let change = match flags >> CHANGE_BIT {
        0 => crew::Change::Settled,
        change => {
            let Since::At(since_s) = since_of(u16::from_be_bytes(take(rest)?), now)? else { return None };
            match change {
                GREW => crew::Change::Grew(since_s),
                LEFT => crew::Change::Left(since_s),
                _ => crew::Change::Replaced(since_s),
            }
        }
    };
    Some(Crew { sample: Sample::of(&hashes), change })
}

fn of_broker(broker: &BrokerMemory, now: i64) -> Vec<u8> {
    let ago = |then: i64| (now - then).div_euclid(60).max(0);
    let byte = |minutes: i64| u8::try_from(minutes).unwrap_or(NEVER).min(NEVER - 1);
    let (offer, seen) = match broker.offer {
        Some((offer, seen_s)) => (offer, byte(ago(seen_s))),
        None => (Offer { hash: 0, height: 0 }, NEVER),
    };
    let lacked = match broker.lacked {
        None => 0,
        Some(lacked) => since(lacked, now),
    };
    let change = match broker.change {
        None => [NEVER, 0, 0],
        Some(Change { from_s, to_s, direction }) => [byte(ago(to_s)), byte(ago(from_s) - ago(to_s)), direction as u8],
    };
    let mut written = Vec::with_capacity(OF_BROKER);
    written.extend(offer.hash.to_be_bytes());
    written.extend(offer.height.to_be_bytes());
    written.push(seen);
    written.extend(lacked.to_be_bytes());
    written.extend(change);
    written.push(u8::from(broker.announced));
    written
}

fn broker(rest: &mut &[u8], now: i64) -> Option<BrokerMemory> {
    let hash = u32::from_be_bytes(take(rest)?);
    let height = u16::from_be_bytes(take(rest)?);
    let [seen] = take(rest)?;
    let lacked = u16::from_be_bytes(take(rest)?);
    let [to, before, direction, announced] = take(rest)?;
    let then = |minutes: i64| now - minutes * 60;
    let direction =
        [Direction::Up, Direction::Down, Direction::Other].into_iter().find(|known| *known as u8 == direction)?;
    let to_s = then(to.into());
    Some(BrokerMemory {
        offer: (seen != NEVER).then(|| (Offer { hash, height }, then(seen.into()))),
        lacked: since_of(lacked, now),
        change: (to != NEVER).then(|| Change { from_s: to_s - i64::from(before) * 60, to_s, direction }),
        announced: announced > 0,
    })
}

/// One more than the minutes since then, so that 0 is none.
fn since(since: Since, now: i64) -> u16 {
    match since {
        Since::Before => u16::MAX,
        Since::At(then_s) => {
            let minutes = (now - then_s).div_euclid(60).max(0);
            u16::try_from(minutes + 1).unwrap_or(u16::MAX).min(u16::MAX - 1)
        }
    }
}

fn since_of(minutes: u16, now: i64) -> Option<Since> {
    match minutes {
        0 => None,
        u16::MAX => Some(Since::Before),
        minutes => Some(Since::At(now - (i64::from(minutes) - 1) * 60)),
    }
}

fn number<const N: usize>(bytes: [u8; N]) -> u32 {
    bytes.into_iter().fold(0, |number, byte| number << 8 | u32::from(byte))
}

/// To be raised by 32 when these bytes change their meaning; beside the number of pages, which an earlier version takes for too large.
const LAYOUT: u8 = 32;
/// State metrics that notes may take: nearly 2,000 groups.
pub(crate) const MOST_PAGES: usize = 16;
const HEAD: usize = 8;
const OF_TOPIC: usize = 12;
/// Watched topics that are remembered: no more are watched.
const MOST_TOPICS: usize = 500;
const OF_BROKER: usize = 17;
const OF_GROUP: usize = 7;
const OF_COUNTS: usize = SLICES / 2;
const OF_MEMBER: usize = 2;
const OF_MINUTES: usize = 2;
/// One more part in so many is for groups that are restless.
const SPARE: usize = 10;
/// Bits of a group's byte; the first is whether it has counts.
const HAS_TURNOVER_BIT: u32 = 1;
const COUNT_BIT: u32 = 2;
const CHANGE_BIT: u32 = 5;
/// What became of its members; 0 is nothing.
const GREW: u8 = 1;
const LEFT: u8 = 2;
const REPLACED: u8 = 3;
/// In the place of minutes.
const NEVER: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::pages::PARTITIONS_PER_PAGE;
    use crate::model::turnover::MARK_END;
    use crate::model::watched::ENDS_END;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_014_400;

    fn minutes(most: i64) -> impl Strategy<Value = i64> {
        (0..=most).prop_map(|minutes| NOW - minutes * 60)
    }

    fn brokers() -> impl Strategy<Value = BTreeMap<i32, BrokerMemory>> {
        let offer =
            (any::<u32>(), any::<u16>(), minutes(60)).prop_map(|(hash, height, seen)| (Offer { hash, height }, seen));
        let lacked = prop_oneof![Just(Since::Before), minutes(60_000).prop_map(Since::At)];
        let direction = prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Other)];
        let change = (minutes(60), 0..=200_i64, direction).prop_map(|(to_s, before, direction)| Change {
            from_s: to_s - before * 60,
            to_s,
            direction,
        });
        let broker = (prop::option::of(offer), prop::option::of(lacked), prop::option::of(change), any::<bool>())
            .prop_map(|(offer, lacked, change, announced)| BrokerMemory { offer, lacked, change, announced });
        prop::collection::btree_map(any::<i32>(), broker, 0..20)
    }

    fn topics() -> impl Strategy<Value = BTreeMap<u32, TopicMemory>> {
        let topic = (0..ENDS_END, minutes(60_000), any::<bool>()).prop_map(|(ends, silent_s, announced)| TopicMemory {
            ends,
            silent: Since::At(silent_s),
            announced,
        });
        prop::collection::btree_map(0..u32::try_from(MARK_END).unwrap_or_default(), topic, 0..30)
    }

    fn crew() -> impl Strategy<Value = Crew> {
        let change = prop_oneof![
            Just(crew::Change::Settled),
            minutes(60_000).prop_map(crew::Change::Grew),
            minutes(60_000).prop_map(crew::Change::Left),
            minutes(60_000).prop_map(crew::Change::Replaced),
        ];
        let sample = prop::collection::btree_set(any::<u16>(), 1..=MOST_SAMPLED);
        let sample = sample.prop_map(|hashes| Sample::of(&hashes.into_iter().collect::<Vec<u16>>()));
        (sample, change).prop_map(|(sample, change)| Crew { sample, change })
    }

    fn groups(most: usize) -> impl Strategy<Value = BTreeMap<u32, GroupMemory>> {
        let end = u32::try_from(MARK_END).unwrap_or_default();
        let turnover = (0..end, prop_oneof![Just([0; SLICES]), any::<[u8; SLICES]>()])
            .prop_map(|(mark, counts)| Turnover { mark, counts: counts.map(|count| count % (MOST_COUNTED + 1)) });
        let memory = (prop::option::of(turnover), prop::option::of(crew()));
        let memory = memory.prop_map(|(turnover, crew)| GroupMemory { turnover, crew });
        prop::collection::btree_map(0..end, memory, 0..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_notes_come_back(
            brokers in brokers(),
            topics in topics(),
            groups in groups(300),
            leaderless_announced in any::<bool>(),
        ) {
            let memory = ClusterMemory { at_s: NOW, brokers, groups, topics, leaderless_announced };
            let pages = pages(&memory, NOW);
            prop_assert!(pages.iter().all(|page| page.len() <= PARTITIONS_PER_PAGE));
            prop_assert_eq!(count(&pages[0]), Some(pages.len()));
            prop_assert_eq!(of(&pages.concat(), NOW), Some(memory));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for page in bytes::pages(&bytes) {
                let _ = of(&page, NOW);
            }
        }
    }

    #[test]
    fn restless_groups_have_room_first() {
        let memory = |key: u32| GroupMemory {
            turnover: Some(Turnover { mark: key, counts: [u8::from(key >= 3_000); SLICES] }),
            crew: Some(Crew { sample: Sample::of(&[1, 2]), change: crew::Change::Settled }),
        };
        let groups = (0..3_100).map(|key| (key, memory(key))).collect();
        let memory = ClusterMemory { at_s: NOW, groups, ..ClusterMemory::default() };
        let pages = pages(&memory, NOW);
        assert_eq!(pages.len(), MOST_PAGES);
        let back = of(&pages.concat(), NOW).map(|memory| memory.groups).unwrap_or_default();
        assert!(back.len() > 1_800 && (3_000..3_100).all(|key| back.contains_key(&key)), "{}", back.len());
    }

    #[test]
    fn notes_of_another_layout_are_not_read() {
        let first = |byte: u8| count(&bytes::pages(&[byte, 0, 0, 0, 0, 0, 0, 0])[0]);
        assert_eq!([1, LAYOUT - 1, LAYOUT + 1, 2 * LAYOUT + 1].map(first), [None, None, Some(1), None]);
        assert!(
            usize::from(LAYOUT) > MOST_PAGES,
            "the first version, which knows no layout, takes it for a number of pages"
        );
    }

    #[test]
    fn a_group_takes_one_slot_more_than_its_rebalances_at_most() {
        let crew = Crew { sample: Sample::of(&[1, 2, 3, 4, 5, 6]), change: crew::Change::Left(NOW) };
        assert!(of_crew(&GroupMemory { turnover: None, crew: Some(crew) }) <= bytes::BYTES_PER_SLOT);
    }

    #[test]
    fn half_of_the_notes_are_none() {
        let turnover = Some(Turnover { mark: 7, counts: [1; SLICES] });
        let groups = (0..300).map(|key| (key, GroupMemory { turnover, crew: None })).collect();
        let pages = pages(&ClusterMemory { at_s: NOW, groups, ..ClusterMemory::default() }, NOW);
        assert!(pages.len() > 1 && of(&pages[0], NOW).is_none());
        assert_eq!(of(&[], NOW), None);
    }
}
