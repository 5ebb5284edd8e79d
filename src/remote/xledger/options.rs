//! What settings say about Xledger: where, how fast, and which of two places a field lives in.

use crate::remote::secret::Secret;
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct XledgerOptions {
    /// The GraphQL endpoint, `https://www.xledger.net/graphql` in production.
    pub url: String,
    /// As pasted, without white space around it.
    pub token: Secret,
    /// An average; up to [`XledgerOptions::BURST`] may follow each other at once after a rest.
    pub requests_per_second: f64,
    /// Only employees of this entity are shown; `None` shows all that the token sees.
    pub owner_db_id: Option<i64>,
    pub job_title: JobTitleAt,
    pub address: AddressAt,
    pub country: CountryAs,
    pub email: EmailAt,
    pub clear_with: ClearWith,
    pub proxy: Option<String>,
    /// PEM certificates trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Of a whole request; 60 s when `None`.
    pub timeout: Option<std::time::Duration>,
}

impl XledgerOptions {
    /// Well below the 20 requests in 5 s that Xledger refuses.
    pub const BURST: u32 = 8;

    #[cfg(test)]
    pub(super) fn for_tests() -> XledgerOptions {
        XledgerOptions {
            url: "http://xledger.example/graphql".into(),
            token: Secret::from_text("dG9rZW4"),
            requests_per_second: 2.0,
            owner_db_id: None,
            job_title: JobTitleAt::default(),
            address: AddressAt::default(),
            country: CountryAs::default(),
            email: EmailAt::default(),
            clear_with: ClearWith::default(),
            proxy: None,
            ca_file: None,
            timeout: None,
        }
    }
}

/// Where the job title is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobTitleAt {
    /// An object value on the employee.
    #[default]
    PositionValue,
    /// Free text on the contact.
    ContactJobTitle,
}

/// Which of a contact's addresses is read and written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressAt {
    #[default]
    Home,
    Main,
}

/// What an address input's `country` text holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CountryAs {
    /// The `description` of the matching row of `countries`.
    #[default]
    Name,
    /// ISO 3166-1 alpha-2.
    Code,
}

/// Whose email is the working address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmailAt {
    #[default]
    Contact,
    Employee,
}

/// What clears a text. A date or a reference is always cleared with null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClearWith {
    #[default]
    Null,
    Empty,
}
