//! Keys nobody asked for: what was probably meant, or where they belong.

use std::ops::Range;

use super::error::SettingsError;
use super::mask::is_secret_key;
use super::nearest::nearest;
use super::reader::joined;
use super::value::quoted;

/// What a finished section was asked for, and what else stood in it.
pub(super) struct Visited {
    pub path: String,
    pub known: Vec<&'static str>,
    pub unknown: Vec<Unknown>,
}

/// A key that no part of the program reads.
pub(super) struct Unknown {
    pub key: String,
    pub span: Option<Range<usize>>,
    pub is_section: bool,
}

impl Unknown {
    /// Returns the mistake of this key, which stands in `section`; `visited` are all sections there are.
    pub(super) fn error(&self, section: &Visited, visited: &[Visited]) -> SettingsError {
        let (what, next) = if is_secret_key(&self.key) && !self.is_section {
            ("would keep a secret in this file", self.secret_next(section))
        } else if self.is_section {
            ("is not a section", self.section_next(section))
        } else {
            ("is not a setting", self.key_next(section, visited))
        };
        let key = joined(&section.path, &self.key);
        SettingsError { what: format!("{} {what}", quoted(&key)), key, next, span: self.span.clone() }
    }

    fn secret_next(&self, section: &Visited) -> String {
        let file_keys = || section.known.iter().copied().filter(|known| known.ends_with("_file"));
        let file_key = nearest(&format!("{}_file", self.key), file_keys()).or_else(|| file_keys().next());
        let place = match file_key {
            Some(file_key) => {
                format!("Put the secret into a file of mode 0600 and name that file in `{file_key}`.")
            }
            None => "Take it out: no setting here takes a secret.".to_owned(),
        };
        format!("{place} If others could read this file, make a new secret.")
    }

    fn section_next(&self, section: &Visited) -> String {
        match nearest(&self.key, section.known.iter().copied()) {
            Some(near) => format!("Did you mean `[{}]`?", joined(&section.path, near)),
            None => format!("Take it out. Known here: {}.", section.known.join(", ")),
        }
    }

    fn key_next(&self, section: &Visited, visited: &[Visited]) -> String {
        if let Some(near) = nearest(&self.key, section.known.iter().copied()) {
            return format!("Did you mean `{near}`?");
        }
        let mut others = visited.iter().filter(|other| !other.path.is_empty() && other.path != section.path);
        match others.find(|other| other.known.contains(&self.key.as_str())) {
            Some(other) => format!("`{}` belongs to `[{}]`.", self.key, other.path),
            None => format!("Take it out. Known here: {}.", section.known.join(", ")),
        }
    }
}
