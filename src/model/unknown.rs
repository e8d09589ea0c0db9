//! Why a value is missing: a cause for the program, and a sentence for people.

use std::fmt;
use std::sync::Arc;

/// A value that was read, or the reason why it was not.
pub type Known<T> = Result<T, Unknown>;

/// Why a value is missing.
///
/// It replaces the value, so that nothing can confuse an unread value with a zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown(Arc<Why>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Why {
    cause: Cause,
    sentence: Box<str>,
}

/// The cause, where the program has to distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A broker that cannot be reached, or whose connection broke.
    Down,
    /// The time was up.
    Deadline,
    /// An answer that is larger than the frame limit.
    TooLarge,
    /// This user lacks a permission; Kafka's error code says for what.
    Denied(i16),
    /// A topic or partition that does not exist.
    NoTopic,
    /// Another of Kafka's error codes.
    Code(i16),
    /// A partition without a leader, or with one that cannot be asked.
    NoLeader,
    /// A group whose coordinator is away, so that no broker knows it.
    Away,
    /// Topics that this user may not describe: brokers leave them out silently.
    Hidden,
    /// A group had more partitions, and why it lost them is not known.
    Vanished,
    /// The configuration turns it off.
    Off,
    /// It was not read, because others came first.
    LeftOut,
    /// It was not read, and nothing else could show that an earlier error is over.
    Stands,
    /// Any other cause, which the program does not distinguish.
    Other,
}

impl Unknown {
    /// A reason of no particular cause, as one sentence without a full stop.
    pub fn because(sentence: impl Into<Box<str>>) -> Self {
        Self::of(Cause::Other, sentence)
    }

    /// A cause, and what it means here, as one sentence without a full stop.
    pub(crate) fn of(cause: Cause, sentence: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Why { cause, sentence: sentence.into() }))
    }

    /// What went wrong.
    pub(crate) fn cause(&self) -> Cause {
        self.0.cause
    }

    /// The same cause, with a prefix before its sentence.
    pub(crate) fn within(&self, what: impl fmt::Display) -> Self {
        Self::of(self.cause(), format!("{what}: {self}"))
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_stays_when_its_sentence_gets_a_prefix() {
        let late = Unknown::of(Cause::Deadline, "no answer before the deadline");
        let report = late.within("broker 1");
        assert_eq!(
            (report.cause(), report.to_string()),
            (Cause::Deadline, "broker 1: no answer before the deadline".into())
        );
    }
}
