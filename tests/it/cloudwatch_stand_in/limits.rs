//! Each limit of a request, kept and overstepped.

use aws_sdk_cloudwatch::types::{StandardUnit, StatisticSet};

use super::*;

#[track_caller]
fn accepted(datum: MetricDatum) {
    assert_eq!(sent(vec![datum]), Ok(()));
}

#[track_caller]
fn refused(code: &str, part: &str, datum: MetricDatum) {
    sent(vec![datum]).unwrap_err().says(code, part);
}

fn sent(datums: Vec<MetricDatum>) -> Result<(), No> {
    blocking(async {
        let (stand, client) = still();
        let outcome = put(&client, datums).await;
        assert_eq!(outcome.is_err(), stand.metrics().is_empty(), "a refused request leaves nothing behind");
        outcome
    })
}

fn blocking<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn distribution(values: usize, counts: usize) -> MetricDatum {
    let values = (0..u32::try_from(values).unwrap()).map(f64::from).collect();
    at(NOW).set_values(Some(values)).set_counts(Some(vec![1.0; counts])).build()
}

fn set(count: f64, minimum: f64, maximum: f64) -> MetricDatum {
    let set = StatisticSet::builder().sample_count(count).sum(1.0).minimum(minimum).maximum(maximum);
    at(NOW).statistic_values(set.build()).build()
}

fn of_dimension(name: &str, value: &str) -> MetricDatum {
    at(NOW).value(1.0).dimensions(dimension(name, value)).build()
}

#[test]
fn a_request_holds_a_thousand_datums() {
    let datums = |count: i64| (0..count).map(|second| one(NOW - second, 1.0)).collect();
    assert_eq!(sent(datums(1_000)), Ok(()));
    sent(datums(1_001)).unwrap_err().says("InvalidParameterValue", "MetricData must not have a size greater than 1000");
    sent(vec![]).unwrap_err().says("MissingParameter", "MetricData is required");
}

#[test]
fn a_request_holds_a_megabyte() {
    // One datum of 1,000 takes about 1,080 bytes with this dimension: the small one stays below 1,048,576, the large one does not.
    let datums = |length: usize| {
        (0..1_000).map(move |second| at(NOW - second).value(1.0).dimensions(dimension("d", "v".repeat(length))).build())
    };
    assert_eq!(sent(datums(900).collect()), Ok(()));
    sent(datums(1_000).collect()).unwrap_err().says("RequestEntityTooLarge", "exceeded 1048576 bytes");
}

#[test]
fn a_datum_holds_150_values_each_once_with_as_many_counts() {
    accepted(distribution(150, 150));
    refused("InvalidParameterValue", "Values must not have a size greater than 150", distribution(151, 151));
    refused("InvalidParameterValue", "must be of the same size", distribution(3, 2));
    refused("InvalidParameterValue", "repeats the value 2", at(NOW).values(2.0).values(2.0).build());
    refused("InvalidParameterValue", "greater than 0", at(NOW).values(2.0).counts(0.0).build());
}

#[test]
fn a_datum_has_values_in_exactly_one_form() {
    refused("MissingParameter", "At least one of the parameters", at(NOW).build());
    refused("InvalidParameterCombination", "mutually exclusive", at(NOW).value(1.0).values(1.0).build());
    let set = StatisticSet::builder().sample_count(1.0).sum(1.0).minimum(1.0).maximum(1.0).build();
    refused("InvalidParameterCombination", "mutually exclusive", at(NOW).value(1.0).statistic_values(set).build());
}

#[test]
fn a_statistic_set_makes_sense() {
    accepted(set(1.0, 1.0, 1.0));
    refused("InvalidParameterValue", "SampleCount must be greater than 0", set(0.0, 1.0, 1.0));
    refused("InvalidParameterValue", "Maximum must be greater", set(2.0, 1.0, 0.5));
}

#[test]
fn numbers_are_finite_and_lie_within_two_to_the_360() {
    for value in [360.0_f64.exp2(), -360.0_f64.exp2(), 0.0] {
        accepted(one(NOW, value));
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 361.0_f64.exp2(), -361.0_f64.exp2()] {
        refused("InvalidParameterValue", "MetricData.member.1.Value is invalid", one(NOW, value));
    }
}

#[test]
fn timestamps_lie_between_two_weeks_ago_and_two_hours_ahead() {
    accepted(one(NOW - 14 * DAY, 1.0));
    accepted(one(NOW + 2 * HOUR, 1.0));
    refused("InvalidParameterValue", "within the past two weeks", one(NOW - 14 * DAY - 1, 1.0));
    refused("InvalidParameterValue", "no more than two hours in the future", one(NOW + 2 * HOUR + 1, 1.0));
}

#[test]
fn a_metric_has_thirty_dimensions_of_different_names() {
    let dimensions = |count: u32| (0..count).map(|n| dimension(format!("d{n}"), "v")).collect();
    accepted(at(NOW).value(1.0).set_dimensions(Some(dimensions(30))).build());
    let many = at(NOW).value(1.0).set_dimensions(Some(dimensions(31))).build();
    refused("InvalidParameterValue", "Dimensions must not have a size greater than 30", many);
    let twice = at(NOW).value(1.0).dimensions(dimension("d", "1")).dimensions(dimension("d", "2")).build();
    refused("InvalidParameterValue", "twice", twice);
}

#[test]
fn dimensions_are_plain_text_of_some_length() {
    accepted(of_dimension(&"n".repeat(255), &"v".repeat(1_024)));
    accepted(of_dimension("n", ":%20 ~"));
    refused("InvalidParameterValue", "Name must be no longer than 255", of_dimension(&"n".repeat(256), "v"));
    refused("InvalidParameterValue", "Value must be no longer than 1024", of_dimension("n", &"v".repeat(1_025)));
    refused("InvalidParameterValue", "longer than 0", of_dimension("n", ""));
    refused("InvalidParameterValue", "non-whitespace", of_dimension("n", "  "));
    refused("InvalidParameterValue", "non-ASCII", of_dimension("n", "größe"));
    refused("InvalidParameterValue", "control characters", of_dimension("n", "a\u{7f}"));
    refused("InvalidParameterValue", "control characters", of_dimension("n\n", "v"));
    refused("InvalidParameterValue", "colon", of_dimension(":n", "v"));
}

#[test]
fn metric_names_have_a_length_too() {
    accepted(at(NOW).metric_name("m".repeat(255)).value(1.0).build());
    let long = at(NOW).metric_name("m".repeat(256)).value(1.0).build();
    refused("InvalidParameterValue", "MetricName must be no longer than 255", long);
}

#[test]
fn storage_resolution_is_1_or_60_and_units_are_a_closed_list() {
    accepted(at(NOW).value(1.0).storage_resolution(60).unit(StandardUnit::Count).build());
    refused("InvalidParameterValue", "StorageResolution", at(NOW).value(1.0).storage_resolution(5).build());
    refused("InvalidParameterValue", "Unit", at(NOW).value(1.0).unit(StandardUnit::from("Records")).build());
}

#[test]
fn namespaces_of_the_service_are_its_own() {
    let (_stand, client) = still();
    let sent = |namespace| client.put_metric_data().namespace(namespace).metric_data(one(NOW, 1.0)).send();
    for namespace in ["Meerkat/State", "a.b-c_d/e#f:g"] {
        assert!(blocking(sent(namespace)).is_ok(), "{namespace}");
    }
    for namespace in ["AWS/EC2", ":own", "a*b"] {
        No::from(&blocking(sent(namespace)).unwrap_err()).says("InvalidParameterValue", "Namespace");
    }
}

#[test]
fn one_bad_datum_fails_the_request_and_every_bad_member_is_named() {
    let bad = || at(NOW).value(f64::NAN).build();
    let no = sent(vec![one(NOW, 1.0), bad(), one(NOW, 2.0), bad()]).unwrap_err();
    assert_eq!(no.message.lines().count(), 2, "{}", no.message);
    no.says("InvalidParameterValue", "MetricData.member.2.Value");
    no.says("InvalidParameterValue", "MetricData.member.4.Value");
}

fn read(queries: Vec<MetricDataQuery>, start: i64, end: i64) -> Result<(), No> {
    blocking(async {
        let (_stand, client) = still();
        get(&client, queries, start, end).await.map(|_| ())
    })
}

#[test]
fn a_read_holds_500_queries_of_different_ids() {
    let queries = |count: u32| (0..count).map(|n| ask(&format!("q{n}"), "Sum", 60)).collect();
    assert_eq!(read(queries(500), NOW - 60, NOW), Ok(()));
    read(queries(501), NOW - 60, NOW).unwrap_err().says("ValidationError", "size greater than 500");
    read(vec![], NOW - 60, NOW).unwrap_err().says("ValidationError", "MetricDataQueries is required");
    let twice = vec![ask("q", "Sum", 60), ask("q", "Minimum", 60)];
    read(twice, NOW - 60, NOW).unwrap_err().says("ValidationError", "not unique");
}

#[test]
fn a_read_holds_600_kib() {
    let query = |n: u32, length: usize| {
        let metric = Metric::builder().namespace("N").metric_name("m").dimensions(dimension("d", "v".repeat(length)));
        ask_metric(&format!("q{n}"), metric.build(), "Sum", 60).build()
    };
    let queries = |length: usize| (0..500).map(|n| query(n, length)).collect();
    assert_eq!(read(queries(1_024), NOW - 60, NOW), Ok(()));
    let longer = (0..500).map(|n| {
        let metric =
            Metric::builder().namespace("N").metric_name("m".repeat(255)).dimensions(dimension("d", "v".repeat(1_024)));
        ask_metric(&format!("q{n}"), metric.build(), "Sum", 60).build()
    });
    read(longer.collect(), NOW - 60, NOW).unwrap_err().says("RequestEntityTooLarge", "exceeded 614400 bytes");
}

#[test]
fn ids_periods_and_statistics_are_checked() {
    for period in [1, 5, 10, 20, 30, 60, 120, 86_400] {
        assert_eq!(read(vec![ask("aZ_9", "p99.9", period)], NOW - 60, NOW), Ok(()), "{period}");
    }
    for period in [0, -60, 2, 15, 45, 90] {
        read(vec![ask("q", "Sum", period)], NOW - 60, NOW).unwrap_err().says("ValidationError", "Period");
    }
    for id in ["Q", "1q", "_q", "q-1", "q.1"] {
        read(vec![ask(id, "Sum", 60)], NOW - 60, NOW).unwrap_err().says("ValidationError", "expected pattern");
    }
    for stat in ["sum", "p101", "p", "p9x", "Median"] {
        read(vec![ask("q", stat, 60)], NOW - 60, NOW).unwrap_err().says("ValidationError", "valid statistic");
    }
}

#[test]
fn a_read_starts_before_it_ends() {
    assert_eq!(read(vec![ask("q", "Sum", 1)], NOW - 1, NOW), Ok(()));
    read(vec![ask("q", "Sum", 1)], NOW, NOW).unwrap_err().says("ValidationError", "StartTime must be less");
}
