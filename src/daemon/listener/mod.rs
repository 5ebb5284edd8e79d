//! The listener: webhooks of both sides, health, metrics and a page to look at.
//!
//! ```text
//! post ─▶ size ─▶ signature ─▶ whom it names ─▶ inbox, on disk ─▶ 200
//!                                                  └─▶ Daemon::run: a cycle for those people
//! ```
//!
//! **Invariant:** a post says whom to read again, never what is written; what is lost here polling finds.

mod connections;
mod counters;
mod inbox;
mod keys;
mod metrics;
mod naming;
mod page;
mod replays;
mod server;
mod signature;

pub use inbox::{Arrived, InboxThread};
pub use keys::Keys;
pub use naming::{CONTACTS, EMPLOYEES};

use super::cycle_thread::CycleThread;
use super::protocol::DaemonStatus;
use crate::config::Settings;
use crate::store::StoreError;
use connections::Connections;
use server::Server;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::error;

/// A socket that is taken, with what its posts are proven with and where they are kept.
pub struct Listener {
    socket: TcpListener,
    keys: Keys,
    database: PathBuf,
}

/// The listener at work. Posts are taken until it is dropped.
pub struct Listening {
    pub inbox: InboxThread,
    pub arrivals: mpsc::UnboundedReceiver<Arrived>,
    server: Arc<Server>,
    task: AbortOnDropHandle<()>,
}

impl Listener {
    /// Takes the socket; connections wait in it until the daemon is ready.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub async fn bind(address: SocketAddr, keys: Keys, database: PathBuf) -> io::Result<Listener> {
        Ok(Listener { socket: TcpListener::bind(address).await?, keys, database })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Begins to answer. The engine must have opened the database before.
    pub(super) fn listen(
        self,
        thread: CycleThread,
        facts: watch::Receiver<DaemonStatus>,
    ) -> Result<Listening, StoreError> {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let inbox = InboxThread::start(&self.database, arrived)?;
        let server = Arc::new(Server::new(self.keys, inbox.clone(), thread, facts));
        if let Ok(address) = self.socket.local_addr() {
            server::announce(address);
        }
        let router = Arc::clone(&server).router();
        let connections = Connections::new(self.socket);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(connections, router).await {
                error!("The listener has ended: {error}");
            }
        });
        Ok(Listening { inbox, arrivals, server, task: AbortOnDropHandle::new(task) })
    }
}

impl Listening {
    /// Proves the posts to come with the secrets that these settings name.
    ///
    /// # Errors
    /// What is wrong with one of them; the ones before hold then.
    pub(super) fn reload(&self, settings: &Settings) -> Result<(), String> {
        let keys = Keys::read(settings).map_err(|(key, error)| format!("the secret of `{key}`: {error}"))?;
        self.server.take_keys(keys);
        Ok(())
    }

    /// Takes no further post, and returns when those taken are on disk.
    pub(super) async fn close(self) {
        self.task.abort();
        let _ = self.task.await;
        self.inbox.end().await;
    }
}
