//! Countries: from what a side says (a code or a name) to ISO 3166-1 alpha-2.

use super::text;
use crate::domain::NamedObject;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Folded name → alpha-2, and the codes themselves, of Xledger's own countries.
#[derive(Debug, Clone, Default)]
pub(super) struct Countries {
    codes: HashMap<String, String>,
}

impl Countries {
    pub(super) fn of(catalog: &[NamedObject]) -> Self {
        let mut codes = HashMap::new();
        for object in catalog {
            let Some(code) = object.code.as_deref().map(str::trim).filter(|code| is_code(code)) else {
                continue;
            };
            let code = code.to_ascii_uppercase();
            codes.entry(text::fold(&object.name)).or_insert_with(|| code.clone());
            codes.entry(text::fold(&code)).or_insert(code);
        }
        Countries { codes }
    }

    /// The alpha-2 code, upper-case, of a code in any case or a name in English, in Norwegian or as Xledger lists it.
    pub(super) fn code(&self, country: &str) -> Option<String> {
        let upper = country.trim().to_uppercase();
        let iso = match upper.len() {
            2 => rust_iso3166::from_alpha2(&upper),
            3 => rust_iso3166::from_alpha3(&upper),
            _ => None,
        };
        if let Some(iso) = iso {
            return Some(iso.alpha2.to_owned());
        }
        let folded = text::fold(country);
        self.codes.get(&folded).cloned().or_else(|| NAMES.get(&folded).map(|code| (*code).to_owned()))
    }
}

fn is_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic())
}

/// ISO's English names, and those of [`COMMON`], folded.
static NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let iso = rust_iso3166::ALL_ALPHA2
        .iter()
        .filter_map(|code| rust_iso3166::from_alpha2(code))
        .map(|country| (country.name, country.alpha2));
    iso.chain(COMMON.iter().copied()).map(|(name, code)| (text::fold(name), code)).collect()
});

/// What people write: Norwegian names, and the English ones where ISO's is longer.
const COMMON: &[(&str, &str)] = &[
    ("Norge", "NO"),
    ("Noreg", "NO"),
    ("Sverige", "SE"),
    ("Danmark", "DK"),
    ("Finland", "FI"),
    ("Island", "IS"),
    ("Færøyene", "FO"),
    ("Grønland", "GL"),
    ("Åland", "AX"),
    ("Svalbard", "SJ"),
    ("Tyskland", "DE"),
    ("Frankrike", "FR"),
    ("Spania", "ES"),
    ("Portugal", "PT"),
    ("Italia", "IT"),
    ("Nederland", "NL"),
    ("Netherlands", "NL"),
    ("The Netherlands", "NL"),
    ("Belgia", "BE"),
    ("Luxemburg", "LU"),
    ("Østerrike", "AT"),
    ("Sveits", "CH"),
    ("Polen", "PL"),
    ("Tsjekkia", "CZ"),
    ("Czech Republic", "CZ"),
    ("Slovakia", "SK"),
    ("Ungarn", "HU"),
    ("Romania", "RO"),
    ("Bulgaria", "BG"),
    ("Hellas", "GR"),
    ("Kroatia", "HR"),
    ("Serbia", "RS"),
    ("Bosnia-Hercegovina", "BA"),
    ("Nord-Makedonia", "MK"),
    ("Estland", "EE"),
    ("Latvia", "LV"),
    ("Litauen", "LT"),
    ("Ukraina", "UA"),
    ("Russland", "RU"),
    ("Russia", "RU"),
    ("Hviterussland", "BY"),
    ("Moldova", "MD"),
    ("Irland", "IE"),
    ("Storbritannia", "GB"),
    ("United Kingdom", "GB"),
    ("Great Britain", "GB"),
    ("UK", "GB"),
    ("England", "GB"),
    ("Skottland", "GB"),
    ("Scotland", "GB"),
    ("Wales", "GB"),
    ("USA", "US"),
    ("United States", "US"),
    ("Canada", "CA"),
    ("Mexico", "MX"),
    ("Brasil", "BR"),
    ("Tyrkia", "TR"),
    ("Turkey", "TR"),
    ("Kypros", "CY"),
    ("Marokko", "MA"),
    ("Egypt", "EG"),
    ("Etiopia", "ET"),
    ("Sør-Afrika", "ZA"),
    ("Tanzania", "TZ"),
    ("Iran", "IR"),
    ("Irak", "IQ"),
    ("Syria", "SY"),
    ("Libanon", "LB"),
    ("De forente arabiske emirater", "AE"),
    ("India", "IN"),
    ("Kina", "CN"),
    ("Japan", "JP"),
    ("Sør-Korea", "KR"),
    ("South Korea", "KR"),
    ("Taiwan", "TW"),
    ("Vietnam", "VN"),
    ("Thailand", "TH"),
    ("Filippinene", "PH"),
    ("Singapore", "SG"),
    ("Australia", "AU"),
    ("New Zealand", "NZ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_any_case_and_names_in_both_languages_are_one_country() {
        let countries = Countries::default();
        for norway in ["NO", "no", " No ", "NOR", "Norway", "NORGE", "norge"] {
            assert_eq!(countries.code(norway).as_deref(), Some("NO"), "{norway}");
        }
        assert_eq!(countries.code("østerrike").as_deref(), Some("AT"));
        assert_eq!(countries.code("Atlantis"), None);
        assert_eq!(countries.code(""), None);
        assert_eq!(countries.code("ÅÅ"), None);
    }

    #[test]
    fn xledgers_own_names_are_known() {
        let row = |code: &str, name: &str| NamedObject {
            id: "1".into(),
            code: Some(code.into()),
            name: name.into(),
        };
        let countries = Countries::of(&[row("xk", "Kosovo"), row("4711", "Nowhere")]);
        assert_eq!(countries.code("KOSOVO").as_deref(), Some("XK"));
        assert_eq!(countries.code("xk").as_deref(), Some("XK"));
        assert_eq!(countries.code("Nowhere"), None);
    }

    #[test]
    fn every_common_name_points_at_a_code_of_iso() {
        for (name, code) in COMMON {
            assert!(rust_iso3166::from_alpha2(code).is_some(), "{name}");
        }
    }
}
