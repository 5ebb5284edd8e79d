//! Hints that something moved at the resolution file. Which of them mean anything only a look can tell.

use crate::resolution_file::Watcher;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::warn;

/// The file is looked at this often without any event: network file systems give none.
const POLL: Duration = Duration::from_secs(10);

/// Watches until the receiver is dropped. The file's directory must exist, else only the clock gives hints.
pub fn file_hints(path: PathBuf) -> mpsc::Receiver<()> {
    // Room for one: a second hint says nothing more.
    let (sender, hints) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut watcher = Watcher::new(&path, POLL).unwrap_or_else(|error| {
            warn!("The resolution file is looked at by the clock alone: {error}");
            Watcher::poll_only(POLL)
        });
        loop {
            tokio::select! {
                () = sender.closed() => return,
                () = watcher.hint() => {}
            }
            let _ = sender.try_send(());
        }
    });
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_save_is_hinted_at() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resolutions.txt");
        let mut hints = file_hints(path.clone());
        // The watch begins in its own task: save until it is there.
        let hinted = async {
            loop {
                std::fs::write(&path, "x").unwrap();
                tokio::select! {
                    Some(()) = hints.recv() => return,
                    () = tokio::task::yield_now() => {}
                }
            }
        };
        tokio::time::timeout(POLL / 2, hinted).await.unwrap();
    }
}
