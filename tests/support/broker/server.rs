//! The listeners' side of the wire: connections, frames, and what faults make of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::Decodable;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;

use super::answers::{self, Asked};
use super::faults::{self, Act};
use super::key::Key;
use super::scene::{Node, Scene, Voice};
use super::seen::Seen;

/// What all brokers share.
pub(super) struct World {
    pub(super) scene: Scene,
    pub(super) ports: Vec<u16>,
    pub(super) seen: Vec<Seen>,
    /// The names in the SNI of TLS clients, with the node they met.
    pub(super) names: Vec<(i32, Option<String>)>,
    pub(super) connections: usize,
    /// Wakes those who hold an answer when the scene has changed.
    changed: Arc<Notify>,
    /// The connections that have logged in, where that is wanted.
    welcome: HashSet<usize>,
    moment: usize,
    /// Connections before this one get no answers.
    silent_before: usize,
}

impl World {
    pub(super) fn new(scene: Scene, ports: Vec<u16>) -> Self {
        let (seen, names, welcome, changed) = Default::default();
        Self { scene, ports, seen, names, connections: 0, changed, welcome, moment: 0, silent_before: 0 }
    }

    /// What holds an answer may wait for this.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Scene)) {
        change(&mut self.scene);
        if std::mem::take(&mut self.scene.goes_silent) {
            self.silent_before = self.connections;
        }
        self.changed.notify_waiters();
    }

    fn now(&mut self) -> usize {
        self.moment += 1;
        self.moment
    }

    pub(super) fn node(&self, id: i32) -> &Node {
        self.scene.nodes.iter().find(|node| node.id == id).expect("a node of the scene")
    }
}

pub(super) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one node's port for as long as it is polled.
pub(super) async fn listen(world: Arc<Mutex<World>>, node: i32, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let connection = {
            let mut world = lock(&world);
            world.connections += 1;
            world.connections - 1
        };
        tokio::spawn(welcome(Arc::clone(&world), node, connection, stream));
    }
}

async fn welcome(world: Arc<Mutex<World>>, node: i32, connection: usize, mut stream: TcpStream) -> Option<()> {
    let (voice, tls) = {
        let world = lock(&world);
        (world.node(node).voice, world.node(node).tls.clone())
    };
    match (voice, tls) {
        (Voice::Silent | Voice::Closed, _) => std::future::pending().await,
        (Voice::Says(words), _) => {
            stream.read_u8().await.ok()?;
            stream.write_all(words).await.ok()?;
            stream.shutdown().await.ok()?;
            // Read to the end; otherwise the rest of the client's data would turn the close into a reset.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok()?;
            None
        }
        (Voice::Kafka, None) => serve(world, node, connection, stream).await,
        (Voice::Kafka, Some(identity)) => {
            let acceptor = LazyConfigAcceptor::new(Acceptor::default(), stream);
            tokio::pin!(acceptor);
            let Ok(hello) = acceptor.as_mut().await else {
                // The alert has been sent; as above, the client must be able to read it.
                let mut stream = acceptor.take_io()?;
                stream.shutdown().await.ok()?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok()?;
                return None;
            };
            let name = hello.client_hello().server_name().map(str::to_owned);
            lock(&world).names.push((node, name));
            let stream = hello.into_stream(identity.config()).await.ok()?;
            serve(world, node, connection, stream).await
        }
    }
}

/// Answers requests in order, until either side closes.
async fn serve<S>(world: Arc<Mutex<World>>, node: i32, connection: usize, mut stream: S) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut ahead = None;
    loop {
        let size = match ahead.take() {
            Some(size) => size,
            None => stream.read_i32().await.ok()?,
        };
        let mut frame = BytesMut::zeroed(usize::try_from(size).ok().filter(|size| *size <= LARGEST_REQUEST)?);
        stream.read_exact(&mut frame).await.ok()?;
        let step = lock(&world).take(node, connection, frame.freeze());
        match step {
            Step::Close => {
                stream.shutdown().await.ok()?;
                return None;
            }
            Step::Hang => std::future::pending().await,
            Step::Write { bytes, index, after_next, held, pieces } => {
                if held {
                    let changed = Arc::clone(&lock(&world).changed);
                    loop {
                        // Created before the scene is read: a change just after the read would wake nobody.
                        let next = changed.notified();
                        if lock(&world).scene.let_go {
                            break;
                        }
                        next.await;
                    }
                }
                if after_next {
                    ahead = Some(stream.read_i32().await.ok()?);
                }
                for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
                    stream.write_all(piece).await.ok()?;
                    stream.flush().await.ok()?;
                    if pieces > 1 {
                        sleep(SLOW_LINK).await;
                    }
                }
                let mut world = lock(&world);
                let now = world.now();
                world.seen[index].answered = Some(now);
            }
            Step::WriteAndClose(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok()?;
                return None;
            }
        }
    }
}

/// What becomes of one request.
enum Step {
    Close,
    Hang,
    /// The answer to `seen[index]`.
    Write {
        bytes: Bytes,
        index: usize,
        after_next: bool,
        held: bool,
        pieces: usize,
    },
    WriteAndClose(Bytes),
}

impl World {
    fn take(&mut self, node: i32, connection: usize, mut frame: Bytes) -> Step {
        let (key, version) = match frame[..] {
            [k0, k1, v0, v1, ..] => (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1])),
            _ => return Step::Close,
        };
        let api = Key::from(key);
        let Some((request_header, answer_header)) = api.headers(version) else { return Step::Close };
        let Ok(header) = RequestHeader::decode(&mut frame, request_header) else { return Step::Close };
        let offered = self.node(node).offered.get(&key).is_some_and(|(min, max)| (*min..=*max).contains(&version));
        let (index, asked) = (self.seen.len(), self.now());
        self.seen.push(Seen {
            node,
            connection,
            api,
            version,
            client_id: header.client_id.map(|id| id.to_string()).unwrap_or_default(),
            body: frame.clone(),
            asked,
            answered: None,
            unoffered: !offered && api != ApiKey::ApiVersions,
        });
        if connection < self.silent_before {
            return Step::Hang;
        }
        let correlation = header.correlation_id;
        let act = faults::strike(&mut self.scene.faults, node, api, version);
        let mut forced = None;
        match &act {
            Some(Act::Close) => return Step::Close,
            Some(Act::Hang) => return Step::Hang,
            Some(Act::Raw(bytes)) => return Step::WriteAndClose(Bytes::from_static(bytes)),
            Some(Act::Claim(size)) => return Step::WriteAndClose(Bytes::copy_from_slice(&size.to_be_bytes())),
            Some(Act::Code(code)) => forced = Some(*code),
            Some(Act::Change(change)) => {
                self.change(change);
            }
            _ => {}
        }
        let first = [ApiKey::ApiVersions, ApiKey::SaslHandshake, ApiKey::SaslAuthenticate]
            .into_iter()
            .any(|first| api == first);
        if self.scene.sasl.is_some() && !first && !self.welcome.contains(&connection) {
            return Step::Close;
        }
        if api == ApiKey::SaslAuthenticate && answers::lets_in(&self.scene, version, frame.clone()) {
            self.welcome.insert(connection);
        }
        let node = self.node(node);
        let answer = if offered {
            let scene = &self.scene;
            answers::answer(api, &Asked { scene, node, ports: &self.ports, version, body: frame, forced })
        } else if api == ApiKey::ApiVersions {
            Some(answers::refused_versions(node))
        } else {
            // As in every release: no answer, the connection is closed, and only the broker's log has the reason.
            None
        };
        let Some(answer) = answer else { return Step::Close };
        let (after_next, held) = (matches!(act, Some(Act::AfterNext)), matches!(act, Some(Act::Held)));
        let pieces = if let Some(Act::Trickled(pieces)) = act { pieces } else { 1 };
        let bytes = match act {
            Some(Act::Correlation(off)) => framed(correlation + off, &answer),
            Some(Act::Trailing(more)) => framed(correlation, &[&answer[..], more].concat()),
            Some(Act::Truncated(less)) => framed(correlation, &answer[..answer.len().saturating_sub(less)]),
            Some(Act::Body(body)) => framed(correlation, body),
            Some(Act::Sized(size)) => framed(correlation, &[&answer[..], &vec![0; size][answer.len()..]].concat()),
            Some(Act::Throttled(ms)) => {
                // The first field after the header, of which the correlation id is not part here.
                let at = usize::try_from(answer_header).expect("a version");
                let mut answer = answer.to_vec();
                answer[at..at + 4].copy_from_slice(&ms.to_be_bytes());
                framed(correlation, &answer)
            }
            Some(Act::Twice) => Bytes::from(framed(correlation, &answer).repeat(2)),
            _ => framed(correlation, &answer),
        };
        Step::Write { bytes, index, after_next, held, pieces }
    }
}

fn framed(correlation: i32, answer: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(answer.len() + 8);
    bytes.put_i32(i32::try_from(answer.len() + 4).expect("an answer of some size"));
    bytes.put_i32(correlation);
    bytes.put_slice(answer);
    bytes.freeze()
}

/// `socket.request.max.bytes`: brokers close a connection that claims more, such as one that speaks TLS.
const LARGEST_REQUEST: usize = 100 * 1024 * 1024;

/// Between two pieces of an answer that comes over a slow link.
const SLOW_LINK: Duration = Duration::from_millis(50);
