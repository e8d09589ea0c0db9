//! An error with its causes, as one sentence.

use std::error::Error;

/// The error's text, and after it those of its causes that say more than it does.
#[must_use]
pub fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let why = cause.to_string();
        // Wrappers often repeat what is inside them.
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
    fn every_cause_is_told_once() {
        let refused = layer("connection refused", None);
        let wrapper = layer("connection refused", Some(refused));
        assert_eq!(told(&layer("no history", Some(wrapper))), "no history: connection refused");
    }
}
