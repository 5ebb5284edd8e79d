//! The settings of the running service: where things lie, when they happen, who hears of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use reqwest::Url;

use super::paths::DEFAULT_STATE_DIRECTORY;
use super::reader::Section;
use super::value::{self, Problem, http_url, quoted, some_text, words};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// 366 days, as `y` counts in a duration.
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// `[state]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Where the database, its lock and its mark lie.
    pub directory: PathBuf,
}

impl State {
    pub(super) fn read(section: Section<'_, '_>) -> State {
        let directory = section.path("directory").unwrap_or_else(|| PathBuf::from(DEFAULT_STATE_DIRECTORY));
        section.finish();
        State { directory }
    }
}

/// `[resolutions]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolutions {
    pub file: PathBuf,
    /// The Unix group that may answer; `None` for the owner's own.
    pub group: Option<String>,
    /// How long a save must have been stable.
    pub settle: Duration,
    pub apply_on: ApplyOn,
    pub language: Language,
}

words! {
    /// When saved answers are taken in.
    pub enum ApplyOn {
        /// With each settled save, also while an editor holds the file.
        Save = "save",
        /// When no editor holds the file.
        Close = "close",
    }
}

words! {
    /// The language of the resolution file.
    pub enum Language {
        English = "en",
        Norwegian = "no",
    }
}

impl Resolutions {
    pub(super) fn read(section: Section<'_, '_>, state: &State) -> Resolutions {
        let file =
            section.path("file").unwrap_or_else(|| state.directory.join("resolutions/resolutions.txt"));
        // The state directory lets nobody else write, and every write to the database would look like a save.
        if file.parent() == Some(state.directory.as_path()) || file.parent().is_none() {
            let what = "lies in the state directory itself";
            let next = "Give it a directory of its own, for example \"${STATE_DIRECTORY}/resolutions/resolutions.txt\".";
            section.refuse("file", Problem::new(what, next));
        }
        let resolutions = Resolutions {
            file,
            group: section.text_as("group", some_text),
            settle: section.duration("settle", 2 * SECOND, 50 * MILLISECOND..=MINUTE),
            apply_on: section.word("apply_on", ApplyOn::Save),
            language: section.word("language", Language::English),
        };
        section.finish();
        resolutions
    }
}

/// `[sync]`
#[derive(Debug, Clone, PartialEq)]
pub struct Sync {
    /// Between two listings of Huma.
    pub huma_interval: Duration,
    /// Within which everyone's details in Huma are read, where the pace allows.
    pub sweep: Duration,
    /// Between two combined requests to Xledger.
    pub xledger_interval: Duration,
    /// When both sides are read in full, in `time_zone`.
    pub full: Time,
    /// The employer's calendar: joiners, leavers and freezes go by it.
    pub time_zone: TimeZone,
}

impl Sync {
    pub(super) fn read(section: Section<'_, '_>) -> Sync {
        let interval = |key, default| section.duration(key, default, 100 * MILLISECOND..=DAY);
        let sync = Sync {
            huma_interval: interval("huma_interval", MINUTE),
            sweep: interval("sweep", 15 * MINUTE),
            xledger_interval: interval("xledger_interval", 15 * MINUTE),
            full: section.text_as("full", value::time_of_day).unwrap_or(Time::constant(2, 30, 0, 0)),
            time_zone: section.text_as("time_zone", value::time_zone).unwrap_or_else(|| {
                value::time_zone("Europe/Oslo").expect("the embedded time zones have the default one")
            }),
        };
        section.finish();
        sync
    }
}

/// `[listen]`; without it nothing listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    /// Where the sides reach the listener. Without it no Xledger webhooks are registered.
    pub public_url: Option<Url>,
}

impl Listen {
    pub(super) fn read(section: Section<'_, '_>) -> Option<Listen> {
        let listen = Listen {
            address: section
                .text_as("address", socket_address)
                .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8750))),
            public_url: section.text_as("public_url", http_url),
        };
        let is_present = section.is_present();
        section.finish();
        is_present.then_some(listen)
    }
}

/// `[mail]`; without it nothing is mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub smtp: SmtpServer,
    pub from: String,
    pub to: Vec<String>,
}

/// A relay that takes mail without a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// A name or an address; an IPv6 one without brackets.
    pub host: String,
    pub port: u16,
}

impl Mail {
    pub(super) fn read(section: Section<'_, '_>) -> Option<Mail> {
        let is_present = section.is_present();
        if is_present {
            section
                .require("from", "Write the sender, for example \"hxsync@example.no\", or take out [mail].");
            section.require(
                "to",
                "Write who gets the mails, for example [\"payroll@example.no\"], or take out [mail].",
            );
        }
        let local = || SmtpServer { host: "localhost".to_owned(), port: 25 };
        let mail = Mail {
            smtp: section.text_as("smtp", smtp_server).unwrap_or_else(local),
            from: section.text_as("from", value::email).unwrap_or_default(),
            to: section.list_as("to", value::email),
        };
        section.refuse_empty_list("to", "Write who gets the mails, or take out [mail].");
        section.finish();
        is_present.then_some(mail)
    }
}

/// `[network]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// An http proxy for both sides.
    pub proxy: Option<Url>,
    /// More certificate authorities to trust, PEM.
    pub ca_file: Option<PathBuf>,
}

impl Network {
    pub(super) fn read(section: Section<'_, '_>) -> Network {
        let environment = section.environment();
        let network = Network {
            proxy: section.text_as("proxy", |text| unless_empty(text, http_url)).flatten(),
            ca_file: section
                .text_as("ca_file", |text| unless_empty(text, |text| super::paths::path(text, environment)))
                .flatten(),
        };
        section.finish();
        network
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

words! {
    /// How log lines look.
    pub enum LogFormat {
        /// Text on a terminal and in the journal, JSON elsewhere.
        Auto = "auto",
        Text = "text",
        Json = "json",
    }
}

words! {
    /// The least important line that is shown.
    pub enum LogLevel {
        Error = "error",
        Warn = "warn",
        Info = "info",
        Debug = "debug",
        Trace = "trace",
    }
}

impl Log {
    pub(super) fn read(section: Section<'_, '_>) -> Log {
        let log = Log {
            format: section.word("format", LogFormat::Auto),
            level: section.word("level", LogLevel::Info),
        };
        section.finish();
        log
    }
}

/// `[retention]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How long audit rows keep their values.
    pub audit: Duration,
}

impl Retention {
    pub(super) fn read(section: Section<'_, '_>) -> Retention {
        let audit = section.duration("audit", 10 * YEAR, 30 * DAY..=100 * YEAR);
        section.finish();
        Retention { audit }
    }
}

fn unless_empty<T>(text: &str, convert: impl Fn(&str) -> Result<T, Problem>) -> Result<Option<T>, Problem> {
    if text.trim().is_empty() { Ok(None) } else { convert(text).map(Some) }
}

fn socket_address(text: &str) -> Result<SocketAddr, Problem> {
    text.parse().map_err(|_| {
        let what = format!("is not an address to listen on: {}", quoted(text));
        Problem::new(what, "Write an IP address and a port, for example \"127.0.0.1:8750\".")
    })
}

fn smtp_server(text: &str) -> Result<SmtpServer, Problem> {
    let wrong = |what: &str| Problem::new(what, "Write host and port, for example \"smtp://localhost:25\".");
    let url = Url::parse(text).map_err(|_| wrong("is not the address of a mail server"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            "holds a user name or a password",
            "Take out what stands before `@`; let a relay on this machine keep the login.",
        ));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    match (url.scheme(), host) {
        ("smtp", Some(host)) if matches!(url.path(), "" | "/") => {
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            Ok(SmtpServer { host, port: url.port().unwrap_or(25) })
        }
        _ => Err(wrong("is not the address of a mail server")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::{mistakes, settings};
    use super::*;

    #[test]
    fn the_resolution_file_follows_the_state_directory() {
        let read = settings("[state]\ndirectory = \"/srv/hxsync\"\n");
        assert_eq!(read.resolutions.file, Path::new("/srv/hxsync/resolutions/resolutions.txt"));
    }

    #[test]
    fn the_resolution_file_needs_a_directory_of_its_own() {
        assert_eq!(
            mistakes("[resolutions]\nfile = \"/var/lib/hxsync/resolutions.txt\"\n"),
            ["`resolutions.file` lies in the state directory itself"]
        );
    }

    #[test]
    fn without_their_sections_nothing_listens_and_nothing_is_mailed() {
        let read = settings("");
        assert_eq!((read.listen, read.mail), (None, None));
        let read = settings("[listen]\n");
        assert_eq!(read.listen.unwrap().address.to_string(), "127.0.0.1:8750");
    }

    #[test]
    fn a_mail_section_needs_both_ends() {
        let missing = ["`mail.from` is missing", "`mail.to` is missing"];
        assert_eq!(mistakes("[mail]\n"), missing);
        assert_eq!(
            mistakes("[mail]\nfrom = \"hxsync\"\nto = []\n"),
            ["`mail.from` is not an e-mail address", "`mail.to` is empty"]
        );
    }

    #[test]
    fn a_mail_server_is_a_host_and_a_port_without_a_login() {
        let server = |text: &str| {
            smtp_server(text).map(|server| (server.host, server.port)).map_err(|problem| problem.what)
        };
        assert_eq!(server("smtp://localhost:2525"), Ok(("localhost".to_owned(), 2525)));
        assert_eq!(server("smtp://mail.example.no"), Ok(("mail.example.no".to_owned(), 25)));
        assert_eq!(server("smtp://[::1]:25"), Ok(("::1".to_owned(), 25)));
        for wrong in ["localhost:25", "smtp:localhost", "http://localhost", "smtp://", "smtp://host/path"] {
            assert_eq!(server(wrong), Err("is not the address of a mail server".to_owned()), "{wrong}");
        }
        assert_eq!(server("smtp://a:b@host:25"), Err("holds a user name or a password".to_owned()));
    }

    #[test]
    fn empty_network_settings_are_none() {
        let read = settings("[network]\nproxy = \"\"\nca_file = \"\"\n");
        assert_eq!(read.network, Network { proxy: None, ca_file: None });
        let read =
            settings("[network]\nproxy = \"http://proxy.example.no:3128\"\nca_file = \"/etc/ca.pem\"\n");
        assert_eq!(read.network.ca_file.as_deref(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(read.network.proxy.unwrap().port(), Some(3128));
    }
}
