//! One field of one pair as both sides and the base say it is, and what can be told from that alone: hidden, invalid, drifted,
//! parked, written back and forth.

use super::{FieldBase, Parked, WriteMark};
use crate::config::{Direction, FieldPolicy};
use crate::domain::lens::{Fault, Read, Relation};
use crate::domain::{Field, Lenses, Lock, Reading, Side};
use jiff::Timestamp;

/// As many writes of ours, each undone by somebody, make a flap.
const WRITES_OF_A_FLAP: usize = 3;

/// Everything one decision depends on.
#[derive(Debug, Clone)]
pub struct FieldCase<'a> {
    pub field: Field,
    pub excluded: bool,
    pub policy: FieldPolicy,
    pub huma: &'a Reading,
    pub xledger: &'a Reading,
    pub huma_lock: Option<&'a Lock>,
    pub xledger_lock: Option<&'a Lock>,
    /// Huma's `email.requestedValue`, for the field `email` only.
    pub requested: Option<&'a str>,
    pub base: Option<&'a FieldBase>,
    pub parked: Option<&'a Parked>,
    /// Digest of settings and rights: a parked write is tried again when it moves.
    pub circumstances: &'a str,
    pub position: PositionCase,
    /// The value either side now has is held, or was last agreed, by somebody else (`employment_id` only).
    pub id_taken: bool,
    /// A rehire: the pair is new and the date lies before the new first day of work, so it is never filled.
    pub before_first_day: bool,
    /// Our own recent writes of this field, oldest first.
    pub writes: &'a [WriteMark],
    pub now: Timestamp,
}

/// How Huma's main position stands to the one the base was made with. Fields 1 to 10 are always `Same`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionCase {
    Same,
    /// Another main position than the base's.
    Moved,
    /// Huma has no position: the first one would have to be made. `title_known`: Xledger has a title to make it with.
    None {
        title_known: bool,
    },
}

impl FieldCase<'_> {
    pub fn reading(&self, side: Side) -> &Reading {
        match side {
            Side::Huma => self.huma,
            Side::Xledger => self.xledger,
        }
    }

    pub fn lock(&self, side: Side) -> Option<&Lock> {
        match side {
            Side::Huma => self.huma_lock,
            Side::Xledger => self.xledger_lock,
        }
    }

    pub fn direction(&self, to: Side) -> Direction {
        match to {
            Side::Huma => self.policy.to_huma,
            Side::Xledger => self.policy.to_xledger,
        }
    }

    /// In Huma, empty and not editable counts as hidden unless the base is empty too.
    pub(super) fn is_hidden(&self, side: Side) -> bool {
        match self.reading(side) {
            Reading::Hidden => true,
            Reading::Empty => {
                side == Side::Huma
                    && self.huma_lock == Some(&Lock::NotEditable)
                    && self.base.is_none_or(|base| base.huma.spelling.is_some())
            }
            Reading::Value(_) => false,
        }
    }

    pub(super) fn fault(&self, lenses: &Lenses) -> Option<(Side, Fault)> {
        let read = |side: Side| self.reading(side).value().map(|value| lenses.read(self.field, side, value));
        let (huma, xledger) = (read(Side::Huma), read(Side::Xledger));
        if let (Some(huma), Some(xledger)) = (&huma, &xledger)
            && huma.canonical == xledger.canonical
            && crate::domain::lens::agrees_when_invalid(self.field)
        {
            return None;
        }
        let fault = |read: Option<Read>| read.and_then(|read| read.fault);
        fault(huma).map(|f| (Side::Huma, f)).or_else(|| fault(xledger).map(|f| (Side::Xledger, f)))
    }

    /// Parked until a value, a right or a setting moves.
    pub(super) fn is_parked(&self) -> bool {
        self.parked.is_some_and(|parked| {
            parked.circumstances == self.circumstances
                && parked.huma == *self.huma
                && parked.xledger == *self.xledger
        })
    }

    /// How the two present values stand; `None` where exactly one side has one.
    pub(super) fn relation(&self, lenses: &Lenses) -> Option<Relation> {
        match (self.huma.value(), self.xledger.value()) {
            (Some(huma), Some(xledger)) => Some(lenses.relation(self.field, huma, xledger)),
            (None, None) => Some(Relation::Equal),
            (Some(_), None) | (None, Some(_)) => None,
        }
    }

    /// Drift is a side against its own half of the base.
    pub(super) fn has_drifted(&self, base: &FieldBase, side: Side, lenses: &Lenses) -> bool {
        match (&base.half(side).spelling, self.reading(side).value()) {
            (None, None) => false,
            (Some(then), Some(now)) => !lenses.same(self.field, side, then, now),
            (Some(_), None) | (None, Some(_)) => true,
        }
    }

    /// Two writers: three writes of ours within 24 hours, and what each of them replaced stood there again afterwards.
    pub(super) fn flap(&self, lenses: &Lenses) -> Option<String> {
        let day_ago = self.now - jiff::SignedDuration::from_hours(24);
        let recent: Vec<_> = self.writes.iter().filter(|write| write.at > day_ago).collect();
        let last = recent.len().checked_sub(WRITES_OF_A_FLAP)?;
        let present = |side: Side| {
            self.reading(side).value().map(|value| lenses.read(self.field, side, value).canonical)
        };
        let came_back = |(at, write): (usize, &&WriteMark)| {
            let again = recent[at + 1..]
                .iter()
                .any(|later| later.side == write.side && later.replaced == write.replaced);
            again || present(write.side) == write.replaced
        };
        recent.iter().enumerate().skip(last).all(came_back).then(|| {
            let sides = Side::BOTH.into_iter().filter(|side| recent.iter().any(|write| write.side == *side));
            let sides: Vec<String> = sides.map(|side| side.to_string()).collect();
            format!(
                "written {} times in 24 hours by hxsync, and each time another writer in {} put back what it had replaced",
                recent.len(),
                sides.join(" and in ")
            )
        })
    }
}
