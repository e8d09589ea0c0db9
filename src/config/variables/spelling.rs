//! Names that are nearly those of the table: what was meant.

use super::VARIABLES;

/// What to say to a name that is not in the table.
pub(crate) fn unknown(name: &str) -> String {
    let way_out = nearest(name).map_or_else(|| String::from("see --help"), |meant| format!("did you mean {meant}?"));
    format!("{name} is not a variable of meerkat; {way_out}")
}

/// What is wrong with a name that is nearly one of ours; `None` where it is one, or that of another program.
pub(crate) fn mistyped(name: &str) -> Option<String> {
    let is_ours = VARIABLES.iter().any(|known| known.name == name);
    (!is_ours && nearest(name).is_some()).then(|| unknown(name))
}

/// The name that was meant, where it is near enough to be a slip.
fn nearest(name: &str) -> Option<&'static str> {
    let (few, known) = VARIABLES.iter().map(|known| (distance(name, known.name), known.name)).min()?;
    (few <= TYPING_ERRORS).then_some(known)
}

/// Levenshtein's distance: single letters to add, drop or change. These lines are fewer than what a library for them would bring along.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// So many wrong letters still look like a slip.
const TYPING_ERRORS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_stranger() {
        assert_eq!(
            unknown("MEERKAT_TIMOUT"),
            "MEERKAT_TIMOUT is not a variable of meerkat; did you mean MEERKAT_TIMEOUT?"
        );
        assert_eq!(unknown("MEERKAT_COLOUR_SCHEME"), "MEERKAT_COLOUR_SCHEME is not a variable of meerkat; see --help");
    }
}
