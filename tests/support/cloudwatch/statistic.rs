//! What a query asks of the data of one period.

use super::metric::Sample;

/// The basic statistics and percentiles; the service knows more (trimmed means and their kin), which are refused here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Statistic {
    SampleCount,
    Sum,
    Minimum,
    Maximum,
    Average,
    /// In hundred-millionths of the whole, so that `p99.99` is exact.
    Percentile(u64),
}

impl Statistic {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "Average" => Self::Average,
            _ => Self::Percentile(percentile(name.strip_prefix('p')?)?),
        })
    }

    /// `None`: no point for this period.
    pub(crate) fn of(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::SampleCount => Some(sample.count),
            Self::Sum => Some(sample.sum),
            Self::Minimum => Some(sample.minimum),
            Self::Maximum => Some(sample.maximum),
            Self::Average => Some(sample.sum / sample.count),
            Self::Percentile(rank) => value_at(rank, sample.values.as_ref()?),
        }
    }
}

/// Nearest rank. The service keeps no exact rank for many values; with few, as here, the value that was sent is the only sensible answer.
/// Negative values have no percentiles (user guide, "Percentiles").
fn value_at(rank: u64, values: &[(f64, f64)]) -> Option<f64> {
    if values.iter().any(|&(value, _)| value < 0.0) {
        return None;
    }
    let mut values = values.to_vec();
    values.sort_by(|one, other| one.0.total_cmp(&other.0));
    let total: f64 = values.iter().map(|&(_, count)| count).sum();
    #[expect(clippy::cast_precision_loss, reason = "the rank has nine digits")]
    let wanted = total * rank as f64 / WHOLE as f64;
    let mut seen = 0.0;
    for &(value, count) in &values {
        seen += count;
        if seen >= wanted {
            return Some(value);
        }
    }
    values.last().map(|&(value, _)| value)
}

/// `95`, `99.9`: a number from 0 to 100 with up to ten decimals by the service's rule, of which six are kept here.
fn percentile(digits: &str) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if !all_digits(whole, 3) || !all_digits(fraction, 6) {
        return None;
    }
    let rank = whole.parse::<u64>().ok()? * 1_000_000 + format!("{fraction:0<6}").parse::<u64>().ok()?;
    (rank <= WHOLE).then_some(rank)
}

/// The hundredth percentile's rank.
const WHOLE: u64 = 100_000_000;
