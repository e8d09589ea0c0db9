//! The rules for names: what a namespace, a metric name or a dimension may contain.

use std::collections::BTreeMap;

use super::metric::MetricId;
use super::refusal::Problems;
use super::wire::Dimension;

/// The metric, or what is wrong with its names, reported under the parameter `at`.
pub(crate) fn metric(
    problems: &mut Problems,
    at: &str,
    namespace: (&str, Option<&str>),
    name: Option<&str>,
    dimensions: &[Dimension],
) -> MetricId {
    self::namespace(problems, namespace.0, namespace.1);
    text(problems, &format!("{at}.MetricName"), name, NAME_MAX);
    let mut identity = BTreeMap::new();
    if dimensions.len() > DIMENSIONS_MAX {
        problems.value(format!("The collection {at}.Dimensions must not have a size greater than {DIMENSIONS_MAX}."));
    }
    for (index, dimension) in dimensions.iter().enumerate() {
        let member = format!("{at}.Dimensions.member.{}", index + 1);
        let name_parameter = format!("{member}.Name");
        text(problems, &name_parameter, dimension.name.as_deref(), NAME_MAX);
        text(problems, &format!("{member}.Value"), dimension.value.as_deref(), VALUE_MAX);
        let name = dimension.name.clone().unwrap_or_default();
        if name.starts_with(':') {
            problems.value(format!("The value {name} for parameter {name_parameter} must not start with a colon."));
        }
        if identity.insert(name, dimension.value.clone().unwrap_or_default()).is_some() {
            problems.value(format!("The parameter {name_parameter} names a dimension twice."));
        }
    }
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    MetricId { namespace: owned(namespace.1), name: owned(name), dimensions: identity }
}

/// Custom namespaces: `AWS/` is the service's own, and the characters are a closed list (user guide, "Namespaces").
pub(crate) fn namespace(problems: &mut Problems, parameter: &str, namespace: Option<&str>) {
    text(problems, parameter, namespace, NAME_MAX);
    let namespace = namespace.unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ".-_/#: ".contains(letter);
    if namespace.starts_with("AWS/") || namespace.starts_with(':') || !namespace.chars().all(allowed) {
        problems.value(format!("The value {namespace} for parameter {parameter} is invalid."));
    }
}

fn text(problems: &mut Problems, parameter: &str, text: Option<&str>, most: usize) {
    let Some(text) = text else {
        problems.required(parameter);
        return;
    };
    if text.is_empty() {
        problems.value(format!("The parameter {parameter} must be longer than 0 characters."));
    } else if text.chars().count() > most {
        problems.value(format!("The parameter {parameter} must be no longer than {most} characters."));
    } else if !text.is_ascii() {
        problems.value(format!("The value for parameter {parameter} contains non-ASCII characters."));
    } else if text.chars().any(|letter| letter.is_ascii_control()) {
        problems.value(format!("The value for parameter {parameter} contains control characters."));
    } else if text.trim().is_empty() {
        problems.value(format!("The value for parameter {parameter} must contain a non-whitespace character."));
    }
}

/// Namespaces, metric names and dimension names (`MetricDatum`, `Dimension`).
pub(crate) const NAME_MAX: usize = 255;
/// Dimension values (`Dimension`).
pub(crate) const VALUE_MAX: usize = 1_024;
/// Dimensions of a metric (`MetricDatum`).
pub(crate) const DIMENSIONS_MAX: usize = 30;
