//! Share groups: what is reported of them, and that they are groups like any other wherever a group is asked for or
//! shown.

use kafka_protocol::messages::ApiKey;
use meerkat::cli::table::Shown;
use meerkat::cli::table::{Screen, table};
use meerkat::event::widget::{Asked, Context, Widget};
use meerkat::report::html;
use serde_json::{Value, json};

use crate::preflight::answer;
use crate::real_kafka::show;
use crate::support::broker::{Act, Group, Release, Scene, Stage, Topic, When};
use crate::support::check::{Check, Report, check};

/// Two members share two partitions; of the 60 records behind the first start 55 are acknowledged.
fn sharing() -> Group {
    let group = Group::share("sharing").commits("jobs", &[40, 100]).acknowledged("jobs", 0, 55);
    group.member("one", "jobs", &[0, 1]).member("two", "jobs", &[0])
}

fn scene() -> Scene {
    let other = Group::classic("other").commits("jobs", &[90]);
    Scene::of(1).group(sharing()).group(other).topic(Topic::new("jobs", &[0..100, 0..100]))
}

fn alone(stage: &Stage) -> Report {
    Check::at(&stage.bootstrap()).named(&["sharing"]).report(stage)
}

#[test]
fn a_start_stands_in_the_place_of_a_commit_and_nobody_owns_a_partition() {
    let report = check(&scene().start());
    assert_eq!(
        show(report.group("sharing"), "type state members total_lag max_lag partition_count"),
        "type=share state=Stable members=2 total_lag=5 max_lag=5 partition_count=2"
    );
    assert_eq!(
        show(report.partition("sharing", "jobs", 0), "start committed log_end lag lag_source member findings"),
        "start=40 committed=null log_end=100 lag=5 lag_source=coordinator member=null findings=[]"
    );
    assert_eq!(show(report.partition("sharing", "jobs", 1), "start lag"), "start=100 lag=0");
    assert_eq!(show(report.partition("other", "jobs", 0), "start committed lag"), "start=absent committed=90 lag=10");
}

#[test]
fn lag_is_an_upper_bound_where_the_broker_returns_none() {
    let report = check(&scene().release(Release::V4_1).start());
    let partition = report.partition("sharing", "jobs", 0);
    assert_eq!(show(partition, "start lag lag_source"), "start=40 lag=60 lag_source=bound");
    assert_eq!(show(report.group("sharing"), "total_lag lag_at_most"), "total_lag=60 lag_at_most=true");
    // A share group that has read everything has lag 0 at every release.
    assert_eq!(show(report.partition("sharing", "jobs", 1), "lag lag_source"), "lag=0 lag_source=bound");
    assert_eq!(show(report.group("other"), "lag_at_most"), "lag_at_most=absent");
}

#[test]
fn share_groups_are_unknown_where_the_broker_returns_nothing_of_them() {
    for (api, reported) in [
        (ApiKey::DescribeShareGroupOffsets, "the broker does not offer DescribeShareGroupOffsets (this"),
        (ApiKey::ShareGroupDescribe, "its members are unknown: "),
    ] {
        let stage = scene().node(1, |node| node.lacks(api)).start();
        let report = check(&stage);
        let group = report.group("sharing");
        assert_eq!((&group["status"], report.complete()), (&json!("UNKNOWN"), false), "{api:?}");
        assert!(group["reason"].as_str().unwrap().contains(reported), "{group}");
        assert_eq!(report.lags("other"), "jobs/0 10", "{api:?}");
    }
    let early = scene().node(1, |node| node.offers(ApiKey::ShareGroupDescribe, 0, 0)).start();
    let reason = check(&early).group("sharing")["reason"].to_string();
    assert!(reason.contains("upgrade the broker to Kafka 4.1 or later"), "{reason}");
}

#[test]
fn a_group_that_never_read_has_no_start() {
    let group = Group::share("new").commits("jobs", &[-1]).member("one", "jobs", &[0]);
    let stage = Scene::of(1).group(group).topic(Topic::new("jobs", &[0..100])).start();
    let report = check(&stage);
    let partition = report.partition("new", "jobs", 0);
    assert_eq!(
        show(partition, "start lag lag_source findings"),
        r#"start=null lag=null lag_source=absent findings=["no_commit","uncommitted"]"#
    );
    assert_eq!(partition["reason"], "no start offset: nothing was read yet, though a member is assigned");
    assert_eq!(
        show(report.group("new"), "total_lag reason"),
        "total_lag=null reason=1 partition, nothing was read yet"
    );
}

#[test]
fn a_refusal_is_reported_with_its_cause() {
    let refused = |code| {
        let stage = Scene::of(1).group(sharing().refused(code)).topic(Topic::new("jobs", &[0..100, 0..100])).start();
        let report = check(&stage);
        assert!(!report.complete(), "{code}");
        show(report.group("sharing"), "status reason")
    };
    assert_eq!(
        refused(30),
        "status=UNKNOWN reason=this user may not describe the group: grant it DESCRIBE (GroupAuthorizationFailed)"
    );
    assert!(refused(29).contains("grant it DESCRIBE (TopicAuthorizationFailed)"));
    let partition = sharing().commit_refused("mails", 0, 29);
    let stage =
        Scene::of(1).group(partition).topic(Topic::new("jobs", &[0..100, 0..100])).topic(Topic::new("mails", &[0..9]));
    let report = check(&stage.start());
    let reported = report.partition("sharing", "mails", 0);
    assert_eq!(show(reported, "status start lag"), "status=UNKNOWN start=null lag=null");
    assert!(reported["reason"].to_string().contains("grant it DESCRIBE"), "{reported}");
    assert_eq!(show(report.partition("sharing", "jobs", 0), "lag"), "lag=5");
}

#[test]
fn a_group_that_moves_is_asked_elsewhere_and_one_that_goes_is_gone() {
    for api in [ApiKey::ShareGroupDescribe, ApiKey::DescribeShareGroupOffsets] {
        let scene = Scene::of(2).group(sharing()).topic(Topic::new("jobs", &[0..100, 0..100]));
        let moved = Act::Change(|scene| scene.move_group("sharing", 2));
        let stage = scene.fault(When::on(api).times(1), moved).start();
        let report = check(&stage);
        assert_eq!(report.lags("sharing"), "jobs/0 5, jobs/1 0", "{api:?}");
        assert!(report.complete());
    }
    let gone = Act::Change(|scene| scene.delete_group("sharing"));
    let scene = scene().fault(When::on(ApiKey::ShareGroupDescribe).times(1), gone);
    assert_eq!(check(&scene.start()).group("sharing")["status"], "NOTFOUND");
}

#[test]
fn it_is_asked_for_by_name_expected_and_filtered_as_any_group() {
    let stage = scene().start();
    assert_eq!(alone(&stage).groups(), ["sharing"]);
    let at = || Check::at(&stage.bootstrap());
    assert_eq!(at().with("MEERKAT_GROUPS", "sh*").report(&stage).groups(), ["sharing"]);
    assert_eq!(at().with("MEERKAT_GROUPS", "!sh*").report(&stage).groups(), ["other"]);
    let report = at().with("MEERKAT_TOPICS", "mails").named(&["sharing"]).report(&stage);
    assert_eq!((report.groups(), report.at("left_out/other topics")), (vec![], &json!(1)), "it reads none of them");
    for expected in ["sharing", "sha*"] {
        let report = at().with("MEERKAT_EXPECT", expected).report(&stage);
        assert_eq!(report.groups(), ["other", "sharing"], "{expected}");
    }
    let report = at().with("MEERKAT_EXPECT", "shard-*").report(&stage);
    assert_eq!(report.group("shard-*")["status"], "NOTFOUND");
}

#[test]
fn burrows_shape_has_the_start_as_the_offset() {
    let stage = scene().start();
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
    ];
    let event = json!({ "groups": ["sharing"], "format": "burrow", "view": "lag" }).to_string();
    let reported: Value = serde_json::from_str(&answer(&variables, &event).json).unwrap();
    let status = &reported["status"];
    assert_eq!(show(status, "group totallag partition_count"), "group=sharing totallag=5 partition_count=2");
    let partitions = status["partitions"].as_array().unwrap();
    let first = partitions.iter().find(|partition| partition["partition"] == 0).unwrap();
    assert_eq!(show(first, "topic current_lag"), "topic=jobs current_lag=5");
    assert_eq!(show(&first["end"], "offset lag"), "offset=40 lag=5");
}

#[test]
fn the_widget_and_the_table_show_the_start_and_that_a_lag_is_a_bound() {
    for (release, lag) in [(Release::V4_4, "5"), (Release::V4_1, "≤ 60")] {
        let stage = scene().release(release).start();
        let report = alone(&stage).0.to_string();
        let report = meerkat::report::Report::parse(&report).unwrap();
        let drawn = table(&report, Screen { width: 200, colour: false }, Shown::Partitions);
        let row: Vec<&str> = drawn
            .lines()
            .find(|line| line.starts_with("jobs  "))
            .unwrap()
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        assert_eq!(row[..5], ["jobs", "0", "40", "100", lag], "{drawn}");
        assert!(drawn.contains(&format!("lag {lag}\n")), "{drawn}");
        let asked = Asked::Partitions("sharing".into());
        let page = html::widget(&report, &[].into(), &Widget { asked, context: Context::default() });
        for shown in [">share<", ">40<", &format!(">{lag}<")] {
            assert!(page.contains(shown), "{shown} in {page}");
        }
    }
}

#[test]
fn a_preflight_reports_versions_and_permissions() {
    let reported = |scene: Scene| {
        let stage = scene.start();
        let bootstrap = stage.bootstrap();
        let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
        let outcome = answer(&variables, r#"{"mode":"preflight"}"#);
        serde_json::from_str::<Value>(&outcome.json).unwrap()
    };
    let found = |reported: &Value, subject: &str| -> Vec<String> {
        let lines = reported["lines"].as_array().unwrap().iter().filter(|line| line["subject"] == subject);
        lines.map(|line| show(line, "status found")).collect()
    };
    let newest = reported(scene());
    assert!(found(&newest, "ShareGroupDescribe")[0].starts_with("status=works found=ShareGroupDescribe 1; "));
    assert!(
        found(&newest, "DescribeShareGroupOffsets")[0].starts_with("status=works found=DescribeShareGroupOffsets 1; ")
    );
    assert!(
        found(&newest, "groups").contains(&"status=works found=DESCRIBE is there for 2: other, sharing".to_owned())
    );
    let older = reported(scene().release(Release::V4_1));
    let less = &found(&older, "DescribeShareGroupOffsets")[0];
    assert!(
        less.starts_with("status=works with less found=DescribeShareGroupOffsets 0: no lag of share groups (KIP-1226)"),
        "{less}"
    );
    let refused = scene().change(|scene| scene.refuse("sharing", 30));
    let refused = reported(refused);
    assert!(
        found(&refused, "groups").contains(&"status=does not work found=DESCRIBE is missing for sharing".to_owned()),
        "{refused}"
    );
}
