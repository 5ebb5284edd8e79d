//! Whom posts name: hints to read somebody again, as the inbox spells them and as a cycle takes them.

use super::engine::SyncError;
use super::observe::{Observation, Reach as Read};
use super::{CycleReport, Engine};
use crate::domain::{HumaId, RecordId, Side, XledgerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What goes before the number of a contact in the inbox.
const CONTACT: &str = "contact:";

/// One thing a post named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hinted {
    Record(RecordId),
    /// A contact of Xledger's; whose it is the store knows.
    Contact(i64),
    /// A post that named nobody we could read: what moved on that side is looked for.
    Anybody(Side),
}

impl Hinted {
    /// As [`Hinted::text`] spelled it on that side; `None` for what no version has written.
    pub fn from_text(side: Side, text: &str) -> Option<Hinted> {
        match side {
            Side::Huma => Some(Hinted::Record(RecordId::Huma(HumaId(text.to_owned())))),
            Side::Xledger => match text.strip_prefix(CONTACT) {
                Some(contact) => contact.parse().ok().map(Hinted::Contact),
                None => text.parse().ok().map(|id| Hinted::Record(RecordId::Xledger(XledgerId(id)))),
            },
        }
    }

    /// For the inbox; `None` for [`Hinted::Anybody`], which is a row without ids.
    pub fn text(&self) -> Option<String> {
        match self {
            Hinted::Record(RecordId::Huma(HumaId(id))) => Some(id.clone()),
            Hinted::Record(RecordId::Xledger(XledgerId(id))) => Some(id.to_string()),
            Hinted::Contact(id) => Some(format!("{CONTACT}{id}")),
            Hinted::Anybody(_) => None,
        }
    }

    pub fn side(&self) -> Side {
        match self {
            Hinted::Record(id) => id.side(),
            Hinted::Contact(_) => Side::Xledger,
            Hinted::Anybody(side) => *side,
        }
    }
}

/// What a batch of hints means for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Targets {
    /// Records the store knows.
    known: BTreeSet<RecordId>,
    /// Sides with somebody new, or with nobody named: they are listed.
    listed: BTreeSet<Side>,
}

impl Targets {
    /// A newcomer of Huma's is sought on both sides, so that nobody is made who has just been made by hand.
    pub(super) fn asked(&self) -> Vec<Side> {
        match self.listed.contains(&Side::Huma) {
            true => Side::BOTH.to_vec(),
            false => self.listed.iter().copied().collect(),
        }
    }

    pub(super) fn read(
        self,
        must_read: impl FnOnce() -> Result<BTreeSet<RecordId>, SyncError>,
    ) -> Result<Read, SyncError> {
        if self.listed.is_empty() {
            return Ok(Read::Only(self.known));
        }
        let mut also = must_read()?;
        also.extend(self.known);
        Ok(Read::Moved { also })
    }
}

impl Engine {
    pub(super) fn targets(&self, hints: &BTreeSet<Hinted>) -> Result<Targets, SyncError> {
        let reader = self.store.read();
        let mut targets = Targets { known: BTreeSet::new(), listed: BTreeSet::new() };
        for hint in hints {
            match hint {
                Hinted::Record(id) if reader.mark(id)?.is_some() => {
                    targets.known.insert(id.clone());
                }
                Hinted::Record(id) => {
                    targets.listed.insert(id.side());
                }
                // Most contacts of a company are nobody's who works there.
                Hinted::Contact(id) => {
                    let owners = reader.employees_of(&[*id], &[])?;
                    targets.known.extend(owners.into_iter().map(RecordId::Xledger));
                }
                Hinted::Anybody(side) => {
                    targets.listed.insert(*side);
                }
            }
        }
        Ok(targets)
    }

    /// Tells which hints a reading answered, and which of them showed nothing new.
    pub(super) fn note_hints(
        &self,
        report: &mut CycleReport,
        hints: &BTreeSet<Hinted>,
        huma: &Observation,
        xledger: &Observation,
    ) -> Result<(), SyncError> {
        let reader = self.store.read();
        let moved = |id: &RecordId| huma.changed.contains_key(id) || xledger.changed.contains_key(id);
        let mut unmoved = BTreeSet::new();
        for hint in hints {
            let is_old_news = match hint {
                Hinted::Record(id) => !moved(id),
                Hinted::Contact(id) => {
                    let owners = reader.employees_of(&[*id], &[])?;
                    !owners.is_empty() && !owners.into_iter().any(|id| moved(&RecordId::Xledger(id)))
                }
                Hinted::Anybody(_) => false,
            };
            if is_old_news {
                unmoved.insert(hint.clone());
            }
        }
        report.hints_read = true;
        report.unmoved_hints = unmoved;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_post_named_reads_back_from_the_inbox() {
        let huma = Hinted::Record(RecordId::Huma(HumaId("0a1b".into())));
        let employee = Hinted::Record(RecordId::Xledger(XledgerId(7)));
        for hint in [huma, employee, Hinted::Contact(55)] {
            let text = hint.text().unwrap();
            assert_eq!(Hinted::from_text(hint.side(), &text), Some(hint));
        }
        assert_eq!(Hinted::Anybody(Side::Huma).text(), None);
        assert_eq!(Hinted::from_text(Side::Xledger, "contact:x"), None);
    }
}
