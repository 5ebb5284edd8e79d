//! The simulated Huma, in domain terms.

use super::fault::{Call, Fate, begin, end, refused};
use super::value::{TITLES, title, token_of};
use super::world::{Shared, lock};
use async_trait::async_trait;
use hxsync::domain::{Field, HumaId, NamedObject, Record, RecordId, Side, Spelling};
use hxsync::remote::huma::{Depth, HumaAnswer, HumaListed, HumaPage, HumaTenant, NewHumaUser, NewPosition};
use hxsync::remote::{ApiUse, Huma, RemoteError, RightReport};
use std::collections::BTreeMap;

pub struct SimHuma(pub Shared);

/// Rows of a page: small, so that every listing has several.
const PAGE: usize = 4;
const SIDE: Side = Side::Huma;

impl SimHuma {
    fn read(&self, name: &'static str) -> Result<Fate, RemoteError> {
        begin(&self.0, &Call { side: SIDE, name, is_write: false, touches: &[] })
    }

    /// One PATCH: what is refused, and whether the valid half is written all the same, is the record's business.
    fn patch(
        &self,
        name: &'static str,
        id: &HumaId,
        changes: &BTreeMap<Field, Option<Spelling>>,
        makes_position: bool,
    ) -> Result<HumaAnswer, RemoteError> {
        let id = RecordId::Huma(id.clone());
        let touches = [id.clone()];
        let fate = begin(&self.0, &Call { side: SIDE, name, is_write: true, touches: &touches })?;
        let answer = {
            let mut world = lock(&self.0);
            world.check_write(&id, changes);
            if makes_position && world.records.get(&id).is_some_and(|record| record.position.is_some()) {
                world.violate(format!("P2: {id} is given a second position"));
            }
            let no = world.refusals(&id, changes.keys().copied());
            if !no.is_empty() {
                world.faults.strike("field refused by Huma");
                if world.random.bool() && !makes_position {
                    let rest = changes.iter().filter(|(field, _)| !no.contains(field));
                    let rest = rest.map(|(field, to)| (*field, to.clone())).collect();
                    world.write(&id, &rest);
                }
                let named = world.random.f32() < 0.8;
                world.say(format!("  refused: {no:?}"));
                let names = no.iter().map(|field| wire_name(*field).to_owned());
                return Err(refused(SIDE, if named { names.collect() } else { vec![] }));
            }
            if let Some(record) = world.records.get_mut(&id).filter(|_| makes_position) {
                record.position = Some(1);
            }
            let fields = world.write(&id, changes);
            let requested = world.records.get(&id).and_then(|record| record.requested);
            HumaAnswer { fields, requested_email: requested.map(|token| format!("p{token}@sim.example")) }
        };
        end(&self.0, SIDE, fate, answer)
    }
}

#[async_trait]
impl Huma for SimHuma {
    async fn tenant(&self) -> Result<HumaTenant, RemoteError> {
        let fate = self.read("tenant")?;
        end(&self.0, SIDE, fate, HumaTenant { organization_id: "org".into() })
    }

    async fn list(&self, active: bool, offset: u64) -> Result<HumaPage, RemoteError> {
        let fate = self.read("list")?;
        let page = {
            let mut world = lock(&self.0);
            let mut rows: Vec<HumaListed> = world
                .records
                .values()
                .filter(|record| record.id.side() == SIDE && record.active == active && !record.is_unlisted)
                .map(listed)
                .collect();
            let total = rows.len() as u64;
            let from = offset as usize;
            rows = rows.into_iter().skip(from).take(PAGE).collect();
            let mut received = rows.len() as u64;
            let rate = world.faults.listings;
            if world.happens(rate) && !rows.is_empty() {
                let at = world.random.usize(0..rows.len());
                if world.random.bool() {
                    rows.remove(at);
                    received -= 1;
                    world.faults.strike("listing of Huma truncated");
                } else {
                    rows.insert(0, rows[at].clone());
                    rows.pop();
                    world.faults.strike("listing of Huma shifted");
                }
            }
            HumaPage { items: rows, unreadable: vec![], received, total: Some(total) }
        };
        end(&self.0, SIDE, fate, page)
    }

    async fn user(&self, id: &HumaId, _depth: Depth) -> Result<Option<Record>, RemoteError> {
        let fate = self.read("user")?;
        let record = lock(&self.0).show(&RecordId::Huma(id.clone()));
        end(&self.0, SIDE, fate, record)
    }

    async fn job_titles(&self) -> Result<Vec<NamedObject>, RemoteError> {
        let fate = self.read("job titles")?;
        let titles = lock(&self.0).huma_titles.iter().map(|token| title(SIDE, *token)).collect();
        end(&self.0, SIDE, fate, titles)
    }

    async fn create_job_title(&self, name: &str) -> Result<NamedObject, RemoteError> {
        let fate =
            begin(&self.0, &Call { side: SIDE, name: "create job title", is_write: true, touches: &[] })?;
        let made = {
            let mut world = lock(&self.0);
            let token = token_of(Field::JobTitle, &Spelling::text(name)).filter(|token| *token < TITLES);
            let Some(token) = token else { return Err(refused(SIDE, vec!["name".into()])) };
            if !world.huma_titles.insert(token) {
                world.violate(format!("the job title {name} is made twice"));
            }
            title(SIDE, token)
        };
        end(&self.0, SIDE, fate, made)
    }

    async fn create_user(&self, user: &NewHumaUser) -> Result<HumaId, RemoteError> {
        let fate = begin(&self.0, &Call { side: SIDE, name: "create user", is_write: true, touches: &[] })?;
        let made = {
            let mut world = lock(&self.0);
            let mut fields = BTreeMap::from([
                (Field::GivenName, Spelling::text(&user.given_name)),
                (Field::FamilyName, Spelling::text(&user.family_name)),
                (Field::Email, Spelling::text(&user.email)),
            ]);
            fields.extend(user.phone.as_ref().map(|phone| (Field::Phone, Spelling::text(phone))));
            let Some(who) = world.check_create(SIDE, Field::Email, &fields) else {
                return Err(refused(SIDE, vec![]));
            };
            world.faults.strike("person made in Huma");
            world.create(SIDE, who, &fields)
        };
        let RecordId::Huma(id) = made else { unreachable!("a record of Huma") };
        end(&self.0, SIDE, fate, id)
    }

    async fn update_user(
        &self,
        id: &HumaId,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError> {
        self.patch("update user", id, changes, false)
    }

    async fn update_position(
        &self,
        id: &HumaId,
        position: &str,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError> {
        {
            let mut world = lock(&self.0);
            let present = world.records.get(&RecordId::Huma(id.clone())).and_then(|record| record.position);
            if present.is_none_or(|present| position != format!("position-{present}")) {
                world.say(format!("  {id} has another position than {position}"));
                return Err(refused(SIDE, vec![]));
            }
        }
        self.patch("update position", id, changes, false)
    }

    async fn create_position(
        &self,
        id: &HumaId,
        position: &NewPosition,
    ) -> Result<(String, HumaAnswer), RemoteError> {
        let title = Spelling::Named(hxsync::domain::Named {
            id: Some(position.title.id.clone()),
            code: None,
            name: position.title.name.clone(),
        });
        let mut changes: BTreeMap<Field, Option<Spelling>> =
            position.dates.iter().map(|(field, date)| (*field, Some(date.clone()))).collect();
        changes.insert(Field::JobTitle, Some(title));
        let answer = self.patch("create position", id, &changes, true)?;
        Ok(("position-1".into(), answer))
    }

    fn take_use(&self) -> ApiUse {
        ApiUse::default()
    }

    async fn rights(&self) -> Result<Vec<RightReport>, RemoteError> {
        Ok(vec![])
    }
}

fn listed(record: &super::world::SimRecord) -> HumaListed {
    let RecordId::Huma(id) = record.id.clone() else { unreachable!("a record of Huma") };
    let shown = [Field::GivenName, Field::FamilyName, Field::Email, Field::Phone, Field::JobTitle];
    let text: Vec<String> = shown
        .iter()
        .map(|field| serde_json::to_string(&record.reading(*field)).expect("a reading serializes"))
        .collect();
    let email = match record.cells[Field::Email].reading().value() {
        Some(Spelling::Text(text)) => text.clone(),
        _ => String::new(),
    };
    HumaListed {
        id,
        active: record.active,
        email,
        digest: *blake3::hash(text.join("\n").as_bytes()).as_bytes(),
        groups: vec![],
    }
}

fn wire_name(field: Field) -> &'static str {
    match field {
        Field::GivenName => "givenName",
        Field::FamilyName => "familyName",
        Field::Email => "email",
        Field::Phone => "phone",
        Field::BirthDate => "birthDate",
        Field::BankAccount => "bankAccount",
        Field::Address => "homeAddress",
        Field::Gender => "gender",
        Field::CivilStatus => "civilStatus",
        Field::EmploymentId => "employmentId",
        Field::JobTitle => "titleId",
        Field::FirstDayOfWork => "firstDayOfWork",
        Field::ProbationEndDate => "probationEndDate",
        Field::TerminationNoticeDate => "terminationNoticeDate",
        Field::LastDayOfWork => "lastDayOfWork",
    }
}
