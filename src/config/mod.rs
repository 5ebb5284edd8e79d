//! The settings file, read and checked as a whole.
//!
//! Text and environment come in as arguments; what comes out is either all settings, each in its type and range, or
//! every mistake at once with its place and what to do next. [`Settings::example`] is the same list for admins.
//!
//! **Invariant:** no secret is in [`Settings`], and none that somebody wrote into the file is in an error.

mod digest;
mod error;
mod fields;
mod guard;
mod mask;
mod nearest;
mod paths;
mod people;
mod reader;
mod service;
mod sides;
mod unknown;
mod value;

use toml_edit::Document;

pub use error::{SettingsError, SettingsErrors};
pub use fields::{Direction, FIELD_NAMES, FieldPolicy, Fields, OnClear, OnMissing, PAY_CRITICAL, Prefer};
pub use guard::{Budget, Freeze, Guard, Limit};
pub use paths::{CREDENTIALS_OUTSIDE_UNIT, DEFAULT_STATE_DIRECTORY, SecretFile};
pub use people::{Creation, Exclusion, FieldExclusion, People};
pub use service::{
    ApplyOn, Language, Listen, Log, LogFormat, LogLevel, Mail, Network, Resolutions, Retention, SmtpServer,
    State, Sync,
};
pub use sides::{
    AddressHome, BuiltinIntegration, ClearWith, CountrySpelling, EmailHome, Huma, JobTitleHome, Maps,
    Positions, Xledger,
};

use reader::Reader;

/// All settings of one installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub huma: Huma,
    pub xledger: Xledger,
    pub maps: Maps,
    pub state: State,
    pub resolutions: Resolutions,
    pub sync: Sync,
    pub people: People,
    pub fields: Fields,
    pub freeze: Vec<Freeze>,
    pub guard: Guard,
    pub budget: Budget,
    pub listen: Option<Listen>,
    pub mail: Option<Mail>,
    pub network: Network,
    pub log: Log,
    pub retention: Retention,
}

impl Settings {
    /// Reads the settings. `file` is the name to show in errors; `environment` is asked for `CREDENTIALS_DIRECTORY` and
    /// `STATE_DIRECTORY` only.
    ///
    /// # Errors
    /// Every mistake of the file; a text that is not TOML is one mistake.
    pub fn parse(
        text: &str,
        file: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Settings, SettingsErrors> {
        let document = Document::parse(text).map_err(|error| {
            // The parser's own words may quote the text; its place is enough to find the line.
            let what = format!("this is not TOML: {}", error.message().lines().next().unwrap_or_default());
            let next =
                "Mend the line. Text stands in quotes, and each setting on a line of its own.".to_owned();
            let span = Some(error.span().unwrap_or(0..0));
            SettingsErrors::new(file, text, vec![SettingsError { key: String::new(), what, next, span }])
        })?;
        let reader = Reader::new(environment);
        let settings = Settings::read(&reader, &document);
        let errors = reader.into_errors();
        if errors.is_empty() { Ok(settings) } else { Err(SettingsErrors::new(file, text, errors)) }
    }

    /// Returns a settings file that says what every setting does and shows its default.
    pub fn example() -> &'static str {
        include_str!("../../packaging/hxsync.toml")
    }

    fn read<'d>(reader: &Reader<'d>, document: &'d Document<&str>) -> Settings {
        let root = reader.root(document.as_table());
        let state = State::read(root.section("state"));
        let settings = Settings {
            huma: Huma::read(root.section("huma")),
            xledger: Xledger::read(root.section("xledger")),
            maps: Maps::read(root.section("maps")),
            resolutions: Resolutions::read(root.section("resolutions"), &state),
            state,
            sync: Sync::read(root.section("sync")),
            people: People::read(root.section("people")),
            fields: Fields::read(root.section("fields")),
            freeze: Freeze::read_all(root.sections("freeze")),
            guard: Guard::read(root.section("guard")),
            budget: Budget::read(root.section("budget")),
            listen: Listen::read(root.section("listen")),
            mail: Mail::read(root.section("mail")),
            network: Network::read(root.section("network")),
            log: Log::read(root.section("log")),
            retention: Retention::read(root.section("retention")),
        };
        root.finish();
        settings
    }
}

#[cfg(test)]
mod tests;
