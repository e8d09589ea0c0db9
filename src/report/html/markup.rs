//! HTML from fixed markup and escaped text.

use std::fmt::Write as _;

/// A piece of HTML. Markup is `'static`, so text from outside can only enter escaped.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Fixed markup, unchanged.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, escaped for elements and for attributes in double quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                control if control.is_control() => self.0.push(shown(control)),
                other => self.0.push(other),
            }
        }
        self
    }

    /// A name: its direction of writing does not affect the text around it.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.raw("<bdi>").text(name).raw("</bdi>")
    }

    /// A coordinate of a drawing, to a tenth.
    pub(crate) fn coordinate(&mut self, value: f64) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{:.1}", if value.is_finite() { value } else { 0.0 });
        self
    }

    /// The text of the whole.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Replaces a control character, which no page should contain: its picture, if Unicode has one.
fn shown(control: char) -> char {
    match u32::from(control) {
        code @ ..0x20 => char::from_u32(FIRST_PICTURE + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// U+2400, the picture of NUL; those of the other C0 characters follow in order.
const FIRST_PICTURE: u32 = 0x2400;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut html = Html::default();
        html.text(text);
        html.finish()
    }

    #[test]
    fn what_means_something_to_html_is_escaped() {
        assert_eq!(text("<b a=\"c\" d='e'>&amp;"), "&lt;b a=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
        assert_eq!(text("größe 𝔎"), "größe 𝔎");
    }

    #[test]
    fn control_characters_are_seen_and_harmless() {
        assert_eq!(text("a\0b\n\u{1b}[31m\u{7f}\u{85}"), "a␀b␊␛[31m␡\u{fffd}");
    }

    #[test]
    fn a_coordinate_is_always_a_number() {
        let mut html = Html::default();
        html.coordinate(1.26).raw(" ").coordinate(f64::NAN);
        assert_eq!(html.finish(), "1.3 0.0");
    }
}
