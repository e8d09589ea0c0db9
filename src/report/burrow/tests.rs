#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

use super::*;
use crate::judge::ages::Ages;
use crate::judge::input::{Before, Sight};
use crate::model::lag::{Assigned, LogRange};
use crate::model::lags::Lags;
use crate::model::memory::{Members, Reading, Thresholds};
use crate::model::snapshot::{Kind, Member, Placement, Snapshot, Topic, Unacknowledged};
use crate::model::unknown::Unknown;

const T: i64 = 1_700_000_000_000;
const MINUTE: Thresholds = Thresholds::DEFAULT;

/// The bytes that Burrow 1.9.5's structs marshal to.
#[test]
fn the_answer_has_burrows_keys_in_burrows_order() {
    let at = |offset, timestamp, lag| Some(ConsumerOffset::first_seen(offset, timestamp, lag));
    let stopped = PartitionStatus {
        topic: "orders",
        partition: 3,
        owner: "/10.0.1.7",
        client_id: "orders-svc-1",
        status: "STOP",
        start: at(1_000, T, Some(0)),
        end: at(1_400, T + 45_000, None),
        current_lag: Some(2_921),
        complete: 0.5,
    };
    let idle = PartitionStatus {
        partition: 4,
        owner: "",
        client_id: "",
        status: "OK",
        start: None,
        end: None,
        current_lag: Some(0),
        complete: 0.0,
        ..stopped.clone()
    };
    let status = GroupStatus {
        cluster: "prod",
        group: "orders-svc",
        status: "ERR",
        complete: 0.0,
        partitions: vec![stopped.clone(), idle],
        partition_count: 2,
        maxlag: Some(stopped),
        totallag: Some(2_921),
    };
    let request = Origin { url: "/v3/kafka/prod/consumer/orders-svc/lag".into(), host: "burrow-1".into() };
    let answer = BurrowAnswer { error: false, message: RETURNED, status, request };
    let partition_3 = r#"{"topic":"orders","partition":3,"owner":"/10.0.1.7","client_id":"orders-svc-1","status":"STOP","start":{"offset":1000,"timestamp":1700000000000,"observedAt":1700000000000,"lag":0},"end":{"offset":1400,"timestamp":1700000045000,"observedAt":1700000045000,"lag":null},"current_lag":2921,"complete":0.5}"#;
    let partition_4 = r#"{"topic":"orders","partition":4,"owner":"","client_id":"","status":"OK","start":null,"end":null,"current_lag":0,"complete":0}"#;
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        format!(
            r#"{{"error":false,"message":"consumer status returned","status":{{"cluster":"prod","group":"orders-svc","status":"ERR","complete":0,"partitions":[{partition_3},{partition_4}],"partition_count":2,"maxlag":{partition_3},"totallag":2921}},"request":{{"url":"/v3/kafka/prod/consumer/orders-svc/lag","host":"burrow-1"}}}}"#
        )
    );
}

#[test]
fn a_group_that_is_not_there_has_no_partitions_and_is_complete() {
    let expected = r#"{"error":false,"message":"consumer status returned","status":{"cluster":"prod","group":"nobody","status":"NOTFOUND","complete":1,"partitions":[],"partition_count":0,"maxlag":null,"totallag":0},"request":{"url":"/v3/kafka/prod/consumer/nobody/status","host":"meerkat"}}"#;
    let answer = BurrowAnswer::not_found("prod", "nobody", Origin::of("prod", "nobody", View::Status));
    assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
    // A run that asks for it returns the same.
    let scene = Scene::new(Group::missing("nobody"), Vec::new(), Vec::new());
    assert_eq!(scene.answer(View::Status, Vec::new), expected);
}

#[test]
fn status_leaves_out_what_is_ok_and_counts_it_all_the_same() {
    let scene = Scene::reading(&[Ok(Committed::At(90)), Ok(Committed::At(100))]);
    let answer = |view| serde_json::from_str::<Value>(&scene.answer(view, Vec::new)).unwrap();
    let (status, lag) = (answer(View::Status), answer(View::Lag));
    assert_eq!(status["status"]["partitions"], json!([]));
    assert_eq!(lag["status"]["partitions"].as_array().unwrap().len(), 2);
    for answer in [&status, &lag] {
        assert_eq!(answer["status"]["partition_count"], 2);
        assert_eq!(answer["status"]["totallag"], 10);
        assert_eq!(answer["status"]["maxlag"]["current_lag"], 10);
        assert_eq!(answer["status"]["maxlag"]["partition"], 0);
    }
    assert_eq!(status["request"]["url"], "/v3/kafka/prod/consumer/orders-svc/status");
}

#[test]
fn commits_stand_where_they_were_first_seen() {
    let sample = |minutes: i64, offset, end| {
        let reading = reading(T + minutes * 60_000 + 789, Committed::At(offset), end);
        Sample {
            time_ms: reading.time_ms,
            committed: reading.committed,
            end,
            memory: Memory::fold(None, &reading, &MINUTE),
        }
    };
    let answer = |earlier: Vec<Sample>| {
        let scene = Scene::reading(&[Ok(Committed::At(90))]);
        let answer: Value = serde_json::from_str(&scene.answer(View::Lag, || earlier.clone())).unwrap();
        let partition = &answer["status"]["partitions"][0];
        (partition["start"].clone(), partition["end"].clone())
    };
    let now = json!({ "offset": 90, "timestamp": T + 600_789, "observedAt": T + 600_000, "lag": 10 });
    assert_eq!(answer(Vec::new()), (Value::Null, now.clone()));
    let start = json!({ "offset": 70, "timestamp": T + 60_789, "observedAt": T + 60_000, "lag": 5 });
    assert_eq!(answer(vec![sample(1, 70, 75), sample(2, 80, 90)]), (start.clone(), now));
    let end = json!({ "offset": 90, "timestamp": T + 180_789, "observedAt": T + 180_000, "lag": 2 });
    let earlier = vec![sample(1, 70, 75), sample(3, 90, 92), sample(4, 90, 95)];
    assert_eq!(answer(earlier), (start, end));
}

#[test]
fn what_could_not_be_read_is_null_and_unknown() {
    let scene = Scene::reading(&[Err(Unknown::because("refused")), Ok(Committed::Never)]);
    let answer: Value = serde_json::from_str(&scene.answer(View::Lag, Vec::new)).unwrap();
    let status = &answer["status"];
    assert_eq!((status["status"].as_str(), &status["totallag"]), (Some("UNKNOWN"), &Value::Null));
    assert_eq!(status["partitions"][0]["current_lag"], Value::Null);
    assert_eq!(status["partitions"][0]["status"], "UNKNOWN");
    let never = json!({
        "topic": "orders", "partition": 1, "owner": "/10.0.1.7", "client_id": "orders-svc-1", "status": "OK",
        "start": null, "end": null, "current_lag": 0, "complete": 0.333_333_34,
    });
    assert_eq!(status["partitions"][1].to_string(), never.to_string());
    assert_eq!(status["maxlag"]["partition"], 1);
}

#[test]
fn a_group_that_could_not_be_read_or_not_all_of_it_is_not_complete() {
    let answer = |rows: &[Result<Committed, Unknown>], change: fn(&mut Group)| {
        let Scene { snapshot: Snapshot { mut groups, rows, topics, .. }, .. } = Scene::reading(rows);
        let mut group = groups.remove(0);
        change(&mut group);
        let answer = Scene::new(group, rows, topics).answer(View::Lag, Vec::new);
        let status = serde_json::from_str::<Value>(&answer).unwrap()["status"].clone();
        format!("{} {} {} {}", status["status"], status["complete"], status["totallag"], status["partition_count"])
    };
    let gap = |group: &mut Group| group.gaps.push(Unknown::because("topics are hidden"));
    assert_eq!(answer(&[], |_| ()), r#""OK" 1 0 0"#);
    assert_eq!(answer(&[], gap), r#""UNKNOWN" 0 null 0"#);
    assert_eq!(answer(&[], |group| group.rows = Err(Unknown::because("down"))), r#""UNKNOWN" 0 null 0"#);
    // What was read is reported; `complete` shows that it is not all.
    assert_eq!(answer(&[Ok(Committed::At(90))], gap), r#""UNKNOWN" 0 10 1"#);
}

/// One group at its first snapshot.
struct Scene {
    snapshot: Snapshot,
    lags: Lags,
    before: Before,
    memories: Memories,
    judged: Judged,
}

impl Scene {
    fn new(group: Group, rows: Vec<Row>, topics: Vec<Topic>) -> Self {
        let snapshot = Snapshot {
            brokers: Vec::new(),
            cluster_id: None,
            topics,
            groups: vec![group],
            rows,
            unacknowledged: Unacknowledged::default(),
            watched: Vec::new(),
            listed: Ok(Vec::new()),
            left_out: std::collections::BTreeMap::new(),
            problems: Vec::new(),
            shown: 0,
            blind: None,
        };
        let before = Before(Ok(vec![Ok(None); snapshot.rows.len()]), std::collections::BTreeMap::new());
        let lags = Lags::new(&snapshot);
        let thresholds = vec![MINUTE; snapshot.groups.len()];
        let sight = Sight { snapshot: &snapshot, lags: &lags, before: &before, thresholds: &thresholds, time_ms: NOW };
        let mut memories = Memories::fold(sight);
        let judged = Judged::new(sight, &mut memories, &Ages::unsearched(&lags), |_| Ok(Vec::new()));
        Self { snapshot, lags, before, memories, judged }
    }

    /// A group that reads a topic, whose logs all end at 100, by one member.
    fn reading(commits: &[Result<Committed, Unknown>]) -> Self {
        let row = |(partition, committed): (i32, &Result<Committed, Unknown>)| {
            let mut row = Row::new(0, partition, committed.clone());
            row.assign(0);
            row
        };
        let group = Group {
            name: "orders-svc".into(),
            kind: Kind::Classic,
            state: Ok("Stable".into()),
            members: Ok(vec![Member {
                id: "orders-svc-1-0".into(),
                client_id: "orders-svc-1".into(),
                host: "/10.0.1.7".into(),
            }]),
            rows: Ok(0..commits.len()),
            epoch: None,
            gaps: Vec::new(),
            vanished: Vec::new(),
            missing_topics: Vec::new(),
        };
        let log = Ok(LogRange { start: 0, end: 100, last_stable: Some(100) });
        let topic = Topic {
            name: "orders".into(),
            id: None,
            partitions: Ok(vec![log; commits.len()].into_iter().collect()),
            placement: Placement::default(),
        };
        Self::new(group, (0..).zip(commits).map(row).collect(), vec![topic])
    }

    fn answer(&self, view: View, earlier: impl Fn() -> Vec<Sample>) -> String {
        let Self { snapshot, lags, before, memories, judged } = self;
        let sight = Sight { snapshot, lags, before, thresholds: &[], time_ms: NOW };
        let results = BurrowResults { cluster: "prod", sight, judged, memories };
        serde_json::to_string(&results.answers(view, |_| earlier())[0]).unwrap()
    }
}

const NOW: i64 = T + 600_789;

fn reading(time_ms: i64, committed: Committed, end: i64) -> Reading {
    let log = LogRange { start: 0, end, last_stable: None };
    Reading::new(time_ms, committed, log, Assigned::Yes, Members::Present)
}
