//! An HTTP server that gives prepared answers in their order, and remembers the requests.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a str,
}

pub(super) struct Double {
    /// Its URL.
    pub(super) origin: String,
    task: JoinHandle<Vec<String>>,
}

impl Double {
    pub(super) async fn start(answers: &[Answer<'_>]) -> Self {
        Self::serve(answers, None).await
    }

    /// The same over TLS; a client that does not trust it uses no answer up.
    pub(super) async fn start_tls(answers: &[Answer<'_>], tls: ServerConfig) -> Self {
        Self::serve(answers, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    /// The requests, once every answer is given.
    pub(super) async fn seen(self) -> Vec<String> {
        self.task.await.unwrap()
    }

    async fn serve(answers: &[Answer<'_>], tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let write = |answer: &Answer<'_>| {
            let Answer { status, body } = answer;
            format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        };
        let answers: Vec<_> = answers.iter().map(write).collect();
        let task = tokio::spawn(async move {
            let mut seen = Vec::new();
            if answers.is_empty() {
                // Connections are made, and nobody ever answers.
                std::future::pending::<()>().await;
            }
            while seen.len() < answers.len() {
                let (stream, _) = listener.accept().await.unwrap();
                match &tls {
                    None => seen.push(exchange(stream, &answers[seen.len()]).await),
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            seen.push(exchange(stream, &answers[seen.len()]).await);
                        }
                    }
                }
            }
            seen
        });
        Self { origin, task }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &str) -> String {
    let mut request = Vec::new();
    while !is_whole(&request) {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ended early");
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8(request).unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        body.len() >= length.map_or(0, |length| length.parse().unwrap())
    })
}
