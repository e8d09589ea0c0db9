//! Which versions each release of Apache Kafka offers, as `make matrix` found them on real brokers.

use crate::kafka::protocol::versions::{Api, Range, Versions};

/// One measured release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// Its number, such as `4.0.0`.
    pub name: &'static str,
    /// The versions that its brokers offer.
    pub(crate) versions: Versions,
}

/// A release that a user asks about, compared with the measured ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Measured(Release),
    /// It was not measured, and this is the nearest one before it; later releases of the same major version only add
    /// versions.
    Between(Release),
    /// It is newer than all that were measured, of which this is the last.
    Newer(Release),
    /// It is older than all that were measured, of which this is the first.
    Older(Release),
}

/// Every measured release, oldest first.
pub(crate) fn releases() -> Vec<Release> {
    let mut lines = TABLE.lines();
    let apis: Vec<&str> = lines.next().unwrap_or_default().split('\t').skip(1).collect();
    let release = |line: &'static str| {
        let mut cells = line.split('\t');
        let name = cells.next()?;
        let offered = apis.iter().zip(cells).filter_map(|(api, range)| {
            let (min, max) = range.split_once('-')?;
            let api = Api::all().find(|known| known.name() == *api)?;
            Some((api.key(), Range { min: min.parse().ok()?, max: max.parse().ok()? }))
        });
        Some(Release { name, versions: Versions::offered(offered) })
    };
    lines.filter_map(release).collect()
}

/// The newest release that was measured.
#[must_use]
pub fn newest() -> &'static str {
    TABLE.lines().next_back().and_then(|line| line.split('\t').next()).unwrap_or_default()
}

/// The release that a number such as `4.4`, `3.7.1` or `4` means; `None` if it is not a number.
pub(crate) fn find(asked: &str) -> Option<Found> {
    let wanted = numbers(asked)?;
    let all = releases();
    // A number with fewer parts means the last release that begins with it.
    let begins = |release: &&Release| numbers(release.name).is_some_and(|found| found.starts_with(&wanted));
    if let Some(found) = all.iter().rfind(begins) {
        return Some(Found::Measured(found.clone()));
    }
    let before = all.iter().rfind(|release| numbers(release.name).is_some_and(|found| found < wanted));
    Some(match (before, all.last()) {
        (Some(before), Some(last)) if before == last => Found::Newer(last.clone()),
        (Some(before), _) => Found::Between(before.clone()),
        (None, _) => Found::Older(all.into_iter().next()?),
    })
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

/// One line per release, one column per request, each cell the lowest and the highest version, or `-` for none.
const TABLE: &str = include_str!("releases.tsv");

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_cell_is_read_and_releases_are_in_order() {
        let all = releases();
        assert_eq!(all.len(), TABLE.lines().count() - 1);
        assert!(all.windows(2).all(|pair| numbers(pair[0].name) < numbers(pair[1].name)));
        assert_eq!(all.last().unwrap().name, newest());
        for release in &all {
            assert!(release.versions.range(Api::ListOffsets).is_some(), "{}", release.name);
        }
        let columns = TABLE.lines().map(|line| line.split('\t').count());
        assert!(columns.eq(std::iter::repeat_n(14, all.len() + 1)));
    }

    #[test]
    fn every_request_of_this_build_has_a_column() {
        let header: Vec<&str> = TABLE.lines().next().unwrap().split('\t').collect();
        for api in Api::all() {
            assert!(header.contains(&api.name()), "{api:?}");
        }
    }

    #[test]
    fn a_release_is_found_by_its_number_or_the_beginning_of_it() {
        let found = |text| match find(text) {
            Some(Found::Measured(release)) => format!("={}", release.name),
            Some(Found::Between(release)) => format!(">{}", release.name),
            Some(Found::Newer(release)) => format!(">>{}", release.name),
            Some(Found::Older(release)) => format!("<{}", release.name),
            None => String::from("?"),
        };
        assert_eq!(found("4.4.0"), "=4.4.0");
        assert_eq!(found("4.4"), "=4.4.0");
        assert_eq!(found("4"), "=4.4.0");
        assert_eq!(found("0.11"), "=0.11.0.3");
        assert_eq!(found("3.7"), ">2.8.2");
        assert_eq!(found("4.4.1"), ">>4.4.0");
        assert_eq!(found("5.0"), ">>4.4.0");
        assert_eq!(found("0.10.2"), "<0.11.0.3");
        assert_eq!(found("latest"), "?");
        assert_eq!(found(""), "?");
    }

    #[test]
    fn kafka_4_dropped_what_burrow_sends() {
        let range = |release| match find(release) {
            Some(Found::Measured(release)) => release.versions.range(Api::ListOffsets),
            _ => None,
        };
        assert_eq!(range("3.9.1"), Some(Range { min: 0, max: 9 }));
        assert_eq!(range("4.0.0"), Some(Range { min: 1, max: 10 }));
    }
}
