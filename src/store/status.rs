//! What `status` counts and how commands find a person.

use super::snapshots::RecordKey;
use super::text::{count, from_json};
use super::{Reader, StoreError};
use crate::domain::{HumaId, LinkId, RecordId, XledgerId};
use crate::reconcile::FieldState;
use std::collections::{BTreeMap, BTreeSet};

/// People by state, as the view `people` shows them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleCounts {
    pub linked: u64,
    /// Linked people of whom every field is settled: see [`is_settled`]. Nobody before their first decision.
    pub in_agreement: u64,
    pub excluded: u64,
    pub vanished: u64,
    pub only_huma: u64,
    pub only_xledger: u64,
}

/// Somebody a command named.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundPerson {
    pub link: Option<LinkId>,
    pub huma: Option<HumaId>,
    pub xledger: Option<XledgerId>,
    pub person: String,
}

/// The 15 states in field order, `None` for a field not decided yet; and how many people stand so.
type StateGroup = (Vec<Option<FieldState>>, u64);

/// Whether a field in this state waits for nothing: nobody, no side and no setting.
pub fn is_settled(state: FieldState) -> bool {
    match state {
        FieldState::Off
        | FieldState::Hidden
        | FieldState::NotAccepted
        | FieldState::Differ
        | FieldState::Agreed => true,
        FieldState::Invalid
        | FieldState::Unrepresentable
        | FieldState::ReadOnly
        | FieldState::Failing
        | FieldState::Waiting
        | FieldState::Flap
        | FieldState::Held
        | FieldState::Confirm
        | FieldState::Clear
        | FieldState::Conflict
        | FieldState::Divergence
        | FieldState::Difference
        | FieldState::Missing => false,
    }
}

impl Reader<'_> {
    pub fn people_counts(&self) -> Result<PeopleCounts, StoreError> {
        let mut counts = PeopleCounts::default();
        let mut statement = self.conn.prepare_cached("SELECT state, count(*) FROM people GROUP BY state")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let count = count(row, 1)?;
            match row.get::<_, String>(0)?.as_str() {
                "linked" => counts.linked = count,
                "excluded" => counts.excluded = count,
                "vanished" => counts.vanished = count,
                "only-huma" => counts.only_huma = count,
                "only-xledger" => counts.only_xledger = count,
                _ => return Err(StoreError::unreadable("people")),
            }
        }
        for (states, people) in self.state_groups()? {
            if states.iter().all(|state| state.is_some_and(is_settled)) {
                counts.in_agreement += people;
            }
        }
        Ok(counts)
    }

    /// Fields of linked people by state; those not decided yet are not counted.
    pub fn state_counts(&self) -> Result<BTreeMap<FieldState, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for (states, people) in self.state_groups()? {
            for state in states.into_iter().flatten() {
                *counts.entry(state).or_default() += people;
            }
        }
        Ok(counts)
    }

    /// How many linked people stand in each combination of states: few rows, however many people.
    fn state_groups(&self) -> Result<Vec<StateGroup>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT b.states, count(*) FROM bases AS b JOIN links AS l ON l.link_id = b.link_id
             WHERE l.state = 'linked' GROUP BY b.states",
        )?;
        let mut rows = statement.query([])?;
        let mut groups = Vec::new();
        while let Some(row) = rows.next()? {
            groups.push((from_json(&row.get::<_, String>(0)?, "bases")?, count(row, 1)?));
        }
        Ok(groups)
    }

    /// Everybody `text` may mean: an employment ID, an e-mail (case ignored), a label, or either system's id.
    pub fn find_people(&self, text: &str) -> Result<Vec<FoundPerson>, StoreError> {
        let text = text.trim();
        let mut records = BTreeSet::new();
        let mut huma = self.conn.prepare_cached(
            "SELECT id FROM huma_snapshots
             WHERE id = ?1 OR employment_id = ?1 OR person = ?1
                OR trim(record ->> '$.fields.email.of.text') = ?1 COLLATE NOCASE",
        )?;
        for id in huma.query_map([text], |row| row.get(0))? {
            records.insert(RecordId::Huma(HumaId(id?)));
        }
        let mut xledger = self.conn.prepare_cached(
            "SELECT id FROM xledger_snapshots
             WHERE CAST(id AS TEXT) = ?1 OR employment_id = ?1 OR person = ?1
                OR trim(record ->> '$.fields.email.of.text') = ?1 COLLATE NOCASE",
        )?;
        for id in xledger.query_map([text], |row| row.get(0))? {
            records.insert(RecordId::Xledger(XledgerId(id?)));
        }
        let mut found: Vec<FoundPerson> = Vec::new();
        for record in records {
            let person = match self.link_of_record(&record)? {
                Some(link) => FoundPerson {
                    link: Some(link.id),
                    huma: Some(link.huma),
                    xledger: Some(link.xledger),
                    person: link.person,
                },
                None => self.found_alone(&record)?,
            };
            if !found.contains(&person) {
                found.push(person);
            }
        }
        Ok(found)
    }

    fn found_alone(&self, record: &RecordId) -> Result<FoundPerson, StoreError> {
        let (sql, huma, xledger) = match record {
            RecordId::Huma(id) => ("SELECT person FROM huma_snapshots WHERE id = ?1", Some(id.clone()), None),
            RecordId::Xledger(id) => ("SELECT person FROM xledger_snapshots WHERE id = ?1", None, Some(*id)),
        };
        let person = self.conn.prepare_cached(sql)?.query_row([RecordKey(record)], |row| row.get(0))?;
        Ok(FoundPerson { link: None, huma, xledger, person })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{Field, Spelling};
    use crate::reconcile::{PairBase, StateMark};
    use crate::store::LinkState;

    fn standing(email: FieldState) -> PairBase {
        let mut base = PairBase::default();
        for field in Field::ALL {
            let state = if field == Field::Email { email } else { FieldState::Agreed };
            base.states[field] = Some(StateMark { state, since: at(1) });
        }
        base
    }

    #[test]
    fn somebody_is_in_agreement_when_every_field_is_decided_and_settled() {
        let mut case = case();
        let id = linked_kari(&mut case.store);
        let in_agreement = |case: &Case| case.store.read().people_counts().unwrap().in_agreement;
        assert_eq!(in_agreement(&case), 0, "nothing was decided yet");
        for (email, expected) in [
            (FieldState::Agreed, 1),
            (FieldState::Conflict, 0),
            (FieldState::Hidden, 1),
            (FieldState::Failing, 0),
        ] {
            case.store.write(|tx| tx.put_base(id, &standing(email))).unwrap();
            assert_eq!(in_agreement(&case), expected, "{}", email.word());
        }
        let counts = case.store.read().state_counts().unwrap();
        assert_eq!(counts, [(FieldState::Failing, 1), (FieldState::Agreed, 14)].into());
        case.store
            .write(|tx| {
                tx.put_base(id, &standing(FieldState::Agreed))?;
                tx.set_link_state(id, LinkState::Excluded)
            })
            .unwrap();
        assert_eq!(in_agreement(&case), 0, "an excluded person is not counted");
    }

    #[test]
    fn a_person_is_found_by_employment_id_email_label_and_either_id() {
        let mut case = case();
        let mut fields = kari();
        fields.push((Field::Email, Spelling::text("kari@example.no")));
        let link = linked_kari(&mut case.store);
        case.store
            .write(|tx| {
                tx.put_snapshot(&huma("h-1", &fields), at(1), None)?;
                let number = [(Field::EmploymentId, Spelling::text("1043"))];
                tx.put_snapshot(&xledger(8, &number), at(1), None)
            })
            .unwrap();
        for text in ["1042", "KARI@example.no", " Kari Nordmann (1042) ", "h-1", "7"] {
            let found = case.store.read().find_people(text).unwrap();
            assert_eq!(found.iter().map(|person| person.link).collect::<Vec<_>>(), [Some(link)], "{text}");
        }
        let alone = case.store.read().find_people("1043").unwrap();
        assert_eq!((alone[0].link, alone[0].xledger), (None, Some(XledgerId(8))));
        assert!(case.store.read().find_people("nobody").unwrap().is_empty());
    }
}
