//! Shows the eye where two values on one line each differ.

use super::text::width;
use similar::{ChangeTag, TextDiff};

/// A line of marks to stand under `second`: `~` under what is another there, `^` where something of `first` is left out.
/// `None` where the two have so little in common that marks would only be noise.
pub(super) fn marks(first: &str, second: &str) -> Option<String> {
    let by_word = TextDiff::from_words(first, second);
    let shares_words = by_word
        .iter_all_changes()
        .any(|change| change.tag() == ChangeTag::Equal && change.value().chars().any(char::is_alphanumeric));
    if shares_words {
        return Some(drawn(by_word.iter_all_changes().map(|change| (change.tag(), change.value()))));
    }
    let by_letter = TextDiff::from_graphemes(first, second);
    let is_near = by_letter.ratio() >= 0.6;
    is_near.then(|| drawn(by_letter.iter_all_changes().map(|change| (change.tag(), change.value()))))
}

fn drawn<'a>(changes: impl Iterator<Item = (ChangeTag, &'a str)>) -> String {
    let mut marks: Vec<char> = Vec::new();
    let mut left_out = Vec::new();
    for (tag, text) in changes {
        match tag {
            ChangeTag::Equal => marks.resize(marks.len() + width(text), ' '),
            ChangeTag::Insert => marks.resize(marks.len() + width(text), '~'),
            ChangeTag::Delete => left_out.push(marks.len()),
        }
    }
    for at in left_out {
        // What replaces a text begins where the text is left out: one mark is enough for both.
        let is_marked =
            [Some(at), at.checked_sub(1)].into_iter().flatten().any(|at| marks.get(at) == Some(&'~'));
        if !is_marked {
            marks.resize(marks.len().max(at + 1), ' ');
            marks[at] = '^';
        }
    }
    marks.into_iter().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_word_is_marked_under_the_second_value() {
        let (huma, xledger) = ("Storgata 5 | 0155 | Oslo", "Storgata 17 | 0155 | Oslo");
        assert_eq!(marks(huma, xledger).unwrap(), "         ~~");
    }

    #[test]
    fn a_word_left_out_is_pointed_at() {
        assert_eq!(marks("Kari Marie Nordmann", "Kari Nordmann").unwrap(), "     ^");
    }

    #[test]
    fn near_single_words_are_compared_by_letter_and_strangers_not_at_all() {
        assert_eq!(marks("Christensen", "Kristensen").unwrap(), "~");
        assert_eq!(marks("Kari", "Ola"), None);
    }
}
