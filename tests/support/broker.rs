//! Scripted Kafka brokers on 127.0.0.1, outside the program: a cluster as a scene, its faults, and a record of all requests.
//!
//! Answers go through the same codec as the program, so they do not test the codec; recorded bytes of real brokers do.
//! Where a real broker closes the connection without a word, so do these.

#![expect(clippy::expect_used, reason = "test support: a broker that cannot play its part is the end of the test")]

mod answers;
mod changes;
mod faults;
mod group;
mod key;
mod listener;
mod releases;
mod scene;
mod seen;
mod server;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) use faults::{Act, When};
pub(crate) use group::{Group, Topic};
pub(crate) use key::{Key, STREAMS_GROUP_DESCRIBE};
pub(crate) use listener::{Authority, Identity, Validity};
pub(crate) use releases::Release;
pub(crate) use scene::{NO_LISTENER, Node, Sasl, Scene, Voice};
pub(crate) use seen::Seen;

use server::World;

/// A scene that is being played, on a thread of its own; it ends, with its connections, when this is dropped.
pub(crate) struct Stage {
    world: Arc<Mutex<World>>,
    addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scene {
    /// Starts the brokers; they listen when this returns.
    pub(crate) fn start(self) -> Stage {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let bind = async |node: &Node| TcpListener::bind((node.bind, 0)).await.expect("a free port");
        let mut listeners: Vec<(i32, Voice, TcpListener)> = runtime.block_on(async {
            let mut listeners = Vec::new();
            for node in &self.nodes {
                listeners.push((node.id, node.voice, bind(node).await));
            }
            listeners
        });
        let addresses: Vec<SocketAddr> =
            listeners.iter().map(|(.., listener)| listener.local_addr().expect("an address")).collect();
        listeners.retain(|(_, voice, _)| *voice != Voice::Closed);
        let ports = addresses.iter().map(SocketAddr::port).collect();
        let world = Arc::new(Mutex::new(World::new(self, ports)));
        let (stop, stopped) = oneshot::channel();
        let played = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                for (node, _, listener) in listeners {
                    tokio::spawn(server::listen(Arc::clone(&played), node, listener));
                }
                let _ = stopped.await;
            });
        });
        Stage { world, addresses, stop: Some(stop), thread: Some(thread) }
    }
}

impl Stage {
    /// Where a node listens.
    pub(crate) fn address(&self, node: i32) -> SocketAddr {
        self.addresses[usize::try_from(node - 1).expect("nodes are numbered from 1")]
    }

    /// Where all nodes listen, separated by commas.
    pub(crate) fn bootstrap(&self) -> String {
        self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Changes the cluster while the game goes on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Scene)) {
        server::lock(&self.world).change(change);
    }

    /// Every request so far, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        server::lock(&self.world).seen.clone()
    }

    /// The requests of one API so far.
    pub(crate) fn asked(&self, api: impl Into<Key>) -> Vec<Seen> {
        let api = api.into();
        self.seen().into_iter().filter(|seen| seen.api == api).collect()
    }

    /// How many requests there were, by API.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen() {
            *counts.entry(format!("{:?}", seen.api)).or_default() += 1;
        }
        counts
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        server::lock(&self.world).connections
    }

    /// The names that TLS clients asked for by SNI, with the node that they met, in order; addresses are no such names.
    pub(crate) fn server_names(&self) -> Vec<(i32, Option<String>)> {
        server::lock(&self.world).names.clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A broker that panicked has printed it on standard error; the test fails because of what is missing.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
