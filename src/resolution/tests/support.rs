//! Builders of questions and pages.

use super::super::*;
use crate::domain::{Canonical, HumaId, LinkId, Reading, XledgerId};
use crate::reconcile::Verb;
use crate::reconcile::question::{CandidateShown, FirstSyncShown, PeopleShown, Values};
use crate::reconcile::{HeldMember, HoldClass, Subject};
use jiff::tz::TimeZone;

pub fn at(text: &str) -> Timestamp {
    format!("{text}:00+01:00").parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-11-23T09:15")
}

pub fn oslo() -> TimeZone {
    TimeZone::get("Europe/Oslo").unwrap()
}

/// Shows texts as they are and masks accounts, as the lenses do.
pub fn show(field: Field, spelling: &Spelling) -> String {
    let Spelling::Text(text) = spelling else {
        panic!("these tests spell with text");
    };
    match field {
        Field::BankAccount => format!("*******{}", &text[text.len() - 4..]),
        _ => text.clone(),
    }
}

/// An item whose fingerprint begins with `K7Q4.9f2c1a07`'s second half.
pub fn item(id: &str, question: Question) -> Item {
    let (item, prefix) = id.split_once('.').unwrap();
    Item {
        id: item.into(),
        fingerprint: format!("{prefix:0<64}"),
        question,
        asked_at: at("2026-11-23T08:02"),
        asleep_until: None,
        queued: None,
    }
}

fn reading(text: Option<&str>) -> Reading {
    Reading::from(text.map(Spelling::text))
}

pub fn values(base: Option<&str>, huma: Option<&str>, xledger: Option<&str>) -> Values {
    let canonical = |text: Option<&str>| text.map(|text| Canonical(text.into()));
    Values {
        base: base.map(Spelling::text),
        base_at: base.map(|_| at("2026-11-20T17:02")),
        huma: reading(huma),
        huma_at: at("2026-11-22T13:40"),
        xledger: reading(xledger),
        xledger_at: at("2026-11-23T08:02"),
        canonical: [canonical(base), canonical(huma), canonical(xledger)],
        side: None,
        notes: vec![],
    }
}

pub fn field_question(kind: QuestionKind, field: Field, person: &str, values: Values) -> Question {
    Question {
        kind,
        subject: Subject::Field { link: LinkId(1), field },
        person: person.into(),
        shown: Shown::Values(Box::new(values)),
    }
}

/// Kari's phone, edited on both sides.
pub fn conflict(id: &str) -> Item {
    let values = values(Some("+47 900 11 222"), Some("+47 900 33 444"), Some("+47 413 55 666"));
    item(id, field_question(QuestionKind::Conflict, Field::Phone, "Kari Nordmann (1042)", values))
}

pub fn difference(id: &str, field: Field, huma: &str, xledger: &str) -> Item {
    let values = values(None, Some(huma), Some(xledger));
    item(id, field_question(QuestionKind::Difference, field, "Ola Hansen (1007)", values))
}

pub fn missing_in_huma(id: &str, field: Field, xledger: &str) -> Item {
    let mut values = values(None, None, Some(xledger));
    values.side = Some(Side::Xledger);
    item(id, field_question(QuestionKind::Missing, field, "Ada Berg (1011)", values))
}

pub fn of_kind(id: &str, kind: QuestionKind) -> Item {
    match kind {
        QuestionKind::FirstSync => first_sync(id, 3),
        QuestionKind::Missing => missing_in_huma(id, Field::Phone, "+47 413 55 666"),
        QuestionKind::OnlyHuma | QuestionKind::OnlyXledger | QuestionKind::Match => people(id, kind),
        QuestionKind::Vanished => item(
            id,
            Question {
                kind,
                subject: Subject::Vanished { link: LinkId(9), side: Side::Xledger },
                person: "Nils Vik (1099)".into(),
                shown: Shown::Vanished { side: Side::Xledger, first_missing_at: at("2026-11-23T02:31") },
            },
        ),
        QuestionKind::Held => held(id, 53, 49),
        QuestionKind::Conflict
        | QuestionKind::Difference
        | QuestionKind::Divergence
        | QuestionKind::Clear
        | QuestionKind::Confirm
        | QuestionKind::Flap => {
            let mut item = conflict(id);
            item.question.kind = kind;
            let Shown::Values(values) = &mut item.question.shown else { unreachable!() };
            values.side = Some(Side::Huma);
            item
        }
    }
}

pub fn people(id: &str, kind: QuestionKind) -> Item {
    let (record, other): (RecordId, fn(i64) -> RecordId) = match kind {
        QuestionKind::OnlyXledger => {
            (RecordId::Xledger(XledgerId(17203)), |n| RecordId::Huma(HumaId(format!("0000-{n}"))))
        }
        _ => (RecordId::Huma(HumaId("6f1c".into())), |n| RecordId::Xledger(XledgerId(n))),
    };
    let candidate = |n: i64, label: &str, why: &str| CandidateShown {
        record: other(n),
        label: label.into(),
        why: why.into(),
    };
    item(
        id,
        Question {
            kind,
            subject: Subject::Record(record.clone()),
            person: "Ingrid Dahl (1044)".into(),
            shown: Shown::People(PeopleShown {
                record,
                values: vec![
                    (Field::GivenName, Spelling::text("Ingrid")),
                    (Field::FamilyName, Spelling::text("Dahl")),
                    (Field::Email, Spelling::text("ingrid.dahl@example.no")),
                    (Field::BankAccount, Spelling::text("86011117947")),
                ],
                candidates: vec![
                    candidate(
                        17210,
                        "Ingrid Dahl (0144)",
                        "same name and date of birth; another employment ID",
                    ),
                    candidate(17333, "Inger Dahl (1104)", "same e-mail; another given name"),
                ],
                notes: vec![],
            }),
        },
    )
}

pub fn held(id: &str, size: i64, limit: u64) -> Item {
    let members = (0..size)
        .map(|n| HeldMember {
            link: LinkId(n),
            side: Side::Xledger,
            field: Field::Phone,
            old: None,
            new: Some(Canonical(n.to_string())),
        })
        .collect();
    item(
        id,
        Question {
            kind: QuestionKind::Held,
            subject: Subject::Held(HoldClass::Changes { side: Side::Xledger, field: Field::Phone }),
            person: format!("{size} phone numbers would change in Xledger"),
            shown: Shown::Held { members, limit, creates: vec![] },
        },
    )
}

pub fn first_sync(id: &str, size: i64) -> Item {
    let links = (0..size).map(|n| (HumaId(format!("h{n}")), XledgerId(17000 + n))).collect();
    item(
        id,
        Question {
            kind: QuestionKind::FirstSync,
            subject: Subject::FirstSync,
            person: "first sync".into(),
            shown: Shown::FirstSync(FirstSyncShown {
                links,
                counts: vec![
                    ("matched by employment ID".into(), 480),
                    ("matched by Huma's own link".into(), 14),
                    ("phone: equal".into(), 401),
                    ("phone: missing in Huma, would be filled".into(), 81),
                    ("only in Huma".into(), 6),
                    ("values that fail their check".into(), 2),
                ],
            }),
        },
    )
}

pub fn page(items: Vec<Item>) -> Page {
    Page {
        written_at: now(),
        zone: oslo(),
        language: Language::English,
        mark: Some(Mark { database: "5b3c9a10".into(), cycle: 118 }),
        in_agreement: 494,
        agreed_at: Some(at("2026-11-23T09:14")),
        items,
        replies: vec![],
        comments: Comments::new(),
        notes: vec![],
    }
}

/// What was answered and shown before.
#[derive(Default)]
pub struct Remembered {
    pub answers: Vec<(String, String, Past)>,
    pub shown: Vec<(String, String, Earlier)>,
    /// Every item as it stands was in some file.
    pub all_shown: bool,
}

impl History for Remembered {
    fn answered(&self, item: &str, prefix: &str) -> Option<Past> {
        let found = self.answers.iter().find(|(of, print, _)| of == item && print.starts_with(prefix));
        found.map(|(_, _, past)| past.clone())
    }

    fn shown_before(&self, item: &str, prefix: &str) -> Option<Earlier> {
        let found = self.shown.iter().find(|(of, print, _)| of == item && print.starts_with(prefix));
        found.map(|(_, _, earlier)| earlier.clone()).or(self.all_shown.then(Earlier::default))
    }
}

pub fn take(text: &str, open: &[Item], history: &Remembered) -> Vec<Taken> {
    let zone = oslo();
    let moment = super::super::take_in::Moment { now: now(), zone: &zone, ids: IdForm::Full };
    take_in(&parse(text.as_bytes(), open), open, history, &moment)
}

/// The one verb taken from a text, or why it was refused.
pub fn taken_one(text: &str, open: &[Item]) -> Result<Verb, String> {
    match take(text, open, &Remembered::default()).as_slice() {
        [Taken::Accepted(accepted)] => Ok(accepted.verb.clone()),
        [Taken::Refused { why, .. }] => Err(why.clone()),
        [Taken::PassedOver { .. }] => Err("passed over".into()),
        other => panic!("{} results", other.len()),
    }
}
