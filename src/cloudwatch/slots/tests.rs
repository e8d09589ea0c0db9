//! The slots against a model of how the service merges data for the same second.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What the service keeps for one metric: samples, smallest and largest value for each second.
#[derive(Clone, Default)]
struct Sheet(BTreeMap<i64, (f64, f64, f64)>);

impl Sheet {
    fn put(mut self, samples: &[Sample]) -> Self {
        for sample in samples {
            assert_eq!(sample.values.len(), sample.counts.len());
            assert!(sample.values.len() == 1 || sample.values[0] < sample.values[1], "values are listed once");
            assert!(
                sample.counts.iter().all(|count| *count >= 1.0) && sample.counts.iter().sum::<f64>() < 2_147_483_648.0
            );
            let (count, low, high) = self.0.entry(sample.time).or_insert((0.0, f64::INFINITY, f64::NEG_INFINITY));
            *count += sample.counts.iter().sum::<f64>();
            *low = sample.values.iter().copied().fold(*low, f64::min);
            *high = sample.values.iter().copied().fold(*high, f64::max);
        }
        self
    }

    fn points(&self) -> Vec<Point> {
        let point = |(&time, &(samples, low, high)): (&i64, &(f64, f64, f64))| Point {
            time,
            samples: Some(samples),
            minimum: Some(low),
            maximum: Some(high),
        };
        self.0.iter().map(point).collect()
    }
}

const NOON: i64 = 1_800_014_400;

fn minutely() -> Schedule {
    Schedule::every(1).unwrap()
}

fn noon() -> Minute {
    Minute::holding(NOON)
}

/// "5/9" is committed/log end, "-/9" no commit, "?" not read; each with its position as memory.
fn look(seconds: i64, entries: &str) -> Look {
    let entry = |(memory, text): (u64, &str)| {
        let (committed, log_end) = text.split_once('/')?;
        let committed = committed.parse().map_or(Committed::Never, Committed::At);
        Some(Entry::new(committed, log_end.parse().unwrap(), memory).unwrap())
    };
    Look { taken: (NOON + seconds) * 1_000, entries: (0..).zip(entries.split(' ')).map(entry).collect() }
}

fn written(look: &Look) -> Vec<Sample> {
    write(minutely(), noon(), look).unwrap()
}

fn read_noon(size: usize, sheet: &Sheet) -> Result<Look, Unusable> {
    let mut looks = read(minutely(), size, &sheet.points());
    assert_eq!(looks.len(), 1);
    let (minute, look) = looks.remove(0);
    assert_eq!(minute, noon());
    look
}

#[test]
fn every_kind_of_partition_comes_back() {
    let look = look(2, "5/9 9/9 9/5 -/7 ? 0/0 -/0 9007199254740992/9007199254740992 0/9007199254740992");
    assert_eq!(read_noon(9, &Sheet::default().put(&written(&look))), Ok(look));
}

#[test]
fn a_look_at_nothing_readable_still_marks_its_minute() {
    let look = look(2, "? ?");
    assert_eq!(read_noon(2, &Sheet::default().put(&written(&look))), Ok(look));
}

#[test]
fn what_a_metric_cannot_hold_is_no_entry() {
    let fits = |committed, log_end, memory| Entry::new(committed, log_end, memory).is_some();
    assert!(fits(Committed::At(LARGEST), LARGEST, MEMORY_END - 1));
    assert!(!fits(Committed::At(LARGEST + 1), 0, 0));
    assert!(!fits(Committed::Never, LARGEST + 1, 0));
    assert!(!fits(Committed::At(-1), 0, 0));
    assert!(!fits(Committed::At(0), 0, MEMORY_END));
}

#[test]
fn a_run_writes_into_its_own_minute_or_nowhere() {
    let at = |milliseconds: i64| {
        let look = Look { taken: NOON * 1_000 + milliseconds, entries: vec![] };
        write(minutely(), noon(), &look).map(|_| ())
    };
    assert_eq!(at(-60_000), Ok(()));
    assert_eq!(at(59_999), Ok(()));
    assert_eq!(at(60_000), Err(Unstorable::OutOfTime { late: 60 }));
    assert_eq!(at(-60_001), Err(Unstorable::OutOfTime { late: -61 }));
    let crowd = Look { taken: NOON * 1_000, entries: vec![None; 60] };
    assert_eq!(write(minutely(), noon(), &crowd), Err(Unstorable::TooManyPartitions { found: 60, most: 59 }));
}

#[test]
fn two_runs_in_one_minute_are_seen_even_in_the_same_millisecond() {
    for other in [look(3, "5/9 9/9"), look(2, "6/9 9/9"), look(2, "5/9 ?")] {
        let sheet = Sheet::default().put(&written(&look(2, "5/9 9/9"))).put(&written(&other));
        assert_eq!(read_noon(2, &sheet), Err(Unusable::TwoRuns));
    }
}

#[test]
fn slots_of_another_run_under_a_header_are_seen_by_the_checksum() {
    let (mine, other) = (written(&look(2, "5/9 9/9")), written(&look(3, "4/9 9/9")));
    assert_eq!(read_noon(2, &Sheet::default().put(&mine).put(&other[1..])), Err(Unusable::Mixed));
    assert_eq!(read_noon(2, &Sheet::default().put(&mine[..1]).put(&other[1..])), Err(Unusable::Mixed));
}

#[test]
fn a_repeated_write_visible_in_part_is_unusable() {
    let look = written(&look(2, "5/9 8/9"));
    for part in [&look[..1], &look[..2], &look[1..], &look[2..]] {
        assert_eq!(read_noon(2, &Sheet::default().put(&look).put(part)), Err(Unusable::Mixed));
    }
}

#[test]
fn a_half_visible_look_tells_what_is_missing() {
    let look = written(&look(2, "5/9 ? 8/9"));
    assert_eq!(read_noon(3, &Sheet::default().put(&look[..2])), Err(Unusable::InPart { written: 2, visible: 1 }));
    assert_eq!(read_noon(3, &Sheet::default().put(&look[1..])), Err(Unusable::NoHeader));
}

#[test]
fn a_statistic_that_was_not_returned_makes_its_look_unusable() {
    let sheet = Sheet::default().put(&written(&look(2, "5/9 8/9")));
    for (second, expected) in [(0, Unusable::TwoRuns), (1, Unusable::Mixed)] {
        let mut points = sheet.points();
        points[second].samples = None;
        assert_eq!(read(minutely(), 2, &points), [(noon(), Err(expected))]);
    }
}

#[test]
fn looks_come_newest_first_and_an_older_one_was_taken_earlier() {
    let minute = |back, taken: i64| {
        let look = Look { taken: (NOON + taken) * 1_000, entries: vec![] };
        write(minutely(), minutely().back(noon(), back), &look).unwrap()
    };
    let sheet = Sheet::default().put(&minute(2, -119)).put(&minute(1, -5)).put(&minute(0, -6));
    let looks: Vec<_> =
        read(minutely(), 0, &sheet.points()).into_iter().map(|(_, look)| look.map(|look| look.taken)).collect();
    assert_eq!(looks, [Ok((NOON - 6) * 1_000), Err(Unusable::OutOfOrder), Ok((NOON - 119) * 1_000)]);
}

fn entry() -> impl Strategy<Value = Option<Entry>> {
    let offset = prop_oneof![0..=LARGEST, 0_i64..4, LARGEST - 3..=LARGEST];
    let memory = prop_oneof![0..MEMORY_END, MEMORY_END - 2..MEMORY_END];
    (prop::option::of(offset.clone()), offset, memory, prop::bool::weighted(0.9)).prop_map(
        |(committed, end, memory, read)| {
            let committed = committed.map_or(Committed::Never, Committed::At);
            read.then(|| Entry::new(committed, end, memory).unwrap())
        },
    )
}

/// A period, and a look for [`noon`] that its schedule allows.
fn scheduled() -> impl Strategy<Value = (Schedule, Look)> {
    (1_u32..=1440, any::<prop::sample::Index>(), prop::collection::vec(entry(), 59)).prop_map(
        |(period, taken, entries)| {
            let schedule = Schedule::every(period).unwrap();
            let within = schedule.taken_within(noon());
            let milliseconds = usize::try_from((within.end - within.start) * 1_000).unwrap();
            let taken = within.start * 1_000 + i64::try_from(taken.index(milliseconds)).unwrap();
            (schedule, Look { taken, entries: entries[..schedule.partitions_per_shard()].to_vec() })
        },
    )
}

proptest! {
    #[test]
    fn any_look_comes_back_however_often_its_write_was_repeated((schedule, look) in scheduled(), times in 1_usize..=60) {
        let samples = write(schedule, noon(), &look).unwrap();
        let sheet = (0..times).fold(Sheet::default(), |sheet, _| sheet.put(&samples));
        let found = read(schedule, look.entries.len(), &sheet.points());
        prop_assert_eq!(found, [(schedule.align(noon()), Ok(look))]);
    }

    #[test]
    fn two_writes_visible_in_any_part_come_back_as_one_of_them_or_as_unusable(
        (schedule, one) in scheduled(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), entry()), 0..4),
        later in 0_i64..3,
        seen in prop::collection::vec(prop::bool::weighted(0.9), 60),
        seen_too in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut other = one.clone();
        other.taken = (one.taken + later).min(schedule.taken_within(noon()).end * 1_000 - 1);
        for (position, entry) in changes {
            let position = position.index(other.entries.len());
            other.entries[position] = entry;
        }
        let part = |look: &Look, seen: &[bool]| -> Vec<Sample> {
            let samples = write(schedule, noon(), look).unwrap();
            samples.into_iter().zip(seen).filter(|(_, seen)| **seen).map(|(sample, _)| sample).collect()
        };
        let sheet = Sheet::default().put(&part(&one, &seen)).put(&part(&other, &seen_too));
        for (_, look) in read(schedule, one.entries.len(), &sheet.points()) {
            if let Ok(look) = look {
                prop_assert!(look == one || look == other, "{look:?}");
            }
        }
    }

    #[test]
    fn hostile_points_never_panic(points in prop::collection::vec((0_i64..240, any::<[Option<f64>; 3]>()), 0..40), size in 0_usize..60) {
        let points: Vec<_> = points
            .into_iter()
            .map(|(second, [samples, minimum, maximum])| Point { time: NOON - second, samples, minimum, maximum })
            .collect();
        for (_, look) in read(minutely(), size, &points) {
            prop_assert!(look.is_err());
        }
    }
}
