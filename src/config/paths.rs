//! Paths of the settings file, with the two directories that systemd hands to the unit.

use std::path::{Path, PathBuf};

use super::reader::{Environment, Section};
use super::value::{Problem, quoted};

/// Where secrets are looked for outside the unit. Only root can read it there.
pub const CREDENTIALS_OUTSIDE_UNIT: &str = "/etc/hxsync/credentials";

/// The state directory where `[state] directory` and `STATE_DIRECTORY` say nothing else.
pub const DEFAULT_STATE_DIRECTORY: &str = "/var/lib/hxsync";

/// The file of one secret. It is named here and read in a higher layer; the secret itself is never in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    /// The setting that names the file, for example `xledger.token_file`.
    pub key: &'static str,
    pub path: PathBuf,
    /// The setting uses `${CREDENTIALS_DIRECTORY}`, which is not set: `path` lies in [`CREDENTIALS_OUTSIDE_UNIT`].
    pub outside_unit: bool,
}

impl SecretFile {
    /// Returns what to say if there is no file at `path`.
    pub fn not_found(&self) -> String {
        let (key, path) = (self.key, self.path.display());
        if self.outside_unit {
            format!("CREDENTIALS_DIRECTORY is not set, and {path} is not there either (`{key}`)")
        } else {
            format!("{path} is not there (`{key}`)")
        }
    }
}

impl Section<'_, '_> {
    /// Reads the file of a secret. `key` is the full name of the setting; the section knows it by its last part.
    pub(super) fn secret_file(&self, key: &'static str) -> Option<SecretFile> {
        let name = key.rsplit('.').next().unwrap_or(key);
        self.text_as(name, |text| secret_file(key, text, self.environment()))
    }

    pub(super) fn path(&self, key: &'static str) -> Option<PathBuf> {
        self.text_as(key, |text| path(text, self.environment()))
    }
}

/// Reads the path of a secret's file. A value that is no path may be the secret itself and is never quoted.
pub(super) fn secret_file(
    key: &'static str,
    text: &str,
    environment: Environment<'_>,
) -> Result<SecretFile, Problem> {
    if !text.starts_with('/') && !text.starts_with("${") {
        return Err(Problem::new(
            "does not name a file by its whole path",
            "Write a path such as \"${CREDENTIALS_DIRECTORY}/name\". If it was the secret itself, put that into a file \
             of mode 0600 and name the file here.",
        ));
    }
    let outside_unit =
        text.contains("${CREDENTIALS_DIRECTORY}") && variable("CREDENTIALS_DIRECTORY", environment).is_none();
    Ok(SecretFile { key, path: path(text, environment)?, outside_unit })
}

/// Expands the two variables and demands an absolute path: a relative one would mean another file in each shell.
pub(super) fn path(text: &str, environment: Environment<'_>) -> Result<PathBuf, Problem> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(Problem::new("has `${` without `}`", "Close the name of the variable with `}`."));
        };
        expanded.push_str(before);
        expanded.push_str(&directory(name, environment)?);
        rest = behind;
    }
    expanded.push_str(rest);
    if !Path::new(&expanded).is_absolute() || expanded.contains('\0') {
        return Err(Problem::new(
            format!("is not a whole path: {}", quoted(text)),
            "Begin it with `/`, `${STATE_DIRECTORY}` or `${CREDENTIALS_DIRECTORY}`.",
        ));
    }
    Ok(PathBuf::from(expanded))
}

fn directory(name: &str, environment: Environment<'_>) -> Result<String, Problem> {
    let default = match name {
        "CREDENTIALS_DIRECTORY" => CREDENTIALS_OUTSIDE_UNIT,
        "STATE_DIRECTORY" => DEFAULT_STATE_DIRECTORY,
        _ => {
            return Err(Problem::new(
                format!("uses {}, which is not known here", quoted(&format!("${{{name}}}"))),
                "Only `${CREDENTIALS_DIRECTORY}` and `${STATE_DIRECTORY}` are replaced; write other paths out.",
            ));
        }
    };
    Ok(variable(name, environment).unwrap_or_else(|| default.to_owned()))
}

/// Returns the first directory of a variable. systemd separates several `StateDirectory=` by colons.
fn variable(name: &str, environment: Environment<'_>) -> Option<String> {
    let value = environment(name)?;
    let first = value.split(':').next().unwrap_or_default();
    (!first.is_empty()).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> Option<String> {
        match name {
            "CREDENTIALS_DIRECTORY" => Some("/run/credentials/hxsync.service".to_owned()),
            "STATE_DIRECTORY" => Some("/srv/hxsync:/srv/hxsync/resolutions".to_owned()),
            _ => None,
        }
    }

    fn shell(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn inside_the_unit_both_directories_come_from_systemd() {
        let secret =
            secret_file("xledger.token_file", "${CREDENTIALS_DIRECTORY}/xledger-token", &unit).unwrap();
        assert_eq!(secret.path, Path::new("/run/credentials/hxsync.service/xledger-token"));
        assert!(!secret.outside_unit);
        assert_eq!(path("${STATE_DIRECTORY}/x", &unit), Ok(PathBuf::from("/srv/hxsync/x")));
    }

    #[test]
    fn outside_the_unit_secrets_are_looked_for_in_etc_and_the_error_says_so() {
        let secret =
            secret_file("xledger.token_file", "${CREDENTIALS_DIRECTORY}/xledger-token", &shell).unwrap();
        assert_eq!(secret.path, Path::new("/etc/hxsync/credentials/xledger-token"));
        assert_eq!(
            secret.not_found(),
            "CREDENTIALS_DIRECTORY is not set, and /etc/hxsync/credentials/xledger-token is not there either \
             (`xledger.token_file`)"
        );
        assert_eq!(path("${STATE_DIRECTORY}/x", &shell), Ok(PathBuf::from("/var/lib/hxsync/x")));
    }

    #[test]
    fn a_path_of_its_own_needs_no_variable() {
        let secret = secret_file("xledger.token_file", "/home/kari/token", &shell).unwrap();
        assert_eq!((secret.path.as_path(), secret.outside_unit), (Path::new("/home/kari/token"), false));
        assert_eq!(secret.not_found(), "/home/kari/token is not there (`xledger.token_file`)");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", "x/y", "~/token", "${HOME}/token", "${STATE_DIRECTORY", "/a\0b"] {
            assert!(path(wrong, &unit).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_its_file_is_not_quoted() {
        let problem = secret_file("xledger.token_file", "eyJhbGciOiJIUzI1NiJ9", &unit).unwrap_err();
        assert!(!format!("{problem:?}").contains("eyJ"));
    }
}
