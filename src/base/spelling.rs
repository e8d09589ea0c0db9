//! Names that are nearly another one: what was meant.

/// Those of `known` that were nearest meant by `name`, the nearest first; empty where none is near enough to be a slip.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let most = TYPING_ERRORS.min(name.chars().count() / 2);
    let near =
        known.filter(|known| known.len().abs_diff(name.len()) <= most).map(|known| (distance(name, known), known));
    let mut near: Vec<(usize, &str)> = near.filter(|(errors, _)| *errors <= most).collect();
    near.sort_unstable();
    near.into_iter().take(SHOWN).map(|(_, known)| known).collect()
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

/// Names that are shown.
const SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_a_stranger_is_not() {
        let known = ["empty-lag", "empty-log", "payments", "ab"];
        assert_eq!(nearest("emty-lag", known.into_iter()), ["empty-lag", "empty-log"]);
        assert_eq!(nearest("refunds", known.into_iter()), [""; 0]);
        assert_eq!(nearest("x", known.into_iter()), [""; 0]); // two letters for one are no slip
    }
}
