//! Each file of `events/` means what its name promises.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use meerkat::config::{Detail, Format};
use meerkat::event::http::{Call, Question};
use meerkat::event::origin::{Origin, View};
use meerkat::event::widget::{Asked, Context, Theme, Widget};
use meerkat::event::{Ask, Request};

#[test]
fn each_example_event_means_what_its_name_promises() {
    let minute = Some(1_795_395_900);
    let plain = Request::default;
    let orders = || Ask::Partial(vec!["orders-svc".to_owned()]);
    let expected = BTreeMap::from([
        (
            "burrow-url.json",
            Request {
                view: View::Lag,
                ask: Ask::Http(Call {
                    origin: Origin {
                        url: "/v3/kafka/prod/consumer/orders-svc/lag".to_owned(),
                        host: "abc123.lambda-url.eu-central-1.on.aws".to_owned(),
                    },
                    question: Ok(Question::Consumer {
                        cluster: "prod".to_owned(),
                        group: "orders-svc".to_owned(),
                        view: Some(View::Lag),
                    }),
                    login: None,
                    encrypted: false,
                }),
                ..plain()
            },
        ),
        ("burrow.json", Request { ask: orders(), format: Some(Format::Burrow), view: View::Lag, ..plain() }),
        ("check.json", plain()),
        ("detail-all.json", Request { detail: Some(Detail::All), ..plain() }),
        (
            "groups.json",
            Request { ask: Ask::Partial(vec!["orders-svc".to_owned(), "payments-svc".to_owned()]), ..plain() },
        ),
        ("history.json", Request { ask: Ask::History { group: "orders-svc".to_owned(), minutes: 30 }, ..plain() }),
        ("read-only.json", Request { history: Some(false), publish: Some(false), ..plain() }),
        (
            "preflight-against.json",
            Request { ask: Ask::Preflight { groups: Vec::new(), against: Some("4.4".to_owned()) }, ..plain() },
        ),
        ("preflight.json", Request { ask: Ask::Preflight { groups: Vec::new(), against: None }, ..plain() }),
        ("rehearsal.json", Request { scheduled: minute, now_ms: Some(1_795_395_902_000), ..plain() }),
        ("scheduled-minute.json", Request { scheduled: minute, ..plain() }),
        ("scheduled-rule.json", Request { scheduled: minute, ..plain() }),
        ("scheduler-with-input.json", Request { scheduled: minute, detail: Some(Detail::Groups), ..plain() }),
        (
            "widget-group.json",
            Request {
                detail: Some(Detail::All),
                ask: Ask::Widget(Widget {
                    asked: Asked::Partitions("orders-svc".to_owned()),
                    context: Context {
                        theme: Theme::Dark,
                        width: 600,
                        range_ms: Some(1_795_392_300_000..1_795_395_900_000),
                        endpoint: String::new(),
                    },
                }),
                ..plain()
            },
        ),
        ("scheduler-without-input.json", Request { scheduled: minute, ..plain() }),
    ]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder events can be read")
        .map(|entry| entry.expect("an entry can be read").file_name().into_string().expect("the name is UTF-8"))
        .filter(|name| {
            !name.ends_with(".schema.json") && Path::new(name).extension().is_some_and(|kind| kind == "json")
        })
        .collect();
    found.sort();
    assert_eq!(found, expected.keys().copied().collect::<Vec<_>>(), "each file has a meaning here, and the reverse");
    for (name, request) in expected {
        let text = std::fs::read_to_string(folder.join(name)).expect("the event can be read");
        assert_eq!(Request::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}")), request, "{name}");
    }
}
