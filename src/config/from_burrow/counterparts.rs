//! The counterpart of each key of a Burrow configuration.

/// The counterpart of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counterpart {
    /// A variable, or a note about one.
    Variable,
    /// It went somewhere else.
    Elsewhere(&'static str),
    /// Nothing here needs it.
    Unneeded,
}

/// The counterpart of a key of a section; `None` if Burrow does not know the key.
pub(crate) fn counterpart(kind: &str, key: &str) -> Option<Counterpart> {
    let of = |line: &'static str| {
        let (of_kind, rest) = line.split_once('\t')?;
        let (keys, became) = rest.split_once('\t')?;
        let said = of_kind == kind && (keys == "*" || keys.split(' ').any(|known| known == key));
        said.then_some(match became {
            "-" => Counterpart::Variable,
            "not needed" => Counterpart::Unneeded,
            where_to => Counterpart::Elsewhere(where_to),
        })
    };
    KEYS.lines().find_map(of)
}

/// Kind of section, its keys (`*`: all of them), and what became of them: `-` is a variable.
const KEYS: &str = include_str!("counterparts.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_answers_for_its_keys() {
        for line in KEYS.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            assert!(counterpart(cells[0], cells[1].split(' ').next().unwrap_or_default()).is_some(), "{line}");
            assert_eq!(cells.len(), 3, "{line}");
        }
    }
}
