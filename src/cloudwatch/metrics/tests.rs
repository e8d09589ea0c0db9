//! Which metrics follow from which results.

use super::*;
use crate::model::part::Part;

fn partition(topic: &str, partition: i32, lag: Option<u64>, lag_seconds: Option<f64>) -> PartitionResult {
    PartitionResult { topic: topic.into(), partition, lag, lag_seconds, ..PartitionResult::default() }
}

fn results(groups: usize) -> Results {
    let group = |number| GroupResult {
        diagnosis: None,
        group: format!("g{number}"),
        status: Some(1),
        whole: true,
        members: None,
        partitions: vec![
            partition("a", 0, Some(4), Some(1.5)),
            partition("a", 1, Some(4), None),
            partition("b", 0, Some(0), Some(0.0)),
        ],
    };
    Results {
        cluster: "prod".to_owned(),
        part: Part::WHOLE,
        groups: (0..groups).map(group).collect(),
        by_status: vec![("OK", 1), ("ERR", 0)],
        unknown_groups: 0,
        duration_ms: 83,
        brokers: 1,
        cluster_problems: None,
        topics: Vec::new(),
    }
}

/// "Name Dimension=value … : value×count …", one line for each datum.
fn lines(plan: &Plan) -> Vec<String> {
    let line = |datum: &Datum| {
        let dimensions = datum.metric.dimensions.iter().map(|(name, value)| format!(" {name}={value}"));
        let values = datum.values.iter().zip(&datum.counts).map(|(value, count)| format!(" {value}x{count}"));
        format!("{}{} :{}", datum.metric.name, dimensions.collect::<String>(), values.collect::<String>())
    };
    plan.datums.iter().map(line).collect()
}

const OF_CLUSTER: usize = 5;
const LIMIT: usize = 500;

#[test]
fn a_group_is_a_status_and_two_distributions() {
    let plan = plan(&results(1), MetricsDetail::Group, LIMIT);
    let expected = [
        "Heartbeat Cluster=prod : 1x1",
        "UnknownGroups Cluster=prod : 0x1",
        "DurationMs Cluster=prod : 83x1",
        "Groups Cluster=prod Status=OK : 1x1",
        "Groups Cluster=prod Status=ERR : 0x1",
        "Status Cluster=prod Group=g0 : 1x1",
        "Lag Cluster=prod Group=g0 : 0x1 4x2",
        "LagSeconds Cluster=prod Group=g0 : 0x1 1.5x1",
    ];
    assert_eq!(lines(&plan), expected);
    assert_eq!((plan.metrics, plan.refused), (8, None));
}

#[test]
fn topics_and_partitions_are_metrics_of_their_own_where_asked_for() {
    let topics = lines(&plan(&results(1), MetricsDetail::Topic, LIMIT));
    assert_eq!(topics.len(), 12);
    assert!(topics.contains(&"Lag Cluster=prod Group=g0 Topic=a : 4x2".to_owned()));
    let partitions = lines(&plan(&results(1), MetricsDetail::Partition, LIMIT));
    assert_eq!(partitions.len(), 17);
    assert!(partitions.contains(&"Lag Cluster=prod Group=g0 Topic=a Partition=1 : 4x1".to_owned()));
    assert!(!partitions.iter().any(|line| line.starts_with("LagSeconds") && line.contains("Partition=1")));
}

#[test]
fn what_is_not_known_is_not_published() {
    let mut results = results(1);
    results.groups[0].status = None;
    results.groups[0].partitions = vec![partition("a", 0, None, None), partition("a", 1, None, Some(f64::NAN))];
    assert_eq!(plan(&results, MetricsDetail::Partition, LIMIT).datums.len(), OF_CLUSTER);
}

#[test]
fn a_part_of_a_group_is_not_published_as_if_it_were_the_whole() {
    let mut results = results(1);
    results.groups[0].whole = false;
    let of_group = |detail| lines(&plan(&results, detail, LIMIT)).split_off(OF_CLUSTER);
    assert_eq!(of_group(MetricsDetail::Topic), ["Status Cluster=prod Group=g0 : 1x1"]);
    // At the level of partitions, what was read is published.
    let partitions = of_group(MetricsDetail::Partition);
    assert_eq!(partitions[1], "Lag Cluster=prod Group=g0 Topic=a Partition=0 : 4x1");
    assert_eq!(lines(&plan(&results, MetricsDetail::Group, OF_CLUSTER)).len(), OF_CLUSTER);
}

#[test]
fn losses_are_reported_while_there_are_some() {
    let mut results = results(1);
    results.groups[0].partitions[0].lost = 30;
    results.groups[0].partitions[1].lost = 12;
    results.groups[0].partitions[2].loss_ahead = true;
    let published = lines(&plan(&results, MetricsDetail::Partition, LIMIT));
    let of = |name: &str| published.iter().filter(|line| line.starts_with(name)).cloned().collect::<Vec<_>>();
    assert_eq!(of("LostOffsets"), ["LostOffsets Cluster=prod Group=g0 : 12x1 30x1"]);
    assert_eq!(of("LossAhead"), ["LossAhead Cluster=prod Group=g0 : 1x1"]);
}

#[test]
fn more_distinct_values_than_a_datum_holds_are_several_datums_of_one_metric() {
    let mut results = results(1);
    results.groups[0].partitions =
        (0..301).map(|number| partition("a", number, u64::try_from(number).ok(), None)).collect();
    let plan = plan(&results, MetricsDetail::Group, LIMIT);
    let sizes: Vec<_> = plan.datums[OF_CLUSTER + 1..].iter().map(|datum| datum.values.len()).collect();
    assert_eq!((sizes, plan.metrics), (vec![150, 150, 1], OF_CLUSTER + 2));
}

#[test]
fn what_does_not_fit_is_refused_and_the_finest_detail_that_fits_is_published() {
    // Two groups: 12 metrics each by partition, 7 by topic, 3 by group, and 5 for the cluster.
    let check = |limit, metrics, published| {
        let plan = plan(&results(2), MetricsDetail::Partition, limit);
        assert_eq!((plan.metrics, plan.refused), (metrics, published));
    };
    let refused = |limit, published| Some(Refused { wanted: 29, limit, published });
    let fewer = |without_lag, left_out| Instead::Fewer { without_lag, left_out };
    check(29, 29, None);
    check(28, 19, refused(28, Instead::Coarser(MetricsDetail::Topic)));
    check(18, 11, refused(18, Instead::Coarser(MetricsDetail::Group)));
    check(10, 9, refused(10, fewer(1, 0)));
    check(7, 7, refused(7, fewer(2, 0)));
    check(6, 6, refused(6, fewer(1, 1)));
    check(0, 5, refused(0, fewer(0, 2)));
}

#[test]
fn a_status_comes_before_any_lag_and_always_for_the_same_groups() {
    let plan = plan(&results(3), MetricsDetail::Group, OF_CLUSTER + 5);
    let published = lines(&plan).split_off(OF_CLUSTER);
    let names: Vec<_> = published.iter().filter_map(|line| line.split(" :").next()).collect();
    let of = |name, group| format!("{name} Cluster=prod Group={group}");
    let expected =
        [of("Status", "g0"), of("Status", "g1"), of("Status", "g2"), of("Lag", "g0"), of("LagSeconds", "g0")];
    assert_eq!(names, expected);
}

#[test]
fn the_healthy_are_left_out_first_and_count_as_unknown() {
    let mut results = results(4);
    results.unknown_groups = 2;
    for (group, status) in results.groups.iter_mut().zip([Some(1), Some(3), None, Some(2)]) {
        group.status = status;
    }
    let published = |limit| lines(&plan(&results, MetricsDetail::Group, OF_CLUSTER + limit));
    let of = |name, group| format!("{name} Cluster=prod Group={group}");
    let names = |lines: Vec<String>| -> Vec<String> {
        lines[OF_CLUSTER..].iter().filter_map(|line| Some(line.split_once(" :")?.0.to_owned())).collect()
    };
    assert_eq!(names(published(1)), [of("Status", "g1")]);
    assert_eq!(names(published(2)), [of("Status", "g1"), of("Status", "g3")]);
    let lag = ["Lag", "LagSeconds"].map(|name| of(name, "g1"));
    assert_eq!(names(published(5))[3..], lag, "the worst group's lag comes first");
    let unknown = |limit| published(limit).into_iter().find(|line| line.starts_with("UnknownGroups"));
    assert_eq!(unknown(1), Some("UnknownGroups Cluster=prod : 4x1".to_owned()), "two statuses are left out");
    assert_eq!(
        unknown(5),
        Some("UnknownGroups Cluster=prod : 2x1".to_owned()),
        "a group without a status is not counted twice"
    );
}

#[test]
fn a_blind_run_publishes_that_it_was_and_what_stands() {
    let stands =
        |name: &str, status| GroupResult { group: name.into(), status: Some(status), ..GroupResult::default() };
    let part = Part::parse("2/8").unwrap_or_default();
    let results = Results { cluster: "prod".into(), part, groups: vec![stands("a", 3)], ..Results::default() };
    let datums = blind(&results);
    let lines: Vec<String> = lines(&Plan { metrics: datums.len(), datums, refused: None });
    let expected =
        ["BlindRuns Cluster=prod : 1x1", "BlindRuns Cluster=prod Part=2/8 : 1x1", "Status Cluster=prod Group=a : 3x1"];
    assert_eq!(lines, expected);
}

#[test]
fn a_part_has_a_heartbeat_of_its_own_besides() {
    let results = Results { part: Part::parse("2/8").unwrap_or_default(), ..results(0) };
    let published = lines(&plan(&results, MetricsDetail::Group, LIMIT));
    assert_eq!(published[..2], ["Heartbeat Cluster=prod : 1x1", "Heartbeat Cluster=prod Part=2/8 : 1x1"]);
}

#[test]
fn every_published_metric_is_in_the_list_of_names() {
    for datum in plan(&results(1), MetricsDetail::Partition, LIMIT).datums {
        let dimensions: Vec<_> = datum.metric.dimensions.iter().map(|(name, _)| *name).collect();
        let listed = names::PUBLISHED.iter().find(|(name, _)| *name == datum.metric.name);
        assert!(listed.is_some_and(|(_, sets)| sets.contains(&dimensions.as_slice())), "{datum:?}");
    }
}
