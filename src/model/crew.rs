//! Which members a group has, and since when, as far as one process saw it: a deployment replaces all of them.

use std::collections::BTreeMap;

use crate::model::snapshot::Group;
use crate::model::stable_hash::Hash;

/// The members of a group, by a hash of their ids, each with the time at which it was first seen, in milliseconds since 1970; `None` for one
/// that was there at the first snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crew(BTreeMap<u64, Option<i64>>);

impl Crew {
    /// The members after a snapshot. Where it could not read them, they are those of before.
    #[must_use]
    pub fn fold(previous: Option<&Self>, group: &Group, time_ms: i64) -> Option<Self> {
        let Ok(members) = &group.members else { return previous.cloned() };
        let first_seen = |key: u64| match previous {
            Some(Self(known)) => known.get(&key).copied().unwrap_or(Some(time_ms)),
            None => None,
        };
        let keys = members.iter().map(|member| Hash::new().text(&member.id).finish());
        Some(Self(keys.map(|key| (key, first_seen(key))).collect()))
    }

    /// Since when none of the members is there that were there before, in milliseconds since 1970; `None` where one of them still is.
    #[must_use]
    pub fn replaced_ms(&self) -> Option<i64> {
        self.0.values().copied().min()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snapshot::Member;
    use crate::model::unknown::Unknown;

    /// When all members were replaced, after one snapshot a minute: the ids of the members, `-` for none, `?` where they are not known.
    fn replaced(snapshots: &str) -> Option<i64> {
        let mut crew = None;
        for (minute, ids) in (0..).zip(snapshots.split(' ')) {
            let member = |id: char| Member { id: id.to_string().into(), client_id: "c".into(), host: "/h".into() };
            let members = match ids {
                "?" => Err(Unknown::because("not read")),
                ids => Ok(ids.chars().filter(|id| *id != '-').map(member).collect()),
            };
            crew = Crew::fold(crew.as_ref(), &Group { members, ..Group::missing("g") }, minute);
        }
        crew?.replaced_ms()
    }

    #[test]
    fn members_are_replaced_when_none_of_before_is_left() {
        let cases = [
            ("ab ab", None),
            ("ab ac", None),
            ("ab cd", Some(1)),
            ("ab ac cd", Some(1)),
            ("ab cd cd", Some(1)),
            ("ab cd ef", Some(2)),
            ("ab - cd", Some(2)),
            ("ab ? ab", None),
            ("ab ? cd", Some(2)),
            ("? ab", None),
            ("ab -", None),
        ];
        for (snapshots, expected) in cases {
            assert_eq!(replaced(snapshots), expected, "{snapshots}");
        }
    }
}
