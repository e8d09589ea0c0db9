//! The only door to Kafka: from bootstrap addresses to a [`Snapshot`].
//!
//! A run needs as few round trips as the protocol allows: `Metadata` for the brokers together with the first
//! `ListGroups`, which all brokers get, then one describe and one `OffsetFetch` per coordinator for all of its groups,
//! `Metadata` for the topics that they read, and three pipelined `ListOffsets` per leader.
//!
//! Over TLS to one broker that is seven round trips, each with what the one before returned: TCP, TLS, `ApiVersions`,
//! and these four. A process that kept connections and topics needs three. `ApiVersions` travels alone: Kafka 2.2 to 3.2
//! answer the second request of one TLS packet 300 ms late (KAFKA-13559).

pub(crate) mod net;
mod probe;
pub mod protocol;
pub(crate) mod survey;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;
use tokio_rustls::rustls;

pub use net::connection::Traffic;
pub use net::dial::{Access, Credentials, Unreachable};
pub use net::pool::Connections;
pub use net::tls::Tls;
pub use probe::{found, probe};
pub use survey::groups::Selection;

use net::dial::Dial;
use survey::assembly::GroupPart;
use survey::cluster::{Cluster, share_of};
use survey::names::{Names, Sorted};
use survey::topic::DescribedTopic;
pub(crate) use survey::vanished::Missed;
use survey::{age_search, assembly, commits, groups, logs, members, recheck, vanished};

use crate::base::budget::COMMITS_SHARE;
use crate::base::clock::Laps;
use crate::base::progress::Progress;
use crate::model::age;
use crate::model::lags::Lags;
use crate::model::pattern::Patterns;
use crate::model::snapshot::{Broker, Gone, Group, Problem, Snapshot, Topic, Unacknowledged};
use crate::model::unknown::{Known, Unknown};
use crate::model::watched::Wanted;

/// A survey that could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// There are no credentials.
    #[error("there are no credentials to log in with: {0}")]
    Credentials(Unknown),
    /// No broker answers.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

/// A survey whose logs are still to be read: the partitions are known, so that their past can be fetched meanwhile.
pub(crate) struct Survey<'a> {
    cluster: Cluster<'a>,
    names: Vec<Box<str>>,
    described: Vec<DescribedTopic>,
    wanted: Vec<Vec<i32>>,
}

/// Connects to the brokers.
///
/// # Errors
/// [`SurveyError`] if there is nothing to read: no usable TLS configuration, no broker that answers.
async fn enter(access: Access<'_>, unix_seconds: i64, deadline: Instant) -> Result<Cluster<'_>, SurveyError> {
    let dial = Rc::new(Dial { access, unix_seconds, waiting: Cell::new(0) });
    let _connecting = Progress::with("connecting");
    let met = dial.meet(deadline).await.map_err(|unreachable| {
        match dial.access.credentials.as_ref().and_then(Credentials::failure) {
            Some(why) => SurveyError::Credentials(why),
            None => SurveyError::Unreachable(unreachable),
        }
    })?;
    Ok(Cluster::of(met, &dial))
}

/// A cluster that is asked for names, and for log end offsets; no group is read.
pub(crate) struct Directory<'a>(Cluster<'a>);

impl<'a> Directory<'a> {
    /// Connects to the brokers.
    ///
    /// # Errors
    /// As [`survey()`].
    pub(crate) async fn open(access: Access<'a>, unix_seconds: i64, deadline: Instant) -> Result<Self, SurveyError> {
        enter(access, unix_seconds, deadline).await.map(Self)
    }

    /// Kafka's own id of the cluster.
    pub(crate) fn id(&self) -> Option<&str> {
        self.0.id()
    }

    /// The addresses of the brokers.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.0.describe().into_iter().map(|(_, endpoint, _)| endpoint.to_string()).collect()
    }

    /// The names of the groups, in order, with one request to each broker; and why there may be more.
    pub(crate) async fn groups(&self, selection: &Selection, until: Instant) -> (Vec<Arc<str>>, Vec<Problem>) {
        let listing = groups::list(&self.0, selection, until).await;
        (listing.groups.into_iter().map(|group| group.name).collect(), listing.problems)
    }

    /// The names of the topics, in order, with one request to one broker.
    pub(crate) async fn topics(&self, selected: &Patterns, until: Instant) -> Known<Vec<String>> {
        let answer = self.0.metadata(None, until).await?;
        let names = answer.topics.iter().filter_map(|topic| topic.name.as_ref());
        let mut names: Vec<String> = names.map(|name| name.to_string()).filter(|name| selected.select(name)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// One topic with its logs, with one request to one broker and one to each leader.
    pub(crate) async fn topic(&self, name: &str, until: Instant) -> Topic {
        let names = [name.into()];
        let (mut described, _) = logs::describe_all(&self.0, &names, &[-1], &Patterns::default(), false, until).await;
        let partitions = described.first().and_then(|topic| topic.leaders.as_ref().ok()).map_or(0, Vec::len);
        let wanted = [(0..).take(partitions).collect()];
        let mut topics = logs::read(&self.0, &names, &mut described, &wanted, until).await;
        let unread = || DescribedTopic::unknown(Unknown::because("it was not read")).outline(name);
        topics.pop().unwrap_or_else(unread)
    }

    /// Keeps the open connections for the next run.
    pub(crate) fn keep_connections(&self) {
        self.0.keep_connections();
    }
}

/// Finds the groups, their members and commits, and the topics that they read. What cannot be read by `deadline` is
/// [`Unknown`] in the snapshot, with its cause.
///
/// # Errors
/// [`SurveyError`] if there is nothing to read: no usable TLS configuration, no broker that answers.
pub(crate) async fn survey<'a>(
    access: Access<'a>,
    selection: &Selection,
    unix_seconds: i64,
    deadline: Instant,
) -> Result<(Survey<'a>, Snapshot), SurveyError> {
    let mut laps = Laps::start();
    let cluster = enter(access, unix_seconds, deadline).await?;
    tracing::debug!(ms = laps.lap(), brokers = cluster.ids().len(), "connected");
    let listing = groups::list(&cluster, selection, deadline).await;
    tracing::debug!(ms = laps.lap(), groups = listing.groups.len(), "listed");
    let listed = listing.groups;
    let names = Names::new(&selection.topics);
    let until = share_of(deadline, COMMITS_SHARE);
    let (members, mut commits, (watched, unwatched)) = tokio::join!(
        members::describe(&cluster, &listed, &names, until),
        commits::fetch(&cluster, &listed, &names, until),
        survey::watched::topics(&cluster, &selection.watched, selection.part, until)
    );
    let until = share_of(deadline, COMMITS_SHARE);
    recheck::of_bare_groups(&cluster, (&listed, &members), &mut commits, &names, until).await;
    tracing::debug!(ms = laps.lap(), "members and committed offsets read");
    let watched: Vec<(usize, Wanted)> =
        watched.iter().map(|(name, wanted)| (names.number_of_watched(name), *wanted)).collect();
    let Sorted { names, rank } = names.sorted();
    let watched: Vec<(usize, Wanted)> = watched.into_iter().map(|(topic, wanted)| (rank[topic], wanted)).collect();
    let parts: Vec<GroupPart> = listed
        .into_iter()
        .zip(members)
        .zip(commits)
        .map(|((listed, members), commits)| GroupPart::new(listed, members, commits, &rank))
        .collect();
    let doubtful = parts.iter().any(GroupPart::may_read_unseen);
    let describing = Progress::with("describing the topics");
    let highest = assembly::highest(&parts, names.len());
    let (described, hides) =
        logs::describe_all(&cluster, &names, &highest, &selection.topics, doubtful, deadline).await;
    drop(describing);
    tracing::debug!(ms = laps.lap(), topics = names.len(), "topics described");
    let topics: Vec<_> = names.iter().zip(&described).map(|(name, topic)| topic.outline(name)).collect();
    let mut rows = Vec::with_capacity(parts.iter().map(GroupPart::len).sum());
    let coordinators = parts.iter().map(GroupPart::coordinator).collect();
    let unlisted: Vec<bool> = parts.iter().map(GroupPart::is_unlisted).collect();
    let mut unacknowledged = Unacknowledged::default();
    let group = |part: GroupPart| part.into_group(&topics, hides.as_ref(), &mut rows, &mut unacknowledged);
    let groups: Vec<Group> = parts.into_iter().map(group).collect();
    // A group that is not listed and was found by its name counts as well.
    let found = unlisted.iter().zip(&groups).filter(|(unlisted, group)| **unlisted && !group.range().is_empty());
    let found: Vec<Arc<str>> = found.map(|(_, group)| Arc::clone(&group.name)).collect();
    let shown = listing.shown + found.len();
    let listed = listing.all.map(|mut all| {
        all.extend(found);
        all.sort_unstable();
        all
    });
    let wanted = assembly::wanted(&rows, &watched, &topics);
    let mut snapshot = Snapshot {
        brokers: assembly::brokers(&cluster),
        cluster_id: cluster.id().map(Into::into),
        groups,
        rows,
        unacknowledged,
        topics,
        watched,
        listed,
        left_out: listing.left_out,
        problems: listing.problems.into_iter().chain(unwatched).collect(),
        shown,
        blind: listing.blind,
    };
    recheck::of_partitions(&cluster, coordinators, &mut snapshot, share_of(deadline, COMMITS_SHARE)).await;
    snapshot.miss(listing.unmet);
    Ok((Survey { cluster, names, described, wanted }, snapshot))
}

impl Survey<'_> {
    /// Reads the logs, for [`Snapshot::topics`], after the commits, so that lag can only be overstated.
    pub(crate) async fn read_logs(&mut self, until: Instant) -> Vec<Topic> {
        let mut laps = Laps::start();
        let topics = logs::read(&self.cluster, &self.names, &mut self.described, &self.wanted, until).await;
        tracing::debug!(ms = laps.lap(), topics = topics.len(), "logs read");
        topics
    }

    /// Asks again for the commits of groups that seem to have lost records; returns whether there were any.
    pub(crate) async fn confirm_losses(&self, snapshot: &mut Snapshot, lags: &Lags, until: Instant) -> bool {
        recheck::of_losses(&self.cluster, snapshot, lags, until).await
    }

    /// The brokers, with what is known of them by now.
    pub(crate) fn brokers(&self) -> Vec<Broker> {
        assembly::brokers(&self.cluster)
    }

    /// Searches for the ages of records until all are found, or `until`; targets name topics by their index in
    /// [`Snapshot::topics`].
    pub(crate) async fn search_ages(&self, search: &mut age::Search, until: Instant) {
        let _searching = Progress::with("searching for the ages of records");
        let mut laps = Laps::start();
        age_search::search(&self.cluster, &self.names, &self.described, search, until).await;
        tracing::debug!(ms = laps.lap(), rounds = search.rounds(), "ages searched");
    }

    /// Keeps the open connections for the next run.
    pub(crate) fn keep_connections(&self) {
        self.cluster.keep_connections();
    }

    /// What became of partitions that groups had earlier; see [`vanished::explain`].
    pub(crate) async fn explain(&self, missed: &[Missed<'_>], until: Instant) -> Vec<(Option<Arc<str>>, Gone)> {
        vanished::explain(&self.cluster, missed, until).await
    }

    /// Whether this user may describe the cluster; `None` if no broker returns it.
    pub(crate) async fn may_describe_cluster(&self, until: Instant) -> Option<bool> {
        self.cluster.may_be_described(until).await
    }

    /// Whether a partition's leader can return the record with the greatest timestamp.
    pub(crate) fn knows_max_timestamp(&self, topic: usize, partition: i32) -> bool {
        let leader = self.described.get(topic).and_then(|topic| topic.leader(partition));
        leader.is_some_and(|(id, _)| age_search::knows_max_timestamp(&self.cluster, id))
    }
}
