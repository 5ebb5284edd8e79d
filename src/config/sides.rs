//! `[huma]`, `[xledger]` and `[maps]`: how both sides are reached and how they spell things.
//!
//! Each variant answers a question that the public documents of the two APIs leave open; `hxsync check` says which fits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use reqwest::Url;

use super::paths::{self, SecretFile};
use super::reader::Section;
use super::value::{Problem, http_url, quoted, some_text, words};

/// `[huma]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Huma {
    pub url: Url,
    pub client_id: String,
    pub client_secret_file: SecretFile,
    pub requests_per_second: NonZeroU32,
    /// Requests under way at the same time.
    pub in_flight: NonZeroU32,
    /// Ids of the groups a person created in Huma is put into.
    pub default_groups: Vec<String>,
    /// Huma's word for the contract of a position made by hxsync.
    pub contract_type: String,
    pub positions: Positions,
    /// Huma's word for an account with a number of the country's own.
    pub bank_type_national: String,
    /// Huma's word for an IBAN.
    pub bank_type_international: String,
    pub builtin_integration: BuiltinIntegration,
    pub webhook_secret_file: Option<SecretFile>,
    pub webhook_token_file: Option<SecretFile>,
}

words! {
    /// Where employment fields are read from.
    pub enum Positions {
        /// The copies on the user, where they are proven good.
        Auto = "auto",
        /// The positions themselves.
        Always = "always",
    }
}

words! {
    /// What the admin says of Huma's own Xledger integration.
    pub enum BuiltinIntegration {
        /// Nothing: signs of it hold all writes.
        Unknown = "unknown",
        /// The admin's word that it is off.
        Off = "off",
    }
}

impl Huma {
    pub(super) fn read(section: Section<'_, '_>) -> Huma {
        let text = |key, default: &str| section.text_as(key, some_text).unwrap_or_else(|| default.to_owned());
        section.require(
            "client_id",
            "Write client_id = \"...\" under [huma], with the client id of your API key in Huma.",
        );
        let huma = Huma {
            url: url(&section, "https://openapi.humahr.com"),
            client_id: text("client_id", ""),
            client_secret_file: section
                .secret_file("huma.client_secret_file")
                .unwrap_or_else(|| credential("huma.client_secret_file", "huma-client-secret", &section)),
            requests_per_second: rate(&section, "requests_per_second", 5),
            in_flight: count_up_to(&section, "in_flight", 64, 4),
            default_groups: section.list_as("default_groups", some_text),
            contract_type: text("contract_type", "Permanent"),
            positions: section.word("positions", Positions::Auto),
            bank_type_national: text("bank_type_national", "national"),
            bank_type_international: text("bank_type_international", "international"),
            builtin_integration: section.word("builtin_integration", BuiltinIntegration::Unknown),
            webhook_secret_file: section.secret_file("huma.webhook_secret_file"),
            webhook_token_file: section.secret_file("huma.webhook_token_file"),
        };
        if huma.bank_type_national == huma.bank_type_international {
            let what =
                format!("is the same word as `bank_type_national`: {}", quoted(&huma.bank_type_national));
            section
                .refuse("bank_type_international", Problem::new(what, "Write Huma's two different words."));
        }
        section.finish();
        huma
    }
}

/// `[xledger]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xledger {
    pub url: Url,
    pub token_file: SecretFile,
    /// `ownerDbId` of the only entity whose employees are read; `None` for all the token may see.
    pub owner_db_id: Option<u64>,
    /// An average; up to eight at once after a rest.
    pub requests_per_second: NonZeroU32,
    pub job_title: JobTitleHome,
    pub address: AddressHome,
    pub address_country: CountrySpelling,
    pub email: EmailHome,
    pub clear_with: ClearWith,
}

words! {
    /// Which property of Xledger holds the job title.
    pub enum JobTitleHome {
        PositionValue = "position-value",
        ContactJobTitle = "contact-job-title",
    }
}

words! {
    /// Which of an employee's addresses is read and written; the other is left alone.
    pub enum AddressHome {
        Home = "home",
        Main = "main",
    }
}

words! {
    /// How a country is written.
    pub enum CountrySpelling {
        Name = "name",
        Code = "code",
    }
}

words! {
    /// Which record holds the e-mail address.
    pub enum EmailHome {
        Contact = "contact",
        Employee = "employee",
    }
}

words! {
    /// What is sent to empty a value.
    pub enum ClearWith {
        Null = "null",
        Empty = "empty",
    }
}

impl Xledger {
    pub(super) fn read(section: Section<'_, '_>) -> Xledger {
        let xledger = Xledger {
            url: url(&section, "https://www.xledger.net/graphql"),
            token_file: section
                .secret_file("xledger.token_file")
                .unwrap_or_else(|| credential("xledger.token_file", "xledger-token", &section)),
            owner_db_id: section.number("owner_db_id", 1..=i64::MAX as u64),
            requests_per_second: rate(&section, "requests_per_second", 2),
            job_title: section.word("job_title", JobTitleHome::PositionValue),
            address: section.word("address", AddressHome::Home),
            address_country: section.word("address_country", CountrySpelling::Name),
            email: section.word("email", EmailHome::Contact),
            clear_with: section.word("clear_with", ClearWith::Null),
        };
        section.finish();
        xledger
    }
}

/// `[maps]`: Huma's word = Xledger's code or description. An empty map stands for the built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maps {
    pub civil_status: BTreeMap<String, String>,
    pub gender: BTreeMap<String, String>,
}

impl Maps {
    pub(super) fn read(section: Section<'_, '_>) -> Maps {
        let maps = Maps {
            civil_status: section.section("civil_status").into_map(),
            gender: section.section("gender").into_map(),
        };
        section.finish();
        maps
    }
}

fn url(section: &Section<'_, '_>, default: &str) -> Url {
    let read = section.text_as("url", http_url);
    read.unwrap_or_else(|| Url::parse(default).expect("the default address is one"))
}

fn rate(section: &Section<'_, '_>, key: &'static str, default: u32) -> NonZeroU32 {
    count_up_to(section, key, 1000, default)
}

fn count_up_to(section: &Section<'_, '_>, key: &'static str, most: u32, default: u32) -> NonZeroU32 {
    let read = section.number(key, 1..=u64::from(most)).and_then(|number| u32::try_from(number).ok());
    read.and_then(NonZeroU32::new).or(NonZeroU32::new(default)).unwrap_or(NonZeroU32::MIN)
}

fn credential(key: &'static str, name: &str, section: &Section<'_, '_>) -> SecretFile {
    let path = format!("${{CREDENTIALS_DIRECTORY}}/{name}");
    paths::secret_file(key, &path, section.environment()).unwrap_or_else(|_| SecretFile {
        key,
        path: [paths::CREDENTIALS_OUTSIDE_UNIT, name].iter().collect(),
        outside_unit: true,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{mistakes, settings};
    use super::*;

    #[test]
    fn variants_are_read_by_their_words() {
        let read = settings(
            "[xledger]\njob_title = \"contact-job-title\"\naddress = \"main\"\naddress_country = \"code\"\n\
             email = \"employee\"\nclear_with = \"empty\"\nowner_db_id = 17203\n",
        );
        assert_eq!(read.xledger.job_title, JobTitleHome::ContactJobTitle);
        assert_eq!(read.xledger.address, AddressHome::Main);
        assert_eq!(read.xledger.address_country, CountrySpelling::Code);
        assert_eq!(read.xledger.email, EmailHome::Employee);
        assert_eq!(read.xledger.clear_with, ClearWith::Empty);
        assert_eq!(read.xledger.owner_db_id, Some(17203));
    }

    #[test]
    fn maps_keep_words_of_both_sides() {
        let read =
            settings("[maps.civil_status]\nRelationship = \"Samboer\"\n[maps.gender]\n\"Male\" = \"M\"\n");
        assert_eq!(read.maps.civil_status.get("Relationship").map(String::as_str), Some("Samboer"));
        assert_eq!(read.maps.gender.get("Male").map(String::as_str), Some("M"));
        assert!(settings("").maps.gender.is_empty());
    }

    #[test]
    fn a_map_refuses_what_it_cannot_mean() {
        assert_eq!(mistakes("[maps.gender]\nMale = 1\n"), ["`maps.gender.Male` must be text, not integer"]);
        assert_eq!(mistakes("[maps.gender]\nMale = \"\"\n"), ["`maps.gender.Male` is empty"]);
        assert_eq!(
            mistakes("[maps.gender]\nMale = \"M\"\nmale = \"F\"\n"),
            ["`maps.gender.male` says the same word as `Male`"]
        );
    }

    #[test]
    fn two_kinds_of_account_need_two_words() {
        assert_eq!(
            mistakes("[huma]\nclient_id = \"a\"\nbank_type_international = \"national\"\n"),
            ["`huma.bank_type_international` is the same word as `bank_type_national`: `national`"]
        );
    }
}
