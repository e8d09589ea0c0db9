//! A diagnosis in a report.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::judge::diagnosis::{Diagnosis, Evidence, Kind};
use crate::model::snapshot::Snapshot;

/// Why a group is not OK, and what to do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiagnosisEntry<'a> {
    /// One of a closed list: [`crate::judge::diagnosis::RULES`].
    pub kind: Cow<'a, str>,
    /// The evidence as one sentence.
    pub(crate) sentence: String,
    evidence: Cow<'a, Evidence>,
    /// What to do next.
    pub(crate) next: Cow<'a, str>,
    /// A command of Kafka's own tools that shows more; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

impl<'a> DiagnosisEntry<'a> {
    pub(crate) fn new(diagnosis: &'a Diagnosis, snapshot: &Snapshot) -> Self {
        let reachable = snapshot.brokers.iter().find(|broker| broker.versions.is_ok());
        Self {
            kind: diagnosis.kind.rule().word.into(),
            sentence: diagnosis.to_string(),
            evidence: Cow::Borrowed(&diagnosis.evidence),
            next: diagnosis.next().into(),
            command: reachable.and_then(|broker| diagnosis.command(&broker.address)),
        }
    }

    /// Whether it says more than that nothing is known.
    pub(crate) fn is_clear(&self) -> bool {
        self.kind != Kind::Unclear.rule().word
    }

    /// As one line beside a reason: where that says the same, the sentence is left out.
    pub(crate) fn beside(&self, reason: &str) -> String {
        let Self { kind, sentence, next, .. } = self;
        let mut line =
            if reason.contains(sentence.as_str()) { kind.to_string() } else { format!("{kind}: {sentence}") };
        let _ = write!(line, ". Next: {next}");
        if let Some(command) = &self.command {
            let _ = write!(line, ": {command}");
        }
        line
    }
}
