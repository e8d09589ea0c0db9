//! Which groups exist, of which kind, and which broker answers for each.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use crate::base::budget::LISTING_SHARE;
use crate::base::progress::Progress;
use crate::kafka::protocol::error_codes;
use crate::kafka::protocol::internal_topics::{self, OFFSETS_TOPIC, SHARE_TOPIC};
use crate::kafka::survey::cluster::{Cluster, share_of, share_to_connect};
use crate::kafka::survey::coordinator;
use crate::kafka::survey::listed::{Announced, Listed, Presence, coordinator_of};
use crate::kafka::survey::offsets_topic::Internal;
use crate::kafka::survey::retry::{AskOutcome, ELECTION, Pauses, Questions, settle};
use crate::model::part::Part;
use crate::model::pattern::{Pattern, Patterns};
use crate::model::snapshot::{Kind, Problem, Unmet};
use crate::model::unknown::{Cause, Known, Unknown};
use crate::model::watched::WatchRule;

/// The groups and topics that a run selects.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Groups asked for by name; empty means every group.
    pub(crate) named: Vec<String>,
    /// Patterns that a group's name has to match, if no group is named.
    pub groups: Patterns,
    /// Which part of those groups, if no group is named.
    pub(crate) part: Part,
    /// Patterns, each of which some group has to match; they count if no group is named.
    pub(crate) expected: Vec<Pattern>,
    /// Patterns that a topic's name has to match.
    pub(crate) topics: Patterns,
    /// Topics that are watched, whatever the other patterns say; the first rule that matches counts.
    pub(crate) watched: Vec<WatchRule>,
}

/// What `ListGroups` on every broker gave.
pub(crate) struct Listing {
    /// The names of all groups, selected or not, if every broker listed its own and every coordinator is there.
    pub(crate) all: Known<Vec<Arc<str>>>,
    pub(crate) groups: Vec<Listed>,
    pub(crate) left_out: BTreeMap<String, usize>,
    /// What was asked for or expected, and is not among the groups.
    pub(crate) unmet: Vec<Unmet>,
    pub(crate) problems: Vec<Problem>,
    /// How many groups that read are listed.
    pub(crate) shown: usize,
    /// Why groups whose coordinator is away may be unnoticed.
    pub(crate) blind: Option<Unknown>,
}

/// Every group that some broker lists: its kind, or the protocol type of one that is not a consumer group.
type SeenGroups = HashMap<Arc<str>, Result<Kind, Box<str>>>;

/// Asks every broker for the groups that it coordinates; who answers for a group is its coordinator.
///
/// A named group that no broker lists is asked for at its coordinator instead: the answer distinguishes a group that
/// does not exist from one that this user may not see.
pub(crate) async fn list(cluster: &Cluster<'_>, selection: &Selection, deadline: Instant) -> Listing {
    // The brokers are connected to within this time.
    let until = share_to_connect(deadline, LISTING_SHARE);
    let (answers, offsets) = ask_all(cluster, until).await;
    let all_named = selection.named.is_empty();
    let wanted = |name: &str| {
        if all_named {
            selection.groups.select(name) && selection.part.contains(name)
        } else {
            selection.named.iter().any(|named| named == name)
        }
    };
    let mut listing = Listing {
        all: Ok(Vec::new()),
        groups: Vec::new(),
        left_out: BTreeMap::new(),
        unmet: Vec::new(),
        problems: Vec::new(),
        shown: 0,
        blind: None,
    };
    // A group whose coordinator moves during the run is listed twice.
    let mut seen = SeenGroups::new();
    // Of each broker why it did not list its groups, if it did not.
    let mut incomplete = BTreeMap::new();
    for (broker, answer) in answers {
        let ListAnswer { groups, doubt } = match answer {
            Ok(answer) => answer,
            Err(what) => {
                let place = cluster.place(broker);
                let what = match (offsets.led_by(broker).len(), offsets.partitions()) {
                    (0, _) => what,
                    (led, all) => Unknown::of(
                        what.cause(),
                        format!("{what}; the groups of {led} of {all} partitions of {OFFSETS_TOPIC} may be missing"),
                    ),
                };
                incomplete.insert(broker, Some(what.within(&place)));
                listing.problems.push(Problem { place, what });
                continue;
            }
        };
        if let Some(why) = &doubt {
            let (place, led, all) = (cluster.place(broker), offsets.led_by(broker).len(), offsets.partitions());
            let what = format!(
                "those that it has yet to load may be missing (it leads {led} of {all} partitions of {OFFSETS_TOPIC}: {why})"
            );
            listing.problems.push(Problem { place, what: Unknown::of(Cause::Away, what) });
        }
        incomplete.insert(broker, doubt);
        for Announced { id, kind, state } in groups {
            let name: Arc<str> = id.as_str().into();
            if wanted(&name) && !seen.contains_key(&name) {
                match &kind {
                    Ok(kind) => {
                        let (name, kind, coordinator) = (Arc::clone(&name), *kind, coordinator_of(&name, broker));
                        let (seen, only) = (Presence::Yes, None);
                        listing.groups.push(Listed { name, id, kind, state, coordinator, seen, only });
                    }
                    Err(protocol) => *listing.left_out.entry(protocol.to_string()).or_default() += 1,
                }
            }
            seen.entry(name).or_insert(kind);
        }
    }
    let lost = match &offsets {
        Internal::Unseen(why) if seen.is_empty() && !matches!(why.cause(), Cause::Denied(_)) => {
            Some(why.within("whether there are any is unknown"))
        }
        answer => answer.damage(OFFSETS_TOPIC, "those whose coordinator is away may be missing"),
    };
    listing.problems.extend(lost.map(|what| Problem { place: "groups".into(), what }));
    if seen.values().any(|kind| *kind == Ok(Kind::Share)) {
        let lost = cluster.shares().damage(SHARE_TOPIC, "they are not known");
        listing.problems.extend(lost.map(|what| Problem { place: "share groups".into(), what }));
    }
    // An empty list has no error, whether there are no groups or no permission.
    if seen.is_empty() && listing.problems.is_empty() && cluster.may_be_described(until).await == Some(false) {
        listing.problems.push(Problem { place: "groups".into(), what: Unknown::of(Cause::Hidden, NONE_SHOWN) });
    }
    listing.blind = match &offsets {
        Internal::Known(_) => None,
        Internal::Unseen(why) => Some(why.clone()),
        // Without the topic there are no groups; some services store them elsewhere.
        Internal::Absent => Some(Unknown::of(Cause::NoTopic, NO_OFFSETS_TOPIC)),
    };
    let ours = seen.iter().filter(|(name, kind)| selection.part.contains(name) && kind.is_ok());
    listing.shown = ours.clone().count();
    let mut all: Vec<Arc<str>> = ours.map(|(name, _)| name.clone()).collect();
    all.sort_unstable();
    listing.all = listing.problems.first().map_or(Ok(all), |problem| Err(problem.what.within(&problem.place)));
    let sought = meet(cluster, selection, &offsets, &seen, &mut listing, until).await;
    // With its own time: a broker that hangs has used up the time of the listing.
    let until = share_of(deadline, LISTING_SHARE);
    look_up(cluster, (&sought, &incomplete), &offsets, !seen.is_empty(), &mut listing, until).await;
    listing.groups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    listing
}

/// Every broker's groups, and the state of the offsets topic. Waits for elections, and asks brokers that appear
/// meanwhile too.
async fn ask_all(cluster: &Cluster<'_>, until: Instant) -> (BTreeMap<i32, Known<ListAnswer>>, Internal) {
    let room = Cell::new(MOST_GROUPS);
    let was_known = matches!(cluster.offsets(), Internal::Known(_));
    let mut answers = ask_each(cluster, cluster.ids(), &room, until).await;
    let are_shown = answers.values().flatten().any(|answer| !answer.groups.is_empty());
    let mut offsets = coordinator::offsets_topic(cluster, are_shown, until).await;
    if !was_known && matches!(offsets, Internal::Known(_)) {
        // Whether they had loaded everything could not be asked before it was known what they lead.
        room.set(MOST_GROUPS);
        answers = ask_each(cluster, cluster.ids(), &room, until).await;
    }
    let share = answers.values().flatten().flat_map(|answer| &answer.groups).any(|group| group.kind == Ok(Kind::Share));
    let share_state_is_away = || share && cluster.shares().damage(SHARE_TOPIC, "").is_some();
    let is_doubtful =
        |answers: &BTreeMap<i32, Known<ListAnswer>>| answers.values().flatten().any(|answer| answer.doubt.is_some());
    let mut pauses = Pauses::new(until.min(Instant::now() + ELECTION));
    while offsets.damage(OFFSETS_TOPIC, "").is_some() || share_state_is_away() || is_doubtful(&answers) {
        let Some(next) = pauses.next() else { break };
        sleep_until(next).await;
        // If no broker answers, the next attempt may have an answer.
        let _ = cluster.metadata(Some(&internal_topics::names()), until).await;
        let before = std::mem::replace(&mut offsets, cluster.offsets());
        let is_whole_again = before.damage(OFFSETS_TOPIC, "").is_some() && offsets.damage(OFFSETS_TOPIC, "").is_none();
        if is_whole_again || is_doubtful(&answers) {
            // Any of them may list groups now whose coordinator was away.
            room.set(MOST_GROUPS);
            answers = ask_each(cluster, cluster.ids(), &room, until).await;
        }
    }
    let more: Vec<i32> = cluster.ids().into_iter().filter(|id| !answers.contains_key(id)).collect();
    answers.extend(ask_each(cluster, more, &room, until).await);
    (answers, offsets)
}

/// What one broker listed.
struct ListAnswer {
    groups: Vec<Announced>,
    /// Why some may be missing: it still has to load them.
    doubt: Option<Unknown>,
}

/// These brokers' groups; a broker that is still loading is asked again until it has them, or the time is up.
async fn ask_each(
    cluster: &Cluster<'_>,
    ids: Vec<i32>,
    room: &Cell<usize>,
    until: Instant,
) -> BTreeMap<i32, Known<ListAnswer>> {
    let places = ids.iter().copied().map(Ok).collect();
    let progress = Progress::of("connecting, listing the groups of", ids.len(), "brokers");
    let questions = Questions { places, piece: 1, progress, left_out: "no broker was asked", until };
    let stateless = Unknown::because("the broker's listing has no states");
    let ask = async |id, brokers: Vec<usize>| {
        let answer = cluster.list_groups(id, until).await;
        let outcome = match answer {
            Ok((answer, doubt)) if answer.error_code == 0 => match room.get().checked_sub(answer.groups.len()) {
                Some(left) => {
                    room.set(left);
                    let groups = answer.groups.iter().map(|group| Announced::new(group, &stateless)).collect();
                    AskOutcome::Done(ListAnswer { groups, doubt })
                }
                None => AskOutcome::Failed(Unknown::of(
                    Cause::TooLarge,
                    format!("{} more groups: {TOO_MANY}", answer.groups.len()),
                )),
            },
            Ok((answer, _)) => {
                AskOutcome::from_cause(error_codes::unknown(answer.error_code).within("its groups are unknown"))
            }
            Err(error) => AskOutcome::from_error(error.here()),
        };
        brokers.into_iter().zip([outcome]).collect()
    };
    let again = async |brokers: &[usize]| brokers.iter().map(|broker| Ok(ids[*broker])).collect();
    let answers = settle(questions, ask, again).await;
    ids.iter().copied().zip(answers).collect()
}

/// Sorts the groups that were asked for or expected and are not listed; the rest is to be asked for by name.
async fn meet<'s>(
    cluster: &Cluster<'_>,
    selection: &'s Selection,
    offsets: &Internal,
    seen: &SeenGroups,
    listing: &mut Listing,
    until: Instant,
) -> Vec<&'s str> {
    let mut sought = Vec::new();
    let wanted: Vec<(&str, Option<&Pattern>)> = if selection.named.is_empty() {
        // Of several parts, only one reports a pattern without a match.
        let of_part = selection.expected.iter().filter(|pattern| selection.part.contains(pattern.text()));
        of_part.map(|pattern| (pattern.text(), pattern.name().is_none().then_some(pattern))).collect()
    } else {
        selection.named.iter().map(|name| (&**name, None)).collect()
    };
    for (name, pattern) in wanted {
        if let Some(pattern) = pattern {
            if !seen.keys().any(|seen| pattern.matches(seen)) {
                let why = match listing.all.as_ref().err() {
                    Some(why) => Some(why.clone()),
                    None if cluster.may_be_described(until).await == Some(false) => {
                        Some(Unknown::of(Cause::Hidden, SOME_SHOWN))
                    }
                    None if matches!(offsets, Internal::Absent) => lists_living_groups(cluster, seen, until).await,
                    None => None,
                };
                listing.unmet.push(Unmet { name: name.into(), why });
            }
        } else if let Some(kind) = seen.get(name) {
            if let Err(protocol) = kind {
                let why = format!("the group's protocol type is {}: it is no consumer group", &**protocol);
                listing.unmet.push(Unmet { name: name.into(), why: Some(Unknown::because(why)) });
            }
        } else if let Some(Err(why)) = offsets.coordinator(name) {
            let why = Unknown::of(
                Cause::Away,
                format!("its coordinator is away, so whether there is such a group is unknown: {why}"),
            );
            listing.unmet.push(Unmet { name: name.into(), why: Some(why) });
        } else {
            sought.push(name);
        }
    }
    sought
}

/// Why a group that is not listed may exist, although there is no offsets topic; `None` if it does not.
async fn lists_living_groups(cluster: &Cluster<'_>, seen: &SeenGroups, until: Instant) -> Option<Unknown> {
    let elsewhere = Unknown::of(Cause::NoTopic, NO_OFFSETS_TOPIC);
    if !seen.is_empty() {
        return Some(elsewhere);
    }
    // In Apache Kafka no broker coordinates any group then.
    match coordinator::search(cluster, &[ANY_GROUP], until).await.pop()? {
        Ok(coordinator) => coordinator.map(|_| elsewhere),
        Err(why) => Some(why),
    }
}

/// Finds groups that no broker lists: one that this user may not see, one that its service no longer lists, or one
/// that does not exist. "There is no such group" is reported only if that is known; `incomplete` has for each broker
/// why it did not list its groups, if it did not.
async fn look_up(
    cluster: &Cluster<'_>,
    (sought, incomplete): (&[&str], &BTreeMap<i32, Option<Unknown>>),
    offsets: &Internal,
    groups_are_shown: bool,
    listing: &mut Listing,
    until: Instant,
) {
    if sought.is_empty() {
        return;
    }
    // `FindCoordinator` creates the offsets topic if there is none, so it is sent only if the topic exists, or if
    // there are groups without it.
    let listed = |name: &str, coordinator: Known<i32>| {
        let seen = match coordinator.as_ref().map(|id| (id, incomplete.get(id))) {
            Ok((_, Some(None))) => Presence::No,
            Ok((_, Some(Some(why)))) | Err(why) => Presence::Perhaps(why.clone()),
            Ok((id, None)) => {
                Presence::Perhaps(Unknown::because(format!("{} was not asked for its groups", cluster.place(*id))))
            }
        };
        Listed { seen, ..Listed::named(name, Kind::Classic, coordinator) }
    };
    match coordinator::exists(cluster, offsets, groups_are_shown, until).await {
        Ok(true) => {
            let found = sought.iter().zip(coordinator::find(cluster, sought, until).await);
            listing.groups.extend(found.map(|(name, coordinator)| listed(name, coordinator)));
        }
        Ok(false) => {
            for (name, found) in sought.iter().zip(coordinator::search(cluster, sought, until).await) {
                // If no broker answers for it, it never committed, provided that every broker listed its groups.
                let why = match found {
                    Ok(Some(id)) => {
                        listing.groups.push(listed(name, Ok(id)));
                        continue;
                    }
                    Ok(None) => incomplete.values().flatten().next().cloned(),
                    Err(why) => Some(why),
                };
                listing.unmet.push(Unmet { name: (*name).into(), why });
            }
        }
        Err(why) => {
            let unmet = |name: &&str| Unmet { name: (*name).into(), why: Some(why.clone()) };
            listing.unmet.extend(sought.iter().map(unmet));
        }
    }
}

/// The largest number of groups of a cluster that a run reads; larger clusters than any known have a tenth of it, and
/// a hostile listing of this size fits into the memory of a small function.
const MOST_GROUPS: usize = 250_000;

const TOO_MANY: &str = "a run reads up to 250,000 groups of a cluster";

/// What is unknown of a service that stores groups elsewhere.
const NO_OFFSETS_TOPIC: &str = "there is no __consumer_offsets, and a service without it may list groups only while they have members: name them in MEERKAT_EXPECT to have them asked for one by one";

/// A group that does not exist.
const ANY_GROUP: &str = "meerkat.any-group-that-does-not-exist";

/// What a user without DESCRIBE on the cluster sees.
const SOME_SHOWN: &str = "this user is shown only groups that it may describe, and none of them meets this: grant it DESCRIBE on the cluster";

/// What a user without permissions sees.
const NONE_SHOWN: &str = "this user is shown no groups, and may not describe the cluster, so whether there are any is unknown: grant it DESCRIBE on the cluster, on groups and on topics";
