//! The cluster that the scripted brokers play: its nodes, and what happens to it, as plain data.

use std::net::{IpAddr, Ipv4Addr};

use kafka_protocol::messages::ApiKey;

use super::faults::{Act, Fault, When};
use super::group::{Group, Topic};
use super::key::Key;
use super::listener::Identity;
use super::releases::{Offered, Release};

/// A cluster of brokers, numbered from 1.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Scene {
    pub(super) nodes: Vec<Node>,
    pub(super) groups: Vec<Group>,
    pub(super) topics: Vec<Topic>,
    pub(super) faults: Vec<Fault>,
    /// Brokers that the metadata leaves out.
    pub(super) concealed: Vec<i32>,
    pub(super) offsets_topic: bool,
    /// Where there is no offsets topic: groups are kept elsewhere, and listed only while they have members.
    pub(super) keeps_elsewhere: bool,
    /// How many partitions the offsets topic has; `None` for the usual fifty.
    pub(super) offsets_partitions: Option<usize>,
    /// Partitions of the offsets topic that their leader has yet to load: it neither lists their groups nor answers for them.
    pub(super) unloaded: Vec<usize>,
    /// Who leads the partitions of the offsets topic, in turn; empty for all nodes.
    pub(super) offsets_led_by: Vec<i32>,
    /// This user may not describe the offsets topic.
    pub(super) offsets_hidden: bool,
    /// The same for the topic with the state of share groups; empty if there is none.
    pub(super) share_state_led_by: Vec<i32>,
    /// Whether this user may describe the cluster; `None` if no broker returns it.
    pub(super) describes_cluster: Option<bool>,
    pub(super) sasl: Option<Sasl>,
    /// What is held is answered from now on.
    pub(super) let_go: bool,
    /// Nothing is answered any more on the connections that are open now.
    pub(super) goes_silent: bool,
}

/// How clients have to log in; before that, brokers close the connection at anything else.
#[derive(Clone)]
pub(crate) struct Sasl {
    /// The one mechanism that is offered.
    pub(crate) mechanism: &'static str,
    /// The correct first message, if the mechanism has only one; `None` accepts any.
    pub(crate) right: Option<Vec<u8>>,
    /// What the broker answers to it.
    pub(crate) receipt: &'static [u8],
    /// The answer to any other message.
    pub(crate) refusal: &'static str,
}

/// One broker.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) id: i32,
    pub(crate) offered: Offered,
    /// Whether the refusal of an `ApiVersions` has the right range.
    pub(crate) reports_range: bool,
    /// Where it listens.
    pub(crate) bind: IpAddr,
    /// The host name in `Metadata`; `None` for the address that it listens on.
    pub(crate) advertised: Option<String>,
    /// What it shows as a TLS server; `None` for a plaintext listener.
    pub(crate) tls: Option<Identity>,
    /// What answers on the port.
    pub(crate) voice: Voice,
}

/// What answers on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// A Kafka broker.
    Kafka,
    /// Nothing: connections are refused.
    Closed,
    /// Connections are accepted, and nothing is ever sent.
    Silent,
    /// These bytes, once the client has sent something; then the connection is closed.
    Says(&'static [u8]),
}

impl Scene {
    /// This many brokers of the newest release; there is an offsets topic.
    pub(crate) fn of(brokers: i32) -> Self {
        let nodes = (1..=brokers).map(Node::new).collect();
        Self { nodes, offsets_topic: true, ..Self::default() }
    }

    /// All brokers are of this release.
    pub(crate) fn release(mut self, release: Release) -> Self {
        for node in &mut self.nodes {
            node.release(release);
        }
        self
    }

    /// Changes one broker.
    pub(crate) fn node(mut self, id: i32, change: impl FnOnce(&mut Node)) -> Self {
        change(self.nodes.iter_mut().find(|node| node.id == id).expect("a node of the scene"));
        self
    }

    /// Changes every broker.
    pub(crate) fn every_node(mut self, change: impl FnMut(&mut Node)) -> Self {
        self.nodes.iter_mut().for_each(change);
        self
    }

    /// There is a group.
    pub(crate) fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// There is a topic.
    pub(crate) fn topic(mut self, topic: Topic) -> Self {
        self.topics.push(topic);
        self
    }

    /// Another broker leads partitions of the offsets topic, while the game goes on.
    pub(crate) fn lead_offsets(&mut self, nodes: &[i32]) {
        self.offsets_led_by = nodes.to_vec();
    }

    /// The metadata leaves a broker out, as if it had just gone.
    pub(crate) fn conceal(mut self, id: i32) -> Self {
        self.concealed.push(id);
        self
    }

    /// The metadata has every broker again, during the run.
    pub(crate) fn reveal(&mut self, id: i32) {
        self.concealed.retain(|concealed| *concealed != id);
    }

    /// Changes it before it begins.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The fifty partitions of the offsets topic are led by these brokers in turn; see [`Topic::led_by`].
    pub(crate) fn offsets_led_by(mut self, nodes: &[i32]) -> Self {
        self.offsets_led_by = nodes.to_vec();
        self
    }

    /// This user may not describe the offsets topic.
    pub(crate) fn hidden_offsets(mut self) -> Self {
        self.offsets_hidden = true;
        self
    }

    /// There is a topic of how far share groups have come, whose fifty partitions are led by these brokers in turn.
    pub(crate) fn share_state_led_by(mut self, nodes: &[i32]) -> Self {
        self.share_state_led_by = nodes.to_vec();
        self
    }

    /// Brokers return whether this user may describe the cluster.
    pub(crate) fn describes_cluster(mut self, may: bool) -> Self {
        self.describes_cluster = Some(may);
        self
    }

    /// The internal topic of this name, if there is one.
    pub(super) fn internal(&self, name: &str) -> Option<Topic> {
        let every: Vec<i32> = self.nodes.iter().map(|node| node.id).collect();
        let leaders = match name {
            "__consumer_offsets" if !self.offsets_topic => return None,
            "__consumer_offsets" if self.offsets_led_by.is_empty() => &every,
            "__consumer_offsets" => &self.offsets_led_by,
            "__share_group_state" if !self.share_state_led_by.is_empty() => &self.share_state_led_by,
            _ => return None,
        };
        let partitions = self.offsets_partitions.filter(|_| name == "__consumer_offsets").unwrap_or(50);
        let mut topic = Topic::new(name, &vec![0..1; partitions]).led_by(leaders);
        topic.hidden = self.offsets_hidden && name == "__consumer_offsets";
        Some(topic)
    }

    /// No group ever committed anything.
    pub(crate) fn without_offsets_topic(mut self) -> Self {
        self.offsets_topic = false;
        self
    }

    /// A service that keeps groups and commits elsewhere, and lists groups only while they have members.
    pub(crate) fn without_offsets_topic_but_with_groups(mut self) -> Self {
        self.keeps_elsewhere = true;
        self.without_offsets_topic()
    }

    /// The offsets topic has this many partitions.
    pub(crate) fn offsets_partitions(mut self, partitions: usize) -> Self {
        self.offsets_partitions = Some(partitions);
        self
    }

    /// The leaders of these partitions of the offsets topic have yet to load them.
    pub(crate) fn unloaded(mut self, partitions: &[usize]) -> Self {
        self.unloaded = partitions.to_vec();
        self
    }

    /// All partitions of the offsets topic are loaded by now.
    pub(crate) fn load(&mut self) {
        self.unloaded.clear();
    }

    /// Whether the partition of the offsets topic that a group belongs to is loaded.
    pub(super) fn is_loaded(&self, group: &str) -> bool {
        // As Java hashes a text.
        let hash = group.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
        let partition = usize::try_from(hash.checked_abs().unwrap_or(0)).expect("a number that is not negative");
        let partition = partition % self.offsets_partitions.unwrap_or(50);
        !self.unloaded.contains(&partition)
    }

    /// Clients have to log in.
    pub(crate) fn sasl(mut self, sasl: Sasl) -> Self {
        self.sasl = Some(sasl);
        self
    }

    /// From now on another first message is right.
    pub(crate) fn rotate(&mut self, right: Vec<u8>) {
        self.sasl.as_mut().expect("a login of the scene").right = Some(right);
    }

    /// The next question for the brokers ends the connection that it comes on, as a restart does to those that were open.
    pub(crate) fn hang_up(&mut self) {
        self.faults.push(Fault { when: When::on(ApiKey::Metadata).times(1), act: Act::Close });
    }

    /// Nothing is answered any more on the connections that are open now; new ones are served.
    pub(crate) fn go_silent(&mut self) {
        self.goes_silent = true;
    }

    /// Answers that are held are given, while the game goes on; see [`Act::Held`].
    pub(crate) fn let_go(&mut self) {
        self.let_go = true;
    }

    /// Something goes wrong. Of several faults that match a request, the first one that is not used up counts.
    pub(crate) fn fault(mut self, when: When, act: Act) -> Self {
        self.faults.push(Fault { when, act });
        self
    }

    /// A group changes its coordinator, while the game goes on.
    pub(crate) fn move_group(&mut self, name: &str, node: i32) {
        let group = self.groups.iter_mut().find(|group| group.name == name).expect("a group of the scene");
        group.coordinator = node;
    }

    /// A partition changes its leader, while the game goes on.
    pub(crate) fn move_leader(&mut self, topic: &str, partition: usize, node: i32) {
        let topic = self.topics.iter_mut().find(|known| known.name == topic).expect("a topic of the scene");
        topic.logs[partition].leader = node;
        topic.logs[partition].epoch += 1;
    }

    /// A log is trimmed up to an offset, while the game goes on.
    pub(crate) fn trim(&mut self, topic: &str, partition: usize, start: i64) {
        let topic = self.topics.iter_mut().find(|known| known.name == topic).expect("a topic of the scene");
        let log = &mut topic.logs[partition];
        (log.start, log.end) = (start, log.end.max(start));
        log.last_stable = log.end;
    }

    /// A group commits, while the game goes on.
    pub(crate) fn commit(&mut self, group: &str, topic: &str, partition: i32, offset: i64) {
        let group = self.groups.iter_mut().find(|known| known.name == group).expect("a group of the scene");
        group.commits.retain(|(name, number, ..)| (&**name, *number) != (topic, partition));
        group.commits.push((topic.into(), partition, offset, 0));
    }

    /// A topic is deleted with its commits, during the run.
    pub(crate) fn delete_topic(&mut self, name: &str) {
        self.topics.retain(|topic| topic.name != name);
        self.groups.iter_mut().for_each(|group| group.commits.retain(|(topic, ..)| topic != name));
    }
}

/// The leader of a partition whose broker lacks the listener that is asked.
pub(crate) const NO_LISTENER: i32 = -72;

impl Node {
    fn new(id: i32) -> Self {
        let newest = Release::V4_4;
        Self {
            id,
            offered: newest.offered(),
            reports_range: newest.reports_range(),
            bind: Ipv4Addr::LOCALHOST.into(),
            advertised: None,
            tls: None,
            voice: Voice::Kafka,
        }
    }

    /// It is of this release.
    pub(crate) fn release(&mut self, release: Release) {
        self.offered = release.offered();
        self.reports_range = release.reports_range();
    }

    /// It offers these versions of one API.
    pub(crate) fn offers(&mut self, api: impl Into<Key>, min: i16, max: i16) {
        self.offered.insert(api.into().number(), (min, max));
    }

    /// It does not know an API.
    pub(crate) fn lacks(&mut self, api: impl Into<Key>) {
        self.offered.remove(&api.into().number());
    }
}
