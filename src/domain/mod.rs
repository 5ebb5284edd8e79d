//! The nouns of hxsync: sides, the 15 fields, one person's record on one side, and each field's lens.
//!
//! **Invariant:** pure. No clock, randomness, file, network or logging; the moment comes in as an argument.

pub mod catalog;
pub mod field;
pub mod lens;
pub mod record;
pub mod side;
pub mod time;
pub mod value;

pub use catalog::{Catalog, NamedObject};
pub use field::{Field, FieldMap, FieldSet};
pub use lens::Lenses;
pub use record::{HumaAbout, Lock, MainPosition, Positions, Record, RecordId, XledgerAbout};
pub use side::{HumaId, LinkId, Side, XledgerId};
pub use value::{Account, Address, Canonical, Named, Reading, Spelling};
