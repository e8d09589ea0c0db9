//! Whether all members of a group were replaced, as by a deployment, and since when: a sample of them is remembered from run to run.
//!
//! A member of a classic group is known by its client id and its host, since its id changes whenever it was expelled and joins again; a member of
//! any other kind has one id for as long as its process runs. The sample are the [`MOST_SAMPLED`] smallest hashes, so it is the whole of a small
//! group. Where it leaves in doubt what became of the others, nothing is reported.
//!
//! | of the sample | and | then |
//! |---|---|---|
//! | nobody is left | at least a third as many others have hashes in its range | all were replaced, since the first of the sample left |
//! | nobody is left | fewer others, as where a group shrank | some left |
//! | some left | | some left; after [`SETTLES_S`] who is there now is the sample |
//! | all are there | others joined | it grew; after [`SETTLES_S`] who is there now is the sample |

use crate::model::since::REPORTED_S;
use crate::model::snapshot::{Group, Kind, Member};
use crate::model::stable_hash::Hash;

/// What is remembered of a group's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crew {
    pub(crate) sample: Sample,
    pub(crate) change: Change,
}

/// The smallest hashes of a group's members, in order, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    hashes: [u16; MOST_SAMPLED],
    count: usize,
}

/// What became of the members of the sample. Times are in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// They are there, and nobody else is known.
    Settled,
    /// They are there, and others joined then.
    Grew(i64),
    /// The first of them left then.
    Left(i64),
    /// They are the ones who replaced all others, of whom the first left then.
    Replaced(i64),
}

impl Crew {
    /// What is to be remembered after a snapshot. Members that could not be read, and a group without members, change nothing.
    pub(crate) fn fold(previous: Option<Self>, group: &Group, now_s: i64) -> Option<Self> {
        let members = group.members.as_deref().ok().filter(|members| !members.is_empty());
        let Some(members) = members else { return previous };
        let mut hashes: Vec<u16> = members.iter().map(|member| hash_of(group.kind, member)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let sample = Sample::of(&hashes);
        let Some(Self { sample: before, change }) = previous else {
            return Some(Self { sample, change: Change::Settled });
        };
        let there = before.hashes().iter().filter(|hash| hashes.binary_search(hash).is_ok()).count();
        let others = hashes.iter().filter(|hash| before.covers(**hash)).count() - there;
        let change = change.unless_forgotten(now_s);
        let is_over = |since_s: i64| now_s - since_s >= SETTLES_S;
        Some(match change {
            Change::Left(since_s) if there == 0 && others * ENOUGH >= before.count => {
                Self { sample, change: Change::Replaced(since_s) }
            }
            _ if there == 0 && others * ENOUGH >= before.count => Self { sample, change: Change::Replaced(now_s) },
            // Who joins later is newer, too.
            Change::Replaced(_) if there == before.count => Self { sample, change },
            Change::Grew(since_s) | Change::Left(since_s) if is_over(since_s) => {
                Self { sample, change: Change::Settled }
            }
            Change::Replaced(_) => Self { sample: before, change },
            Change::Left(_) if there < before.count => Self { sample: before, change },
            _ if there < before.count => Self { sample: before, change: Change::Left(now_s) },
            _ if sample == before => Self { sample, change: Change::Settled },
            Change::Grew(_) => Self { sample: before, change },
            _ => Self { sample: before, change: Change::Grew(now_s) },
        })
    }

    /// Since when all members are others than before, in seconds since 1970; `None` where they are not, or it is long ago.
    pub(crate) fn replaced_s(self, now_s: i64) -> Option<i64> {
        match self.change.unless_forgotten(now_s) {
            Change::Replaced(since_s) => Some(since_s),
            _ => None,
        }
    }
}

impl Change {
    fn unless_forgotten(self, now_s: i64) -> Self {
        match self {
            Self::Replaced(since_s) if now_s - since_s > REPORTED_S => Self::Settled,
            change => change,
        }
    }
}

impl Sample {
    /// The smallest of these, which are in order.
    pub(crate) fn of(hashes: &[u16]) -> Self {
        let mut sample = Self { count: hashes.len().min(MOST_SAMPLED), ..Self::default() };
        sample.hashes[..sample.count].copy_from_slice(&hashes[..sample.count]);
        sample
    }

    pub(crate) fn hashes(&self) -> &[u16] {
        &self.hashes[..self.count]
    }

    /// Whether a member with this hash would have been in it.
    fn covers(&self, hash: u16) -> bool {
        self.count < MOST_SAMPLED || self.hashes().last().is_some_and(|last| hash <= *last)
    }
}

fn hash_of(kind: Kind, member: &Member) -> u16 {
    let hash = Hash::new().text(&member.client_id).text(&member.host);
    let hash = if kind == Kind::Classic { hash } else { hash.text(&member.id) };
    u16::try_from(hash.finish() >> 48).unwrap_or_default()
}

/// One other in so many of the sample: of a group that was replaced whole, so few are in its range once in sixteen times.
const ENOUGH: usize = 3;
/// Members of a sample.
pub(crate) const MOST_SAMPLED: usize = 6;
/// A replacement of all members is no longer one if it takes longer, in seconds.
const SETTLES_S: i64 = 1_800;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unknown::Unknown;
    use proptest::prelude::*;

    fn group<'a>(kind: Kind, members: impl Iterator<Item = &'a str>) -> Group {
        // A member joins again with another id, as after it was expelled: `a1` and `a2` are one client.
        let member = |name: &str| Member { id: name.into(), client_id: name[..1].into(), host: "/h".into() };
        Group { kind, members: Ok(members.map(member).collect()), ..Group::missing("g") }
    }

    /// When all members were replaced, in minutes, after snapshots ten minutes apart: `-` for no member, `?` where they are not known.
    fn replaced(kind: Kind, snapshots: &str) -> Option<i64> {
        let (mut crew, mut now_s) = (None, 0);
        for names in snapshots.split(' ') {
            let group = match names {
                "?" => Group { members: Err(Unknown::because("not read")), ..group(kind, [].into_iter()) },
                names => group(kind, names.split(',').filter(|name| *name != "-")),
            };
            crew = Crew::fold(crew, &group, now_s);
            now_s += 600;
        }
        Some(crew?.replaced_s(now_s - 600)? / 60)
    }

    #[test]
    fn members_are_replaced_when_none_of_before_is_left() {
        let cases = [
            ("a,b a,b", None),
            ("a,b a,c", None),
            ("a,b c,d", Some(10)),
            // A rolling deployment began when the first of before left.
            ("a,b a,c c,d", Some(10)),
            ("a,b a,b,c b,c,d c,d", Some(20)),
            ("a,b c,d c,d", Some(10)),
            ("a,b c,d e,f", Some(20)),
            // All were stopped before the others were started.
            ("a,b - c,d", Some(20)),
            ("a,b,c - d d,e", Some(20)),
            ("a,b ? a,b", None),
            ("a,b ? c,d", Some(20)),
            ("? a,b", None),
            ("a,b -", None),
            ("a,b - a,b", None),
            // A group that shrinks is no other one.
            ("a,b,c,d a", None),
            ("a,b,c,d,e x", None),
            // Who joined long ago is no replacement of those who leave now.
            ("a,b a,b,c a,b,c a,b,c a,b,c c", None),
            ("a,b a,c a,c a,c a,c c", None),
            // Those who replaced all others grow in number.
            ("a,b c c,d d", Some(10)),
            ("a,b a,b a,b a,b c,d c,d c,d c,d c,d c,d c,d", Some(40)),
            ("a,b a,b a,b a,b c,d c,d c,d c,d c,d c,d c,d c,d", None),
        ];
        for (snapshots, expected) in cases {
            assert_eq!(replaced(Kind::Classic, snapshots), expected, "{snapshots}");
        }
    }

    #[test]
    fn a_classic_member_that_joins_again_is_the_same_and_a_process_of_another_kind_that_starts_again_is_not() {
        assert_eq!(replaced(Kind::Classic, "a1,b1 a2,b2"), None);
        assert_eq!(replaced(Kind::Consumer, "a1,b1 a2,b2"), Some(10));
    }

    /// A group of so many members, of whom so many stay when others join.
    fn changed(members: usize, stay: usize, join: usize, salt: u64) -> bool {
        let hash = |at: usize| Member { id: "m".into(), client_id: format!("{salt}-{at}").into(), host: "/h".into() };
        let of = |range: std::ops::Range<usize>| Group {
            kind: Kind::Classic,
            members: Ok(range.map(hash).collect()),
            ..Group::missing("g")
        };
        let first = Crew::fold(None, &of(0..members), 0);
        let next = Crew::fold(first, &of(members - stay..members + join), 60);
        next.and_then(|crew| crew.replaced_s(60)).is_some()
    }

    #[test]
    fn half_a_replacement_and_a_group_that_shrinks_are_taken_for_a_whole_one_in_less_than_one_of_forty() {
        for members in [2, 3, 6, 7, 12, 50, 500] {
            let of_400 = |stay: usize, join: usize| (0..400).filter(|salt| changed(members, stay, join, *salt)).count();
            let (whole, half, shrunk) = (of_400(0, members), of_400(members / 2, members / 2), of_400(members / 5, 0));
            assert!(whole > 340 && half < 10 && shrunk == 0, "{members}: {whole} {half} {shrunk}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn while_anybody_of_a_small_group_is_left_it_is_not_replaced(
            members in 1_usize..=MOST_SAMPLED, stay in 1_usize..=MOST_SAMPLED, join in 0_usize..20, salt in any::<u64>()
        ) {
            prop_assert!(!changed(members, stay.min(members), join, salt));
        }
    }
}
