//! How many requests a run needs, in which order, and that none of them changes the cluster.

use std::collections::BTreeMap;

use kafka_protocol::messages::{ApiKey, ListOffsetsRequest, OffsetFetchRequest};

use crate::support::broker::{Act, Group, Release, Scene, Stage, Topic, When};
use crate::support::check::{Check, Report, check};

/// This many groups at each of this many coordinators; each group reads one of the topics, which all brokers lead in
/// turn.
fn scene(brokers: i32, groups_each: usize, kinds: &[fn(&str) -> Group]) -> Scene {
    let leaders: Vec<i32> = (1..=brokers).collect();
    let logs = [0..10, 0..10];
    let topics = (0..3).map(|number| Topic::new(&format!("topic-{number}"), &logs).led_by(&leaders));
    let scene = topics.fold(Scene::of(brokers), Scene::topic);
    let groups = leaders.iter().flat_map(|broker| (0..groups_each).map(move |number| (*broker, number)));
    groups.fold(scene, |scene, (broker, number)| {
        let group = kinds[number % kinds.len()](&format!("group-{broker}-{number}"));
        scene.group(group.at(broker).commits(&format!("topic-{}", number % 3), &[7, 8]))
    })
}

/// Requests by API, those that connect left out.
fn counts(stage: &Stage) -> BTreeMap<String, usize> {
    let mut counts = stage.counts();
    counts.remove("ApiVersions");
    counts
}

fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(api, count)| ((*api).to_owned(), *count)).collect()
}

#[test]
fn the_number_of_requests_of_a_run_is_a_formula() {
    let kinds: &[fn(&str) -> Group] = &[Group::classic, Group::consumer, Group::share, Group::streams];
    for (brokers, groups_each) in [(1, 4), (3, 4), (1, 50), (1, 54), (2, 120), (6, 10)] {
        let stage = scene(brokers, groups_each, kinds).start();
        let report = check(&stage);
        assert!(report.0["groups"].as_array().is_some_and(|groups| groups.iter().all(|group| group["total_lag"] == 5)));
        let brokers = usize::try_from(brokers).unwrap();
        // Two partitions have commits, which the first two brokers lead.
        let leaders = brokers.min(2);
        let formula = [
            ("Metadata", 2),
            ("ListGroups", brokers),
            // Before and after its groups are listed each broker is asked whether it has loaded them.
            ("DescribeGroups", 3 * brokers),
            ("ConsumerGroupDescribe", brokers),
            ("ShareGroupDescribe", brokers),
            ("StreamsGroupDescribe", brokers),
            ("DescribeShareGroupOffsets", brokers * groups_each.div_ceil(50)),
            ("OffsetFetch", brokers * groups_each.div_ceil(50)),
            ("ListOffsets", 3 * leaders),
        ];
        assert_eq!(counts(&stage), expected(&formula), "{brokers} brokers with {groups_each} groups each");
        assert_eq!(stage.asked(ApiKey::ApiVersions).len(), stage.connections());
        assert_eq!(stage.connections(), brokers);
        assert_eq!(*report.at("kafka/requests"), stage.seen().len());
    }
}

#[test]
fn below_version_8_every_group_needs_its_own_offset_fetch() {
    let stage = scene(2, 30, &[Group::classic]).release(Release::V2_8).start();
    check(&stage);
    assert_eq!(counts(&stage)["OffsetFetch"], 60);
    assert_eq!(counts(&stage)["DescribeGroups"], 6);
    assert!(!counts(&stage).contains_key("ConsumerGroupDescribe"));
}

#[test]
fn a_kind_without_groups_needs_no_request() {
    let of = |kind| {
        let stage = scene(1, 3, &[kind]).start();
        check(&stage);
        let mut counts = counts(&stage);
        counts.retain(|api, _| !matches!(api.as_str(), "Metadata" | "ListGroups" | "ListOffsets"));
        counts
    };
    // Two `DescribeGroups` ask whether the broker has loaded its groups.
    assert_eq!(of(Group::classic), expected(&[("DescribeGroups", 3), ("OffsetFetch", 1)]));
    let loaded = ("DescribeGroups", 2);
    assert_eq!(of(Group::consumer), expected(&[loaded, ("ConsumerGroupDescribe", 1), ("OffsetFetch", 1)]));
    assert_eq!(of(Group::share), expected(&[loaded, ("ShareGroupDescribe", 1), ("DescribeShareGroupOffsets", 1)]));
    assert_eq!(of(Group::streams), expected(&[loaded, ("StreamsGroupDescribe", 1), ("OffsetFetch", 1)]));
}

#[test]
fn one_broker_gets_ten_requests_and_one_for_every_fifty_groups() {
    for groups in [1, 49, 50, 51, 100, 260] {
        let stage = scene(1, groups, &[Group::classic]).start();
        check(&stage);
        let requests = stage.seen().len();
        assert!(requests <= 10 + groups.div_ceil(50), "{requests} requests for {groups} groups");
    }
}

#[test]
fn a_named_group_needs_no_more_requests_than_all_groups() {
    let stage = scene(2, 10, &[Group::classic]).start();
    let report = Check::at(&stage.bootstrap()).named(&["group-2-4"]).report(&stage);
    assert_eq!(report.groups(), ["group-2-4"]);
    let formula = [("Metadata", 2), ("ListGroups", 2), ("DescribeGroups", 5), ("OffsetFetch", 1), ("ListOffsets", 6)];
    assert_eq!(counts(&stage), expected(&formula));
}

#[test]
fn a_cluster_that_shows_no_groups_is_asked_whether_it_may_be_described() {
    let stage = Scene::of(1).topic(Topic::new("t", &[0..10])).start();
    let report = check(&stage);
    assert!(report.complete());
    assert_eq!(counts(&stage), expected(&[("Metadata", 2), ("DescribeGroups", 2), ("ListGroups", 1)]));
}

#[test]
fn a_group_that_never_committed_needs_no_list_offsets() {
    let stage = Scene::of(1).group(Group::classic("idle")).start();
    assert_eq!(check(&stage).group("idle")["reason"], "the group reads nothing");
    assert!(stage.asked(ApiKey::ListOffsets).is_empty());
}

#[test]
fn offsets_are_fetched_for_whole_groups_and_never_more_than_fifty() {
    let stage = scene(1, 120, &[Group::classic]).start();
    check(&stage);
    let mut asked = Vec::new();
    for fetch in stage.asked(ApiKey::OffsetFetch) {
        let request: OffsetFetchRequest = fetch.request();
        assert!((1..=50).contains(&request.groups.len()));
        assert!(request.groups.iter().all(|group| group.topics.is_none()));
        asked.extend(request.groups.into_iter().map(|group| group.group_id.to_string()));
    }
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 120);
}

#[test]
fn each_leader_is_asked_for_start_high_watermark_and_last_stable_offset_as_a_consumer() {
    let stage = scene(2, 1, &[Group::classic]).start();
    check(&stage);
    for leader in [1, 2] {
        let requests = stage.asked(ApiKey::ListOffsets).into_iter().filter(|seen| seen.node == leader);
        let asked: Vec<ListOffsetsRequest> = requests.map(|seen| seen.request()).collect();
        let mut questions: Vec<_> = asked
            .iter()
            .map(|asked| (asked.topics[0].partitions[0].timestamp, asked.isolation_level, asked.replica_id.0))
            .collect();
        questions.sort_unstable();
        assert_eq!(questions, [(-2, 0, -1), (-1, 0, -1), (-1, 1, -1)]);
    }
}

#[test]
fn brokers_and_groups_are_asked_for_in_one_flight() {
    let scene = scene(1, 4, &[Group::classic]).fault(When::on(ApiKey::Metadata).times(1), Act::AfterNext);
    let report = check(&scene.start());
    assert_eq!(*report.at("complete"), true);
    assert_eq!(*report.at("totals/groups"), 4);
}

#[test]
fn the_last_commit_is_in_before_the_first_log_end_is_asked_for() {
    // `Check::report` holds every run of these tests to it; this case has much that could overtake.
    let stage = scene(6, 60, &[Group::classic, Group::consumer]).start();
    check(&stage);
    let answered = stage.asked(ApiKey::OffsetFetch).iter().filter_map(|seen| seen.answered).max();
    let asked = stage.asked(ApiKey::ListOffsets).iter().map(|seen| seen.asked).min();
    assert!(answered.is_some() && answered < asked, "{answered:?} {asked:?}");
}

/// Requests of a second run of the same process, with something that happens before it, and its report.
fn warm(scene: Scene, between: impl FnOnce(&mut Scene)) -> (BTreeMap<String, usize>, Report) {
    let stage = scene.start();
    let mut before = BTreeMap::new();
    let [_, report] = Check::at(&stage.bootstrap()).twice(|| {
        before = counts(&stage);
        stage.change(between);
    });
    let mut counts = counts(&stage);
    for (api, count) in &mut counts {
        *count -= before.get(api).copied().unwrap_or_default();
    }
    (counts, report)
}

#[test]
fn a_warm_run_asks_for_the_topics_of_the_run_before_together_with_the_brokers() {
    let (counts, report) = warm(scene(1, 4, &[Group::classic]), |_| ());
    assert_eq!(report.groups().len(), 4);
    assert!(report.complete());
    let formula = [("Metadata", 1), ("ListGroups", 1), ("DescribeGroups", 3), ("OffsetFetch", 1), ("ListOffsets", 3)];
    assert_eq!(counts, expected(&formula));
}

#[test]
fn a_topic_that_has_grown_or_is_new_since_the_run_before_is_asked_for_once_more() {
    let more = |scene: &mut Scene| scene.add_partition("topic-0", "group-1-0");
    let (counts, report) = warm(scene(1, 4, &[Group::classic]), more);
    assert_eq!(counts["Metadata"], 1);
    assert_eq!(report.group("group-1-0")["partition_count"], 3);

    let new = Group::classic("new").at(1).commits("late", &[4]);
    let late = scene(1, 4, &[Group::classic]).topic(Topic::new("late", &[0..10]));
    let (counts, report) = warm(late, |scene| scene.add_group(new));
    assert_eq!(counts["Metadata"], 2);
    assert_eq!(report.group("new")["total_lag"], 6);
}

#[test]
fn a_warm_run_asks_once_whether_the_groups_of_an_offsets_topic_of_any_size_are_loaded() {
    let of = |partitions| scene(1, 4, &[Group::classic]).offsets_partitions(partitions);
    for partitions in [1, 8, 50, 51, 200] {
        let (counts, _) = warm(of(partitions), |_| ());
        assert_eq!((counts["DescribeGroups"], counts["ListGroups"]), (3, 1), "{partitions} partitions");
    }
    // A first run knows the usual number alone, whose made-up groups are enough for most smaller ones.
    for (partitions, asked) in [(1, 3), (8, 3), (50, 3), (200, 5)] {
        let stage = of(partitions).start();
        check(&stage);
        assert_eq!(counts(&stage)["DescribeGroups"], asked, "{partitions} partitions");
    }
}

#[test]
fn topics_that_are_watched_take_no_request_by_name_and_one_by_a_pattern() {
    let requests = |rules: &str| {
        let stage = scene(1, 2, &[Group::classic]).topic(Topic::new("orders-dlt", &[0..3])).start();
        Check::at(&stage.bootstrap()).with("MEERKAT_WATCH", rules).report(&stage);
        counts(&stage)
    };
    let (none, mut by_pattern) = (requests(""), requests("*-dlt=new"));
    assert_eq!(requests("orders-dlt=new"), none);
    *by_pattern.get_mut("Metadata").unwrap() -= 1;
    assert_eq!(by_pattern, none);
}
