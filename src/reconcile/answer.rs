//! What an answer does to the field it was given for. The values are those the human saw: the fingerprint was compared before.
//!
//! `RULES.md` section 5, the effect column. Only `clear` empties; a side that cannot hold the value refuses it for both.

use super::case::{FieldCase, PositionCase};
use super::decide::draft;
use super::outcome::{Ask, Draft, Moved, Outcome};
use super::{Verb, Why};
use crate::config::Direction;
use crate::domain::lens::Relation;
use crate::domain::{Field, Lenses, Side, Spelling};

/// Why an answer was refused, in words for the admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The outcome a field has because of an answer.
///
/// # Errors
/// [`Refusal`] when the verb cannot be carried out on these values; nothing is to be written on either side then.
pub fn answer(case: &FieldCase<'_>, asked: &Ask, verb: &Verb, lenses: &Lenses) -> Result<Outcome, Refusal> {
    if !verb.suits(asked.kind) {
        return Err(Refusal(format!("`{}` is no answer to a {}", verb.word(), asked.kind)));
    }
    match verb {
        Verb::Huma => take(case, Side::Huma, verb, lenses),
        Verb::Xledger => take(case, Side::Xledger, verb, lenses),
        Verb::Base => put_back(case, verb, lenses),
        Verb::Value(text) => typed(case, text, verb, lenses),
        Verb::Clear => clear(case, verb, lenses),
        Verb::Differ => Ok(Outcome::Differ),
        Verb::Pending
        | Verb::Later(_)
        | Verb::CreateXledger
        | Verb::CreateHuma
        | Verb::Link(_)
        | Verb::Ignore
        | Verb::Left
        | Verb::StillHere
        | Verb::Allow(_)
        | Verb::Reject => Err(Refusal(format!("`{}` changes no value", verb.word()))),
    }
}

/// One side's value on both.
fn take(case: &FieldCase<'_>, side: Side, verb: &Verb, lenses: &Lenses) -> Result<Outcome, Refusal> {
    let Some(value) = case.reading(side).value() else {
        return Err(Refusal(format!(
            "{side} has none; `clear` empties both, `differ` leaves them as they are"
        )));
    };
    let draft = drafted(case, side.other(), Some(value), verb, lenses)?;
    Ok(Outcome::Write(vec![draft]))
}

/// The last agreed value on both.
fn put_back(case: &FieldCase<'_>, verb: &Verb, lenses: &Lenses) -> Result<Outcome, Refusal> {
    let agreed = case.base.and_then(|base| base.agreed.as_ref());
    let Some(agreed) = agreed else {
        return Err(Refusal("there is no value both sides ever agreed on".into()));
    };
    let (Some(huma), Some(xledger)) = (&agreed.huma, &agreed.xledger) else {
        return Err(Refusal("they last agreed on having no value; `clear` empties both".into()));
    };
    if lenses.relation(case.field, huma, xledger) == Relation::Different {
        return Err(Refusal("what they last agreed on is not one value any more".into()));
    }
    let mut drafts = Vec::new();
    for (side, value) in [(Side::Huma, huma), (Side::Xledger, xledger)] {
        if case.reading(side).value().is_some_and(|present| lenses.same(case.field, side, value, present)) {
            continue;
        }
        if let Some(fault) = lenses.read(case.field, side, value).fault {
            return Err(Refusal(format!("the last agreed value cannot be written: {}", fault.0)));
        }
        drafts.push(spelled(case, side, value.clone(), verb)?);
    }
    Ok(written(drafts))
}

/// A value typed by the admin, on both.
fn typed(case: &FieldCase<'_>, text: &str, verb: &Verb, lenses: &Lenses) -> Result<Outcome, Refusal> {
    let mut drafts = Vec::new();
    for side in Side::BOTH {
        let present = case.reading(side).value();
        let carried = lenses
            .typed_for(case.field, side, text, present)
            .map_err(|why| Refusal(format!("{why}. Nothing was written on either side")))?;
        if present.is_some_and(|present| lenses.same(case.field, side, present, &carried.spelling)) {
            continue;
        }
        let mut draft = spelled(case, side, carried.spelling, verb)?;
        draft.make_title = carried.make;
        drafts.push(draft);
    }
    Ok(written(drafts))
}

/// Empties both.
fn clear(case: &FieldCase<'_>, verb: &Verb, lenses: &Lenses) -> Result<Outcome, Refusal> {
    let mut drafts = Vec::new();
    for side in Side::BOTH {
        if lenses.required(case.field, side) {
            return Err(Refusal(format!("{side} must have a value in this field")));
        }
        if case.reading(side).value().is_some() {
            drafts.push(drafted(case, side, None, verb, lenses)?);
        }
    }
    Ok(written(drafts))
}

fn written(drafts: Vec<Draft>) -> Outcome {
    match drafts.is_empty() {
        true => Outcome::Move(Moved::EditedAlike),
        false => Outcome::Write(drafts),
    }
}

/// A draft whose spelling the lens makes from the other side's value.
fn drafted(
    case: &FieldCase<'_>,
    to: Side,
    value: Option<&Spelling>,
    verb: &Verb,
    lenses: &Lenses,
) -> Result<Draft, Refusal> {
    writable(case, to, value.is_some())?;
    draft(case, to, value, Why::Answered(verb.word().into()), lenses).map(|(draft, _)| draft).map_err(
        |outcome| {
            Refusal(match outcome {
                Outcome::Unrepresentable { why, .. } => why.0,
                Outcome::ReadOnly { side, lock } => format!("{side} cannot be written: {lock}"),
                other => format!("it cannot be written ({})", other.state().word()),
            })
        },
    )
}

/// A draft whose spelling is known.
fn spelled(case: &FieldCase<'_>, to: Side, value: Spelling, verb: &Verb) -> Result<Draft, Refusal> {
    writable(case, to, true)?;
    if let Some(lock) = case.lock(to) {
        return Err(Refusal(format!("{to} cannot be written: {lock}")));
    }
    Ok(Draft { to, value: Some(value), why: Why::Answered(verb.word().into()), make_title: None })
}

/// What stands in the way of any write, whoever decided it.
fn writable(case: &FieldCase<'_>, to: Side, has_value: bool) -> Result<(), Refusal> {
    if case.direction(to) == Direction::Never {
        return Err(Refusal(format!("settings say that {to} is never written in this field")));
    }
    // The title makes the position; everything else on it follows.
    let needs_position = matches!(case.position, PositionCase::None { .. }) && case.field != Field::JobTitle;
    if to == Side::Huma && has_value && needs_position {
        return Err(Refusal(
            "Huma has no position for this person; the answer about the job title makes one".into(),
        ));
    }
    Ok(())
}
