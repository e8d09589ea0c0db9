//! Names that are nearly those of the table: what was meant.

use super::VARIABLES;
use crate::base::spelling;

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
    spelling::nearest(name, VARIABLES.iter().map(|known| known.name)).first().copied()
}

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
