//! HTTP/1.1 in front of the [`World`]: connections are kept, and a test can break them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::control::Orders;
use super::refusal::Refusal;
use super::wire;
use super::world::{Outcome, World};

/// Serves until the listener fails; dropped at any point, it ends its connections.
pub(crate) async fn serve(listener: TcpListener, world: Arc<Mutex<World>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&world)));
        while connections.try_join_next().is_some() {}
    }
}

pub(crate) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn connection(stream: TcpStream, world: Arc<Mutex<World>>) {
    let answer = service_fn(|request| answer(request, Arc::clone(&world)));
    // An error ends the connection: the client went away, or a fault cut it.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// Makes hyper end a connection without an answer.
#[derive(Debug)]
struct CutHere;

impl std::fmt::Display for CutHere {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is cut, as the test demands")
    }
}

impl std::error::Error for CutHere {}

async fn answer(request: Request<Incoming>, world: Arc<Mutex<World>>) -> Result<Response<Full<Bytes>>, CutHere> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| CutHere)?.to_bytes();
    let path = head.uri.path();
    let operation = path.strip_prefix("/service/GraniteServiceVersion20100801/operation/");
    let header = |name| head.headers.get(name).and_then(|value: &hyper::header::HeaderValue| value.to_str().ok());
    match (&head.method, path, operation) {
        (&Method::POST, "/control", _) => Ok(obey(&body, &mut lock(&world))),
        (&Method::GET, "/control/metrics", _) => Ok(json(&lock(&world).store.dump())),
        (&Method::GET, "/control/calls", _) => Ok(json(&lock(&world).calls)),
        (&Method::POST, _, Some(operation)) => {
            let spoken =
                header("smithy-protocol") == Some("rpc-v2-cbor") && header("content-type") == Some("application/cbor");
            if !spoken {
                return Ok(refused(&Refusal::unreadable("only rpc-v2-cbor is spoken here")));
            }
            let content_encoding = header(CONTENT_ENCODING.as_str());
            let outcome = lock(&world).answer(operation, content_encoding, &body);
            match outcome {
                Outcome::Answer(body) => Ok(cbor(StatusCode::OK, body)),
                Outcome::Refused(refusal) => Ok(refused(&refusal)),
                Outcome::Cut => Err(CutHere),
                Outcome::Silence => match std::future::pending::<Infallible>().await {},
            }
        }
        _ => Ok(refused(&Refusal::unknown_operation(path))),
    }
}

fn obey(body: &[u8], world: &mut World) -> Response<Full<Bytes>> {
    let orders = serde_json::from_slice::<Orders>(body).map_err(|error| error.to_string());
    match orders.and_then(|orders| orders.obey(world)) {
        Ok(()) => json(&serde_json::json!({"now": world.clock.now().floor_to(1)})),
        Err(problem) => {
            let mut response = json(&serde_json::json!({"problem": problem}));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    }
}

fn json(content: &impl serde::Serialize) -> Response<Full<Bytes>> {
    let text = serde_json::to_vec_pretty(content).unwrap_or_default();
    let mut response = Response::new(Full::from(text));
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

fn refused(refusal: &Refusal) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = cbor(status, wire::encode_refusal(refusal));
    let query_error = refusal.query_code.map(|code| format!("{code};{}", refusal.fault()).try_into());
    if let Some(Ok(query_error)) = query_error {
        response.headers_mut().insert("x-amzn-query-error", query_error);
    }
    response
}

fn cbor(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/cbor"));
    headers.insert("smithy-protocol", hyper::header::HeaderValue::from_static("rpc-v2-cbor"));
    response
}
