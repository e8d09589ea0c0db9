//! Topics that are watched although no group may read them: dead letters, and producers that must not fall silent.

use crate::model::pattern::Pattern;
use crate::model::since::Since;

/// What is wanted of the topics that a pattern matches.
#[derive(Clone, Debug)]
pub(crate) struct WatchRule {
    pub(crate) topics: Pattern,
    pub(crate) wanted: Wanted,
}

/// What is wanted of a watched topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// No new record.
    Empty,
    /// A record within so many seconds.
    Within(u64),
}

/// What is remembered of a watched topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TopicMemory {
    /// The sum of its log ends, below [`ENDS_END`].
    pub(crate) ends: u64,
    /// Since when no record has come, as far as it was seen.
    pub(crate) silent: Since,
    /// Whether it was announced as not OK.
    pub(crate) announced: bool,
}

/// What a snapshot shows of a watched topic beside what is remembered of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Records that came since the run before; `None` where nothing is remembered, or the topic was created again.
    pub(crate) new: Option<u64>,
    /// What is to be remembered.
    pub(crate) memory: TopicMemory,
}

impl TopicMemory {
    /// What the sum of the log ends shows.
    pub(crate) fn see(previous: Option<Self>, ends: u64, now_s: i64) -> Seen {
        let new = previous.and_then(|before| ends.checked_sub(before.ends));
        let silent = match (previous, new) {
            (Some(before), Some(0)) => before.silent,
            // Who was never seen before may have been silent for long.
            _ => Since::At(now_s),
        };
        let announced = previous.is_some_and(|before| before.announced);
        Seen { new, memory: Self { ends, silent, announced } }
    }
}

/// Sums of log ends are below this.
pub(crate) const ENDS_END: u64 = 1 << 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_silent_since_its_last_record_was_seen() {
        let first = TopicMemory::see(None, 10, 60);
        assert_eq!(
            first,
            Seen { new: None, memory: TopicMemory { ends: 10, silent: Since::At(60), announced: false } }
        );
        let quiet = TopicMemory::see(Some(first.memory), 10, 120);
        assert_eq!((quiet.new, quiet.memory.silent), (Some(0), Since::At(60)));
        let busy = TopicMemory::see(Some(quiet.memory), 13, 180);
        assert_eq!((busy.new, busy.memory.silent), (Some(3), Since::At(180)));
        let created_again = TopicMemory::see(Some(busy.memory), 1, 240);
        assert_eq!((created_again.new, created_again.memory.silent), (None, Since::At(240)));
    }
}
