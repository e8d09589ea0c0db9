//! Which metrics come of which results.

use super::*;

fn partition(topic: &str, partition: i32, lag: Option<u64>, lag_seconds: Option<f64>) -> PartitionResult {
    PartitionResult { topic: topic.into(), partition, lag, lag_seconds }
}

fn results(groups: usize) -> Results {
    let group = |number| GroupResult {
        group: format!("g{number}"),
        status: Some(1),
        partitions: vec![
            partition("a", 0, Some(4), Some(1.5)),
            partition("a", 1, Some(4), None),
            partition("b", 0, Some(0), Some(0.0)),
        ],
    };
    Results {
        cluster: "prod".to_owned(),
        groups: (0..groups).map(group).collect(),
        by_status: vec![("OK", 1), ("ERR", 0)],
        unknown_groups: 0,
        duration_ms: 83,
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

#[test]
fn a_group_is_a_status_and_two_distributions() {
    let plan = plan(&results(1), Detail::Group, DEFAULT_LIMIT);
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
    let topics = lines(&plan(&results(1), Detail::Topic, DEFAULT_LIMIT));
    assert_eq!(topics.len(), 12);
    assert!(topics.contains(&"Lag Cluster=prod Group=g0 Topic=a : 4x2".to_owned()));
    let partitions = lines(&plan(&results(1), Detail::Partition, DEFAULT_LIMIT));
    assert_eq!(partitions.len(), 17);
    assert!(partitions.contains(&"Lag Cluster=prod Group=g0 Topic=a Partition=1 : 4x1".to_owned()));
    assert!(!partitions.iter().any(|line| line.starts_with("LagSeconds") && line.contains("Partition=1")));
}

#[test]
fn what_is_not_known_is_not_published() {
    let mut results = results(1);
    results.groups[0].status = None;
    results.groups[0].partitions = vec![partition("a", 0, None, None), partition("a", 1, None, Some(f64::NAN))];
    assert_eq!(plan(&results, Detail::Partition, DEFAULT_LIMIT).datums.len(), OF_CLUSTER);
}

#[test]
fn more_distinct_values_than_a_datum_holds_are_several_datums_of_one_metric() {
    let mut results = results(1);
    results.groups[0].partitions =
        (0..301).map(|number| partition("a", number, u64::try_from(number).ok(), None)).collect();
    let plan = plan(&results, Detail::Group, DEFAULT_LIMIT);
    let sizes: Vec<_> = plan.datums[OF_CLUSTER + 1..].iter().map(|datum| datum.values.len()).collect();
    assert_eq!((sizes, plan.metrics), (vec![150, 150, 1], OF_CLUSTER + 2));
}

#[test]
fn what_does_not_fit_is_refused_and_the_finest_detail_that_fits_is_published() {
    // Two groups: 12 metrics each by partition, 7 by topic, 3 by group, and 5 for the cluster.
    let check = |limit, metrics, published| {
        let plan = plan(&results(2), Detail::Partition, limit);
        assert_eq!((plan.metrics, plan.refused), (metrics, published));
    };
    let refused = |limit, published, groups_left_out| Some(Refused { wanted: 29, limit, published, groups_left_out });
    check(29, 29, None);
    check(28, 19, refused(28, Detail::Topic, 0));
    check(18, 11, refused(18, Detail::Group, 0));
    check(10, 8, refused(10, Detail::Group, 1));
    check(7, 5, refused(7, Detail::Cluster, 2));
    check(0, 5, refused(0, Detail::Cluster, 2));
}

#[test]
fn nothing_is_refused_where_nothing_was_asked_for() {
    let plan = plan(&results(2), Detail::Cluster, 0);
    assert_eq!((plan.metrics, plan.refused), (OF_CLUSTER, None));
}

#[test]
fn the_worst_groups_are_those_that_stay() {
    let plan = plan(&results(3), Detail::Group, OF_CLUSTER + 3);
    assert!(lines(&plan).iter().skip(OF_CLUSTER).all(|line| line.contains("Group=g0")));
}

#[test]
fn every_published_metric_is_in_the_list_of_names() {
    for datum in plan(&results(1), Detail::Partition, DEFAULT_LIMIT).datums {
        let dimensions: Vec<_> = datum.metric.dimensions.iter().map(|(name, _)| *name).collect();
        let listed = names::PUBLISHED.iter().find(|(name, _)| *name == datum.metric.name);
        assert!(listed.is_some_and(|(_, sets)| sets.contains(&dimensions.as_slice())), "{datum:?}");
    }
}
