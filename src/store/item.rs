//! The short names of questions: drawn at random, easy to read aloud, never used twice.

use super::{StoreError, Writer};

/// Without 0, 1, I, L, O and U, which are taken for others.
const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTVWXYZ";
const SIGNS: &[u8] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
/// `K7Q4`; longer only when hundreds of thousands have been used.
const ITEM_LENGTH: usize = 4;
const TRIES_PER_LENGTH: usize = 24;

impl Writer<'_> {
    /// An item no question has ever had.
    pub(super) fn new_item(&self) -> Result<String, StoreError> {
        let mut taken = self.conn.prepare_cached("SELECT 1 FROM questions WHERE item = ?1")?;
        let mut length = ITEM_LENGTH;
        loop {
            for _ in 0..TRIES_PER_LENGTH {
                let item = spell(&self.draw.borrow_mut().bytes(), length);
                // A digit in it: no item is a word.
                if item.bytes().any(|sign| sign.is_ascii_digit()) && !taken.exists([&item])? {
                    return Ok(item);
                }
            }
            length += 1;
        }
    }
}

/// A letter first, then letters and digits.
fn spell(bytes: &[u8; 16], length: usize) -> String {
    let sign = |i: usize| {
        let signs = if i == 0 { LETTERS } else { SIGNS };
        signs[usize::from(bytes[i % bytes.len()]) % signs.len()] as char
    };
    (0..length).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{RecordId, Side, XledgerId};
    use crate::reconcile::{Question, QuestionKind, Shown, Subject};
    use std::collections::BTreeSet;

    #[test]
    fn items_are_four_unmistakable_signs_a_letter_first_a_digit_among_them_and_never_the_same() {
        let mut case = case();
        let items: BTreeSet<String> = case
            .store
            .write(|tx| {
                (0..2_000)
                    .map(|number| {
                        let question = Question {
                            kind: QuestionKind::Vanished,
                            subject: Subject::Record(RecordId::Xledger(XledgerId(number))),
                            person: "somebody".into(),
                            shown: Shown::Vanished { side: Side::Huma, first_missing_at: at(0) },
                        };
                        Ok(tx.ask(&question, "aa", at(1), 1)?.item)
                    })
                    .collect()
            })
            .unwrap();
        assert_eq!(items.len(), 2_000);
        for item in items {
            assert_eq!(item.len(), ITEM_LENGTH, "{item}");
            assert!(item.starts_with(|sign: char| sign.is_ascii_uppercase()), "{item}");
            assert!(item.bytes().any(|sign| sign.is_ascii_digit()), "{item}");
            assert!(!item.contains(['0', '1', 'O', 'I', 'L', 'U']), "{item}");
        }
    }
}
