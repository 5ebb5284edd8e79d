//! The two languages of the file: the words of the answers, and the one place that picks between phrases.

use crate::domain::Field;
use crate::reconcile::{QuestionKind, Verb};

/// `[resolutions] language`. Answers are read in both whatever is set; only what is printed depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Norwegian,
}

impl Language {
    pub(super) fn pick<'a>(self, english: &'a str, norwegian: &'a str) -> &'a str {
        match self {
            Language::English => english,
            Language::Norwegian => norwegian,
        }
    }

    /// The printed form of an answer's English word.
    pub fn word(self, english: &'static str) -> &'static str {
        match self {
            Language::English => english,
            Language::Norwegian => {
                WORDS.iter().find(|(word, _)| *word == english).map_or(english, |(_, norwegian)| norwegian)
            }
        }
    }
}

/// English and Norwegian, in the order of the grammar.
const WORDS: [(&str, &str); 16] = [
    ("pending", "venter"),
    ("huma", "huma"),
    ("xledger", "xledger"),
    ("base", "forrige"),
    ("value", "verdi"),
    ("clear", "tom"),
    ("later", "senere"),
    ("differ", "ulike"),
    ("create-xledger", "opprett-xledger"),
    ("create-huma", "opprett-huma"),
    ("link", "koble"),
    ("ignore", "overse"),
    ("left", "sluttet"),
    ("still-here", "fortsatt-her"),
    ("allow", "tillat"),
    ("reject", "avvis"),
];

/// The English word for a written one, whatever its case and language.
pub(super) fn verb_word(written: &str) -> Option<&'static str> {
    WORDS
        .iter()
        .find(|(english, norwegian)| {
            written.eq_ignore_ascii_case(english) || written.eq_ignore_ascii_case(norwegian)
        })
        .map(|(english, _)| *english)
}

/// Every word a line may begin with.
pub(super) fn first_words() -> impl Iterator<Item = &'static str> {
    let both = WORDS.iter().map(|(english, _)| *english).chain(WORDS.iter().map(|(_, norwegian)| *norwegian));
    both.chain(["all", "alle"])
}

pub(super) fn is_all(written: &str) -> bool {
    written.eq_ignore_ascii_case("all") || written.eq_ignore_ascii_case("alle")
}

pub(super) fn is_expect(written: &str) -> bool {
    written.eq_ignore_ascii_case("expect") || written.eq_ignore_ascii_case("antall")
}

/// An answer as it is quoted: its word and argument, a typed value left out.
pub(super) fn verb_text(verb: &Verb, language: Language) -> String {
    let word = language.word(verb.word());
    match verb {
        Verb::Later(days) => format!("{word} {days}d"),
        Verb::Allow(count) => format!("{word} {count}"),
        Verb::Link(id) => format!("{word} {id}"),
        Verb::Value(_) => format!("{word} …"),
        Verb::Pending
        | Verb::Huma
        | Verb::Xledger
        | Verb::Base
        | Verb::Clear
        | Verb::Differ
        | Verb::CreateXledger
        | Verb::CreateHuma
        | Verb::Ignore
        | Verb::Left
        | Verb::StillHere
        | Verb::Reject => word.to_owned(),
    }
}

/// What a kind takes, for a refusal: `huma, xledger, value, clear, differ or later`.
pub(super) fn taken_words(kind: QuestionKind) -> String {
    format!("{} or later", Verb::words_for(kind).join(", "))
}

/// The heading of a kind's section.
pub(super) fn heading(kind: QuestionKind, language: Language) -> &'static str {
    match kind {
        QuestionKind::FirstSync => language.pick("first sync", "første synkronisering"),
        QuestionKind::Conflict => language.pick("edited on both sides", "endret på begge sider"),
        QuestionKind::Difference => language.pick("different from the start", "forskjellige fra starten av"),
        QuestionKind::Divergence => {
            language.pick("different without an edit we saw", "forskjellige uten en endring vi så")
        }
        QuestionKind::Missing => language.pick("missing on one side", "mangler på én side"),
        QuestionKind::Clear => language.pick("emptied on one side", "tømt på én side"),
        QuestionKind::Confirm => {
            language.pick("to confirm before it is carried over", "bekreftes før det føres over")
        }
        QuestionKind::Flap => {
            language.pick("rewritten again and again by two writers", "skrives om igjen og igjen av to")
        }
        QuestionKind::OnlyHuma => language.pick("only in Huma", "bare i Huma"),
        QuestionKind::OnlyXledger => language.pick("only in Xledger", "bare i Xledger"),
        QuestionKind::Match => language.pick("who is this?", "hvem er dette?"),
        QuestionKind::Vanished => language.pick("gone from one side", "borte fra én side"),
        QuestionKind::Held => language.pick("held by a limit", "holdt av en grense"),
    }
}

/// The name of a field in the file.
pub(super) fn field_words(field: Field, language: Language) -> &'static str {
    let norwegian = match field {
        Field::GivenName => "fornavn",
        Field::FamilyName => "etternavn",
        Field::Email => "e-post",
        Field::Phone => "telefon",
        Field::BirthDate => "fødselsdato",
        Field::BankAccount => "bankkonto",
        Field::Address => "adresse",
        Field::Gender => "kjønn",
        Field::CivilStatus => "sivilstand",
        Field::EmploymentId => "ansattnummer",
        Field::JobTitle => "stilling",
        Field::FirstDayOfWork => "første arbeidsdag",
        Field::ProbationEndDate => "slutt på prøvetid",
        Field::TerminationNoticeDate => "oppsigelsesdato",
        Field::LastDayOfWork => "siste arbeidsdag",
    };
    language.pick(field.words(), norwegian)
}

/// What a section's answers do, said once under its heading. The page's own heading explains those of a conflict.
pub(super) fn section_help(kind: QuestionKind, language: Language) -> &'static str {
    match (kind, language) {
        (QuestionKind::Conflict, _) => "",
        (QuestionKind::FirstSync, Language::English) => {
            "Nothing has been written on either side. The other questions may be answered in the same save, or later."
        }
        (QuestionKind::FirstSync, Language::Norwegian) => {
            "Ingenting er skrevet på noen av sidene. De andre spørsmålene kan besvares i samme lagring, eller senere."
        }
        (QuestionKind::Difference | QuestionKind::Divergence, Language::English) => {
            "huma or xledger: that side's value in both; value \"...\"; clear empties both; differ leaves both as they are."
        }
        (QuestionKind::Difference | QuestionKind::Divergence, Language::Norwegian) => {
            "huma eller xledger: den sidens verdi i begge; verdi \"...\"; tom tømmer begge; ulike lar begge stå."
        }
        (QuestionKind::Missing, Language::English) => {
            "huma or xledger: the side that has it fills the other; value \"...\" sets both; differ leaves it."
        }
        (QuestionKind::Missing, Language::Norwegian) => {
            "huma eller xledger: siden som har den fyller den andre; verdi \"...\" setter begge; ulike lar det stå."
        }
        (QuestionKind::Clear, Language::English) => {
            "clear empties both; the side that still has it, or base, puts it back; differ leaves both as they are."
        }
        (QuestionKind::Clear, Language::Norwegian) => {
            "tom tømmer begge; siden som fortsatt har den, eller forrige, setter den tilbake; ulike lar begge stå."
        }
        (QuestionKind::Confirm, Language::English) => {
            "The side that was edited: carry it over. The other side: put it back there. differ leaves both as they are."
        }
        (QuestionKind::Confirm, Language::Norwegian) => {
            "Siden som ble endret: før det over. Den andre siden: sett den tilbake. ulike lar begge stå."
        }
        (QuestionKind::Flap, Language::English) => {
            "Held until answered: huma, xledger, base, value \"...\", clear or differ."
        }
        (QuestionKind::Flap, Language::Norwegian) => {
            "Holdt til det er besvart: huma, xledger, forrige, verdi \"...\", tom, ulike."
        }
        (QuestionKind::OnlyHuma, Language::English) => {
            "create-xledger: make this person there with the values shown. link A: the same person as A (or an id of Xledger). ignore: leave them out from here on."
        }
        (QuestionKind::OnlyHuma, Language::Norwegian) => {
            "opprett-xledger: lag personen der med verdiene som vises. koble A: samme person som A (eller en id i Xledger). overse: hold dem utenfor."
        }
        (QuestionKind::OnlyXledger, Language::English) => {
            "create-huma: make this person there with the values shown. link A: the same person as A (or an id of Huma). ignore: leave them out from here on."
        }
        (QuestionKind::OnlyXledger, Language::Norwegian) => {
            "opprett-huma: lag personen der med verdiene som vises. koble A: samme person som A (eller en id i Huma). overse: hold dem utenfor."
        }
        (QuestionKind::Match, Language::English) => {
            "link A: the same person as A (or an id of the other side). ignore: leave them out from here on."
        }
        (QuestionKind::Match, Language::Norwegian) => {
            "koble A: samme person som A (eller en id på den andre siden). overse: hold dem utenfor."
        }
        (QuestionKind::Vanished, Language::English) => {
            "left: close the link, write nothing. still-here: keep it, look again in 30 days."
        }
        (QuestionKind::Vanished, Language::Norwegian) => {
            "sluttet: lukk koblingen, skriv ingenting. fortsatt-her: behold, se igjen om 30 dager."
        }
        (QuestionKind::Held, _) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_read_in_both_languages_and_any_case() {
        for (english, norwegian) in WORDS {
            assert_eq!(verb_word(&english.to_uppercase()), Some(english));
            assert_eq!(verb_word(norwegian), Some(english));
            assert!(norwegian.is_ascii());
        }
        assert_eq!(verb_word("hmua"), None);
    }

    #[test]
    fn every_verb_a_kind_takes_has_a_word() {
        for kind in QuestionKind::ALL {
            for word in Verb::words_for(kind) {
                assert_eq!(verb_word(word), Some(*word));
            }
        }
    }
}
