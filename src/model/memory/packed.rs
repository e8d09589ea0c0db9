//! The memory as one number, each field a digit with a radix of its own.

use super::coarse::Coarse;
use super::{ABSENT_LIMIT, ANSWER_STANDS, BAD_LIMIT, Memory, UNSTABLE_LIMIT};
use crate::model::lag::Assigned;

impl Memory {
    /// The memory as one number below [`Memory::PACKED_LIMIT`].
    #[must_use]
    pub fn pack(self) -> u64 {
        // Only states that can be are numbered: a warning stands at the limit, and a first look supports nothing yet.
        let trend = if self.warned { BAD_LIMIT + 1 } else { self.bad };
        let reader = match self.assigned {
            _ if self.held => HELD,
            Assigned::Yes => self.unstable.min(ANSWER_STANDS),
            Assigned::No => ANSWER_STANDS + 1,
            Assigned::Unknown => ANSWER_STANDS + 2 + self.unstable,
        };
        let looks = (self.snapshots - 1) * 2 + u8::from(self.supported) - u8::from(self.snapshots > 1);
        let flags = u8::from(self.members_seen) * 2 + u8::from(self.late);
        let digits = [
            self.silent.level(),
            self.gap.level(),
            trend,
            self.rewound,
            self.absent,
            self.habit,
            reader,
            looks,
            flags,
            self.loss,
        ];
        digits.iter().zip(RADICES).rev().fold(0, |packed, (digit, radix)| packed * radix + u64::from(*digit))
    }

    /// The memory behind a number from the store; `None` where the number is too great for one.
    #[must_use]
    pub fn unpack(mut packed: u64) -> Option<Self> {
        let mut digits = [0; RADICES.len()];
        for (digit, radix) in digits.iter_mut().zip(RADICES) {
            *digit = u8::try_from(packed % radix).ok()?;
            packed /= radix;
        }
        let [silent, gap, trend, rewound, absent, habit, reader, looks, flags, loss] = digits;
        let (assigned, unstable) = match reader {
            0..=ANSWER_STANDS => (Assigned::Yes, reader),
            reader if reader == ANSWER_STANDS + 1 => (Assigned::No, 0),
            HELD => (Assigned::Unknown, 0),
            reader => (Assigned::Unknown, reader - ANSWER_STANDS - 2),
        };
        (packed == 0).then_some(Self {
            silent: Coarse::of_level(silent),
            gap: Coarse::of_level(gap),
            bad: trend.min(BAD_LIMIT),
            warned: trend > BAD_LIMIT,
            rewound,
            absent: absent.min(ABSENT_LIMIT),
            members_seen: flags >= 2,
            habit,
            assigned,
            held: reader == HELD,
            unstable,
            snapshots: looks.div_ceil(2) + 1,
            supported: looks > 0 && looks % 2 == 0,
            late: flags % 2 == 1,
            loss,
        })
    }
}

/// How many values each digit has, in the order of [`Memory::pack`].
pub(crate) const RADICES: [u64; 10] = [64, 64, 7, 6, 4, 3, 17, 5, 4, 12];
/// What stands for who reads where that is not remembered.
const HELD: u8 = ANSWER_STANDS + 3 + UNSTABLE_LIMIT;
