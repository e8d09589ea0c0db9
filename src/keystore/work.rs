//! What opening a store costs, read before anything is decrypted: the rounds and the memory that its own parameters
//! demand, and the names of its ciphers. A file of a few hundred bytes may demand hours.
//!
//! The authorities are RFC 8018 (PBES1, PBES2, PBKDF2), RFC 7914 (scrypt), RFC 7292 (PKCS#12) and RFC 9579 (PBMAC1).

use super::Trouble;

/// The parameters that were found.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Rounds of all derivations together.
    rounds: u64,
    /// Rounds of the longest one.
    longest: u64,
    /// Bytes of the derivation that needs most.
    memory: u64,
    /// A cipher or checksum that meerkat does not read.
    pub(super) unread: Option<&'static str>,
}

impl Work {
    /// Reads the parameters of a store, or of an encrypted key.
    pub(super) fn of(der: &[u8]) -> Self {
        let mut work = Self::default();
        work.walk(der, 0);
        work
    }

    /// Refuses what needs more time or memory than a run has.
    pub(super) fn bounded(&self) -> Result<(), Trouble> {
        match self {
            Self { memory, .. } if *memory > MOST_MEMORY => Err(Trouble::Memory(*memory)),
            Self { longest, .. } if *longest > MOST_AT_ONCE => {
                Err(Trouble::Rounds { found: *longest, most: MOST_AT_ONCE })
            }
            Self { rounds, .. } if *rounds > MOST_ROUNDS => Err(Trouble::Rounds { found: *rounds, most: MOST_ROUNDS }),
            _ => Ok(()),
        }
    }

    /// Walks through everything that has parts. Octet strings may hold a store within a store.
    fn walk(&mut self, der: &[u8], depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let parts = parts(der);
        match parts.as_slice() {
            [Part { tag: OID, content: oid }, parameters, ..] => self.algorithm(oid, parameters),
            // MacData: a digest, a salt, and rounds, which are optional.
            [Part { tag: SEQUENCE, .. }, Part { tag: OCTETS, .. }, Part { tag: INTEGER, content }] => {
                self.derives(number(content));
            }
            _ => {}
        }
        for Part { tag, content } in parts {
            if tag & CONSTRUCTED != 0 || (tag == OCTETS && content.first() == Some(&SEQUENCE)) {
                self.walk(content, depth + 1);
            }
        }
    }

    fn algorithm(&mut self, oid: &[u8], parameters: &Part<'_>) {
        let name = NAMES.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name);
        self.unread = self.unread.or(name);
        let fields = parts(parameters.content);
        match fields.as_slice() {
            [Part { tag: OCTETS, .. }, n, r, p, ..] if oid == SCRYPT => {
                let memory = number(n.content).saturating_mul(number(r.content)).saturating_mul(128);
                self.memory = self.memory.max(memory);
                // Each of `p` passes through all of its memory, about as fast as the hash of a round.
                self.derives((memory / 128).saturating_mul(number(p.content)));
            }
            [Part { tag: OCTETS, .. }, Part { tag: INTEGER, content }, ..]
                if oid == PBKDF2 || oid.starts_with(PKCS12_PBE) || oid.starts_with(PKCS5) =>
            {
                self.derives(number(content));
            }
            _ => {}
        }
    }

    fn derives(&mut self, rounds: u64) {
        self.rounds = self.rounds.saturating_add(rounds);
        self.longest = self.longest.max(rounds);
    }
}

/// Whether it begins like a store in BER (X.690, 8.1.3.6), where lengths may be indefinite: a sequence of version 3,
/// with an indefinite length of its own or of the content behind it.
pub(super) fn is_ber(bytes: &[u8]) -> bool {
    let inner = match bytes {
        [SEQUENCE, 0x80, inner @ ..] => return inner.starts_with(&[INTEGER, 1, 3]),
        _ => first(bytes).map_or(&[][..], |(outer, _)| outer.content),
    };
    let Some((Part { tag: INTEGER, content: [3] }, rest)) = first(inner) else { return false };
    // The type of the content, then the content: each may have an indefinite length, or come in pieces.
    let content = match rest {
        [SEQUENCE, 0x80, ..] => return true,
        _ => first(rest).map_or(&[][..], |(content, _)| content.content),
    };
    match first(content) {
        Some((Part { tag: OID, .. }, [0xa0, 0x80, ..])) => true,
        Some((Part { tag: OID, .. }, rest)) => first(rest).is_some_and(|(data, _)| data.content.starts_with(&[0x24])),
        _ => false,
    }
}

/// One part of DER.
struct Part<'a> {
    tag: u8,
    content: &'a [u8],
}

/// The parts one after the other; malformed bytes end them.
fn parts(mut der: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some((part, rest)) = first(der) {
        parts.push(part);
        der = rest;
    }
    parts
}

fn first(der: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let [tag, length, rest @ ..] = der else { return None };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Part { tag: *tag, content }, rest))
}

/// A number that is not negative; one that does not fit becomes the largest.
fn number(content: &[u8]) -> u64 {
    let significant = content.iter().position(|byte| *byte != 0).map_or(&content[..0], |at| &content[at..]);
    if significant.len() > 8 {
        return u64::MAX;
    }
    significant.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Rounds that one derivation may demand. keytool asks for 10,000, OpenSSL for 2,048; OWASP recommends 600,000.
const MOST_AT_ONCE: u64 = 1_000_000;
/// Rounds of all keys and checksums of a store together: a second or two of one core.
const MOST_ROUNDS: u64 = 5_000_000;
/// Bytes that one derivation may need. OpenSSL's scrypt needs 16 MB.
pub(super) const MOST_MEMORY: u64 = 64 * 1024 * 1024;
/// How deeply the parameters of a store are nested, times two.
const DEEPEST: usize = 32;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;

/// 1.2.840.113549.1.5: PBES1 with numbers below 12, PBKDF2 with 12, PBES2 with 13, PBMAC1 with 14.
const PKCS5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// 1.2.840.113549.1.12.1, the ciphers of PKCS#12.
const PKCS12_PBE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1];
/// 1.3.6.1.4.1.11591.4.11.
const SCRYPT: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];

/// What no library here reads.
const NAMES: [(&[u8], &str); 9] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 1], "PBEWithMD2AndDES"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 3], "PBEWithMD5AndDES"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 10], "PBEWithSHA1AndDES"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 14], "PBMAC1"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 1], "RC4 of 128 bits"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 2], "RC4 of 40 bits"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 4], "triple DES with two keys"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5], "RC2 of 128 bits"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 6], "PBEWithMD5AndRC2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn part(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let bytes = length.to_be_bytes();
        match length {
            0..=0x7f => [&[tag, bytes[7]], content].concat(),
            _ => [&[tag, 0x84], &bytes[4..], content].concat(),
        }
    }

    fn integer(number: u64) -> Vec<u8> {
        part(INTEGER, &[&[0], &number.to_be_bytes()[..]].concat())
    }

    fn algorithm(oid: &[u8], fields: &[Vec<u8>]) -> Vec<u8> {
        part(SEQUENCE, &[part(OID, oid), part(SEQUENCE, &fields.concat())].concat())
    }

    #[test]
    fn rounds_and_memory_are_those_of_all_parameters() {
        let salt = part(OCTETS, b"salt");
        let pbkdf2 = algorithm(PBKDF2, &[salt.clone(), integer(100_000_000)]);
        assert_eq!(Work::of(&pbkdf2).bounded(), Err(Trouble::Rounds { found: 100_000_000, most: MOST_AT_ONCE }));
        let scrypt = |n| algorithm(SCRYPT, &[salt.clone(), integer(n), integer(8), integer(1)]);
        assert_eq!(Work::of(&scrypt(1 << 14)).bounded(), Ok(()));
        assert_eq!(Work::of(&scrypt(1 << 17)).bounded(), Err(Trouble::Memory(128 << 20)));
        assert!(Work::of(&scrypt(u64::MAX)).bounded().is_err());
        // Below a text, and beside another one.
        let some = algorithm(PBKDF2, &[salt.clone(), integer(MOST_AT_ONCE)]);
        let nested = |times| part(OCTETS, &part(SEQUENCE, &some.repeat(times)));
        assert_eq!(Work::of(&nested(5)).bounded(), Ok(()));
        assert_eq!(Work::of(&nested(6)).bounded(), Err(Trouble::Rounds { found: 6_000_000, most: MOST_ROUNDS }));
        let mac = part(SEQUENCE, &[part(SEQUENCE, b""), salt, integer(MOST_AT_ONCE + 1)].concat());
        assert_eq!(Work::of(&mac).bounded(), Err(Trouble::Rounds { found: MOST_AT_ONCE + 1, most: MOST_AT_ONCE }));
    }

    #[test]
    fn what_is_malformed_or_deep_ends() {
        for bytes in
            [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x30, 5, 1]]
        {
            assert_eq!(Work::of(bytes).bounded(), Ok(()), "{bytes:?}");
        }
        let deep = (0..5_000).fold(Vec::new(), |inner, _| part(SEQUENCE, &inner));
        assert_eq!(Work::of(&deep).bounded(), Ok(()));
    }
}
