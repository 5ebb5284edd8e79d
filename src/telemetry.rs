//! The log on stderr: text, lines for the journal, or JSON. And what a panic may say.
//!
//! **Invariant:** no escape sequence reaches a pipe, and no value of a panic reaches the log.

use hxsync::cli::LogFor;
use hxsync::config::{Log, LogFormat, LogLevel};
use std::fmt;
use std::io::{self, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::panic::PanicHookInfo;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// A filter in `tracing`'s language that takes the place of `[log] level`, for one run.
const OVERRIDE: &str = "HXSYNC_LOG";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text { colours: bool },
    Journal,
    Json,
}

/// Sets up the log of this process. Called once.
pub fn init(reader: LogFor<'_>) {
    std::panic::set_hook(Box::new(say_where));
    let (level, format) = match reader {
        LogFor::Daemon(Log { format, level }) => (*level, *format),
        LogFor::Command => (LogLevel::Warn, LogFormat::Text),
    };
    let filter = EnvFilter::try_from_env(OVERRIDE).unwrap_or_else(|_| EnvFilter::new(directives(level)));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // An error means that the log is set up already, and then it stays as it is.
    let _ = match shape(format, io::stderr().is_terminal(), is_journal(), no_color()) {
        Shape::Text { colours } => builder.with_ansi(colours).with_target(false).try_init(),
        Shape::Journal => builder.with_ansi(false).event_format(Journal).try_init(),
        Shape::Json => builder.with_ansi(false).json().flatten_event(true).try_init(),
    };
}

fn shape(format: LogFormat, is_terminal: bool, is_journal: bool, no_color: bool) -> Shape {
    match format {
        LogFormat::Json => Shape::Json,
        LogFormat::Text | LogFormat::Auto if is_journal => Shape::Journal,
        LogFormat::Auto if !is_terminal => Shape::Json,
        LogFormat::Text | LogFormat::Auto => Shape::Text { colours: is_terminal && !no_color },
    }
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether stderr is the very stream that systemd named: a child with a redirected stderr inherits the variable too.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    stream == format!("{}:{}", stderr.dev(), stderr.ino())
}

/// Our own lines by the setting; those of libraries only when something is wrong, and never their details of requests.
fn directives(level: LogLevel) -> String {
    let others = match level {
        LogLevel::Error => "error",
        LogLevel::Warn | LogLevel::Info | LogLevel::Debug | LogLevel::Trace => "warn",
    };
    format!("{others},hxsync={}", level.as_str())
}

/// `<N>` and the message: the journal adds the rest itself, and reads the level from the prefix.
struct Journal;

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        let rest = format::format().without_time().with_level(false).with_target(false).with_ansi(false);
        rest.format_event(context, writer, event)
    }
}

/// Of syslog.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Says where a panic was and nothing of what it says: that may quote values.
fn say_where(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    if tracing::dispatcher::has_been_set() {
        tracing::error!(place = %place, "A mistake in hxsync: it panicked at {place}");
    } else {
        // Without a log there is only this.
        let _ = io::Write::write_all(
            &mut io::stderr(),
            format!("A mistake in hxsync: it panicked at {place}\n").as_bytes(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn each_reader_gets_its_shape() {
        let auto = |terminal, journal| shape(LogFormat::Auto, terminal, journal, false);
        assert_eq!(auto(true, false), Shape::Text { colours: true });
        assert_eq!(auto(false, true), Shape::Journal);
        assert_eq!(auto(false, false), Shape::Json);
        assert_eq!(shape(LogFormat::Text, true, false, true), Shape::Text { colours: false });
        assert_eq!(shape(LogFormat::Text, false, false, false), Shape::Text { colours: false });
        assert_eq!(shape(LogFormat::Text, false, true, false), Shape::Journal);
        assert_eq!(shape(LogFormat::Json, true, true, false), Shape::Json);
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_journal_line_is_its_level_the_words_and_the_fields() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Journal)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(side = "huma", "Huma could not be reached");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "<4>Huma could not be reached side=\"huma\"\n");
    }
}
