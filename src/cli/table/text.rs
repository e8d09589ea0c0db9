//! Text that fits a screen, whatever names it contains.
//!
//! Names differ most at their ends, so they are cut in the middle; table libraries wrap or cut the end.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Screen;
use crate::base::shown::{blanks, plain};

/// Lines so far.
pub(crate) struct Text {
    screen: Screen,
    lines: String,
}

/// The content of a column in one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// Without colour and without anything that moves the cursor.
    text: String,
    /// An SGR parameter.
    colour: Option<&'static str>,
    right: bool,
}

/// Rows in columns, below a head of one or more lines, whose titles stand as the cells of the first row do.
pub(crate) struct Grid<'a> {
    pub(crate) head: Vec<Vec<Cell>>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// The columns that are cut in the middle if the screen is too narrow, the widest first.
    pub(crate) may_shrink: &'a [usize],
    /// Down to this many columns of the screen.
    pub(crate) narrowest: usize,
    /// Blanks between two columns.
    pub(crate) gutter: usize,
}

impl Grid<'_> {
    /// Its drawn width: more than the screen's where not every column fits, shrinkable ones at their narrowest.
    pub(crate) fn narrowed(&self, screen: usize) -> usize {
        self.total(&self.widths(screen))
    }

    /// As wide as the content, if that fits.
    fn widths(&self, screen: usize) -> Vec<usize> {
        let mut widths = vec![0; self.head.first().map_or(0, Vec::len)];
        for row in self.head.iter().chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        while self.total(&widths) > screen {
            let widest = self.may_shrink.iter().copied().max_by_key(|column| widths[*column]);
            let Some(column) = widest.filter(|column| widths[*column] > self.narrowest) else { break };
            widths[column] -= 1;
        }
        widths
    }

    fn total(&self, widths: &[usize]) -> usize {
        widths.iter().sum::<usize>() + self.gutter * widths.len().saturating_sub(1)
    }
}

impl Cell {
    /// A text at the left of its column.
    pub(crate) fn left(text: &str) -> Self {
        Self { text: plain(text), ..Self::default() }
    }

    /// A number at the right of its column.
    pub(crate) fn right(text: &str) -> Self {
        Self { text: plain(text), right: true, ..Self::default() }
    }

    pub(crate) fn coloured(self, colour: &'static str) -> Self {
        Self { colour: Some(colour), ..self }
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

impl Text {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen, lines: String::new() }
    }

    pub(crate) fn width(&self) -> usize {
        self.screen.width
    }

    /// A line of text; control characters in names are escaped, and what is too long continues on the next line.
    pub(crate) fn line(&mut self, indent: usize, text: &str, colour: Option<&'static str>) {
        for part in wrapped(&plain(text), self.screen.width.saturating_sub(indent).max(NARROWEST)) {
            self.lines.push_str(&" ".repeat(indent));
            self.paint(&part, colour);
            self.lines.push('\n');
        }
    }

    pub(crate) fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push('\n');
        }
    }

    /// Draws a grid; `below` tells which lines stand under a row, by its number.
    pub(crate) fn rows<B: IntoIterator<Item = String>>(&mut self, grid: &Grid, below: impl Fn(usize) -> B) {
        let widths = grid.widths(self.screen.width);
        for head in &grid.head {
            let bold = head.iter().enumerate().map(|(column, cell)| {
                let first = grid.rows.first().and_then(|row| row.get(column));
                Cell { right: first.is_some_and(|first| first.right), ..cell.clone().coloured(super::BOLD) }
            });
            self.row(&bold.collect::<Vec<Cell>>(), &widths, grid.gutter);
        }
        for (number, row) in grid.rows.iter().enumerate() {
            self.row(row, &widths, grid.gutter);
            for below in below(number) {
                self.line(INDENT, &below, Some(super::FAINT));
            }
        }
    }

    fn row(&mut self, cells: &[Cell], widths: &[usize], gutter: usize) {
        let last = cells.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or_default();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate().take(last + 1) {
            let shown = shortened(&cell.text, *width);
            // A variation selector makes the character before it wider than the two are separately.
            let blank = blanks(*width, &shown);
            if cell.right {
                self.lines.push_str(&blank);
            }
            self.paint(&shown, cell.colour);
            if !cell.right && column != last {
                self.lines.push_str(&blank);
            }
            if column != last {
                self.lines.push_str(&" ".repeat(gutter));
            }
        }
        self.lines.push('\n');
    }

    fn paint(&mut self, text: &str, colour: Option<&'static str>) {
        match colour.filter(|_| self.screen.colour && !text.is_empty()) {
            Some(colour) => self.lines.extend(["\x1b[", colour, "m", text, "\x1b[0m"]),
            None => self.lines.push_str(text),
        }
    }

    pub(crate) fn finish(self) -> String {
        self.lines
    }
}

/// Titles of columns.
pub(crate) fn titles(words: &[&str]) -> Vec<Cell> {
    words.iter().map(|word| Cell::left(word)).collect()
}

/// A text that is too wide is cut in the middle: names differ at both ends.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let tail_room = room / 3;
    let head = taken(text.chars(), room - tail_room);
    let tail: String = taken(text.chars().rev(), tail_room).chars().rev().collect();
    format!("{head}…{tail}")
}

/// As many characters as have room.
fn taken(characters: impl Iterator<Item = char>, room: usize) -> String {
    let mut taken = String::new();
    let mut width = 0_usize;
    for c in characters {
        // Some signs are as wide as the character before them makes them.
        let wide = c.width().unwrap_or_default() + usize::from(c == EMOJI);
        if width + wide > room {
            break;
        }
        width += wide;
        taken.push(c);
    }
    taken
}

/// Lines of at most this many columns, broken between words, and inside a word that has no room.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut filled) = (String::new(), 0);
    for (number, word) in text.split(' ').enumerate() {
        let gap = usize::from(number > 0 && !line.is_empty());
        let mut rest = word;
        let mut wide = word.width();
        if filled + gap + wide > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            filled = 0;
        } else if gap > 0 {
            line.push(' ');
            filled += 1;
        }
        while wide > width {
            let part = taken(rest.chars(), width);
            // A character that is wider than a line is alone on it.
            let end = if part.is_empty() { rest.chars().next().map_or(rest.len(), char::len_utf8) } else { part.len() };
            lines.push(rest[..end].to_owned());
            rest = &rest[end..];
            // Text of this length need not be measured again for each line.
            wide = if rest.len() > width.saturating_mul(8) { usize::MAX } else { rest.width() };
        }
        line.push_str(rest);
        filled += wide;
    }
    lines.push(line);
    lines
}

/// It has no width of its own, and makes the character before it two columns wide (Unicode, variation selector 16).
const EMOJI: char = '\u{fe0f}';

/// Blanks between two columns, where there is room.
pub(crate) const GUTTER: usize = 2;
/// Blanks before what stands below a row.
const INDENT: usize = 4;
/// Names seldom differ in less.
pub(crate) const NARROWEST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_loses_its_middle_by_columns_not_characters() {
        assert_eq!(shortened("payments-service-eu", 12), "payments…-eu");
        assert_eq!(shortened("注文注文注文注文", 9), "注文注…文");
        assert_eq!(shortened("short", 12), "short");
    }

    #[test]
    fn lines_break_between_words_and_in_those_that_have_no_room() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("a abcdefgh", 4), ["a", "abcd", "efgh"]);
        assert_eq!(wrapped("注文", 1), ["注", "文", ""]);
        let long = "x".repeat(1_000_000);
        assert_eq!(wrapped(&long, 80).len(), 12_500);
    }

    #[test]
    fn an_emoji_is_as_wide_as_a_terminal_draws_it() {
        let heart = "\u{2764}\u{fe0f}";
        for text in [heart.repeat(3), format!("a{heart}b{heart}"), format!("orders-{heart}{heart}{heart}-eu")] {
            for width in 0..14 {
                assert!(shortened(&text, width).width() <= width.max(1), "{text} {width}");
                let mut drawn = Text::new(Screen { width, colour: false });
                drawn.row(&[Cell::left(&text), Cell::left("x")], &[width, 1], GUTTER);
                assert!(drawn.finish().ends_with("x\n"), "{text} {width}");
            }
        }
    }

    mod fuzz {
        include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fuzz.rs"));
    }

    #[test]
    fn any_names_make_a_table_that_fits() {
        fuzz::each(3_000, |choice| {
            let names: Vec<String> = (0..4).map(|_| choice.text(fuzz::HOSTILE, 12)).collect();
            let screen = Screen { width: choice.below(100), colour: choice.below(2) == 0 };
            let mut text = Text::new(screen);
            let cells = |names: &[String]| names.iter().map(|name| Cell::left(name)).collect::<Vec<_>>();
            let grid = Grid {
                head: vec![cells(&names[..2])],
                rows: vec![cells(&names[2..]), vec![Cell::right(&names[1]), Cell::left(&names[0]).coloured("2")]],
                may_shrink: &[0, 1],
                narrowest: NARROWEST,
                gutter: GUTTER,
            };
            text.rows(&grid, |_| Some(names[3].clone()));
            text.line(choice.below(5), &names.concat(), Some("1"));
            let drawn = text.finish().replace("\x1b[", "");
            assert!(!drawn.contains(['\x1b', '\r', '\u{202e}', '\0', '\u{9b}']), "{drawn:?}");
        });
    }
}
