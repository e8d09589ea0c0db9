//! What a Lambda function logs of its runs, as a log service reads it: a JSON object a line.

use super::*;
use crate::support::lambda::Lambda;

impl Watch {
    /// Runs these events in one function, each at its second after midnight; the lines of its log that are records.
    fn logged(&self, runs: &[(i64, Value)], variables: &[(&str, &str)]) -> Vec<Value> {
        let mut environment = self.environment();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment.push(("MEERKAT_LOG".to_owned(), String::new()));
        let function = Lambda::start(&environment);
        for (second, event) in runs {
            self.stand.set_now(MIDNIGHT + second);
            let mut event = event.clone();
            event["now"] = json!(rfc3339(MIDNIGHT + second));
            function.invoke(&event.to_string());
        }
        let lines = function.logs();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        lines.filter(|line| line.get("record").is_some()).collect()
    }
}

fn scheduled(minute: i64) -> (i64, Value) {
    (minute * 60 + DELAY, json!({ "scheduled": rfc3339(MIDNIGHT + minute * 60) }))
}

/// Some fields of a line, as text.
fn fields(line: &Value, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| {
            line.get(*name)
                .map_or("-".to_owned(), |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_run_logs_itself_and_each_group_that_needs_attention() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    watch.work(&["well"]);
    let owners = [("MEERKAT_OWNERS", "st*=team-a")];
    let lines = watch.logged(&[scheduled(first)], &owners);
    let names = [
        "level",
        "record",
        "cluster",
        "part",
        "status",
        "complete",
        "groups",
        "ok",
        "warn",
        "err",
        "unknown",
        "problems",
        "groups_logged",
        "groups_left_out",
    ];
    assert_eq!(fields(&lines[0], &names), "INFO run prod 1/1 ERR true 3 1 0 2 0 0 2 0");
    assert_eq!(lines[0]["scheduled"], rfc3339(MIDNIGHT + first * 60));
    // From its minute to the moment in the run at which the logs were read.
    let lasted = lines[0]["duration_ms"].as_i64().expect("a number") / 1_000;
    assert!((DELAY..=DELAY + lasted + 1).contains(&lines[0]["late_s"].as_i64().expect("a number")), "{}", lines[0]);
    assert!(
        lines[0]["duration_ms"].is_u64() && lines[0]["total_lag"].is_u64() && lines[0]["meerkat"].is_string(),
        "{}",
        lines[0]
    );
    let mut groups: Vec<String> = lines[1..]
        .iter()
        .map(|line| fields(line, &["record", "group", "status", "before", "owner", "last_known"]))
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, ["group crashed ERR ERR - -", "group stuck ERR ERR team-a -"]);
    let stuck = lines.iter().find(|line| line["group"] == "stuck").expect("a line");
    assert!(
        stuck["message"].as_str().is_some_and(|text| text.starts_with("of-stuck/0 STALL: no commit for ")),
        "{stuck}"
    );
    assert_eq!(stuck["total_lag"], stuck["max_lag"].as_u64().expect("a number") * 2);

    // A change is logged once, and a healthy group is not logged afterwards.
    watch.work(&["stuck", "well"]);
    let lines = watch.logged(&[scheduled(first + 1), scheduled(first + 2)], &owners);
    let of_stuck: Vec<String> = lines
        .iter()
        .filter(|line| line["group"] == "stuck")
        .map(|line| fields(line, &["scheduled", "status", "before"]))
        .collect();
    assert_eq!(of_stuck, [format!("{} OK ERR", rfc3339(MIDNIGHT + (first + 1) * 60))]);
    assert_eq!(lines.iter().filter(|line| line["record"] == "run").count(), 2);
    assert_eq!(lines[1]["group"], "stuck", "what changed comes first: {lines:?}");
}

#[test]
fn a_blind_run_logs_why_and_what_stands() {
    let watch = Watch::new(scene());
    let first = watch.until_trouble();
    let lines = watch.logged(&[scheduled(first)], &[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")]);
    assert_eq!(
        fields(&lines[0], &["level", "record", "cluster", "status", "complete", "blind", "standing"]),
        "ERROR run prod UNKNOWN false true 2"
    );
    assert!(lines[0]["failure"].as_str().is_some_and(|why| why.contains("127.0.0.1:1")), "{}", lines[0]);
    let groups: Vec<String> =
        lines[1..].iter().map(|line| fields(line, &["record", "group", "status", "last_known", "last_read"])).collect();
    let read = rfc3339(MIDNIGHT + (first - 1) * 60);
    assert_eq!(groups, ["crashed", "stuck"].map(|group| format!("group {group} UNKNOWN ERR {read}")));
}

#[test]
fn the_log_of_many_groups_is_cut_and_states_it() {
    let expected: Vec<String> = (0..130).map(|number| format!("nobody-{number:03}")).collect();
    let watch = Watch::new(scene()).with("MEERKAT_EXPECT", &expected.join(","));
    let between = [(70, json!({ "groups": ["stuck"] })), (80, json!({ "widgetContext": {} }))];
    let lines = watch.logged(&[&[scheduled(0)], &between[..]].concat(), &[]);
    assert_eq!(fields(&lines[0], &["groups", "unknown", "groups_logged", "groups_left_out"]), "133 130 100 30");
    assert_eq!(fields(&lines[1], &["record", "group", "status", "before"]), "group nobody-000 NOTFOUND -");
    assert_eq!(lines.len(), 101, "what is asked for in between is no event");
}

#[test]
fn a_watched_topic_and_a_problem_of_the_cluster_have_a_line_until_they_are_over() {
    let topics = ["dead", "read"].map(|name| Topic::new(name, &[0..10]).led_by(&[1]));
    let scene = topics.into_iter().fold(Scene::of(3), Scene::topic).group(Group::classic("g").commits("read", &[10]));
    let watch = Watch::new(scene).with("MEERKAT_WATCH", "dead=new").with("MEERKAT_CLUSTER_ALARMS", "on");
    watch.check(0);
    watch.stage.change(|scene| scene.fall_behind("read", 0, &[2]));
    (1..7).for_each(|minute| drop(watch.check(minute)));
    watch.stage.change(|scene| {
        scene.fall_behind("read", 0, &[]);
        scene.produce("dead", 3);
    });
    let lines = watch.logged(&[scheduled(7), scheduled(8), scheduled(9)], &[]);
    let lines: Vec<String> = lines
        .iter()
        .filter(|line| line["record"] == "topic" || line["record"] == "cluster")
        .map(|line| fields(line, &["record", "topic", "status", "before", "new_records", "message"]))
        .collect();
    let expected = [
        "cluster - OK WARN - broker 2: no partition that groups read lacks a replica on it",
        "topic dead WARN OK 3 3 records came since the last run",
        "topic dead OK WARN 0 no record came since the last run",
    ];
    assert_eq!(lines, expected);
}
