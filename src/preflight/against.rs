//! The same report for a release that is not there yet, from the table of releases; and that table for
//! infra/README.md.

use std::fmt::Write as _;

use super::versions::{lines, summary};
use super::{Line, Preflight};
use crate::kafka::found::matrix;
use crate::kafka::protocol::releases::{self, Found, Release, newest};

/// What would work with this release. `login`: whether the configuration has one.
#[must_use]
pub fn against(asked: &str, login: bool) -> Preflight {
    let section = format!("Kafka {asked}");
    let release = |line: Line, release: &Release| {
        let mut all = vec![line];
        all.extend(lines(&section, &matrix(&release.versions), login));
        all
    };
    let no_release =
        |todo: String| vec![Line::fails(&section, RELEASE, format!("{asked:?} is not a release of Kafka"), todo)];
    let lines = match releases::find(asked) {
        None => no_release("name one like 4.4 or 3.9.1".to_owned()),
        // 44 for 4.4: no release has a number of two digits in the first place.
        Some(Found::Newer(_)) if asked.len() > 1 && asked.bytes().all(|digit| digit.is_ascii_digit()) => {
            let (first, rest) = asked.split_at(1);
            no_release(format!("did you mean {first}.{rest}?"))
        }
        Some(Found::Measured(found)) => {
            release(Line::works(&section, RELEASE, format!("measured on {}", found.name)), &found)
        }
        Some(Found::Between(found)) => {
            let what = format!("not measured; the answer for {} is shown instead", found.name);
            release(Line::unknown(&section, RELEASE, what), &found)
        }
        Some(Found::Newer(found)) => {
            let what = format!(
                "newer than every release that this build was tested with (up to {}): versions are negotiated as always, and what comes of it is untested",
                found.name
            );
            vec![Line::unknown(&section, RELEASE, what)]
        }
        Some(Found::Older(found)) => vec![Line::fails(
            &section,
            RELEASE,
            format!("older than {}, the first release with everything that a check needs", found.name),
            "upgrade the brokers",
        )],
    };
    Preflight::new(None, Vec::new(), lines)
}

/// The table of supported releases as infra/README.md shows it.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| Kafka | status | what is missing in an older release |\n|---|---|---|\n");
    for release in releases::releases().iter().rev() {
        let matrix = matrix(&release.versions);
        let (status, missing) = summary(&matrix, false);
        let mut missing = missing;
        let (with_login, lost) = summary(&matrix, true);
        if with_login != status {
            missing.extend(lost.into_iter().take(1).map(|what| format!("with SASL it {}: {what}", with_login.word())));
        }
        let _ = writeln!(text, "| {} | {} | {} |", release.name, status.word(), missing.join("; "));
    }
    let _ = writeln!(text, "| newer than {} | untested | versions are negotiated as always |", newest());
    text
}

const RELEASE: &str = "release";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::Status;

    #[test]
    fn a_measured_release_is_reported_request_by_request() {
        let report = against("4.4", true);
        assert_eq!(report.status, Status::Works, "{report:?}");
        assert!(report.lines.len() > 10);
        assert_eq!(report.lines[0].found, "measured on 4.4.0");
        assert_eq!(against("2.8.2", false).status, Status::Less);
        assert_eq!(against("0.11", true).status, Status::Fails);
    }

    #[test]
    fn a_release_that_was_not_measured_is_reported_as_such() {
        let report = against("9.9", true);
        assert_eq!((report.status, report.lines.len()), (Status::Unknown, 1));
        assert!(report.lines[0].found.contains("negotiated as always"), "{report:?}");
        assert!(against("3.7", true).lines[0].found.contains("the answer for 2.8.2 is shown instead"));
        assert_eq!(against("0.10", true).status, Status::Fails);
        assert_eq!(against("four", true).status, Status::Fails);
    }

    #[test]
    fn the_table_has_a_row_for_each_release_and_one_for_the_rest() {
        let rows: Vec<String> = markdown().lines().skip(2).map(str::to_owned).collect();
        assert_eq!(rows.len(), releases::releases().len() + 1);
        assert!(rows[0].starts_with("| 4.4.0 | works |"), "{}", rows[0]);
        assert!(rows.iter().any(|row| row.starts_with("| 2.8.2 | works with less | ListOffsets 6: no MAX_TIMESTAMP")));
        assert!(rows[rows.len() - 2].contains("with SASL it does not work"), "{rows:?}");
    }
}
