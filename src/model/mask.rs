//! A peer's words, without what they repeat of our secrets.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::secret::Secret;

/// The spellings under which a secret could come back.
#[derive(Clone)]
pub(crate) struct Mask(Vec<String>);

impl Mask {
    /// Masks these, as they are, as JSON quotes them, and percent-encoded.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut spellings = Vec::new();
        for secret in secrets {
            let plain = secret.expose();
            let quoted = serde_json::Value::from(plain).to_string();
            spellings.push(plain.to_owned());
            spellings.push(quoted[1..quoted.len() - 1].to_owned());
            spellings.push(utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string());
        }
        spellings.retain(|spelling| !spelling.is_empty());
        // The longest first, or what is left of it would stay.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        Self(spellings)
    }

    /// On one line, and cut where it is too long for an error.
    pub(crate) fn apply(&self, text: &str) -> String {
        let masked = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        let line: String = masked.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.trim().to_owned(),
        }
    }
}

/// Characters of a peer's words that are worth reading.
const LONGEST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect();
        Mask::new(&secrets).apply(text)
    }

    #[test]
    fn a_secret_is_masked_in_every_spelling() {
        assert_eq!(mask(&["s/e\"t"], r#"s/e"t, s/e\"t and s%2Fe%22t"#), "***, *** and ***");
    }

    #[test]
    fn the_longer_of_two_secrets_goes_first() {
        assert_eq!(mask(&["ab", "abc"], "abc ab"), "*** ***");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(mask(&[""], "as it was"), "as it was");
    }

    #[test]
    fn a_peer_cannot_break_the_line_or_flood_it() {
        assert_eq!(mask(&[], "two\nlines\u{1b}[31m\r\n"), "two lines [31m");
        assert_eq!(mask(&[], &"ü".repeat(LONGEST)), "ü".repeat(LONGEST));
        assert_eq!(mask(&[], &"ü".repeat(LONGEST + 1)), format!("{}…", "ü".repeat(LONGEST)));
    }

    #[test]
    fn a_secret_across_the_cut_does_not_show_its_beginning() {
        assert_eq!(
            mask(&["secret"], &format!("{}secret", "x".repeat(LONGEST - 3))),
            format!("{}***", "x".repeat(LONGEST - 3))
        );
    }
}
