//! What is wrong with a settings file: every mistake at once, each with its place and what to do next.
//!
//! **Invariant:** the text kept here is [`mask`](super::mask)ed, so neither `Debug` nor [`SettingsErrors::render`]
//! can show a secret that somebody wrote into the file.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::mask::masked;

/// One mistake in the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The setting, for example `sync.full`; empty where the text is not TOML.
    pub key: String,
    /// What is wrong, one sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub next: String,
    /// Bytes of the file; `None` where a whole section is absent.
    pub(super) span: Option<Range<usize>>,
}

/// All mistakes of one settings file, in the order of the file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsErrors {
    file: String,
    masked_text: String,
    errors: Vec<SettingsError>,
}

impl SettingsErrors {
    pub(super) fn new(file: &str, text: &str, mut errors: Vec<SettingsError>) -> SettingsErrors {
        errors.sort_by_key(|error| error.span.as_ref().map_or(usize::MAX, |span| span.start));
        SettingsErrors { file: file.to_owned(), masked_text: masked(text), errors }
    }

    pub fn iter(&self) -> impl Iterator<Item = &SettingsError> {
        self.errors.iter()
    }

    /// Returns line and column of `error`, both counted from 1, the column in characters.
    pub fn place(&self, error: &SettingsError) -> Option<(usize, usize)> {
        let before = self.masked_text.get(..error.span.as_ref()?.start)?;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }

    /// Returns the whole report for a terminal or a journal: each mistake with its line, a caret and the next step.
    pub fn render(&self) -> String {
        let reports: Vec<String> = self.errors.iter().map(|error| self.render_one(error)).collect();
        reports.join("\n\n") + "\n"
    }

    fn render_one(&self, error: &SettingsError) -> String {
        let next = Level::HELP.with_name("next").message(error.next.as_str());
        let title = Level::ERROR.primary_title(error.what.as_str());
        let group = match &error.span {
            Some(span) => title
                .element(
                    Snippet::source(self.masked_text.as_str())
                        .path(self.file.as_str())
                        .annotation(AnnotationKind::Primary.span(self.one_line(span))),
                )
                .element(next),
            None => title.element(Origin::path(self.file.as_str())).element(next),
        };
        // Covered secrets leave blanks at the end of their lines.
        let shown = Renderer::plain().render(&[group]);
        shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The part of `span` on its first line: a caret is for finding the place, not for quoting all of it.
    fn one_line(&self, span: &Range<usize>) -> Range<usize> {
        let rest = self.masked_text.get(span.clone()).unwrap_or_default();
        let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
        span.start..span.start + length
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.errors.len() == 1 { "" } else { "s" };
        write!(f, "{} mistake{plural} in the settings file {}", self.errors.len(), self.file)
    }
}

impl std::error::Error for SettingsErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str, spans: &[Option<Range<usize>>]) -> SettingsErrors {
        let one = |span: &Option<Range<usize>>| SettingsError {
            key: "a".to_owned(),
            what: "`a` is odd".to_owned(),
            next: "Make it even.".to_owned(),
            span: span.clone(),
        };
        SettingsErrors::new("x.toml", text, spans.iter().map(one).collect())
    }

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let found = errors("a = 1\næøå = 2\n", &[Some(6..12)]);
        assert_eq!(found.place(&found.errors[0]), Some((2, 1)));
        let found = errors("æøå = 2\n", &[Some(9..10)]);
        assert_eq!(found.place(&found.errors[0]), Some((1, 7)));
        assert!(found.render().contains("x.toml:1:7"), "{}", found.render());
    }

    #[test]
    fn mistakes_come_in_the_order_of_the_file_and_absent_sections_last() {
        let found = errors("a = 1\nb = 2\n", &[None, Some(6..7), Some(0..1)]);
        let starts: Vec<_> = found.iter().map(|error| error.span.clone().map(|span| span.start)).collect();
        assert_eq!(starts, [Some(0), Some(6), None]);
        assert_eq!(found.to_string(), "3 mistakes in the settings file x.toml");
    }

    #[test]
    fn a_span_over_several_lines_is_shown_on_its_first() {
        let found = errors("a = [\n 1,\n 2\n]\n", &[Some(4..14)]);
        assert_eq!(
            found.render(),
            "error: `a` is odd\n --> x.toml:1:5\n  |\n1 | a = [\n  |     ^\n  |\n  = next: Make it even.\n"
        );
    }
}
