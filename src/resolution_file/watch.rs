//! Hints that the file may have changed: events of its directory, and a slow poll behind them.
//!
//! **Invariant:** the directory is watched, never the file: a save by rename leaves a watched file behind.

use super::error::FileError;
use super::replace::is_temporary;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;

/// Says when to look. What there is to see, only the look itself tells.
pub struct Watcher {
    /// Kept alive: dropping it ends the events.
    _events: Option<RecommendedWatcher>,
    hints: mpsc::Receiver<()>,
    /// Held so that waiting for a hint lasts where there are no events.
    _sender: mpsc::Sender<()>,
    poll: Duration,
}

impl Watcher {
    /// # Errors
    /// [`FileError::Watch`]; [`Watcher::poll_only`] works everywhere.
    pub fn new(path: &Path, poll: Duration) -> Result<Watcher, FileError> {
        let fault = |source| FileError::Watch { path: path.to_owned(), source };
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(FileError::NotAFile(path.to_owned()));
        };
        let name = name.to_string_lossy().into_owned();
        let mut watcher = Watcher::poll_only(poll);
        let sender = watcher._sender.clone();
        let mut events = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error means that events were lost: look.
            if event.is_ok_and(|event| !is_about(&event, &name)) {
                return;
            }
            // Full: a hint is waiting already, and says as much.
            let _ = sender.try_send(());
        })
        .map_err(fault)?;
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        events.watch(dir, RecursiveMode::NonRecursive).map_err(fault)?;
        watcher._events = Some(events);
        Ok(watcher)
    }

    /// For directories that cannot be watched.
    pub fn poll_only(poll: Duration) -> Watcher {
        let (sender, hints) = mpsc::channel(1);
        Watcher { _events: None, hints, _sender: sender, poll }
    }

    /// Waits for a hint, at most for the poll's interval. Cancelling it loses nothing.
    pub async fn hint(&mut self) {
        // Either way it is time to look.
        let _ = tokio::time::timeout(self.poll, self.hints.recv()).await;
    }

    /// Whether a hint is waiting, without waiting.
    pub fn try_hint(&mut self) -> bool {
        self.hints.try_recv().is_ok()
    }
}

/// The file itself, or an editor's lock on it. Reading it, our own temporary files and what is kept aside are no news.
fn is_about(event: &notify::Event, name: &str) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    };
    is_change
        && (event.paths.is_empty()
            || event.paths.iter().any(|path| {
                let other =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                other.contains(name) && !is_temporary(name, &other)
            }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::Event;
    use notify::event::{CreateKind, RemoveKind};
    use std::path::PathBuf;

    fn is_news(kind: EventKind, name: &str) -> bool {
        let event = Event::new(kind).add_path(PathBuf::from("dir").join(name));
        is_about(&event, "resolutions.txt")
    }

    #[test]
    fn reading_the_file_and_writing_beside_it_are_no_news() {
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Read));
        assert!(!is_news(opened, "resolutions.txt"));
        for name in
            [".resolutions.txt.00ff-0.new", "resolutions.kept-x.txt", "resolutions.answers.txt", "4913"]
        {
            assert!(!is_news(EventKind::Create(CreateKind::File), name), "{name}");
        }
    }

    #[test]
    fn a_write_a_rename_and_a_lock_coming_or_going_are_news() {
        assert!(is_news(EventKind::Access(AccessKind::Close(AccessMode::Write)), "resolutions.txt"));
        for name in ["resolutions.txt", ".resolutions.txt.swp", ".#resolutions.txt"] {
            assert!(is_news(EventKind::Create(CreateKind::File), name));
            assert!(is_news(EventKind::Remove(RemoveKind::File), name));
        }
    }
}
