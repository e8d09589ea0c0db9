//! Members of every make on real brokers: of two protocols in one group, static ones, and those of a share group that never read.

use super::super::{check, hand, show};
use super::older;
use crate::support::kafka::Cluster;

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn members_of_the_old_protocol_in_a_group_of_the_new_one_are_listed_beside_the_others() {
    let cluster = Cluster::shared();
    if !cluster.is_at_least(4, 0) {
        // Before 4.0 such a group could not be changed over while it works, so its members are all of one protocol.
        hand("create-topic mixed 2");
        hand("join mixed-old classic mixed mixed assigned=2");
        assert_eq!(show(check(&["mixed"]).group("mixed"), "type members"), "type=classic members=1");
        hand("leave mixed-old");
        return;
    }
    hand("create-topic mixed 2");
    hand("join mixed-new consumer mixed mixed assigned=2");
    hand("join mixed-old classic mixed mixed");
    hand("wait-state mixed Stable");
    let report = check(&["mixed"]);
    assert_eq!(show(report.group("mixed"), "type state members"), "type=consumer state=Stable members=2");
    let mut members: Vec<_> = [0, 1].map(|number| show(report.partition("mixed", "mixed", number), "member")).into();
    members.sort();
    assert_eq!(members, ["member=mixed-new", "member=mixed-old"]);
    hand("leave mixed-old");
    hand("leave mixed-new");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn topics_of_a_regular_expression_are_known_from_the_assignment() {
    let cluster = Cluster::shared();
    let join = "join by-regex-1 consumer by-regex by-regex-.* matching assigned=2";
    if !cluster.is_at_least(4, 0) {
        // Brokers evaluate such expressions from 4.0 on (KIP-848).
        assert!(cluster.try_hand(join).is_err());
        return;
    }
    hand("create-topic by-regex-eu 1");
    hand("create-topic by-regex-us 1");
    hand("create-topic retired-regex 1");
    hand("produce by-regex-eu 0 4");
    hand("commit by-regex retired-regex 0 0");
    hand(join);
    hand("wait-caught-up by-regex commits=3");
    let report = check(&["by-regex"]);
    assert_eq!(show(report.group("by-regex"), "type state members"), "type=consumer state=Stable members=1");
    let partition = |topic| show(report.partition("by-regex", topic, 0), "lag member findings");
    assert_eq!(partition("by-regex-eu"), "lag=0 member=by-regex-1 findings=[]");
    assert!(partition("by-regex-us").contains("member=by-regex-1"), "{report:?}");
    assert_eq!(partition("retired-regex"), r#"lag=0 member=null findings=["unassigned"]"#);
    hand("leave by-regex-1");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_static_member_that_is_away_for_a_moment_is_still_one() {
    hand("create-topic static 1");
    hand("produce static 0 3");
    let joined = Cluster::shared().try_hand("join static-a classic static static instance=a session=30000");
    // KIP-345 came with 2.3.
    if !Cluster::shared().is_at_least(2, 3) {
        let why = joined.expect_err("an old broker");
        assert!(why.starts_with("UnsupportedVersionException"), "{why}");
        return;
    }
    joined.expect("a member");
    hand("wait-caught-up static");
    assert_eq!(show(check(&["static"]).group("static"), "state members"), "state=Stable members=1");
    hand("leave static-a");
    hand("produce static 0 2");
    let report = check(&["static"]);
    assert_eq!(show(report.group("static"), "state members"), "state=Stable members=1");
    assert_eq!(show(report.partition("static", "static", 0), "lag member"), "lag=2 member=static-a");
}

#[test]
#[ignore = "needs a real Kafka: make test-kafka"]
fn a_share_group_that_begins_at_the_end_and_has_read_nothing_has_no_start() {
    let cluster = Cluster::shared();
    if !cluster.is_at_least(4, 1) {
        return older(cluster);
    }
    hand("create-topic kinds-never 1");
    hand("produce kinds-never 0 9");
    hand("join kinds-never-1 share kinds-never kinds-never reset=latest");
    let report = check(&["kinds-never"]);
    let partition = report.partition("kinds-never", "kinds-never", 0);
    let shown = show(partition, "start log_end lag findings");
    assert_eq!(shown, r#"start=null log_end=9 lag=null findings=["no_commit","uncommitted"]"#);
    assert_eq!(partition["reason"], "no start offset: nothing was read yet, though a member is assigned");
    hand("leave kinds-never-1");
}
