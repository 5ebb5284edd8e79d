//! Hides what may be a secret in a settings text before any of it is shown.
//!
//! Settings name the files of secrets and hold none. People paste them anyway, so the text behind a caret is masked:
//! too much is harmless, too little is not.

/// Words in a key that make its value a secret.
const SECRET_WORDS: [&str; 5] = ["secret", "token", "password", "passwd", "api_key"];

/// Tells whether a value under `key` would be a secret. The keys ending in `_file` name a file.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word)) && !key.ends_with("_file")
}

/// Returns `text` with every possible secret covered, each line as many bytes long as before.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut closer: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let found = secret_start(line);
        let within = closer.is_some();
        if closer.is_none_or(|end| line.contains(end)) {
            // Where a closer could as well open the next secret, it does: too much covered is harmless.
            closer = found.and_then(|(key_end, _)| open_value(&line[key_end..]));
        }
        let from = if within { Some(0) } else { found.map(|(_, value_start)| value_start) };
        cover(line, from.unwrap_or(line.len()), &mut shown);
    }
    shown
}

/// Appends `line` with the bytes from `from` on, and a login within an address, covered.
fn cover(line: &str, from: usize, shown: &mut String) {
    let end = line.trim_end_matches(['\r', '\n']).len();
    let hidden = [url_login(line).filter(|login| login.end <= from), (from < end).then_some(from..end)];
    let mut at = 0;
    for range in hidden.into_iter().flatten() {
        shown.push_str(&line[at..range.start]);
        shown.extend((0..range.len()).map(|i| if i < 3 { '*' } else { ' ' }));
        at = range.end;
    }
    shown.push_str(&line[at..]);
}

/// Returns where the first key of a secret on `line` ends and where its value begins, whatever stands between.
fn secret_start(line: &str) -> Option<(usize, usize)> {
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut at = 0;
    while at < line.len() {
        let Some(start) = line[at..].find(is_key_char).map(|found| at + found) else { break };
        let end = line[start..].find(|c| !is_key_char(c)).map_or(line.len(), |found| start + found);
        let key = &line[start..end];
        let names_file = key.ends_with("_file") && names_a_file(&line[end..]);
        if is_secret_key(key.trim_end_matches("_file")) && !names_file {
            let value = line[end..].trim_start_matches([' ', '\t', '=', ':', '"', '\'']);
            let quotes = line[end..line.len() - value.len()].trim_end_matches(['"', '\'']);
            return Some((end, end + quotes.len()));
        }
        at = if names_file { end_of_text(line, end) } else { end };
    }
    None
}

/// Returns where the quoted text behind `from` ends: no key is looked for within the name of a file.
fn end_of_text(line: &str, from: usize) -> usize {
    let mut quotes = line[from..].match_indices(['"', '\'']);
    quotes.nth(1).map_or(line.len(), |(at, quote)| from + at + quote.len())
}

/// Tells whether what follows a `..._file` key looks like a path, and not like the secret itself.
fn names_a_file(rest: &str) -> bool {
    let value = rest.trim_start_matches([' ', '\t', '=', ':', '"', '\'']);
    value.starts_with('/') || value.starts_with("${")
}

/// Returns what closes the value if it goes on behind this line. `rest` is what follows the key.
fn open_value(rest: &str) -> Option<&'static str> {
    let value = rest.trim_start_matches([' ', '\t', '=', ':']);
    if value.trim().is_empty() {
        // Not TOML, but somebody may have meant the next line as the value.
        return rest.contains(['=', ':']).then_some("\n");
    }
    let pairs = [("\"\"\"", "\"\"\""), ("'''", "'''"), ("[", "]")];
    let (open, close) = pairs.into_iter().find(|(open, _)| value.starts_with(open))?;
    (!value[open.len()..].contains(close)).then_some(close)
}

fn url_login(line: &str) -> Option<std::ops::Range<usize>> {
    let start = line.find("://")? + 3;
    let end = line[start..]
        .find(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .unwrap_or(line.len() - start);
    let at = line[start..start + end].rfind('@')?;
    (at > 0).then(|| start..start + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn assert_masked(text: &str, expected: &str) {
        let shown = masked(text);
        assert_eq!(shown.len(), text.len());
        let trimmed: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n"), expected);
    }

    #[test]
    fn an_inline_secret_is_covered_however_it_is_spelled() {
        assert_masked("client_secret = \"s3cr3t\"", "client_secret = ***");
        assert_masked("  Token=abcdef # mine", "  Token=***");
        assert_masked("\"webhook_secret\": abcdef", "\"webhook_secret\": ***");
        assert_masked("huma = { client_secret = 'abcdef', url = 1 }", "huma = { client_secret = ***");
        assert_masked("xledger.token = abcdef", "xledger.token = ***");
        assert_masked("password hunter2", "password ***");
    }

    #[test]
    fn a_secret_over_several_lines_is_covered_to_its_end() {
        assert_masked("token = \"\"\"abc\ndefghi\n\"\"\"\nurl = 1", "token = ***\n***\n***\nurl = 1");
        assert_masked("token = \"\"\"\ntoken = \"\"\"\nabcdef\"\"\"", "token = ***\n***\n***");
        assert_masked("token =\nabcdef\nurl = 1", "token =\n***\nurl = 1");
        assert_masked("# the API token\nurl = 1", "# the API token\nurl = 1");
        assert_masked("token = [\n\"abcdef\"]\nurl = 1", "token = *\n***\nurl = 1");
    }

    #[test]
    fn the_name_of_a_file_is_shown_and_a_secret_in_its_place_is_not() {
        assert_masked("token_file = \"/run/xledger-token\"", "token_file = \"/run/xledger-token\"");
        assert_masked(
            "token_file = \"${CREDENTIALS_DIRECTORY}/t\"",
            "token_file = \"${CREDENTIALS_DIRECTORY}/t\"",
        );
        assert_masked(
            "{ token_file = \"/run/t\", token = \"abcdef\" }",
            "{ token_file = \"/run/t\", token = ***",
        );
        assert_masked("token_file = \"eyJhbGciOi\"", "token_file = ***");
    }

    #[test]
    fn a_login_in_an_address_is_covered() {
        assert_masked(
            "proxy = \"http://ola:hunter2@proxy:3128\"",
            "proxy = \"http://***        @proxy:3128\"",
        );
    }

    proptest! {
        #[test]
        fn masking_keeps_the_length_of_every_line(text in "(?s)([a-z_=\"'\\[ æ/@:{$]|token|_file|\r?\n|.){0,60}") {
            let shown = masked(&text);
            let lengths = |text: &str| text.split('\n').map(str::len).collect::<Vec<_>>();
            prop_assert_eq!(lengths(&shown), lengths(&text));
        }

        #[test]
        fn no_value_of_a_secret_key_is_left(value in "[A-Za-z0-9+/=.-]{8,40}", key in "[a-z]{0,4}(secret|token)") {
            let text = format!("[huma]\n{key} = \"{value}\"\n");
            prop_assert!(!masked(&text).contains(&value));
        }
    }
}
