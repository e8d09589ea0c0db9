//! The memory as one number, each field a digit with a radix of its own.
//!
//! Only possible states have numbers, so some digits hold several fields: what is remembered of a present reader is
//! not what is remembered of one that is gone. A change of what a digit means requires a new format of the pages.

use super::coarse::Coarse;
use super::rest::Rest;
use super::warning::Warning;
use super::{
    ABSENT_LIMIT, ANSWER_STANDS, BAD_LIMIT, COMMITS_TO_KNOW, Memory, SILENCE_MAX, SNAPSHOTS_LIMIT, UNSTABLE_LIMIT,
};
use crate::model::lag::Assigned;

impl Memory {
    /// The memory as one number below [`Memory::PACKED_LIMIT`].
    #[must_use]
    pub fn pack(self) -> u64 {
        let digits = [
            self.silent.level(),
            self.gap_digit(),
            self.trend_digit(),
            self.rewound,
            self.habit,
            self.reader_digit(),
            u8::from(self.late),
            self.loss,
        ];
        digits.iter().zip(RADICES).rev().fold(0, |packed, (digit, radix)| packed * radix + u64::from(*digit))
    }

    /// The memory behind a number from the store; `None` if the number is too large for one.
    #[must_use]
    pub fn unpack(mut packed: u64) -> Option<Self> {
        let mut digits = [0; RADICES.len()];
        for (digit, radix) in digits.iter_mut().zip(RADICES) {
            *digit = u8::try_from(packed % radix).ok()?;
            packed /= radix;
        }
        let [silent, gap, trend, rewound, habit, reader, late, loss] = digits;
        let (snapshots, supported, gap) = of_gap_digit(gap);
        let (bad, warning, rest) = of_trend_digit(trend);
        let (assigned, unstable, absent, members_seen) = of_reader_digit(reader);
        (packed == 0).then_some(Self {
            silent: Coarse::of_level(silent),
            gap,
            bad,
            warning,
            rest,
            rewound,
            absent,
            members_seen,
            habit,
            assigned,
            held: reader == HELD,
            unstable,
            snapshots,
            supported,
            late: late == 1,
            loss,
        })
    }

    /// In the first snapshots no gap is known, and the very first one supports no verdict.
    fn gap_digit(self) -> u8 {
        let (level, supported) = (self.gap.level(), u8::from(self.supported));
        match self.snapshots {
            1 => 0,
            2 => 1 + level.min(1) * 2 + supported,
            _ => EARLY + (level - u8::from(level > FEW_COMMITS)) * 2 + supported,
        }
    }

    /// A warning implies the limit of late commits, and a rest counts only if the last commit is not late otherwise.
    fn trend_digit(self) -> u8 {
        match (self.warning, self.rest) {
            (Warning::None(_), Rest::Once) => WARNINGS,
            (Warning::None(_), Rest::Twice) => WARNINGS + 1,
            (Warning::None(_), Rest::Known) => WARNINGS + 2,
            (Warning::None(_), Rest::Passed) => WARNINGS + 3,
            (Warning::None(lately), Rest::No) => self.bad * (Warning::LATELY + 1) + lately,
            (Warning::Stands, _) => LATE_COMMITS,
            (Warning::Again(calm), _) => AGAIN + calm,
        }
    }

    /// An assigned reader is present, and an absence is remembered for as long as the answer before it counts.
    fn reader_digit(self) -> u8 {
        let seen = u8::from(self.members_seen);
        match self.assigned {
            _ if self.held => HELD,
            Assigned::Yes => self.unstable,
            Assigned::No => PRESENT + self.absent * 2 + seen,
            Assigned::Unknown if self.absent == 0 => UNKNOWN + self.unstable * 2 + seen,
            Assigned::Unknown => UNKNOWN_ABSENT + (self.unstable * ABSENT_LIMIT + self.absent - 1) * 2 + seen,
        }
    }
}

fn of_gap_digit(digit: u8) -> (u8, bool, Coarse) {
    let Some(later) = digit.checked_sub(EARLY) else {
        let Some(second) = digit.checked_sub(1) else { return (1, false, Coarse::of_level(0)) };
        return (2, second % 2 == 1, Coarse::of_level(second / 2));
    };
    let level = later / 2;
    (SNAPSHOTS_LIMIT, later % 2 == 1, Coarse::of_level(level + u8::from(level > FEW_COMMITS)))
}

fn of_trend_digit(digit: u8) -> (u8, Warning, Rest) {
    match digit {
        ..LATE_COMMITS => (digit / (Warning::LATELY + 1), Warning::None(digit % (Warning::LATELY + 1)), Rest::No),
        LATE_COMMITS => (BAD_LIMIT, Warning::Stands, Rest::No),
        AGAIN..WARNINGS => (BAD_LIMIT, Warning::Again(digit - AGAIN), Rest::No),
        _ => {
            let rests = [Rest::Once, Rest::Twice, Rest::Known];
            let rest = rests.get(usize::from(digit - WARNINGS)).copied().unwrap_or(Rest::Passed);
            (0, Warning::NEVER, rest)
        }
    }
}

fn of_reader_digit(digit: u8) -> (Assigned, u8, u8, bool) {
    let seen = digit % 2 == 1;
    match digit {
        ..PRESENT => (Assigned::Yes, digit, 0, true),
        PRESENT..UNKNOWN => (Assigned::No, 0, (digit - PRESENT) / 2, seen),
        HELD => (Assigned::Unknown, 0, 0, true),
        UNKNOWN..UNKNOWN_ABSENT => (Assigned::Unknown, (digit - UNKNOWN) / 2, 0, seen),
        _ => {
            let both = (digit - UNKNOWN_ABSENT) / 2;
            (Assigned::Unknown, both / ABSENT_LIMIT, both % ABSENT_LIMIT + 1, seen)
        }
    }
}

/// Below this a gap is a number of commits.
const FEW_COMMITS: u8 = COMMITS_TO_KNOW - 1;
/// States of the first two snapshots.
const EARLY: u8 = 5;
/// States without a warning and without a rest.
const LATE_COMMITS: u8 = (BAD_LIMIT + 1) * (Warning::LATELY + 1);
/// Where the states of a repeated warning begin.
const AGAIN: u8 = LATE_COMMITS + 1;
/// The same and those with a warning.
const WARNINGS: u8 = AGAIN + 1 + Warning::CALM;
/// Present readers; where unknown ones begin, and where those of them that were absent before.
const PRESENT: u8 = ANSWER_STANDS + 1;
const UNKNOWN: u8 = PRESENT + (ABSENT_LIMIT + 1) * 2;
const UNKNOWN_ABSENT: u8 = UNKNOWN + (UNSTABLE_LIMIT + 1) * 2;
/// The reader is not remembered.
const HELD: u8 = UNKNOWN_ABSENT + (ANSWER_STANDS + 1) * ABSENT_LIMIT * 2;

/// How many values each digit has, in the order of [`Memory::pack`].
pub(crate) const RADICES: [u64; 8] = [
    SILENCE_MAX.level() as u64 + 1,
    EARLY as u64 + Coarse::MAX.level() as u64 * 2,
    WARNINGS as u64 + 4,
    6,
    3,
    HELD as u64 + 1,
    2,
    12,
];
