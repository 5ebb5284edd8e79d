//! Whom a cycle reconciles. Everybody when anything beside the records moved; else those something moved or waits for.

use super::cycle::Observed;
use super::engine::{Core, CycleRun, Engine, PENDING, RECONCILED_UNDER, SyncError};
use super::evaluate::INTEGRATION_SEEN;
use super::people::{Absence, candidates_for_absence};
use super::record::Decisions;
use super::request::{CycleRequest, Reach};
use crate::config::BuiltinIntegration;
use crate::domain::{Catalog, Field, LinkId, RecordId, Side, time};
use crate::reconcile::Subject;
use crate::remote::huma::Depth;
use crate::store::{Phase, Reader, StoreError, Tenants, Writer, meta};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) struct Scope {
    pub everybody: bool,
    /// Pairing is looked at: somebody moved, or an answer about people waits.
    pub people: bool,
    pub links: BTreeSet<LinkId>,
    /// Links an earlier plan of which is not carried out.
    pub pending: BTreeSet<LinkId>,
}

impl Core {
    pub(super) fn scope(
        &self,
        tx: &Writer<'_>,
        run: &CycleRun,
        request: &CycleRequest,
        observed: &Observed,
        decisions: &Decisions,
        now: Timestamp,
    ) -> Result<Scope, StoreError> {
        let pending = tx.meta(&PENDING)?.unwrap_or_default();
        let is_for_one = matches!(request.reach, Reach::Person(_));
        let under = self.reconciled_under(tx, now)?;
        let is_hinted = matches!(request.reach, Reach::Hinted(_));
        let everybody = !is_for_one
            && (run.everybody
                || observed.huma.full && observed.xledger.full
                || !is_hinted && tx.meta(&RECONCILED_UNDER)? != Some(under));
        let mut links: BTreeSet<LinkId> = BTreeSet::new();
        let moved: Vec<&RecordId> = observed
            .huma
            .changed
            .keys()
            .chain(observed.xledger.changed.keys())
            .chain(&observed.huma.here_again)
            .chain(&observed.xledger.here_again)
            .collect();
        for id in &moved {
            links.extend(tx.link_of_record(id)?.map(|link| link.id));
        }
        if is_for_one {
            for id in observed.huma.unchanged.iter().chain(&observed.xledger.unchanged) {
                links.extend(tx.link_of_record(id)?.map(|link| link.id));
            }
        } else if !is_hinted {
            links.extend(&pending);
        }
        links.extend(decisions.iter().filter_map(|(subject, _)| subject.link()));
        let about_people = decisions.iter().any(|(subject, _)| matches!(subject, Subject::Record(_)));
        let is_unlinked = |id: &&RecordId| tx.link_of_record(id).is_ok_and(|link| link.is_none());
        let again = tx.meta(&super::engine::PEOPLE_AGAIN)?.unwrap_or_default();
        let people = about_people || again || moved.iter().any(is_unlinked);
        Ok(Scope { everybody, people, links, pending })
    }

    /// Digest of everything besides the records that decides an outcome.
    pub(super) fn reconciled_under(&self, tx: &Writer<'_>, now: Timestamp) -> Result<String, StoreError> {
        let catalog = tx.meta(&super::engine::CATALOG)?.unwrap_or_else(Catalog::default);
        let live = tx.meta(&meta::PHASE)?.unwrap_or_default() != Phase::FirstSync;
        let day = time::local_day(now, &self.settings.sync.time_zone);
        let text =
            serde_json::json!([self.circumstances, catalog, live, day.to_string(), self.withheld(tx)?]);
        Ok(blake3::hash(text.to_string().as_bytes()).to_hex().to_string())
    }

    /// Why nothing may be written for anybody, in words.
    pub(super) fn withheld(&self, tx: &Reader<'_>) -> Result<Option<String>, StoreError> {
        let unsure = self.settings.huma.builtin_integration == BuiltinIntegration::Unknown;
        let seen = tx.meta(&INTEGRATION_SEEN)?.unwrap_or_default();
        Ok((unsure && seen).then(|| {
            "Huma's own Xledger integration is or was on for some people. Turn it off in Huma, then set \
             `huma.builtin_integration = \"off\"`; until then nothing is written on either side"
                .into()
        }))
    }
}

impl Engine {
    /// Why nothing may be written for anybody, in words.
    pub fn withheld(&self) -> Result<Option<String>, SyncError> {
        Ok(self.core.withheld(&self.store.read())?)
    }

    /// The tenants whose people are in the database.
    pub fn tenants(&self) -> Result<Tenants, SyncError> {
        Ok(self.store.read().meta(&meta::TENANTS)?.unwrap_or_default())
    }

    /// Whether a confirmed write shows a right of Xledger's, named in the vendor's words.
    pub fn has_written(&self, right: &str) -> bool {
        let right = right.to_lowercase();
        let is_on_employee = |field: &Field| field.is_on_position() || *field == Field::EmploymentId;
        let fields: Vec<Field> =
            match (right.contains("write"), right.contains("employee"), right.contains("contact")) {
                (true, true, _) => Field::ALL.into_iter().filter(is_on_employee).collect(),
                (true, false, true) => Field::ALL
                    .into_iter()
                    .filter(|f| !is_on_employee(f) && *f != Field::BankAccount)
                    .collect(),
                (_, _, _) => return false,
            };
        self.store.read().has_written_to_xledger(&fields).unwrap_or(false)
    }

    /// Looks up by id whom a complete full listing lacked; answers those that were not found (P7).
    pub(super) async fn look_up_absent(
        &mut self,
        run: &mut CycleRun,
        observed: &Observed,
    ) -> Result<Vec<RecordId>, SyncError> {
        let reader = self.store.read();
        let mut wanted = Vec::new();
        for (side, observation) in [(Side::Huma, &observed.huma), (Side::Xledger, &observed.xledger)] {
            match candidates_for_absence(&reader, side, observation)? {
                Absence::Unlisted(ids) => wanted.extend(ids),
                Absence::Unproven { lost, known } => {
                    let why = format!(
                        "its listing lacks {lost} of {known} known people: look at the key's rights. Nothing is concluded from it"
                    );
                    tracing::warn!(side = side.word(), "{side}: {why}");
                    run.fail(&format!("{side}'s listing"), None, why);
                }
            }
        }
        let mut absent = Vec::new();
        for id in wanted {
            let found = match &id {
                RecordId::Huma(huma) => {
                    self.core.huma.user(huma, Depth::Copies).await.map(|record| record.is_some())
                }
                RecordId::Xledger(xledger) => self
                    .core
                    .xledger
                    .by_ids(&[*xledger])
                    .await
                    .map(|found| !found.records.is_empty() || !found.unreadable.is_empty()),
            };
            match found {
                Ok(true) => {}
                Ok(false) => absent.push(id),
                Err(error) => self.note_failure(run, &error),
            }
        }
        Ok(absent)
    }

    /// Keeps the job titles made in this cycle in the catalog, so that the next one finds them.
    pub(super) fn learn_titles(&mut self, run: &mut CycleRun) -> Result<(), SyncError> {
        if run.titles_made.is_empty() {
            return Ok(());
        }
        let mut catalog = self.core.lenses.catalog().clone();
        catalog.huma_titles.append(&mut run.titles_made);
        self.store.write(|tx| tx.put_meta(&super::engine::CATALOG, &catalog))?;
        let options = self.core.lenses.options().clone();
        self.core.lenses = Arc::new(crate::domain::Lenses::new(options, catalog));
        Ok(())
    }
}
