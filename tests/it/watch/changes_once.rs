//! Changes of a group's status, sent to a topic: once each, and none is lost when the topic refuses messages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use percent_encoding::percent_decode_str;

use super::*;
use crate::support::http::{Answer, Server};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:changes";

/// A topic that a test can make refuse.
struct Topic {
    server: Server,
    refuses: Arc<AtomicBool>,
}

impl Topic {
    fn start() -> Self {
        let refuses = Arc::new(AtomicBool::new(false));
        let no = Arc::clone(&refuses);
        let server = Server::start(move |_| {
            let code = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not authorized to perform: SNS:Publish</Message></Error></ErrorResponse>";
            if no.load(Ordering::Acquire) {
                Answer::json(403, code)
            } else {
                Answer::json(
                    200,
                    "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
                )
            }
        });
        Self { server, refuses }
    }

    fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Release);
    }

    /// Every message so far, as `subject | text`.
    fn messages(&self) -> Vec<String> {
        self.sent()
            .into_iter()
            .map(|sent| format!("{} | {}", sent.subject, sent.texts["default"].as_str().expect("a text")))
            .collect()
    }

    /// Every message so far.
    fn sent(&self) -> Vec<Sent> {
        self.server
            .seen()
            .iter()
            .map(|asked| {
                let fields: BTreeMap<String, String> = asked
                    .body
                    .split('&')
                    .map(|pair| {
                        let (name, value) = pair.split_once('=').expect("a field");
                        (name.to_owned(), percent_decode_str(value).decode_utf8().expect("UTF-8").into_owned())
                    })
                    .collect();
                let is = |name: &str, value: &str| assert_eq!(fields[name], value, "{fields:?}");
                is("Action", "Publish");
                is("TopicArn", TOPIC);
                is("MessageStructure", "json");
                assert!(asked.head.contains("/us-east-1/sns/aws4_request"), "{}", asked.head);
                let attributes = (1..=10).map_while(|at| {
                    let of = |key: &str| fields.get(&format!("MessageAttributes.entry.{at}.{key}")).cloned();
                    let name = of("Name")?;
                    assert_eq!(of("Value.DataType").as_deref(), Some("String"));
                    Some((name, of("Value.StringValue").filter(|value| !value.is_empty()).expect("a value")))
                });
                let texts: Value = serde_json::from_str(&fields["Message"]).expect("a message for each protocol");
                Sent { subject: fields["Subject"].clone(), attributes: attributes.collect(), texts }
            })
            .collect()
    }
}

/// A message as SNS received it.
struct Sent {
    subject: String,
    attributes: BTreeMap<String, String>,
    /// By the protocol of a subscription.
    texts: Value,
}

impl Sent {
    /// What programs read.
    fn body(&self) -> Value {
        let body = |protocol: &str| self.texts[protocol].as_str().expect("a text of its own").to_owned();
        let all = ["sqs", "lambda", "http", "https", "firehose"].map(body);
        assert!(all.iter().all(|one| *one == all[0]));
        serde_json::from_str(&all[0]).expect("JSON")
    }
}

fn watch(scene: Scene, topic: &Topic) -> Watch {
    Watch::new(scene).with("MEERKAT_CHANGES_TOPIC", TOPIC).with("AWS_ENDPOINT_URL_SNS", &topic.server.origin())
}

#[test]
fn a_change_is_sent_once_and_a_run_without_a_change_sends_nothing() {
    let topic = Topic::start();
    let watch = watch(scene(), &topic);
    let minute = watch.until_trouble();
    let mut reported = topic.messages();
    reported.sort_unstable();
    assert_eq!(reported.len(), 2, "{reported:#?}");
    assert!(reported[0].starts_with("prod: crashed ERR | crashed ERR: of-crashed/0 STOP: no commit for "), "{reported:#?}");
    assert!(reported[1].starts_with("prod: stuck ERR | stuck ERR: of-stuck/0 STALL: no commit for "), "{reported:#?}");
    let stuck = " behind, a member is assigned (and 1 more); member_stuck: member a-1 on 127.0.0.1 commits nothing: 2 partitions stand still. Next: ";
    assert!(reported[1].contains(stuck), "{reported:#?}");

    // The same status, an outage, the same event twice, a redriven event, and requests of people in between.
    for minute in [minute, minute + 1, minute + 40] {
        watch.work(&["well"]);
        watch.check(minute);
    }
    watch.check_late(minute + 40, 9);
    watch.check_late(minute + 2, DELAY + 60 * 38);
    watch.run((minute + 40) * 60 + 20, json!({ "groups": ["stuck"] }), &[]);
    assert_eq!(topic.messages().len(), 2);

    watch.work(&["stuck", "well"]);
    watch.check(minute + 41);
    assert_eq!(
        topic.messages().split_off(2),
        ["prod: stuck OK | stuck OK (was ERR): 2 partitions, 0 records behind in all"]
    );
}

#[test]
fn a_message_that_the_topic_refuses_is_a_problem_and_the_next_run_sends_it_again() {
    let topic = Topic::start();
    let watch = watch(scene(), &topic);
    topic.refuse(true);
    let minute = watch.until_trouble();
    let refused = topic.messages().len();
    assert!(refused > 2, "each run tries anew: {refused}");
    watch.work(&["well"]);
    let report = watch.check(minute);
    let problem = format!(
        "metrics: MEERKAT_CHANGES_TOPIC ({TOPIC}) accepted no message: AuthorizationError: not authorized to perform: SNS:Publish; allow sns:Publish on it to the role of this run, and in the policy of the VPC endpoint if there is one"
    );
    assert_eq!(problems(&report), [problem]);
    assert_eq!(watch.published("stuck", [minute]), "3", "metrics are published all the same");
    assert_ne!(report["history"]["datums_written"], 0, "and the run is kept");

    topic.refuse(false);
    let before = topic.messages().len();
    for minute in [minute + 1, minute + 2] {
        watch.work(&["well"]);
        assert_eq!(problems(&watch.check(minute)), [""; 0]);
    }
    let mut reported = topic.messages().split_off(before);
    reported.sort_unstable();
    assert!(
        reported.len() == 2 && reported[0].contains("crashed ERR") && reported[1].contains("stuck ERR"),
        "{reported:#?}"
    );
}

#[test]
fn many_changes_are_ten_messages_and_one_more() {
    let topic = Topic::start();
    let many = (0..24).fold(scene(), |scene, number| {
        let name = format!("many-{number:02}");
        scene.group(Group::classic(&name).commits("of-stuck", &[100, 100]).member("a-1", "of-stuck", &[0, 1]))
    });
    let watch = watch(many, &topic);
    for minute in 0..60 {
        watch.work(&["well"]);
        watch.check(minute);
        if !topic.messages().is_empty() {
            break;
        }
    }
    let reported = topic.messages();
    assert_eq!(reported.len(), 11, "{reported:#?}");
    let rest = reported.iter().find(|message| message.contains("and 16 more")).expect("the rest");
    assert!(rest.starts_with("prod: and 16 more | and 16 more: many-09 ERR, "), "{rest}");
}

/// Groups that read `of-stuck` and nothing any more, beside those of the scene.
fn many(count: usize) -> Scene {
    (0..count).fold(scene(), |scene, number| {
        let name = format!("many-{number:02}");
        scene.group(Group::classic(&name).commits("of-stuck", &[100, 100]).member("a-1", "of-stuck", &[0, 1]))
    })
}

#[test]
fn groups_in_trouble_beyond_the_list_are_reported_by_their_number() {
    let topic = Topic::start();
    let watch = watch(many(68), &topic);
    let mut step = (0..).map(|minute: i64| {
        watch.work(&["well"]);
        let before = topic.messages().len();
        watch.check(minute);
        topic.messages().split_off(before)
    });
    let reported = step.find(|reported| !reported.is_empty()).expect("messages");
    // The 68, `stuck` and `crashed`, which are not caught up: 70 groups.
    assert_eq!(reported.len(), 12, "{reported:#?}");
    assert!(reported.iter().any(|message| message.starts_with("prod: and 60 more | and 60 more: ")), "{reported:#?}");
    let number = "prod: 6 more groups are not OK | 6 more groups are not OK: changes are sent one by one for the 64 worst, ERR first";
    assert!(reported.iter().any(|message| message == number), "{reported:#?}");
    assert_eq!(step.next(), Some(Vec::new()), "the same again is no news");

    // Six catch up, some of which are listed.
    watch.stage.change(|scene| (0..6).for_each(|number| scene.catch_up(&format!("many-{number:02}"), "of-stuck")));
    let reported: Vec<String> = (0..2)
        .flat_map(|_| {
            watch
                .stage
                .change(|scene| (0..6).for_each(|number| scene.catch_up(&format!("many-{number:02}"), "of-stuck")));
            step.next().unwrap_or_default()
        })
        .collect();
    assert!(
        reported.iter().any(|message| message.starts_with("prod: at most 64 groups are not OK again | ")),
        "{reported:#?}"
    );
    assert!(reported.iter().any(|message| message.contains(" OK (was ERR): ")), "{reported:#?}");
}

#[test]
fn a_group_that_is_deleted_while_it_is_an_error_gets_a_closing_message() {
    let topic = Topic::start();
    let watch = watch(scene(), &topic);
    let minute = watch.until_trouble();
    let before = topic.messages().len();
    watch.stage.change(|scene| scene.delete_group("crashed"));
    for minute in minute..minute + 2 {
        watch.work(&["well"]);
        watch.check(minute);
    }
    let text =
        "a group that was ERR is gone: deleted, or not selected any more; names of groups are not kept. ERR now: stuck";
    assert_eq!(topic.messages().split_off(before), [format!("prod: a group that was ERR is gone | {text}")]);
}

#[test]
fn a_message_can_be_filtered_and_read_by_programs() {
    let topic = Topic::start();
    let many = (0..11).fold(scene(), |scene, number| {
        let name = format!("many-{number:02}");
        scene.group(Group::classic(&name).commits("of-stuck", &[100, 100]).member("a-1", "of-stuck", &[0, 1]))
    });
    let watch = watch(many, &topic).with("MEERKAT_OWNERS", "stuck=team-a, many-*=größe");
    let mut minute = watch.until_trouble();
    while !topic.messages().iter().any(|message| message.contains("and 1 more: many-")) {
        watch.work(&["well"]);
        watch.check(minute);
        minute += 1;
        assert!(minute < 80, "{:#?}", topic.messages());
    }
    let sent = topic.sent();
    let attributes = |sent: &Sent| {
        sent.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    let of = |group: &str| {
        sent.iter().find(|sent| sent.attributes.get("group").is_some_and(|name| name == group)).expect("a message")
    };
    assert_eq!(attributes(of("crashed")), "before=OK cluster=prod group=crashed status=ERR", "nobody owns it");
    assert_eq!(attributes(of("many-00")), "before=OK cluster=prod group=many-00 owner=größe status=ERR");
    let body = of("many-00").body();
    assert_eq!(
        (&body["cluster"], &body["more"], body["changes"].as_array().map(Vec::len)),
        (&json!("prod"), &json!(0), Some(1))
    );
    let change = &body["changes"][0];
    assert_eq!(["group", "status", "before", "owner"].map(|key| &change[key]), ["many-00", "ERR", "OK", "größe"]);
    assert!(
        change["reason"].as_str().is_some_and(|reason| reason.starts_with("of-stuck/0 STALL: no commit for ")),
        "{body}"
    );
    assert!(change["total_lag"].as_u64() > Some(0), "{body}");
    let text = of("many-00").texts["default"].as_str().expect("a text").to_owned();
    assert!(text.contains("(and 1 more); owner größe; member_stuck: "), "{text}");
    assert_eq!(change["diagnosis"]["kind"], "member_stuck", "{body}");
    assert_eq!(change["diagnosis"]["evidence"]["members"][0]["member_host"], "/127.0.0.1", "{body}");

    let rest = sent.iter().find(|sent| !sent.attributes.contains_key("group")).expect("the rest");
    assert_eq!(attributes(rest), "cluster=prod status=ERR");
    let body = rest.body();
    let groups: Vec<&str> =
        body["changes"].as_array().expect("changes").iter().filter_map(|change| change["group"].as_str()).collect();
    assert_eq!((groups.len(), &body["more"]), (1, &json!(0)), "{body}");

    watch.work(&["stuck", "well"]);
    watch.check(minute);
    let last = topic.sent().split_off(sent.len());
    let well =
        last.iter().find(|sent| sent.attributes.get("group").is_some_and(|name| name == "stuck")).expect("a message");
    assert_eq!(attributes(well), "before=ERR cluster=prod group=stuck owner=team-a status=OK");
}

#[test]
fn a_watched_topic_is_reported_when_records_come_and_when_none_come_any_more() {
    let topic = Topic::start();
    let logs = [0..10, 0..10];
    let scene = ["orders-dlt", "orders"].into_iter().fold(scene(), |scene, name| {
        scene.topic(crate::support::broker::Topic::new(name, &logs))
    });
    let watch = watch(scene, &topic).with("MEERKAT_WATCH", "*-dlt=new,orders=120");
    let sent = |minute: i64| {
        let before = topic.messages().len();
        watch.work(&["crashed", "stuck", "well"]);
        watch.check(minute);
        topic.messages().split_off(before)
    };
    assert_eq!((sent(0), sent(1)), (vec![], vec![]));
    watch.stage.change(|scene| scene.produce("orders-dlt", 1));
    topic.refuse(true);
    watch.check(2);
    topic.refuse(false);
    // The next run sends what was refused, though no more records came.
    let (came, silent) = (
        "prod: topic orders-dlt WARN | topic orders-dlt WARN: 2 records came since the last run",
        "prod: topic orders WARN | topic orders WARN: no record for at least 3 min, and one is wanted within 2 min",
    );
    assert_eq!(sent(3), [silent, came]);
    let body = topic.sent().pop().map(|sent| (sent.body(), sent.attributes)).expect("a message");
    let attributes: Vec<String> = body.1.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(attributes.join(" "), "before=OK cluster=prod status=WARN topic=orders-dlt");
    let change = json!({
        "topic": "orders-dlt", "status": "WARN", "before": "OK", "reason": "2 records came since the last run", "new_records": 2,
        "silent_seconds": 0
    });
    assert_eq!((&body.0["topic_changes"], &body.0["changes"]), (&json!([change]), &json!([])));
    let well = "prod: topic orders-dlt OK | topic orders-dlt OK (was WARN): no record came since the last run";
    assert_eq!(sent(4), [well]);
    watch.stage.change(|scene| scene.produce("orders", 1));
    assert_eq!(sent(5), ["prod: topic orders OK | topic orders OK (was WARN): records come within 2 min"]);
    assert_eq!(sent(6), [""; 0]);
}

#[test]
fn what_is_wrong_with_the_cluster_is_reported_where_that_is_an_alarm_and_when_it_ends() {
    for asked in [true, false] {
        let topic = Topic::start();
        let of_three = crate::support::broker::Topic::new("t", &[0..100]).led_by(&[1]);
        let scene = Scene::of(3).topic(of_three).group(Group::classic("g").commits("t", &[100]));
        let watch = watch(scene, &topic).with("MEERKAT_CLUSTER_ALARMS", if asked { "on" } else { "off" });
        watch.check(0);
        watch.stage.change(|scene| scene.fall_behind("t", 0, &[2]));
        (1..9).for_each(|minute| drop(watch.check(minute)));
        watch.stage.change(|scene| scene.fall_behind("t", 0, &[]));
        (9..11).for_each(|minute| drop(watch.check(minute)));
        let what = "broker 2 is there, and its replicas of 1 partition (t/0) are not in sync (since 00:01)";
        let expected = [
            format!("prod: broker 2 WARN | broker 2 WARN: {what}"),
            "prod: broker 2 OK | broker 2 OK (was WARN): no partition that groups read lacks a replica on it".into(),
        ];
        assert_eq!(topic.messages(), if asked { &expected[..] } else { &[] });
        for (sent, kind) in topic.sent().iter().zip([Some("under_replicated"), None]) {
            let change = &sent.body()["cluster_changes"][0];
            assert_eq!((&change["broker"], change["kind"].as_str()), (&json!(2), kind));
            assert_eq!(sent.attributes.get("broker").map(String::as_str), Some("2"));
            assert_eq!(sent.attributes.get("kind").map(String::as_str), kind);
        }
    }
}
