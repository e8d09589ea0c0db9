//! Topics that are watched: whether records came that should not, or none that should.

use std::sync::Arc;

use crate::base::figures::{records_of, seconds};
use crate::judge::verdict::Verdict;
use crate::model::cluster_memory::{ClusterMemory, key_of};
use crate::model::snapshot::Snapshot;
use crate::model::unknown::Known;
use crate::model::watched::{TopicMemory, Wanted};

/// A watched topic with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedTopic {
    pub(crate) topic: Arc<str>,
    pub(crate) wanted: Wanted,
    /// OK, WARN, or UNKNOWN where it could not be read.
    pub(crate) verdict: Verdict,
    /// What was announced last: OK too where nothing was.
    pub(crate) before: Verdict,
    pub(crate) reason: String,
    /// Records that came since the last run; `None` where that is not known.
    pub(crate) new: Option<u64>,
    /// For how many seconds at least no record has come, as far as it was seen; `None` where it could not be read.
    pub(crate) silent_s: Option<u64>,
}

impl JudgedTopic {
    /// Whether its verdict is to be announced: it differs from what was announced last, and rests on something that was seen.
    pub(crate) fn is_news(&self) -> bool {
        let is_seen = self.wanted != Wanted::Empty || self.new.is_some();
        self.verdict != Verdict::Unknown && self.verdict != self.before && is_seen
    }
}

/// Judges the topics that are watched, the worst first. `before` is what was remembered before this snapshot.
#[must_use]
pub fn judge(snapshot: &Snapshot, before: Option<&ClusterMemory>, now_s: i64) -> Vec<JudgedTopic> {
    let topics = snapshot.watched.iter().map(|(at, wanted)| {
        let topic = &snapshot.topics[*at];
        let previous = before.and_then(|memory| memory.topics.get(&key_of(&topic.name)).copied());
        of_topic(&topic.name, *wanted, topic.ends(), previous, now_s)
    });
    let mut topics: Vec<JudgedTopic> = topics.collect();
    topics.sort_by_key(|topic| std::cmp::Reverse(topic.verdict.severity()));
    topics
}

fn of_topic(
    name: &Arc<str>,
    wanted: Wanted,
    ends: Known<u64>,
    previous: Option<TopicMemory>,
    now_s: i64,
) -> JudgedTopic {
    let judged = |verdict, reason, new, silent_s| JudgedTopic {
        topic: Arc::clone(name),
        wanted,
        verdict,
        before: if previous.is_some_and(|memory| memory.announced) { Verdict::Warn } else { Verdict::Ok },
        reason,
        new,
        silent_s,
    };
    let ends = match ends {
        Ok(ends) => ends,
        Err(why) => return judged(Verdict::Unknown, why.to_string(), None, None),
    };
    let seen = TopicMemory::see(previous, ends, now_s);
    let silent_s = seen.memory.silent.lasts_s(now_s).and_then(|s| u64::try_from(s).ok());
    let (verdict, reason) = match (wanted, seen.new) {
        (Wanted::Empty, Some(new @ 1..)) => (Verdict::Warn, format!("{} came since the last run", records_of(new))),
        (Wanted::Empty, Some(0)) => (Verdict::Ok, "no record came since the last run".to_owned()),
        (Wanted::Empty, None) => (Verdict::Ok, "no earlier run to compare with".to_owned()),
        (Wanted::Within(most), _) => match silent_s {
            Some(silent) if silent >= most => (
                Verdict::Warn,
                format!("no record for at least {}, and one is wanted within {}", seconds(silent), seconds(most)),
            ),
            _ => (Verdict::Ok, format!("records come within {}", seconds(most))),
        },
    };
    judged(verdict, reason, seen.new, silent_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::since::Since;
    use crate::model::unknown::Unknown;

    /// The verdict on a topic whose log ends were summed up each minute.
    fn verdict(wanted: Wanted, sums: &[u64]) -> (Verdict, String) {
        let (mut memory, mut now_s, mut last) = (None, 0, None);
        for sum in sums {
            last = Some(of_topic(&"t".into(), wanted, Ok(*sum), memory, now_s));
            memory = Some(TopicMemory::see(memory, *sum, now_s).memory);
            now_s += 60;
        }
        last.map_or((Verdict::Unknown, String::new()), |topic| (topic.verdict, topic.reason))
    }

    #[test]
    fn a_new_record_is_a_warning_in_the_run_that_sees_it() {
        assert_eq!(verdict(Wanted::Empty, &[5]), (Verdict::Ok, "no earlier run to compare with".into()));
        assert_eq!(verdict(Wanted::Empty, &[5, 5]), (Verdict::Ok, "no record came since the last run".into()));
        assert_eq!(verdict(Wanted::Empty, &[5, 7]), (Verdict::Warn, "2 records came since the last run".into()));
        assert_eq!(verdict(Wanted::Empty, &[5, 7, 7]).0, Verdict::Ok);
        assert_eq!(verdict(Wanted::Empty, &[5, 1]).0, Verdict::Ok, "it was created again");
    }

    #[test]
    fn a_silence_is_a_warning_once_it_is_as_long_as_allowed() {
        let wanted = Wanted::Within(120);
        assert_eq!(verdict(wanted, &[5, 5]).0, Verdict::Ok);
        assert_eq!(verdict(wanted, &[5, 5, 5]).0, Verdict::Warn);
        assert_eq!(verdict(wanted, &[5, 5, 6]).0, Verdict::Ok);
        assert_eq!(verdict(wanted, &[5, 6, 6, 6]).1, "no record for at least 2 min, and one is wanted within 2 min");
    }

    #[test]
    fn only_what_was_seen_ends_what_was_announced() {
        let announced = Some(TopicMemory { ends: 5, silent: Since::At(0), announced: true });
        let is_news = |ends, wanted, previous| of_topic(&"t".into(), wanted, ends, previous, 60).is_news();
        assert!(is_news(Ok(5), Wanted::Empty, announced), "no record came");
        assert!(!is_news(Ok(7), Wanted::Empty, announced), "records still come");
        assert!(!is_news(Ok(1), Wanted::Empty, announced), "it was created again");
        assert!(!is_news(Err(Unknown::because("no leader")), Wanted::Empty, announced));
        assert!(is_news(Ok(5), Wanted::Within(300), announced));
        assert!(!is_news(Ok(5), Wanted::Within(300), None), "it was never announced");
    }

    #[test]
    fn a_topic_that_could_not_be_read_is_unknown_with_its_cause() {
        let topic = of_topic(&"t".into(), Wanted::Empty, Err(Unknown::because("no leader")), None, 0);
        assert_eq!(
            (topic.verdict, &*topic.reason, topic.new, topic.silent_s),
            (Verdict::Unknown, "no leader", None, None)
        );
    }
}
