//! Three plain people whom both sides agree on, and a world in which their first sync is over.

use super::world::World;
use hxsync::domain::Field;
use hxsync::reconcile::QuestionKind;
use hxsync::sandbox::people::{
    HumaAddress, HumaBankAccount, HumaPerson, HumaPosition, PeopleTruth, Person, Truth, XledgerAddress,
    XledgerPerson,
};
use hxsync::sync::{CycleReport, Reach};
use serde_json::Value;

/// One person's ids on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    pub huma: &'static str,
    pub xledger: i64,
}

pub const KARI: Ids = Ids { huma: "7d0c2a51-0000-4000-8000-000000000001", xledger: 21_001 };
pub const OLA: Ids = Ids { huma: "7d0c2a51-0000-4000-8000-000000000002", xledger: 21_002 };
pub const LIV: Ids = Ids { huma: "7d0c2a51-0000-4000-8000-000000000003", xledger: 21_003 };

/// Kari, Ola and Liv: equal in every field, each side in its own spelling, all 15 fields filled.
pub fn staff() -> Vec<Person> {
    vec![
        plain(KARI, "Kari", "Nordmann", "1042", "86011117947", "Kvinne", "Montør"),
        plain(OLA, "Ola", "Fjeld", "1043", "12345678911", "Mann", "Regnskapsfører"),
        plain(LIV, "Liv", "Haugen", "1044", "15032080119", "Kvinne", "Montør"),
    ]
}

fn plain(
    ids: Ids,
    given: &str,
    family: &str,
    code: &str,
    account: &str,
    gender: &str,
    title: &str,
) -> Person {
    let some = |text: &str| Some(text.to_owned());
    let email = format!("{}.{}@fjordlys.example", given.to_lowercase(), family.to_lowercase());
    let digits = format!("900{code}1");
    let huma = HumaPerson {
        id: ids.huma.into(),
        given_name: given.into(),
        family_name: family.into(),
        email: email.clone(),
        phone: Some(format!("+47 {} {} {}", &digits[..3], &digits[3..5], &digits[5..])),
        birth_date: some("1985-03-14"),
        bank_account: Some(HumaBankAccount::National { number: account.into(), country: "NO".into() }),
        home_address: Some(HumaAddress {
            line1: format!("Storgata {code}"),
            line2: None,
            line3: None,
            postal_code: "0182".into(),
            city: "Oslo".into(),
            country: "NO".into(),
        }),
        gender: some(gender),
        civil_status: some("Married"),
        employment_id: some(code),
        positions: vec![HumaPosition {
            id: ids.huma.replace("7d0c2a51", "90510000"),
            title: title.into(),
            percentage: 100.0,
            contract_type: "Permanent".into(),
            contract_start_date: some("2024-01-01"),
            contract_end_date: None,
            first_day_of_work: some("2024-01-01"),
            probation_end_date: some("2024-07-01"),
            termination_notice_date: some("2031-01-31"),
            last_day_of_work: some("2031-04-30"),
        }],
        ..HumaPerson::default()
    };
    let xledger = XledgerPerson {
        db_id: ids.xledger,
        code: code.into(),
        first_name: given.into(),
        last_name: family.into(),
        email: Some(email),
        phone: Some(digits),
        birthday: some("1985-03-14"),
        bank_account: some(account),
        home_address: Some(XledgerAddress {
            street_address: format!("Storgata {code}"),
            zip_code: "0182".into(),
            place: "Oslo".into(),
            country: "NO".into(),
        }),
        gender: some(if gender == "Mann" { "M" } else { "F" }),
        marital_status: some("Married"),
        position_value: some(title),
        employment_from: some("2024-01-01"),
        trial_to: some("2024-07-01"),
        notice_date: some("2031-01-31"),
        employment_to: some("2031-04-30"),
        ..XledgerPerson::default()
    };
    Person {
        note: String::new(),
        huma: Some(huma),
        xledger: Some(xledger),
        truth: Truth::of(PeopleTruth::Matched),
    }
}

/// How many writes each simulator has carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    pub huma: usize,
    pub xledger: usize,
}

impl World {
    /// A world of [`staff`] in agreement.
    pub async fn settled() -> World {
        World::settled_with(&staff(), "").await
    }

    /// The same with other people or more settings. Everybody must be in agreement.
    pub async fn settled_with(people: &[Person], more: &str) -> World {
        let mut world = World::with_settings(people, more).await;
        world.allow_first_sync().await;
        let report = world.full().await;
        assert_eq!(report.sides, [], "{report:?}");
        assert_eq!((report.in_agreement, report.questions), (people.len() as u64, 0), "{}", world.text());
        world
    }

    /// A value of a person in Huma, under its wire name.
    pub fn in_huma(&self, person: Ids, name: &str) -> Value {
        self.huma.person(person.huma).expect("the person is in Huma")[name].clone()
    }

    /// A value of a person in Xledger, under its plain name.
    pub fn in_xledger(&self, person: Ids, name: &str) -> Value {
        self.xledger.person(person.xledger).expect("the person is in Xledger")[name].clone()
    }

    pub fn writes(&self) -> Writes {
        Writes { huma: self.huma.writes().len(), xledger: self.xledger.writes().len() }
    }

    pub fn audit_rows(&self) -> i64 {
        self.store().read().audit_head().expect("the audit has a head").0
    }

    /// Open questions by kind and field, in the store's order.
    pub fn questions(&self) -> Vec<(QuestionKind, Option<Field>)> {
        let open = self.store().read().open_questions().expect("the questions read");
        let questions = open.into_iter().filter_map(|stored| stored.question);
        questions.map(|question| (question.kind, question.subject.field())).collect()
    }

    /// The states of all fields of all people that are not `agreed`.
    pub fn unsettled(&self) -> Vec<(String, u64)> {
        let counts = self.store().read().state_counts().expect("the states read");
        let others = counts.into_iter().filter(|(state, _)| state.word() != "agreed");
        others.map(|(state, count)| (state.word().to_owned(), count)).collect()
    }

    /// Writes an answer before the only open question's id, saves, and runs the cycle that takes it in.
    pub async fn answer(&mut self, words: &str) -> CycleReport {
        self.write_answer(words).await;
        self.cycle(Reach::Moved).await
    }

    /// Writes an answer before the only open question's id and saves.
    pub async fn write_answer(&mut self, words: &str) {
        self.save(|text| {
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("pending ")).collect();
            let [line] = lines.as_slice() else { panic!("not one question in:\n{text}") };
            text.replacen(line, &line.replacen("pending", words, 1), 1)
        })
        .await;
    }

    /// Shows that nothing is left to do: two more cycles write nothing and add no audit row (P5).
    pub async fn assert_at_rest(&mut self) {
        let (writes, rows) = (self.writes(), self.audit_rows());
        for reach in [Reach::Full, Reach::Moved] {
            let report = self.cycle(reach).await;
            assert_eq!(report.sides, [], "{report:?}");
        }
        assert_eq!(self.writes(), writes, "a later cycle wrote");
        let reader = self.store();
        let more = reader.read().audit_from(rows + 1, 20).expect("the audit reads");
        assert_eq!(self.audit_rows(), rows, "a later cycle added {more:?}");
    }
}
