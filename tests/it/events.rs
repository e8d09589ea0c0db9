//! Each file of `events/` means what its name says.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use meerkat::config::Detail;
use meerkat::event::{Mode, Request};

#[test]
fn each_example_event_means_what_its_name_says() {
    let minute = Some(1_795_395_900);
    let plain = Request::default;
    let expected = BTreeMap::from([
        ("check.json", plain()),
        ("detail-all.json", Request { detail: Some(Detail::All), ..plain() }),
        ("groups.json", Request { groups: vec!["orders-svc".to_owned(), "payments-svc".to_owned()], ..plain() }),
        ("history.json", Request { mode: Mode::History { group: "orders-svc".to_owned(), minutes: 30 }, ..plain() }),
        ("look-only.json", Request { history: Some(false), publish: Some(false), ..plain() }),
        ("rehearsal.json", Request { scheduled: minute, now_ms: Some(1_795_395_902_000), ..plain() }),
        ("scheduled-minute.json", Request { scheduled: minute, ..plain() }),
        ("scheduled-rule.json", Request { scheduled: minute, ..plain() }),
        ("scheduler-with-input.json", Request { scheduled: minute, detail: Some(Detail::Groups), ..plain() }),
        ("scheduler-without-input.json", Request { scheduled: minute, ..plain() }),
    ]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder events can be read")
        .map(|entry| entry.expect("an entry can be read").file_name().into_string().expect("the name is UTF-8"))
        .collect();
    found.sort();
    assert_eq!(found, expected.keys().copied().collect::<Vec<_>>(), "each file has a meaning here, and the reverse");
    for (name, request) in expected {
        let text = std::fs::read_to_string(folder.join(name)).expect("the event can be read");
        assert_eq!(Request::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}")), request, "{name}");
    }
}
