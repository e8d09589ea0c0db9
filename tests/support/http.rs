//! An HTTP server on 127.0.0.1 that answers with the result of a closure, on its own thread, one request per
//! connection.

#![expect(clippy::expect_used, reason = "test support: a server that cannot play its part is the end of the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and target, such as `GET /path?query`.
    pub(crate) line: String,
    /// The head in lower case, one header a line.
    pub(crate) head: String,
    /// The same as it was sent, for a value that is case-sensitive.
    pub(crate) sent: String,
    pub(crate) body: String,
    /// The body as it came, for what is no text.
    pub(crate) bytes: Vec<u8>,
}

/// What to answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Each `name: value`, beside length and connection.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }
}

impl Server {
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        Self::serve(None, answer)
    }

    /// Over TLS, with a key and its chain in one PEM; who does not trust it asks nothing.
    pub(crate) fn start_tls(pem: &str, answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a private key");
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().expect("certificates");
        let config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a key that goes with its certificate");
        Self::serve(Some(Arc::new(config)), answer)
    }

    fn serve(tls: Option<Arc<ServerConfig>>, mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (seen, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (noted, ended) = (Arc::clone(&seen), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                // A client that goes away early is part of some tests.
                let _ = match &tls {
                    None => exchange(stream, &noted, &mut answer),
                    Some(config) => ServerConnection::new(Arc::clone(config))
                        .map_err(std::io::Error::other)
                        .and_then(|tls| exchange(StreamOwned::new(tls, stream), &noted, &mut answer)),
                };
            }
        });
        Self { address, scheme, seen, over }
    }

    /// As host:port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// As a URL without a path.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn exchange(
    stream: impl Read + Write,
    seen: &Mutex<Vec<Asked>>,
    answer: &mut impl FnMut(&Asked) -> Answer,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head)? > 2 {}
    let (sent, head) = (head.clone(), head.to_ascii_lowercase());
    let length = head.lines().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let asked = Asked {
        line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        head,
        sent,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
    let Answer { status, headers, body } = answer(&asked);
    let mut text = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for header in headers {
        text.push_str(&header);
        text.push_str("\r\n");
    }
    stream.get_mut().write_all(format!("{text}\r\n{body}").as_bytes())?;
    stream.get_mut().flush()
}
