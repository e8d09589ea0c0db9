//! The widget and the page: what they show of a real report, and that no name can change their markup.

use std::collections::BTreeMap;

use meerkat::event::widget::{Asked, Context, Theme, Widget};
use meerkat::report::Report;
use meerkat::report::html::{self, Series};
use proptest::prelude::*;
use serde_json::{Value, json};

mod real;

const EXAMPLES: [&str; 3] = [
    include_str!("../screenshots/reports/problems.json"),
    include_str!("../screenshots/reports/healthy.json"),
    include_str!("../screenshots/reports/empty.json"),
];

fn group(name: &str, status: &str, lag: Option<u64>) -> Value {
    json!({
        "group": name, "type": "consumer", "state": "Stable", "members": 1, "status": status, "reason": format!("because of {name}"),
        "total_lag": lag, "max_lag": lag, "lag_seconds": 1.5, "partition_count": 1,
        "partitions": [{
            "topic": name, "partition": 0, "status": status, "committed": 1, "log_start": 0, "log_end": 9, "last_stable": 9,
            "lag": lag, "lag_seconds": null, "lag_seconds_source": null, "findings": [name], "member": name, "reason": name,
        }],
    })
}

fn report(name: &str, groups: &[Value]) -> Report<'static> {
    let report = json!({
        "cluster": name, "status": "OK", "complete": true, "scheduled": name, "duration_ms": 1, "groups": groups,
        "brokers": [{ "id": 1, "address": name, "reachable": false, "versions": null, "reason": name }],
        "history": { "problems": [name] }, "metrics": { "refused": name, "problems": [name] },
        "problems": [{ "where": name, "what": name }],
    });
    Report::parse(&report.to_string()).expect("it is a report")
}

fn overview(report: &Report<'_>) -> String {
    drawn(
        report,
        Asked::Groups(Vec::new()),
        Context { endpoint: "arn:aws:lambda:a:b:function:c".to_owned(), ..Context::default() },
    )
}

fn drawn(report: &Report<'_>, asked: Asked, context: Context) -> String {
    let lags =
        report.groups.iter().map(|group| (group.group.clone().into_owned(), Series(vec![Some(1.0), None, Some(2.0)])));
    html::widget(report, &lags.collect(), &Widget { asked, context })
}

/// The tags alone, with the names of their attributes; panics where the text could not have come from a careful writer.
fn markup(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    // The style sheet is fixed and comes first; a style sheet may hold a `>`.
    let (before, style) = html.split_once("<style>").expect("there is a style sheet");
    let after = style.split_once("</style>").expect("the style sheet ends").1;
    let mut rest = &*[before, after].concat();
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a > that closes nothing: {rest}");
        let mut end = None;
        let (mut quoted, mut tag) = (false, String::new());
        for (at, letter) in rest[start..].char_indices() {
            match letter {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = Some(start + at + 1);
                    break;
                }
                '<' | '>' if at > 0 => panic!("a < or > within a tag: {}", &rest[start..]),
                letter if !quoted => tag.push(letter),
                _ => {}
            }
        }
        tags.push(tag);
        rest = &rest[end.expect("every tag ends")..];
    }
    tags
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

fn every_view(name: &str) -> Vec<String> {
    let report = report(name, &[group(name, "ERR", Some(5))]);
    let context = || Context { endpoint: name.to_owned(), ..Context::default() };
    vec![
        html::page(&report),
        drawn(&report, Asked::Groups(Vec::new()), context()),
        drawn(&report, Asked::Partitions(name.to_owned()), context()),
        drawn(&report, Asked::Partitions(format!("{name}?")), context()),
    ]
}

proptest! {
    #[test]
    fn no_name_changes_the_markup(name in "[<>&\"'/=a-z\\\\\u{0}-\u{1f}\u{202e}\u{2028}{}!;:-]{1,24}|\\PC{1,24}") {
        for (hostile, tame) in every_view(&name).iter().zip(every_view("tame")) {
            prop_assert_eq!(markup(hostile), markup(&tame));
            prop_assert!(!hostile.chars().any(|letter| letter.is_control() && letter != '\n'));
            let printable = !name.chars().any(char::is_control);
            prop_assert!(!printable || unescaped(hostile).contains(&name));
        }
    }
}

#[test]
fn well_known_attacks_stay_text() {
    for attack in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style><script>",
        "</cwdb-action><cwdb-action action=\"call\" endpoint=\"arn:aws:lambda:evil\">",
        "<!--",
        "]]>",
        "&lt;script&gt;",
    ] {
        for (hostile, tame) in every_view(attack).iter().zip(every_view("tame")) {
            assert_eq!(markup(hostile), markup(&tame), "{attack}");
            assert!(unescaped(hostile).contains(attack), "{attack} is shown as it is");
        }
    }
}

#[test]
fn there_is_no_script_and_nothing_is_fetched() {
    for example in EXAMPLES {
        let report = Report::parse(example).expect("the example is a report");
        for html in [html::page(&report), overview(&report)] {
            let html = html.to_lowercase();
            for word in
                ["<script", "javascript:", "<iframe", "<use", "<img", "<link", "url(", "@import", "http://", "https://"]
            {
                assert!(!html.contains(word), "{word}");
            }
        }
    }
}

#[test]
fn groups_stand_worst_first_then_by_lag() {
    let groups = [
        group("fine", "OK", Some(900)),
        group("slow", "WARN", Some(3)),
        group("not-known", "UNKNOWN", None),
        group("small", "ERR", Some(1)),
        group("large", "ERR", Some(2)),
        group("gone", "NOTFOUND", None),
    ];
    let html = overview(&report("c", &groups));
    let place = |name: &str| html.find(&format!("<bdi>{name}</bdi>")).expect("the group is shown");
    let order = ["large", "small", "slow", "gone", "not-known", "fine"];
    assert!(order.is_sorted_by_key(|name| place(name)), "{html}");
}

#[test]
fn an_unknown_value_is_no_number() {
    let html = overview(&report("c", &[group("g", "UNKNOWN", None)]));
    assert_eq!(html.matches("title=\"not known\"").count(), 1, "{html}");
    assert!(!html.contains(">0<"), "{html}");
}

#[test]
fn a_word_that_this_build_does_not_know_is_unknown_and_not_fine() {
    let html = overview(&report("c", &[group("g", "SPLENDID", Some(1))]));
    assert!(html.contains("UNKNOWN") && !html.contains("SPLENDID"), "{html}");
}

#[test]
fn everything_unreadable_is_reported() {
    let html = overview(&report("broken", &[]));
    assert!(html.contains("Not everything could be read"));
    assert_eq!(html.matches("<li>").count(), 2, "a broker and a problem: {html}");
    let report = Report::parse(EXAMPLES[1]).expect("the example is a report");
    assert!(!overview(&report).contains("Not everything could be read"));
}

#[test]
fn a_click_sends_the_groups_name_to_this_function() {
    let html = overview(&report("c", &[group("a \"b\"", "OK", Some(1))]));
    let action =
        html.split("<cwdb-action").nth(1).and_then(|rest| rest.split("</cwdb-action>").next()).expect("an action");
    let (attributes, event) = action.split_once('>').expect("the tag ends");
    assert!(attributes.contains("endpoint=\"arn:aws:lambda:a:b:function:c\""), "{attributes}");
    let mut event: Value = serde_json::from_str(&unescaped(event)).expect("the event is JSON");
    event["widgetContext"] = json!({});
    let asked = Widget::from_event(event).expect("it is understood").asked;
    assert_eq!(asked, Asked::Partitions("a \"b\"".to_owned()));
}

#[test]
fn an_owner_stands_before_the_reason_and_cannot_be_markup() {
    let mut owned = group("g", "ERR", Some(1));
    owned["owner"] = json!("<b>team");
    let html = drawn(&report("c", &[owned]), Asked::Groups(Vec::new()), Context::default());
    assert!(html.contains("<span class=\"mk-reason\"><b><bdi>&lt;b&gt;team</bdi></b> · "), "{html}");
}

#[test]
fn without_an_endpoint_nothing_can_be_clicked() {
    let html = drawn(&report("c", &[group("g", "OK", Some(1))]), Asked::Groups(Vec::new()), Context::default());
    assert!(!html.contains("<cwdb-action") && !html.contains("<a "), "{html}");
}

#[test]
fn theme_and_width_choose_the_style() {
    let class = |theme, width| {
        let html = drawn(&report("c", &[]), Asked::Groups(Vec::new()), Context { theme, width, ..Context::default() });
        html.split("<div class=\"mk ")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .map(str::to_owned)
            .expect("a class")
    };
    assert_eq!(class(Theme::Light, 300), "mk-light mk-narrow");
    assert_eq!(class(Theme::Dark, 600), "mk-dark mk-medium");
    assert_eq!(class(Theme::Light, 1_800), "mk-light");
}

#[test]
fn long_tables_are_cut_and_say_so() {
    let groups: Vec<Value> = (0..1_000).map(|number| group(&format!("g-{number}"), "OK", Some(number))).collect();
    let html = overview(&report("c", &groups));
    assert!(html.contains("and 800 more, none of them worse"), "the count is shown");
    assert!(html.contains("<bdi>g-999</bdi>") && !html.contains("<bdi>g-1</bdi>"), "the greatest lag stays");
    assert!(html.len() < 1024 * 1024, "{} bytes", html.len());
}

#[test]
fn the_description_names_every_parameter() {
    for parameter in ["`groups`", "`group`"] {
        assert!(html::DESCRIPTION.contains(parameter), "{parameter}");
    }
}

#[test]
fn what_is_no_report_is_refused_with_what_is_missing() {
    let error = Report::parse("{\"cluster\":\"c\"}").expect_err("there is more to a report").to_string();
    assert!(error.contains("missing field `status`"), "{error}");
    assert!(
        html::widget(
            &report("c", &[]),
            &BTreeMap::new(),
            &Widget { asked: Asked::Groups(Vec::new()), context: Context::default() }
        )
        .contains("No consumer group was found")
    );
}
