//! The requests of one run on the same codec and the same TLS, their answers decoded, the lag summed, and nothing else.
//! No findings, no ages, no report.
//!
//! It reads `KAFKA_BOOTSTRAP_SERVERS` and `KAFKA_SSL_TRUSTSTORE`, and talks to one broker.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::describe_groups_request::DescribeGroupsRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponsePartition;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{
    ApiVersionsRequest, BrokerId, GroupId, ListGroupsRequest, ListOffsetsRequest, MetadataRequest, OffsetFetchRequest,
    OffsetFetchResponse, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

pub(crate) type Error = Box<dyn std::error::Error>;

/// What a run counted.
pub(crate) struct Seen {
    pub(crate) groups: usize,
    pub(crate) pairs: usize,
    pub(crate) lag: i64,
}

struct Broker {
    stream: BufReader<TlsStream<TcpStream>>,
    outbox: BytesMut,
    correlation: i32,
}

pub(crate) async fn check() -> Result<Seen, Error> {
    let mut broker = Broker::connect().await?;
    broker.send(&ApiVersionsRequest::default().with_client_software_name(text("bare")), 3)?;
    broker.receive::<ApiVersionsRequest>(3).await?;

    broker.send(&MetadataRequest::default().with_topics(Some(Vec::new())), METADATA)?;
    broker.send(&ListGroupsRequest::default(), LIST_GROUPS)?;
    broker.receive::<MetadataRequest>(METADATA).await?;
    let groups: Vec<GroupId> = broker
        .receive::<ListGroupsRequest>(LIST_GROUPS)
        .await?
        .groups
        .into_iter()
        .map(|group| group.group_id)
        .collect();

    broker.send(&DescribeGroupsRequest::default().with_groups(groups.clone()), DESCRIBE_GROUPS)?;
    for piece in groups.chunks(PIECE) {
        let all_topics = |id: &GroupId| OffsetFetchRequestGroup::default().with_group_id(id.clone()).with_topics(None);
        let request = OffsetFetchRequest::default().with_groups(piece.iter().map(all_topics).collect());
        broker.send(&request, OFFSET_FETCH)?;
    }
    broker.receive::<DescribeGroupsRequest>(DESCRIBE_GROUPS).await?;
    let mut fetched: Vec<OffsetFetchResponse> = Vec::new();
    for _ in groups.chunks(PIECE) {
        fetched.push(broker.receive::<OffsetFetchRequest>(OFFSET_FETCH).await?);
    }

    let mut topics: HashMap<TopicName, usize> = HashMap::new();
    for topic in fetched.iter().flat_map(|answer| &answer.groups).flat_map(|group| &group.topics) {
        let next = topics.len();
        topics.entry(topic.name.clone()).or_insert(next);
    }
    let asked = topics.keys().map(|name| MetadataRequestTopic::default().with_name(Some(name.clone())));
    broker.send(&MetadataRequest::default().with_topics(Some(asked.collect())), METADATA)?;
    let metadata = broker.receive::<MetadataRequest>(METADATA).await?;
    let asked = |timestamp: i64, partitions: &[MetadataResponsePartition]| {
        let asked = |partition: &MetadataResponsePartition| {
            ListOffsetsPartition::default()
                .with_partition_index(partition.partition_index)
                .with_current_leader_epoch(partition.leader_epoch)
                .with_timestamp(timestamp)
        };
        partitions.iter().map(asked).collect::<Vec<_>>()
    };
    for (timestamp, isolation) in EDGES {
        let topics = metadata.topics.iter().filter_map(|topic| {
            let name = topic.name.clone()?;
            Some(ListOffsetsTopic::default().with_name(name).with_partitions(asked(timestamp, &topic.partitions)))
        });
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_isolation_level(isolation)
            .with_topics(topics.collect());
        broker.send(&request, LIST_OFFSETS)?;
    }
    let mut ends: Vec<Vec<i64>> = vec![Vec::new(); topics.len()];
    for (edge, _) in EDGES.iter().enumerate() {
        for topic in broker.receive::<ListOffsetsRequest>(LIST_OFFSETS).await?.topics {
            let column = &mut ends[topics[&topic.name]];
            column.resize(column.len().max(topic.partitions.len()), 0);
            if edge == 1 {
                for partition in &topic.partitions {
                    column[usize::try_from(partition.partition_index)?] = partition.offset;
                }
            }
        }
    }

    let (mut pairs, mut lag) = (0, 0);
    for topic in fetched.iter().flat_map(|answer| &answer.groups).flat_map(|group| &group.topics) {
        let column = &ends[topics[&topic.name]];
        for partition in &topic.partitions {
            pairs += 1;
            lag += column[usize::try_from(partition.partition_index)?] - partition.committed_offset;
        }
    }
    Ok(Seen { groups: groups.len(), pairs, lag })
}

impl Broker {
    async fn connect() -> Result<Self, Error> {
        let address = std::env::var("KAFKA_BOOTSTRAP_SERVERS")?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(std::env::var("KAFKA_SSL_TRUSTSTORE")?)? {
            roots.add(certificate?)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (host, _) = address.rsplit_once(':').ok_or("KAFKA_BOOTSTRAP_SERVERS must be one host:port")?;
        let tcp = TcpStream::connect(&address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(Self { stream: BufReader::with_capacity(READ_BUFFER, stream), outbox: BytesMut::new(), correlation: 0 })
    }

    /// Appends a request; it leaves when the next answer is awaited.
    fn send<R: Request>(&mut self, request: &R, version: i16) -> Result<(), Error> {
        let mut frame = BytesMut::new();
        RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(text("bare")))
            .encode(&mut frame, R::header_version(version))?;
        request.encode(&mut frame, version)?;
        self.correlation += 1;
        self.outbox.put_i32(i32::try_from(frame.len())?);
        self.outbox.extend_from_slice(&frame);
        Ok(())
    }

    async fn receive<R: Request>(&mut self, version: i16) -> Result<R::Response, Error> {
        if self.outbox.has_remaining() {
            self.stream.write_all_buf(&mut self.outbox).await?;
            self.stream.flush().await?;
        }
        let size = usize::try_from(self.stream.read_i32().await?)?;
        let mut frame = BytesMut::with_capacity(size);
        while frame.len() < size {
            let left = size - frame.len();
            if (&mut self.stream).take(left as u64).read_buf(&mut frame).await? == 0 {
                return Err("the broker closed the connection".into());
            }
        }
        let mut frame: Bytes = frame.freeze();
        ResponseHeader::decode(&mut frame, R::Response::header_version(version))?;
        Ok(R::Response::decode(&mut frame, version)?)
    }
}

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

/// Versions that every broker from Kafka 3.9 on accepts.
const METADATA: i16 = 12;
const LIST_GROUPS: i16 = 5;
const DESCRIBE_GROUPS: i16 = 5;
const OFFSET_FETCH: i16 = 9;
const LIST_OFFSETS: i16 = 9;

/// Log start, high watermark, last stable offset: timestamp and isolation level.
const EDGES: [(i64, i8); 3] = [(-2, 0), (-1, 0), (-1, 1)];

/// Groups in one `OffsetFetch`, as in a run.
const PIECE: usize = 50;

const READ_BUFFER: usize = 64 * 1024;
