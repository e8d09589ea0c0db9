//! The rules of `PutMetricData`: a request becomes writes, or one refusal that lists the members at fault.

use super::clock::Moment;
use super::metric::{Resolution, Sample, UNITS, Write};
use super::names;
use super::refusal::{Kind, Problems, Refusal};
use super::wire::{MetricDatum, Number, PutMetricData, StatisticSet};

/// All of the request, or nothing: one bad datum fails the others too.
pub(crate) fn writes(request: &PutMetricData, now: Moment) -> Result<Vec<Write>, Refusal> {
    let mut problems = Problems::default();
    if request.metric_data.is_empty() {
        problems.required("MetricData");
    }
    if request.metric_data.len() > DATUMS_MAX {
        problems.value(format!("The collection MetricData must not have a size greater than {DATUMS_MAX}."));
    }
    let namespace = request.namespace.as_deref();
    names::namespace(&mut problems, "Namespace", namespace);
    if let Some(refusal) = problems.refusal() {
        return Err(refusal);
    }

    let mut problems = Problems::default();
    let writes = request.metric_data.iter().enumerate().filter_map(|(index, datum)| {
        let at = format!("MetricData.member.{}", index + 1);
        let metric = names::metric(
            &mut problems,
            &at,
            ("Namespace", namespace),
            datum.metric_name.as_deref(),
            &datum.dimensions,
        );
        let resolution = resolution(&mut problems, &at, datum.storage_resolution);
        let moment = moment(&mut problems, &at, datum, now);
        let unit = datum.unit.clone().unwrap_or_else(|| "None".to_owned());
        if !UNITS.contains(&unit.as_str()) {
            problems.value(format!("The value {unit} for parameter {at}.Unit is invalid."));
        }
        let sample = sample(&mut problems, &at, datum)?;
        Some(Write { metric, unit, resolution, second: moment.floor_to(resolution.seconds()), sample })
    });
    let writes = writes.collect();
    problems.refusal().map_or(Ok(writes), Err)
}

fn resolution(problems: &mut Problems, at: &str, resolution: Option<i64>) -> Resolution {
    match resolution {
        None | Some(60) => Resolution::Minute,
        Some(1) => Resolution::Second,
        Some(other) => {
            problems.value(format!("The value {other} for parameter {at}.StorageResolution is invalid."));
            Resolution::Minute
        }
    }
}

fn moment(problems: &mut Problems, at: &str, datum: &MetricDatum, now: Moment) -> Moment {
    let Some(timestamp) = datum.timestamp else {
        return now;
    };
    if timestamp.0 < now.minus(PAST_MAX) {
        problems.value(format!("The parameter {at}.Timestamp must specify a time within the past two weeks."));
    } else if timestamp.0 > now.plus(FUTURE_MAX) {
        problems
            .value(format!("The parameter {at}.Timestamp must specify a time no more than two hours in the future."));
    }
    timestamp.0
}

fn sample(problems: &mut Problems, at: &str, datum: &MetricDatum) -> Option<Sample> {
    let given = [
        ("Value", datum.value.is_some()),
        ("Values", datum.values.is_some()),
        ("StatisticValues", datum.statistic_values.is_some()),
    ];
    let mut given = given.into_iter().filter(|form| form.1).map(|form| form.0);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        problems.add(
            Kind::Combination,
            format!(
                "The parameters {at}.{first} and {at}.{second} are mutually exclusive and you have specified both."
            ),
        );
        return None;
    }
    match (datum.value, &datum.values, datum.statistic_values) {
        (Some(value), _, _) => {
            in_range(problems, &format!("{at}.Value"), value);
            Sample::from_values(vec![(value.0, 1.0)])
        }
        (_, Some(values), _) => distribution(problems, at, values, datum.counts.as_deref()),
        (_, _, Some(set)) => statistics(problems, at, set),
        (None, None, None) => {
            let message = format!(
                "At least one of the parameters {at}.Value, {at}.Values or {at}.StatisticValues must be specified."
            );
            problems.add(Kind::Missing, message);
            None
        }
    }
}

fn distribution(problems: &mut Problems, at: &str, values: &[Number], counts: Option<&[Number]>) -> Option<Sample> {
    let ones = vec![Number(1.0); values.len()];
    let counts = counts.unwrap_or(&ones);
    if values.is_empty() {
        problems.required(&format!("{at}.Values"));
    }
    if values.len() > VALUES_MAX {
        problems.value(format!("The collection {at}.Values must not have a size greater than {VALUES_MAX}."));
    }
    if values.len() != counts.len() {
        problems.value(format!("The parameters {at}.Values and {at}.Counts must be of the same size."));
    }
    for (index, value) in values.iter().enumerate() {
        in_range(problems, &format!("{at}.Values.member.{}", index + 1), *value);
        if values[..index].contains(value) {
            problems.value(format!("The parameter {at}.Values.member.{} repeats the value {}.", index + 1, value.0));
        }
    }
    for (index, count) in counts.iter().enumerate() {
        let parameter = format!("{at}.Counts.member.{}", index + 1);
        in_range(problems, &parameter, *count);
        if count.0 <= 0.0 {
            problems.value(format!("The value {} for parameter {parameter} must be greater than 0.", count.0));
        }
    }
    Sample::from_values(values.iter().zip(counts).map(|(value, count)| (value.0, count.0)).collect())
}

fn statistics(problems: &mut Problems, at: &str, set: StatisticSet) -> Option<Sample> {
    let mut member = |name: &str, number: Option<Number>| {
        let parameter = format!("{at}.StatisticValues.{name}");
        match number {
            Some(number) => in_range(problems, &parameter, number),
            None => problems.required(&parameter),
        }
        number.map(|number| number.0)
    };
    let count = member("SampleCount", set.sample_count);
    let sum = member("Sum", set.sum);
    let minimum = member("Minimum", set.minimum);
    let maximum = member("Maximum", set.maximum);
    let (count, sum, minimum, maximum) = (count?, sum?, minimum?, maximum?);
    if count <= 0.0 {
        problems
            .value(format!("The value {count} for parameter {at}.StatisticValues.SampleCount must be greater than 0."));
    }
    if maximum < minimum {
        problems.value(format!(
            "The parameter {at}.StatisticValues.Maximum must be greater than {at}.StatisticValues.Minimum."
        ));
    }
    Some(Sample {
        count,
        sum,
        minimum,
        maximum,
        values: (minimum.to_bits() == maximum.to_bits()).then(|| vec![(minimum, count)]),
    })
}

fn in_range(problems: &mut Problems, parameter: &str, number: Number) {
    let Number(number) = number;
    if !number.is_finite() || number.abs() > VALUE_RANGE.exp2() {
        problems.value(format!("The value {number} for parameter {parameter} is invalid."));
    }
}

/// Datums of one request (`PutMetricData`).
pub(crate) const DATUMS_MAX: usize = 1_000;
/// Values of one datum (`MetricDatum`).
pub(crate) const VALUES_MAX: usize = 150;
/// Numbers lie between −2^360 and 2^360 (`MetricDatum`).
const VALUE_RANGE: f64 = 360.0;
/// Two weeks, in seconds (`PutMetricData`).
pub(crate) const PAST_MAX: i64 = 14 * 86_400;
/// Two hours, in seconds (`PutMetricData`).
pub(crate) const FUTURE_MAX: i64 = 2 * 3_600;
