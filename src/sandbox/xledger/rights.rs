//! Tokens and what each may do: read and write are ticked per area, and a token belongs to one entity.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::SimError;

/// An area of Xledger's rights page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    Employee,
    Address,
    Contact,
    Country,
    Company,
    ObjectValue,
    Subledger,
    Supplier,
    SystemValue,
    Bank,
}

impl Area {
    pub const ALL: [Area; 10] = [
        Area::Employee,
        Area::Address,
        Area::Contact,
        Area::Country,
        Area::Company,
        Area::ObjectValue,
        Area::Subledger,
        Area::Supplier,
        Area::SystemValue,
        Area::Bank,
    ];

    fn label(self) -> &'static str {
        match self {
            Area::Employee => "Human Resources > Employee",
            Area::Address => "Common > Address",
            Area::Contact => "Common > Contact",
            Area::Country => "Common > Country",
            Area::Company => "Common > Company",
            Area::ObjectValue => "Common > Object Value",
            Area::Subledger => "Common > Subledger",
            Area::Supplier => "Common > Supplier",
            Area::SystemValue => "Common > System Value",
            Area::Bank => "General ledger > Bank",
        }
    }

    /// Whether the product asks for the right to write here.
    fn writable(self) -> bool {
        matches!(self, Area::Employee | Area::Contact | Area::Subledger | Area::Supplier)
    }
}

/// One API token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Unpadded base64url text.
    pub token: String,
    pub entity_db_id: i64,
    pub read: BTreeSet<Area>,
    pub write: BTreeSet<Area>,
}

impl Token {
    /// A token with all the rights the product asks for.
    pub fn full(token: impl Into<String>, entity_db_id: i64) -> Token {
        Token {
            token: token.into(),
            entity_db_id,
            read: Area::ALL.into_iter().collect(),
            write: Area::ALL.into_iter().filter(|area| area.writable()).collect(),
        }
    }

    pub fn may_read(&self, area: Area) -> Result<(), SimError> {
        if self.read.contains(&area) {
            return Ok(());
        }
        Err(SimError::access(&format!("{} (read)", area.label())))
    }

    pub fn may_write(&self, area: Area) -> Result<(), SimError> {
        if self.write.contains(&area) {
            return Ok(());
        }
        Err(SimError::access(&format!("{} (write)", area.label())))
    }
}
