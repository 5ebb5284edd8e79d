//! [`Huma`] over HTTP.

use super::body;
use super::call::{Call, Caller};
use super::details::Details;
use super::listing;
use super::main_position::{Main, Summary, main_position, summaries};
use super::positions::{Part, Position};
use super::refusal::is_absent;
use super::rights;
use super::spelling::{BankWords, title};
use super::token::TokenKeeper;
use super::wire::{At, Odd};
use super::{Depth, Huma, HumaAnswer, HumaPage, HumaTenant, NewHumaUser, NewPosition};
use crate::domain::{Field, HumaId, NamedObject, Record, Side, Spelling};
use crate::remote::transport::{Transport, TransportError, TransportOptions, base_url, unknown};
use crate::remote::{ApiUse, Clock, Pacer, RemoteError, RightReport, Secret};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows asked for on a page of a person's positions; no limit is documented.
const POSITIONS_PAGE: usize = 25;
/// Pages of one person's positions; nobody has held a thousand.
const POSITIONS_PAGES: usize = 40;

/// How to reach one Huma; `[huma]` of the settings.
#[derive(Debug, Clone)]
pub struct HumaOptions {
    /// `https://openapi.humahr.com`, without a path.
    pub base_url: String,
    pub client_id: String,
    pub secret: Secret,
    pub requests_per_second: f64,
    pub in_flight: usize,
    /// Never take fields 11 to 15 from the copies on the user.
    pub positions_always: bool,
    /// Ids of the groups that new users are put in.
    pub default_groups: Vec<String>,
    /// Of new positions: `Permanent`.
    pub contract_type: String,
    /// First guesses at `bankAccount.type`; what is read replaces them.
    pub bank_type_national: String,
    pub bank_type_international: String,
    pub transport: TransportOptions,
}

pub struct HumaClient {
    caller: Caller,
    positions_always: bool,
    default_groups: Vec<String>,
    contract_type: String,
    bank_words: Mutex<BankWords>,
}

impl HumaClient {
    /// Connects to nothing yet.
    pub fn new(options: HumaOptions, clock: Arc<dyn Clock>) -> Result<HumaClient, TransportError> {
        let base = base_url(&options.base_url)?;
        let transport = Transport::new(Side::Huma, &options.transport, clock)?;
        // A burst of what may be under way at once: the pace counts from there.
        let burst = u32::try_from(options.in_flight).unwrap_or(u32::MAX);
        Ok(HumaClient {
            caller: Caller {
                transport,
                pacer: Pacer::new(options.requests_per_second, burst, options.in_flight),
                base,
                client_id: options.client_id,
                secret: options.secret,
                tokens: TokenKeeper::default(),
            },
            positions_always: options.positions_always,
            default_groups: options.default_groups,
            contract_type: options.contract_type,
            bank_words: Mutex::new(BankWords {
                national: options.bank_type_national,
                international: options.bank_type_international,
            }),
        })
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    fn bank_words(&self) -> BankWords {
        self.bank_words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, details: &Details) {
        if let Some(word) = &details.bank_word {
            self.bank_words.lock().unwrap_or_else(PoisonError::into_inner).learn(word);
        }
    }

    /// Fields 11 to 15 of a person, by the table of `positions`.
    async fn part(&self, details: &Details, depth: Depth) -> Result<Part, RemoteError> {
        let current = details.current.as_deref();
        let by_copies = match depth {
            Depth::Copies => !self.positions_always,
            Depth::Position => false,
        };
        if by_copies && let Some(part) = Part::from_copies(current, &details.copies) {
            return Ok(part);
        }
        let id = &details.id;
        if let Some([only]) = current {
            return self.part_of(id, only, details).await;
        }
        let Some(all) = self.all_positions(id).await? else { return Ok(Part::hidden(None)) };
        match main_position(&all) {
            Main::NoPosition => Ok(Part::none()),
            Main::Tied => Ok(Part::tied()),
            Main::One(main) => self.part_of(id, main, details).await,
        }
    }

    async fn part_of(&self, id: &HumaId, main: &Summary, details: &Details) -> Result<Part, RemoteError> {
        let route = "GET /users/{userId}/positions/{id}";
        let segments = ["users", &id.0, "positions", &main.id];
        let Some(value) = visible(self.caller.call(Call::get(route, &segments, &[])).await)? else {
            return Ok(Part::hidden(Some(main)));
        };
        let position = Position::decode(&value).map_err(unexpected)?;
        Ok(Part::from_position(position, &details.copies))
    }

    /// All positions of a person, each once; `None` where the key may not see them.
    async fn all_positions(&self, id: &HumaId) -> Result<Option<Vec<Summary>>, RemoteError> {
        let mut all: Vec<Summary> = Vec::new();
        let limit = POSITIONS_PAGE.to_string();
        for page in 0..POSITIONS_PAGES {
            let offset = (page * POSITIONS_PAGE).to_string();
            let query = [("limit", limit.as_str()), ("offset", offset.as_str())];
            let segments = ["users", id.0.as_str(), "positions"];
            let call = Call::get("GET /users/{userId}/positions", &segments, &query);
            let Some(value) = visible(self.caller.call(call).await)? else { return Ok(None) };
            let at = At::new(&value, "positions").map_err(unexpected)?;
            let rows = at.list("items").and_then(|rows| rows.ok_or_else(|| at.odd("items")));
            let rows = rows.map_err(unexpected)?;
            for row in summaries(rows, "positions.items").map_err(unexpected)? {
                if all.iter().all(|known| known.id != row.id) {
                    all.push(row);
                }
            }
            let total = at.get("total").and_then(Value::as_u64);
            let seen = (page * POSITIONS_PAGE + rows.len()) as u64;
            if rows.len() < POSITIONS_PAGE || total.is_some_and(|total| seen >= total) {
                break;
            }
        }
        Ok(Some(all))
    }
}

#[async_trait]
impl Huma for HumaClient {
    async fn tenant(&self) -> Result<HumaTenant, RemoteError> {
        let token = self.caller.token().await?;
        match &token.organization_id {
            Some(id) => Ok(HumaTenant { organization_id: id.clone() }),
            None => Err(unexpected(Odd("token.organizationId".into()))),
        }
    }

    async fn list(&self, active: bool, offset: u64) -> Result<HumaPage, RemoteError> {
        let (limit, offset) = (listing::PAGE.to_string(), offset.to_string());
        let active = if active { "true" } else { "false" };
        let query =
            [("limit", limit.as_str()), ("offset", &offset), ("orderDirection", "ASC"), ("isActive", active)];
        let value = self.caller.call(Call::get("GET /users", &["users"], &query)).await?;
        listing::decode(&value).map_err(unexpected)
    }

    async fn user(&self, id: &HumaId, depth: Depth) -> Result<Option<Record>, RemoteError> {
        let segments = ["users", id.0.as_str()];
        let value = match self.caller.call(Call::get("GET /users/{id}", &segments, &[])).await {
            Ok(value) => value,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let details = Details::decode(&value).map_err(unexpected)?;
        self.learn(&details);
        let part = self.part(&details, depth).await?;
        Ok(Some(details.record(part)))
    }

    async fn job_titles(&self) -> Result<Vec<NamedObject>, RemoteError> {
        let value = self.caller.call(Call::get("GET /job-titles", &["job-titles"], &[])).await?;
        let Value::Array(rows) = &value else { return Err(unexpected(Odd("job-titles".into()))) };
        let mut titles = Vec::with_capacity(rows.len());
        for (i, row) in rows.iter().enumerate() {
            match job_title(row, format!("job-titles[{i}]")) {
                Ok(title) => titles.push(title),
                // One bad title must not keep the others from being written (P6).
                Err(Odd(path)) => tracing::warn!(side = Side::Huma.word(), path, "A job title is unreadable"),
            }
        }
        Ok(titles)
    }

    async fn create_job_title(&self, name: &str) -> Result<NamedObject, RemoteError> {
        let body = json!({ "name": name });
        let value = self.caller.call(Call::post("POST /job-titles", &["job-titles"], &body)).await?;
        job_title(&value, "job-title".into()).map_err(unread)
    }

    async fn create_user(&self, user: &NewHumaUser) -> Result<HumaId, RemoteError> {
        let body = body::new_user(user, &self.default_groups);
        let value = self.caller.call(Call::post("POST /users", &["users"], &body)).await?;
        let id = At::new(&value, "user").and_then(|at| at.required_text("id")).map_err(unread)?;
        Ok(HumaId(id.to_owned()))
    }

    async fn update_user(
        &self,
        id: &HumaId,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError> {
        let body = body::user_update(changes, &self.bank_words())?;
        let segments = ["users", id.0.as_str()];
        let value = self.caller.call(Call::patch("PATCH /users/{id}", &segments, &body)).await?;
        let details = Details::decode(&value).map_err(unread)?;
        self.learn(&details);
        Ok(HumaAnswer { fields: details.fields, requested_email: details.about.requested_email })
    }

    async fn update_position(
        &self,
        id: &HumaId,
        position: &str,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError> {
        let body = body::position_update(changes)?;
        let segments = ["users", &id.0, "positions", position];
        let call = Call::patch("PATCH /users/{userId}/positions/{id}", &segments, &body);
        let value = self.caller.call(call).await?;
        Ok(answer_of(Position::decode(&value).map_err(unread)?).1)
    }

    async fn create_position(
        &self,
        id: &HumaId,
        position: &NewPosition,
    ) -> Result<(String, HumaAnswer), RemoteError> {
        let body = body::new_position(position, &self.contract_type)?;
        let segments = ["users", &id.0, "positions"];
        let call = Call::post("POST /users/{userId}/positions", &segments, &body);
        let value = self.caller.call(call).await?;
        Ok(answer_of(Position::decode(&value).map_err(unread)?))
    }

    fn take_use(&self) -> ApiUse {
        self.caller.transport.take_use()
    }

    async fn rights(&self) -> Result<Vec<RightReport>, RemoteError> {
        rights::show(self).await
    }
}

fn answer_of(position: Position) -> (String, HumaAnswer) {
    let fields = position.fields.into_iter().map(|(field, own)| (field, own.reading)).collect();
    (position.id, HumaAnswer { fields, requested_email: None })
}

fn job_title(value: &Value, path: String) -> Result<NamedObject, Odd> {
    let at = path.clone();
    let title = title(value, path)?;
    let id = title.id.ok_or_else(|| Odd(format!("{at}.id")))?;
    Ok(NamedObject { id, code: None, name: title.name })
}

/// `None` where the key may not see the object: 403, and 404 which can mean the same.
fn visible(outcome: Result<Value, RemoteError>) -> Result<Option<Value>, RemoteError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(RemoteError::Forbidden { .. }) => Ok(None),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unexpected(odd: Odd) -> RemoteError {
    RemoteError::Unexpected { side: Side::Huma, path: odd.0 }
}

/// A write was answered with success and its answer cannot be read: what the side holds is unknown until read again.
fn unread(odd: Odd) -> RemoteError {
    unknown(Side::Huma, UnreadAnswer(odd.0))
}

#[derive(Debug, thiserror::Error)]
#[error("its answer is unexpected at {0}")]
struct UnreadAnswer(String);
