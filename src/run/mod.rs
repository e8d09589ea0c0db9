//! The story of one run. Only this folder knows both Kafka and `CloudWatch`.

use std::sync::atomic::Ordering;

use tokio::time::{Instant, timeout_at};

use crate::base::budget::{AGES_SHARE, CLIENT_SHARE, HISTORY_SHARE};
use crate::base::clock::{Clock, Laps};
use crate::cloudwatch::address::{Minute, Schedule};
use crate::cloudwatch::past::Past;
use crate::cloudwatch::{self, Store};
use crate::config::{Config, Format};
use crate::event::http::{Call, Question};
use crate::event::widget::{Asked, Widget};
use crate::event::{Ask, Request};
use crate::judge::ages::{Ages, Wanted};
use crate::judge::cluster::{self, ClusterProblem};
use crate::judge::flow::Flow;
use crate::judge::input::Sight;
use crate::judge::memories::Memories;
use crate::judge::outcome::Judged;
use crate::judge::verdict::Verdict;
use crate::judge::watched::{self, JudgedTopic};
use crate::kafka::{Selection, Survey, SurveyError, Traffic};
use crate::keystore::KeystoreError;
use crate::model::cluster_memory::ClusterMemory;
use crate::model::memory::Thresholds;
use crate::model::part::Part;
use crate::model::pattern::Patterns;
use crate::model::snapshot::{Group, Problem};
use crate::model::unknown::{Cause, Unknown};
use crate::preflight::Preflight;
use crate::report::history::PastOfGroup;
use crate::report::{self, Frame, HistoryEntry, MetricsEntry, RateEntry, Report};

mod burrow;
mod drawn;
mod gather;
mod journal;
mod leave;
mod login;
mod preflight;
mod stand;
mod warm;
mod watch;

use gather::Gathered;
use stand::Stand;
pub use warm::Warm;
pub use watch::Watch;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The answer as it is printed: JSON, unless another shape was requested.
    pub json: String,
    /// The worst group's status.
    pub status: Verdict,
    /// What could not be written: the run counts as failed, although it has a status.
    pub failure: Option<String>,
}

/// The answer of a run, before it becomes text.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The report of a check.
    Check(&'a Report<'a>),
    /// The history of one group.
    History(&'a PastOfGroup<'a>),
    /// What works and what does not.
    Preflight(&'a Preflight),
}

impl Answer<'_> {
    /// The answer as one line of JSON.
    #[must_use]
    pub fn to_json(self) -> String {
        match self {
            Self::Check(report) => report.to_json(),
            Self::History(past) => past.to_json(),
            Self::Preflight(preflight) => preflight.to_json(),
        }
    }
}

/// Converts an answer to text; the answer ends with the run, from which it borrows.
pub type Draw<'d> = dyn Fn(Answer<'_>) -> String + 'd;

/// A run that has no status at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kafka could not be read.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// A secret or the cluster's addresses could not be fetched.
    #[error(transparent)]
    Secret(#[from] crate::aws::secrets::SecretError),
    /// The trust store or key store cannot be used.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The cluster's addresses are not valid.
    #[error("{0}")]
    Addresses(String),
    /// Something that a run needs was not there in time.
    #[error("{what} could not be fetched before the deadline: {way_out}")]
    Late {
        /// What was missing.
        what: &'static str,
        /// What to do about it, depending on where the run is.
        way_out: &'static str,
    },
    /// The history was requested, and is turned off.
    #[error("mode history reads what CloudWatch keeps, and MEERKAT_HISTORY is off")]
    HistoryOff,
}

/// Follows an event, and answers with JSON.
///
/// # Errors
/// [`Error`] if there is nothing to report.
pub async fn answer(config: &Config, request: &Request, clock: Clock, warm: &Warm) -> Result<Outcome, Error> {
    Box::pin(answer_as(config, request, clock, warm, &|answer| answer.to_json())).await
}

/// Follows an event; `draw` converts the answer to text, unless it is for a dashboard, Burrow's clients or Prometheus.
///
/// # Errors
/// [`Error`] if there is nothing to report.
pub async fn answer_as(
    config: &Config,
    request: &Request,
    clock: Clock,
    warm: &Warm,
    draw: &Draw<'_>,
) -> Result<Outcome, Error> {
    if let Ask::Widget(Widget { asked: Asked::Describe, .. }) = &request.ask {
        return Ok(drawn::described());
    }
    let run = Run::new(config, request, clock, warm, None).await;
    match &request.ask {
        // Boxed: a future this large would otherwise be moved about, and nested too deeply for the compiler.
        Ask::Check | Ask::Partial(_) | Ask::Widget(_) => Box::pin(run.check(draw)).await,
        Ask::Http(call) => Ok(Box::pin(run.serve(call)).await),
        Ask::History { group, minutes } => Box::pin(run.recall(group, *minutes, draw)).await,
        Ask::Preflight { against, .. } => Ok(Box::pin(run.preflight(against.as_deref(), draw)).await),
    }
}

/// Takes one more snapshot of several: it is judged by the earlier ones in `watch`, and stored only there.
///
/// # Errors
/// [`Error`] if there is nothing to report.
pub async fn watch_once(
    watch: &Watch,
    config: &Config,
    request: &Request,
    clock: Clock,
    warm: &Warm,
    draw: &Draw<'_>,
) -> Result<Outcome, Error> {
    let run = Run::new(config, request, clock, warm, Some(watch)).await;
    Box::pin(run.check(draw)).await
}

/// One run, with everything that it was given.
struct Run<'a> {
    config: &'a Config,
    request: &'a Request,
    clock: Clock,
    warm: &'a Warm,
    /// The real time in seconds since 1970, by which logins are dated even in a rehearsal.
    login_s: i64,
    schedule: Schedule,
    /// The minute that the run was scheduled for.
    scheduled: Minute,
    /// The same, or the present one if that is out of time: earlier snapshots are counted back from it.
    minute: Minute,
    part: Part,
    /// How many parts write the history.
    parts: u32,
    /// `None` if neither history nor metrics are wanted.
    store: Option<Store>,
    /// The earlier snapshots of this process, instead of the history.
    watch: Option<&'a Watch>,
    /// The traffic of the process's connections before this run.
    before: report::TrafficEntry,
}

/// A snapshot with everything that was derived from it.
struct Taken<'a> {
    cluster: String,
    sight: Sight<'a>,
    past: &'a Past,
    memories: Memories,
    judged: Judged,
    ages: Ages<'a>,
    /// How many groups existed in the last run and do not now.
    vanished: usize,
    /// What is remembered of the cluster besides its partitions, this snapshot included.
    cluster_memory: ClusterMemory,
    /// What is wrong with the cluster itself.
    cluster_problems: Vec<ClusterProblem>,
    /// The topics that are watched, the worst first.
    watched: Vec<JudgedTopic>,
    /// By group, where an earlier snapshot is known.
    rates: Vec<Option<RateEntry>>,
    /// Statuses that are known beyond what this run could read.
    stand: Stand,
}

impl<'a> Run<'a> {
    async fn new(
        config: &'a Config,
        request: &'a Request,
        mut clock: Clock,
        warm: &'a Warm,
        watch: Option<&'a Watch>,
    ) -> Self {
        let login_s = clock.unix_ms / 1_000;
        clock.unix_ms = request.now_ms.unwrap_or(clock.unix_ms);
        let schedule = Schedule::every(config.judgement.period).unwrap_or(Schedule::MINUTELY);
        let now = Minute::holding(clock.unix_ms / 1_000);
        let scheduled = request.scheduled.map_or(now, Minute::nearest);
        let minute = if schedule.is_in_time(scheduled.seconds(), clock.unix_ms) { scheduled } else { now };
        let part = request.part.unwrap_or(config.part);
        let mut run = Self {
            config,
            request,
            clock,
            warm,
            login_s,
            schedule,
            scheduled,
            minute,
            part,
            parts: config.parts.max(part.of()),
            store: None,
            watch,
            before: counted(&warm.connections.traffic),
        };
        let publishes = run.publishes() && (run.request.writes() || matches!(request.ask, Ask::Preflight { .. }));
        let is_about_lag = |call: &Call| call.question.as_ref().is_ok_and(Question::is_about_lag);
        let has_past = !matches!(&request.ask, Ask::Http(call) if !is_about_lag(call));
        if (run.remembers() && has_past) || publishes {
            let client = warm.client(run.until(CLIENT_SHARE)).await;
            let store = Store::new(client, schedule, &config.store.state_namespace, &config.store.namespace);
            run.store = Some(store.shared_by(part.of()));
        }
        run
    }

    /// The story: snapshot, history, verdicts, memory, metrics, report.
    async fn check(self, draw: &Draw<'_>) -> Result<Outcome, Error> {
        let selection = self.selection();
        let gathered = match self.gather(&selection).await {
            Ok(gathered) => gathered,
            Err(why) => {
                Box::pin(self.leave_blind(&why)).await;
                return Err(why);
            }
        };
        let Gathered { cluster, survey, mut snapshot, lags, mut past, vanished, time_ms } = gathered;
        let no_pattern = Patterns::default();
        let groups = if selection.named.is_empty() { &selection.groups } else { &no_pattern };
        snapshot.leave_out_unselected(groups, &selection.topics);
        let period_ms = self.watch.map_or(self.schedule.period() * 60_000, Watch::period_ms);
        let thresholds = |group: &Group| Thresholds { period_ms, ..self.config.judgement.thresholds(&group.name) };
        let thresholds: Vec<Thresholds> = snapshot.groups.iter().map(thresholds).collect();
        let before = self.watch.map_or_else(|| past.before(&snapshot), |watch| watch.before(&snapshot));
        let sight = Sight { snapshot: &snapshot, lags: &lags, before: &before, thresholds: &thresholds, time_ms };
        let mut memories = Memories::fold(sight);
        let windows = past.open_windows(self.store.as_ref(), sight, &memories, self.until(HISTORY_SHARE));
        let (wanted, windows) = tokio::join!(self.search_ages(&survey, sight, &memories), windows);
        past.add(windows);
        survey.keep_connections();
        let ages = wanted.ages(sight);
        let mut watch = Laps::start();
        let kept = self.watch.map(|watch| watch.earlier(&snapshot));
        let earlier = |row: usize| kept.as_ref().map_or_else(|| past.earlier(row), |kept| Ok(kept[row].clone()));
        let mut judged = Judged::new(sight, &mut memories, &ages, earlier);
        let flows = self.watch.map_or_else(
            || snapshot.groups.iter().map(|group| Flow::since_before(sight, group)).collect(),
            |watch| watch.flows(&snapshot, time_ms),
        );
        let rates = flows.into_iter().map(RateEntry::new).collect();
        let known = self.watch.map_or_else(|| past.notes().cloned(), Watch::cluster);
        let cluster_memory = ClusterMemory::fold(known.as_ref(), &snapshot, period_ms, time_ms / 1_000);
        let watched = watched::judge(&snapshot, known.as_ref(), time_ms / 1_000);
        judged.find_storms(sight, &cluster_memory);
        let cluster_problems = cluster::problems(&snapshot, &cluster_memory, time_ms / 1_000);
        if let Some(watch) = self.watch {
            watch.keep(&snapshot, &memories, &cluster_memory, time_ms);
        }
        let stand = Box::pin(self.stand(&cluster, &mut past, sight, &memories, &mut judged, vanished)).await;
        judged.diagnose(sight, &memories, &ages, |group| cluster_memory.replaced_s(group));
        tracing::debug!(ms = watch.lap(), groups = judged.groups.len(), "judged");

        let taken = Taken {
            cluster,
            sight,
            past: &past,
            memories,
            judged,
            ages,
            vanished,
            cluster_memory,
            cluster_problems,
            watched,
            rates,
            stand,
        };
        let (history, metrics) = Box::pin(self.leave(&taken)).await;
        tracing::debug!(ms = watch.lap(), "remembered and published");
        Ok(self.reported(&taken, history, metrics, draw).await)
    }

    /// What the event and the configuration ask for.
    fn selection(&self) -> Selection {
        Selection {
            named: self.request.ask.groups().to_vec(),
            groups: self.config.groups.clone(),
            part: self.part,
            expected: self.config.judgement.expected.clone(),
            topics: self.config.topics.clone(),
            watched: if self.request.ask.groups().is_empty() {
                self.config.judgement.watched.clone()
            } else {
                Vec::new()
            },
        }
    }

    async fn search_ages(&self, survey: &Survey<'_>, sight: Sight<'_>, memories: &Memories) -> Wanted {
        let knows = |topic, partition| survey.knows_max_timestamp(topic, partition);
        let mut wanted = Wanted::new(sight, memories, self.config.judgement.aged_partitions, knows);
        if !wanted.is_empty() {
            survey.search_ages(&mut wanted.search, self.until(AGES_SHARE)).await;
        }
        wanted
    }

    async fn reported(
        &self,
        taken: &Taken<'_>,
        history: HistoryEntry,
        metrics: MetricsEntry,
        draw: &Draw<'_>,
    ) -> Outcome {
        let mut problems = Vec::new();
        if taken.vanished > 0 {
            let fewer = format!("{} fewer than in the last run that knew them all", taken.vanished);
            let what = match (&taken.sight.snapshot.listed, &taken.sight.snapshot.blind) {
                (Ok(_), Some(why)) if why.cause() == Cause::NoTopic => format!("{fewer}; {why}"),
                (Ok(_), Some(why)) => format!(
                    "{fewer}; whether they were deleted is unknown ({why}), so the next run compares with what is there now"
                ),
                _ => fewer,
            };
            problems.push(Problem { place: "groups".into(), what: Unknown::because(what) });
        }
        let of_schedule = [self.is_no_part(), self.late(), self.too_often(taken.past)].into_iter().flatten();
        problems.extend(of_schedule.map(|what| Problem { place: "schedule".into(), what }));
        let missing = taken.past.problems(taken.sight.snapshot).into_iter();
        problems.extend(missing.map(|what| Problem { place: "history".into(), what }));
        let of_otlp = metrics.otlp.iter().flat_map(|otlp| &otlp.problems);
        let failure = history.problems.iter().chain(&metrics.problems).chain(of_otlp).next().cloned();
        problems.extend_from_slice(&taken.stand.problems);
        let frame = Frame {
            cluster: &taken.cluster,
            scheduled: self.scheduled.seconds(),
            checked_at_ms: taken.sight.time_ms,
            duration_ms: self.clock.elapsed_ms(),
            kafka: counted(&self.warm.connections.traffic).since(self.before),
            history,
            metrics,
            watch: self.watch.map(Watch::entry),
            rates: taken.rates.clone(),
            detail: self.request.detail.unwrap_or(self.config.detail),
            owners: &self.config.owners,
            cluster_problems: (&taken.cluster_problems, self.config.judgement.cluster_alarms),
            watched: &taken.watched,
            limit: self.config.report_limit,
        };
        let report = Report::new(frame, taken.sight, &taken.judged, &taken.ages, &problems);
        self.note(taken, &report, failure.as_deref());
        let status = report.status;
        let (json, status) = match (&self.request.ask, self.request.format.unwrap_or(self.config.format)) {
            (Ask::Widget(widget), _) => (self.widget(&report, widget).await, status),
            (Ask::Http(_), _) | (_, Format::Burrow) => self.burrow(taken, status),
            (_, Format::Meerkat) => (draw(Answer::Check(&report)), status),
            (_, Format::OpenMetrics) => (self.openmetrics(taken), status),
        };
        Outcome { json, status, failure }
    }

    /// Prints the history of one group.
    async fn recall(mut self, group: &str, minutes: u32, draw: &Draw<'_>) -> Result<Outcome, Error> {
        // The snapshot of the present minute is among those that are printed.
        self.minute = self.schedule.next(self.minute);
        let Some(store) = self.store.as_ref().filter(|_| self.remembers()) else { return Err(Error::HistoryOff) };
        let selection = Selection { named: vec![group.to_owned()], ..Selection::default() };
        let mut gathered = Box::pin(self.gather_once(&selection)).await?;
        let snapshots = minutes.div_ceil(self.config.judgement.period).saturating_add(1);
        let incomplete = Group::unread(group, &Unknown::because("the snapshot has nothing of this group"));
        let group = gathered.snapshot.groups.first().unwrap_or(&incomplete);
        let until = self.until(HISTORY_SHARE);
        let of = (&gathered.snapshot, group);
        let decoded =
            cloudwatch::decoded::read(store, &gathered.cluster, snapshots, of, &mut gathered.past, until).await;
        let known = group.incomplete().is_none() && group.range().all(|row| gathered.past.earlier(row).is_ok());
        let status = match known {
            true if group.is_missing() => Verdict::NotFound,
            true => Verdict::Ok,
            false => Verdict::Unknown,
        };
        Ok(Outcome { json: draw(Answer::History(&decoded)), status, failure: None })
    }

    /// A value that is fetched for a run, within its time: the door has its own patience, which may be longer.
    async fn in_time<T>(
        &self,
        share: f64,
        what: &'static str,
        fetched: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let way_out = if self.config.in_lambda { LATE_IN_LAMBDA } else { LATE_IN_A_SHELL };
        timeout_at(self.until(share), fetched).await.unwrap_or(Err(Error::Late { what, way_out }))
    }

    /// Whether the run is none of the parts that write the history.
    fn only_reads_parts(&self) -> bool {
        self.part.is_whole() && self.parts > 1
    }

    fn remembers(&self) -> bool {
        self.watch.is_none() && self.request.history.unwrap_or(self.config.store.history)
    }

    /// The moment when this share of the run's time has passed.
    fn until(&self, share: f64) -> Instant {
        let time = self.clock.deadline.saturating_duration_since(self.clock.started);
        self.clock.started + time.mul_f64(share)
    }
}

fn counted(traffic: &Traffic) -> report::TrafficEntry {
    report::TrafficEntry {
        requests: traffic.requests.load(Ordering::Relaxed),
        bytes_written: traffic.written.load(Ordering::Relaxed),
        bytes_read: traffic.read.load(Ordering::Relaxed),
    }
}

const LATE_IN_A_SHELL: &str = "see that AWS can be reached from here, or set MEERKAT_TIMEOUT to more";
const LATE_IN_LAMBDA: &str = "see that AWS can be reached from the function's subnets, by a NAT gateway or an endpoint of the service, or give the function a longer timeout";
