//! Writes to Huma, one person at a time: read again, one PATCH of the user, one of the position, verified from the answer.

use super::outcome::{FieldResult, judge, says};
use super::{Group, PairNow, Target, is_current};
use crate::domain::record::{About, PositionStatus};
use crate::domain::{Field, HumaId, LinkId, MainPosition, NamedObject, Positions, Reading, Record, Spelling};
use crate::reconcile::Change;
use crate::remote::RemoteError;
use crate::remote::huma::{Depth, HumaAnswer, NewPosition};
use crate::store::IntentState;
use crate::sync::engine::{CycleRun, Engine, SyncError};
use std::collections::BTreeMap;

impl Engine {
    pub(super) async fn apply_huma(
        &mut self,
        run: &mut CycleRun,
        link: LinkId,
        groups: Vec<Group>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<(), SyncError> {
        let Some(mut pair) = pairs.remove(&link) else { return Ok(()) };
        for group in groups {
            let id = match &group.target {
                Target::HumaUser(id) | Target::HumaPosition(id, _) => id.clone(),
                Target::Xledger { .. } => continue,
            };
            match self.core.huma.user(&id, Depth::Position).await {
                Ok(Some(record)) => pair.huma = record,
                Ok(None) => {
                    let results = all(&group.changes, || FieldResult::Stale);
                    self.finish(run, &group, &mut pair, results)?;
                    continue;
                }
                Err(error) => {
                    self.note_failure_of_one(run, &error);
                    let results = all(&group.changes, || FieldResult::Failed);
                    self.finish(run, &group, &mut pair, results)?;
                    continue;
                }
            }
            let (current, stale): (Vec<Change>, Vec<Change>) =
                group.changes.iter().cloned().partition(|change| is_current(change, &pair, &run.lenses));
            let mut results = all(&stale, || FieldResult::Stale);
            if !current.is_empty() {
                let now = self.core.clock.now();
                self.store.write(|tx| tx.set_intent_state(group.intent, IntentState::Sent, now))?;
                results.extend(self.write_huma(run, &group, &id, &mut pair, current).await?);
            }
            self.finish(run, &group, &mut pair, results)?;
        }
        pairs.insert(link, pair);
        Ok(())
    }

    /// Sends the changes that are still current, and learns what came of each.
    async fn write_huma(
        &mut self,
        run: &mut CycleRun,
        group: &Group,
        id: &HumaId,
        pair: &mut PairNow,
        changes: Vec<Change>,
    ) -> Result<Vec<(Change, FieldResult)>, SyncError> {
        let changes = match self.with_titles(run, changes).await {
            Ok(changes) => changes,
            Err((changes, error)) => {
                self.note_failure(run, &error);
                let result = refused_or_failed(&error);
                return Ok(all(&changes, || result.clone()));
            }
        };
        let mut left = changes;
        let mut results = Vec::new();
        // Huma names the fields it refuses; the rest is sent once more without them.
        for attempt in 0..3 {
            if left.is_empty() {
                break;
            }
            match self.send_huma(group, id, pair, &left).await {
                Ok(answer) => {
                    let (again, settled) = self.verify(run, pair, &answer, left, attempt);
                    results.extend(settled);
                    left = again;
                }
                Err(RemoteError::Refused { words, fields, .. }) => {
                    let named: Vec<Field> = fields.iter().filter_map(|name| field_of_wire(name)).collect();
                    let (refused, rest): (Vec<Change>, Vec<Change>) = left
                        .into_iter()
                        .partition(|change| named.is_empty() || named.contains(&change.field));
                    // A refusal that wrote its valid half anyway is seen by reading again.
                    let (written, rest) = self.read_back(id, pair, rest).await;
                    results.extend(written);
                    results.extend(all(&refused, || FieldResult::Refused(words.0.clone())));
                    left = rest;
                }
                Err(error @ RemoteError::OutcomeUnknown { .. }) => {
                    self.note_failure(run, &error);
                    results.extend(self.resolve_unknown(id, pair, left).await);
                    left = vec![];
                }
                Err(error) => {
                    self.note_failure(run, &error);
                    let result = refused_or_failed(&error);
                    results.extend(all(&left, || result.clone()));
                    left = vec![];
                }
            }
        }
        results.extend(all(&left, || FieldResult::Failed));
        Ok(results)
    }

    async fn send_huma(
        &self,
        group: &Group,
        id: &HumaId,
        pair: &mut PairNow,
        changes: &[Change],
    ) -> Result<HumaAnswer, RemoteError> {
        let values: BTreeMap<Field, Option<Spelling>> =
            changes.iter().map(|change| (change.field, change.to.clone())).collect();
        match &group.target {
            Target::HumaUser(_) => self.core.huma.update_user(id, &values).await,
            Target::HumaPosition(_, Some(position)) => {
                self.core.huma.update_position(id, position, &values).await
            }
            Target::HumaPosition(_, None) => {
                let (position, answer) =
                    self.core.huma.create_position(id, &new_position(&values, &pair.xledger)?).await?;
                if let About::Huma(about) = &mut pair.huma.about {
                    about.positions =
                        Positions::Main(MainPosition { id: position, status: PositionStatus::Unknown });
                }
                Ok(answer)
            }
            // Xledger's groups never come here.
            Target::Xledger { .. } => Ok(HumaAnswer::default()),
        }
    }

    /// Compares each written field with the answer. A field read back as it was before is sent once more; alike again, it was
    /// not accepted.
    fn verify(
        &self,
        run: &CycleRun,
        pair: &mut PairNow,
        answer: &HumaAnswer,
        sent: Vec<Change>,
        attempt: usize,
    ) -> (Vec<Change>, Vec<(Change, FieldResult)>) {
        let mut again = Vec::new();
        let mut settled = Vec::new();
        for change in sent {
            let Some(read_back) = answer.fields.get(&change.field).cloned() else {
                settled.push((change, FieldResult::Unknown));
                continue;
            };
            let requested = answer.requested_email.as_deref().filter(|_| change.field == Field::Email);
            let is_pending = requested
                .is_some_and(|requested| says(&run.lenses, &change, &Reading::of_text(Some(requested))));
            if is_pending && !says(&run.lenses, &change, &read_back) {
                if let About::Huma(about) = &mut pair.huma.about {
                    about.requested_email = requested.map(str::to_owned);
                }
                settled.push((change, FieldResult::Pending));
                continue;
            }
            match judge(&run.lenses, &change, read_back) {
                // An email is written once per wanted value, ever: each write may send two mails.
                FieldResult::NotAccepted(_) | FieldResult::EditedMeanwhile(_)
                    if attempt == 0 && change.field != Field::Email =>
                {
                    again.push(change);
                }
                FieldResult::EditedMeanwhile(reading) => {
                    settled.push((change, FieldResult::NotAccepted(reading)))
                }
                result => settled.push((change, result)),
            }
        }
        (again, settled)
    }

    /// After an answer that never came: what the user holds tells.
    async fn resolve_unknown(
        &self,
        id: &HumaId,
        pair: &mut PairNow,
        sent: Vec<Change>,
    ) -> Vec<(Change, FieldResult)> {
        match self.core.huma.user(id, Depth::Position).await {
            Ok(Some(record)) => {
                pair.huma = record;
                sent.into_iter()
                    .map(|change| {
                        let reading = pair.huma.fields[change.field].clone();
                        let requested = pair.huma.huma().and_then(|about| about.requested_email.clone());
                        let pending = change.field == Field::Email
                            && requested.is_some_and(|requested| {
                                says(&self.core.lenses, &change, &Reading::of_text(Some(&requested)))
                            });
                        let result = match judge(&self.core.lenses, &change, reading) {
                            _ if pending => FieldResult::Pending,
                            FieldResult::NotAccepted(_) => FieldResult::Failed,
                            FieldResult::EditedMeanwhile(_) => FieldResult::Stale,
                            result => result,
                        };
                        (change, result)
                    })
                    .collect()
            }
            Ok(None) | Err(_) => all(&sent, || FieldResult::Unknown),
        }
    }

    /// Which of these were written although the request was refused; the others are to be sent.
    async fn read_back(
        &self,
        id: &HumaId,
        pair: &mut PairNow,
        changes: Vec<Change>,
    ) -> (Vec<(Change, FieldResult)>, Vec<Change>) {
        if changes.is_empty() {
            return (vec![], vec![]);
        }
        let Ok(Some(record)) = self.core.huma.user(id, Depth::Position).await else {
            return (all(&changes, || FieldResult::Unknown), vec![]);
        };
        pair.huma = record;
        let mut written = Vec::new();
        let mut rest = Vec::new();
        for change in changes {
            let reading = pair.huma.fields[change.field].clone();
            match judge(&self.core.lenses, &change, reading) {
                FieldResult::NotAccepted(_) => rest.push(change),
                FieldResult::EditedMeanwhile(_) => written.push((change, FieldResult::Stale)),
                result => written.push((change, result)),
            }
        }
        (written, rest)
    }

    /// Makes the job titles Huma lacks, and gives each change its title's id.
    async fn with_titles(
        &mut self,
        run: &mut CycleRun,
        mut changes: Vec<Change>,
    ) -> Result<Vec<Change>, (Vec<Change>, RemoteError)> {
        for index in 0..changes.len() {
            let Some(name) = changes[index].make_title.clone() else { continue };
            match self.title(run, &name).await {
                Ok(title) => {
                    changes[index].to = Some(Spelling::Named(crate::domain::Named {
                        id: Some(title.id),
                        code: None,
                        name: title.name,
                    }));
                }
                Err(error) => return Err((changes, error)),
            }
        }
        Ok(changes)
    }

    /// The title of this name: read anew, made only when nothing matches.
    async fn title(&mut self, run: &mut CycleRun, name: &str) -> Result<NamedObject, RemoteError> {
        let probe = Spelling::Named(crate::domain::Named { id: None, code: None, name: name.to_owned() });
        let matches = |title: &NamedObject| {
            let named =
                Spelling::Named(crate::domain::Named { id: None, code: None, name: title.name.clone() });
            self.core.lenses.same(Field::JobTitle, crate::domain::Side::Huma, &named, &probe)
        };
        let known = self.core.huma.job_titles().await?;
        if let Some(title) = known.iter().find(|title| matches(title)) {
            return Ok(title.clone());
        }
        match self.core.huma.create_job_title(name).await {
            Ok(title) => {
                run.titles_made.push(title.clone());
                Ok(title)
            }
            Err(error @ RemoteError::OutcomeUnknown { .. }) => {
                let known = self.core.huma.job_titles().await?;
                known.into_iter().find(|title| matches(title)).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// A first position needs a title and a start; the first day of work is the start.
fn new_position(
    values: &BTreeMap<Field, Option<Spelling>>,
    xledger: &Record,
) -> Result<NewPosition, RemoteError> {
    let refuse = |what: &str| RemoteError::Refused {
        side: crate::domain::Side::Huma,
        code: "hxsync:no-position".into(),
        words: crate::remote::Words(format!("a position needs {what}")),
        fields: vec![],
    };
    let Some(Some(Spelling::Named(title))) = values.get(&Field::JobTitle) else {
        return Err(refuse("a job title"));
    };
    let id = title.id.clone().ok_or_else(|| refuse("a job title that Huma has"))?;
    let start =
        xledger.text(Field::FirstDayOfWork).ok_or_else(|| refuse("a first day of work in Xledger"))?;
    let dates = values
        .iter()
        .filter(|(field, _)| field.is_date())
        .filter_map(|(field, value)| Some((*field, value.clone()?)))
        .collect();
    Ok(NewPosition {
        title: NamedObject { id, code: None, name: title.name.clone() },
        contract_start_date: start.get(..10).unwrap_or(start).to_owned(),
        dates,
    })
}

pub(super) fn all(changes: &[Change], result: impl Fn() -> FieldResult) -> Vec<(Change, FieldResult)> {
    changes.iter().map(|change| (change.clone(), result())).collect()
}

/// A right that is missing is parked like a refused value; a passing failure is not.
pub(super) fn refused_or_failed(error: &RemoteError) -> FieldResult {
    match error {
        RemoteError::Refused { words, .. } => FieldResult::Refused(words.0.clone()),
        RemoteError::Forbidden { .. } | RemoteError::Schema { .. } => FieldResult::Refused(error.to_string()),
        RemoteError::OutcomeUnknown { .. } => FieldResult::Unknown,
        RemoteError::Unreachable { .. }
        | RemoteError::Unavailable { .. }
        | RemoteError::Unauthorized { .. }
        | RemoteError::RateLimited { .. }
        | RemoteError::Unexpected { .. } => FieldResult::Failed,
    }
}

/// The field a wire name of Huma's error body means.
fn field_of_wire(name: &str) -> Option<Field> {
    // Nested names come as `homeAddress.postalCode`.
    match name.split('.').next().unwrap_or(name) {
        "givenName" => Some(Field::GivenName),
        "familyName" => Some(Field::FamilyName),
        "email" => Some(Field::Email),
        "phone" => Some(Field::Phone),
        "birthDate" => Some(Field::BirthDate),
        "bankAccount" => Some(Field::BankAccount),
        "homeAddress" => Some(Field::Address),
        "gender" => Some(Field::Gender),
        "civilStatus" => Some(Field::CivilStatus),
        "employmentId" => Some(Field::EmploymentId),
        "titleId" | "jobTitle" | "title" => Some(Field::JobTitle),
        "firstDayOfWork" => Some(Field::FirstDayOfWork),
        "probationEndDate" => Some(Field::ProbationEndDate),
        "terminationNoticeDate" => Some(Field::TerminationNoticeDate),
        "lastDayOfWork" => Some(Field::LastDayOfWork),
        _ => None,
    }
}
