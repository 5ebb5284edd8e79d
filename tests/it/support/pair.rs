//! One pair of records with its base, and what becomes of a plan for it: the far end of a cycle, in memory.

use super::text::{self, lenses};
use hxsync::config::FieldPolicy;
use hxsync::domain::record::{About, PositionStatus};
use hxsync::domain::{
    Field, FieldMap, FieldSet, HumaAbout, HumaId, Lenses, LinkId, MainPosition, Positions, Reading, Record,
    RecordId, Side, XledgerAbout, XledgerId,
};
use hxsync::reconcile::pair::{AnswerState, MoveWhy, PairInput, PairPlan, Terms, base_of, reconcile_pair};
use hxsync::reconcile::{
    Agreed, Change, Decision, FieldStanding, FingerprintKey, PairBase, Parked, Question, StateMark, Verb,
    Who, Why, WriteMark,
};
use jiff::{SignedDuration, Timestamp};

/// What one write came to on the side it was made on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    Written,
    /// The side said no.
    Refused,
    /// Huma took it as a request that waits for the person.
    Requested,
    /// It was taken and reads back as this.
    As(String),
    /// The side did not answer: nothing is known, nothing moves.
    Lost,
}

pub struct Pair {
    pub lenses: Lenses,
    pub huma: Record,
    pub xledger: Record,
    pub base: PairBase,
    pub policies: FieldMap<FieldPolicy>,
    pub excluded: bool,
    pub excluded_fields: FieldSet,
    pub shared: FieldSet,
    pub id_taken: bool,
    pub frozen: FieldSet,
    pub circumstances: String,
    pub now: Timestamp,
}

pub const KEY: FingerprintKey = FingerprintKey([7; 32]);
pub const LINK: LinkId = LinkId(1);

/// Who answers in these tests.
pub fn kari() -> Who {
    Who::User { name: "kari".into(), certain: true }
}

/// 2026-11-23 09:00 in Oslo.
pub fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

pub fn main_position(id: &str) -> Positions {
    Positions::Main(MainPosition { id: id.into(), status: PositionStatus::Current })
}

impl Pair {
    /// Both records empty, under the position `p1`, with no base.
    pub fn new() -> Pair {
        let record = |id: RecordId, about: About| Record {
            id,
            fields: FieldMap::default(),
            locked: Default::default(),
            about,
        };
        let about = HumaAbout { active: true, positions: main_position("p1"), ..HumaAbout::default() };
        Pair {
            lenses: lenses(),
            huma: record(RecordId::Huma(HumaId("h1".into())), About::Huma(about)),
            xledger: record(RecordId::Xledger(XledgerId(501)), About::Xledger(XledgerAbout::default())),
            base: PairBase { position: Some("p1".into()), ..PairBase::default() },
            policies: FieldMap::from_fn(|field| FieldPolicy::default_for(field.name())),
            excluded: false,
            excluded_fields: FieldSet::default(),
            shared: FieldSet::default(),
            id_taken: false,
            frozen: FieldSet::default(),
            circumstances: "then".into(),
            now: now(),
        }
    }

    pub fn about(&mut self) -> &mut HumaAbout {
        match &mut self.huma.about {
            About::Huma(about) => about,
            About::Xledger(_) => unreachable!("Huma's record"),
        }
    }

    pub fn record(&mut self, side: Side) -> &mut Record {
        match side {
            Side::Huma => &mut self.huma,
            Side::Xledger => &mut self.xledger,
        }
    }

    pub fn reading(&self, side: Side, field: Field) -> &Reading {
        match side {
            Side::Huma => &self.huma.fields[field],
            Side::Xledger => &self.xledger.fields[field],
        }
    }

    pub fn set(&mut self, side: Side, field: Field, value: &str) {
        self.record(side).fields[field] = text::reading(field, side, value);
    }

    /// A base of two values; `agreed` says what both sides last agreed on, where that is something else.
    pub fn set_base(
        &mut self,
        field: Field,
        huma: &str,
        xledger: &str,
        standing: FieldStanding,
        agreed: Option<(&str, &str)>,
    ) {
        let at = self.now - SignedDuration::from_hours(48);
        let value = |side: Side, value: &str| text::reading(field, side, value);
        let (huma, xledger) = (value(Side::Huma, huma), value(Side::Xledger, xledger));
        let mut base = base_of(field, &huma, &xledger, standing, None, &self.lenses, at, 1);
        if let Some((huma, xledger)) = agreed {
            base.agreed = Some(Agreed {
                huma: value(Side::Huma, huma).value().cloned(),
                xledger: value(Side::Xledger, xledger).value().cloned(),
                at,
            });
        }
        self.base.fields[field] = Some(base);
    }

    pub fn plan(&self, decisions: &[(Field, Decision)]) -> PairPlan {
        let input = PairInput {
            link: LINK,
            base: &self.base,
            huma: &self.huma,
            huma_at: self.now,
            xledger: &self.xledger,
            xledger_at: self.now,
            excluded: self.excluded,
            excluded_fields: self.excluded_fields,
            shared: self.shared,
            id_taken: self.id_taken,
            decisions,
        };
        let terms = Terms {
            lenses: &self.lenses,
            policies: &self.policies,
            circumstances: &self.circumstances,
            key: &KEY,
            now: self.now,
            cycle: 2,
            frozen: self.frozen,
        };
        reconcile_pair(&input, &terms)
    }

    /// The question the pair has about a field as it stands.
    pub fn question(&self, field: Field) -> Option<Question> {
        self.plan(&[]).questions.into_iter().find(|question| question.subject.field() == Some(field))
    }

    /// Carries a plan out: every write lands as `landing` says, and the base follows what is read back.
    pub fn apply(&mut self, plan: &PairPlan, landing: &Landing) {
        for moved in &plan.moves {
            self.base.fields[moved.field] = Some(moved.base.clone());
            self.base.parked[moved.field] = None;
        }
        for field in Field::ALL {
            let changes: Vec<&Change> = plan.changes.iter().filter(|change| change.field == field).collect();
            if !changes.is_empty() {
                self.land(field, &changes, landing);
            }
        }
        if let Some(position) = &plan.position {
            self.base.position = Some(position.clone());
        }
        for (field, state) in plan.states.iter() {
            if self.base.states[field].as_ref().is_none_or(|mark| mark.state != *state) {
                self.base.states[field] = Some(StateMark { state: *state, since: self.now });
            }
        }
    }

    fn land(&mut self, field: Field, changes: &[&Change], landing: &Landing) {
        let standing = match landing {
            Landing::Lost => return,
            Landing::Refused => {
                let change = changes[0];
                self.base.parked[field] = Some(Parked {
                    side: change.side,
                    huma: self.huma.fields[field].clone(),
                    xledger: self.xledger.fields[field].clone(),
                    circumstances: self.circumstances.clone(),
                    words: "no".into(),
                    at: self.now,
                });
                return;
            }
            Landing::Written => {
                self.write(field, changes);
                FieldStanding::Agreed
            }
            Landing::Requested => {
                for change in changes {
                    assert_eq!((change.side, field), (Side::Huma, Field::Email), "only Huma's e-mail waits");
                    self.about().requested_email = change.to.as_ref().map(text::shown);
                }
                FieldStanding::Waiting
            }
            Landing::As(value) => {
                self.write(field, changes);
                for change in changes {
                    self.set(change.side, field, value);
                }
                FieldStanding::NotAccepted
            }
        };
        let old = self.base.fields[field].clone();
        let base = base_of(
            field,
            &self.huma.fields[field],
            &self.xledger.fields[field],
            standing,
            old.as_ref(),
            &self.lenses,
            self.now,
            2,
        );
        self.base.fields[field] = Some(base);
        self.base.parked[field] = None;
    }

    fn write(&mut self, field: Field, changes: &[&Change]) {
        for change in changes {
            assert_eq!(self.reading(change.side, field), &change.from, "P1: what is replaced was seen");
            let replaced =
                change.from.value().map(|value| self.lenses.read(field, change.side, value).canonical);
            self.base.writes[field].push(WriteMark { at: self.now, side: change.side, replaced });
            self.record(change.side).fields[field] = change.to.clone().into();
            if change.why == Why::Created(Side::Huma) || field == Field::JobTitle {
                self.make_position(change.side);
            }
        }
    }

    fn make_position(&mut self, side: Side) {
        if side == Side::Huma && self.about().positions == Positions::None {
            self.about().positions = main_position("made");
        }
    }
}

/// An answer given to what the pair asks about a field.
pub fn decision(question: &Question, verb: Verb) -> Decision {
    Decision {
        resolution: 1,
        item: "K7Q4".into(),
        fingerprint: KEY.of(question),
        kind: question.kind,
        verb,
        who: kari(),
    }
}

/// `value +47 900 11 222`, `later 7`, `differ`, …
pub fn verb(words: &str) -> Verb {
    let (word, argument) = words.split_once(' ').unwrap_or((words, ""));
    match word {
        "pending" => Verb::Pending,
        "huma" => Verb::Huma,
        "xledger" => Verb::Xledger,
        "base" => Verb::Base,
        "value" => Verb::Value(argument.into()),
        "clear" => Verb::Clear,
        "later" => Verb::Later(argument.parse().expect("days")),
        "differ" => Verb::Differ,
        "create-xledger" => Verb::CreateXledger,
        "create-huma" => Verb::CreateHuma,
        "link" => Verb::Link(argument.into()),
        "ignore" => Verb::Ignore,
        "left" => Verb::Left,
        "still-here" => Verb::StillHere,
        "allow" => Verb::Allow(argument.parse().expect("a number")),
        "reject" => Verb::Reject,
        other => panic!("no verb: {other}"),
    }
}

/// What a plan does about one field, in words: the `expect` of a case.
pub fn in_words(plan: &PairPlan, field: Field) -> String {
    let mut parts = Vec::new();
    for change in plan.changes.iter().filter(|change| change.field == field) {
        let side = change.side.word();
        let made = change.make_title.as_ref().map_or("", |_| ", making the title");
        parts.push(match &change.to {
            Some(value) => format!("write {side} {}, because {}{made}", text::shown(value), change.why),
            None => format!("clear {side}, because {}", change.why),
        });
    }
    for question in plan.questions.iter().filter(|question| question.subject.field() == Some(field)) {
        let hxsync::reconcile::Shown::Values(values) = &question.shown else {
            panic!("a field's question shows values");
        };
        let about = values.side.map_or(String::new(), |side| format!(" about {}", side.word()));
        parts.push(format!("ask {}{about}", question.kind));
    }
    for moved in plan.moves.iter().filter(|moved| moved.field == field) {
        parts.push(match moved.why {
            MoveWhy::Moved(_) => "agreed, base moves".into(),
            MoveWhy::Differ => "may differ from now on".into(),
        });
    }
    match parts.is_empty() {
        true => plan.states[field].word().into(),
        false => parts.join("; "),
    }
}

/// Why an answer of the plan was not carried out; `None` where it was.
pub fn refusal(plan: &PairPlan) -> Option<String> {
    plan.answers.iter().find_map(|answer| match &answer.result {
        AnswerState::Applied => None,
        AnswerState::Refused(why) => Some(why.clone()),
        AnswerState::Kept => Some("kept".into()),
    })
}

/// The notes of a field: beside its question, or why it is not carried.
pub fn notes(plan: &PairPlan, field: Field) -> Vec<String> {
    let of_questions =
        plan.questions.iter().filter(|question| question.subject.field() == Some(field)).flat_map(
            |question| match &question.shown {
                hxsync::reconcile::Shown::Values(values) => values.notes.clone(),
                _ => vec![],
            },
        );
    let of_fields = plan.notes.iter().filter(|(of, _)| *of == field).map(|(_, note)| note.clone());
    of_questions.chain(of_fields).collect()
}
