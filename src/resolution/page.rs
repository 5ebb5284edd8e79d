//! The whole page: heading, questions by kind, answers to the last save, last line.

use super::block::Draw;
use super::bulk::{Offer, offers};
use super::text::{COLUMNS, escape, pad, width, wrap};
use super::words::{field_words, heading, section_help};
use super::{Comments, Item, Language, Reply, Selector, Show};
use crate::domain::time::local_text;
use crate::domain::{Field, Side};
use crate::reconcile::{QuestionKind, Verb};
use jiff::{Timestamp, tz::TimeZone};

/// Everything the file is made from.
#[derive(Debug, Clone)]
pub struct Page {
    pub written_at: Timestamp,
    /// The employer's time zone.
    pub zone: TimeZone,
    pub language: Language,
    /// The database the page is a view of; printed in the heading.
    pub mark: Option<Mark>,
    /// People with nothing to decide.
    pub in_agreement: u64,
    /// When both sides were last in agreement on everything.
    pub agreed_at: Option<Timestamp>,
    /// All open questions, sleeping ones too. Shown by kind; within a kind in the order given.
    pub items: Vec<Item>,
    pub replies: Vec<Reply>,
    pub comments: Comments,
    /// Lines for everybody: job titles Xledger lacks, with their people.
    pub notes: Vec<String>,
}

/// The database's id and its last cycle, so that a restored backup is noticed (`DESIGN.md` section 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Without blanks or commas.
    pub database: String,
    pub cycle: i64,
}

impl Mark {
    fn line(&self) -> String {
        format!("# database {}, cycle {}", self.database, self.cycle)
    }

    /// Reads what stands after `#`.
    pub(super) fn read(comment: &str) -> Option<Mark> {
        let (database, cycle) = comment.trim_end().strip_prefix(" database ")?.split_once(", cycle ")?;
        Some(Mark { database: database.to_owned(), cycle: cycle.parse().ok()? })
    }
}

/// From this many questions on, a section gives each as few lines as it can.
const COMPACT_FROM: usize = 20;

/// Makes the text of the resolution file.
pub fn render(page: &Page, show: Show<'_>) -> String {
    let awake: Vec<&Item> = page.items.iter().filter(|item| !item.is_asleep(page.written_at)).collect();
    let mut lines = Vec::new();
    head(page, &awake, &mut lines);
    let mut offered = Vec::new();
    for kind in QuestionKind::ALL {
        let items: Vec<&Item> = awake.iter().copied().filter(|item| item.kind() == kind).collect();
        if !items.is_empty() {
            section(page, show, kind, &items, &mut offered, &mut lines);
        }
    }
    foot(page, awake.len(), &mut lines);
    lines.push(String::new());
    lines.join("\n")
}

fn head(page: &Page, awake: &[&Item], lines: &mut Vec<String>) {
    let language = page.language;
    let people = page.in_agreement;
    let left = match (language, awake.len()) {
        (Language::English, _) => {
            format!("# hxsync: {}, {} in agreement", questions(language, awake.len()), english_people(people))
        }
        (Language::Norwegian, _) => {
            format!(
                "# hxsync: {}, {people} {} enige",
                questions(language, awake.len()),
                if people == 1 { "person er" } else { "personer er" }
            )
        }
    };
    let written =
        format!("{} {}", language.pick("written", "skrevet"), local_text(page.written_at, &page.zone));
    lines.push(format!("{left}     {written}"));
    if awake.is_empty() {
        let at = page.agreed_at.map(|at| local_text(at, &page.zone));
        lines.push(match (language, at) {
            (Language::English, Some(at)) => {
                format!("# Nothing to decide. Both sides were last in agreement {at}.")
            }
            (Language::Norwegian, Some(at)) => {
                format!("# Ingenting å avgjøre. Begge sider var sist enige {at}.")
            }
            (_, None) => language.pick("# Nothing to decide.", "# Ingenting å avgjøre.").to_owned(),
        });
    } else {
        how_to(language, &example_id(awake), lines);
    }
    lines.extend(page.mark.as_ref().map(Mark::line));
    comments(page, "", lines);
}

fn english_people(count: u64) -> String {
    if count == 1 { "1 person".into() } else { format!("{count} people") }
}

fn questions(language: Language, count: usize) -> String {
    match (language, count) {
        (Language::English, 0) => "no questions".into(),
        (Language::English, 1) => "1 question".into(),
        (Language::English, count) => format!("{count} questions"),
        (Language::Norwegian, 0) => "ingen spørsmål".into(),
        (Language::Norwegian, count) => format!("{count} spørsmål"),
    }
}

/// The id of a question that takes every answer of the example, else one that is nobody's.
fn example_id(awake: &[&Item]) -> String {
    awake
        .iter()
        .find(|item| item.kind() == QuestionKind::Conflict)
        .map_or_else(|| "K7Q4.9f2c1a07".to_owned(), |item| item.full_id())
}

fn how_to(language: Language, id: &str, lines: &mut Vec<String>) {
    let text = match language {
        Language::English => format!(
            "# Change the first word of a line, save, done. For example:\n\
             #   huma {id}          use Huma's value in both\n\
             #                               (or: xledger, base, clear, differ)\n\
             #   value \"+47 900 11 222\" {id}      use this value in both\n\
             #   later 7d {id}      ask again in 7 days\n\
             # A line you do not touch stays pending. Deleting a line does nothing.\n\
             # Lines starting with #! are hxsync's answers.\n\
             # Remarks of yours stay if they start with ## ; other comments do not."
        ),
        Language::Norwegian => format!(
            "# Endre det første ordet på en linje, lagre, ferdig. For eksempel:\n\
             #   huma {id}          bruk Humas verdi i begge\n\
             #                               (eller: xledger, forrige, tom, ulike)\n\
             #   verdi \"+47 900 11 222\" {id}      bruk denne verdien i begge\n\
             #   senere 7d {id}     spør igjen om 7 dager\n\
             # En linje du ikke rører, venter. Å slette en linje gjør ingenting.\n\
             # Linjer som begynner med #! er hxsyncs svar.\n\
             # Egne merknader blir stående om de begynner med ## ; andre gjør det ikke."
        ),
    };
    lines.extend(text.lines().map(str::to_owned));
}

fn section(
    page: &Page,
    show: Show<'_>,
    kind: QuestionKind,
    items: &[&Item],
    offered: &mut Vec<Selector>,
    lines: &mut Vec<String>,
) {
    let language = page.language;
    lines.push(String::new());
    lines.push(rule(heading(kind, language)));
    let help = section_help(kind, language);
    if !help.is_empty() {
        lines.extend(wrap(help, COLUMNS - 2, COLUMNS - 2).into_iter().map(|line| format!("# {line}")));
    }
    bulk_lines(page, kind, items, offered, lines);
    let is_compact = items.len() >= COMPACT_FROM;
    let draw = Draw { page, show, is_compact };
    for (index, item) in items.iter().enumerate() {
        if index > 0 && !is_compact {
            lines.push(String::new());
        }
        lines.extend(draw.item(item));
        comments(page, &item.id, lines);
    }
}

/// `# -- heading -----`, as wide as a line may be.
fn rule(heading: &str) -> String {
    let start = format!("# -- {heading} ");
    let dashes = COLUMNS.saturating_sub(width(&start));
    format!("{start}{}", "-".repeat(dashes))
}

/// An admin's own lines, as they wrote them.
fn comments(page: &Page, item: &str, lines: &mut Vec<String>) {
    lines.extend(page.comments.get(item).into_iter().flatten().cloned());
}

/// The lines for many, each behind a `#` to take away, with the number that must still be right when it is.
fn bulk_lines(
    page: &Page,
    kind: QuestionKind,
    items: &[&Item],
    offered: &mut Vec<Selector>,
    lines: &mut Vec<String>,
) {
    let by_field = || {
        let has = |field: &Field| items.iter().any(|item| item.question.subject.field() == Some(*field));
        Field::ALL.into_iter().filter(has).map(Selector::Field)
    };
    let selectors: Vec<Selector> = match kind {
        QuestionKind::Difference => by_field().chain([Selector::Difference]).collect(),
        QuestionKind::Missing => by_field().chain([Selector::Missing]).collect(),
        QuestionKind::Conflict => vec![Selector::Conflict],
        QuestionKind::OnlyHuma => vec![Selector::OnlyHuma],
        QuestionKind::OnlyXledger => vec![Selector::OnlyXledger],
        QuestionKind::FirstSync
        | QuestionKind::Divergence
        | QuestionKind::Clear
        | QuestionKind::Confirm
        | QuestionKind::Flap
        | QuestionKind::Match
        | QuestionKind::Vanished
        | QuestionKind::Held => return,
    };
    // A field's line speaks of its differences and its missing values: it is printed once.
    let selectors: Vec<Selector> = selectors.into_iter().filter(|one| !offered.contains(one)).collect();
    let found = offers(&selectors, &page.items, page.written_at);
    offered.extend(selectors);
    if found.is_empty() {
        return;
    }
    let language = page.language;
    lines.push(
        language
            .pick(
                "# Many at once: take the # away from one of these. Single answers beat it.",
                "# Mange på en gang: fjern # foran en av disse. Enkeltsvar går foran.",
            )
            .to_owned(),
    );
    let texts: Vec<String> = found.iter().map(|offer| bulk_text(offer, language)).collect();
    let widest = texts.iter().map(|text| width(text)).max().unwrap_or(0);
    for (offer, text) in found.iter().zip(&texts) {
        let line = format!("# {}   # {}", pad(text, widest), bulk_effect(offer, language));
        // The remark helps the eye only: it goes where the longest words would pass the edge.
        lines.push(if width(&line) <= COLUMNS { line } else { format!("# {text}") });
    }
    lines.push(String::new());
}

fn bulk_text(offer: &Offer, language: Language) -> String {
    format!(
        "{} {} {} {} {}",
        language.pick("all", "alle"),
        offer.selector.word(),
        language.word(offer.verb.word()),
        language.pick("expect", "antall"),
        offer.count
    )
}

fn bulk_effect(offer: &Offer, language: Language) -> String {
    let side = match &offer.verb {
        Verb::Huma => Side::Huma,
        Verb::Xledger => Side::Xledger,
        Verb::CreateXledger => {
            return language.pick("make them there", "lag dem der").to_owned();
        }
        Verb::CreateHuma => return language.pick("make them there", "lag dem der").to_owned(),
        Verb::Ignore => return language.pick("leave them out", "hold dem utenfor").to_owned(),
        Verb::Pending
        | Verb::Base
        | Verb::Value(_)
        | Verb::Clear
        | Verb::Later(_)
        | Verb::Differ
        | Verb::Link(_)
        | Verb::Left
        | Verb::StillHere
        | Verb::Allow(_)
        | Verb::Reject => return String::new(),
    };
    match (offer.selector, language) {
        (Selector::Field(field), Language::English) => {
            format!("{side}'s {}", field_words(field, language))
        }
        (Selector::Field(field), Language::Norwegian) => {
            format!("{} fra {side}", field_words(field, language))
        }
        (_, Language::English) => format!("{side}'s value"),
        (_, Language::Norwegian) => format!("verdien fra {side}"),
    }
}

fn foot(page: &Page, awake: usize, lines: &mut Vec<String>) {
    let language = page.language;
    if let Some(note) = sleepers(page) {
        lines.push(String::new());
        lines.push(format!("# {note}"));
    }
    if !page.notes.is_empty() {
        lines.push(String::new());
        for note in &page.notes {
            // Indented: a job title in it must not pass for a heading or for the last line.
            let room = COLUMNS - 4;
            lines.extend(wrap(&escape(note), room, room).into_iter().map(|line| format!("#   {line}")));
        }
    }
    if !page.replies.is_empty() {
        lines.push(String::new());
        lines.push(rule(language.pick("answers to your last save", "svar på siste lagring")));
        lines.extend(page.replies.iter().flat_map(|reply| reply.lines(language)));
    } else {
        lines.push(String::new());
    }
    lines.push(format!("# end of file, {}", questions(language, awake)));
}

/// How many questions sleep, and when the first wakes.
fn sleepers(page: &Page) -> Option<String> {
    let sleeping: Vec<Timestamp> = page
        .items
        .iter()
        .filter(|item| item.is_asleep(page.written_at))
        .filter_map(|item| item.asleep_until)
        .collect();
    let first = local_text(*sleeping.iter().min()?, &page.zone);
    Some(match (page.language, sleeping.len()) {
        (Language::English, 1) => format!("1 question sleeps until {first}."),
        (Language::English, count) => format!("{count} questions sleep; the first wakes {first}."),
        (Language::Norwegian, 1) => format!("1 spørsmål sover til {first}."),
        (Language::Norwegian, count) => format!("{count} spørsmål sover; det første våkner {first}."),
    })
}
