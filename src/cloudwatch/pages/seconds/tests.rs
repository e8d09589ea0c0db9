//! The seconds of a page against a model of how the service merges data for the same second.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What the service stores for one metric: samples, smallest and largest value for each second.
#[derive(Clone, Default)]
struct Held(BTreeMap<i64, (f64, f64, f64)>);

impl Held {
    fn put(mut self, seconds: &[Second]) -> Self {
        for Second { time, values, counts } in seconds {
            assert_eq!(values.len(), counts.len());
            assert!(values[0] < values[1], "values are listed once");
            assert!(counts.iter().all(|count| *count >= 1.0) && counts.iter().sum::<f64>() < 2_147_483_648.0);
            let (count, low, high) = self.0.entry(*time).or_insert((0.0, f64::INFINITY, f64::NEG_INFINITY));
            *count += counts.iter().sum::<f64>();
            *low = values.iter().copied().fold(*low, f64::min);
            *high = values.iter().copied().fold(*high, f64::max);
        }
        self
    }

    fn points(&self) -> Vec<Merged> {
        let point = |(&time, &(samples, low, high)): (&i64, &(f64, f64, f64))| Merged {
            time,
            samples: Some(samples),
            minimum: Some(low),
            maximum: Some(high),
        };
        self.0.iter().map(point).collect()
    }
}

const NOON: i64 = 1_800_014_400;

fn noon() -> Minute {
    Minute::holding(NOON)
}

/// "3-9*2" is a slot from 3 to 9 with two samples.
fn page(seconds: i64, slots: &str) -> Slots {
    let slot = |text: &str| {
        let (low, rest) = text.split_once('-').unwrap();
        let (high, samples) = rest.split_once('*').unwrap();
        Slot { low: low.parse().unwrap(), high: high.parse().unwrap(), samples: samples.parse().unwrap() }
    };
    Slots { taken: (NOON + seconds) * 1_000, slots: slots.split_whitespace().map(slot).collect() }
}

fn written(page: &Slots) -> Vec<Second> {
    write(Schedule::MINUTELY, noon(), page).unwrap()
}

fn read_noon(sheet: &Held) -> Result<Slots, Unusable> {
    let mut pages = read(Schedule::MINUTELY, &sheet.points());
    assert_eq!(pages.len(), 1);
    let (minute, page) = pages.remove(0);
    assert_eq!(minute, noon());
    page
}

#[test]
fn both_ends_of_every_range_come_back() {
    let page = page(2, "0-1*2 0-9007199254740991*2147483647 9007199254740990-9007199254740991*3");
    assert_eq!(read_noon(&Held::default().put(&written(&page))), Ok(page));
}

#[test]
fn a_page_without_slots_still_marks_its_minute() {
    let page = page(2, "");
    assert_eq!(read_noon(&Held::default().put(&written(&page))), Ok(page));
}

#[test]
fn what_would_not_come_back_is_not_written() {
    let fits = |seconds, slots: &str| write(Schedule::MINUTELY, noon(), &page(seconds, slots)).is_some();
    assert!(fits(2, "3-9*2") && fits(-60, ""));
    for slots in ["3-3*2", "3-9*1", "3-9*2147483648", "3-9007199254740992*2"] {
        assert!(!fits(2, slots), "{slots}");
    }
    assert!(!fits(-61, ""), "before its first second");
    assert!(!fits(4 * 86_400, ""), "later than a header can hold");
    assert!(fits(2, &"3-9*2 ".repeat(59)) && !fits(2, &"3-9*2 ".repeat(60)));
}

#[test]
fn two_runs_in_one_minute_are_seen_even_in_the_same_millisecond() {
    for other in [page(3, "5-9*2 7-9*2"), page(2, "6-9*2 7-9*2"), page(2, "5-9*2")] {
        let sheet = Held::default().put(&written(&page(2, "5-9*2 7-9*2"))).put(&written(&other));
        assert_eq!(read_noon(&sheet), Err(Unusable::TwoRuns));
    }
}

#[test]
fn slots_of_another_run_under_a_header_are_seen_by_the_checksum() {
    let (mine, other) = (written(&page(2, "5-9*2 8-9*2")), written(&page(3, "4-9*2 8-9*2")));
    assert_eq!(read_noon(&Held::default().put(&mine).put(&other[1..])), Err(Unusable::Mixed));
    assert_eq!(read_noon(&Held::default().put(&mine[..1]).put(&other[1..])), Err(Unusable::Mixed));
}

#[test]
fn a_page_of_another_format_is_distinguished_from_a_mixed_one() {
    let page = page(2, "5-9*2 8-9*2");
    let of_format = |format| {
        let mut seconds = written(&page);
        let since = page.taken - Schedule::MINUTELY.span(noon()).start * 1_000;
        let header = float(since * CHECKSUM_END + checksum(format, since, &page.slots));
        seconds[0].values = [header, header + float(1 << 52)];
        read_noon(&Held::default().put(&seconds))
    };
    assert_eq!(of_format(FORMAT), Ok(page.clone()));
    assert_eq!([FORMAT - 1, FORMAT + 1].map(of_format), [Err(Unusable::OtherFormat), Err(Unusable::OtherFormat)]);
    assert_eq!(of_format(1_000), Err(Unusable::Mixed));
}

#[test]
fn a_repeated_write_visible_in_part_is_unusable() {
    let page = written(&page(2, "5-9*3 8-9*3"));
    for part in [&page[..1], &page[..2], &page[1..], &page[2..]] {
        assert_eq!(read_noon(&Held::default().put(&page).put(part)), Err(Unusable::Mixed));
    }
}

#[test]
fn a_half_visible_page_reports_what_is_missing() {
    let page = written(&page(2, "5-9*2 8-9*2"));
    assert_eq!(read_noon(&Held::default().put(&page[..2])), Err(Unusable::InPart { written: 2, visible: 1 }));
    assert_eq!(read_noon(&Held::default().put(&page[1..])), Err(Unusable::NoHeader));
}

#[test]
fn a_statistic_that_was_not_returned_makes_its_page_unusable() {
    let sheet = Held::default().put(&written(&page(2, "5-9*2 8-9*2")));
    for (second, expected) in [(0, Unusable::TwoRuns), (1, Unusable::Mixed)] {
        let mut points = sheet.points();
        points[second].samples = None;
        assert_eq!(read(Schedule::MINUTELY, &points), [(noon(), Err(expected))]);
    }
}

#[test]
fn pages_come_newest_first_however_late_each_was_taken() {
    let minute = |back, taken: i64| {
        let page = Slots { taken: (NOON + taken) * 1_000, slots: vec![] };
        write(Schedule::MINUTELY, Schedule::MINUTELY.back(noon(), back), &page).unwrap()
    };
    let sheet = Held::default().put(&minute(2, -119)).put(&minute(1, 58)).put(&minute(0, 3));
    let taken: Vec<_> = read(Schedule::MINUTELY, &sheet.points())
        .into_iter()
        .map(|(_, page)| page.unwrap().taken / 1_000 - NOON)
        .collect();
    assert_eq!(taken, [3, 58, -119]);
}

fn slot() -> impl Strategy<Value = Slot> {
    (0..LARGEST, 1..=LARGEST, FEWEST_SAMPLES..=MOST_SAMPLES).prop_map(|(one, other, samples)| {
        let (low, high) = (one.min(other - 1), one.max(other));
        Slot { low, high: high.max(low + 1), samples }
    })
}

/// A period, and a page for [`noon`] that its schedule allows.
fn scheduled() -> impl Strategy<Value = (Schedule, Slots)> {
    (1_u32..=1440, -60_i64 * 1_000..2 * 86_400_000, prop::collection::vec(slot(), 0..60)).prop_map(
        |(period, late, slots)| {
            let schedule = Schedule::every(period).unwrap();
            let taken = (schedule.align(noon()).seconds() * 1_000 + late).max(schedule.span(noon()).start * 1_000);
            (schedule, Slots { taken, slots })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_page_comes_back_however_often_its_write_was_repeated((schedule, page) in scheduled(), times in 1_usize..=60) {
        let seconds = write(schedule, noon(), &page).unwrap();
        let sheet = (0..times).fold(Held::default(), |sheet, _| sheet.put(&seconds));
        prop_assert_eq!(read(schedule, &sheet.points()), [(schedule.align(noon()), Ok(page))]);
    }

    #[test]
    fn two_writes_visible_in_any_part_come_back_as_one_of_them_or_as_unusable(
        (schedule, one) in scheduled(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), slot()), 0..4),
        later in 0_i64..3,
        seen in prop::collection::vec(prop::bool::weighted(0.9), 60),
        seen_too in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut other = one.clone();
        other.taken += later;
        for (position, slot) in changes {
            if !other.slots.is_empty() {
                let position = position.index(other.slots.len());
                other.slots[position] = slot;
            }
        }
        let part = |page: &Slots, seen: &[bool]| -> Vec<Second> {
            let seconds = write(schedule, noon(), page).unwrap();
            seconds.into_iter().zip(seen).filter(|(_, seen)| **seen).map(|(second, _)| second).collect()
        };
        let sheet = Held::default().put(&part(&one, &seen)).put(&part(&other, &seen_too));
        for (_, page) in read(schedule, &sheet.points()) {
            if let Ok(page) = page {
                prop_assert!(page == one || page == other, "{page:?}");
            }
        }
    }

    #[test]
    fn hostile_points_never_panic(points in prop::collection::vec((0_i64..240, any::<[Option<f64>; 3]>()), 0..40)) {
        let points: Vec<_> = points
            .into_iter()
            .map(|(second, [samples, minimum, maximum])| Merged { time: NOON - second, samples, minimum, maximum })
            .collect();
        for (_, page) in read(Schedule::MINUTELY, &points) {
            prop_assert!(page.is_err());
        }
    }
}
