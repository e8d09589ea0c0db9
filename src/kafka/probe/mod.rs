//! Connects to each broker, step by step, and returns what every step shows.

mod certificate;
pub mod found;

use found::{Failed, TlsFound, Tried, matrix};

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::kafka::net::connection::{Connection, Traffic};
use crate::kafka::net::dial::{Access, metadata_request, patiently};
use crate::kafka::net::error::{DialError, Step, advertised};
use crate::kafka::net::sasl::Moment;
use crate::kafka::net::transport::{self, Stream};
use crate::kafka::net::{handshake, tls};
use crate::model::endpoint::Endpoint;

/// Tries the bootstrap addresses, then every broker that one of them returns; a bootstrap address that is a broker's
/// own is tried once.
pub async fn probe(access: &Access<'_>, now_s: i64, deadline: Instant) -> Vec<Tried> {
    let probe = Probe { access, now_s, deadline };
    let mut tried = join_all(access.bootstrap.iter().map(|endpoint| probe.address(endpoint))).await;
    let answered = tried.iter().zip(&access.bootstrap).find(|((_, brokers), _)| !brokers.is_empty());
    let (brokers, by) = answered.map(|((_, brokers), by)| (brokers.clone(), by)).unzip();
    let brokers: Brokers = brokers.unwrap_or_default();
    let further = brokers.iter().map(|(id, endpoint)| {
        let known = access.bootstrap.iter().position(|known| known.is_same(endpoint));
        let known = known.map(|index| tried[index].0.clone());
        let probe = &probe;
        async move {
            let tried = if let Some(tried) = known {
                tried
            } else {
                let mut tried = probe.address(endpoint).await.0;
                let ends = |failed: &&mut Failed| matches!(failed.step, Step::Resolve | Step::Connect);
                if let (Some(failed), Some(by)) = (tried.failed.as_mut().filter(ends), by) {
                    failed.why = advertised(&failed.why, by);
                }
                tried
            };
            Tried { broker: Some(*id), ..tried }
        }
    });
    let mut further = join_all(further).await;
    further.sort_by_key(|tried| tried.broker);
    let is_broker = |endpoint: &Endpoint| brokers.iter().any(|(_, broker)| broker.is_same(endpoint));
    let mut endpoints = access.bootstrap.iter();
    tried.retain(|_| endpoints.next().is_some_and(|endpoint| !is_broker(endpoint)));
    tried.into_iter().map(|(tried, _)| tried).chain(further).collect()
}

/// The addresses of a cluster's brokers, by id.
type Brokers = Vec<(i32, Endpoint)>;

struct Probe<'a, 'b> {
    access: &'a Access<'b>,
    now_s: i64,
    deadline: Instant,
}

impl Probe<'_, '_> {
    /// Goes as far as possible; also returns the brokers of the last step.
    async fn address(&self, endpoint: &Endpoint) -> (Tried, Brokers) {
        let mut tried = Tried { address: endpoint.to_string(), ..Tried::default() };
        match patiently(self.deadline, async || self.walk(endpoint, &mut tried).await).await {
            Ok(brokers) => (tried, brokers),
            Err(error) => {
                let failed = Failed { step: error.step(), why: error.fault() };
                (Tried { failed: Some(failed), ..tried }, Vec::new())
            }
        }
    }

    async fn walk(&self, endpoint: &Endpoint, tried: &mut Tried) -> Result<Brokers, DialError> {
        let stream = self.open(endpoint, tried).await?;
        let traffic = Arc::<Traffic>::default();
        let mut connection = Connection::new(stream, self.access.frame_limit, traffic);
        let offered = handshake::negotiate(&connection, self.access.tls.is_some(), self.deadline).await?;
        tried.versions = matrix(&offered);
        connection.agree(offered, self.access.tls.is_some());
        if let Some(credentials) = &self.access.credentials {
            let login = credentials.wait(self.deadline).await?;
            let moment = Moment { host: &endpoint.host, unix_seconds: self.now_s, nonce: tls::nonce()? };
            handshake::authenticate(&connection, &login, &moment, &mut tried.mechanisms, self.deadline).await?;
        }
        // Only brokers are requested: no topic is named, and none is created.
        let answer = connection.call(&metadata_request(Some(Vec::new())), self.deadline).await;
        let answer = answer.map_err(|error| DialError::unanswered(error, self.access.credentials.is_some()))?;
        let broker = |broker: &kafka_protocol::messages::metadata_response::MetadataResponseBroker| {
            let port = u16::try_from(broker.port).unwrap_or_default();
            (broker.node_id.0, Endpoint { host: broker.host.to_string(), port })
        };
        Ok(answer.brokers.iter().map(broker).collect())
    }

    /// Resolves, connects, and agrees on TLS.
    async fn open(&self, endpoint: &Endpoint, tried: &mut Tried) -> Result<Box<dyn Stream>, DialError> {
        let addresses = transport::resolve(endpoint, self.deadline).await?;
        tried.resolved = addresses.iter().map(|address| address.ip().to_string()).collect();
        tried.resolved.dedup();
        let (tcp, round_trip) = transport::reach(addresses, self.deadline).await?;
        tried.round_trip_ms = Some(round_trip.as_secs_f64() * 1_000.0);
        let Some(tls) = &self.access.tls else { return Ok(Box::new(tcp)) };
        let (tls, shown) = tls.watching()?;
        let agreed = transport::shake_hands(&tls, endpoint, tcp, self.deadline).await;
        tried.certificate = shown.get().and_then(|der| certificate::read(der));
        let stream = agreed?;
        let (_, session) = stream.get_ref();
        let unnamed = || String::from("unnamed");
        tried.tls = Some(TlsFound {
            version: session.protocol_version().map_or_else(unnamed, |version| format!("{version:?}")),
            cipher: session.negotiated_cipher_suite().map_or_else(unnamed, |suite| format!("{:?}", suite.suite())),
        });
        Ok(Box::new(stream))
    }
}
