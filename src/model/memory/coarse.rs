//! Long counts in few bits.

/// A count that is exact up to 16 and has eight steps to each doubling above, 6,144 at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Coarse(u8);

impl Coarse {
    /// The usual silence of a job that runs once a day, with a snapshot each minute, in quarters of a minute.
    pub(crate) const MAX: Self = Self(84);

    pub(crate) const fn level(self) -> u8 {
        self.0
    }

    pub(crate) const fn of_level(level: u8) -> Self {
        if level > Self::MAX.0 { Self::MAX } else { Self(level) }
    }

    pub(crate) fn value(self) -> u32 {
        let (octave, step) = (u32::from(self.0 / 8), u32::from(self.0 % 8));
        if octave == 0 { step } else { (8 + step) << (octave - 1) }
    }

    /// The largest that is not above `value`.
    pub(crate) fn floor(value: u32) -> Self {
        let octave = value.checked_ilog2().map_or(0, |bits| bits.saturating_sub(2));
        let step = if octave == 0 { value } else { (value >> (octave - 1)) - 8 };
        u8::try_from(octave * 8 + step).map_or(Self::MAX, |level| Self(level).min(Self::MAX))
    }

    /// The smallest that is not below `value`.
    pub(crate) fn ceil(value: u32) -> Self {
        let floor = Self::floor(value);
        if floor.value() < value { Self(floor.0 + 1).min(Self::MAX) } else { floor }
    }

    /// If steps are longer than a period, it moves when the clock passes a multiple of the step: no error adds up.
    pub(crate) fn age(self, passed: u32, from_ms: i64, to_ms: i64, period_ms: i64) -> Self {
        let step = 1 << u32::from(self.0 / 8).saturating_sub(1);
        let more = if step == 1 {
            passed
        } else {
            periods_on_the_clock(from_ms, to_ms, period_ms * i64::from(step)).saturating_mul(step)
        };
        Self::floor(self.value().saturating_add(more))
    }
}

/// Multiples of a period that the clock passed.
pub(crate) fn periods_on_the_clock(from_ms: i64, to_ms: i64, period_ms: i64) -> u32 {
    u32::try_from(to_ms.div_euclid(period_ms).saturating_sub(from_ms.div_euclid(period_ms))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_its_own_floor_and_ceiling() {
        for level in (0..=84).map(Coarse) {
            assert_eq!((Coarse::floor(level.value()), Coarse::ceil(level.value())), (level, level));
        }
    }

    #[test]
    fn floors_and_ceilings_are_at_most_an_eighth_away() {
        for value in 1..=6_144 {
            let (floor, ceil) = (Coarse::floor(value).value(), Coarse::ceil(value).value());
            assert!(floor <= value && value <= ceil && (ceil - floor) * 8 <= value, "{floor} {value} {ceil}");
        }
        assert_eq!((Coarse::floor(6_145), Coarse::ceil(u32::MAX)), (Coarse::MAX, Coarse::MAX));
    }
}
