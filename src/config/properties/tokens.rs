//! Java's `StreamTokenizer` (Java SE 17), with the settings of Kafka's `JaasConfig`: comments of both kinds, and `-`, `_` and `$` in words.
//!
//! Kafka sends exactly the password that this tokenizer reads, however odd: each branch is one of Java's.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word, or quoted text: Kafka treats both the same.
    Word(String),
    /// A number, for which Kafka gets no text.
    Number,
    /// Any other character.
    Sign(char),
}

/// The text, cut into tokens.
pub(crate) struct Tokens<'a>(Peekable<Chars<'a>>);

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.chars().peekable())
    }

    fn skip_line(&mut self) {
        while self.0.next_if(|c| !matches!(c, '\n' | '\r')).is_some() {}
    }

    /// After `/*`. Java ignores a line break inside, and continues after the comment.
    fn skip_comment(&mut self) {
        let mut star = false;
        while let Some(c) = self.0.next() {
            if c == '/' && star {
                return;
            }
            let behind = match c {
                '\r' => {
                    let next = self.0.next();
                    if next == Some('\n') { self.0.next() } else { next }
                }
                '\n' => self.0.next(),
                c => Some(c),
            };
            star = behind == Some('*');
        }
    }

    fn word(&mut self, first: char) -> Token {
        let mut word = String::from(first);
        while let Some(c) = self.0.next_if(|c| is_alpha(*c) || is_digit(*c)) {
            word.push(c);
        }
        Token::Word(word)
    }

    /// Digits with at most one dot; what follows is a token of its own.
    fn number(&mut self, first: char) -> Token {
        if first == '-' && self.0.peek().is_none_or(|c| *c != '.' && !c.is_ascii_digit()) {
            return Token::Sign('-');
        }
        let mut dots = usize::from(first == '.');
        while let Some(c) = self.0.next_if(|c| c.is_ascii_digit() || (*c == '.' && dots == 0)) {
            dots += usize::from(c == '.');
        }
        Token::Number
    }

    /// Up to the same quote, or the end of the line.
    fn quoted(&mut self, quote: char) -> Token {
        let mut text = String::new();
        while let Some(c) = self.0.next_if(|c| *c != quote && !matches!(c, '\n' | '\r')) {
            text.push(if c == '\\' { self.escaped() } else { c });
        }
        self.0.next_if_eq(&quote);
        Token::Word(text)
    }

    /// The character after a backslash: up to three octal digits, or a letter with a meaning.
    fn escaped(&mut self) -> char {
        match self.0.next() {
            Some(first @ '0'..='7') => {
                let most = if first <= '3' { 2 } else { 1 };
                let mut code = first.to_digit(8).unwrap_or_default();
                for _ in 0..most {
                    let Some(digit) = self.0.next_if(|c| c.is_digit(8)) else { break };
                    code = code * 8 + digit.to_digit(8).unwrap_or_default();
                }
                char::from_u32(code).unwrap_or_default()
            }
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some(other) => other,
            // Java's -1 as a character.
            None => '\u{ffff}',
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let c = self.0.next()?;
            match c {
                '\0'..=' ' => {}
                '/' if self.0.next_if_eq(&'*').is_some() => self.skip_comment(),
                // One slash begins a comment, as two do; the rest of the line is skipped, the line break too.
                '/' => {
                    self.0.next();
                    self.skip_line();
                }
                '"' | '\'' => return Some(self.quoted(c)),
                c if is_digit(c) => return Some(self.number(c)),
                c if is_alpha(c) => return Some(self.word(c)),
                c => return Some(Token::Sign(c)),
            }
        }
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '-')
}

fn is_alpha(c: char) -> bool {
    c.is_ascii_alphabetic() || c >= '\u{a0}' || matches!(c, '-' | '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in brackets, `#` for a number, signs as they are.
    fn tokens(text: &str) -> String {
        let tokens = Tokens::new(text).map(|token| match token {
            Token::Word(word) => format!("[{word}]"),
            Token::Number => String::from("#"),
            Token::Sign(sign) => sign.to_string(),
        });
        tokens.collect()
    }

    /// Each line is what `StreamTokenizer` of Java 17 reads (`tests/kafka/Jaas.java` compares them again).
    #[test]
    fn tokens_are_those_of_java() {
        for (text, expected) in CASES {
            assert_eq!(tokens(text), *expected, "{text:?}");
        }
    }

    const CASES: &[(&str, &str)] = &[
        ("", ""),
        ("a.b.C required;", "[a.b.C][required];"),
        ("username = \"u\" ;", "[username]=[u];"),
        ("a=b-c_d$e", "[a]=[b-c_d$e]"),
        ("a='it\"s'", "[a]=[it\"s]"),
        ("a=\"\"", "[a]=[]"),
        ("a=\"  p  \"", "[a]=[  p  ]"),
        (r#"a="x\ny\tz\\\"q""#, "[a]=[x\ny\tz\\\"q]"),
        (r#"a="\101\60\477\1018""#, "[a]=[A0'7A8]"),
        (r#"a="\a\b\f\r\v\q""#, "[a]=[\u{7}\u{8}\u{c}\r\u{b}q]"),
        ("a=\"open", "[a]=[open]"),
        ("a=\"open\nb=c", "[a]=[open][b]=[c]"),
        ("a /* who */ b", "[a][b]"),
        ("a /* open", "[a]"),
        ("a /***/ b", "[a][b]"),
        ("a /* x\n*/ b */ c", "[a][b]*"),
        ("a // b\nc", "[a][c]"),
        ("a / b\nc", "[a][c]"),
        ("a/b", "[a]"),
        ("a /\nb\nc", "[a][c]"),
        ("a=12", "[a]=#"),
        ("a=1.2.3", "[a]=##"),
        ("a=12b", "[a]=#[b]"),
        ("a=-", "[a]=-"),
        ("a=-x", "[a]=-[x]"),
        ("a=-1", "[a]=#"),
        ("a=.", "[a]=#"),
        ("a=b.1-2", "[a]=[b.1-2]"),
        ("a=ä€😀", "[a]=[ä€😀]"),
        ("a=Endpoint=sb://ns.example.net/;b", "[a]=[Endpoint]=[sb]:"),
        ("a=b+c@d#e", "[a]=[b]+[c]@[d]#[e]"),
    ];
}
