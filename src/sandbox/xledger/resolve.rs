//! Answers the fields of a document from the world, without changing it.
//!
//! A mutation is carried out before its answer is built: what each of its root fields did stands in
//! [`Context::outcomes`] under the response key.

use std::cell::RefCell;
use std::collections::HashMap;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::{Map, Value};

use super::arguments;
use super::error::SimError;
use super::filter::Filter;
use super::page::{self, Page, Window};
use super::record::{Delta, Kind, Record};
use super::rights::{Area, Token};
use super::switches::{ObjectStatus, OwnerSet, Switches};
use super::values;
use super::world::World;

/// What one mutation field did.
pub enum Outcome {
    Edges(Kind, Vec<OutcomeEdge>),
    Removed { affected: usize, skipped: Vec<i64> },
}

pub struct OutcomeEdge {
    pub client_id: Option<String>,
    /// `None` answers `node: null`.
    pub db_id: Option<i64>,
}

/// A change that a webhook posts.
pub struct Event {
    pub kind: Kind,
    pub db_id: i64,
    /// The record was deleted.
    pub gone: bool,
    pub sync_version: String,
}

/// Everything one request may see.
pub struct Context<'a> {
    pub world: &'a World,
    pub switches: &'a Switches,
    pub token: &'a Token,
    pub variables: &'a Map<String, Value>,
    pub outcomes: HashMap<String, Result<Outcome, SimError>>,
    /// What a subscription answers; empty for a query or a mutation.
    pub events: &'a [Event],
    /// Every page loses its second half.
    pub truncate: bool,
    /// The errors behind the numbered messages that [`fail`](Context::fail) hands to the executor.
    pub errors: RefCell<Vec<SimError>>,
    pub today: String,
}

impl Context<'_> {
    /// Keeps the error, and names it by its number: the executor carries a message only.
    fn fail(&self, error: SimError) -> FieldError {
        let mut errors = self.errors.borrow_mut();
        let known = errors.iter().position(|e| *e == error);
        let number = known.unwrap_or_else(|| {
            errors.push(error);
            errors.len() - 1
        });
        FieldError { message: number.to_string() }
    }

    fn allow(&self, area: Option<Area>) -> Result<(), FieldError> {
        area.map_or(Ok(()), |area| self.token.may_read(area)).map_err(|e| self.fail(e))
    }

    fn db_id<'r>(&self, type_name: &str, id: i64) -> ResolvedValue<'r> {
        let text = matches!(type_name, "Contact" | "ObjectKind" | "Webhook" | "SystemValue");
        if text != self.switches.flip_db_id.contains(type_name) {
            ResolvedValue::leaf(id.to_string())
        } else {
            ResolvedValue::leaf(id)
        }
    }

    /// Whether the token sees a record: its entity's, those below, and what entities above share.
    fn reaches(&self, kind: Kind, record: &Record) -> bool {
        let own = self.token.entity_db_id;
        match kind {
            Kind::Country | Kind::SystemValue | Kind::ObjectKind | Kind::Bank | Kind::Webhook => true,
            Kind::Entity => self.world.is_within(record.db_id, own),
            Kind::ObjectValue => {
                self.world.is_within(own, record.owner_db_id) || self.world.is_within(record.owner_db_id, own)
            }
            Kind::Employee | Kind::Contact | Kind::Subledger | Kind::Company => {
                self.world.is_within(record.owner_db_id, own)
            }
        }
    }

    fn is_in(&self, set: OwnerSet, record: &Record) -> bool {
        let (own, owner) = (self.token.entity_db_id, record.owner_db_id);
        match set {
            OwnerSet::All => true,
            OwnerSet::Current | OwnerSet::Mine => owner == own,
            OwnerSet::Lower => owner != own && self.world.is_within(owner, own),
            OwnerSet::Upper => owner != own && self.world.is_within(own, owner),
        }
    }

    fn has_status(&self, status: ObjectStatus, record: &Record) -> bool {
        let ended = |field| record.text(field).is_some_and(|day| day < self.today.as_str());
        let ahead = |field| record.text(field).is_some_and(|day| day > self.today.as_str());
        let left = self.switches.leavers_are_closed && ended("employmentTo");
        let closed = left || ended("dateTo") || ended("toDate") || ahead("dateFrom") || ahead("fromDate");
        match status {
            ObjectStatus::All => true,
            ObjectStatus::Open => !closed,
            ObjectStatus::Closed => closed,
        }
    }
}

/// One object of an answer. Its type is the one the schema gives the field it stands in.
pub struct Object<'a> {
    context: &'a Context<'a>,
    type_name: &'a str,
    what: What<'a>,
}

enum What<'a> {
    Root,
    Connection(Kind, Page<&'a Record>),
    Edge(Kind, &'a Record),
    PageInfo { has_next: bool, has_previous: bool },
    Record(Kind, &'a Record),
    Address(i64, &'a Map<String, Value>),
    Deltas(Kind, Page<Delta>),
    DeltaEdge(Kind, Delta),
    Delta(Kind, Delta),
    Mutated(Kind, &'a [OutcomeEdge]),
    MutatedEdge(Kind, &'a OutcomeEdge),
    Removed { affected: usize, skipped: &'a [i64] },
    WebhookState(&'a Record),
    Events(Kind),
    EventEdge(&'a Event),
}

impl<'a> Object<'a> {
    /// The root of an operation; `type_name` is `Query` or `Mutation`.
    pub fn root(context: &'a Context<'a>, type_name: &'a str) -> Object<'a> {
        Object { context, type_name, what: What::Root }
    }
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let context = self.context;
        let type_name = info.field_definition().ty.inner_named_type().as_str();
        let object = move |what: What<'a>| ResolvedValue::object(Object { context, type_name, what });
        let field = info.field_name();
        match (&self.what, field) {
            (What::Root, _) if self.type_name == "Query" => self.resolve_query(info, &object),
            (What::Root, "employeesMutated") => Ok(object(What::Events(Kind::Employee))),
            (What::Root, "contactsMutated") => Ok(object(What::Events(Kind::Contact))),
            (What::Root, _) => {
                let key = info.field_selections()[0].response_key().as_str();
                match context.outcomes.get(key) {
                    Some(Ok(Outcome::Edges(kind, edges))) => Ok(object(What::Mutated(*kind, edges))),
                    Some(Ok(Outcome::Removed { affected, skipped })) => {
                        Ok(object(What::Removed { affected: *affected, skipped }))
                    }
                    Some(Err(error)) => Err(context.fail(error.clone())),
                    None => Err(self.unknown_field_error(info)),
                }
            }

            (What::Connection(_, page), "edges") if page.items.is_empty() => Ok(ResolvedValue::null()),
            (What::Connection(kind, page), "edges") => {
                let kind = *kind;
                Ok(ResolvedValue::list(page.items.iter().map(move |r| object(What::Edge(kind, r)))))
            }
            (What::Connection(_, Page { has_next, has_previous, .. }), "pageInfo")
            | (What::Deltas(_, Page { has_next, has_previous, .. }), "pageInfo") => {
                Ok(object(What::PageInfo { has_next: *has_next, has_previous: *has_previous }))
            }
            (What::PageInfo { has_next, .. }, "hasNextPage") => Ok(ResolvedValue::leaf(*has_next)),
            (What::PageInfo { has_previous, .. }, "hasPreviousPage") => {
                Ok(ResolvedValue::leaf(*has_previous))
            }
            (What::Edge(kind, record), "cursor") => Ok(ResolvedValue::leaf(page::cursor(*kind, record))),
            (What::Edge(kind, record), "node") => Ok(object(What::Record(*kind, record))),
            (What::Record(kind, record), _) => self.resolve_record(*kind, record, field, &object),
            (What::Address(owner, _), "ownerDbId") => Ok(ResolvedValue::leaf(*owner)),
            (What::Address(_, address), "country") => {
                context.allow(Some(Area::Country))?;
                let id = address.get("country").and_then(Value::as_i64).unwrap_or(0);
                let country = context.world.get(Kind::Country, id);
                Ok(country.map_or_else(ResolvedValue::null, |c| object(What::Record(Kind::Country, c))))
            }
            (What::Address(_, address), "fullAddress") => {
                let parts =
                    ["streetAddress", "zipCode", "place"].map(|p| address.get(p).and_then(Value::as_str));
                let parts: Vec<&str> = parts.into_iter().flatten().collect();
                Ok(ResolvedValue::leaf(parts.join(", ")))
            }
            (What::Address(_, address), _) => Ok(leaf(address.get(field))),

            (What::Deltas(_, page), "edges") if page.items.is_empty() => Ok(ResolvedValue::null()),
            (What::Deltas(kind, page), "edges") => {
                let kind = *kind;
                Ok(ResolvedValue::list(page.items.iter().map(move |d| object(What::DeltaEdge(kind, *d)))))
            }
            (What::DeltaEdge(_, delta), "cursor") => Ok(ResolvedValue::leaf(delta.number.to_string())),
            (What::DeltaEdge(kind, delta), "node") => Ok(object(What::Delta(*kind, *delta))),
            (What::Delta(kind, delta), "dbId") => Ok(context.db_id(kind.type_name(), delta.db_id)),
            (What::Delta(_, delta), "mutationType") => Ok(ResolvedValue::leaf(delta.mutation.name())),

            (What::Mutated(kind, edges), "edges") => {
                let kind = *kind;
                Ok(ResolvedValue::list(edges.iter().map(move |e| object(What::MutatedEdge(kind, e)))))
            }
            (What::MutatedEdge(_, edge), "clientId") => Ok(ResolvedValue::leaf(edge.client_id.clone())),
            (What::MutatedEdge(kind, edge), "node") => {
                let record = edge.db_id.and_then(|id| context.world.get(*kind, id));
                Ok(record.map_or_else(ResolvedValue::null, |r| object(What::Record(*kind, r))))
            }
            (What::Removed { affected, .. }, "numAffected") => {
                Ok(ResolvedValue::leaf(i64::try_from(*affected).unwrap_or(i64::MAX)))
            }
            (What::Removed { skipped, .. }, "skippedDbIds") => {
                Ok(ResolvedValue::list(skipped.iter().map(|id| ResolvedValue::leaf(id.to_string()))))
            }
            (What::Events(kind), "edges") => {
                let kind = *kind;
                let events = context
                    .events
                    .iter()
                    .filter(move |e| e.kind == kind)
                    .map(move |e| object(What::EventEdge(e)));
                Ok(ResolvedValue::list(events))
            }
            (What::EventEdge(event), "syncVersion") => Ok(ResolvedValue::leaf(event.sync_version.as_str())),
            (What::EventEdge(event), "node") => {
                let record = context.world.get(event.kind, event.db_id).filter(|_| !event.gone);
                Ok(record.map_or_else(ResolvedValue::null, |r| object(What::Record(event.kind, r))))
            }
            (What::WebhookState(hook), "code") => Ok(leaf(hook.fields.get("stateCode"))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl Object<'_> {
    fn resolve_query<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
        object: &dyn Fn(What<'a>) -> ResolvedValue<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let context = self.context;
        let arguments = arguments::of_field(info.field_selections()[0], context.variables);
        let (kind, area) = match info.field_name() {
            "employees" | "employee" | "employee_deltas" => (Kind::Employee, Some(Area::Employee)),
            "contacts" | "contact_deltas" => (Kind::Contact, Some(Area::Contact)),
            "subledgers" | "subledger" | "subledger_deltas" => (Kind::Subledger, Some(Area::Subledger)),
            // Suppliers are the subledgers, seen from accounts payable.
            "suppliers" => (Kind::Subledger, Some(Area::Supplier)),
            "countries" => (Kind::Country, Some(Area::Country)),
            "companies" => (Kind::Company, Some(Area::Company)),
            "banks" => (Kind::Bank, Some(Area::Bank)),
            "objectKinds" => (Kind::ObjectKind, Some(Area::ObjectValue)),
            "objectValues" => (Kind::ObjectValue, Some(Area::ObjectValue)),
            "entities" => (Kind::Entity, None),
            "webhook" | "webhooks" => (Kind::Webhook, None),
            _ => return Err(self.unknown_field_error(info)),
        };
        context.allow(area)?;
        let name = info.field_name();
        if matches!(name, "employee" | "subledger" | "webhook") {
            let id = page::db_id(&arguments).map_err(|e| context.fail(e))?;
            let record = context.world.get(kind, id).filter(|r| context.reaches(kind, r));
            return Ok(record.map_or_else(ResolvedValue::null, |r| object(What::Record(kind, r))));
        }
        let window = Window::parse(&arguments, context.switches).map_err(|e| context.fail(e))?;
        if name.ends_with("_deltas") {
            let page = window.of_deltas(context.world.table(kind), context.switches.delta_retention);
            let page = page.map_err(|e| context.fail(e))?;
            return Ok(object(What::Deltas(kind, if context.truncate { page.truncated() } else { page })));
        }
        let nested = has_nested_records(&info.field_selections()[0].selection_set, 0);
        if nested && context.switches.time_out_above.is_some_and(|limit| window.size() > limit) {
            return Err(context.fail(SimError::new("Your query timed out.")));
        }
        let page = context.list(kind, &window, &arguments).map_err(|e| context.fail(e))?;
        Ok(object(What::Connection(kind, if context.truncate { page.truncated() } else { page })))
    }

    fn resolve_record<'a>(
        &'a self,
        kind: Kind,
        record: &'a Record,
        field: &str,
        object: &dyn Fn(What<'a>) -> ResolvedValue<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let context = self.context;
        if let Some(to) = kind.reference(field) {
            let Some(id) = record.reference(field) else { return Ok(ResolvedValue::null()) };
            context.allow(to.area())?;
            let target = context.world.get(to, id);
            return Ok(target.map_or_else(ResolvedValue::null, |r| object(What::Record(to, r))));
        }
        let reference_form = |to: Kind, field| match record.reference(field) {
            Some(id) => context.db_id(to.type_name(), id),
            None => ResolvedValue::null(),
        };
        Ok(match (kind, field) {
            (_, "dbId") => context.db_id(self.type_name, record.db_id),
            (_, "ownerDbId") => ResolvedValue::leaf(record.owner_db_id),
            (_, "createdAt") => ResolvedValue::leaf(record.created_at.as_str()),
            (_, "modifiedAt") => ResolvedValue::leaf(record.modified_at.as_str()),
            (Kind::Employee, "contactDbId") => reference_form(Kind::Contact, "contact"),
            (Kind::ObjectValue, "objectKindDbId") => reference_form(Kind::ObjectKind, "objectKind"),
            (Kind::Employee, "email") => ResolvedValue::leaf(values::employee_email(context.world, record)),
            (Kind::Contact, "name") => ResolvedValue::leaf(values::contact_name(record)),
            (Kind::Contact, "age") => {
                ResolvedValue::leaf(record.text("birthday").and_then(|day| values::age(day, &context.today)))
            }
            (Kind::Webhook, "state") => object(What::WebhookState(record)),
            (Kind::Contact | Kind::Subledger, "address" | "homeAddress" | "billAddress" | "shipAddress") => {
                match record.fields.get(field) {
                    Some(Value::Object(address)) => {
                        context.allow(Some(Area::Address))?;
                        object(What::Address(record.owner_db_id, address))
                    }
                    _ => ResolvedValue::null(),
                }
            }
            _ => leaf(record.fields.get(field)),
        })
    }
}

impl<'w> Context<'w> {
    fn list(
        &self,
        kind: Kind,
        window: &Window,
        arguments: &Map<String, Value>,
    ) -> Result<Page<&'w Record>, SimError> {
        let filter = Filter::parse(arguments.get("filter"))?;
        let owners = match arguments.get("ownerSet").and_then(Value::as_str) {
            Some("CURRENT") => OwnerSet::Current,
            Some("UPPER") => OwnerSet::Upper,
            Some("LOWER") => OwnerSet::Lower,
            Some("MINE") => OwnerSet::Mine,
            Some("ALL") => OwnerSet::All,
            _ => self.switches.default_owner_set,
        };
        let status = match arguments.get("objectStatus").and_then(Value::as_str) {
            Some("ALL") => ObjectStatus::All,
            Some("OPEN") => ObjectStatus::Open,
            Some("CLOSED") => ObjectStatus::Closed,
            _ => self.switches.default_object_status,
        };
        let world = self.world;
        window.of_records(world.table(kind), self.switches.order, |record| {
            filter.matches(world, kind, record)
                && self.reaches(kind, record)
                && self.is_in(owners, record)
                && self.has_status(status, record)
        })
    }
}

fn leaf<'a>(value: Option<&Value>) -> ResolvedValue<'a> {
    match value {
        Some(Value::String(text)) => ResolvedValue::leaf(text.as_str()),
        Some(Value::Bool(b)) => ResolvedValue::leaf(*b),
        Some(Value::Number(n)) => ResolvedValue::leaf(n.clone()),
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => ResolvedValue::null(),
    }
}

/// Whether a connection's selection goes below the fields of its nodes.
fn has_nested_records(set: &SelectionSet, depth: usize) -> bool {
    set.selections.iter().any(|selection| match selection {
        Selection::Field(field) if field.selection_set.selections.is_empty() => false,
        Selection::Field(field) => depth == 2 || has_nested_records(&field.selection_set, depth + 1),
        Selection::InlineFragment(fragment) => has_nested_records(&fragment.selection_set, depth),
        // A named fragment is counted as nested: it is only used for nodes.
        Selection::FragmentSpread(_) => true,
    })
}
