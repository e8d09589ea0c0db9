//! Groups, topics and partitions that come and go over many snapshots, through a store that keeps what the service
//! keeps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::PARTITIONS_PER_PAGE;
use super::*;

mod archive;

use archive::{Archive, Name, memory, seen};

/// What happens between two snapshots.
#[derive(Clone, Debug)]
enum Happening {
    AddGroup(u32, u32, i32),
    RemoveGroup(u32),
    Subscribe(u32, u32, i32),
    AddPartitions(u32, i32),
    Recreate(u32),
    CannotRead(u32),
    NoSnapshots(i64),
    Nothing,
}

fn change() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..60_u32, 0..8_u32, 1..40_i32).prop_map(|(group, topic, count)| Happening::AddGroup(group, topic, count)),
        (0..60_u32).prop_map(Happening::RemoveGroup),
        (0..60_u32, 0..8_u32, 1..20_i32).prop_map(|(group, topic, count)| Happening::Subscribe(group, topic, count)),
        (0..8_u32, 1..3_i32).prop_map(|(topic, more)| Happening::AddPartitions(topic, more)),
        (0..8_u32).prop_map(Happening::Recreate),
        (0..60_u32).prop_map(Happening::CannotRead),
        (1..100_i64).prop_map(Happening::NoSnapshots),
        Just(Happening::Nothing),
    ]
}

/// The partitions of (group, topic), and the ids of topics.
#[derive(Default)]
struct World {
    reads: BTreeMap<(u32, u32), i32>,
    ids: BTreeMap<u32, u32>,
}

impl World {
    fn apply(&mut self, change: &Happening) {
        match *change {
            Happening::AddGroup(group, topic, count) | Happening::Subscribe(group, topic, count) => {
                self.reads.insert((group, topic), count);
            }
            Happening::RemoveGroup(gone) => self.reads.retain(|(group, _), _| *group != gone),
            Happening::AddPartitions(grown, more) => {
                self.reads.iter_mut().filter(|((_, topic), _)| *topic == grown).for_each(|(_, count)| *count += more);
            }
            Happening::Recreate(topic) => *self.ids.entry(topic).or_default() += 1,
            Happening::CannotRead(_) | Happening::NoSnapshots(_) | Happening::Nothing => {}
        }
    }

    fn names(&self, but: Option<u32>) -> Vec<Name> {
        let reads = self.reads.iter().filter(|((group, _), _)| Some(*group) != but);
        let id = |topic| self.ids.get(topic).copied().unwrap_or_default();
        reads
            .flat_map(|((group, topic), count)| {
                (0..*count).map(move |partition| (*group, *topic, id(topic), partition))
            })
            .collect()
    }
}

proptest! {
    // Fingerprints of 14 bits collide by chance sometimes, so the cases are the same in each run.
    #![proptest_config(ProptestConfig {
        cases: 60,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn whatever_comes_and_goes_leaves_the_memory_of_the_rest_as_it_was(changes in prop::collection::vec(change(), 1..60)) {
        let (mut store, mut world, mut minute) = (Archive::default(), World::default(), 0);
        for group in 0..30 {
            world.apply(&Happening::AddGroup(group, group % 8, 12));
        }
        // What each partition should remember, how many snapshots have it, and with which partition it was confused.
        let mut expected: BTreeMap<Name, (u64, u32, i64)> = BTreeMap::new();
        let (mut next, mut mistaken) = (1, 0);
        for change in changes {
            minute += if let Happening::NoSnapshots(minutes) = change { minutes } else { 1 };
            world.apply(&change);
            let but = if let Happening::CannotRead(group) = change { Some(group) } else { None };
            let pasts = store.recall(minute, &world.names(but));
            let mut entries = BTreeMap::new();
            // If the group could not be read, what was known of it stays known.
            expected.retain(|name, _| Some(name.0) == but || pasts.contains_key(name));
            for (name, past) in pasts {
                let remembered = match (memory(past), expected.get(&name)) {
                    (found, Some(&(memory, snapshots, seen_at))) => {
                        // Two snapshots may be too few to confirm each other in the midst of changes.
                        let too_little = snapshots <= 2 || minute - seen_at > 175;
                        prop_assert!(
                            found == Some(memory) || found.is_none() && too_little,
                            "{name:?} at {minute} after {change:?}"
                        );
                        found.unwrap_or(memory)
                    }
                    (Some(_), None) => {
                        mistaken += 1;
                        next += 1;
                        next
                    }
                    (None, None) => {
                        next += 1;
                        next
                    }
                };
                let snapshots = expected.get(&name).map_or(0, |(_, snapshots, _)| *snapshots);
                expected.insert(name, (remembered, snapshots + 1, minute));
                entries.insert(name, seen(remembered));
            }
            store.write(minute, but.is_none(), &entries);
        }
        // A partition that has the very slot of another one.
        prop_assert!(mistaken <= 1, "{mistaken} partitions were mistaken for others");
    }
}

/// This many groups of twelve partitions.
fn groups(count: u32) -> Vec<Name> {
    (0..count).flat_map(|group| (0..12).map(move |partition| (group, 0, 0, partition))).collect()
}

fn all_seen(names: &[Name]) -> BTreeMap<Name, Entry> {
    (1..).zip(names).map(|(memory, name)| (*name, seen(memory))).collect()
}

#[test]
fn one_snapshot_is_read_if_it_has_every_partition() {
    let mut store = Archive::default();
    let names = groups(100);
    for minute in 0..20 {
        store.write(minute, true, &all_seen(&names));
    }
    let pages = store.snapshots[0].1.len();
    assert!(pages <= 1_200 / PARTITIONS_PER_PAGE + 5, "{pages}");
    assert!(store.recall(20, &names).values().all(|past| matches!(past, Recalled::Kept { snapshot: 0, .. })));
    assert_eq!(store.reads, pages);
}

#[test]
fn a_page_that_is_not_visible_is_searched_in_the_previous_snapshot() {
    let mut store = Archive::default();
    let names = groups(100);
    for minute in 0..20 {
        store.write(minute, true, &all_seen(&names));
    }
    for snapshot in 0..2 {
        let last = *store.snapshots[snapshot].1.keys().last().unwrap();
        store.snapshots[snapshot].1.remove(&last);
    }
    let pages = store.snapshots[0].1.len();
    let found = store.recall(20, &names);
    let of_snapshot = |wanted| {
        found.values().filter(|past| matches!(past, Recalled::Kept { snapshot, .. } if *snapshot == wanted)).count()
    };
    assert_eq!((of_snapshot(0) + of_snapshot(2), of_snapshot(1)), (1_200, 0));
    assert!(of_snapshot(2) > 0 && store.reads < pages + 10, "{} reads of {pages} pages", store.reads);
}

#[test]
fn what_could_not_be_read_for_long_is_found_in_few_reads() {
    let mut store = Archive::default();
    let names = groups(100);
    store.write(0, true, &all_seen(&names));
    for minute in 1..=60 {
        let snapshots = u16::try_from(minute).unwrap();
        let unread = names.iter().map(|name| (*name, if name.3 < 6 { Entry::Unread { snapshots } } else { seen(7) }));
        store.write(minute, true, &unread.collect());
    }
    let pages = store.snapshots[0].1.len();
    let found = store.recall(61, &names);
    assert!(found.values().all(|past| matches!(past, Recalled::Kept { snapshot: 0 | 60, .. })), "{found:?}");
    assert!(store.reads <= 2 * pages, "{} reads of {pages} pages", store.reads);
}

#[test]
fn a_page_that_was_lost_for_good_is_reported_and_a_beginning_is_none() {
    let names = groups(4);
    for snapshots in 1..6 {
        let mut store = Archive::default();
        for minute in 0..snapshots {
            store.write(minute, true, &all_seen(&names));
        }
        store.snapshots.iter_mut().for_each(|(_, pages)| pages.clear());
        let expected = if snapshots < 3 { Recalled::New } else { Recalled::Lost(Missing::Invisible) };
        assert!(store.recall(snapshots, &names).values().all(|past| *past == expected), "{snapshots} snapshots");
    }
}

#[test]
fn a_snapshot_that_could_not_read_every_group_proves_no_absence() {
    let (mut store, names) = (Archive::default(), groups(4));
    store.write(0, true, &all_seen(&names));
    for minute in 1..10 {
        store.write(minute, false, &all_seen(&names[12..]));
    }
    assert!(store.recall(10, &names).values().all(|past| memory(*past).is_some()));
}

#[test]
fn a_small_group_is_found_in_few_reads_however_large_its_neighbours_are() {
    // Four buckets, and in each of them groups that fill more pages than are read at once.
    for (large, partitions) in [(1, 20), (4, 400), (3, 1_000), (8, 800)] {
        let mut store = Archive::default();
        let mut names = groups(24);
        names.extend((100..100 + large).flat_map(|group| (0..partitions).map(move |number| (group, 1, 0, number))));
        for minute in 0..4 {
            store.write(minute, true, &all_seen(&names));
        }
        let deepest = store.snapshots[0].0.roster.deepest;
        for group in 0..24 {
            let own = groups(24).split_off(group * 12).into_iter().take(12).collect::<Vec<_>>();
            store.reads = 0;
            let found = store.recall_some(4, &own, true);
            assert!(found.values().all(|past| memory(*past).is_some()), "{group}: {found:?}");
            // If another partition's slot resembles it by chance, the snapshot before shows more.
            let snapshots =
                found.values().map(|past| if let Recalled::Kept { snapshot, .. } = past { *snapshot } else { 0 }).max();
            assert!(store.reads <= 7 + snapshots.unwrap(), "{} reads, {deepest} pages in a bucket", store.reads);
            store.reads = 0;
            let found = store.recall_some(4, &[(900 + u32::try_from(group).unwrap(), 0, 0, 0)], true);
            assert!(found.values().all(|past| *past == Recalled::New), "{group}: {found:?}");
            assert!(store.reads <= 7, "{} reads for one that is new, {deepest} pages in a bucket", store.reads);
        }
    }
}

/// The kind of the next run.
#[derive(Clone, Debug)]
enum Run {
    Whole,
    /// The coordinators of every group with this remainder by three are away: no broker lists those groups.
    Unlisted(u32),
    /// The leaders of every partition with this remainder by three are away.
    Leaderless(i32),
    /// Both.
    Shattered(u32, i32),
    /// This many runs did not happen, or ended before anything was read.
    Missing(i64),
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let one = prop_oneof![
        2 => Just(Run::Whole),
        3 => (0..3_u32).prop_map(Run::Unlisted),
        2 => (0..3_i32).prop_map(Run::Leaderless),
        2 => (0..3_u32, 0..3_i32).prop_map(|(group, partition)| Run::Shattered(group, partition)),
        1 => (1..8_i64).prop_map(Run::Missing),
    ];
    // Trouble lasts: a broker that is away means the same kind many times.
    let spell = (one, prop_oneof![3 => 1..4_usize, 2 => 8..16_usize, 1 => 30..60_usize]);
    let spells = prop::collection::vec(spell, 1..10);
    spells.prop_map(|spells| spells.into_iter().flat_map(|(run, times)| vec![run; times]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, rng_seed: RngSeed::Fixed(28), ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_runs_keeps_what_was_seen_within_what_the_store_keeps(
        runs in runs(), period in prop::sample::select(vec![1_u32, 5, 15, 60]),
    ) {
        let mut store = Archive::every(period);
        let names = groups(12);
        let kept = i64::from(store.schedule.snapshots_kept(Minute::holding(0), 0));
        // By partition: what it should remember, and the run that read it last.
        let mut last: BTreeMap<Name, (u64, i64)> = BTreeMap::new();
        let (mut number, mut mistaken) = (20_000_000 / i64::from(period), 0);
        for run in [Run::Whole, Run::Whole].into_iter().chain(runs) {
            number += 1;
            let (group, partition) = match run {
                Run::Whole => (None, None),
                Run::Unlisted(group) => (Some(group), None),
                Run::Leaderless(partition) => (None, Some(partition)),
                Run::Shattered(group, partition) => (Some(group), Some(partition)),
                Run::Missing(more) => {
                    number += more;
                    continue;
                }
            };
            let minute = number * i64::from(period);
            let listed: Vec<Name> = names.iter().copied().filter(|name| group != Some(name.0 % 3)).collect();
            store.rosters = 0;
            let pasts = store.recall(minute, &listed);
            prop_assert!(store.rosters <= 2, "{} questions for rosters", store.rosters);
            let mut entries = BTreeMap::new();
            for (name, past) in pasts {
                let found = memory(past);
                let before = last.get(&name).filter(|(_, seen)| number - seen <= kept);
                // Two snapshots may be too few to confirm each other in the midst of changes.
                let before = before.filter(|(memory, _)| found.is_some() || *memory > 2);
                let before = before.copied();
                if found != before.map(|(memory, _)| memory) {
                    // When it came back it had the very slot of another one that went away.
                    mistaken += 1;
                    prop_assert!(
                        found.is_some() && mistaken <= 1,
                        "{name:?} at run {number} after {run:?}, seen at {before:?}: {past:?}"
                    );
                }
                let unread = partition == Some(name.3 % 3);
                if unread {
                    let snapshots = before.and_then(|(_, seen)| u16::try_from(number - seen).ok());
                    entries.extend(snapshots.map(|snapshots| (name, Entry::Unread { snapshots })));
                } else {
                    let memory = before.map_or(0, |(memory, _)| memory) + 1;
                    last.insert(name, (memory, number));
                    entries.insert(name, seen(memory));
                }
            }
            // A partition whose leader is away leaves its slot; a group that no broker lists does not.
            store.write(minute, group.is_none(), &entries);
        }
    }
}
