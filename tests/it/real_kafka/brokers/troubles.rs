//! Possible troubles of a broker: how each is caused, and what it makes unknown.

use std::time::Duration;

use super::Scene;

/// Something that happens to a node that is not the controller.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    pub(super) begin: fn(&Scene, usize),
    /// Goes on beside the runs, which are repeated until it is over.
    pub(super) meanwhile: fn(&Scene, usize),
    pub(super) away: Away,
    /// One of these is the reason wherever something is unknown; `#` is the node's number.
    pub(super) causes: &'static [&'static str],
    pub(super) end: fn(&Scene, usize),
}

impl Trouble {
    /// What may be unknown for which causes, so long after it began: on a slow machine a run may last until replicas take
    /// over, and then it may have read before it, after it, or both.
    pub(super) fn unknown_after(&self, lasted: Duration) -> (Away, &'static [&'static str]) {
        let may_be_fenced = self.away == Away::Node && lasted > FENCED_AT_THE_EARLIEST;
        if may_be_fenced { (Away::Changing, CHANGING) } else { (self.away, self.causes) }
    }
}

/// What is unknown while a trouble lasts.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Away {
    Nothing,
    /// The groups that the node coordinates, and the partitions that it leads.
    Node,
    /// The partitions that the node alone has.
    Alone,
    /// At one time this, at another that.
    Changing,
}

/// Why something may be unknown while a broker goes or comes.
pub(super) const CHANGING: &[&str] = &[
    "broker # (",
    "the partition has no leader",
    "the partition's leader ",
    "the group's coordinator ",
    "the metadata leaves the partition out",
];

pub(super) const TROUBLES: [Trouble; 5] = [
    Trouble {
        name: "the controller has moved",
        begin: |scene, _| {
            let before = scene.controller();
            scene.cluster.freeze(before);
            scene.cluster.hand(&format!("controller other-than={before}"));
            scene.cluster.thaw(before);
            scene.until_mended();
        },
        meanwhile: |_, _| (),
        away: Away::Nothing,
        causes: &[],
        end: |_, _| (),
    },
    Trouble {
        name: "frozen",
        begin: |scene, node| scene.cluster.freeze(node),
        meanwhile: |_, _| (),
        away: Away::Node,
        causes: &["broker # ("],
        end: |scene, node| {
            scene.cluster.thaw(node);
            scene.until_mended();
        },
    },
    Trouble {
        name: "restarted during the run",
        // The first runs begin at a broker that is silent until it dies.
        begin: |scene, node| scene.cluster.freeze(node),
        meanwhile: |scene, node| {
            scene.cluster.kill(node);
            scene.cluster.revive(node);
        },
        away: Away::Changing,
        causes: CHANGING,
        end: |scene, _| scene.until_mended(),
    },
    Trouble {
        name: "killed",
        begin: |scene, node| scene.cluster.kill(node),
        meanwhile: |_, _| (),
        away: Away::Node,
        causes: &["broker # ("],
        end: |_, _| (),
    },
    // Still the same broker, after its replicas have taken over.
    Trouble {
        name: "leaderless",
        begin: Scene::until_taken_over,
        meanwhile: |_, _| (),
        away: Away::Alone,
        // Old releases return this for a leader that is down.
        causes: &["the partition has no leader", "leader has no listener"],
        end: |scene, node| {
            scene.cluster.revive(node);
            scene.until_mended();
        },
    },
];

/// The time of runs in seconds; those during one trouble run in parallel. In the shortest run, a broker that hangs leaves the
/// others half a second for each answer, which a busy machine needs.
pub(super) const TIMEOUTS: [u64; 3] = [5, 10, 30];

/// No broker is fenced before: its session lasts 9 s from its last heartbeat, which it sends every 2 s, and to `ZooKeeper`
/// every 3 s; on a busy machine it may be a second late.
const FENCED_AT_THE_EARLIEST: Duration = Duration::from_secs(5);

pub(super) const SETTINGS: [&str; 4] = [
    // As without ZooKeeper; no run with a frozen broker needs as long.
    "zookeeper.session.timeout.ms=9000",
    // No request waits for a frozen controller for longer than electing another one lasts.
    "controller.socket.timeout.ms=1000",
    // A broker that came back leads and coordinates what it did before.
    "leader.imbalance.check.interval.seconds=1",
    "leader.imbalance.per.broker.percentage=0",
];
