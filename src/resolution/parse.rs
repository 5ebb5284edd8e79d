//! Reads a saved file back, line by line. The grammar is in `DESIGN.md` section 5; [`super::take_in`] decides what counts.

use super::line::{RawLine, Word, Words, is_blank, lines, words};
use super::text::{escape, nearest};
use super::words::{first_words, is_all, is_expect, verb_word};
use super::{AdminText, Comments, Item, Mark, SHOWN_DIGITS, Selector, reply};
use crate::reconcile::Verb;
use std::cell::Cell;
use std::collections::HashMap;

/// What a saved file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    pub answers: Vec<Answer>,
    pub bulk: Vec<Bulk>,
    pub problems: Vec<Problem>,
    /// Item and fingerprint prefix of each line left `pending`.
    pub pending: Vec<(String, String)>,
    /// The `##` lines, by item.
    pub comments: Comments,
    /// The database and cycle the file was written from; `None` where the header is gone.
    pub mark: Option<Mark>,
    /// A line begins `# end of file`: the save is whole.
    pub has_trailer: bool,
}

/// One answered line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub line_no: usize,
    /// In capitals.
    pub item: String,
    /// At least eight hex digits in lower case; `None` where only the item was named.
    pub prefix: Option<String>,
    pub verb: Verb,
    /// The line without its remark, accounts masked: what an answer quotes.
    pub quote: AdminText,
}

/// `all SELECTOR VERB expect COUNT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    pub line_no: usize,
    pub selector: Selector,
    pub verb: Verb,
    pub expect: u64,
    pub quote: AdminText,
}

/// A line nothing is done for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line_no: usize,
    pub quote: AdminText,
    /// The item the line meant, where that can be told: no bulk line answers it in the same save.
    pub item: Option<String>,
    /// What is wrong, in words (`no such answer`).
    pub why: String,
    /// The nearest word, or what to write instead.
    pub hint: Option<String>,
}

/// Whether the save is whole: some line begins `# end of file`.
pub fn has_trailer(bytes: &[u8]) -> bool {
    lines(bytes).iter().any(|line| is_trailer(line.text.trim_matches(is_blank)))
}

fn is_trailer(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('#') else {
        return false;
    };
    let mut chars = rest.chars();
    // Exactly one blank: no generated line that shows a value has so few.
    chars.next().is_some_and(is_blank) && chars.as_str().starts_with("end of file")
}

/// Reads a file. Never fails: what cannot be read is a [`Problem`] of its line.
pub fn parse(bytes: &[u8], open: &[Item]) -> Parsed {
    let open = Open::new(open);
    let mut parsed = Parsed::default();
    let mut notes = Notes::default();
    for line in lines(bytes) {
        let text = line.text.trim_matches(is_blank);
        if text.is_empty() {
            notes.blank(&mut parsed.comments);
        } else if is_trailer(text) {
            parsed.has_trailer = true;
            notes.blank(&mut parsed.comments);
        } else if text.starts_with("##") {
            notes.comment(text, &mut parsed.comments);
        } else if let Some(comment) = text.strip_prefix('#') {
            parsed.mark = parsed.mark.take().or_else(|| Mark::read(comment));
        } else {
            let id = read_line(&line, text, &open, &mut parsed);
            notes.item(id, &mut parsed.comments);
        }
    }
    notes.blank(&mut parsed.comments);
    parsed
}

/// The line of the file that says what a command says, as in `resolve K7Q4 value "+47 900 11 222"`, whose shell has taken the
/// quotes away.
pub fn line_of(id: &str, answer: &[String]) -> String {
    match answer {
        [verb, value @ ..] if verb_word(verb) == Some("value") && !value.is_empty() => {
            format!("{verb} \"{}\" {id}", escape(&value.join(" ")).replace('"', "\\\""))
        }
        words => format!("{} {id}", words.join(" ")),
    }
}

/// Which item a `##` line stands with: the one above it in the same block, else the one right below it, else the last one
/// before it. Before the first item it belongs to the page.
#[derive(Default)]
struct Notes {
    above: Option<String>,
    last: Option<String>,
    waiting: Vec<String>,
}

impl Notes {
    fn blank(&mut self, comments: &mut Comments) {
        self.above = None;
        self.give(self.last.clone().unwrap_or_default(), comments);
    }

    fn comment(&mut self, text: &str, comments: &mut Comments) {
        match &self.above {
            Some(item) => comments.entry(item.clone()).or_default().push(text.to_owned()),
            None => self.waiting.push(text.to_owned()),
        }
    }

    fn item(&mut self, item: Option<String>, comments: &mut Comments) {
        if let Some(item) = &item {
            self.give(item.clone(), comments);
            self.last = Some(item.clone());
        }
        self.above = item;
    }

    fn give(&mut self, item: String, comments: &mut Comments) {
        if !self.waiting.is_empty() {
            comments.entry(item).or_default().append(&mut self.waiting);
        }
    }
}

/// The open questions by item, for short ids and near misses.
struct Open<'a> {
    items: HashMap<&'a str, &'a Item>,
    /// How many more wrong ids are compared with all of ours: a file of nothing but wrong lines is read at once.
    hints_left: Cell<u32>,
}

impl<'a> Open<'a> {
    fn new(items: &'a [Item]) -> Open<'a> {
        Open {
            items: items.iter().map(|item| (item.id.as_str(), item)).collect(),
            hints_left: Cell::new(100),
        }
    }

    fn get(&self, id: &str) -> Option<&'a Item> {
        self.items.get(id).copied()
    }

    /// The item whose id, short or whole, is nearest to what was written.
    fn nearest(&self, written: &str) -> Option<&'a Item> {
        self.hints_left.set(self.hints_left.get().checked_sub(1)?);
        let full: Vec<String> = self.items.values().map(|item| item.full_id()).collect();
        let near = nearest(written, full.iter().map(String::as_str).chain(self.items.keys().copied()))?;
        self.get(near.split_once('.').map_or(near, |(item, _)| item))
    }
}

/// An id as written: `K7Q4.9f2c1a07`, more digits of it, or `K7Q4` alone.
#[derive(Clone, PartialEq, Eq)]
struct Id {
    item: String,
    prefix: Option<String>,
}

impl Id {
    /// An item and at least six hex digits: enough to tell an id from any other word, also when it was cut short.
    fn read(word: &str) -> Option<Id> {
        let (item, prefix) = word.split_once('.')?;
        let is_item = (3..=12).contains(&item.len()) && item.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_prefix =
            (6..=64).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_item && is_prefix)
            .then(|| Id { item: item.to_ascii_uppercase(), prefix: Some(prefix.to_ascii_lowercase()) })
    }

    fn read_short(word: &str, open: &Open<'_>) -> Option<Id> {
        let item = word.to_ascii_uppercase();
        open.get(&item).map(|_| Id { item, prefix: None })
    }
}

/// Why a line is no answer, before it is quoted.
struct Wrong {
    why: String,
    hint: Option<String>,
}

fn wrong(why: impl Into<String>) -> Wrong {
    Wrong { why: why.into(), hint: None }
}

fn wrong_word<'a>(what: &str, written: &str, known: impl IntoIterator<Item = &'a str>) -> Wrong {
    let hint = nearest(written, known).map(|word| format!("did you mean \"{word}\"?"));
    Wrong { why: what.to_owned(), hint }
}

/// Reads an answered line into its place. Returns the item it is about.
fn read_line(line: &RawLine, text: &str, open: &Open<'_>, parsed: &mut Parsed) -> Option<String> {
    let found = words(text);
    let (first, rest) = found.words.split_first()?;
    let id = rest.iter().filter(|word| !word.is_quoted).find_map(|word| Id::read(&word.text));
    let id = id.or_else(|| {
        rest.iter().filter(|word| !word.is_quoted).find_map(|word| Id::read_short(&word.text, open))
    });
    let item = id.as_ref().map(|id| id.item.clone());
    let field =
        item.as_deref().and_then(|item| open.get(item)).and_then(|item| item.question.subject.field());
    let quote = || AdminText(reply::quote(&text[..found.end], field, |word| Id::read(word).is_some()));
    let result = if verb_word(&first.text) == Some("pending") {
        if let Some(Id { item, prefix: Some(prefix) }) = &id {
            parsed.pending.push((item.clone(), prefix.clone()));
        }
        return item;
    } else if is_all(&first.text) {
        read_bulk(rest).map(|(selector, verb, expect)| {
            parsed.bulk.push(Bulk { line_no: line.number, selector, verb, expect, quote: quote() });
        })
    } else {
        read_answer(line, text, &found, open).map(|(id, verb)| {
            let Id { item, prefix } = id;
            parsed.answers.push(Answer { line_no: line.number, item, prefix, verb, quote: quote() });
        })
    };
    if let Err(Wrong { why, hint }) = result {
        parsed.problems.push(Problem { line_no: line.number, quote: quote(), item: item.clone(), why, hint });
    }
    item
}

/// `VERB [argument] ID [argument]`.
fn read_answer(line: &RawLine, text: &str, found: &Words, open: &Open<'_>) -> Result<(Id, Verb), Wrong> {
    let (first, rest) = (&found.words[0], &found.words[1..]);
    let Some(word) = verb_word(&first.text).filter(|_| !first.is_quoted) else {
        return Err(wrong_word("no such answer", &first.text, first_words()));
    };
    if found.is_open {
        return Err(wrong("a quote is opened and not closed"));
    }
    let (at, id) = find_id(rest, word, open)?;
    let arguments: Vec<&Word> =
        rest.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| word).collect();
    let verb = match word {
        "value" => Verb::Value(value(line, text, &arguments, &rest[at])?),
        "later" => Verb::Later(days(&arguments)?),
        "allow" => Verb::Allow(count(&arguments)?),
        "link" => match arguments[..] {
            [one] => Verb::Link(one.text.clone()),
            _ => return Err(wrong("`link` takes one id of the other side, or the letter printed")),
        },
        plain => {
            if !arguments.is_empty() {
                let why = format!("`{plain}` takes nothing but the id; a remark goes after #");
                return Err(wrong(why));
            }
            plain_verb(plain)
        }
    };
    Ok((id, verb))
}

fn plain_verb(word: &str) -> Verb {
    match word {
        "huma" => Verb::Huma,
        "xledger" => Verb::Xledger,
        "base" => Verb::Base,
        "clear" => Verb::Clear,
        "differ" => Verb::Differ,
        "create-xledger" => Verb::CreateXledger,
        "create-huma" => Verb::CreateHuma,
        "ignore" => Verb::Ignore,
        "left" => Verb::Left,
        "still-here" => Verb::StillHere,
        "reject" => Verb::Reject,
        // Every other word of the list is read with its argument, or is no answer: leaving the question alone is safe.
        _ => Verb::Pending,
    }
}

/// The one id among the words, and where it stands.
fn find_id(rest: &[Word], verb: &str, open: &Open<'_>) -> Result<(usize, Id), Wrong> {
    let plain = || rest.iter().enumerate().filter(|(_, word)| !word.is_quoted);
    let mut full: Vec<(usize, Id)> =
        plain().filter_map(|(at, word)| Some((at, Id::read(&word.text)?))).collect();
    if full.is_empty() {
        full = plain().filter_map(|(at, word)| Some((at, Id::read_short(&word.text, open)?))).collect();
    }
    match full.len() {
        1 => {
            let (at, id) = full.remove(0);
            match &id.prefix {
                Some(prefix) if prefix.len() < SHOWN_DIGITS => {
                    let why = "the id is cut short";
                    let hint = open.get(&id.item).map(|item| format!("did you mean \"{}\"?", item.full_id()));
                    Err(Wrong { why: why.into(), hint })
                }
                Some(_) | None => Ok((at, id)),
            }
        }
        0 => {
            let Some(written) = rest.iter().rfind(|word| !word.is_quoted) else {
                return Err(wrong("no question is named; write its id after the answer"));
            };
            let full = open.nearest(&written.text);
            let hint = full.map(|item| format!("did you mean \"{}\"?", item.full_id()));
            Err(Wrong { why: format!("no question of that id for `{verb}`"), hint })
        }
        _ => Err(wrong("two ids on one line")),
    }
}

/// The text after `value`: quoted, or all words on one side of the id as they stand.
fn value(line: &RawLine, text: &str, arguments: &[&Word], id: &Word) -> Result<String, Wrong> {
    let quoted = arguments.iter().filter(|word| word.is_quoted).count();
    let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else {
        return Err(wrong("`value` needs the value, in quotes; `clear` empties"));
    };
    let value = match (arguments.len(), quoted) {
        (1, 1) => first.text.clone(),
        (_, 0) if first.start < id.start && last.start > id.start => {
            return Err(wrong("the value stands on both sides of the id; write it in quotes"));
        }
        (_, 0) => super::text::unescape(&text[first.start..last.end]),
        (_, _) => return Err(wrong("write the whole value in one pair of quotes")),
    };
    if line.is_latin_1 && !value.is_ascii() {
        return Err(wrong("the value is not UTF-8; save the file as UTF-8"));
    }
    // Escaped ones, `\u{a}`, were meant.
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(wrong("the line holds a control character"));
    }
    if value.trim_matches(is_blank).is_empty() {
        return Err(wrong("the value is empty; `clear` empties"));
    }
    Ok(value)
}

/// `7d`: 1 to 365 days.
fn days(arguments: &[&Word]) -> Result<u16, Wrong> {
    let [one] = arguments else {
        return Err(wrong("`later` takes a number of days, as in `later 7d`"));
    };
    let digits = one.text.strip_suffix(['d', 'D']).unwrap_or(&one.text);
    match digits.parse::<u16>() {
        Ok(days @ 1..=365) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(days),
        Ok(_) | Err(_) => Err(wrong("`later` takes 1d to 365d")),
    }
}

fn count(arguments: &[&Word]) -> Result<u64, Wrong> {
    match arguments {
        [one] if one.text.bytes().all(|byte| byte.is_ascii_digit()) => {
            one.text.parse().map_err(|_| wrong("`allow` takes the number printed with the question"))
        }
        _ => Err(wrong("`allow` takes the number printed with the question")),
    }
}

/// `SELECTOR VERB expect COUNT`.
fn read_bulk(rest: &[Word]) -> Result<(Selector, Verb, u64), Wrong> {
    let form = || wrong("a line for many is `all SELECTOR ANSWER expect NUMBER`");
    let [selector, verb, rest @ ..] = rest else {
        return Err(form());
    };
    let Some(selector) = Selector::from_word(&selector.text) else {
        return Err(wrong_word("no such selection", &selector.text, Selector::words()));
    };
    let Some(word) = verb_word(&verb.text) else {
        return Err(wrong_word("no such answer", &verb.text, first_words()));
    };
    let (verb, rest) = match (word, rest) {
        ("later", [argument, rest @ ..]) => (Verb::Later(days(&[argument])?), rest),
        (plain, rest) => (plain_verb(plain), rest),
    };
    if !super::bulk::is_for_many(&verb) {
        return Err(wrong(format!("`{word}` is answered one by one")));
    }
    match rest {
        [expect, number] if is_expect(&expect.text) => match number.text.parse() {
            Ok(number) => Ok((selector, verb, number)),
            Err(_) => Err(wrong("after `expect` goes the number printed beside the line")),
        },
        _ => Err(form()),
    }
}
