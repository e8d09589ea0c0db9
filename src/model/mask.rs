//! A peer's words, with our secrets masked.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::secret::Secret;

/// The spellings in which a secret could come back.
#[derive(Clone)]
pub(crate) struct Mask(Vec<String>);

impl Mask {
    /// Masks these secrets, as they are and in every spelling of [`spellings`].
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut spellings: Vec<String> = secrets.into_iter().flat_map(|secret| spellings(secret.expose())).collect();
        spellings.retain(|spelling| !spelling.is_empty());
        // The longest first; otherwise the rest of a longer one would stay.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        Self(spellings)
    }

    /// On one line, and cut if it is too long for an error.
    pub(crate) fn apply(&self, text: &str) -> String {
        let masked = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        let line: String = masked.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.trim().to_owned(),
        }
    }
}

/// How a secret may come back: quoted by JSON, Rust, XML or a URL, as hexadecimal digits, as base64 of itself or of what it is a part of.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let ascii = json.chars().fold(String::new(), |mut ascii, c| {
        let mut units = [0; 2];
        match c {
            c if c.is_ascii() => ascii.push(c),
            c => ascii.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
        ascii
    });
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let apostrophe = |text: &str| text.replace('\'', "&#39;");
    let quoted = xml.replace('"', "&quot;");
    let debug = format!("{secret:?}");
    let mut all = vec![secret.to_owned(), ascii, json, apostrophe(&xml), apostrophe(&quoted), xml, quoted];
    all.push(debug[1..debug.len() - 1].to_owned());
    for unreserved in [NON_ALPHANUMERIC, UNRESERVED, OF_PATHS] {
        let encoded = utf8_percent_encode(secret, unreserved).to_string();
        all.extend([encoded.replace("%20", "+"), lower_escapes(&encoded), encoded]);
    }
    let digits = hex::encode(secret);
    all.extend([digits.to_ascii_uppercase(), digits]);
    // Base64 has three spellings, depending on where a secret begins; letters that it shares with its neighbours are
    // left out.
    for before in 0..3_usize {
        let padded = [&vec![0; before][..], secret.as_bytes()].concat();
        let (from, own) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.extend(encoded.get(from..own).filter(|own| own.len() >= SHORTEST_BASE64).map(str::to_owned));
        }
        if before == 0 && secret.len() >= SHORTEST_BASE64 {
            all.push(STANDARD_NO_PAD.encode(secret));
        }
    }
    all
}

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        format!("{all}%{}{rest}", escape.to_ascii_lowercase())
    })
}

/// RFC 3986, section 2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters that libraries leave unchanged in paths.
const OF_PATHS: &AsciiSet = &UNRESERVED.remove(b'/');

/// Letters of base64 that are not a coincidence.
const SHORTEST_BASE64: usize = 4;

/// Characters of a peer's words that are shown.
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
        let secret = "hun/ter 2&ü";
        for spelled in [
            "hun%2Fter%202%26%C3%BC",
            "hun%2fter%202%26%c3%bc",
            "hun/ter%202%26%C3%BC",
            "hun%2Fter+2%26%C3%BC",
            "hun/ter 2&amp;ü",
            "hun/ter 2&\\u00fc",
            "68756e2f746572203226c3bc",
            "68756E2F746572203226C3BC",
            "aHVuL3RlciAyJsO8",
        ] {
            assert_eq!(mask(&[secret], spelled), "***", "{spelled}");
        }
    }

    #[test]
    fn a_secret_is_masked_within_what_was_encoded_with_it() {
        let secret = "hunter2hunter2";
        for before in ["", "a", "id:", "\0user\0", "four"] {
            let words = STANDARD_NO_PAD.encode(format!("{before}{secret}:behind"));
            let masked = mask(&[secret], &words);
            // What is left of the secret is less than a byte on either side.
            assert!(masked.contains("***") && masked.len() < words.len() - 14, "{before:?}: {masked}");
        }
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
