//! The control socket: commands of users on this machine, each known by the kernel's word for who they are.

use super::desk::Desk;
use super::engine::{EngineError, ErrorKind};
use super::peer;
use super::protocol::{Ask, DaemonStatus, MOST_REQUEST_BYTES, PATIENCE, PROTOCOL, Request, Tell};
use nix::unistd::{Group, chown};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

/// The owner and the group of admins may talk to the daemon.
const MODE: u32 = 0o660;
/// Commands served at the same time; further ones wait.
const MOST_CONNECTIONS: usize = 16;

/// A bound socket; its file goes when it is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Binds `path`, for its owner and `group`. A socket of a daemon that died is replaced: whoever calls this holds the
    /// lock of the state directory, so nobody listens there.
    ///
    /// # Errors
    /// Also when something that is no socket lies there: it is not ours to remove.
    pub fn bind(path: &Path, group: Option<&str>) -> io::Result<ControlSocket> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is not a socket")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        if let Some(name) = group {
            give_to_group(path, name);
        }
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
        Ok(ControlSocket { listener, path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves commands until it is dropped. `facts` is what the daemon knows of itself at each moment.
    pub(super) async fn serve(
        self,
        desk: Desk,
        facts: watch::Receiver<DaemonStatus>,
        connections: TaskTracker,
    ) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!(error = %error, "A command could not be received");
                    // Out of descriptors, most likely: a moment lets some go.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (desk, facts) = (desk.clone(), facts.clone());
            connections.spawn(async move {
                if let Err(error) = serve_one(stream, &desk, &facts).await {
                    debug!(error = %error, "A command went away before its answer");
                }
                drop(place);
            });
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // A file left behind is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn give_to_group(path: &Path, name: &str) {
    let done = match Group::from_name(name) {
        Ok(Some(group)) => chown(path, None, Some(group.gid)).map_err(|error| error.to_string()),
        Ok(None) => Err("there is no such group".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = done {
        warn!(group = name, "Only the owner can talk to the daemon, not the group {name}: {why}");
    }
}

async fn serve_one(
    mut stream: UnixStream,
    desk: &Desk,
    facts: &watch::Receiver<DaemonStatus>,
) -> io::Result<()> {
    let who = peer::who(stream.peer_cred()?.uid());
    let (from, mut to) = stream.split();
    let ask = match read_request(from).await? {
        Ok(ask) => ask,
        Err(refused) => return write_line(&mut to, &Tell::Failed(refused)).await,
    };
    debug!(who = %who, ask = ?std::mem::discriminant(&ask), "A command asks");
    let mut progress = desk.thread().surroundings().progress.lines();
    let daemon = facts.borrow().clone();
    let mut work = std::pin::pin!(desk.carry_out(ask, who, Some(daemon)));
    let told = loop {
        tokio::select! {
            biased;
            told = &mut work => break told,
            Ok(()) = progress.changed() => {
                let line = progress.borrow_and_update().clone();
                write_line(&mut to, &Tell::Progress(line)).await?;
            }
        }
    };
    write_line(&mut to, &told).await
}

/// The outer error is the connection's, the inner one the request's.
async fn read_request(from: impl tokio::io::AsyncRead + Unpin) -> io::Result<Result<Ask, EngineError>> {
    let mut line = Vec::new();
    let mut from = BufReader::new(from.take(MOST_REQUEST_BYTES));
    let length = timeout(PATIENCE, from.read_until(b'\n', &mut line)).await??;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() != Some(&b'\n') {
        return Ok(Err(EngineError::new(ErrorKind::Usage, "the request is too long or cut short")));
    }
    Ok(parse_request(&line))
}

/// The version is looked at first: a request of another version need not have a shape we know.
fn parse_request(line: &[u8]) -> Result<Ask, EngineError> {
    let unknown = || EngineError::new(ErrorKind::Usage, "the request is not one the daemon knows");
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| unknown())?;
    match value.get("protocol").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(PROTOCOL) => {}
        Some(version) => {
            let what = format!(
                "the command speaks version {version} of the control protocol, the daemon {PROTOCOL}"
            );
            return Err(EngineError::new(ErrorKind::Usage, what)
                .next("Restart the daemon, so that both are of the installed version."));
        }
        None => return Err(unknown()),
    }
    serde_json::from_value::<Request>(value).map(|request| request.ask).map_err(|_| unknown())
}

async fn write_line(to: &mut (impl AsyncWriteExt + Unpin), tell: &Tell) -> io::Result<()> {
    let mut line = serde_json::to_vec(tell)?;
    line.push(b'\n');
    timeout(PATIENCE, to.write_all(&line)).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_another_version_is_told_so_before_its_shape() {
        let refused = parse_request(br#"{"protocol":7,"dance":true}"#).unwrap_err();
        assert_eq!(refused.what, "the command speaks version 7 of the control protocol, the daemon 1");
    }

    #[test]
    fn a_request_that_is_none_is_refused() {
        for wrong in ["", "{}", "hello", r#"{"protocol":1}"#, r#"{"protocol":1,"ask":"dance"}"#] {
            assert_eq!(parse_request(wrong.as_bytes()).unwrap_err().kind, ErrorKind::Usage, "{wrong}");
        }
        let request = serde_json::to_vec(&Request { protocol: PROTOCOL, ask: Ask::Status }).unwrap();
        assert_eq!(parse_request(&request), Ok(Ask::Status));
    }

    #[tokio::test]
    async fn an_endless_request_is_cut() {
        let endless = tokio::io::repeat(b'x');
        let refused = read_request(endless).await.unwrap().unwrap_err();
        assert_eq!(refused.what, "the request is too long or cut short");
    }

    #[tokio::test]
    async fn a_dead_socket_is_replaced_and_anything_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = ControlSocket::bind(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "mine").unwrap();
        assert!(ControlSocket::bind(&path, None).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
