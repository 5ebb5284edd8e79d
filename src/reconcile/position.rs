//! The Huma position that fields 11 to 15 live on: making a person's first one, following another main one, and telling the
//! dates of an earlier employment.

use super::outcome::{Draft, Moved, Outcome};
use super::pair::{PairInput, PairPlan};
use super::{FieldState, Who, Why};
use crate::domain::lens::CannotHold;
use crate::domain::{Field, Lenses, Positions, Record, Side};

/// The dates of a first position go with its title, and stay with it where a human says `differ`: those there are. A date
/// that comes later was not seen, and waits.
pub(super) fn follow_first(
    outcomes: &mut [(Field, Outcome, Who, Option<String>)],
    input: &PairInput<'_>,
    lenses: &Lenses,
) {
    let Some((_, title, who, item)) = outcomes.iter().find(|(field, ..)| *field == Field::JobTitle).cloned()
    else {
        return;
    };
    for (field, outcome, of, answered) in
        outcomes.iter_mut().filter(|(_, o, ..)| *o == Outcome::AwaitsPosition)
    {
        match &title {
            Outcome::Write(_) => {
                *outcome = with_first_position(*field, input, lenses);
                (*of, *answered) = (who.clone(), item.clone());
            }
            Outcome::Differ => {
                *outcome = Outcome::Differ;
                *of = who.clone();
            }
            // The question about the title is open, and speaks for the dates too.
            Outcome::Ask(_) => {}
            Outcome::Off
            | Outcome::Hidden { .. }
            | Outcome::Invalid { .. }
            | Outcome::Unrepresentable { .. }
            | Outcome::ReadOnly { .. }
            | Outcome::Failing
            | Outcome::Waiting
            | Outcome::AwaitsPosition
            | Outcome::Rest(_)
            | Outcome::Move(_) => {
                let why = format!(
                    "Huma has no position for this person, and the job title that would make one is {}",
                    title.state().word()
                );
                *outcome = Outcome::Unrepresentable { to: Side::Huma, why: CannotHold(why) };
            }
        }
    }
}

/// What Xledger has of a field, written with the position that is being made.
fn with_first_position(field: Field, input: &PairInput<'_>, lenses: &Lenses) -> Outcome {
    let Some(value) = input.xledger.fields[field].value() else {
        return Outcome::Move(Moved::ClearedBoth);
    };
    match lenses.carry(field, Side::Xledger, value, None) {
        Ok(carried) => Outcome::Write(vec![Draft {
            to: Side::Huma,
            value: Some(carried.spelling),
            why: Why::Created(Side::Huma),
            make_title: None,
        }]),
        Err(why) => Outcome::Unrepresentable { to: Side::Huma, why },
    }
}

/// A notice or last day before the first day of work belongs to an earlier employment.
pub(super) fn is_before_first_day(input: &PairInput<'_>, field: Field, lenses: &Lenses) -> bool {
    if !matches!(field, Field::TerminationNoticeDate | Field::LastDayOfWork) {
        return false;
    }
    let day = |record: &Record, field: Field| {
        let read = lenses.read(field, record.side(), record.fields[field].value()?);
        read.fault.is_none().then_some(read.canonical)
    };
    let value = day(input.huma, field).or_else(|| day(input.xledger, field));
    let first = day(input.huma, Field::FirstDayOfWork).max(day(input.xledger, Field::FirstDayOfWork));
    // The canonical form of a day, `YYYY-MM-DD`, sorts as text.
    matches!((value, first), (Some(value), Some(first)) if value < first)
}

/// The base follows Huma's main position once every date it has a base for is settled under it, without a write under way:
/// until then an empty date is no clear and a different one no edit.
pub(super) fn settled(input: &PairInput<'_>, plan: &PairPlan) -> Option<String> {
    let Positions::Main(main) = &input.huma.huma()?.positions else {
        return None;
    };
    if input.base.position.as_ref() == Some(&main.id) {
        return None;
    }
    let mut dates = Field::ALL.into_iter().filter(|field| field.is_on_position() && field.is_date());
    let open = dates.any(|field| {
        let settled = matches!(
            plan.states[field],
            FieldState::Agreed | FieldState::Differ | FieldState::NotAccepted | FieldState::Off
        );
        let written = plan.changes.iter().any(|change| change.field == field);
        input.base.fields[field].is_some() && (!settled || written)
    });
    (input.base.position.is_none() || !open).then(|| main.id.clone())
}
