//! The names of groups in an event: each once, and no more than a run can ask for.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Names of groups, each once, in the order of the event.
#[derive(Default)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Bounded)
    }
}

struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut seen = HashSet::new();
        let mut names = Vec::new();
        while let Some(name) = list.next_element::<String>()? {
            if name.len() > LONGEST {
                let found = name.len();
                return Err(A::Error::custom(format_args!("a name has at most {LONGEST} bytes, found {found}")));
            }
            if seen.insert(name.clone()) {
                names.push(name);
            }
            if names.len() > MOST {
                return Err(A::Error::custom(format_args!(
                    "more than {MOST} names: leave them out for every group, or give a pattern in MEERKAT_GROUPS"
                )));
            }
        }
        Ok(Names(names))
    }
}

/// Names that one event may have: each costs a request or two.
const MOST: usize = 10_000;

/// The longest name in bytes that a Kafka request can carry (a STRING has a length of 16 bits).
const LONGEST: usize = 32_767;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_counts_once_and_a_flood_is_refused() {
        let read = |list: serde_json::Value| serde_json::from_value::<Names>(list).map(|names| names.0);
        assert_eq!(read(json!(["b", "a", "b"])).unwrap(), ["b", "a"]);
        assert_eq!(read(json!(vec!["a"; 1_000_000])).unwrap(), ["a"]);
        let most: Vec<String> = (0..MOST).map(|number| number.to_string()).collect();
        assert_eq!(read(json!(most)).unwrap().len(), MOST);
        let more: Vec<String> = (0..=MOST).map(|number| number.to_string()).collect();
        assert!(read(json!(more)).unwrap_err().to_string().starts_with("more than 10000 names"));
        assert!(read(json!(["x".repeat(LONGEST + 1)])).unwrap_err().to_string().contains("at most 32767 bytes"));
        assert!(read(json!("a")).unwrap_err().to_string().contains("expected a sequence of names"));
    }
}
