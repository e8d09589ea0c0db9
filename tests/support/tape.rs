//! Answers of real brokers, recorded once and played back: they do not go through the codec that reads them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The answers of one broker, and the port that it advertised.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    pub(crate) port: u16,
    pub(crate) exchanges: Vec<Exchange>,
}

/// One request and its answer, both from after the correlation id on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) api: i16,
    pub(crate) version: i16,
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

/// A port that answers from a tape, or from a broker while a tape is running; it ends when this is dropped.
pub(crate) struct Player {
    address: SocketAddr,
    tape: Arc<Mutex<Tape>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Tape {
    /// Reads the lines of [`Tape::to_text`]; those that begin with `#` are for people.
    pub(crate) fn parse(text: &str) -> Self {
        let mut tape = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["port", port] => tape.port = port.parse().expect("a port"),
                [api, version, request, answer] => tape.exchanges.push(Exchange {
                    api: api.parse().expect("an API key"),
                    version: version.parse().expect("a version"),
                    request: bytes(request),
                    answer: bytes(answer),
                }),
                _ => panic!("not a line of a tape: {line}"),
            }
        }
        tape
    }

    /// One line an exchange: API key, version, request and answer, the latter two as hexadecimal digits.
    pub(crate) fn to_text(&self, about: &str) -> String {
        let mut text = format!("# {about}\nport {}\n", self.port);
        for exchange in &self.exchanges {
            let Exchange { api, version, request, answer } = exchange;
            writeln!(text, "{api} {version} {} {}", digits(request), digits(answer)).expect("a line");
        }
        text
    }

    /// The answer to this very request, or else to one of its kind.
    fn answer(&self, api: i16, version: i16, request: &[u8]) -> Option<Vec<u8>> {
        let alike = || self.exchanges.iter().filter(|exchange| exchange.api == api && exchange.version == version);
        let same = alike().find(|exchange| exchange.request == request);
        same.or_else(|| alike().next()).map(|exchange| exchange.answer.clone())
    }
}

impl Player {
    /// Plays a tape.
    pub(crate) fn play(tape: Tape) -> Self {
        Self::start(tape, None)
    }

    /// Passes everything on to a broker, and records it.
    pub(crate) fn record(broker: SocketAddr) -> Self {
        Self::start(Tape { port: broker.port(), exchanges: Vec::new() }, Some(broker))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is on the tape by now.
    pub(crate) fn tape(&self) -> Tape {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn start(tape: Tape, broker: Option<SocketAddr>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let tape = Arc::new(Mutex::new(tape));
        let (stop, mut stopped) = oneshot::channel();
        let played = Arc::clone(&tape);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        Ok((stream, _)) = listener.accept() => {
                            tokio::spawn(serve(stream, broker, address.port(), Arc::clone(&played)));
                        }
                        _ = &mut stopped => return,
                    }
                }
            });
        });
        Self { address, tape, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(mut client: TcpStream, broker: Option<SocketAddr>, port: u16, tape: Arc<Mutex<Tape>>) -> Option<()> {
    let mut broker = match broker {
        Some(address) => Some(TcpStream::connect(address).await.ok()?),
        None => None,
    };
    loop {
        let frame = frame(&mut client).await?;
        let (head, request) = frame.split_at_checked(HEAD)?;
        let (api, version) = (i16::from_be_bytes([head[0], head[1]]), i16::from_be_bytes([head[2], head[3]]));
        let answer = match &mut broker {
            None => tape.lock().unwrap_or_else(PoisonError::into_inner).answer(api, version, request)?,
            Some(broker) => {
                broker.write_all(&[&size(frame.len()), &frame[..]].concat()).await.ok()?;
                let answer = self::frame(broker).await?.split_off(CORRELATION);
                let exchange = Exchange { api, version, request: request.to_vec(), answer: answer.clone() };
                tape.lock().unwrap_or_else(PoisonError::into_inner).exchanges.push(exchange);
                answer
            }
        };
        let recorded = tape.lock().unwrap_or_else(PoisonError::into_inner).port;
        let answer = moved(answer, recorded, port);
        let sent = [&size(answer.len() + CORRELATION), &head[4..], &answer[..]].concat();
        client.write_all(&sent).await.ok()?;
    }
}

async fn frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let size = usize::try_from(stream.read_i32().await.ok()?).ok()?;
    let mut frame = vec![0; size];
    stream.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

/// The answer with the broker's address replaced by the player's, so that the next request comes here.
fn moved(mut answer: Vec<u8>, from: u16, to: u16) -> Vec<u8> {
    let address = |port: u16| [&b"127.0.0.1"[..], &i32::from(port).to_be_bytes()].concat();
    let (from, to) = (address(from), address(to));
    // One pass: the port that was recorded may be the player's own.
    for at in 0..=answer.len().saturating_sub(from.len()) {
        if answer[at..].starts_with(&from) {
            answer[at..at + to.len()].copy_from_slice(&to);
        }
    }
    answer
}

fn size(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("a frame of some size").to_be_bytes()
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("two digits");
        text
    })
}

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Key, version and correlation id of a request.
const HEAD: usize = 8;
/// Bytes of a correlation id.
const CORRELATION: usize = 4;
