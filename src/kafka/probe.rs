//! The way to each broker, step by step, with what every step tells.

mod certificate;
pub mod found;

use found::{Failed, Step, Tls, Tried, matrix};

use std::sync::Arc;

use futures_util::future::join_all;
use kafka_protocol::messages::MetadataRequest;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Traffic};
use super::sasl::Moment;
use super::transport::{self, Stream};
use super::versions::Api;
use super::{Access, handshake, tls};
use crate::endpoint::Endpoint;

/// Tries the bootstrap addresses, then every broker that one of them tells of; a bootstrap address that is a broker's own
/// is tried once.
pub async fn probe(access: &Access<'_>, now_s: i64, deadline: Instant) -> Vec<Tried> {
    let probe = Probe { access, now_s, deadline };
    let mut tried = join_all(access.bootstrap.iter().map(|endpoint| probe.address(endpoint))).await;
    let brokers = tried.iter().find(|(_, brokers)| !brokers.is_empty()).map(|(_, brokers)| brokers.clone());
    let brokers = brokers.unwrap_or_default();
    let further = brokers.iter().map(|(id, endpoint)| {
        let known = access.bootstrap.iter().position(|known| known.is_same(endpoint));
        let known = known.map(|index| tried[index].0.clone());
        let probe = &probe;
        async move {
            let tried = match known {
                Some(tried) => tried,
                None => probe.address(endpoint).await.0,
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
    /// Goes as far as it can; the brokers that the last step tells of come along.
    async fn address(&self, endpoint: &Endpoint) -> (Tried, Brokers) {
        let mut tried = Tried { address: endpoint.to_string(), ..Tried::default() };
        match self.walk(endpoint, &mut tried).await {
            Ok(brokers) => (tried, brokers),
            Err((step, why)) => (Tried { failed: Some(Failed { step, why }), ..tried }, Vec::new()),
        }
    }

    async fn walk(&self, endpoint: &Endpoint, tried: &mut Tried) -> Result<Brokers, (Step, String)> {
        let stream = self.open(endpoint, tried).await?;
        let traffic = Arc::<Traffic>::default();
        let mut connection = Connection::new(stream, self.access.frame_limit, traffic);
        let offered = handshake::negotiate(&connection, self.deadline).await.map_err(|why| (Step::Versions, why))?;
        tried.versions = matrix(&offered);
        connection.agree(offered, self.access.tls.is_some());
        if let Some(credentials) = &self.access.credentials {
            let refused = |why| (Step::Login, why);
            let login = credentials.wait(self.deadline).await.map_err(refused)?;
            let mechanism = login.mechanism();
            let (accepted, mechanisms) =
                handshake::propose(&connection, mechanism, self.deadline).await.map_err(refused)?;
            let not_offered = (!accepted).then(|| handshake::not_offered(mechanism, &mechanisms));
            tried.mechanisms = Some(mechanisms);
            if let Some(why) = not_offered {
                return Err(refused(why));
            }
            let nonce = tls::nonce().map_err(refused)?;
            let moment = Moment { host: &endpoint.host, unix_seconds: self.now_s, nonce };
            handshake::prove(&connection, &login, &moment, self.deadline).await.map_err(refused)?;
        }
        // Nothing but brokers is wanted: no topic is named, and none is created.
        let request = MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false);
        let answer = connection.call(Api::Metadata, &request, self.deadline).await;
        let answer = answer.map_err(|error| (Step::Metadata, error.to_string()))?;
        let broker = |broker: &kafka_protocol::messages::metadata_response::MetadataResponseBroker| {
            let port = u16::try_from(broker.port).unwrap_or_default();
            (broker.node_id.0, Endpoint { host: broker.host.to_string(), port })
        };
        Ok(answer.brokers.iter().map(broker).collect())
    }

    /// Resolves, connects, and agrees on TLS.
    async fn open(&self, endpoint: &Endpoint, tried: &mut Tried) -> Result<Box<dyn Stream>, (Step, String)> {
        let resolved = timeout_at(self.deadline, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
        let addresses: Vec<_> = resolved
            .map_err(|_| (Step::Resolve, late("the name service did not answer")))?
            .map_err(|error| (Step::Resolve, format!("the host name cannot be resolved: {error}")))?
            .collect();
        tried.resolved = addresses.iter().map(|address| address.ip().to_string()).collect();
        tried.resolved.dedup();
        let connecting = transport::race(addresses, |address| async move {
            let began = Instant::now();
            let tcp = TcpStream::connect(address).await.map_err(|error| format!("{}: {error}", address.ip()))?;
            Ok::<_, String>((tcp, began.elapsed()))
        });
        let connected = timeout_at(self.deadline, connecting).await;
        let (tcp, round_trip) = connected
            .map_err(|_| (Step::Connect, late("nobody answered")))?
            .map_err(|causes| (Step::Connect, format!("cannot connect: {}", causes.join(", "))))?;
        tried.round_trip_ms = Some(round_trip.as_secs_f64() * 1_000.0);
        let Some(tls) = &self.access.tls else { return Ok(Box::new(tcp)) };
        let (tls, shown) = tls.watching().map_err(|why| (Step::Tls, why))?;
        let agreed = timeout_at(self.deadline, tls.connect(endpoint, tcp)).await;
        tried.certificate = shown.get().and_then(|der| certificate::read(der));
        let stream = agreed
            .unwrap_or_else(|_| Err(late("the port does not answer a TLS handshake")))
            .map_err(|why| (Step::Tls, why))?;
        let (_, session) = stream.get_ref();
        let unnamed = || String::from("unnamed");
        tried.tls = Some(Tls {
            version: session.protocol_version().map_or_else(unnamed, |version| format!("{version:?}")),
            cipher: session.negotiated_cipher_suite().map_or_else(unnamed, |suite| format!("{:?}", suite.suite())),
        });
        Ok(Box::new(stream))
    }
}

fn late(what: &str) -> String {
    format!("{what} before the deadline")
}
