//! A database in a directory of its own, and people to put in it.

mod file;
mod views;

use super::*;
use crate::domain::record::About;
use crate::domain::{
    Account, Address, Field, FieldMap, HumaAbout, HumaId, LinkId, Named, Reading, Record, RecordId, Spelling,
    XledgerAbout, XledgerId,
};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

pub struct Case {
    pub store: Store,
    pub path: PathBuf,
    /// Goes with everything in it when the case does.
    pub directory: tempfile::TempDir,
}

/// A new database, with chance that counts.
pub fn case() -> Case {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hxsync.db");
    let store = open(&path).unwrap();
    Case { store, path, directory }
}

pub fn open(path: &Path) -> Result<Store, StoreError> {
    let mut next = 0u8;
    Store::open(path, at(0), &mut |bytes| {
        bytes.fill_with(|| {
            next = next.wrapping_add(1);
            next
        })
    })
}

/// A moment, in minutes after nine in the morning.
pub fn at(minute: i64) -> Timestamp {
    "2026-11-23T08:00:00.5Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

pub fn huma(id: &str, fields: &[(Field, Spelling)]) -> Record {
    Record {
        id: RecordId::Huma(HumaId(id.into())),
        fields: readings(fields),
        locked: Default::default(),
        about: About::Huma(HumaAbout { active: true, ..Default::default() }),
    }
}

pub fn xledger(id: i64, fields: &[(Field, Spelling)]) -> Record {
    Record {
        id: RecordId::Xledger(XledgerId(id)),
        fields: readings(fields),
        locked: Default::default(),
        about: About::Xledger(XledgerAbout::default()),
    }
}

fn readings(fields: &[(Field, Spelling)]) -> FieldMap<Reading> {
    let mut map = FieldMap::default();
    for (field, spelling) in fields {
        map[*field] = Reading::Value(spelling.clone());
    }
    map
}

/// `Kari Nordmann (1042)`.
pub fn kari() -> Vec<(Field, Spelling)> {
    vec![
        (Field::GivenName, Spelling::text("Kari")),
        (Field::FamilyName, Spelling::text("Nordmann")),
        (Field::EmploymentId, Spelling::text("1042")),
    ]
}

/// Kari on both sides, linked.
pub fn linked_kari(store: &mut Store) -> LinkId {
    store
        .write(|tx| {
            tx.put_snapshot(&huma("h-1", &kari()), at(1), None)?;
            tx.put_snapshot(&xledger(7, &kari()), at(1), None)?;
            link(tx, "h-1", 7)
        })
        .unwrap()
}

pub fn link(tx: &Writer<'_>, huma: &str, xledger: i64) -> Result<LinkId, StoreError> {
    tx.add_link(&NewLink {
        huma: &HumaId(huma.into()),
        xledger: XledgerId(xledger),
        person: "Kari Nordmann (1042)",
        employment_id: Some("1042"),
        by: "employment ID",
        at: at(2),
    })
}

pub fn home() -> Address {
    Address {
        line1: Some("Storgata 1".into()),
        postal_code: Some("0155".into()),
        city: Some("Oslo".into()),
        country: Some("NO".into()),
        ..Default::default()
    }
}

pub fn account(number: &str) -> Spelling {
    Spelling::Account(Account::National { number: number.into(), country: "NO".into() })
}

pub fn named(name: &str) -> Spelling {
    Spelling::Named(Named { id: Some("91".into()), code: Some("C".into()), name: name.into() })
}

/// A field that stood agreed with these spellings.
pub fn agreed(huma: Option<Spelling>, xledger: Option<Spelling>) -> crate::reconcile::FieldBase {
    crate::reconcile::FieldBase {
        huma: Default::default(),
        xledger: Default::default(),
        standing: crate::reconcile::FieldStanding::Agreed,
        since: at(3),
        cycle: 1,
        agreed: Some(crate::reconcile::Agreed { huma, xledger, at: at(3) }),
    }
}
