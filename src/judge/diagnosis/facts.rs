//! What the rules ask of one group that is not OK.

use std::cell::OnceCell;
use std::cmp::Reverse;

use super::brokers::Suffering;
use super::{Diagnosis, Evidence, MOST_NAMED, Place, Who, at_sight};
use crate::base::moment::rfc3339;
use crate::judge::ages::Ages;
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::verdict::{Judgement, Reason, Tempo, Verdict};
use crate::model::lag::Committed;
use crate::model::memory::{Memory, Thresholds};
use crate::model::snapshot::{Group, Kind, Member, Row};
use crate::model::turnover::Storm;

/// What was judged of one group that is not OK.
pub(crate) struct Case<'a> {
    /// Its place in the snapshot.
    pub(crate) at: usize,
    pub(crate) verdict: Verdict,
    /// Those of its rows.
    pub(crate) judgements: &'a [Judgement],
    /// The row that the verdict is about, counted from the group's first; `None` where it has no rows.
    pub(crate) worst: Option<usize>,
    /// That the group rebalances again and again.
    pub(crate) storm: Option<Storm>,
    /// Whether the snapshot alone shows anything of any of its rows.
    pub(crate) has_finding: bool,
}

/// The same with everything that is known of the group.
pub(super) struct Facts<'a> {
    pub(super) sight: Sight<'a>,
    pub(super) group: &'a Group,
    pub(super) case: &'a Case<'a>,
    pub(super) thresholds: &'a Thresholds,
    memories: &'a Memories,
    ages: &'a Ages<'a>,
    pub(super) suffering: &'a Suffering,
    motion: OnceCell<Motion>,
    shown: OnceCell<Option<Diagnosis>>,
}

/// Whether a group gets on in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Records wait, and nothing is committed for longer than usual.
    Stands,
    /// It commits.
    Moves,
    /// Nothing is to be seen: no records came, or the silence is short.
    Quiet,
}

/// How a group gets on in its partitions, and each of its members in its own.
#[derive(Debug, Default)]
pub(super) struct Motion {
    pub(super) all: Part,
    /// Parallel to the group's members.
    pub(super) members: Vec<Part>,
    /// The pace since it was last caught up and before, of all partitions that fall behind; `None` where the snapshots before do not show it.
    pub(super) tempo: Option<Tempo>,
}

/// Some of a group's partitions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) rows: usize,
    pub(super) stands: usize,
    pub(super) moves: usize,
    pub(super) lag: u64,
}

impl Part {
    fn add(&mut self, course: Course, lag: u64) {
        self.rows += 1;
        self.stands += usize::from(course == Course::Stands);
        self.moves += usize::from(course == Course::Moves);
        self.lag = self.lag.saturating_add(lag);
    }

    /// Whether something stands still and nothing moves.
    pub(super) fn is_stuck(&self) -> bool {
        self.stands > 0 && self.moves == 0
    }
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        sight: Sight<'a>,
        case: &'a Case<'a>,
        memories: &'a Memories,
        ages: &'a Ages<'a>,
        suffering: &'a Suffering,
    ) -> Self {
        Self {
            sight,
            group: &sight.snapshot.groups[case.at],
            case,
            thresholds: &sight.thresholds[case.at],
            memories,
            ages,
            suffering,
            motion: OnceCell::new(),
            shown: OnceCell::new(),
        }
    }

    pub(super) fn rows(&self) -> &'a [Row] {
        self.sight.snapshot.rows_of(self.group)
    }

    /// What is said of the row that the verdict is about.
    pub(super) fn judgement(&self) -> Option<&'a Judgement> {
        self.case.judgements.get(self.case.worst?)
    }

    /// Why the verdict was given, without the words for share groups.
    pub(super) fn reason(&self) -> Option<&'a Reason> {
        Some(self.judgement()?.reason.plain())
    }

    /// Whether a row is as bad as the one that the verdict is about.
    pub(super) fn is_as_bad(&self, row: usize) -> bool {
        self.judgement().is_some_and(|worst| self.case.judgements[row].verdict.severity() >= worst.verdict.severity())
    }

    /// Offsets left to read; 0 where they are not known.
    pub(super) fn lag(&self, row: usize) -> u64 {
        self.left(row).unwrap_or(0)
    }

    fn left(&self, row: usize) -> Option<u64> {
        self.sight.lags.of(self.group.range().start + row).offsets()
    }

    /// The commit at the snapshot before, and the log end then.
    fn before(&self, row: usize) -> Option<(i64, i64, i64)> {
        let sample = self.sight.before.of(self.group.range().start + row).ok()??;
        let Committed::At(committed) = sample.committed else { return None };
        Some((committed, sample.end, sample.time_ms))
    }

    /// Records that came to a row since the snapshot before, and those that were read, in how many milliseconds.
    pub(super) fn since_before(&self, row: usize) -> Option<(i64, i64, i64)> {
        let (committed, end, then_ms) = self.before(row)?;
        let ahead = self.sight.snapshot.ahead(self.group.range().start + row);
        let (Ok(Committed::At(now)), Ok(log)) = (&self.rows()[row].committed, ahead) else { return None };
        (log.end >= end).then_some((log.end - end, now - committed, self.sight.time_ms - then_ms))
    }

    /// Whether the group gets on in a row.
    pub(super) fn course(&self, row: usize) -> Course {
        let judgement = &self.case.judgements[row];
        match judgement.reason.plain() {
            _ if judgement.stands => Course::Stands,
            Reason::Behind(_) | Reason::Backlog { .. } | Reason::Grew(_) | Reason::StillBehind(_) => Course::Moves,
            _ if self.since_before(row).is_some_and(|(_, read, _)| read > 0) => Course::Moves,
            _ => Course::Quiet,
        }
    }

    /// How the group gets on; worked out when a rule first asks.
    pub(super) fn motion(&self) -> &Motion {
        self.motion.get_or_init(|| {
            let count = self.group.members.as_ref().map_or(0, Vec::len);
            let mut motion = Motion { members: vec![Part::default(); count], ..Motion::default() };
            for (at, row) in self.rows().iter().enumerate() {
                let (course, lag) = (self.course(at), self.lag(at));
                motion.all.add(course, lag);
                if let Some(member) = place_of_member(row).and_then(|member| motion.members.get_mut(member)) {
                    member.add(course, lag);
                }
                if let Some(tempo) = self.case.judgements[at].findings.tempo() {
                    motion.tempo = Some(motion.tempo.map_or(tempo, |known| known.with(tempo)));
                }
            }
            motion
        })
    }

    /// What the snapshot alone shows of the rows that the verdict is about; worked out when a rule first asks.
    pub(super) fn shown(&self) -> Option<&Diagnosis> {
        let shown = || {
            let worst = self.judgement().filter(|_| self.case.has_finding)?.verdict.severity();
            let lags = self.sight.lags.of_rows(self.group.range());
            let counts = |judgement: &Judgement| judgement.verdict.severity() >= worst;
            at_sight(self.sight.snapshot, self.group, self.case.judgements, lags, counts)
        };
        self.shown.get_or_init(shown).as_ref()
    }

    /// The place of the member that a row is assigned to; `None` in a share group, where several read one partition.
    pub(super) fn member_of(&self, row: usize) -> Option<usize> {
        place_of_member(&self.rows()[row]).filter(|_| self.group.kind != Kind::Share)
    }

    /// A partition by its name.
    fn place(&self, row: usize) -> Place {
        Place::of(self.sight.snapshot, &self.rows()[row], self.left(row))
    }

    /// The brokers that a row's partition has replicas on and lacks.
    pub(super) fn lacking(&self, row: usize) -> Vec<i32> {
        let of = &self.rows()[row];
        let impaired = &self.sight.snapshot.topic(of).placement.impaired;
        let impaired = impaired.iter().find(|impaired| impaired.partition == of.partition);
        impaired.iter().flat_map(|impaired| &impaired.lacks).map(|(id, _)| *id).collect()
    }

    /// The evidence that names these rows, those that lag most first.
    pub(super) fn about(&self, rows: impl Iterator<Item = usize>) -> Evidence {
        let mut rows: Vec<usize> = rows.collect();
        rows.sort_by_key(|row| (Reverse(self.lag(*row)), *row));
        let partitions = rows.iter().take(MOST_NAMED).map(|row| self.place(*row)).collect();
        Evidence { partitions, partition_count: Some(rows.len()), ..Evidence::default() }
    }

    /// The rows that are as bad as the worst, and meet a condition.
    pub(super) fn bad(&self, meets: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        (0..self.case.judgements.len()).filter(move |row| self.is_as_bad(*row) && meets(*row))
    }

    /// Members by their names.
    pub(super) fn named(&self, members: &[usize]) -> Vec<Who> {
        let all = self.group.members.as_deref().unwrap_or_default();
        let named = members.iter().take(MOST_NAMED).filter_map(|member| all.get(*member));
        named.map(who).collect()
    }

    /// When the commit of a row last moved, as far as it is remembered.
    pub(super) fn silent_since(&self, row: usize) -> Option<String> {
        let memory = self.memories.of(self.group.range().start + row)?;
        Some(rfc3339((self.sight.time_ms - memory.silent_ms(self.thresholds)).div_euclid(1_000)))
    }

    /// When the next record of a row was written; `None` where its age is not known.
    pub(super) fn written_at(&self, row: usize) -> Option<String> {
        let ms = i64::try_from(self.ages.of(self.group.range().start + row)?.ms()?).ok()?;
        Some(rfc3339((self.sight.time_ms - ms).div_euclid(1_000)))
    }

    /// Whether a commit was seen in a row since its memory began.
    pub(super) fn had_a_commit(&self, row: usize) -> bool {
        self.memories.of(self.group.range().start + row).is_some_and(Memory::has_committed)
    }
}

/// The place of a row's member among those of its group.
fn place_of_member(row: &Row) -> Option<usize> {
    usize::try_from(row.member?.get() - 1).ok()
}

/// A member by its names.
pub(super) fn who(member: &Member) -> Who {
    Who { member: member.client_id.clone(), member_id: member.id.clone(), member_host: member.host.clone() }
}
