//! hxsync's answers to a save: the lines that begin `#!`.

use super::text::{COLUMNS, escape, shorten, wrap};
use super::{Awaits, Language, Problem, Taken};
use crate::domain::Field;
use crate::domain::time::local_text;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One answer of ours: the line it is about, if any, and what became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The admin's line, accounts masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quote: Option<String>,
    outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Applied { what: Option<String> },
    AppliedToMany { count: usize },
    Queued(Waits),
    Asleep { until: String },
    Refused { why: String },
    NoAnswer { why: String, hint: Option<String> },
    KeptAside { name: String, why: Damage },
    Said { text: String },
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Waits {
    FirstSync,
    NextCycle,
    Huma,
    Xledger,
    SecondApprover,
    FreezeEnd,
}

/// Why no answers were taken from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// The line `# end of file` is not there.
    NoTrailer,
    Empty,
    Deleted,
}

impl Reply {
    /// The answer was carried out; `what` says what that was, without values (`written in Xledger`).
    pub fn applied(quote: &str, what: Option<&str>) -> Reply {
        Reply::about(quote, Outcome::Applied { what: what.map(str::to_owned) })
    }

    /// A line for many was carried out.
    pub fn applied_to_many(quote: &str, count: usize) -> Reply {
        Reply::about(quote, Outcome::AppliedToMany { count })
    }

    /// The answer is kept and carried out when what it waits for has happened, if the values are still those seen.
    pub fn queued(quote: &str, awaits: Awaits) -> Reply {
        let waits = match awaits {
            Awaits::FirstSync => Waits::FirstSync,
            Awaits::NextCycle => Waits::NextCycle,
            Awaits::Side(crate::domain::Side::Huma) => Waits::Huma,
            Awaits::Side(crate::domain::Side::Xledger) => Waits::Xledger,
            Awaits::SecondApprover => Waits::SecondApprover,
            Awaits::FreezeEnd => Waits::FreezeEnd,
        };
        Reply::about(quote, Outcome::Queued(waits))
    }

    pub fn asleep(quote: &str, until: Timestamp, zone: &TimeZone) -> Reply {
        Reply::about(quote, Outcome::Asleep { until: local_text(until, zone) })
    }

    /// Nothing was done; `why` is a clause, as in `Xledger's value changed at 09:12, after you saw it. Asked again below.`
    pub fn refused(quote: &str, why: &str) -> Reply {
        Reply::about(quote, Outcome::Refused { why: why.to_owned() })
    }

    /// A line that is no answer.
    pub fn problem(problem: &Problem) -> Reply {
        let outcome = Outcome::NoAnswer { why: problem.why.clone(), hint: problem.hint.clone() };
        Reply::about(&problem.quote.0, outcome)
    }

    /// The refusal among what [`super::take_in`] found; `None` for what was accepted or passed over in silence.
    pub fn of_taken(taken: &Taken) -> Option<Reply> {
        match taken {
            Taken::Accepted(_) | Taken::PassedOver { .. } => None,
            Taken::Refused { quote, why, .. } => Some(Reply::refused(&quote.0, why)),
        }
    }

    /// No answers were taken; what was there is in the file of that name.
    pub fn kept_aside(name: &str, why: Damage) -> Reply {
        Reply { quote: None, outcome: Outcome::KeptAside { name: name.to_owned(), why } }
    }

    /// Anything else hxsync has to say in the file.
    pub fn said(text: &str) -> Reply {
        Reply { quote: None, outcome: Outcome::Said { text: text.to_owned() } }
    }

    fn about(quote: &str, outcome: Outcome) -> Reply {
        Reply { quote: Some(quote.to_owned()), outcome }
    }

    /// Whether it tells of something that was not done.
    pub fn is_refusal(&self) -> bool {
        match self.outcome {
            Outcome::Refused { .. } | Outcome::NoAnswer { .. } | Outcome::KeptAside { .. } => true,
            Outcome::Applied { .. }
            | Outcome::AppliedToMany { .. }
            | Outcome::Queued(_)
            | Outcome::Asleep { .. }
            | Outcome::Said { .. } => false,
        }
    }

    /// The lines of the file. The first begins `#! `, further ones `#!   `.
    pub fn lines(&self, language: Language) -> Vec<String> {
        let (says, then) = self.words(language);
        let text = match &self.quote {
            // A quote longer than this hides what is said about it.
            Some(quote) => format!("\"{}\": {says}", shorten(&escape(quote), 100)),
            None => says,
        };
        let mut lines: Vec<String> = Vec::new();
        for line in wrap(&text, ROOM, ROOM) {
            let lead = if lines.is_empty() { "#! " } else { "#!   " };
            lines.push(format!("{lead}{line}"));
        }
        if let Some(then) = then {
            lines.extend(wrap(&then, ROOM, ROOM).into_iter().map(|line| format!("#!   {line}")));
        }
        lines
    }

    /// What is said, and a sentence of its own after it.
    fn words(&self, language: Language) -> (String, Option<String>) {
        let pick = |english: &str, norwegian: &str| language.pick(english, norwegian).to_owned();
        let nothing = || Some(pick("Nothing was done for it.", "Ingenting ble gjort for den."));
        match &self.outcome {
            Outcome::Applied { what: None } => (pick("applied.", "utført."), None),
            Outcome::Applied { what: Some(what) } => {
                (format!("{}, {}.", pick("applied", "utført"), escape(what)), None)
            }
            Outcome::AppliedToMany { count } => (
                match language {
                    Language::English => format!("applied to {count} questions."),
                    Language::Norwegian => format!("utført for {count} spørsmål."),
                },
                None,
            ),
            Outcome::Queued(waits) => {
                (format!("{}{}.", pick("queued; ", "i kø; "), waits.words(language)), None)
            }
            Outcome::Asleep { until } => {
                (format!("{} {until}.", pick("asked again from", "spørres på nytt fra")), None)
            }
            Outcome::Refused { why } => {
                (format!("{}, {}", pick("refused", "avvist"), sentence(&escape(why))), None)
            }
            Outcome::NoAnswer { why, hint: Some(hint) } => {
                (format!("{}; {}", escape(why), escape(hint)), nothing())
            }
            Outcome::NoAnswer { why, hint: None } => (sentence(&escape(why)), nothing()),
            Outcome::KeptAside { name, why } => {
                let what = match why {
                    Damage::NoTrailer => pick(
                        "The file had lost its last line, \"# end of file\"",
                        "Filen hadde mistet sin siste linje, «# end of file»",
                    ),
                    Damage::Empty => pick("The file was empty", "Filen var tom"),
                    Damage::Deleted => pick("The file had been deleted", "Filen var slettet"),
                };
                let kept = pick(
                    "No answers were taken from it. What was there is kept in",
                    "Ingen svar ble lest fra den. Det som stod der er tatt vare på i",
                );
                (format!("{what}. {kept} {}.", escape(name)), None)
            }
            Outcome::Said { text } => (escape(text), None),
        }
    }
}

/// Columns of text after `#!   `, a little short of the edge.
const ROOM: usize = COLUMNS - 9;

impl Waits {
    fn words(self, language: Language) -> &'static str {
        match self {
            Waits::FirstSync => language.pick(
                "carried out once the first sync is allowed",
                "utføres når første synkronisering er tillatt",
            ),
            Waits::NextCycle => language.pick("the next cycle carries it out", "neste runde utfører det"),
            Waits::Huma => language.pick(
                "Huma cannot be reached. Applied when it can, if nothing changed by then",
                "Huma kan ikke nås. Utføres når det går, om ingenting er endret da",
            ),
            Waits::Xledger => language.pick(
                "Xledger cannot be reached. Applied when it can, if nothing changed by then",
                "Xledger kan ikke nås. Utføres når det går, om ingenting er endret da",
            ),
            Waits::SecondApprover => {
                language.pick("it waits for a second approver", "det venter på en godkjenner til")
            }
            Waits::FreezeEnd => {
                language.pick("it waits until the pay freeze ends", "det venter til lønnsstoppen er over")
            }
        }
    }
}

pub(super) fn awaits_words(awaits: Awaits, language: Language) -> String {
    let side = |side| match language {
        Language::English => format!("waits until {side} can be reached"),
        Language::Norwegian => format!("venter til {side} kan nås"),
    };
    match awaits {
        Awaits::FirstSync => language
            .pick("waits until the first sync is allowed", "venter til første synkronisering er tillatt")
            .into(),
        Awaits::NextCycle => language.pick("waits for the next cycle", "venter på neste runde").into(),
        Awaits::Side(down) => side(down),
        Awaits::SecondApprover => {
            language.pick("waits for a second approver", "venter på en godkjenner til").into()
        }
        Awaits::FreezeEnd => {
            language.pick("waits until the pay freeze ends", "venter til lønnsstoppen er over").into()
        }
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

/// Shows the outcome's sort, never the admin's line (P10).
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.outcome {
            Outcome::Applied { .. } => "Reply(applied)",
            Outcome::AppliedToMany { .. } => "Reply(applied to many)",
            Outcome::Queued(_) => "Reply(queued)",
            Outcome::Asleep { .. } => "Reply(asleep)",
            Outcome::Refused { .. } => "Reply(refused)",
            Outcome::NoAnswer { .. } => "Reply(no answer)",
            Outcome::KeptAside { .. } => "Reply(kept aside)",
            Outcome::Said { .. } => "Reply(said)",
        })
    }
}

/// The text of `resolutions.answers.txt`, where the answers go while an editor holds the file.
pub fn answers_page(replies: &[Reply], written_at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let mut lines = vec![format!(
        "# {}     {} {}",
        language.pick("hxsync: answers to your last save", "hxsync: svar på siste lagring"),
        language.pick("written", "skrevet"),
        local_text(written_at, zone)
    )];
    let why = language.pick(
        "The resolution file is open in an editor and is left alone until it is closed.",
        "Filen er åpen i et redigeringsprogram og får stå i fred til det lukkes.",
    );
    lines.extend(wrap(why, COLUMNS - 2, COLUMNS - 2).into_iter().map(|line| format!("# {line}")));
    lines.push(String::new());
    lines.extend(replies.iter().flat_map(|reply| reply.lines(language)));
    lines.push("# end of file".into());
    lines.join("\n") + "\n"
}

/// A line as an answer quotes it, without accounts: long runs of digits keep their last four. In a line about a bank account
/// any run of five digits counts; elsewhere eleven, the length of a Norwegian account.
pub(super) fn quote(line: &str, field: Option<Field>, is_id: impl Fn(&str) -> bool) -> String {
    let fewest = if field == Some(Field::BankAccount) { 5 } else { 11 };
    let line = line.trim_matches(super::line::is_blank);
    let mut quoted = String::with_capacity(line.len());
    let mut pending = String::new();
    for piece in line.split_inclusive(super::line::is_blank) {
        if is_id(piece.trim_matches(super::line::is_blank)) {
            quoted.push_str(&masked(&std::mem::take(&mut pending), fewest));
            quoted.push_str(piece);
        } else {
            pending.push_str(piece);
        }
    }
    quoted.push_str(&masked(&pending, fewest));
    quoted
}

/// Masks every run of digits, parted by at most two other characters that are no letters, that has at least `fewest`.
fn masked(text: &str, fewest: usize) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let mut digits = Vec::new();
        let mut end = at;
        while end < chars.len() && end - digits.last().copied().unwrap_or(at) <= 3 {
            match chars[end] {
                c if c.is_ascii_digit() => digits.push(end),
                c if c.is_alphabetic() || c == '"' => break,
                _ => {}
            }
            end += 1;
        }
        if digits.len() >= fewest {
            digits[..digits.len() - 4].iter().for_each(|digit| chars[*digit] = '*');
        }
        at = end.max(at + 1);
    }
    chars.into_iter().collect()
}
