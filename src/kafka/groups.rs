//! Which groups there are, of which kind, and who answers for each.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::join_all;
use kafka_protocol::messages::ListGroupsRequest;
use kafka_protocol::messages::list_groups_response::{ListGroupsResponse, ListedGroup};

use super::cluster::{AskError, Cluster};
use super::coordinator;
use super::failure;
use super::listed::Listed;
use super::pauses;
use super::versions::Api;
use crate::lag::{Known, Unknown};
use crate::pattern::Patterns;
use crate::snapshot::{Kind, Problem};

/// Which groups and topics a look is for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Groups asked for by name; empty means every group.
    pub named: Vec<String>,
    /// Globs that a group's name has to match, when none is asked for by name.
    pub groups: Patterns,
    /// Globs that a topic's name has to match.
    pub topics: Patterns,
}

/// What `ListGroups` on every broker gave.
pub(super) struct Listing {
    /// The names of all groups, selected or not, if every broker told its own.
    pub(super) all: Known<Vec<Box<str>>>,
    pub(super) groups: Vec<Listed>,
    pub(super) left_out: BTreeMap<String, usize>,
    pub(super) problems: Vec<Problem>,
}

/// Asks every broker for the groups that it coordinates; who answers for a group is its coordinator.
///
/// A group asked for by name that nobody lists is looked up by its coordinator instead: the answer tells a group that
/// does not exist from one that this user may not see.
pub(super) async fn list(cluster: &Cluster, selection: &Selection) -> Listing {
    let answers = join_all(cluster.ids().map(|id| async move { (id, patiently(cluster, id).await) })).await;
    let named: HashSet<&str> = selection.named.iter().map(String::as_str).collect();
    let wanted = |name: &str| if named.is_empty() { selection.groups.select(name) } else { named.contains(name) };
    let mut listing =
        Listing { all: Ok(Vec::new()), groups: Vec::new(), left_out: BTreeMap::new(), problems: Vec::new() };
    let mut seen = HashSet::new();
    let mut some_are_shown = false;
    for (id, answer) in answers {
        let groups = match answer.map_err(Unknown::from) {
            Ok(answer) if answer.error_code == 0 => answer.groups,
            Ok(answer) => {
                let what =
                    Unknown::because(format!("its groups are unknown: {}", failure::sentence(answer.error_code)));
                listing.problems.push(Problem { place: cluster.place(id), what });
                answer.groups
            }
            Err(what) => {
                listing.problems.push(Problem { place: cluster.place(id), what });
                continue;
            }
        };
        some_are_shown |= !groups.is_empty();
        if let Ok(all) = &mut listing.all {
            let ours = groups.iter().filter(|group| matches!(kind(group), Some(kind) if kind != Kind::Share));
            all.extend(ours.map(|group| Box::<str>::from(&*group.group_id.0)));
        }
        for group in groups.iter().filter(|group| wanted(&group.group_id)) {
            match kind(group) {
                // A group whose coordinator moves during the look is listed twice.
                Some(kind) if seen.insert(Box::<str>::from(&*group.group_id.0)) => {
                    let state = match &*group.group_state {
                        "" => Err(Unknown::because("the broker's listing tells no states")),
                        state => Ok(state.into()),
                    };
                    listing.groups.push(Listed { name: (*group.group_id.0).into(), kind, state, coordinator: Ok(id) });
                }
                Some(_) => {}
                None => *listing.left_out.entry(group.protocol_type.to_string()).or_default() += 1,
            }
        }
    }
    // An empty list comes without an error, be there no groups or no permission.
    if !some_are_shown && listing.problems.is_empty() && cluster.may_be_described().await == Some(false) {
        listing.problems.push(Problem { place: "groups".into(), what: Unknown::because(NONE_SHOWN) });
    }
    if let (Some(problem), all) = (listing.problems.first(), &mut listing.all) {
        *all = Err(problem.what.clone());
    }
    if let Ok(all) = &mut listing.all {
        all.sort_unstable();
        all.dedup();
    }
    let missing: Vec<&str> = named.into_iter().filter(|name| !seen.contains(*name)).collect();
    if !missing.is_empty() {
        listing.groups.extend(look_up(cluster, &missing, some_are_shown).await);
    }
    listing.groups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    listing
}

/// One broker's groups; a broker that is still loading them is asked again until it has them, or the deadline is near.
async fn patiently(cluster: &Cluster, id: i32) -> Result<ListGroupsResponse, AskError> {
    let mut pauses = pauses::pauses(cluster.deadline());
    loop {
        let answer = cluster.call(id, Api::ListGroups, &ListGroupsRequest::default()).await?;
        if !failure::coordinator_moved(answer.error_code) || !pauses.next().await {
            return Ok(answer);
        }
    }
}

/// Finds groups that no broker lists: one that this user may not see, or that has just gone.
///
/// `FindCoordinator` creates the offsets topic where there is none, so it is asked only where the topic exists; where it
/// does not, there are no groups.
async fn look_up(cluster: &Cluster, names: &[&str], offsets_topic_exists: bool) -> Vec<Listed> {
    if !offsets_topic_exists && !coordinator::offsets_topic_exists(cluster).await {
        return Vec::new();
    }
    let unlisted = Unknown::because("no broker lists the group");
    let listed = names.iter().zip(coordinator::find(cluster, names).await);
    listed
        .map(|(name, coordinator)| Listed {
            name: (*name).into(),
            kind: Kind::Classic,
            state: Err(unlisted.clone()),
            coordinator,
        })
        .collect()
}

/// The kind of a group that has committed offsets; `None` for the protocols of others (`connect`, schema registries, …).
///
/// Brokers below `ListGroups` 5 name no type: they know classic groups only, and KIP-848 groups in preview.
/// Groups that only commit have an empty protocol type.
fn kind(group: &ListedGroup) -> Option<Kind> {
    match (group.group_type.to_ascii_lowercase().as_str(), &*group.protocol_type) {
        ("consumer", _) => Some(Kind::Consumer),
        ("streams", _) => Some(Kind::Streams),
        ("share", _) | (_, "share") => Some(Kind::Share),
        (_, "consumer" | "") => Some(Kind::Classic),
        _ => None,
    }
}

/// What a user without permissions sees.
const NONE_SHOWN: &str = "this user is shown no groups, and may not describe the cluster, so whether there are any is unknown: grant it DESCRIBE on the cluster, on groups and on topics";

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::protocol::StrBytes;

    #[test]
    fn the_kind_of_a_group_is_told_by_type_first_and_protocol_second() {
        let of = |group_type, protocol_type| {
            kind(
                &ListedGroup::default()
                    .with_group_type(StrBytes::from_static_str(group_type))
                    .with_protocol_type(StrBytes::from_static_str(protocol_type)),
            )
        };
        assert_eq!(of("classic", "consumer"), Some(Kind::Classic));
        assert_eq!(of("Consumer", "consumer"), Some(Kind::Consumer));
        assert_eq!(of("streams", "streams"), Some(Kind::Streams));
        assert_eq!(of("share", "share"), Some(Kind::Share));
        assert_eq!(of("", "consumer"), Some(Kind::Classic));
        assert_eq!(of("", ""), Some(Kind::Classic));
        assert_eq!(of("classic", "connect"), None);
        assert_eq!(of("", "sr"), None);
    }
}
