// Seeded cases: the same ones in each run, and others by hand.
//
// `MEERKAT_FUZZ_SEED` sets another start, `MEERKAT_FUZZ_TIMES` multiplies the number of cases; `make fuzz` runs
// without end.

/// A source of choices: xorshift64* (Vigna, 2016), which is enough to choose by and needs no library.
pub(crate) struct Choice(u64);

#[allow(dead_code, reason = "not every reader is tried with everything")]
impl Choice {
    /// A number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % limit.max(1)
    }

    /// One of these.
    pub(crate) fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }

    /// Up to this many of these, one after the other.
    pub(crate) fn text(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| self.of(pieces)).collect()
    }

    /// The same bytes with a few of them changed, left out, repeated, or cut off.
    pub(crate) fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, u8::try_from(self.below(256)).unwrap_or_default()),
                2 => drop(bytes.drain(at..(at + self.below(20)).min(bytes.len()))),
                3 => {
                    let piece = bytes[at..(at + self.below(40)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

/// Which case it was, where one fails.
struct Case {
    seed: u64,
    number: usize,
}

impl Drop for Case {
    #[allow(clippy::print_stderr, reason = "whoever mends it needs the number")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, number } = self;
            eprintln!("MEERKAT_FUZZ_SEED={seed}, case {number}");
        }
    }
}

/// Tries this many cases, times `MEERKAT_FUZZ_TIMES`.
pub(crate) fn each(cases: usize, mut case: impl FnMut(&mut Choice)) {
    let said = |name: &str| std::env::var(name).ok();
    let seed = said("MEERKAT_FUZZ_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    let times = said("MEERKAT_FUZZ_TIMES").and_then(|times| times.parse().ok()).unwrap_or(1_usize);
    for number in 0..cases.saturating_mul(times) {
        let _case = Case { seed, number };
        let own = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number as u64);
        let mut choice = Choice(own.wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1);
        choice.below(1);
        case(&mut choice);
    }
}

/// What names are made of that somebody else chose.
#[allow(dead_code, reason = "not every reader has names")]
pub(crate) const HOSTILE: &[&str] = &[
    "a",
    "orders-",
    "注文",
    "\u{2764}\u{fe0f}",
    "👩‍👩‍👧",
    "\u{1b}[2J",
    "\u{7}",
    "\r",
    "\n",
    "\0",
    "\u{9b}",
    "\u{202e}",
    "\u{200d}",
    "\u{301}",
    "\u{fe0f}",
    "\u{1f1e9}\u{1f1ea}",
    " ",
    "\t",
    "*",
    "?",
    "\"",
    "'",
    "<",
    "&",
    "${a}",
    "x\u{300}\u{301}",
    "ﷺ",
    "\u{ad}",
    "لا",
    "\u{feff}",
];
