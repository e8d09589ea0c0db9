//! A hash that never changes: it orders what is stored in `CloudWatch`, and determines which part a group belongs to.

/// FNV-1a with 64 bits (draft-eastlake-fnv) over texts, whole words mixed in at once, and a finisher that spreads over all bits.
///
/// The standard library's hasher may change with each release; this one may not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// With its length, so that "ab", "c" is not "a", "bc".
    pub(crate) fn text(self, text: &str) -> Self {
        let hash = text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
        Self(hash).number(text.len() as u64)
    }

    pub(crate) const fn number(self, number: u64) -> Self {
        Self(mixed(self.0 ^ number))
    }

    pub(crate) const fn finish(self) -> u64 {
        mixed(self.0)
    }
}

/// A bijection of 64 bits in which every bit of the result depends on every bit given (the finisher of splitmix64).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_in_every_build() {
        assert_eq!(Hash::new().text("orders").finish(), ORDERS);
        assert_ne!(Hash::new().text("ab").text("c").finish(), Hash::new().text("a").text("bc").finish());
        // The first number that splitmix64 gives for the seed 0 (its reference implementation).
        assert_eq!(mixed(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
    }

    const ORDERS: u64 = 742_666_786_618_635_508;
}
