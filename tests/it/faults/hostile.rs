//! Answers that no broker would give: a clear error each, never a panic, never a number.

use kafka_protocol::messages::ApiKey;

use crate::support::broker::{Act, Group, Scene, Topic, When};
use crate::support::check::Check;

const ASKED: [ApiKey; 6] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::ListGroups,
    ApiKey::DescribeGroups,
    ApiKey::OffsetFetch,
    ApiKey::ListOffsets,
];

fn five_behind() -> Scene {
    Scene::of(1)
        .group(Group::classic("orders").commits("t", &[5]).member("reader", "t", &[0]))
        .topic(Topic::new("t", &[0..10]))
}

/// Everything that a user reads when every answer to `api` is damaged in this way.
fn reported(api: ApiKey, act: Act) -> String {
    let stage = five_behind().fault(When::on(api), act).start();
    match Check::at(&stage.bootstrap()).answer() {
        Err(sentence) => sentence,
        Ok(report) => {
            assert!(!report.complete(), "{api:?}: {}", report.0);
            report.0.to_string()
        }
    }
}

/// The cause must be reported, whichever answer is damaged.
fn every_answer(act: &Act, cause: &str) {
    for api in ASKED {
        let reported = reported(api, act.clone());
        assert!(reported.contains(cause), "{api:?}: {reported}");
    }
}

#[test]
fn a_wrong_correlation_id_is_reported() {
    every_answer(&Act::Correlation(7), "where");
}

#[test]
fn bytes_left_over_are_reported() {
    every_answer(&Act::Trailing(b"!"), "1 bytes are left over");
}

#[test]
fn an_answer_that_ends_early_is_reported() {
    for less in [1, 2, 5, 9] {
        every_answer(&Act::Truncated(less), "cannot be read");
    }
}

#[test]
fn an_empty_answer_is_reported() {
    every_answer(&Act::Body(b""), "cannot be read");
}

#[test]
fn an_absurd_size_is_reported() {
    for size in [-1, 0, 3, i32::MIN, i32::MAX] {
        every_answer(&Act::Claim(size), &format!("claims a size of {size} bytes"));
    }
}

#[test]
fn an_answer_that_nobody_asked_for_ends_its_connection_and_spoils_nothing() {
    let stage = five_behind().fault(When::on(ApiKey::ListGroups), Act::Twice).start();
    let report = Check::at(&stage.bootstrap()).report(&stage);
    assert_eq!((report.lags("orders"), report.complete()), ("t/0 5".into(), true));
    // The listing is requested again, because the request just after it had no answer.
    assert_eq!(stage.connections(), 3);
}

#[test]
fn http_in_the_middle_is_reported() {
    every_answer(&Act::Raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), "an HTTP server answered");
}

#[test]
fn a_tls_alert_in_the_middle_is_reported() {
    every_answer(&Act::Raw(b"\x15\x03\x03\0\x02\x02\x50"), "the port speaks TLS");
}

#[test]
fn a_closed_connection_is_reported() {
    every_answer(&Act::Close, "closed");
}

#[test]
fn an_answer_cut_off_by_the_end_of_the_connection_is_reported() {
    every_answer(&Act::Raw(b"\0\0\x10\0\0\0"), "closed");
}

/// Lengths that announce much more than the frame holds, in the flexible encoding and in the old one.
#[test]
fn an_absurd_number_of_entries_is_reported_and_needs_no_memory() {
    let flexible = Act::Body(b"\0\0\0\0\0\0\0\xff\xff\xff\xff\x0f");
    assert!(reported(ApiKey::ListGroups, flexible).contains("the answer to ListGroups v5 cannot be read"));
    let stage = five_behind()
        .node(1, |node| node.offers(ApiKey::ListGroups, 0, 2))
        .fault(When::on(ApiKey::ListGroups), Act::Body(b"\0\0\0\0\0\0\x7f\xff\xff\xff"))
        .start();
    let report = Check::at(&stage.bootstrap()).answer().unwrap();
    assert!(report.problems()[0].contains("the answer to ListGroups v2 cannot be read"), "{:?}", report.problems());
}

#[test]
fn the_code_of_metadata_as_a_whole_counts() {
    let stage = five_behind().fault(When::on(ApiKey::Metadata).times(1), Act::Code(129)).start();
    let reported = Check::at(&stage.bootstrap()).answer().unwrap_err();
    assert!(
        reported.contains("the broker refused to return its metadata: the broker refused (RebootstrapRequired)"),
        "{reported}"
    );
}

/// A listing of this many groups, which have nothing, not even names.
fn groups(count: usize) -> Act {
    let mut length = count + 1;
    let mut body = vec![0; 7];
    while length >= 0x80 {
        body.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    body.push(u8::try_from(length).unwrap());
    body.extend(b"\x01\x01\x01\x01\0".repeat(count));
    body.push(0);
    Act::Body(body.leak())
}

#[test]
fn a_listing_of_smallest_entries_is_refused_before_it_is_decoded() {
    // 8 MB, which would need 250 MB of memory.
    let reported = reported(ApiKey::ListGroups, groups(1_600_000));
    assert!(
        reported.contains("bytes of memory, more than the limit of 67108864; raise MEERKAT_FRAME_LIMIT"),
        "{reported}"
    );
}

#[test]
fn more_groups_than_any_cluster_has_are_reported() {
    let reported = reported(ApiKey::ListGroups, groups(250_001));
    assert!(reported.contains("250001 more groups: a run reads up to 250,000 groups of a cluster"), "{reported}");
}
