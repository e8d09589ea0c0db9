//! A value that is read back changed is noticed.

use super::*;

const MINUTE: Minute = Minute::holding(36_000);

fn points(change: impl Fn(usize, &mut Merged)) -> Vec<Merged> {
    let point = |(index, value): (usize, &Value)| {
        let (low, high, samples) = value.expected;
        let time = Schedule::MINUTELY.time(MINUTE, value.slot);
        let (minimum, maximum, samples) = (Some(float(low)), Some(float(high)), Some(float(samples)));
        let mut point = Merged { time, samples, minimum, maximum };
        change(index, &mut point);
        point
    };
    VALUES.iter().enumerate().map(point).collect()
}

fn wrong(change: impl Fn(usize, &mut Merged)) -> usize {
    missing(Schedule::MINUTELY, MINUTE, &points(change)).len()
}

#[test]
fn what_comes_back_as_written_or_repeated_is_right() {
    assert_eq!(wrong(|_, _| {}), 0);
    assert_eq!(wrong(|_, point| point.samples = point.samples.map(|samples| samples * 2.0)), 0);
}

#[test]
fn a_rounded_number_a_lost_merger_and_a_lost_slot_are_noticed() {
    assert_eq!(
        wrong(|index, point| if index == 4 {
            point.maximum = Some(float(LARGEST) + 1.0);
        }),
        1
    );
    assert_eq!(
        wrong(|index, point| if index == 1 {
            (point.minimum, point.samples) = (Some(5.0), Some(2.0));
        }),
        1
    );
    assert_eq!(wrong(|_, point| point.time += 1), VALUES.len());
    assert_eq!(wrong(|_, point| point.samples = None), VALUES.len());
}
