//! Which topics are watched, whoever reads them: those that a rule names, and those that a pattern matches, which takes a question of its own.

use tokio::time::Instant;

use crate::base::progress::Progress;
use crate::kafka::survey::cluster::Cluster;
use crate::model::part::Part;
use crate::model::snapshot::Problem;
use crate::model::unknown::Unknown;
use crate::model::watched::{Wanted, WatchRule};

/// The watched topics with what is wanted of each, in order, and what keeps some from being known. Of several parts, each
/// topic belongs to one, as a group does.
pub(crate) async fn topics(
    cluster: &Cluster<'_>,
    rules: &[WatchRule],
    part: Part,
    until: Instant,
) -> (Vec<(Box<str>, Wanted)>, Vec<Problem>) {
    let by_name = rules.iter().filter_map(|rule| Some((rule.topics.name()?, rule.wanted)));
    let mut found: Vec<(Box<str>, Wanted)> =
        by_name.filter(|(name, _)| part.contains(name)).map(|(name, wanted)| (name.into(), wanted)).collect();
    let mut problems = Vec::new();
    let problem = |what: Unknown| Problem { place: VARIABLE.into(), what };
    let patterns: Vec<&WatchRule> = rules.iter().filter(|rule| rule.topics.name().is_none()).collect();
    if !patterns.is_empty() {
        let _asking = Progress::with("asking for the topics that are watched");
        match cluster.metadata(None, until).await {
            Ok(answer) => {
                let names =
                    answer.topics.iter().filter_map(|topic| topic.name.as_ref()).filter(|name| !name.starts_with("__"));
                let wanted = |name: &str| rules.iter().find(|rule| rule.topics.matches(name)).map(|rule| rule.wanted);
                let mut matched: Vec<(Box<str>, Wanted)> =
                    names.filter_map(|name| Some((name.as_str().into(), wanted(name)?))).collect();
                let matches_none = |rule: &&WatchRule| !matched.iter().any(|(name, _)| rule.topics.matches(name));
                problems.extend(patterns.into_iter().filter(matches_none).map(|rule| {
                    let what = format!("{} matches no topic that this user is shown", rule.topics.text());
                    problem(Unknown::because(what))
                }));
                matched.retain(|(name, _)| part.contains(name));
                matched.sort_by(|(one, _), (other, _)| one.cmp(other));
                if matched.len() > MOST_TOPICS {
                    problems.push(problem(Unknown::because(format!(
                        "{} topics match, and the first {MOST_TOPICS} are watched: name fewer",
                        matched.len()
                    ))));
                    matched.truncate(MOST_TOPICS);
                }
                found.extend(matched);
            }
            Err(why) => problems.push(problem(why.within("which topics match is unknown"))),
        }
    }
    // What a rule names counts before what a pattern matches; the first of several rules counts.
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.dedup_by(|(later, _), (first, _)| later == first);
    (found, problems)
}

const VARIABLE: &str = "MEERKAT_WATCH";
/// Topics that are watched.
pub(crate) const MOST_TOPICS: usize = 200;
