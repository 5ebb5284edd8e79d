//! The stage: both simulators, a settings file and secrets in a directory of their own, and the daemon as a child process.

use super::cast::cast;
use crate::cli::CommandError;
use crate::daemon::{Signal, Signals};
use crate::sandbox::huma::{self, HumaSim};
use crate::sandbox::people::Person;
use crate::sandbox::xledger::{self, Switches, XledgerSim};
use crate::store::{ReadStore, Store};
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything in the story may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at the database or the file.
const GLANCE: Duration = Duration::from_millis(100);

pub struct Stage {
    pub huma: HumaSim,
    pub xledger: XledgerSim,
    pub people: Vec<Person>,
    directory: TempDir,
    daemon: Child,
    signals: Signals,
}

/// Why the story ended early.
pub enum Broken {
    /// Ctrl-C.
    Stopped,
    Failed(CommandError),
}

impl Stage {
    /// Starts both systems and the daemon.
    pub async fn set() -> Result<Stage, CommandError> {
        let people = cast();
        let in_huma: Vec<_> = people.iter().filter_map(|person| person.huma.clone()).collect();
        let in_xledger: Vec<_> = people.iter().filter_map(|person| person.xledger.clone()).collect();
        let huma = HumaSim::start(&in_huma, huma::Options::default())
            .await
            .map_err(|error| failed(format!("the simulated Huma cannot start: {error}")))?;
        let options =
            xledger::Options { switches: Switches::without_limits(), ..xledger::Options::default() };
        let xledger = XledgerSim::start(&in_xledger, options)
            .await
            .map_err(|error| failed(format!("the simulated Xledger cannot start: {error}")))?;
        let directory = tempfile::Builder::new()
            .prefix("hxsync-demo-")
            .tempdir()
            .map_err(|error| failed(format!("no directory for the demo: {error}")))?;
        let settings = write_settings(directory.path(), &huma, &xledger)
            .map_err(|error| failed(format!("the demo's settings cannot be written: {error}")))?;
        // The signals are taken before the child starts: Ctrl-C reaches both, and the child ends in its own time.
        let signals =
            Signals::to_stop().map_err(|error| failed(format!("signals cannot be received: {error}")))?;
        let daemon = start_daemon(&settings, directory.path())
            .map_err(|error| failed(format!("the daemon cannot start: {error}")))?;
        Ok(Stage { huma, xledger, people, directory, daemon, signals })
    }

    /// Lets the daemon end, and both systems.
    pub async fn clear(mut self) {
        stop(&self.daemon);
        let ended = tokio::task::spawn_blocking(move || {
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until {
                if matches!(self.daemon.try_wait(), Ok(Some(_)) | Err(_)) {
                    return;
                }
                std::thread::sleep(GLANCE);
            }
            // It has had its time; what it did is committed.
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        });
        // The directory goes with the stage, and only after the daemon.
        let _ = ended.await;
        self.huma.shutdown().await;
        self.xledger.shutdown().await;
    }

    pub fn file(&self) -> PathBuf {
        self.directory.path().join("state/resolutions/resolutions.txt")
    }

    pub fn database(&self) -> PathBuf {
        self.directory.path().join("state/hxsync.db")
    }

    pub fn settings(&self) -> PathBuf {
        self.directory.path().join("hxsync.toml")
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }

    /// Saves the file as an editor would.
    pub fn save(&self, text: &str) -> Result<(), Broken> {
        fs::write(self.file(), text)
            .map_err(|error| Broken::Failed(failed(format!("the resolution file cannot be saved: {error}"))))
    }

    pub fn store(&self) -> Option<ReadStore> {
        Store::open_readonly(&self.database()).ok()
    }

    /// Waits until `seen` answers something.
    pub async fn until<T>(&mut self, what: &str, seen: impl FnMut(&Stage) -> Option<T>) -> Result<T, Broken> {
        self.until_within(Some(PATIENCE), what, seen).await
    }

    /// Waits as long as it takes.
    pub async fn at_last<T>(&mut self, seen: impl FnMut(&Stage) -> Option<T>) -> Result<T, Broken> {
        self.until_within(None, "", seen).await
    }

    async fn until_within<T>(
        &mut self,
        limit: Option<Duration>,
        what: &str,
        mut seen: impl FnMut(&Stage) -> Option<T>,
    ) -> Result<T, Broken> {
        let begun = Instant::now();
        loop {
            if let Some(found) = seen(self) {
                return Ok(found);
            }
            if let Ok(Some(status)) = self.daemon.try_wait() {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                return Err(Broken::Failed(failed(format!("the daemon ended by itself ({status}):\n{log}"))));
            }
            if limit.is_some_and(|limit| begun.elapsed() > limit) {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                return Err(Broken::Failed(failed(format!(
                    "waited too long for: {what}\nThe daemon's log:\n{log}"
                ))));
            }
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                signal = self.signals.next() => {
                    if signal == Signal::Stop {
                        return Err(Broken::Stopped);
                    }
                }
            }
        }
    }

    pub fn log(&self) -> PathBuf {
        self.directory.path().join("daemon.log")
    }
}

fn write_settings(directory: &Path, huma: &HumaSim, xledger: &XledgerSim) -> std::io::Result<PathBuf> {
    let options = huma::Options::default();
    for (name, secret) in
        [("huma-client-secret", options.client_secret.as_str()), ("xledger-token", xledger::DEFAULT_TOKEN)]
    {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.join(name))?;
        std::io::Write::write_all(&mut file, secret.as_bytes())?;
    }
    let text = format!(
        "# Written by `hxsync demo`; both systems are simulated on this machine.\n\
         [huma]\nurl = \"{}\"\nclient_id = \"{}\"\nclient_secret_file = \"{here}/huma-client-secret\"\n\
         requests_per_second = 200\nbuiltin_integration = \"off\"\n\n\
         [xledger]\nurl = \"{}\"\ntoken_file = \"{here}/xledger-token\"\nrequests_per_second = 50\n\n\
         [state]\ndirectory = \"{here}/state\"\n\n\
         [resolutions]\nsettle = \"500ms\"\n\n\
         [sync]\nhuma_interval = \"1s\"\nsweep = \"5s\"\nxledger_interval = \"1s\"\n",
        huma.url(),
        options.client_id,
        xledger.url(),
        here = directory.display(),
    );
    let path = directory.join("hxsync.toml");
    fs::write(&path, text)?;
    Ok(path)
}

fn start_daemon(settings: &Path, directory: &Path) -> std::io::Result<Child> {
    let log = fs::File::create(directory.join("daemon.log"))?;
    Command::new(std::env::current_exe()?)
        .arg("--config")
        .arg(settings)
        .arg("run")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}

fn stop(daemon: &Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    if let Ok(pid) = i32::try_from(daemon.id()) {
        // It may have ended already.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

pub fn failed(what: impl Into<String>) -> CommandError {
    CommandError::failed(what)
}
