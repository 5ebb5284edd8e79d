//! The command's end of the control socket.

use super::engine::{EngineError, ErrorKind};
use super::lock::Holder;
use super::protocol::{Ask, MOST_ANSWER_BYTES, PATIENCE, PROTOCOL, Request, Tell};
use crate::config::Settings;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// The file name of the socket, wherever it lies.
const NAME: &str = "control.sock";

/// A daemon that listens.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
}

#[derive(Debug, thiserror::Error)]
pub enum Unconnected {
    /// Nobody listens.
    #[error("no daemon is running")]
    NoDaemon,
    #[error("the daemon at {} may not be used by this user", path.display())]
    NotAllowed { path: PathBuf },
    #[error("the daemon at {} could not be reached", path.display())]
    Failed { path: PathBuf, source: io::Error },
}

/// Where a daemon started in this environment listens.
pub fn socket_path(settings: &Settings, runtime_directory: Option<&str>) -> PathBuf {
    let first = runtime_directory.and_then(|list| list.split(':').next()).filter(|path| !path.is_empty());
    first.map_or(settings.state.directory.as_path(), Path::new).join(NAME)
}

/// Connects to the daemon of a state directory. A shell does not have the daemon's `RUNTIME_DIRECTORY`, so the lock's file
/// says where it listens.
pub async fn connect(
    settings: &Settings,
    runtime_directory: Option<&str>,
) -> Result<Connection, Unconnected> {
    let noted = Holder::of(&settings.state.directory).ok().and_then(|holder| holder.socket);
    let here = socket_path(settings, runtime_directory);
    for path in noted.into_iter().chain([here]) {
        match UnixStream::connect(&path).await {
            Ok(stream) => return Ok(Connection { stream }),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory => {
                }
                io::ErrorKind::PermissionDenied => return Err(Unconnected::NotAllowed { path }),
                _ => return Err(Unconnected::Failed { path, source: error }),
            },
        }
    }
    Err(Unconnected::NoDaemon)
}

impl Connection {
    /// Asks and returns the last line; those before it go to `progress`. A cycle may take minutes, so only the request has a
    /// limit of time: a daemon that dies closes the connection.
    pub async fn ask(mut self, ask: Ask, mut progress: impl FnMut(&str)) -> Tell {
        match self.converse(ask, &mut progress).await {
            Ok(tell) => tell,
            Err(error) => Tell::Failed(
                EngineError::new(
                    ErrorKind::State,
                    format!("the daemon went away before its answer ({error})"),
                )
                .next("See its log, then try again."),
            ),
        }
    }

    async fn converse(&mut self, ask: Ask, progress: &mut impl FnMut(&str)) -> io::Result<Tell> {
        let mut request = serde_json::to_vec(&Request { protocol: PROTOCOL, ask })?;
        request.push(b'\n');
        let (from, mut to) = self.stream.split();
        timeout(PATIENCE, to.write_all(&request)).await??;
        let mut from = BufReader::new(from.take(MOST_ANSWER_BYTES));
        let mut line = Vec::new();
        loop {
            line.clear();
            if from.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match serde_json::from_slice(&line).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))? {
                Tell::Progress(text) => progress(&text),
                last => return Ok(last),
            }
        }
    }
}
