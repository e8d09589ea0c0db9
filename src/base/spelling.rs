//! The distance between two words, and the word that a misspelt name probably means.

/// The names in `known` that `name` probably means, the nearest first; empty if none is near enough for a typing
/// error.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let most = TYPING_ERRORS.min(name.chars().count() / 2);
    let near = known.filter(|known| known.len().abs_diff(name.len()) <= most).map(|known| (slips(name, known), known));
    let mut near: Vec<(usize, &str)> = near.filter(|(errors, _)| *errors <= most).collect();
    near.sort_unstable();
    near.into_iter().take(SHOWN).map(|(_, known)| known).collect()
}

/// The number of letters to add, remove or change, and of neighbours to swap, that turn one word into the other
/// (optimal string alignment distance). These lines are fewer than a library would bring along.
pub(crate) fn slips(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

/// Up to this many wrong letters count as a typing error.
const TYPING_ERRORS: usize = 3;
/// How many names are shown.
const SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_added_dropped_changed_and_swapped() {
        for (a, b, few) in [("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "axc", 1), ("abc", "acb", 1)] {
            assert_eq!((slips(a, b), slips(b, a)), (few, few), "{a} {b}");
        }
        assert_eq!(slips("TRUSTORE", "TRUSTSTORE"), 2);
        assert_eq!(slips("kitten", "sitting"), 3);
    }

    #[test]
    fn a_slip_is_near_and_a_stranger_is_not() {
        let known = ["empty-lag", "empty-log", "payments", "ab"];
        assert_eq!(nearest("emty-lag", known.into_iter()), ["empty-lag", "empty-log"]);
        assert_eq!(nearest("refunds", known.into_iter()), [""; 0]);
        assert_eq!(nearest("x", known.into_iter()), [""; 0]); // two letters for one are no typing error
    }
}
