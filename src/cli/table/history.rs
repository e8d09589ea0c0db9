//! The history of one group: one line per partition, its lag over time drawn with blocks.

use super::text::{Cell, GUTTER, Grid, NARROWEST, Text, titles};
use super::{FAINT, Screen, count, offset};
use crate::base::figures::grouped;
use crate::base::moment;
use crate::report::history::{PastOfGroup, PastOfPartition, PastSnapshot};

/// Draws the output of mode history.
#[must_use]
pub fn history(history: &PastOfGroup<'_>, screen: Screen) -> String {
    let mut text = Text::new(screen);
    let minutes = match history.period_minutes {
        1 => "minute".to_owned(),
        several => format!("{several} minutes"),
    };
    text.line(0, &format!("{} on {}, a run every {minutes}", history.group, history.cluster), Some(super::BOLD));
    if !history.partitions.is_empty() {
        table(history, &mut text);
    } else if history.problems.is_empty() {
        text.line(0, "The group reads nothing, so nothing is kept of it.", None);
    }
    for problem in &history.problems {
        text.line(0, problem, Some(FAINT));
    }
    text.finish()
}

fn table(history: &PastOfGroup<'_>, text: &mut Text) {
    let head = titles(&["TOPIC", "PARTITION", "RUNS", "COMMITTED", "LOG-END", "LAG", "MOST"]);
    let rows: Vec<Vec<Cell>> = history.partitions.iter().map(row).collect();
    let mut grid = Grid { head: vec![head], rows, may_shrink: &[0], narrowest: NARROWEST, gutter: GUTTER };
    // Long names make room for a line of half an hour.
    let beside = |columns: usize| text.width().saturating_sub(columns + GUTTER);
    let room = beside(grid.narrowed(text.width())).max(beside(grid.narrowed(0)).min(USUAL));
    if room >= NARROWEST {
        let newest = history.partitions.iter().filter_map(|of| moment::parse(&of.looks.first()?.taken)).max();
        let slot = |snapshot: &PastSnapshot| {
            Some((newest? - moment::parse(&snapshot.taken)? + 30) / 60 / history.period_minutes.max(1))
        };
        let all = history.partitions.iter().flat_map(|of| &of.looks).filter_map(slot).max().unwrap_or_default() + 1;
        let slots = usize::try_from(all).unwrap_or(1).max(1);
        grid.head[0].push(Cell::left(&format!("LAG, {} min", all * history.period_minutes)));
        for (row, partition) in grid.rows.iter_mut().zip(&history.partitions) {
            let lags = partition
                .looks
                .iter()
                .filter_map(|snapshot| Some((usize::try_from(slot(snapshot)?).ok()?, snapshot.lag()?)));
            row.push(Cell::left(&blocks(lags, slots, room.min(WIDEST))));
        }
    }
    text.rows(&grid, |number| history.partitions.get(number)?.problem.clone());
}

fn row(partition: &PastOfPartition<'_>) -> Vec<Cell> {
    let newest = partition.looks.first();
    let cell = |number| Cell::right(&count(number));
    vec![
        Cell::left(&partition.topic),
        Cell::right(&partition.partition.to_string()),
        Cell::right(&grouped(partition.looks.len() as u64).to_string()),
        offset(newest.and_then(|snapshot| snapshot.committed)),
        offset(newest.map(|snapshot| snapshot.log_end)),
        cell(newest.and_then(PastSnapshot::lag)),
        cell(partition.looks.iter().filter_map(PastSnapshot::lag).max()),
    ]
}

/// Lags by how many periods ago they were, the newest at the right; if there is less room than snapshots the largest
/// of several is drawn, and a missing snapshot is a gap.
fn blocks(lags: impl Iterator<Item = (usize, u64)>, slots: usize, room: usize) -> String {
    let columns = slots.min(room);
    let mut drawn: Vec<Option<u64>> = vec![None; columns];
    for (ago, lag) in lags.filter(|(ago, _)| *ago < slots) {
        let column = &mut drawn[(slots - 1 - ago) * columns / slots];
        *column = (*column).max(Some(lag));
    }
    let most = drawn.iter().flatten().max().copied().unwrap_or_default();
    let block = |lag: u64| match usize::try_from(u128::from(lag) * (BLOCKS.len() as u128 - 1) / u128::from(most.max(1)))
    {
        // A small lag is not drawn as none.
        Ok(0) if lag > 0 => BLOCKS[1],
        Ok(height) => BLOCKS[height.min(BLOCKS.len() - 1)],
        Err(_) => BLOCKS[BLOCKS.len() - 1],
    };
    let drawn: String = drawn.into_iter().map(|lag| lag.map_or(' ', block)).collect();
    drawn.trim_end().to_owned()
}

/// From no lag to the largest of the partition.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns for the default number of snapshots, a minute apart.
const USUAL: usize = 31;
/// A longer line shows nothing more.
const WIDEST: usize = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_as_high_as_its_share_of_the_most() {
        let drawn = |lags: &[(usize, u64)], slots, room| blocks(lags.iter().copied(), slots, room);
        assert_eq!(drawn(&[(0, 80), (1, 40), (2, 0)], 3, 9), "▁▄█");
        assert_eq!(drawn(&[(0, 1_000_000), (1, 1)], 2, 9), "▂█");
        assert_eq!(drawn(&[(0, 0), (3, 0)], 4, 9), "▁  ▁");
        assert_eq!(drawn(&[(0, 8), (1, 4), (2, 2), (3, 1)], 4, 2), "▂█");
        assert_eq!(drawn(&[(0, u64::MAX)], 1, 9), "█");
        assert_eq!(drawn(&[(2, 5)], 3, 9), "█");
    }
}
