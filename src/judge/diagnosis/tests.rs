#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::judge::ages::Ages;
use crate::judge::input::Before;
use crate::judge::outcome::Judged;
use crate::model::lag::{Committed, LogRange};
use crate::model::lags::Lags;
use crate::model::memory::{Sample, Thresholds};
use crate::model::snapshot::{self, Group, Logs, Member, Placement, Row, Snapshot, Topic, Unacknowledged};
use crate::model::turnover::Storm;
use crate::model::unknown::{Cause, Unknown};

/// A scene of one snapshot a minute: all groups read the topic `t`, one partition a word, each `member:before>since/cap`.
///
/// So many records a minute come before the tenth minute and since; what comes before is read at once, since then at most `cap` a minute.
/// `-` is nobody. After it may come `@N` (broker N leads the partition), `b` (an open transaction begins at the commit), `?` (the commit may
/// not be read), `!` (the partition has no leader), `^` (the log start passes the commit), `<` (the commit goes back), `n` (the commit is gone).
/// A word without a colon is a member without a partition.
struct Play {
    groups: Vec<String>,
    minutes: i64,
    state: &'static str,
    kind: snapshot::Kind,
    thresholds: Thresholds,
    has_history: bool,
    replaced_s: Option<i64>,
    storm: Option<Storm>,
}

impl Play {
    fn of(groups: &[&str]) -> Self {
        Self {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            minutes: 30,
            state: "Stable",
            kind: snapshot::Kind::Consumer,
            thresholds: Thresholds::DEFAULT,
            has_history: true,
            replaced_s: None,
            storm: None,
        }
    }

    /// What the last snapshot says of each group: its diagnosis, if it is not OK.
    fn diagnoses(&self) -> Vec<Option<Diagnosis>> {
        let mut kept: Vec<Vec<Sample>> = Vec::new();
        for minute in 0..=self.minutes {
            let snapshot = self.snapshot(minute);
            let (lags, thresholds) = (Lags::new(&snapshot), vec![self.thresholds; snapshot.groups.len()]);
            kept.resize(snapshot.rows.len(), Vec::new());
            let newest = kept.iter().map(|samples| Ok(samples.last().copied())).collect();
            let before = if self.has_history { Ok(newest) } else { Err(Unknown::of(Cause::Off, "off")) };
            let before = Before(before, std::collections::BTreeMap::new());
            let time_ms = minute * 60_000;
            let sight = Sight { snapshot: &snapshot, lags: &lags, before: &before, thresholds: &thresholds, time_ms };
            let mut memories = Memories::fold(sight);
            let ages = Ages::unsearched(&lags);
            let mut judged = Judged::new(sight, &mut memories, &ages, |row| Ok(kept[row].clone()));
            if minute == self.minutes {
                for (judged, group) in judged.groups.iter_mut().zip(&snapshot.groups) {
                    self.storm.into_iter().for_each(|storm| judged.storms(storm, group));
                }
                judged.diagnose(sight, &memories, &ages, |_| self.replaced_s);
                return judged.groups.into_iter().map(|group| group.diagnosis.map(|diagnosis| *diagnosis)).collect();
            }
            for (at, row) in snapshot.rows.iter().enumerate() {
                if let (Ok(committed), Ok(log), Some(memory)) = (&row.committed, snapshot.ahead(at), memories.of(at)) {
                    kept[at].push(Sample { time_ms, committed: *committed, end: log.end, memory });
                }
            }
        }
        Vec::new()
    }

    fn snapshot(&self, minute: i64) -> Snapshot {
        let (mut rows, mut groups, mut logs, mut leaders) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, words) in self.groups.iter().enumerate() {
            let first = rows.len();
            let mut names: Vec<&str> = words.split_whitespace().map(|word| word.split(':').next().unwrap()).collect();
            names.retain(|name| *name != "-");
            names.dedup();
            for word in words.split_whitespace() {
                let Some((name, flow)) = word.split_once(':') else { continue };
                let flow = Flow::parse(flow);
                let partition = i32::try_from(logs.len()).unwrap();
                let (committed, log) = flow.at(minute);
                let mut row = Row::new(0, partition, committed);
                if let Some(member) = names.iter().position(|known| *known == name) {
                    row.assign(u32::try_from(member).unwrap());
                } else {
                    row.subscribed = Some(false);
                }
                rows.push(row);
                logs.push(log);
                leaders.push(Some(flow.leader));
            }
            let member = |(at, name): (usize, &&str)| Member {
                id: format!("{name}-id").into(),
                client_id: (*name).into(),
                host: format!("/10.0.0.{at}").into(),
            };
            groups.push(Group {
                kind: self.kind,
                state: Ok(self.state.into()),
                members: Ok(names.iter().enumerate().map(member).collect()),
                rows: Ok(first..rows.len()),
                ..Group::missing(&format!("g{number}"))
            });
        }
        let logs: Logs = logs.into_iter().collect();
        Snapshot {
            brokers: Vec::new(),
            cluster_id: None,
            topics: vec![Topic {
                name: "t".into(),
                id: None,
                partitions: Ok(logs.led_by(leaders.into_iter())),
                placement: Placement::default(),
            }],
            groups,
            rows,
            unacknowledged: Unacknowledged::default(),
            watched: Vec::new(),
            listed: Ok(Vec::new()),
            left_out: std::collections::BTreeMap::new(),
            problems: Vec::new(),
            shown: 0,
            blind: None,
        }
    }
}

/// What becomes of one partition.
struct Flow {
    before: i64,
    since: i64,
    cap: i64,
    leader: i32,
    flag: Option<char>,
}

impl Flow {
    fn parse(text: &str) -> Self {
        let (text, flag) = match text.chars().last() {
            Some(flag) if !flag.is_ascii_digit() => (&text[..text.len() - 1], Some(flag)),
            _ => (text, None),
        };
        let (text, leader) = text.split_once('@').map_or((text, 1), |(text, leader)| (text, leader.parse().unwrap()));
        let (before, rest) = text.split_once('>').unwrap();
        let (since, cap) = rest.split_once('/').unwrap();
        let number = |text: &str| text.parse().unwrap();
        Self { before: number(before), since: number(since), cap: number(cap), leader, flag }
    }

    fn at(&self, minute: i64) -> (Result<Committed, Unknown>, Result<LogRange, Unknown>) {
        let since = (minute - SWITCH).max(0);
        let end = 1_000 + self.before * minute.min(SWITCH) + self.since * since;
        let read = 1_000 + self.before * minute.min(SWITCH) + (self.cap.min(self.since) * since);
        let committed = read.min(end);
        let log = LogRange { start: 0, end, last_stable: Some(end) };
        match self.flag.filter(|_| since > 0) {
            Some('b') => (Ok(Committed::At(committed)), Ok(LogRange { last_stable: Some(committed), ..log })),
            Some('?') => (Err(Unknown::of(Cause::Denied(30), "refused")), Ok(log)),
            Some('!') => {
                (Ok(Committed::At(committed)), Err(Unknown::of(Cause::NoLeader, "the partition has no leader")))
            }
            Some('^') => (Ok(Committed::At(committed)), Ok(LogRange { start: committed + 7, ..log })),
            Some('<') => (Ok(Committed::At(committed - 500)), Ok(log)),
            Some('n') => (Ok(Committed::Never), Ok(log)),
            Some('p') => (Ok(Committed::At(end + 9)), Ok(log)),
            _ => (Ok(Committed::At(committed)), Ok(log)),
        }
    }
}

/// The minute from which on everything is as the scene says.
const SWITCH: i64 = 10;

fn said(play: &Play) -> String {
    play.diagnoses()[0]
        .as_ref()
        .map_or_else(String::new, |diagnosis| format!("{}: {diagnosis}", diagnosis.kind.rule().word))
}

#[track_caller]
fn check(group: &str, expected: &str) {
    assert_eq!(said(&Play::of(&[group])), expected, "{group}");
}

/// The kind alone; nothing for a group that is OK.
fn kind(group: &str) -> String {
    said(&Play::of(&[group])).split(':').next().unwrap().to_owned()
}

fn evidence(group: &str) -> Evidence {
    Play::of(&[group]).diagnoses()[0].clone().unwrap().evidence
}

#[test]
fn the_table_has_each_kind_once_in_order() {
    for (at, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.kind as usize, at, "{}", rule.word);
        assert!(RULES[..at].iter().all(|other| other.word != rule.word), "{}", rule.word);
    }
    assert_eq!(RULES.last().unwrap().kind, Kind::Unclear);
}

#[test]
fn a_group_that_is_ok_has_none() {
    check("a:10>10/99 b:10>0/99", "");
}

#[test]
fn a_member_that_commits_nothing_is_named_with_its_host() {
    let others = ", the group has 2 members";
    check(
        "a:10>10/99 b:10>10/0",
        &format!("member_stuck: member b on 10.0.0.1 commits nothing: a partition stands still (t/1){others}"),
    );
    check(
        "a:10>10/0 a:10>10/0 b:10>10/99",
        &format!("member_stuck: member a on 10.0.0.0 commits nothing: 2 partitions stand still{others}"),
    );
    check("a:10>10/0", "member_stuck: member a on 10.0.0.0 commits nothing: a partition stands still (t/0)");
    check(
        "a:10>10/0 b:10>20/0 c:10>10/9",
        "member_stuck: 2 of 3 members commit nothing, as member b on 10.0.0.1: 2 partitions stand still",
    );
    check(
        "a:10>20/0 b:10>10/0",
        "member_stuck: none of the 2 members commits, as member a on 10.0.0.0: 2 partitions stand still",
    );
    let evidence = evidence("a:10>10/99 b:10>10/0");
    assert_eq!((&*evidence.members[0].member_id, evidence.of_members), ("b-id", Some(2)));
    // Ten minutes after the last commit, within an eighth.
    assert_eq!(evidence.since.as_deref(), Some("1970-01-01T00:10:00Z"));
}

#[test]
fn a_partition_that_stands_while_its_member_reads_others_is_named_with_its_offset() {
    let stuck = "partition_stuck: t/0 stands still at offset 1100, while member a on 10.0.0.0 commits in others";
    check("a:10>10/0 a:10>10/99", stuck);
    check("a:10>10/0 a:10>10/99 b:10>10/99", stuck);
    // A partition without records shows nothing of its member.
    assert_eq!(kind("a:10>10/0 a:10>0/99"), "member_stuck");
    assert_eq!(kind("a:10>10/0 a:10>10/1"), "partition_stuck");
    let diagnosis = Play::of(&["a:10>10/0 a:10>10/99"]).diagnoses()[0].clone().unwrap();
    let command =
        "kafka-console-consumer.sh --bootstrap-server k:9092 --topic t --partition 0 --offset 1100 --max-messages 1";
    assert_eq!(diagnosis.command("k:9092").as_deref(), Some(command));
    assert_eq!(diagnosis.command("k:9092; rm -r /").unwrap().matches("'k:9092; rm -r /'").count(), 1);
}

#[test]
fn a_share_group_has_partitions_and_no_owners() {
    let share = |group| said(&Play { kind: snapshot::Kind::Share, ..Play::of(&[group]) });
    assert_eq!(
        share("a:10>10/0 b:10>10/99"),
        "partition_stuck: t/0 stands still at offset 1100, while other partitions move"
    );
    assert_eq!(
        share("a:10>10/0 b:10>0/99"),
        "member_stuck: none of the 2 members commits, as member a on 10.0.0.0: a partition stands still (t/0)"
    );
}

#[test]
fn lag_in_few_partitions_is_skew() {
    let of = |hot: &str| format!("a:10>{hot}/10 b:10>12/10 c:10>12/10 d:10>12/10");
    check(&of("60"), "skew: 1 of the 4 partitions of t holds 89 % of its lag (0)");
    assert_eq!((kind(&of("35")), kind(&of("33"))), ("skew".to_owned(), "producer_burst".to_owned()));
    // One of two may be so by chance.
    assert_ne!(kind("a:10>60/10 b:10>10/99"), "skew");
    assert_eq!(kind("a:10>60/10 b:10>10/99 c:10>10/99"), "skew");
    // A member that is slow has no more records than others.
    let slow = "too_slow: member a on 10.0.0.0 is slow: 1 of 4 partitions hold 100 % of the lag; 0.7/s came and 0.6/s were read lately";
    check("a:10>10/5 b:10>10/99 c:10>10/99 d:10>10/99", slow);
}

#[test]
fn records_that_come_faster_and_are_read_as_before_are_a_burst() {
    let burst = "producer_burst: records come faster than before, 0.2/s then and 0.3/s now, and are read as fast as before, 0.2/s then and 0.2/s now";
    check("a:12>18/12", burst);
    assert_ne!(kind("a:12>17/12"), "producer_burst");
    // 90 % of the pace from before.
    assert_eq!((kind("a:60>120/54"), kind("a:60>120/53")), ("producer_burst".to_owned(), "too_slow".to_owned()));
    assert_eq!(kind("a:10>10/5"), "too_slow");
}

#[test]
fn members_that_all_fall_behind_are_too_few() {
    check(
        "a:10>10/5 a:10>10/5 b:10>10/5",
        "too_few_members: 2 members read 3 partitions, and all of them fall behind evenly",
    );
    assert_eq!(kind("a:10>10/5 b:10>10/5 c:10>10/5"), "too_slow");
    check("a:10>10/5 b:10>10/5 c", "too_few_members: 3 members for 2 partitions, 1 of them has nothing to read");
    // A member that keeps up could read more, so members are not what is missing.
    assert_eq!(kind("a:10>10/5 a:10>10/5 b:10>10/99"), "too_slow");
    // Unevenly, though no skew: one of four holds half.
    assert_eq!(kind("a:10>10/4 a:10>10/8 b:10>10/8 b:10>10/8"), "too_slow");
    assert_eq!(kind("a:10>10/5 a:10>10/8 b:10>10/8 b:10>10/8"), "too_few_members");
}

#[test]
fn who_is_not_there_reads_nothing() {
    let nobody = Play { minutes: 80, ..Play::of(&["-:10>10/0"]) };
    assert_eq!(said(&nobody), "nobody_there: the group has no member");
    let alarms = Thresholds { unassigned_alarms: true, ..Thresholds::DEFAULT };
    let unassigned = Play { thresholds: alarms, minutes: 80, ..Play::of(&["-:10>10/0 a:10>10/99"]) };
    assert_eq!(said(&unassigned), "nobody_there: no member subscribes to the topic (t/0)");
}

#[test]
fn a_group_that_is_never_stable_is_rebalancing() {
    let play = |state| Play { state, ..Play::of(&["a:10>10/0 b:10>10/0"]) };
    assert_eq!(said(&play("PreparingRebalance")), "rebalancing: the group is rebalancing (PreparingRebalance)");
    assert_eq!(said(&play("Stable")).split(':').next(), Some("member_stuck"));
}

#[test]
fn a_group_that_rebalances_again_and_again_is_rebalancing_while_records_wait() {
    let storm = Some(Storm { rebalances: 6, minutes: 10, at_least: true, runs: None });
    let play = |group| Play { storm, ..Play::of(&[group]) };
    let sentence = "rebalancing: at least 6 rebalances in 10 min: members join and leave (2 now: a, b)";
    assert_eq!(said(&play("a:10>10/0 b:10>10/0")), sentence);
    let runs = Play {
        storm: Some(Storm { rebalances: 6, minutes: 30, at_least: true, runs: Some(6) }),
        ..Play::of(&["a:10>10/0 b:10>10/0"])
    };
    assert_eq!(said(&runs), "rebalancing: members changed in each of the last 6 runs, 30 min (2 now: a, b)");
    assert_eq!(said(&play("a:10>10/99 b:10>10/99")), "", "it keeps up all the same");
    assert!(said(&Play::of(&["a:10>10/0 b:10>10/0"])).starts_with("member_stuck: "));
}

#[test]
fn an_open_transaction_is_named_with_its_partition() {
    check("a:10>10/0b b:10>10/99", "open_transaction: held up by an open transaction (t/0)");
    let diagnosis = Play::of(&["a:10>10/0b"]).diagnoses()[0].clone().unwrap();
    let command = "kafka-transactions.sh --bootstrap-server k:9092 find-hanging --topic t --partition 0";
    assert_eq!(diagnosis.command("k:9092").as_deref(), Some(command));
}

#[test]
fn what_a_topic_and_its_retention_did_is_named() {
    check("a:10>10/0p", "topic_recreated: the commit is 9 past the log end (t/0)");
    let lost = Play { minutes: SWITCH + 3, ..Play::of(&["a:10>10/9^"]) };
    assert_eq!(said(&lost), "records_lost: 7 records were deleted before the group read them (t/0)");
    check("a:10>10/99<", "rewound: the commit went back by 300 records (t/0)");
}

#[test]
fn commits_that_are_gone_are_told_from_those_that_never_were() {
    let alarms = Thresholds { uncommitted_alarms: true, ..Thresholds::DEFAULT };
    let said = |group| said(&Play { thresholds: alarms, ..Play::of(&[group]) });
    assert_eq!(said("a:10>10/9n"), "expired_commits: the group's commits expired or were deleted (t/0)");
}

#[test]
fn what_may_not_be_read_or_has_no_leader_is_named() {
    check("a:10>10/9?", "permissions: a permission is missing: refused");
    check("a:10>10/9!", "broker_side: its brokers do not answer for it: the partition has no leader");
    assert_eq!(said(&Play { state: "Dead", ..Play::of(&[""]) }), "no_such_group: no group has this name");
}

#[test]
fn a_broker_is_to_blame_where_all_its_groups_lag_there_and_nowhere_else() {
    let kinds = |groups: &[&str]| -> Vec<&str> {
        let all = Play::of(groups).diagnoses();
        all.iter().map(|diagnosis| diagnosis.as_ref().map_or("", |diagnosis| diagnosis.kind.rule().word)).collect()
    };
    let (ill, well) = ("a:10>10/0@2 a:10>10/99@1", "a:10>10/99@1 b:10>10/99@3");
    assert_eq!(kinds(&[ill, ill, well]), ["broker_side", "broker_side", ""]);
    // One group alone is that group's own trouble.
    assert_eq!(kinds(&[ill, well]), ["partition_stuck", ""]);
    // Somebody keeps up with the same broker.
    assert_eq!(kinds(&[ill, ill, "a:10>10/99@2"]), ["partition_stuck", "partition_stuck", ""]);
    // Both stand still on other brokers, too; or there are no others.
    assert_eq!(kinds(&["a:10>10/0@2 b:10>10/0@1", "a:10>10/0@2 b:10>10/0@1"]), ["member_stuck"; 2]);
    assert_eq!(kinds(&["a:10>10/0@2", "a:10>10/0@2"]), ["member_stuck"; 2]);
    let sentence = "all 2 groups that read partitions led by broker 2 lag there, and nowhere else";
    assert_eq!(Play::of(&[ill, ill]).diagnoses()[1].as_ref().unwrap().to_string(), sentence);
}

#[test]
fn a_replacement_of_all_members_is_reported_beside_the_cause() {
    let replaced = Play { replaced_s: Some(SWITCH * 60), ..Play::of(&["a:10>10/0"]) };
    assert!(said(&replaced).ends_with("; all members were replaced at 00:10"), "{}", said(&replaced));
    // Where members come and go all the time it is no cause.
    let storm = Some(Storm { rebalances: 6, minutes: 10, at_least: true, runs: None });
    assert!(!said(&Play { storm, ..replaced }).contains("replaced"));
}

#[test]
fn without_evidence_the_kind_is_unclear() {
    let once = |group| said(&Play { has_history: false, ..Play::of(&[group]) });
    assert_eq!(
        once("a:10>10/0 b:10>10/99"),
        "unclear: the cause is not clear: one snapshot shows the lag, and not what became of it"
    );
    // What one snapshot shows needs no other.
    assert_eq!(once("-:10>10/0"), "nobody_there: the group has no member");
    assert_eq!(once("a:10>10/0b"), "open_transaction: held up by an open transaction (t/0)");
}
