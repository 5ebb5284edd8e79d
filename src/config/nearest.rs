//! The word somebody probably meant.

/// Returns the candidate closest to `word`, or `None` if none is close enough to be worth offering.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let longest = word.chars().count();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= longest.max(candidate.chars().count()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns `words` as a sentence part: "`ask`, `always` or `never`".
pub(super) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    let last = quoted.pop().unwrap_or_default();
    if quoted.is_empty() { last } else { format!("{} or {last}", quoted.join(", ")) }
}

/// Returns "Write `a`, `b` or `c`."
pub(super) fn write_one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    format!("Write {}.", listed(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_word_and_another_word_finds_none() {
        let keys = ["url", "client_id", "client_secret_file"];
        assert_eq!(nearest("cleint_id", keys), Some("client_id"));
        assert_eq!(nearest("URL", keys), Some("url"));
        assert_eq!(nearest("client_secret_fil", keys), Some("client_secret_file"));
        assert_eq!(nearest("fone", ["email", "phone"]), Some("phone"));
        assert_eq!(nearest("banana", keys), None);
    }

    #[test]
    fn words_are_listed_as_people_say_them() {
        assert_eq!(listed(["ask"]), "`ask`");
        assert_eq!(listed(["ask", "always", "never"]), "`ask`, `always` or `never`");
    }
}
