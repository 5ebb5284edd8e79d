//! The admin at the resolution file: answers, and every way of getting one wrong.

use super::value::{self, token_of};
use super::world::{Given, Shared, World, lock};
use hxsync::domain::{Field, Side, Spelling};
use hxsync::reconcile::question::Values;
use hxsync::reconcile::{Question, QuestionKind, Shown, Subject};
use std::path::Path;

/// How the file is saved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    Well,
    Misspelt,
    Doubled,
    /// Half of the text first, the rest later.
    Half,
    /// An old copy, some time later.
    Late,
}

/// A text that is saved at another time than it was written.
pub struct Unsaved(pub String);

/// Answers about `share` of what the file asks.
pub fn answer(world: &Shared, file: &Path, share: f32, manner: Manner) -> Option<Unsaved> {
    let Ok(mut text) = std::fs::read_to_string(file) else { return None };
    let mut world = lock(world);
    let questions = world.reader().read().open_questions().expect("questions read");
    let mut more = String::new();
    let mut answered = 0;
    for stored in questions {
        let Some(question) = &stored.question else { continue };
        let id = format!("{}.{}", stored.item, &stored.fingerprint[..8]);
        let Some(line) = text.lines().find(|line| line.starts_with("pending") && line.contains(&id)) else {
            continue;
        };
        if !world.happens(share) {
            continue;
        }
        let Some((words, given)) = decide(&mut world, question, &stored.item) else { continue };
        let line = line.to_owned();
        let words = match manner {
            Manner::Misspelt if world.random.bool() => {
                world.faults.strike("answer misspelt");
                format!("{}q", words.replacen('u', "uu", 1))
            }
            _ => words,
        };
        let rest = line.trim_start_matches("pending").trim_start();
        text = text.replacen(&line, &format!("{words} {rest}"), 1);
        if manner == Manner::Doubled && world.random.bool() {
            world.faults.strike("answer doubled");
            more = format!("{more}{} {id}\n", if words == "huma" { "xledger" } else { "huma" });
        }
        let (who, kind) = (&question.person, question.kind);
        world.say(format!("admin: {words} {id} ({kind}, {who}, {:?})", question.subject.field()));
        world.given.push(given);
        answered += 1;
    }
    if answered == 0 {
        return None;
    }
    let trailer = text.rfind("# end of file")?;
    text.insert_str(trailer, &more);
    match manner {
        Manner::Well | Manner::Misspelt | Manner::Doubled => {
            world.faults.strike("answers saved");
            std::fs::write(file, text).expect("the file writes");
            None
        }
        Manner::Half => {
            world.faults.strike("file saved half");
            let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
            std::fs::write(file, &text[..half]).expect("the file writes");
            Some(Unsaved(text))
        }
        Manner::Late => {
            world.faults.strike("old copy saved");
            Some(Unsaved(text))
        }
    }
}

/// What a sensible admin who knows the truth would say, or one of the other things they may say.
fn decide(world: &mut World, question: &Question, item: &str) -> Option<(String, Given)> {
    let field = question.subject.field();
    let mut given = Given { item: item.to_owned(), field, shown: [None, None], wanted: None };
    let words = match (&question.shown, &question.subject) {
        (Shown::Values(values), Subject::Field { field, .. }) => {
            let token = |reading: &hxsync::domain::Reading| {
                reading.value().and_then(|spelling| token_of(*field, spelling))
            };
            given.shown = [token(&values.huma), token(&values.xledger)];
            let (words, wanted) = decide_value(world, question.kind, *field, values, given.shown)?;
            given.wanted = wanted;
            words
        }
        (Shown::People(people), Subject::Record(id)) => {
            let record = world.records.get(id)?;
            let to = id.side().other();
            let partner = world.record_of(record.who, to).map(|partner| partner.id.clone());
            match (question.kind, partner) {
                (_, Some(partner)) => format!("link {partner}"),
                (QuestionKind::Match, None) => "ignore".into(),
                (_, None) if people.candidates.is_empty() || world.random.bool() => {
                    if world.random.f32() < 0.1 { "ignore".into() } else { format!("create-{}", to.word()) }
                }
                (_, None) => return None,
            }
        }
        (Shown::Vanished { side, .. }, Subject::Vanished { link, .. }) => {
            let link = world.reader().read().link(*link).expect("links read")?;
            if world.records.contains_key(&link.record(*side)) { "still-here".into() } else { "left".into() }
        }
        (Shown::Held { members, creates, .. }, _) => match world.random.f32() < 0.9 {
            true => format!("allow {}", members.len() + creates.len()),
            false => "reject".into(),
        },
        (Shown::FirstSync(picture), _) => format!("allow {}", picture.links.len()),
        (Shown::Values(_) | Shown::People(_) | Shown::Vanished { .. }, _) => return None,
    };
    Some((words, given))
}

type Wanted = Option<Option<u32>>;

fn decide_value(
    world: &mut World,
    kind: QuestionKind,
    field: Field,
    values: &Values,
    shown: [Option<u32>; 2],
) -> Option<(String, Wanted)> {
    let of = |side: Side| shown[side as usize];
    let name = |side: Side| side.word().to_owned();
    if world.random.f32() < 0.04 {
        return Some(("later 1d".into(), None));
    }
    if world.random.f32() < 0.05 && kind != QuestionKind::Flap {
        return Some(("differ".into(), None));
    }
    let mut can: Vec<(String, Wanted)> = Side::BOTH
        .into_iter()
        .filter(|side| of(*side).is_some())
        .map(|side| (name(side), Some(of(side))))
        .collect();
    let may_clear = Side::BOTH.iter().all(|side| value::may_be_empty(field, *side));
    match kind {
        QuestionKind::Confirm => {}
        QuestionKind::Clear if may_clear => can.push(("clear".into(), Some(None))),
        QuestionKind::Clear => {}
        QuestionKind::Missing
        | QuestionKind::Conflict
        | QuestionKind::Difference
        | QuestionKind::Divergence
        | QuestionKind::Flap => {
            if may_clear && kind != QuestionKind::Missing {
                can.push(("clear".into(), Some(None)));
            }
            let base = values.base.as_ref().and_then(|base: &Spelling| token_of(field, base));
            if kind == QuestionKind::Conflict && base.is_some() {
                can.push(("base".into(), Some(base)));
            }
            if field != Field::EmploymentId
                && let Some(token) = world.fresh(field, 0)
            {
                can.push((format!("value \"{}\"", value::typed(field, token)), Some(Some(token))));
            }
        }
        QuestionKind::FirstSync
        | QuestionKind::OnlyHuma
        | QuestionKind::OnlyXledger
        | QuestionKind::Match
        | QuestionKind::Vanished
        | QuestionKind::Held => return None,
    }
    world.random.choice(can)
}
