//! One question's lines: the answerable one, and what stands under it for the eye.

use super::bulk::reading;
use super::compare::marks;
use super::reply::awaits_words;
use super::text::{COLUMNS, escape, pad, short_label, width, wrap};
use super::words::{field_words, verb_text};
use super::{Item, Language, Page, Show};
use crate::domain::time::local_text;
use crate::domain::{Field, Reading, Side, Spelling};
use crate::reconcile::question::{FirstSyncShown, PeopleShown, Values};
use crate::reconcile::{HoldClass, QuestionKind, Shown, Subject};
use jiff::Timestamp;

/// What a detail line begins with.
const INDENT: &str = "#        ";
const LABEL_COLUMNS: usize = 14;
/// `seen 2026-11-22 13:40`.
const TAIL_COLUMNS: usize = 21;

/// Draws the questions of one section.
pub(super) struct Draw<'a> {
    pub page: &'a Page,
    pub show: Show<'a>,
    /// The section is long: each question takes as few lines as it can.
    pub is_compact: bool,
}

/// One detail: what it is, the value, and when it was seen.
struct Row {
    label: String,
    value: String,
    tail: String,
}

impl Draw<'_> {
    fn language(&self) -> Language {
        self.page.language
    }

    fn pick<'a>(&self, english: &'a str, norwegian: &'a str) -> &'a str {
        self.language().pick(english, norwegian)
    }

    fn time(&self, at: Timestamp) -> String {
        local_text(at, &self.page.zone)
    }

    /// All lines of one question, without the blank one after it.
    pub fn item(&self, item: &Item) -> Vec<String> {
        let lead = format!("{}  {}   # ", pad(self.language().word("pending"), 7), item.full_id());
        let title = self.title(item);
        let room = COLUMNS.saturating_sub(width(&lead));
        let mut titles = wrap(&escape(&title), room, COLUMNS - INDENT.len()).into_iter();
        let mut lines = vec![format!("{lead}{}", titles.next().unwrap_or_default())];
        lines.extend(titles.map(|more| format!("{INDENT}{more}")));
        match &item.question.shown {
            Shown::Values(values) => self.values(item, values, &mut lines),
            Shown::People(people) => self.people(people, &mut lines),
            Shown::Vanished { first_missing_at, .. } => self.say(
                &format!(
                    "{} {}",
                    self.pick("not found since", "ikke funnet siden"),
                    self.time(*first_missing_at)
                ),
                &mut lines,
            ),
            Shown::Held { limit, .. } => self.held(item, *limit, &mut lines),
            Shown::FirstSync(picture) => self.first_sync(item, picture, &mut lines),
        }
        if let Some(queued) = &item.queued {
            let text = match self.language() {
                Language::English => "answered",
                Language::Norwegian => "besvart",
            };
            let words = format!(
                "{text} \"{}\" {} {} {}; {}",
                verb_text(&queued.verb, self.language()),
                self.pick("by", "av"),
                queued.who,
                self.time(queued.at),
                awaits_words(queued.awaits, self.language())
            );
            self.say(&words, &mut lines);
        }
        lines
    }

    fn title(&self, item: &Item) -> String {
        let person = &item.question.person;
        match (&item.question.subject, &item.question.shown) {
            (Subject::Field { field, .. }, Shown::Values(values)) => {
                let field = field_words(*field, self.language());
                let what = match (item.kind(), values.side) {
                    (QuestionKind::Confirm, Some(side)) => {
                        format!(" ({} {side})", self.pick("edited in", "endret i"))
                    }
                    (QuestionKind::Clear, Some(side)) => {
                        format!(" ({} {side})", self.pick("emptied in", "tømt i"))
                    }
                    (_, _) => String::new(),
                };
                format!("{person}, {field}{what}")
            }
            (_, Shown::Vanished { side, .. }) => {
                format!("{person}, {} {side}", self.pick("gone from", "borte fra"))
            }
            (_, Shown::FirstSync(picture)) => {
                format!("{} {}", picture.links.len(), self.pick("matched people", "sammenkoblede personer"))
            }
            (_, Shown::Values(_) | Shown::People(_) | Shown::Held { .. }) => person.clone(),
        }
    }

    /// A sentence of ours, escaped and wrapped.
    fn say(&self, text: &str, lines: &mut Vec<String>) {
        let room = COLUMNS - INDENT.len();
        lines.extend(wrap(&escape(text), room, room).into_iter().map(|line| format!("{INDENT}{line}")));
    }

    fn values(&self, item: &Item, values: &Values, lines: &mut Vec<String>) {
        let Some(field) = item.question.subject.field() else {
            return;
        };
        let is_brief = matches!(item.kind(), QuestionKind::Difference | QuestionKind::Missing);
        let mut rows = Vec::new();
        if let Some(at) = values.base_at {
            rows.push(Row {
                label: self.pick("last agreed", "sist enige").into(),
                value: values.base.as_ref().map_or_else(|| self.none(), |base| self.value(field, base)),
                tail: self.time(at),
            });
        }
        for side in Side::BOTH {
            let reading = reading(values, side);
            if item.kind() == QuestionKind::Missing && reading.value().is_none() {
                continue;
            }
            let at = match side {
                Side::Huma => values.huma_at,
                Side::Xledger => values.xledger_at,
            };
            let seen = format!("{} {}", self.pick("seen", "sett"), self.time(at));
            rows.push(Row {
                label: side.to_string(),
                value: self.reading(field, reading),
                tail: if is_brief { String::new() } else { seen },
            });
        }
        self.rows(&rows, LABEL_COLUMNS, lines);
        self.marks(field, values, lines);
        if item.kind() == QuestionKind::Divergence {
            self.say(&format!("{} {}", self.pick("found", "funnet"), self.time(item.asked_at)), lines);
        }
        values.notes.iter().for_each(|note| self.say(note, lines));
    }

    fn none(&self) -> String {
        self.pick("(empty)", "(tom)").into()
    }

    fn value(&self, field: Field, spelling: &Spelling) -> String {
        escape(&(self.show)(field, spelling))
    }

    fn reading(&self, field: Field, reading: &Reading) -> String {
        match reading {
            Reading::Hidden => self.pick("(hidden)", "(skjult)").into(),
            Reading::Empty => self.none(),
            Reading::Value(spelling) => self.value(field, spelling),
        }
    }

    /// Marks under the second value, where the two are texts that stand on one line.
    fn marks(&self, field: Field, values: &Values, lines: &mut Vec<String>) {
        let (Some(huma), Some(xledger)) = (values.huma.value(), values.xledger.value()) else {
            return;
        };
        if !has_words(field) {
            return;
        }
        let (huma, xledger) = (self.value(field, huma), self.value(field, xledger));
        let room = COLUMNS - INDENT.len() - LABEL_COLUMNS;
        if width(&huma).max(width(&xledger)) >= room {
            return;
        }
        if let Some(marks) = marks(&huma, &xledger) {
            let label = pad(self.pick("differs", "ulikt"), LABEL_COLUMNS);
            lines.push(format!("{INDENT}{label}{marks}"));
        }
    }

    /// Rows with their values aligned, and their times where there is room beside the widest value.
    fn rows(&self, rows: &[Row], label_columns: usize, lines: &mut Vec<String>) {
        let room = COLUMNS - INDENT.len() - label_columns;
        let widest = rows.iter().map(|row| width(&row.value)).max().unwrap_or(0);
        let fits = widest + 2 + TAIL_COLUMNS <= room;
        let gap = room.saturating_sub(widest + TAIL_COLUMNS).min(5);
        for row in rows {
            let label = pad(&row.label, label_columns);
            if fits && !row.tail.is_empty() {
                let value = pad(&row.value, widest + gap);
                lines.push(format!("{INDENT}{label}{value}{}", row.tail));
                continue;
            }
            let blank = pad("", label_columns);
            let more = wrap(&row.value, room, room)
                .into_iter()
                .chain((!row.tail.is_empty()).then(|| row.tail.clone()));
            for (index, line) in more.enumerate() {
                let label = if index == 0 { &label } else { &blank };
                lines.push(format!("{INDENT}{label}{line}").trim_end().to_owned());
            }
        }
    }

    fn people(&self, people: &PeopleShown, lines: &mut Vec<String>) {
        let shown: Vec<(String, String)> = people
            .values
            .iter()
            .map(|(field, spelling)| {
                (field_words(*field, self.language()).to_owned(), self.value(*field, spelling))
            })
            .collect();
        if self.is_compact {
            let text: Vec<String> = shown.iter().map(|(label, value)| format!("{label} {value}")).collect();
            let room = COLUMNS - INDENT.len();
            if !text.is_empty() {
                let wrapped = wrap(&text.join("; "), room, room);
                lines.extend(wrapped.into_iter().map(|line| format!("{INDENT}{line}")));
            }
        } else {
            let columns = shown.iter().map(|(label, _)| width(label) + 3).max().unwrap_or(0);
            let rows: Vec<Row> =
                shown.into_iter().map(|(label, value)| Row { label, value, tail: String::new() }).collect();
            self.rows(&rows, columns, lines);
        }
        for (index, candidate) in people.candidates.iter().enumerate() {
            let label = short_label(index);
            let text = format!(
                "{}, {} {}: {}",
                candidate.label,
                candidate.record.side(),
                candidate.record,
                candidate.why
            );
            let indent = width(&label) + 2;
            let room = COLUMNS - INDENT.len() - indent;
            for (nth, line) in wrap(&escape(&text), room, room).into_iter().enumerate() {
                let label = if nth == 0 { label.as_str() } else { "" };
                lines.push(format!("{INDENT}{}{line}", pad(label, indent)));
            }
        }
        people.notes.iter().for_each(|note| self.say(note, lines));
    }

    fn held(&self, item: &Item, limit: u64, lines: &mut Vec<String>) {
        let Subject::Held(class) = &item.question.subject else {
            return;
        };
        let shows = match self.language() {
            Language::English => format!("hxsync plan {} shows them", item.id),
            Language::Norwegian => format!("hxsync plan {} viser dem", item.id),
        };
        let (why, reject) = match class {
            HoldClass::Changes { side, .. }
            | HoldClass::Clears { side, .. }
            | HoldClass::EndDates { side, .. } => (self.limit(limit), self.leave(*side)),
            HoldClass::Creates { .. } => {
                (self.limit(limit), self.pick("leave them out", "hold dem utenfor").to_owned())
            }
            HoldClass::PlanOnly => (
                self.pick("everything the next cycle would write", "alt neste runde ville skrive").to_owned(),
                self.pick("leave both sides as they are", "la begge sider stå").to_owned(),
            ),
        };
        self.say(&format!("{why}; {shows}"), lines);
        self.allow(item, self.pick("do it", "gjør det"), Some(&reject), lines);
    }

    fn limit(&self, limit: u64) -> String {
        format!("{} {limit}", self.pick("the limit is", "grensen er"))
    }

    fn leave(&self, side: Side) -> String {
        match self.language() {
            Language::English => format!("leave {side}'s as they are"),
            Language::Norwegian => format!("la {side} stå som det er"),
        }
    }

    fn allow(&self, item: &Item, effect: &str, reject: Option<&str>, lines: &mut Vec<String>) {
        let count = item.size().unwrap_or(0);
        let allow = format!("{} {count}  {effect}", self.language().word("allow"));
        let line = match reject {
            Some(reject) => format!("{INDENT}{allow}        {}  {reject}", self.language().word("reject")),
            None => format!("{INDENT}{allow}"),
        };
        lines.push(line);
    }

    fn first_sync(&self, item: &Item, picture: &FirstSyncShown, lines: &mut Vec<String>) {
        let widest = picture.counts.iter().map(|(what, _)| width(&escape(what))).max().unwrap_or(0);
        let number = picture.counts.iter().map(|(_, n)| n.to_string().len()).max().unwrap_or(1);
        // Wide enough for the words of a picture, narrow enough for the number on the same line.
        let columns = (widest + 3).min(COLUMNS - INDENT.len() - number);
        for (what, count) in &picture.counts {
            let mut words = wrap(&escape(what), columns - 2, columns - 2);
            let last = words.pop().unwrap_or_default();
            lines.extend(words.into_iter().map(|line| format!("{INDENT}{line}")));
            lines.push(format!("{INDENT}{}{count:>number$}", pad(&last, columns)));
        }
        let effect = self.pick(
            "carry out what the rules and the answers below decide",
            "utfør det reglene og svarene under avgjør",
        );
        self.allow(item, effect, None, lines);
    }
}

/// Fields whose values are words, where a mark helps the eye. A number or a date is read whole.
fn has_words(field: Field) -> bool {
    match field {
        Field::GivenName | Field::FamilyName | Field::Email | Field::Address | Field::JobTitle => true,
        Field::Phone
        | Field::BirthDate
        | Field::BankAccount
        | Field::Gender
        | Field::CivilStatus
        | Field::EmploymentId
        | Field::FirstDayOfWork
        | Field::ProbationEndDate
        | Field::TerminationNoticeDate
        | Field::LastDayOfWork => false,
    }
}
