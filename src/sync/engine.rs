//! The engine: both sides, the clock, chance, the store and the settings, and one cycle at a time over them.

use super::report::{FieldFailure, SideFailure};
use super::request::CycleRequest;
use crate::config::Settings;
use crate::domain::lens::LensOptions;
use crate::domain::{Catalog, Field, FieldMap, FieldSet, Lenses, LinkId, NamedObject, Side, time};
use crate::reconcile::FingerprintKey;
use crate::remote::{Clock, Huma, RemoteError, Xledger};
use crate::store::{Key, Store, StoreError, Tenants, meta};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What stops a cycle as a whole. A side that is down or refuses the login is no error but part of the report.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] crate::resolution_file::FileError),
    /// A token for another customer than the one whose people are in the database.
    #[error("the login of {side} is for another tenant than the one in this database")]
    OtherTenant { side: Side },
    /// There is nothing to plan from yet.
    #[error("neither side has been read yet")]
    NeverRead,
    #[error("nobody is known by `{0}`")]
    NobodyKnown(String),
    #[error("several people are known by `{0}`; use an id")]
    SeveralKnown(String),
}

/// The catalog read last, so that a quiet cycle need not read it again.
pub(super) const CATALOG: Key<Catalog> = Key::new("catalog");
/// Links whose last plan is not carried out yet: reconciled in every cycle.
pub(super) const PENDING: Key<BTreeSet<LinkId>> = Key::new("pending_links");
/// People are looked at in the next cycle although nobody moved.
pub(super) const PEOPLE_AGAIN: Key<bool> = Key::new("people_again");
/// Digest of everything besides the records that decides an outcome, as of the last cycle that reconciled everybody.
pub(super) const RECONCILED_UNDER: Key<String> = Key::new("reconciled_under");

/// With more people failing in one cycle it is the side that is not available.
const MOST_FAILING_ALONE: usize = 3;

/// Everything that decides, beside the store: so that it can be borrowed while a transaction is open.
pub(super) struct Core {
    pub(super) huma: Arc<dyn Huma>,
    pub(super) xledger: Arc<dyn Xledger>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) lenses: Arc<Lenses>,
    pub(super) policies: FieldMap<crate::config::FieldPolicy>,
    pub(super) circumstances: String,
    pub(super) key: FingerprintKey,
}

pub struct Engine {
    pub(super) store: Store,
    pub(super) core: Core,
    /// `None` until the resolution file is taken over: a dry run has none.
    pub(super) desk: Option<super::desk::Desk>,
    /// What the last answer by command was told, or the answers it queued.
    pub(super) commanded: Vec<super::desk::LastLine>,
    /// After whom the next sweep goes on.
    pub(super) swept: Option<crate::domain::RecordId>,
    /// Until when (monotonic) a side is left alone after a failure.
    rests: [Option<Duration>; 2],
    logged_in: bool,
    /// Cancelled when the program shall end: nothing further is sent then.
    pub(super) stop: CancellationToken,
}

/// What one cycle gathers while it runs.
pub(super) struct CycleRun {
    pub cycle: i64,
    pub lenses: Arc<Lenses>,
    pub writes: u64,
    pub side_writes: [u64; 2],
    pub failures: Vec<FieldFailure>,
    pub sides: Vec<SideFailure>,
    pub moved_meanwhile: BTreeSet<LinkId>,
    pub titles_made: Vec<NamedObject>,
    /// When the complete listings before this cycle were finished; `None` if there were none.
    pub complete_before: Option<Timestamp>,
    pub created: Vec<String>,
    /// Reconcile everybody, whatever moved: for `plan`.
    pub everybody: bool,
    pub stopped: bool,
    /// People are to be asked about again in the next cycle: somebody was not made.
    pub people_again: bool,
    /// Requests about single people that a side could not answer.
    pub failed_alone: usize,
    /// Links an unexplained write of an earlier run stands in the way of.
    pub blocked: BTreeSet<LinkId>,
    /// Links whose plan was carried out, whatever came of it.
    pub applied: BTreeSet<LinkId>,
    /// Links whose changes did not all go through.
    pub unsettled: BTreeSet<LinkId>,
    /// Items whose answers have been carried out at least in part.
    pub answered: BTreeSet<String>,
    /// Answers that were taken, and could not be carried out after all: refused, and queued once more.
    pub answers_refused: u64,
    pub answers_queued: u64,
}

impl Engine {
    /// Takes everything a run of hxsync differs by. Logs in with the first cycle.
    pub fn new(
        huma: Arc<dyn Huma>,
        xledger: Arc<dyn Xledger>,
        clock: Arc<dyn Clock>,
        store: Store,
        settings: Settings,
    ) -> Result<Engine, SyncError> {
        let catalog = store.read().meta(&CATALOG)?.unwrap_or_default();
        let key = FingerprintKey(*store.fingerprint_key());
        let lenses = Arc::new(Lenses::new(lens_options(&settings), catalog));
        let core = Core {
            huma,
            xledger,
            clock,
            policies: FieldMap::from_fn(|field| settings.fields.policy(field.name())),
            circumstances: digest_of_settings(&settings),
            settings,
            lenses,
            key,
        };
        Ok(Engine {
            store,
            core,
            desk: None,
            commanded: vec![],
            swept: None,
            rests: [None, None],
            logged_in: false,
            stop: CancellationToken::new(),
        })
    }

    /// Ends after the step it is at when this is cancelled.
    pub fn stop_with(&mut self, stop: CancellationToken) {
        self.stop = stop;
    }

    /// Takes other connections; both logins and tenants are proven again.
    pub fn reconnect(&mut self, huma: Arc<dyn Huma>, xledger: Arc<dyn Xledger>) {
        self.core.huma = huma;
        self.core.xledger = xledger;
        self.logged_in = false;
    }

    pub fn huma(&self) -> Arc<dyn Huma> {
        Arc::clone(&self.core.huma)
    }

    pub fn xledger(&self) -> Arc<dyn Xledger> {
        Arc::clone(&self.core.xledger)
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// Takes new settings for the cycles to come. Connections and paths keep those the engine was made with.
    pub fn set_settings(&mut self, settings: Settings) {
        self.core.policies = FieldMap::from_fn(|field| settings.fields.policy(field.name()));
        self.core.circumstances = digest_of_settings(&settings);
        let catalog = self.core.lenses.catalog().clone();
        self.core.lenses = Arc::new(Lenses::new(lens_options(&settings), catalog));
        self.core.settings = settings;
    }

    /// Both logins, and both tenants against those whose people are in the database. Once per engine that succeeds.
    pub(super) async fn log_in(&mut self, run: &mut CycleRun) -> Result<bool, SyncError> {
        if self.logged_in {
            return Ok(true);
        }
        let (huma, xledger) = (Arc::clone(&self.core.huma), Arc::clone(&self.core.xledger));
        let (huma, xledger) = futures_util::future::join(huma.tenant(), xledger.tenant()).await;
        let known = self.store.read().meta(&meta::TENANTS)?.unwrap_or_default();
        let mut now = known.clone();
        let mut good = true;
        match huma {
            Ok(tenant) => match &known.huma_organization {
                Some(organization) if *organization != tenant.organization_id => {
                    return Err(SyncError::OtherTenant { side: Side::Huma });
                }
                Some(_) | None => now.huma_organization = Some(tenant.organization_id),
            },
            Err(error) => {
                self.note_failure(run, &error);
                good = false;
            }
        }
        match xledger {
            Ok(tenant) => {
                let mut seen: Vec<i64> = match self.core.settings.xledger.owner_db_id {
                    Some(owner) => vec![owner as i64],
                    None => tenant.entities.iter().map(|(id, _)| *id).collect(),
                };
                // A token that sees no entity at all is no token for the ones we know.
                let strange = !known.xledger_entities.is_empty()
                    && !seen.iter().any(|id| known.xledger_entities.contains(id));
                if strange {
                    return Err(SyncError::OtherTenant { side: Side::Xledger });
                }
                seen.extend(&known.xledger_entities);
                seen.sort_unstable();
                seen.dedup();
                now.xledger_entities = seen;
            }
            Err(error) => {
                self.note_failure(run, &error);
                good = false;
            }
        }
        if now != known {
            self.store.write(|tx| tx.put_meta::<Tenants>(&meta::TENANTS, &now))?;
        }
        self.logged_in = good;
        Ok(good)
    }

    /// Records that a side failed, and lets it rest where waiting is what helps.
    pub(super) fn note_failure(&mut self, run: &mut CycleRun, error: &RemoteError) {
        let side = error.side();
        let until = match error {
            RemoteError::RateLimited { retry_after, .. } => Some(*retry_after),
            RemoteError::Unreachable { .. } | RemoteError::Unavailable { .. } => Some(Duration::from_secs(1)),
            RemoteError::Unauthorized { .. } => {
                self.logged_in = false;
                Some(Duration::from_secs(1))
            }
            RemoteError::Forbidden { .. }
            | RemoteError::OutcomeUnknown { .. }
            | RemoteError::Refused { .. }
            | RemoteError::Unexpected { .. }
            | RemoteError::Schema { .. } => None,
        };
        if let Some(until) = until {
            self.rests[side as usize] = Some(self.core.clock.monotonic() + until);
        }
        let mut what = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(source) = cause {
            what = format!("{what}: {source}");
            cause = source.source();
        }
        tracing::warn!(side = side.word(), "{what}");
        let failure = SideFailure { side, what, passing: error.is_passing() };
        if !run.sides.contains(&failure) {
            run.sides.push(failure);
        }
    }

    /// The same for a request about one person: the side is only left alone when more than that one fail (P6).
    pub(super) fn note_failure_of_one(&mut self, run: &mut CycleRun, error: &RemoteError) {
        self.note_failure(run, error);
        run.failed_alone += 1;
        if matches!(error, RemoteError::Unavailable { .. }) && run.failed_alone <= MOST_FAILING_ALONE {
            self.rests[error.side() as usize] = None;
        }
    }

    pub(super) fn is_resting(&self, side: Side) -> bool {
        self.rests[side as usize].is_some_and(|until| self.core.clock.monotonic() < until)
    }

    pub(super) fn wake_sides(&mut self) {
        self.rests = [None, None];
    }
}

impl Core {
    /// Pay-critical fields a freeze covers today, on the employer's calendar.
    pub(super) fn frozen(&self) -> FieldSet {
        let today = time::local_day(self.clock.now(), &self.settings.sync.time_zone);
        let last = today.last_of_month().day();
        self.settings
            .freeze
            .iter()
            .filter(|freeze| freeze.covers(today.day().unsigned_abs(), last.unsigned_abs()))
            .flat_map(|freeze| &freeze.fields)
            .filter_map(|name| Field::from_name(name))
            .collect()
    }
}

impl CycleRun {
    pub fn new(lenses: Arc<Lenses>) -> CycleRun {
        CycleRun {
            cycle: 0,
            lenses,
            writes: 0,
            side_writes: [0, 0],
            failures: vec![],
            sides: vec![],
            moved_meanwhile: BTreeSet::new(),
            titles_made: vec![],
            complete_before: None,
            created: vec![],
            everybody: false,
            stopped: false,
            people_again: false,
            failed_alone: 0,
            blocked: BTreeSet::new(),
            applied: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            answered: BTreeSet::new(),
            answers_refused: 0,
            answers_queued: 0,
        }
    }

    pub fn fail(&mut self, person: &str, field: Option<Field>, why: impl Into<String>) {
        self.failures.push(FieldFailure { person: person.to_owned(), field, why: why.into() });
    }
}

fn lens_options(settings: &Settings) -> LensOptions {
    LensOptions {
        phone_country: settings.fields.phone_country.clone(),
        civil_status: settings.maps.civil_status.clone(),
        gender: settings.maps.gender.clone(),
        xledger_title_is_text: settings.xledger.job_title == crate::config::JobTitleHome::ContactJobTitle,
    }
}

/// Settings hold no secrets, only where they are; their debug form names every one of them.
fn digest_of_settings(settings: &Settings) -> String {
    blake3::hash(format!("{settings:?}").as_bytes()).to_hex().to_string()
}

/// Whether a request is for everybody.
pub(super) fn is_for_all(request: &CycleRequest) -> bool {
    !matches!(request.reach, super::Reach::Person(_))
}
