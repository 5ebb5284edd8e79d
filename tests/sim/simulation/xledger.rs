//! The simulated Xledger, in domain terms.

use super::fault::{Call, Fate, begin, end, refused};
use super::value::{TITLES, title};
use super::world::{Shared, World, lock};
use async_trait::async_trait;
use hxsync::domain::{Field, NamedObject, Record, RecordId, Side, Spelling, XledgerId};
use hxsync::remote::xledger::{
    Cursor, LookupKeys, NewEmployee, Watermark, XledgerAnswers, XledgerCatalog, XledgerChange,
    XledgerChanges, XledgerPage, XledgerRecords, XledgerTenant,
};
use hxsync::remote::{ApiUse, RemoteError, RightReport, Words, Xledger};

pub struct SimXledger(pub Shared);

const PAGE: usize = 4;
/// Changes of one look at the log.
const LOG_PAGE: usize = 8;
const SIDE: Side = Side::Xledger;

impl SimXledger {
    fn read(&self, name: &'static str) -> Result<Fate, RemoteError> {
        begin(&self.0, &Call { side: SIDE, name, is_write: false, touches: &[] })
    }
}

#[async_trait]
impl Xledger for SimXledger {
    async fn tenant(&self) -> Result<XledgerTenant, RemoteError> {
        let fate = self.read("tenant")?;
        end(&self.0, SIDE, fate, XledgerTenant { entities: vec![(1, "Sim AS".into())] })
    }

    async fn page(&self, after: Option<&Cursor>, _first: u32) -> Result<XledgerPage, RemoteError> {
        let fate = self.read("page")?;
        let page = {
            let mut world = lock(&self.0);
            let after: i64 = after.map_or(0, |cursor| cursor.0.parse().expect("our own cursor"));
            let ids: Vec<RecordId> = world
                .records
                .values()
                .filter(|record| !record.is_unlisted)
                .filter_map(|record| match record.id {
                    RecordId::Xledger(XledgerId(id)) if id > after => Some(record.id.clone()),
                    RecordId::Xledger(_) | RecordId::Huma(_) => None,
                })
                .collect();
            let mut here: Vec<RecordId> = ids.iter().take(PAGE).cloned().collect();
            let mut has_next = ids.len() > PAGE;
            let mut last = here.last().map(|id| Cursor(id.to_string()));
            let rate = world.faults.listings;
            if world.happens(rate) && here.len() > 1 {
                world.faults.strike("listing of Xledger truncated");
                here.pop();
                has_next = true;
                last = None;
            }
            let records = here.iter().filter_map(|id| world.show(id)).collect();
            XledgerPage { records, unreadable: vec![], newest_modified_at: None, last, has_next }
        };
        end(&self.0, SIDE, fate, page)
    }

    async fn by_ids(&self, ids: &[XledgerId]) -> Result<XledgerRecords, RemoteError> {
        let fate = self.read("by ids")?;
        let records = {
            let mut world = lock(&self.0);
            ids.iter().filter_map(|id| world.show(&RecordId::Xledger(*id))).collect()
        };
        end(&self.0, SIDE, fate, XledgerRecords { records, ..XledgerRecords::default() })
    }

    async fn find(&self, keys: &LookupKeys) -> Result<Vec<Record>, RemoteError> {
        let fate = self.read("find")?;
        let found = {
            let mut world = lock(&self.0);
            let says = |record: &super::world::SimRecord, field: Field, key: &Option<String>| {
                let text = match record.cells[field].reading().value() {
                    Some(Spelling::Text(text)) => text.to_lowercase(),
                    _ => return false,
                };
                key.as_ref().is_some_and(|key| key.to_lowercase() == text)
            };
            let ids: Vec<RecordId> = world
                .records
                .values()
                .filter(|record| record.id.side() == SIDE)
                .filter(|record| {
                    says(record, Field::EmploymentId, &keys.code) || says(record, Field::Email, &keys.email)
                })
                .map(|record| record.id.clone())
                .collect();
            ids.iter().filter_map(|id| world.show(id)).collect()
        };
        end(&self.0, SIDE, fate, found)
    }

    async fn newest_change(&self) -> Result<Option<Cursor>, RemoteError> {
        let fate = self.read("newest change")?;
        let count = lock(&self.0).change_log.len();
        end(&self.0, SIDE, fate, (count > 0).then(|| Cursor(count.to_string())))
    }

    async fn changes(&self, since: &Watermark) -> Result<XledgerChanges, RemoteError> {
        let fate = self.read("changes")?;
        let changes = {
            let mut world = lock(&self.0);
            let from: usize =
                since.cursor.as_ref().map_or(0, |cursor| cursor.0.parse().expect("our own cursor"));
            let rate = world.faults.listings;
            if world.happens(rate / 4.0) {
                world.faults.strike("cursor of the change log forgotten");
                return Err(RemoteError::Refused {
                    side: SIDE,
                    code: "cursor".into(),
                    words: Words("unknown cursor".into()),
                    fields: vec![],
                });
            }
            let to = (from + LOG_PAGE).min(world.change_log.len());
            let mut changes = XledgerChanges {
                employees: vec![],
                contacts: vec![],
                subledgers: vec![],
                watermark: Watermark {
                    cursor: (to > 0).then(|| Cursor(to.to_string())),
                    since: since.since.clone(),
                },
                has_more: to < world.change_log.len(),
            };
            // Most edits are seen on the contact or the subledger, not on the employee.
            for (nth, (id, kind)) in world.change_log[from..to].iter().enumerate() {
                match (nth % 3, kind) {
                    (1, hxsync::remote::xledger::ChangeKind::Updated) => changes.contacts.push(id.0 + 10_000),
                    (2, hxsync::remote::xledger::ChangeKind::Updated) => {
                        changes.subledgers.push(id.0 + 20_000)
                    }
                    (_, kind) => changes.employees.push((*id, *kind)),
                }
            }
            changes
        };
        end(&self.0, SIDE, fate, changes)
    }

    async fn catalog(&self) -> Result<XledgerCatalog, RemoteError> {
        let fate = self.read("catalog")?;
        let catalog = XledgerCatalog {
            titles: (1..TITLES).map(|token| title(SIDE, token)).collect(),
            countries: vec![NamedObject { id: "47".into(), code: Some("NO".into()), name: "Norway".into() }],
            ..XledgerCatalog::default()
        };
        end(&self.0, SIDE, fate, catalog)
    }

    async fn update(&self, changes: &[XledgerChange]) -> Result<XledgerAnswers, RemoteError> {
        let touches: Vec<RecordId> =
            changes.iter().map(|change| RecordId::Xledger(change.employee)).collect();
        let fate = begin(&self.0, &Call { side: SIDE, name: "update", is_write: true, touches: &touches })?;
        let answers = {
            let mut world = lock(&self.0);
            for change in changes {
                world.check_write(&RecordId::Xledger(change.employee), &change.fields);
            }
            mass_mutation(&mut world, changes)?
        };
        end(&self.0, SIDE, fate, answers)
    }

    async fn add(&self, employee: &NewEmployee) -> Result<XledgerId, RemoteError> {
        let fate = begin(&self.0, &Call { side: SIDE, name: "add", is_write: true, touches: &[] })?;
        let made = {
            let mut world = lock(&self.0);
            let Some(who) = world.check_create(SIDE, Field::EmploymentId, &employee.fields) else {
                return Err(refused(SIDE, vec![]));
            };
            world.faults.strike("person made in Xledger");
            world.create(SIDE, who, &employee.fields)
        };
        let RecordId::Xledger(id) = made else { unreachable!("a record of Xledger") };
        end(&self.0, SIDE, fate, id)
    }

    fn take_use(&self) -> ApiUse {
        ApiUse::default()
    }

    async fn rights(&self, _probe_writes: bool) -> Result<Vec<RightReport>, RemoteError> {
        Ok(vec![])
    }

    async fn schema_drift(&self) -> Result<Vec<String>, RemoteError> {
        Ok(vec![])
    }
}

/// All of a mutation, a part of it, or nothing; answered in full, in part, or with edges missing.
fn mass_mutation(world: &mut World, changes: &[XledgerChange]) -> Result<XledgerAnswers, RemoteError> {
    let no: Vec<bool> = changes
        .iter()
        .map(|change| {
            let id = RecordId::Xledger(change.employee);
            !world.refusals(&id, change.fields.keys().copied()).is_empty() || !world.records.contains_key(&id)
        })
        .collect();
    let is_refused = no.contains(&true);
    let rate = world.faults.rate;
    let goes_wrong = world.happens(rate);
    let is_whole = is_refused && world.random.bool();
    if is_whole {
        world.faults.strike("mass mutation refused as a whole");
        world.say("  refused as a whole");
        return Err(refused(SIDE, vec![]));
    }
    let mut answers = XledgerAnswers::default();
    let stops_at = if goes_wrong { world.random.usize(0..=changes.len()) } else { changes.len() };
    for (at, change) in changes.iter().enumerate() {
        if no[at] || at >= stops_at {
            continue;
        }
        let fields = world.write(&RecordId::Xledger(change.employee), &change.fields);
        if goes_wrong && world.random.bool() {
            world.faults.strike("edge of a mass mutation missing");
            continue;
        }
        answers.done.insert(change.client_id.clone(), fields);
    }
    if is_refused {
        world.faults.strike("mass mutation refused in part");
        answers.errors = Some(("sim:refused".into(), Words("no".into())));
    }
    if stops_at < changes.len() {
        world.faults.strike("mass mutation cut short");
        if world.random.bool() {
            answers.errors = Some(("sim:busy".into(), Words("busy".into())));
        }
    }
    Ok(answers)
}
