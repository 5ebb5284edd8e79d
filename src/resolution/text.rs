//! Text on one line: escaping, width, wrapping, and what an admin wrote.

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_width::UnicodeWidthChar;

/// The widest generated line, in terminal columns.
pub(super) const COLUMNS: usize = 78;

/// Text an admin wrote, or a sentence that quotes it. It may hold a personal value: never printed by `{:?}` (P10).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdminText(pub String);

impl fmt::Debug for AdminText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminText(…)")
    }
}

/// Makes any text fit for one line after `#`: control characters, line breaks, bidirectional and other invisible
/// characters become `\u{202e}`, a backslash becomes `\\`. [`unescape`] is its inverse.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            c if is_unsafe(c) => escaped.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Characters that break a line, move the cursor, reorder text or cannot be seen. A no-break space is not among them: it
/// reads as the space it looks like.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Reads `\u{202e}`, `\\` and `\"` back; any other backslash stands for itself.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (c, used) = match after.chars().next() {
            Some(c @ ('\\' | '"')) => (c, 1),
            Some('u') => code_point(after).unwrap_or(('\\', 0)),
            Some(_) | None => ('\\', 0),
        };
        plain.push(c);
        rest = &after[used..];
    }
    plain.push_str(rest);
    plain
}

/// `u{202e}` at the start of the text: the character and how many bytes it took.
fn code_point(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("u{")?;
    let end = digits.find('}').filter(|end| (1..=6).contains(end))?;
    let c = u32::from_str_radix(&digits[..end], 16).ok().and_then(char::from_u32)?;
    Some((c, end + 3))
}

/// Columns, character by character: the same sum that breaking a line goes by.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Pads on the right to a width in columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks a text into lines of at most `first` and then `next` columns, at blanks where there are any.
pub(super) fn wrap(text: &str, first: usize, next: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let room = if lines.is_empty() { first } else { next };
        if width(rest) <= room {
            lines.push(rest.to_owned());
            return lines;
        }
        let (mut used, mut end, mut blank) = (0, 0, None);
        for (at, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            if used > room {
                // A blank just past the edge is where the line ends without it.
                blank = if c == ' ' { Some(at) } else { blank };
                break;
            }
            end = at + c.len_utf8();
            blank = if c == ' ' && at > 0 { Some(at) } else { blank };
        }
        // One character is always taken, so that a room too small for it cannot loop for ever.
        let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
        let cut = blank.filter(|at| !rest[..*at].trim().is_empty()).unwrap_or(end);
        lines.push(rest[..cut].trim_end_matches(' ').to_owned());
        rest = rest[cut..].trim_start_matches(' ');
        if rest.is_empty() {
            return lines;
        }
    }
}

/// `A` to `Z`, then `AA`: the label a candidate is linked by.
pub(super) fn short_label(index: usize) -> String {
    // The remainder is below 26.
    let letter = char::from(b'A' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", short_label(more - 1)),
    }
}

/// Cuts a quoted line to a length an answer can show.
pub(super) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < columns
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// The word nearest to what was written, if one is near at all.
pub(super) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word longer than any of ours is near none; comparing it would cost its length squared.
    if written.is_empty() || written.len() > 64 {
        return None;
    }
    let written = written.to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bidirectional_and_control_characters_are_shown_by_number() {
        assert_eq!(escape("a\u{202e}b\nc\u{2028}"), "a\\u{202e}b\\u{a}c\\u{2028}");
        assert_eq!(escape("Bjørn Åse"), "Bjørn Åse");
    }

    #[test]
    fn a_long_text_breaks_at_blanks_and_a_long_word_where_it_must() {
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3, 4), ["abc", "defg", "h"]);
        assert_eq!(wrap("", 3, 3), [""]);
    }

    #[test]
    fn labels_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52].map(short_label), ["A", "Z", "AA", "AZ", "BA"]);
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("hmua", ["huma", "xledger"]), Some("huma"));
        assert_eq!(nearest("banana", ["huma", "xledger"]), None);
    }

    proptest! {
        #[test]
        fn escaping_is_undone_and_leaves_one_line(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.chars().any(is_unsafe));
            prop_assert_eq!(unescape(&escaped), text);
        }

        #[test]
        fn wrapping_keeps_every_word_and_the_room(text in "[a-zæøå中 ]{0,200}", first in 2usize..40, next in 2usize..40) {
            let lines = wrap(&text, first, next);
            let squeezed = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeezed(&lines.concat()), squeezed(&text));
            for (index, line) in lines.iter().enumerate() {
                let room = if index == 0 { first } else { next };
                prop_assert!(width(line) <= room);
            }
        }
    }
}
