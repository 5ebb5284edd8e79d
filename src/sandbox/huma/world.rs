//! Everything the simulated Huma holds, and the rules about it that every operation shares.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::faults::Faults;
use super::positions::{Position, PositionStatus, main_position};
use super::rate::RateWindow;
use super::record::{Record, WriteKind, WriteRecord};
use super::switches::{InactiveDetail, Switches};
use super::tokens::Tokens;
use super::webhook::{Sender, Topic};

pub struct World {
    pub users: BTreeMap<String, User>,
    pub titles: BTreeMap<String, JobTitle>,
    pub groups: Vec<Group>,
    pub switches: Switches,
    pub clock: Clock,
    pub tokens: Tokens,
    pub faults: Faults,
    pub rate: RateWindow,
    pub record: Record,
    pub webhooks: Sender,
    pub random: fastrand::Rng,
    /// What reads answer for a while after a write: when it was written, and what was there before.
    pub before: HashMap<String, (Instant, Option<User>)>,
}

#[derive(Debug, Clone, Default)]
pub struct User {
    pub id: String,
    /// `user` or `service_user`.
    pub kind: String,
    /// Wire name → value as the API writes it; an absent name is an empty field.
    pub fields: Map<String, Value>,
    pub positions: Vec<Position>,
    /// Ids of groups.
    pub groups: Vec<String>,
    /// RFC 3339; set means deactivated.
    pub deactivated_at: Option<String>,
    pub invited_at: Option<String>,
    pub last_logged_in_at: Option<String>,
    pub requested_email: Option<String>,
    pub connected_integrations: BTreeMap<String, String>,
    pub hidden: Vec<String>,
    pub read_only: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct JobTitle {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
}

/// A team, location or company.
#[derive(Debug, Clone)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// `team`, `location` or `company`.
    pub kind: String,
}

/// What the key may do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Edit,
    Read,
    Nothing,
}

/// Required on every user, so visible whatever the access rules say.
const ALWAYS_VISIBLE: [&str; 3] = ["givenName", "familyName", "email"];

impl User {
    /// A text field, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }
}

impl World {
    /// The user as reads see it at this moment.
    pub fn read_user(&self, id: &str) -> Option<&User> {
        match self.before.get(id) {
            Some((written_at, before)) if written_at.elapsed() < self.read_delay() => before.as_ref(),
            Some(_) | None => self.users.get(id),
        }
    }

    /// Every user as reads see them, by family name, given name and id.
    pub fn read_all(&self) -> Vec<&User> {
        let mut ids: Vec<&String> = self.users.keys().chain(self.before.keys()).collect();
        ids.sort();
        ids.dedup();
        let mut users: Vec<&User> = ids.into_iter().filter_map(|id| self.read_user(id)).collect();
        users.sort_by_cached_key(|user| {
            (user.text("familyName").to_lowercase(), user.text("givenName").to_lowercase(), user.id.clone())
        });
        users
    }

    /// Resolves `me` and a path's id to a user that `GET /users/{id}` finds.
    pub fn find_user(&self, id: &str) -> Option<&User> {
        let id = self.resolve(id);
        self.read_user(id).filter(|user| self.is_visible(user))
    }

    /// Whether `GET /users/{id}` finds this user.
    pub fn is_visible(&self, user: &User) -> bool {
        user.is_active() || self.switches.inactive_detail == InactiveDetail::Found
    }

    /// The id behind the alias `me`.
    pub fn resolve<'a>(&'a self, id: &'a str) -> &'a str {
        if id == "me" { &self.tokens.user_id } else { id }
    }

    /// Puts a user in place of what is there. Reads may lag behind.
    pub fn put_user(&mut self, user: User) {
        let id = user.id.clone();
        let before = self.users.insert(id.clone(), user);
        let delay = self.read_delay();
        if delay.is_zero() {
            self.before.remove(&id);
        } else if self.before.get(&id).is_none_or(|(written_at, _)| written_at.elapsed() >= delay) {
            self.before.insert(id, (Instant::now(), before));
        }
    }

    fn read_delay(&self) -> Duration {
        Duration::from_millis(self.switches.read_after_write_delay_ms)
    }

    /// Whether another user than `except` has this address, in any case.
    pub fn email_taken(&self, email: &str, except: Option<&str>) -> bool {
        let email = email.trim().to_lowercase();
        self.users
            .values()
            .any(|user| Some(user.id.as_str()) != except && user.text("email").to_lowercase() == email)
    }

    /// What the key may do with a field of this user or of their positions.
    pub fn access(&self, user: &User, name: &str) -> Access {
        let name = match name {
            "title" | "titleId" => "jobTitle",
            other => other,
        };
        let listed = |lists: [&Vec<String>; 2]| {
            lists.iter().any(|list| {
                list.iter().any(|entry| entry == name || (name == "jobTitle" && entry == "title"))
            })
        };
        let rules = &self.switches.field_access;
        if listed([&rules.hidden, &user.hidden]) && !ALWAYS_VISIBLE.contains(&name) {
            Access::Nothing
        } else if !user.is_active() || listed([&rules.read_only, &user.read_only]) {
            Access::Read
        } else {
            Access::Edit
        }
    }

    pub fn position_status(&self, position: &Position) -> PositionStatus {
        position.status(&self.clock.today())
    }

    pub fn main_position<'a>(&self, user: &'a User) -> Option<&'a Position> {
        main_position(&user.positions, self.switches.main_position_rule, &self.clock.today())
    }

    /// `{id, name, description?}` of a title; nothing for an id nobody knows.
    pub fn title(&self, id: &str) -> Option<Value> {
        let title = self.titles.get(id)?;
        let mut value = json!({"id": title.id, "name": title.name});
        if let (Some(description), Value::Object(value)) = (&title.description, &mut value) {
            value.insert("description".into(), json!(description));
        }
        Some(value)
    }

    /// The id of the title with exactly this name, made when there is none.
    pub fn title_named(&mut self, name: &str) -> String {
        if let Some(title) = self.titles.values().find(|title| title.name == name) {
            return title.id.clone();
        }
        let id = self.new_id();
        self.titles.insert(id.clone(), JobTitle { id: id.clone(), name: name.to_owned(), description: None });
        id
    }

    /// A random UUID, the same ones for the same seed.
    pub fn new_id(&mut self) -> String {
        new_id(&mut self.random)
    }

    pub fn random_hex(&mut self, length: usize) -> String {
        (0..length).map(|_| self.random.digit(16)).collect()
    }

    pub fn note_write(
        &mut self,
        what: WriteKind,
        user_id: Option<&str>,
        object_id: Option<&str>,
        body: &Value,
        changed: Vec<String>,
    ) {
        self.record.write(WriteRecord {
            at: self.clock.now_text(),
            what,
            user_id: user_id.map(str::to_owned),
            object_id: object_id.map(str::to_owned),
            body: body.clone(),
            changed,
        });
    }

    /// Sends a webhook about these users because the API wrote to them.
    pub fn echo(&mut self, topic: Topic, id: &str) {
        if self.switches.own_writes_echo {
            self.announce(topic, &[id]);
        }
    }

    /// Sends a webhook about these users.
    pub fn announce(&mut self, topic: Topic, ids: &[&str]) {
        let users: Vec<Value> = ids
            .iter()
            .filter_map(|id| self.users.get(*id))
            .map(|user| json!({"id": user.id, "email": user.text("email")}))
            .collect();
        self.webhooks.send(topic, users, &self.switches);
    }
}

/// A version 4 UUID.
pub fn new_id(random: &mut fastrand::Rng) -> String {
    let bits = random.u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
