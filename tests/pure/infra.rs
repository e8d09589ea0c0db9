//! What `infra/` repeats from the program: metrics, dimensions, variables, the event.
//!
//! The template is read by its lines, as it is laid out; how many of each kind are found is asserted too.

use std::collections::BTreeSet;

use meerkat::cloudwatch::names::{NAMESPACE, PUBLISHED};
use meerkat::config::variables::VARIABLES;
use meerkat::event::Request;
use meerkat::judge::measures::{MEASURES, Measure};
use meerkat::judge::verdict::Verdict;
use serde_json::Value;

const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const DASHBOARD: &str = include_str!("../../infra/dashboard.json");
const DASHBOARD_OTLP: &str = include_str!("../../infra/dashboard-otlp.json");
const CRONJOB: &str = include_str!("../../infra/cronjob.yaml");
const EXAMPLE: &str = include_str!("../../events/scheduler-with-input.json");

/// A metric as something refers to it: its name, and its dimensions in any order.
type Reference = (String, BTreeSet<String>);

fn assert_published((metric, dimensions): &Reference) {
    let (_, sets) = PUBLISHED.iter().find(|(name, _)| name == metric).unwrap_or_else(|| panic!("no metric {metric}"));
    let known =
        sets.iter().any(|set| set.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>() == *dimensions);
    assert!(known, "{metric} is not published with {dimensions:?}");
}

/// The lines below each resource of the template, by the resource's name; a property of classic metrics alone is as it is for those.
fn resources() -> Vec<(&'static str, Vec<String>)> {
    let body =
        TEMPLATE.split("\nResources:\n").nth(1).and_then(|rest| rest.split("\nOutputs:\n").next()).expect("resources");
    let mut resources: Vec<(&str, Vec<String>)> = Vec::new();
    for line in body.lines() {
        match (line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')), resources.last_mut()) {
            (Some(name), _) if name.ends_with(':') => resources.push((name.trim_end_matches(':'), Vec::new())),
            (_, Some((_, lines))) => lines.push(match line.trim().split_once("!If [WithOtlp, !Ref AWS::NoValue, ") {
                Some((key, value)) => format!("{key}{}", value.strip_suffix(']').expect("the end of it")),
                None => line.trim().to_owned(),
            }),
            _ => {}
        }
    }
    resources
}

/// The metrics that `PromQL` selects here: `{"meerkat.group.lag", …}`, with or without JSON's escapes.
fn queried(text: &str) -> BTreeSet<&'static str> {
    let names = text.split("{\"").skip(1).chain(text.split("{\\\"").skip(1));
    let names = names.filter_map(|rest| rest.split(['"', '\\']).next()).filter(|name| name.contains('.'));
    names.map(|name| of_otlp(name).unwrap_or_else(|| panic!("no metric {name}"))).collect()
}

fn of_otlp(name: &str) -> Option<&'static str> {
    MEASURES.iter().filter_map(|measure| measure.otlp).find(|known| *known == name)
}

/// The measure that has this name in `CloudWatch`.
fn of_cloudwatch(name: &str) -> &'static Measure {
    MEASURES.iter().find(|measure| measure.cloudwatch == Some(name)).unwrap_or_else(|| panic!("no metric {name}"))
}

/// `SELECT MAX("Lag") FROM SCHEMA("${Namespace}", "Cluster", "Group") WHERE "Cluster" = …`
fn selected(query: &str) -> Reference {
    let metric = query.split("MAX(\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a metric");
    let schema = query.split("SCHEMA(").nth(1).and_then(|rest| rest.split(')').next()).expect("a schema");
    let mut names = schema.split(", ").map(|name| name.trim_matches('"').to_owned());
    assert_eq!(names.next().as_deref(), Some("${Namespace}"), "{query}");
    (metric.to_owned(), names.collect())
}

/// `SEARCH('{"${Namespace}",Cluster,Group} MetricName="Lag" Cluster="${Cluster}"', 'p99')`
fn searched(expression: &str) -> Reference {
    let search = expression.split("SEARCH('{").nth(1).expect("a search");
    let (schema, filter) = search.split_once("} ").expect("a schema, then a filter");
    let mut names = schema.split(',').map(|name| name.trim_matches('"').to_owned());
    assert_eq!(names.next().as_deref(), Some("${Namespace}"), "{expression}");
    let metric = filter.split("MetricName=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a metric");
    (metric.to_owned(), names.collect())
}

#[test]
fn each_alarm_watches_a_metric_that_is_published() {
    let mut own = 0;
    for (name, lines) in resources() {
        let has = |wanted: &str| lines.iter().any(|line| line == wanted);
        if !has("Type: AWS::CloudWatch::Alarm") {
            continue;
        }
        let watched = if let Some(query) = lines.iter().find(|line| line.starts_with("SELECT ")) {
            selected(query)
        } else if has("Namespace: !Ref Namespace") {
            let metric = lines.iter().find_map(|line| line.strip_prefix("MetricName: ")).expect("a metric");
            let named = lines.iter().filter(|line| line.starts_with("Dimensions: [{ Name: "));
            let dimensions =
                named.flat_map(|line| line.split("{ Name: ").skip(1)).filter_map(|rest| rest.split(',').next());
            (metric.to_owned(), dimensions.map(str::to_owned).collect())
        } else {
            assert!(has("Namespace: AWS/Lambda"), "{name} watches neither our metrics nor Lambda's");
            continue;
        };
        assert_published(&watched);
        own += 1;
        // In `PromQL` the same; only what Lambda counts knows a first run for good.
        let asked = queried(&lines.join("\n"));
        let same = of_cloudwatch(&watched.0).otlp.expect("a name in OTLP");
        assert!(asked.contains(same) || name == "FirstRun", "{name} watches {same}, and asks for {asked:?}");
    }
    assert_eq!(
        own,
        10 + 32,
        "status, age, losses, losses to come, topics, the cluster itself, unknown groups, heartbeat, the first one, blind runs, and each part"
    );
}

#[test]
fn the_dashboard_in_promql_shows_what_the_other_one_does() {
    let shown = queried(DASHBOARD_OTLP);
    for (metric, _) in PUBLISHED {
        let name = of_cloudwatch(metric).otlp.expect("a name in OTLP");
        assert!(shown.contains(name), "{name} is not shown");
    }
}

#[test]
fn the_dashboard_shows_metrics_that_are_published() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("the dashboard is JSON");
    let widgets = dashboard["widgets"].as_array().expect("widgets");
    let metrics = widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten();
    let mut shown = BTreeSet::new();
    for metric in metrics {
        let parts: Vec<&str> = metric.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let reference = match (&parts[..], metric[0]["expression"].as_str()) {
            ([], Some(expression)) => searched(expression),
            (["${Namespace}", name, dimensions @ ..], _) => {
                ((*name).to_owned(), dimensions.iter().step_by(2).map(|name| (*name).to_owned()).collect())
            }
            (["AWS/Lambda", ..], _) => continue,
            _ => panic!("not understood: {metric}"),
        };
        assert_published(&reference);
        shown.insert(reference.0);
    }
    let published: BTreeSet<String> = PUBLISHED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(shown, published, "everything that is published can be seen");
}

#[test]
fn every_status_of_the_dashboard_is_one() {
    let words = ["OK", "WARN", "ERR", "UNKNOWN", "NOTFOUND"];
    let verdicts = [Verdict::Ok, Verdict::Warn, Verdict::Err, Verdict::Unknown, Verdict::NotFound];
    assert_eq!(verdicts.map(Verdict::word), words);
    for word in words {
        assert!(DASHBOARD.contains(&format!("\"Status\", \"{word}\"")), "{word}");
    }
    for (word, number) in [("WARN", Verdict::Warn), ("ERR", Verdict::Err)] {
        assert!(TEMPLATE.contains(&format!("    {word}: {{ Number: {} }}", number.code())), "{word}");
    }
}

#[test]
fn every_variable_that_is_set_is_one() {
    let known: BTreeSet<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    let ours = |name: &&str| ["KAFKA_", "MEERKAT_", "OTEL_"].iter().any(|prefix| name.starts_with(prefix));
    let template = TEMPLATE.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name).filter(ours);
    let cronjob = CRONJOB.lines().filter_map(|line| line.trim().split_once("name: ")).map(|(_, rest)| rest);
    let cronjob = cronjob.map(|rest| rest.split([',', ' ']).next().unwrap_or_default()).filter(ours);
    let (template, cronjob): (BTreeSet<&str>, BTreeSet<&str>) = (template.collect(), cronjob.collect());
    assert!(template.len() > 15 && cronjob.len() > 5, "{template:?} {cronjob:?}");
    for name in template.union(&cronjob) {
        assert!(known.contains(name), "{name} is not in the table of variables");
    }
}

#[test]
fn what_the_schedule_sends_is_understood_and_has_an_example() {
    let inputs = TEMPLATE.split('\'').filter(|text| text.starts_with("{\"scheduled\"") && text.ends_with('}'));
    let input = inputs.clone().find(|text| !text.contains("\"part\"")).expect("the input where there are no parts");
    assert_eq!(inputs.filter(|text| text.contains("\"part\"")).count(), 32, "one for each part");
    let sent = input
        .replace("<aws.scheduler.scheduled-time>", "2026-11-23T01:05:00Z")
        .replace("<aws.scheduler.execution-id>", "d32c5a2e-6a5d-4b58-a4c6-2b2d8f8c7a10")
        .replace("<aws.scheduler.attempt-number>", "1");
    assert!(!sent.contains('<'), "{sent}");
    let request = Request::parse(&sent).expect("the event is understood");
    assert_eq!(request, Request { scheduled: Some(1_795_395_900), ..Request::default() });
    let (Value::Object(sent), Value::Object(example)) = (parsed(&sent), parsed(EXAMPLE)) else {
        panic!("both are objects")
    };
    for (key, value) in sent {
        assert_eq!(example.get(&key), Some(&value), "the example has {key}");
    }
}

#[test]
fn the_namespace_is_the_programs_unless_chosen() {
    let parameter = TEMPLATE
        .split("\n  Namespace:\n")
        .nth(1)
        .and_then(|rest| rest.split("\n  Subnet").next())
        .expect("it is there");
    assert!(
        parameter.contains(&format!("Default: {NAMESPACE}\n")) || parameter.ends_with(&format!("Default: {NAMESPACE}"))
    );
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).expect("it is JSON")
}
