//! The story of a preflight: every step of a check, each reported separately.

use std::sync::Arc;

use super::{Answer, Draw, Outcome, Run, login};
use crate::aws::secrets::Source;
use crate::base::budget::{CANARY_SHARE, FETCH_SHARE, KAFKA_SHARE, PROBE_SHARE};
use crate::base::fault;
use crate::cloudwatch::POINTS_PER_SECOND;
use crate::cloudwatch::canary::Flight;
use crate::cloudwatch::cost::{PRICES_OF, Volume};
use crate::cloudwatch::metrics;
use crate::cloudwatch::pages::SECONDS_PER_PAGE;
use crate::cloudwatch::pages::binding::beyond_layout;
use crate::cloudwatch::past::{pages_of, points_of_short_windows};
use crate::config::sasl::{Account, Sasl};
use crate::config::{Bootstrap, Encryption};
use crate::judge::numbers::{GroupResult, PartitionResult, Results};
use crate::judge::verdict::Verdict;
use crate::kafka;
use crate::kafka::found::Tried;
use crate::model::snapshot::{Problem, Snapshot};
use crate::otlp;
use crate::preflight::found::Canary;
use crate::preflight::permissions::Principal;
use crate::preflight::{Line, Preflight, against, asked, brokers, configuration, permissions, store};

impl Run<'_> {
    /// Tries everything that a check needs, or compares this build with a release; it always has an answer.
    pub(super) async fn preflight(self, release: Option<&str>, draw: &Draw<'_>) -> Outcome {
        let preflight = match release {
            Some(release) => against::against(release, self.config.kafka.sasl.is_some()),
            None => Box::pin(self.try_all()).await,
        };
        let json = draw(Answer::Preflight(&preflight));
        Outcome { json, status: preflight.status.verdict(), failure: None }
    }

    async fn try_all(&self) -> Preflight {
        let mut lines = configuration::lines(self.config);
        let named = self.config.cluster.as_deref().unwrap_or(super::gather::UNNAMED);
        // One after the other: parallel work of this thread would count as time of the connection.
        let (found, snapshot) = self.try_kafka(&mut lines).await;
        let before = self.clock.elapsed_ms();
        let canary = self.try_store(named).await;
        if let Some(canary) = &canary {
            let configured = &self.config.store;
            let waited = self.clock.elapsed_ms() - before;
            lines.extend(store::lines(canary, &configured.state_namespace, &configured.namespace, waited));
            lines.extend(snapshot.iter().flat_map(|snapshot| self.cost(named, snapshot)));
        } else {
            lines.push(Line::works(store::SECTION, "history and metrics", "both are turned off, as configured"));
        }
        if let Some(target) = &self.config.store.otlp {
            // A request without a point: it tests the connection, the login and the path, and stores nothing.
            let sent = otlp::send(target, &self.warm.door, vec![otlp::message::nothing()], self.clock.deadline).await;
            lines.push(store::receiver(&target.origin, &sent.problems));
        }
        let id = snapshot.and_then(|snapshot| snapshot.cluster_id.as_deref().map(str::to_owned));
        Preflight::new(self.config.cluster.clone().or(id), found, lines)
    }

    /// Connects to every broker, then takes a snapshot as a check does.
    async fn try_kafka(&self, lines: &mut Vec<Line>) -> (Vec<Tried>, Option<Snapshot>) {
        let kafka = &self.config.kafka;
        let door = &self.warm.door;
        // The preflight must test what a fresh start would fetch, not a password that has been rotated since.
        self.warm.forget();
        let bootstrap =
            match self.in_time(FETCH_SHARE, "the cluster's addresses", Box::pin(login::bootstrap(door, kafka))).await {
                Ok(bootstrap) => bootstrap,
                Err(error) => {
                    let todo = "check KAFKA_CLUSTER_ARN, and that the role may call kafka:GetBootstrapBrokers";
                    lines.push(Line::fails(BOOTSTRAP, "addresses", fault::sentence(&error), todo));
                    return (Vec::new(), None);
                }
            };
        let stores = "what KAFKA_SSL_TRUSTSTORE or KAFKA_SSL_KEYSTORE name";
        let tls = match self.in_time(FETCH_SHARE, stores, Box::pin(login::tls(door, kafka))).await {
            Ok(tls) => tls,
            Err(error) => {
                let todo = "check KAFKA_SSL_TRUSTSTORE and KAFKA_SSL_KEYSTORE";
                lines.push(Line::fails(BOOTSTRAP, "TLS", fault::sentence(&error), todo));
                return (Vec::new(), None);
            }
        };
        let first = bootstrap.first().map(ToString::to_string).unwrap_or_default();
        let access = self.access_to(bootstrap, tls);
        let now_s = self.login_s;
        let tried = kafka::probe(&access, now_s, self.until(PROBE_SHARE)).await;
        let mechanism = kafka.sasl.as_ref().map(Sasl::mechanism);
        lines.extend(brokers::lines(&tried, kafka.encryption == Encryption::Tls, mechanism, now_s));

        let surveyed = Box::pin(self.survey(&self.selection())).await;
        let (mut survey, mut snapshot) = match surveyed {
            Ok(surveyed) => surveyed,
            Err(error) => {
                lines.push(Line::fails("snapshot", "groups and topics", fault::sentence(&error), ABOVE));
                return (tried, None);
            }
        };
        let may_describe = survey.may_describe_cluster(self.until(KAFKA_SHARE)).await;
        snapshot.topics = survey.read_logs(self.until(KAFKA_SHARE)).await;
        snapshot.brokers = survey.brokers();
        lines.extend(configuration::selected(&snapshot));
        lines.extend(brokers::throttled(&snapshot));
        let principal = self.principal(first);
        lines.extend(permissions::lines(&asked(&snapshot, may_describe), &principal));
        let problem = |problem: &Problem| Line::fails("snapshot", &problem.place, problem.what.to_string(), ABOVE);
        lines.extend(snapshot.problems.iter().map(problem));
        (tried, Some(snapshot))
    }

    async fn try_store(&self, cluster: &str) -> Option<Canary> {
        let store = self.store.as_ref()?;
        let flight = Flight { cluster, state: self.remembers(), results: self.publishes() };
        Some(store.canary(&flight, || self.clock.now_ms(), self.until(CANARY_SHARE)).await)
    }

    /// The most that every selected group publishes and stores.
    fn cost(&self, cluster: &str, snapshot: &Snapshot) -> Vec<Line> {
        let partition = |row: &crate::model::snapshot::Row| PartitionResult {
            topic: Arc::clone(&snapshot.topic(row).name),
            partition: row.partition,
            lag: Some(0),
            lag_seconds: Some(0.0),
            ..PartitionResult::default()
        };
        let group = |group: &crate::model::snapshot::Group| GroupResult {
            group: group.name.to_string(),
            status: Some(1),
            diagnosis: None,
            whole: true,
            members: None,
            partitions: snapshot.rows_of(group).iter().map(partition).collect(),
        };
        let results = Results {
            cluster: cluster.to_owned(),
            groups: snapshot.groups.iter().map(group).collect(),
            by_status: Verdict::OF_GROUPS.map(|status| (status.word(), 0)).into(),
            ..Results::default()
        };
        let published =
            if self.publishes() { metrics::plan(&results, self.config.store.detail, usize::MAX).metrics } else { 0 };
        let (partitions, pages) = if self.remembers() { pages_of(snapshot) } else { (0, 0) };
        let volume = Volume { partitions, pages, published, windows: 0 };
        let dollars = volume.used().dollars_a_month(self.schedule);
        let cost = store::cost(published, volume.state(), self.config.store.limit, dollars, PRICES_OF);
        let points = u64::try_from(volume.state() * POINTS_PER_PAGE).unwrap_or(u64::MAX);
        let time = self.until(super::HISTORY_SHARE).saturating_duration_since(self.clock.started);
        let reading = store::Reading {
            beyond: beyond_layout(partitions),
            is_part: self.part.of() > 1,
            pages,
            points,
            windows: points_of_short_windows(self.schedule, pages),
            points_per_second: POINTS_PER_SECOND / u64::from(self.part.of()),
            seconds: time.as_secs(),
        };
        vec![cost, store::series(snapshot.groups.len()), store::reading(reading)]
    }

    /// The user, as far as the configuration shows.
    fn principal(&self, bootstrap: String) -> Principal {
        let kafka = &self.config.kafka;
        let name = match &kafka.sasl {
            Some(Sasl::MskIam { .. }) => {
                let cluster = match &kafka.bootstrap {
                    Bootstrap::Cluster { arn, .. } => Some(arn.text.clone()),
                    Bootstrap::Addresses(_) => None,
                };
                return Principal::Iam { cluster };
            }
            Some(Sasl::Plain(account) | Sasl::Scram { account, .. }) => match account {
                Account::Two { username: Source::Inline(name), .. } => Some(name.expose().to_owned()),
                _ => None,
            },
            None if kafka.keystore.is_none() => Some(String::from("ANONYMOUS")),
            _ => None,
        };
        Principal::Kafka { name, bootstrap }
    }
}

const BOOTSTRAP: &str = "bootstrap";
/// The advice for a snapshot whose steps have lines of their own.
const ABOVE: &str = "see the lines above";
/// Three statistics of each second.
const POINTS_PER_PAGE: usize = 3 * SECONDS_PER_PAGE;
