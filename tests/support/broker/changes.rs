//! What happens to a cluster while the game goes on: records, commits, members, groups and topics that come and go.

use super::group::{Group, Topic};
use super::releases::Release;
use super::scene::Scene;

impl Scene {
    /// This many records are written to every partition of a topic.
    pub(crate) fn produce(&mut self, topic: &str, records: i64) {
        for log in &mut self.topic_of(topic).logs {
            log.end += records;
            log.last_stable += records;
        }
    }

    /// A group commits the end of every partition of a topic that it has committed before.
    pub(crate) fn catch_up(&mut self, group: &str, topic: &str) {
        let ends: Vec<i64> = self.topic_of(topic).logs.iter().map(|log| log.end).collect();
        for (of, partition, offset, _) in &mut self.group_of(group).commits {
            let end = usize::try_from(*partition).ok().and_then(|partition| ends.get(partition));
            if let (true, Some(end)) = (of == topic, end) {
                *offset = *end;
            }
        }
    }

    /// A group commits this many more records in every partition of a topic that it has committed before, if there are
    /// as many.
    pub(crate) fn consume(&mut self, group: &str, topic: &str, records: i64) {
        let ends: Vec<i64> = self.topic_of(topic).logs.iter().map(|log| log.end).collect();
        for (of, partition, offset, _) in &mut self.group_of(group).commits {
            let end = usize::try_from(*partition).ok().and_then(|partition| ends.get(partition));
            if let (true, Some(end)) = (of == topic, end) {
                *offset = (*offset + records).min(*end);
            }
        }
    }

    /// A share group has this start in one partition, and behind it this many records are acknowledged.
    pub(crate) fn acknowledge(&mut self, group: &str, topic: &str, partition: i32, start: i64, records: i64) {
        self.commit(group, topic, partition, start);
        self.group_of(group).acknowledged = vec![(topic.to_owned(), partition, records)];
    }

    /// A group rebalances: its epoch grows; the members of a classic group, which tells none, join anew.
    pub(crate) fn rebalance(&mut self, group: &str) {
        self.group_of(group).epoch += 1;
    }

    /// A broker is of another release from now on.
    pub(crate) fn upgrade(&mut self, node: i32, release: Release) {
        self.nodes.iter_mut().find(|known| known.id == node).expect("a node of the scene").release(release);
    }

    /// A replica of a partition is no longer in sync, or is again.
    pub(crate) fn fall_behind(&mut self, topic: &str, partition: usize, nodes: &[i32]) {
        self.topic_of(topic).logs[partition].behind = nodes.to_vec();
    }

    /// A member leaves a group, and another one takes its partitions.
    pub(crate) fn replace_member(&mut self, group: &str, from: &str, to: &str) {
        let members = &mut self.group_of(group).members;
        members.iter_mut().find(|member| member.client == from).expect("a member of the group").client = to.into();
    }

    /// All members of a group are gone.
    pub(crate) fn crash(&mut self, group: &str) {
        let group = self.group_of(group);
        group.members.clear();
        group.state = "Empty".into();
    }

    /// A group is deleted.
    pub(crate) fn delete_group(&mut self, name: &str) {
        self.groups.retain(|group| group.name != name);
    }

    /// A group appears.
    pub(crate) fn add_group(&mut self, group: Group) {
        self.groups.push(group);
    }

    /// A topic gets one partition more, which the group commits the beginning of.
    pub(crate) fn add_partition(&mut self, topic: &str, group: &str) {
        let topic = self.topic_of(topic);
        let mut log = topic.logs[0].clone();
        (log.start, log.end, log.last_stable) = (0, 0, 0);
        topic.logs.push(log);
        let (name, partition) = (topic.name.clone(), i32::try_from(topic.logs.len()).expect("few partitions") - 1);
        self.group_of(group).commits.push((name, partition, 0, 0));
    }

    /// A topic is deleted and created again, and its groups begin again.
    pub(crate) fn recreate_topic(&mut self, name: &str) {
        let topic = self.topic_of(name);
        topic.generation += 1;
        for log in &mut topic.logs {
            (log.start, log.end, log.last_stable) = (0, 0, 0);
        }
        for group in &mut self.groups {
            group.commits.iter_mut().filter(|(of, ..)| of == name).for_each(|commit| commit.2 = 0);
        }
    }

    /// A topic is another one than before, of the same name.
    pub(crate) fn renew(&mut self, name: &str) {
        self.topic_of(name).generation += 1;
    }

    /// This user may no longer describe a topic, or may again.
    pub(crate) fn hide(&mut self, topic: &str, hidden: bool) {
        self.topic_of(topic).hidden = hidden;
    }

    /// A group's commit to one partition expires.
    pub(crate) fn expire(&mut self, group: &str, topic: &str, partition: i32) {
        self.group_of(group).commits.retain(|(name, number, ..)| (&**name, *number) != (topic, partition));
    }

    /// A broker is gone, and the metadata has it no more.
    pub(crate) fn lose(&mut self, node: i32) {
        self.concealed.push(node);
    }

    /// Another broker leads partitions of the topic of how far share groups have come.
    pub(crate) fn lead_share_state(&mut self, nodes: &[i32]) {
        self.share_state_led_by = nodes.to_vec();
    }

    /// A group's questions are answered with this error from now on; 0 for none.
    pub(crate) fn refuse(&mut self, group: &str, code: i16) {
        self.group_of(group).error = code;
    }

    fn topic_of(&mut self, name: &str) -> &mut Topic {
        self.topics.iter_mut().find(|topic| topic.name == name).expect("a topic of the scene")
    }

    fn group_of(&mut self, name: &str) -> &mut Group {
        self.groups.iter_mut().find(|group| group.name == name).expect("a group of the scene")
    }
}
