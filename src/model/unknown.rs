//! Why a value is not there: a cause that the program can ask for, and a sentence for people.

use std::fmt;
use std::sync::Arc;

/// A value that was read, or the reason why it was not.
pub type Known<T> = Result<T, Unknown>;

/// Why a value is not there.
///
/// It stands in the place of the value, so that nothing can mistake what was not read for a zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown(Arc<Why>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Why {
    cause: Cause,
    sentence: Box<str>,
}

/// What went wrong, as far as anything depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A broker that cannot be reached, or whose connection broke.
    Down,
    /// The time was up.
    Deadline,
    /// An answer that is larger than a frame may be.
    TooLarge,
    /// This user lacks a permission; Kafka's error code says for what.
    Denied(i16),
    /// A topic or partition that does not exist.
    NoTopic,
    /// Another of Kafka's error codes.
    Code(i16),
    /// A partition without a leader, or with one that cannot be asked.
    NoLeader,
    /// A group whose coordinator is away, so that nobody can tell of it.
    Away,
    /// Topics that this user may not describe are left out without a word.
    Hidden,
    /// A group had more partitions, and why it has them no more is not known.
    Vanished,
    /// It is not kept, as configured.
    Off,
    /// It was not asked for, since others came first.
    LeftOut,
    /// It was not read, and nothing else could show that an error which stood before is over.
    Stands,
    /// Anything that nothing depends on.
    Other,
}

impl Unknown {
    /// A reason that nothing depends on, as one sentence without a full stop.
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

    /// The same cause, with this before its sentence.
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
    fn a_cause_outlives_what_is_said_around_it() {
        let late = Unknown::of(Cause::Deadline, "no answer before the deadline");
        let told = late.within("broker 1");
        assert_eq!(
            (told.cause(), told.to_string()),
            (Cause::Deadline, "broker 1: no answer before the deadline".into())
        );
    }
}
