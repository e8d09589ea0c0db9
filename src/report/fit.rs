//! A report with a size limit: the worst entries stay, and the others are counted.

use std::cmp::Reverse;
use std::io;

use serde::{Deserialize, Serialize};

use super::{GroupEntry, PartitionEntry, Report};

/// What the size limit left out: the worst entries stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// Groups that are not listed.
    pub groups: usize,
    /// Partitions that are not listed.
    pub(crate) partitions: usize,
    /// Members that are not listed.
    pub(crate) members: usize,
    /// The limit, in bytes.
    pub(crate) limit: usize,
}

impl<'a> Report<'a> {
    /// Cuts sums by member, then groups, then partitions, until the report fits: the worst stay, and what went is counted.
    pub(super) fn fit(&mut self, limit: usize) {
        if size(self) <= limit {
            return;
        }
        let mut members = 0;
        for group in &mut self.groups {
            members += std::mem::take(&mut group.by_member).len();
            group.by_host.clear();
        }
        if members > 0 {
            self.cut = Some(Cut { members, limit, ..Cut::default() });
            if size(self) <= limit {
                return;
            }
        }
        let partitions: Vec<Vec<PartitionEntry<'a>>> =
            self.groups.iter_mut().map(|group| std::mem::take(&mut group.partitions)).collect();
        let groups: Vec<GroupEntry<'a>> = std::mem::take(&mut self.groups);
        self.cut =
            Some(Cut { groups: groups.len(), partitions: partitions.iter().map(Vec::len).sum(), members, limit });
        let mut left = limit.saturating_sub(size(self));

        // They are sorted worst first, so the first that has no room ends the list.
        let needed = groups.iter().map(|group| size(group) + COMMA);
        let room = needed.take_while(|needed| left.checked_sub(*needed).map(|rest| left = rest).is_some());
        let kept = room.count();
        let mut order: Vec<(usize, usize)> =
            (0..kept).flat_map(|group| (0..partitions[group].len()).map(move |partition| (group, partition))).collect();
        order.sort_by_key(|(group, partition)| {
            let entry = &partitions[*group][*partition];
            Reverse((entry.status.severity(), entry.lag))
        });
        let mut kept_partitions: Vec<Vec<bool>> = partitions.iter().map(|entries| vec![false; entries.len()]).collect();
        for (group, partition) in order {
            let needed = size(&partitions[group][partition]) + COMMA;
            if needed > left {
                break;
            }
            left -= needed;
            kept_partitions[group][partition] = true;
        }
        for ((mut group, entries), kept) in groups.into_iter().zip(partitions).zip(kept_partitions).take(kept) {
            let kept = entries.into_iter().zip(kept).filter(|(_, kept)| *kept);
            group.partitions = kept.map(|(entry, _)| entry).collect();
            if let Some(cut) = &mut self.cut {
                cut.groups -= 1;
                cut.partitions -= group.partitions.len();
            }
            self.groups.push(group);
        }
    }
}

/// Bytes of a value as JSON.
fn size(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither the counter nor these values can fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// The separator between two entries.
const COMMA: usize = 1;
