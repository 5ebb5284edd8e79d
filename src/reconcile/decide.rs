//! Decides one field of one pair. Never writes, reads no clock.
//!
//! The rows of `RULES.md` section 2, tried in order; the first that fits decides:
//!
//! | row | state                                     | outcome                                 |
//! |----:|-------------------------------------------|-----------------------------------------|
//! |   1 | excluded, or both directions `never`      | off                                     |
//! |     | no telling which of several positions     | read-only                               |
//! |   2 | hidden on a side                          | hidden, base unmoved                    |
//! |   3 | a value fails its check                   | invalid, never carried                  |
//! |     | the record behind it is locked as a whole | read-only                             |
//! |   4 | Huma holds an unconfirmed request         | waiting                                 |
//! |   5 | refused, and nothing moved since          | failing / not accepted                  |
//! |   6 | no base                                   | agreed, missing or difference           |
//! |   7 | standing `differ`                         | left alone until a side is edited       |
//! |   8 | cleared                                   | `on_clear`, agreed, or conflict         |
//! |   9 | one side drifted                          | write the other side                    |
//! |  10 | both drifted                              | agreed or conflict                      |
//! |  11 | neither drifted, yet different            | divergence                              |
//! |  12 | neither drifted                           | nothing                                 |
//!
//! **Invariant:** hidden and empty are never confused; a value that fails its check is never written.

use super::case::{FieldCase, PositionCase};
pub use super::outcome::{Ask, Draft, Moved, Outcome};
use super::{FieldBase, FieldStanding, QuestionKind, Why};
use crate::config::{Direction, OnClear, OnMissing, Prefer};
use crate::domain::lens::{CannotHold, Relation};
use crate::domain::{Field, Lenses, Lock, Reading, Side, Spelling};

/// Finds the one outcome of a field.
pub fn decide(case: &FieldCase<'_>, lenses: &Lenses) -> Outcome {
    if case.excluded
        || (case.policy.to_huma == Direction::Never && case.policy.to_xledger == Direction::Never)
    {
        return Outcome::Off;
    }
    // What stands on a position that nobody has chosen is not hidden: it cannot be told.
    if let Some(lock @ Lock::ChoosePosition) = case.lock(Side::Huma) {
        return Outcome::ReadOnly { side: Side::Huma, lock: lock.clone() };
    }
    for side in Side::BOTH {
        if case.is_hidden(side) {
            return Outcome::Hidden { side };
        }
    }
    if let Some((side, fault)) = case.fault(lenses) {
        return Outcome::Invalid { side, fault };
    }
    for side in Side::BOTH {
        if let Some(lock @ (Lock::Deactivated | Lock::Shared)) = case.lock(side) {
            return Outcome::ReadOnly { side, lock: lock.clone() };
        }
    }
    if case.requested.is_some() {
        return Outcome::Waiting;
    }
    if case.is_parked() {
        return Outcome::Failing;
    }
    match case.base {
        None => without_base(case, lenses),
        Some(base) => with_base(case, base, lenses),
    }
}

/// Row 6.
fn without_base(case: &FieldCase<'_>, lenses: &Lenses) -> Outcome {
    match (case.huma.value(), case.xledger.value()) {
        (None, None) => Outcome::Move(Moved::FoundEqual),
        (Some(huma), Some(xledger)) => match lenses.relation(case.field, huma, xledger) {
            Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers => {
                Outcome::Move(Moved::FoundEqual)
            }
            Relation::Different => between(case, QuestionKind::Difference, lenses),
        },
        (Some(value), None) => missing(case, Side::Huma, value, lenses),
        (None, Some(value)) => missing(case, Side::Xledger, value, lenses),
    }
}

/// One side has a value where the other never had one.
fn missing(case: &FieldCase<'_>, has: Side, value: &Spelling, lenses: &Lenses) -> Outcome {
    if case.direction(has.other()) == Direction::Never {
        return Outcome::Off;
    }
    // There is nothing to ask where the one value cannot be taken over.
    if let Err(why) = lenses.carry(case.field, has, value, None) {
        return Outcome::Unrepresentable { to: has.other(), why };
    }
    if case.field.is_pay_critical() || case.policy.on_missing == OnMissing::Ask {
        return ask(QuestionKind::Missing, Some(has), vec![]);
    }
    if case.before_first_day {
        return ask(
            QuestionKind::Missing,
            Some(has),
            vec!["it lies before the new first day of work, so it is not filled by rule".into()],
        );
    }
    write_or_ask(case, has.other(), Some(value), Why::Filled(has.other()), lenses)
}

/// Rows 7 to 12.
fn with_base(case: &FieldCase<'_>, base: &FieldBase, lenses: &Lenses) -> Outcome {
    let drift = |side: Side| case.has_drifted(base, side, lenses);
    let (huma_drifted, xledger_drifted) = (drift(Side::Huma), drift(Side::Xledger));
    let relation = case.relation(lenses);

    if base.standing == FieldStanding::Differ {
        return match (huma_drifted || xledger_drifted, relation) {
            (false, _) => Outcome::Rest(FieldStanding::Differ),
            (true, Some(Relation::Different) | None) => ask(
                QuestionKind::Difference,
                None,
                vec!["they were allowed to differ until one was edited".into()],
            ),
            (true, Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers)) => {
                Outcome::Move(Moved::EditedAlike)
            }
        };
    }
    if case.position == PositionCase::Moved && case.field.is_date() {
        return under_another_position(case, base, relation, huma_drifted, xledger_drifted);
    }
    if base.standing == FieldStanding::Waiting && !huma_drifted && !xledger_drifted {
        return match relation {
            Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers) => {
                Outcome::Move(Moved::EditedAlike)
            }
            Some(Relation::Different) | None => ask(
                QuestionKind::Confirm,
                Some(Side::Xledger),
                vec!["the change Huma was asked for ended without effect".into()],
            ),
        };
    }
    // A position that went away took its values with it: nobody cleared them.
    if let (PositionCase::None { .. }, Reading::Empty, Some(value)) =
        (case.position, case.huma, case.xledger.value())
    {
        return write_or_ask(case, Side::Huma, Some(value), Why::Filled(Side::Huma), lenses);
    }
    // The edit Huma was asked for never landed there: a third value in Huma must not pass over it.
    if base.standing == FieldStanding::Waiting
        && huma_drifted
        && matches!(relation, Some(Relation::Different) | None)
    {
        return between(case, QuestionKind::Conflict, lenses);
    }
    match (huma_drifted, xledger_drifted) {
        (true, true) => match relation {
            // `relation` is none where one side is empty, and equal where both are.
            Some(Relation::Equal) if case.huma.is_empty() => Outcome::Move(Moved::ClearedBoth),
            Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers) => {
                Outcome::Move(Moved::EditedAlike)
            }
            Some(Relation::Different) | None => between(case, QuestionKind::Conflict, lenses),
        },
        (true, false) => one_sided(case, base, Side::Huma, relation, lenses),
        (false, true) => one_sided(case, base, Side::Xledger, relation, lenses),
        (false, false) => match (base.standing, relation) {
            (FieldStanding::NotAccepted, Some(Relation::Different) | None) => {
                Outcome::Rest(FieldStanding::NotAccepted)
            }
            (FieldStanding::NotAccepted, Some(_)) => Outcome::Move(Moved::EditedAlike),
            (_, Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers)) => {
                Outcome::Rest(FieldStanding::Agreed)
            }
            (_, Some(Relation::Different) | None) => ask(QuestionKind::Divergence, None, vec![]),
        },
    }
}

/// Rows 8 and 9: `edited` drifted, the other side did not.
fn one_sided(
    case: &FieldCase<'_>,
    base: &FieldBase,
    edited: Side,
    relation: Option<Relation>,
    lenses: &Lenses,
) -> Outcome {
    match case.reading(edited).value() {
        Some(value) => match relation {
            // Equal happens where an earlier write was refused or is still waiting, and the edit gave way.
            Some(Relation::Equal) => Outcome::Move(Moved::EditedAlike),
            Some(Relation::HumaCovers | Relation::XledgerCovers) => Outcome::Move(Moved::Covered),
            Some(Relation::Different) | None => {
                write_or_ask(case, edited.other(), Some(value), Why::Edited(edited), lenses)
            }
        },
        None => match (case.reading(edited.other()).value(), case.policy.on_clear) {
            (None, _) => Outcome::Move(Moved::ClearedBoth),
            (Some(_), OnClear::Carry) => {
                write_or_ask(case, edited.other(), None, Why::Cleared(edited), lenses)
            }
            (Some(_), OnClear::Ask) => match case.direction(edited.other()) {
                Direction::Never => Outcome::Off,
                Direction::Ask | Direction::Write => ask(QuestionKind::Clear, Some(edited), vec![]),
            },
            (Some(value), OnClear::Restore) => restore(case, base, edited, value, lenses),
        },
    }
}

/// `on_clear = "restore"`: `cleared` gets its own spelling back, as far as it still says what the other side has.
fn restore(
    case: &FieldCase<'_>,
    base: &FieldBase,
    cleared: Side,
    value: &Spelling,
    lenses: &Lenses,
) -> Outcome {
    let mut outcome = write_or_ask(case, cleared, Some(value), Why::Restored(cleared), lenses);
    match &mut outcome {
        Outcome::Write(drafts) => {
            let own = base.half(cleared).spelling.as_ref();
            for draft in drafts {
                if let (Some(own), Some(carried)) = (own, &draft.value)
                    && lenses.same(case.field, cleared, own, carried)
                {
                    draft.value = Some(own.clone());
                    draft.make_title = None;
                }
            }
        }
        // The edit a human is to judge is the clear.
        Outcome::Ask(Ask { kind: kind @ QuestionKind::Confirm, side, .. }) => {
            (*kind, *side) = (QuestionKind::Clear, Some(cleared));
        }
        Outcome::Ask(_)
        | Outcome::Off
        | Outcome::Hidden { .. }
        | Outcome::Invalid { .. }
        | Outcome::Unrepresentable { .. }
        | Outcome::ReadOnly { .. }
        | Outcome::Failing
        | Outcome::Waiting
        | Outcome::AwaitsPosition
        | Outcome::Rest(_)
        | Outcome::Move(_)
        | Outcome::Differ => {}
    }
    outcome
}

/// Dates under another main position than the base's: empty ones are no clears, different ones are no edits.
fn under_another_position(
    case: &FieldCase<'_>,
    base: &FieldBase,
    relation: Option<Relation>,
    huma_drifted: bool,
    xledger_drifted: bool,
) -> Outcome {
    let note = || vec!["Huma's main position is another one than before".to_string()];
    match (case.huma.value(), case.xledger.value(), relation) {
        (_, _, Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers))
            if base.standing == FieldStanding::Agreed && !huma_drifted && !xledger_drifted =>
        {
            Outcome::Rest(FieldStanding::Agreed)
        }
        (_, _, Some(Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers)) => {
            Outcome::Move(Moved::EditedAlike)
        }
        (Some(_), Some(_), Some(Relation::Different) | None) => ask(QuestionKind::Difference, None, note()),
        (None, Some(_), _) => ask(QuestionKind::Missing, Some(Side::Xledger), note()),
        (Some(_), None, _) if xledger_drifted && base.xledger.spelling.is_some() => {
            ask(QuestionKind::Conflict, None, note())
        }
        (Some(_), None, _) => ask(QuestionKind::Missing, Some(Side::Huma), note()),
        (None, None, Some(Relation::Different) | None) => Outcome::Move(Moved::ClearedBoth),
    }
}

/// Two values and no way to tell which is newer: `prefer`, else a question.
fn between(case: &FieldCase<'_>, kind: QuestionKind, lenses: &Lenses) -> Outcome {
    let preferred = match case.policy.prefer {
        Prefer::Ask => None,
        Prefer::Huma => Some(Side::Huma),
        Prefer::Xledger => Some(Side::Xledger),
    };
    match preferred {
        Some(side) if !case.field.is_pay_critical() => match case.reading(side).value() {
            Some(value) => {
                match write_or_ask(case, side.other(), Some(value), Why::Preferred(side), lenses) {
                    // What is preferred cannot be written: two values still want a decision.
                    Outcome::Unrepresentable { why: CannotHold(why), .. } => ask(kind, None, vec![why]),
                    Outcome::ReadOnly { side, lock } => ask(kind, None, vec![format!("{side}: {lock}")]),
                    Outcome::Off => ask(kind, None, vec![]),
                    outcome => outcome,
                }
            }
            None => ask(kind, None, vec![]),
        },
        Some(_) | None => ask(kind, None, taken(case)),
    }
}

/// A write by rule, unless the receiving side cannot hold it, may not be written, or a human comes first.
fn write_or_ask(
    case: &FieldCase<'_>,
    to: Side,
    value: Option<&Spelling>,
    why: Why,
    lenses: &Lenses,
) -> Outcome {
    let edited = to.other();
    if case.direction(to) == Direction::Never {
        return Outcome::Off;
    }
    if to == Side::Huma
        && let PositionCase::None { title_known } = case.position
    {
        if value.is_none() {
            return Outcome::Move(Moved::ClearedBoth);
        }
        if !title_known {
            return Outcome::Unrepresentable {
                to,
                why: CannotHold(
                    "Huma has no position for this person, and Xledger no job title to make one with".into(),
                ),
            };
        }
        // Making the first position is asked once per person: by the job title it needs.
        return match case.field {
            Field::JobTitle => ask(
                QuestionKind::Confirm,
                Some(edited),
                vec!["Huma has no position for this person: the first one would be made".into()],
            ),
            _ => Outcome::AwaitsPosition,
        };
    }
    let (draft, confirm) = match draft(case, to, value, why, lenses) {
        Ok(drafted) => drafted,
        Err(outcome) => return outcome,
    };
    let mut notes = taken(case);
    notes.extend(confirm);
    if case.direction(to) == Direction::Ask || !notes.is_empty() {
        // Only `clear` empties, and a `confirm` does not take it.
        let kind = if draft.value.is_none() { QuestionKind::Clear } else { QuestionKind::Confirm };
        return ask(kind, Some(edited), notes);
    }
    if let Some(writers) = case.flap(lenses) {
        return ask(QuestionKind::Flap, None, vec![writers]);
    }
    Outcome::Write(vec![draft])
}

/// Why an employment ID is never carried by rule, for the question about it.
fn taken(case: &FieldCase<'_>) -> Vec<String> {
    let words = "somebody else has this employment ID, or had it when both sides last agreed";
    case.id_taken.then(|| words.to_owned()).into_iter().collect()
}

/// The spelling to write and what a human should see first, or the outcome that stands in its way.
pub(super) fn draft(
    case: &FieldCase<'_>,
    to: Side,
    value: Option<&Spelling>,
    why: Why,
    lenses: &Lenses,
) -> Result<(Draft, Option<String>), Outcome> {
    let (spelling, confirm, make_title) = match value {
        None if lenses.required(case.field, to) => {
            let why = CannotHold(format!("{to} must have a value in this field"));
            return Err(Outcome::Unrepresentable { to, why });
        }
        None => (None, None, None),
        Some(value) => match lenses.carry(case.field, to.other(), value, case.reading(to).value()) {
            Ok(carried) => (Some(carried.spelling), carried.confirm, carried.make),
            Err(why) => return Err(Outcome::Unrepresentable { to, why }),
        },
    };
    if let Some(lock) = case.lock(to) {
        return Err(Outcome::ReadOnly { side: to, lock: lock.clone() });
    }
    Ok((Draft { to, value: spelling, why, make_title }, confirm))
}

fn ask(kind: QuestionKind, side: Option<Side>, notes: Vec<String>) -> Outcome {
    Outcome::Ask(Ask { kind, side, notes })
}
