//! Changes of a group's status, told to a topic: once each, and nothing is lost where the topic takes none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use percent_encoding::percent_decode_str;

use super::*;
use crate::support::http::{Answer, Server};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:changes";

/// A topic that can be told to refuse.
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
        let field = |body: &str, name: &str| {
            let value = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).expect("a field");
            percent_decode_str(value).decode_utf8().expect("UTF-8").into_owned()
        };
        let seen = self.server.seen();
        let message = seen.iter().map(|asked| {
            assert_eq!(
                (field(&asked.body, "Action").as_str(), field(&asked.body, "TopicArn").as_str()),
                ("Publish", TOPIC)
            );
            assert!(asked.head.contains("/us-east-1/sns/aws4_request"), "{}", asked.head);
            format!("{} | {}", field(&asked.body, "Subject"), field(&asked.body, "Message"))
        });
        message.collect()
    }
}

fn watch(scene: Scene, topic: &Topic) -> Watch {
    Watch::new(scene).with("MEERKAT_CHANGES_TOPIC", TOPIC).with("AWS_ENDPOINT_URL_SNS", &topic.server.origin())
}

#[test]
fn a_change_is_told_once_and_a_look_without_one_tells_nothing() {
    let topic = Topic::start();
    let watch = watch(scene(), &topic);
    let minute = watch.until_trouble();
    let mut told = topic.messages();
    told.sort_unstable();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("prod: crashed ERR | crashed ERR: of-crashed/0 STOP: no commit for "), "{told:#?}");
    assert!(told[1].starts_with("prod: stuck ERR | stuck ERR: of-stuck/0 STALL: no commit for "), "{told:#?}");
    assert!(told[1].ends_with(" behind, a member is assigned (and 1 more)"), "{told:#?}");

    // The same status, an outage, the same event twice, a redriven event, and what people ask for in between.
    for minute in [minute, minute + 1, minute + 40] {
        watch.work(&["well"]);
        watch.look(minute);
    }
    watch.look_late(minute + 40, 9);
    watch.look_late(minute + 2, DELAY + 60 * 38);
    watch.run((minute + 40) * 60 + 20, json!({ "groups": ["stuck"] }), &[]);
    assert_eq!(topic.messages().len(), 2);

    watch.work(&["stuck", "well"]);
    watch.look(minute + 41);
    assert_eq!(
        topic.messages().split_off(2),
        ["prod: stuck OK | stuck OK (was ERR): 2 partitions, 0 records behind in all"]
    );
}

#[test]
fn what_the_topic_does_not_take_is_a_problem_and_told_by_the_next_look() {
    let topic = Topic::start();
    let watch = watch(scene(), &topic);
    topic.refuse(true);
    let minute = watch.until_trouble();
    let refused = topic.messages().len();
    assert!(refused > 2, "each look tries anew: {refused}");
    watch.work(&["well"]);
    let report = watch.look(minute);
    let problem = format!(
        "metrics: MEERKAT_CHANGES_TOPIC ({TOPIC}) took no message: AuthorizationError: not authorized to perform: SNS:Publish; allow sns:Publish on it to the role of this run, and in the policy of the VPC endpoint if there is one"
    );
    assert_eq!(problems(&report), [problem]);
    assert_eq!(watch.published("stuck", [minute]), "3", "metrics are published all the same");
    assert_ne!(report["history"]["datums_written"], 0, "and the look is kept");

    topic.refuse(false);
    let before = topic.messages().len();
    for minute in [minute + 1, minute + 2] {
        watch.work(&["well"]);
        assert_eq!(problems(&watch.look(minute)), [""; 0]);
    }
    let mut told = topic.messages().split_off(before);
    told.sort_unstable();
    assert!(told.len() == 2 && told[0].contains("crashed ERR") && told[1].contains("stuck ERR"), "{told:#?}");
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
        watch.look(minute);
        if !topic.messages().is_empty() {
            break;
        }
    }
    let told = topic.messages();
    assert_eq!(told.len(), 11, "{told:#?}");
    let rest = told.iter().find(|message| message.contains("and 16 more")).expect("the rest");
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
fn more_groups_in_trouble_than_are_listed_are_told_by_their_number() {
    let topic = Topic::start();
    let watch = watch(many(68), &topic);
    let mut step = (0..).map(|minute: i64| {
        watch.work(&["well"]);
        let before = topic.messages().len();
        watch.look(minute);
        topic.messages().split_off(before)
    });
    let told = step.find(|told| !told.is_empty()).expect("messages");
    // The 68, `stuck` and `crashed`, which nobody has caught up: 70 groups.
    assert_eq!(told.len(), 12, "{told:#?}");
    assert!(told.iter().any(|message| message.starts_with("prod: and 60 more | and 60 more: ")), "{told:#?}");
    let number = "prod: 6 more groups are not OK | 6 more groups are not OK: changes are told one by one for the 64 worst, ERR first";
    assert!(told.iter().any(|message| message == number), "{told:#?}");
    assert_eq!(step.next(), Some(Vec::new()), "the same again is no news");

    // Six catch up, some of which are listed.
    watch.stage.change(|scene| (0..6).for_each(|number| scene.catch_up(&format!("many-{number:02}"), "of-stuck")));
    let told: Vec<String> = (0..2)
        .flat_map(|_| {
            watch
                .stage
                .change(|scene| (0..6).for_each(|number| scene.catch_up(&format!("many-{number:02}"), "of-stuck")));
            step.next().unwrap_or_default()
        })
        .collect();
    assert!(told.iter().any(|message| message.starts_with("prod: at most 64 groups are not OK again | ")), "{told:#?}");
    assert!(told.iter().any(|message| message.contains(" OK (was ERR): ")), "{told:#?}");
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
        watch.look(minute);
    }
    let text =
        "a group that was ERR is gone: deleted, or not selected any more; names of groups are not kept. ERR now: stuck";
    assert_eq!(topic.messages().split_off(before), [format!("prod: a group that was ERR is gone | {text}")]);
}
