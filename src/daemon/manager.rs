//! What the service manager is told: readiness, a line of status, signs of life, reloading, stopping.

use sd_notify::NotifyState;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;
use std::time::Duration;
use tracing::debug;

/// The service manager behind `NOTIFY_SOCKET`, or nobody.
#[derive(Debug, Clone, Default)]
pub struct Manager {
    socket: Option<PathBuf>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one the environment names.
    pub fn from_env() -> Manager {
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()).map(PathBuf::from);
        Manager { socket, watchdog: sd_notify::watchdog_enabled() }
    }

    /// One that listens at `socket` and wants a sign of life within `watchdog`.
    pub fn at(socket: PathBuf, watchdog: Option<Duration>) -> Manager {
        Manager { socket: Some(socket), watchdog }
    }

    /// Within which a sign of life is wanted.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    pub fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    pub fn status(&self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    pub fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// To be followed by [`Manager::ready`]. From version 253 on, systemd wants the moment with it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => self.tell(&[NotifyState::Reloading, moment]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
    }

    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping, NotifyState::Status("Stopping after the step under way")]);
    }

    /// A manager that does not listen is no reason to stop working.
    fn tell(&self, states: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let text: String = states.iter().map(|state| format!("{state}\n")).collect();
        if let Err(error) = send(socket, text.as_bytes()) {
            debug!(error = %error, "The service manager could not be told");
        }
    }
}

fn send(socket: &std::path::Path, text: &[u8]) -> io::Result<()> {
    let address = match socket.as_os_str().as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.send_to_addr(text, &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reloading_carries_the_moment_newer_managers_want() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        Manager::at(path, None).reloading();
        let mut bytes = [0; 256];
        let length = listener.recv(&mut bytes).unwrap();
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        let (first, second) = text.trim_end().split_once('\n').unwrap();
        assert_eq!(first, "RELOADING=1");
        assert!(second.strip_prefix("MONOTONIC_USEC=").unwrap().parse::<u64>().unwrap() > 0);
    }

    #[test]
    fn an_abstract_socket_is_told_too() {
        let name = format!("hxsync-test-{}", std::process::id());
        let listener = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Manager::at(format!("@{name}").into(), None).ready("Idle");
        let mut bytes = [0; 256];
        let length = listener.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1\nSTATUS=Idle\n");
    }

    #[test]
    fn nobody_to_tell_is_no_error() {
        Manager::default().ready("Idle");
        Manager::at("/nowhere/notify".into(), None).stopping();
    }
}
