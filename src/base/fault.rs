//! An error with its causes, as one sentence, and what to do about it.

use std::error::Error;
use std::fmt;

use serde::{Serialize, Serializer};

/// What went wrong and what to do about it. Code never parses this text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened, as one clause.
    pub found: String,
    /// What to do about it, if that is known.
    pub todo: Option<String>,
}

impl Fault {
    /// What happened; what to do is unknown, or part of the text.
    pub(crate) fn of(found: impl fmt::Display) -> Self {
        Self { found: found.to_string(), todo: None }
    }

    /// What happened, and what to do.
    pub(crate) fn with(found: impl fmt::Display, todo: impl Into<String>) -> Self {
        Self { found: found.to_string(), todo: Some(todo.into()) }
    }

    /// The same, with a prefix before what happened.
    pub(crate) fn within(self, what: &str) -> Self {
        Self { found: format!("{what}: {}", self.found), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)?;
        self.todo.as_ref().map_or(Ok(()), |todo| write!(f, "; {todo}"))
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The error's text, followed by those of its causes that add something.
#[must_use]
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let why = cause.to_string();
        // Wrappers often repeat the text of the error inside.
        if !text.ends_with(&why) {
            text = format!("{text}: {why}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn layer(text: &'static str, source: Option<Link>) -> Link {
        Link { text, source: source.map(Box::new) }
    }

    #[test]
    fn every_cause_is_reported_once() {
        let refused = layer("connection refused", None);
        let wrapper = layer("connection refused", Some(refused));
        assert_eq!(sentence(&layer("no history", Some(wrapper))), "no history: connection refused");
    }
}
