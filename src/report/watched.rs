//! The topics that are watched, in a report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Report;
use crate::judge::verdict::Verdict;
use crate::judge::watched::JudgedTopic;
use crate::model::watched::Wanted;

/// A topic that is watched although no group may read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WatchedEntry<'a> {
    topic: Cow<'a, str>,
    /// `new`: no new record is wanted; else the seconds within which one is.
    wanted: Cow<'a, str>,
    pub(crate) status: Verdict,
    reason: Cow<'a, str>,
    /// Records that came since the last run; `null` where that is not known.
    new_records: Option<u64>,
    /// For how many seconds at least no record has come, as far as it was seen; `null` where it could not be read.
    silent_seconds: Option<u64>,
}

impl<'a> WatchedEntry<'a> {
    pub(super) fn new(topic: &'a JudgedTopic) -> Self {
        Self {
            topic: Cow::Borrowed(&topic.topic),
            wanted: match topic.wanted {
                Wanted::Empty => "new".into(),
                Wanted::Within(seconds) => seconds.to_string().into(),
            },
            status: topic.verdict,
            reason: Cow::Borrowed(&topic.reason),
            new_records: topic.new,
            silent_seconds: topic.silent_s,
        }
    }
}

impl Report<'_> {
    /// The watched topics that are not OK, each as (topic, status and reason).
    pub(crate) fn watched_lines(&self) -> Vec<(&str, String)> {
        let bad = self.watched.iter().filter(|topic| topic.status != Verdict::Ok);
        bad.map(|topic| (&*topic.topic, format!("{}: {}", topic.status.word(), topic.reason))).collect()
    }
}
