//! One line of the file: bytes to text, text to words.

use super::text::unescape;

/// One line without its end.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RawLine {
    /// From 1.
    pub number: usize,
    pub text: String,
    /// The bytes were no UTF-8; each was read as the Latin-1 character it then must be.
    pub is_latin_1: bool,
}

/// Cuts a file into lines: LF, CRLF or CR; a byte order mark is dropped.
pub(super) fn lines(bytes: &[u8]) -> Vec<RawLine> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Vec::new();
    for by_lf in bytes.split(|byte| *byte == b'\n') {
        let by_lf = by_lf.strip_suffix(b"\r").unwrap_or(by_lf);
        for line in by_lf.split(|byte| *byte == b'\r') {
            let (text, is_latin_1) = match std::str::from_utf8(line) {
                Ok(text) => (text.to_owned(), false),
                Err(_) => (line.iter().map(|byte| char::from(*byte)).collect(), true),
            };
            lines.push(RawLine { number: lines.len() + 1, text, is_latin_1 });
        }
    }
    lines
}

/// Tabs, no-break spaces and their like are blanks.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// One word of an answer, or one quoted text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub is_quoted: bool,
    /// Where it stands in the line, in bytes, quotes included.
    pub start: usize,
    pub end: usize,
}

/// The words of a line up to its comment.
pub(super) struct Words {
    pub words: Vec<Word>,
    /// Where the comment begins, or the line's length.
    pub end: usize,
    /// A quote was opened and not closed.
    pub is_open: bool,
}

pub(super) fn words(line: &str) -> Words {
    let mut found = Words { words: Vec::new(), end: line.len(), is_open: false };
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        if is_blank(c) {
            at += c.len_utf8();
            continue;
        }
        if c == '#' {
            found.end = at;
            return found;
        }
        // A quote inside a word, as in O"Hara, is a character like any other.
        let (text, is_quoted, end) = match closers(c) {
            Some(closers) => match closing(line, at + c.len_utf8(), closers) {
                Some((inner, end)) => (unescape(&line[at + c.len_utf8()..inner]), true, end),
                None => {
                    found.is_open = true;
                    (line[at..].to_owned(), false, line.len())
                }
            },
            None => {
                let end = line[at..].find(|c| is_blank(c) || c == '#').map_or(line.len(), |more| at + more);
                (line[at..end].to_owned(), false, end)
            }
        };
        found.words.push(Word { text, is_quoted, start: at, end });
        at = end;
    }
    found
}

const STRAIGHT: &[char] = &['"'];
const CURLY: &[char] = &['“', '”', '„', '‟', '"'];
const RIGHT_GUILLEMET: &[char] = &['»'];
const LEFT_GUILLEMET: &[char] = &['«'];

/// What closes a quote that begins with this character.
fn closers(c: char) -> Option<&'static [char]> {
    match c {
        '"' => Some(STRAIGHT),
        '“' | '”' | '„' | '‟' => Some(CURLY),
        '«' => Some(RIGHT_GUILLEMET),
        '»' => Some(LEFT_GUILLEMET),
        _ => None,
    }
}

/// Where the quoted text ends, and where the word ends. A closing quote is followed by a blank, a comment or nothing, so that
/// a value may have quotes inside. Some editors curl only one of the two: any quote closes what its own kind does not.
fn closing(line: &str, from: usize, closers: &[char]) -> Option<(usize, usize)> {
    let find = |accepted: &dyn Fn(char) -> bool| {
        let mut is_escaped = false;
        for (more, c) in line[from..].char_indices() {
            let (at, end) = (from + more, from + more + c.len_utf8());
            let ends = line[end..].chars().next().is_none_or(|next| is_blank(next) || next == '#');
            if !is_escaped && ends && accepted(c) {
                return Some((at, end));
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        None
    };
    find(&|c| closers.contains(&c)).or_else(|| find(&|c| CURLY.contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<String> {
        words(line).words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn blanks_of_every_sort_part_words_and_a_comment_ends_them() {
        assert_eq!(texts("\u{a0}huma\t K7Q4.9f2c1a07 # x \"y"), ["huma", "K7Q4.9f2c1a07"]);
        assert_eq!(texts("huma K7Q4.9f2c1a07#x"), ["huma", "K7Q4.9f2c1a07"]);
    }

    #[test]
    fn quotes_straight_curly_and_norwegian_hold_blanks_and_hashes() {
        for line in ["\"a # b\" c", "“a # b” c", "”a # b” c", "„a # b“ c", "«a # b» c", "\"a # b” c"]
        {
            assert_eq!(texts(line), ["a # b", "c"], "{line}");
        }
        assert_eq!(texts("\"Kafé \"Sol\"\" x"), ["Kafé \"Sol\"", "x"]);
        assert_eq!(texts(r#""a\" b" x"#), ["a\" b", "x"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told() {
        assert!(words("value \"abc K7Q4.9f2c1a07").is_open);
        assert!(!words("value O\"Hara").is_open);
    }

    #[test]
    fn line_ends_a_byte_order_mark_and_latin_1_are_read() {
        let found = lines(b"\xef\xbb\xbfa\r\nb\rc\nd\xf8");
        let texts: Vec<_> = found.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c", "dø"]);
        assert_eq!(found.iter().map(|line| line.is_latin_1).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!(found[3].number, 4);
    }

    proptest! {
        #[test]
        fn no_line_makes_the_words_panic_or_overlap(line in any::<String>()) {
            let found = words(&line);
            for pair in found.words.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
        }
    }
}
