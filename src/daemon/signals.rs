//! The signals of the service, by meaning.

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::io;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM or SIGINT: the first ends after the step under way, the second at once.
    Stop,
    /// SIGHUP: read the settings anew.
    Reload,
    /// SIGUSR1: run a cycle now.
    Cycle,
}

/// The signals of this process as they come, one by one.
#[derive(Debug)]
pub struct Signals {
    received: mpsc::Receiver<Signal>,
    /// Ends with this value. Awaiting the end of signal-hook's stream instead can wait for ever: its close may be lost.
    task: Option<JoinHandle<()>>,
}

impl Signals {
    /// Takes over SIGTERM, SIGINT, SIGHUP and SIGUSR1. Must be called inside a runtime.
    pub fn of_process() -> io::Result<Signals> {
        Signals::listen(&[SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    }

    /// Takes over SIGTERM and SIGINT only, for a command.
    pub fn to_stop() -> io::Result<Signals> {
        Signals::listen(&[SIGTERM, SIGINT])
    }

    /// Signals that somebody else sends.
    pub fn from_channel(received: mpsc::Receiver<Signal>) -> Signals {
        Signals { received, task: None }
    }

    /// The next signal. Never ends by itself.
    pub async fn next(&mut self) -> Signal {
        match self.received.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    fn listen(numbers: &[i32]) -> io::Result<Signals> {
        let mut stream = signal_hook_tokio::Signals::new(numbers)?;
        let (sender, received) = mpsc::channel(16);
        let task = tokio::spawn(async move {
            while let Some(number) = stream.next().await {
                let signal = match number {
                    SIGHUP => Signal::Reload,
                    SIGUSR1 => Signal::Cycle,
                    // Only the four above are taken over.
                    _ => Signal::Stop,
                };
                if sender.send(signal).await.is_err() {
                    return;
                }
            }
        });
        Ok(Signals { received, task: Some(task) })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
