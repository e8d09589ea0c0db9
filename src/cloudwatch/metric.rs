//! Metrics by name and dimensions, and names as dimension values that the service accepts.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::model::stable_hash::Hash;

/// A metric within a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// One of [`super::names`].
    pub name: &'static str,
    /// Names and encoded values, in the order they are sent.
    pub dimensions: Vec<(&'static str, String)>,
}

impl Metric {
    /// Not less than its size in a request, in bytes.
    pub(super) fn wire_size(&self) -> usize {
        let dimensions = self.dimensions.iter().map(|(name, value)| name.len() + value.len() + BYTES_PER_DIMENSION);
        self.name.len() + dimensions.sum::<usize>()
    }
}

/// A name as a dimension value: ASCII without spaces, not empty, not starting with a colon, at most [`LONGEST`] characters.
///
/// Reversible, except for names that do not fit: those keep their beginning and end in a hash.
pub(crate) fn encode(name: &str) -> String {
    if name.is_empty() {
        return EMPTY.to_owned();
    }
    let mut value = utf8_percent_encode(name, &ESCAPED).to_string();
    if value.starts_with(':') {
        value.replace_range(..1, "%3A");
    }
    if value.len() > LONGEST {
        let kept = LONGEST - CUT.len() - HASH_DIGITS;
        // An escape has three characters; it must not be cut in two.
        let kept = (kept - 2..=kept).rev().find(|&end| !value[end - 2..end].contains('%')).unwrap_or(kept - 2);
        value.truncate(kept);
        let hash = Hash::new().text(name).finish();
        value.push_str(CUT);
        // Writing into a string cannot fail.
        let _ = write!(value, "{hash:016x}");
    }
    value
}

/// The longest dimension value that the service accepts, in characters.
pub(crate) const LONGEST: usize = 1_024;
/// Names, types and lengths around a dimension on the wire, a generous estimate.
const BYTES_PER_DIMENSION: usize = 40;
const ESCAPED: AsciiSet = CONTROLS.add(b' ').add(b'%');
/// A percent sign that starts no escape, so neither [`EMPTY`] nor [`CUT`] can be the encoding of a name.
const EMPTY: &str = "%";
const CUT: &str = "%~";
const HASH_DIGITS: usize = 16;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    /// The name behind a value; `None` if it was too long to be stored, or is not an encoded name.
    fn decode(value: &str) -> Option<String> {
        match value {
            EMPTY => Some(String::new()),
            value if value.is_empty() || value.contains(CUT) => None,
            value => Some(percent_decode_str(value).decode_utf8().unwrap().into_owned()),
        }
    }

    #[test]
    fn awkward_names_become_values_that_the_service_takes() {
        let cases = [("orders-svc", "orders-svc"), ("", "%"), (" ", "%20"), (":a:b", "%3Aa:b"), ("100%~", "100%25~")];
        for (name, value) in cases {
            assert_eq!((encode(name).as_str(), decode(value).as_deref()), (value, Some(name)));
        }
        assert_eq!(encode("größe"), "gr%C3%B6%C3%9Fe");
        assert_eq!(decode(""), None);
    }

    #[test]
    fn a_name_that_does_not_fit_keeps_its_beginning_and_differs_from_its_neighbours() {
        for width in 0..3 {
            let long = format!("{}{}", "x".repeat(width), "ö".repeat(600));
            let (one, other) = (encode(&long), encode(&format!("{long}ö")));
            assert!(one.len() <= LONGEST && one.is_ascii() && one != other, "{one}");
            assert!(one.starts_with(&encode(&long)[..900]));
            assert!(
                one.rsplit_once(CUT).unwrap().0.ends_with("%C3%B6") || one.rsplit_once(CUT).unwrap().0.ends_with("%C3")
            );
            assert_eq!(decode(&one), None);
        }
        assert_eq!(encode(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }

    proptest! {
        #[test]
        fn every_name_that_fits_comes_back(name in "\\PC{0,80}|[ -~\\n:%]{0,60}") {
            let value = encode(&name);
            prop_assert!(value.is_ascii() && !value.is_empty() && value.len() <= LONGEST && !value.starts_with(':'));
            prop_assert!(value.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decode(&value), Some(name));
        }
    }
}
