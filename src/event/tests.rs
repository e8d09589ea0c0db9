#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn error(text: &str) -> String {
    Request::parse(text).unwrap_err().to_string()
}

#[test]
fn nothing_is_a_plain_check() {
    for nothing in ["", "  \n", "null", "{}"] {
        assert_eq!(Request::parse(nothing).unwrap(), Request::default(), "{nothing:?}");
    }
}

#[test]
fn a_rule_and_a_schedule_bring_their_minute() {
    for detail in ["{}", r#""{}""#, r#""""#, "null"] {
        let event = format!(
            r#"{{"source":"aws.events","detail-type":"Scheduled Event","time":"2015-10-08T16:53:06Z","detail":{detail}}}"#
        );
        assert_eq!(Request::parse(&event).unwrap().scheduled, Some(1_444_323_186), "{detail}");
    }
}

#[test]
fn our_own_keys_may_travel_in_the_detail() {
    let event = r#"{"source":"aws.scheduler","detail-type":"Scheduled Event","detail":"{\"groups\":[\"a\"]}"}"#;
    assert_eq!(Request::parse(event).unwrap().ask, Ask::Partial(vec!["a".into()]));
}

#[test]
fn an_event_that_is_not_understood_is_refused_with_what_was_found() {
    assert!(error("{").contains("not valid JSON"));
    assert!(error("[]").ends_with("it must be an object, found []"));
    assert!(error(r#"{"gruops":[]}"#).contains("unknown field `gruops`, expected one of `mode`, `group`"));
    assert!(error(r#"{"mode":"chekc"}"#).contains("check, history or preflight, found \"chekc\""));
    assert!(
        error(r#"{"detail":"some"}"#)
            .contains("detail: unknown variant `some`, expected one of `groups`, `problems`, `all`")
    );
    assert!(error(r#"{"scheduled":"yesterday"}"#).contains("(RFC 3339), found \"yesterday\""));
    assert!(error(r#"{"scheduled":7}"#).contains("found 7"));
}

#[test]
fn a_wrong_type_names_its_key_and_a_flood_is_cut() {
    assert!(error(r#"{"groups":"orders"}"#).contains(r#"groups: invalid type: string "orders", expected a sequence"#));
    assert!(error(r#"{"history":"on"}"#).contains(r#"history: invalid type: string "on", expected a boolean"#));
    assert!(error(r#"{"gruops":[],"groups":"a","unknown field":1}"#).contains("groups: invalid type"));
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../events/event.schema.json")).unwrap();
    let any = ["now", "scheduled", "attempt"];
    for key in
        schema["$defs"]["own"]["properties"].as_object().unwrap().keys().filter(|key| !any.contains(&key.as_str()))
    {
        let problem = error(&format!(r#"{{"{key}":{{}}}}"#));
        assert!(problem.contains(&format!("{key}: invalid ")), "{problem}");
    }
    let flood = "x".repeat(3_000_000);
    for event in [
        format!("\"{flood}\""),
        format!(r#"{{"mode":"{flood}"}}"#),
        format!(r#"{{"groups":"{flood}"}}"#),
        format!(r#"{{"{flood}":1}}"#),
        format!(r#"{{"scheduled":"{flood}"}}"#),
        format!(r#"{{"detail":"{flood}"}}"#),
        format!(r#"{{"part":"{flood}"}}"#),
    ] {
        assert!(error(&event).chars().count() < 400, "{}", error(&event).len());
    }
}

#[test]
fn a_check_may_be_reported_in_burrows_shape() {
    let request = Request::parse(r#"{"groups":["a"],"format":"burrow","view":"lag"}"#).unwrap();
    assert_eq!((request.format, request.view), (Some(Format::Burrow), View::Lag));
    assert!(
        error(r#"{"format":"nagios"}"#)
            .contains("format: unknown variant `nagios`, expected one of `meerkat`, `burrow`, `openmetrics`")
    );
    assert!(error(r#"{"view":"all"}"#).contains("view: unknown variant `all`, expected `status` or `lag`"));
    assert!(error(r#"{"mode":"history","group":"a","format":"burrow"}"#).contains("go with a check"));
}

#[test]
fn a_check_may_be_about_a_part_of_the_groups() {
    let part = Request::parse(r#"{"part":"2/8"}"#).unwrap().part;
    assert_eq!(part.map(|part| part.to_string()).as_deref(), Some("2/8"));
    assert!(error(r#"{"part":"9/8"}"#).contains("such as 2/8, found \"9/8\""));
}

#[test]
fn an_event_that_names_groups_writes_nothing() {
    let writes = |text| Request::parse(text).unwrap().writes();
    assert!(writes("{}") && writes(r#"{"part":"1/2"}"#));
    assert!(!writes(r#"{"groups":["a"]}"#));
    assert!(!writes(r#"{"widgetContext":{}}"#));
}

#[test]
fn a_preflight_may_be_against_a_release() {
    let ask = |text| Request::parse(text).unwrap().ask;
    assert_eq!(ask(r#"{"mode":"preflight"}"#), Ask::Preflight { groups: Vec::new(), against: None });
    let against = Some("4.4".to_owned());
    assert_eq!(ask(r#"{"mode":"preflight","against":"4.4"}"#), Ask::Preflight { groups: Vec::new(), against });
    assert!(error(r#"{"against":"4.4"}"#).contains("against goes with mode preflight"));
    assert!(error(r#"{"mode":"preflight","group":"a"}"#).contains("go with mode history"));
}

#[test]
fn a_function_urls_event_is_a_question_in_burrows_shape() {
    let request = Request::parse(
        r#"{"version":"2.0","rawPath":"/v3/kafka/prod/consumer/orders-svc/lag","requestContext":{"http":{"method":"GET"}}}"#,
    );
    let request = request.unwrap();
    assert_eq!((request.view, request.writes()), (View::Lag, false));
    assert_eq!(request.ask.groups(), ["orders-svc"]);
    let Ask::Http(unknown) = Request::parse(r#"{"rawPath":"/favicon.ico"}"#).unwrap().ask else { panic!("it is HTTP") };
    assert_eq!(unknown.question.unwrap_err().0, 404);
    assert!(error(r#"{"rawPath":7}"#).contains("function URL"));
}

#[test]
fn the_scheduled_time_may_have_any_offset() {
    let seconds = |text: &str| Request::parse(&format!(r#"{{"scheduled":"{text}"}}"#)).unwrap().scheduled.unwrap();
    assert_eq!(seconds("2026-11-23T02:05:00+01:00"), seconds("2026-11-23T01:05:00Z"));
}
