//! Opens the real engine of a state directory: secrets, both clients, the store, the resolution file.

use super::engine::RealEngine;
use super::error::{next_for_the_store, with_causes};
use crate::config::{self, SecretFile, Settings};
use crate::daemon::{EngineError, ErrorKind, OpenEngine};
use crate::remote::huma::{HumaClient, HumaOptions};
use crate::remote::transport::{TransportError, TransportOptions, install_tls};
use crate::remote::world::{SystemChance, SystemClock};
use crate::remote::xledger::{
    AddressAt, ClearWith, CountryAs, EmailAt, JobTitleAt, XledgerClient, XledgerOptions,
};
use crate::remote::{Chance, Clock, Secret, SecretError};
use crate::store::{Store, StoreError};
use crate::sync::{Engine, SyncError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The database's name in the state directory.
pub const DATABASE: &str = "hxsync.db";

/// Why the engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the secret of `{key}` could not be read: {source}")]
    Secret { key: &'static str, advice: Option<String>, source: SecretError },
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error("the directory {} could not be made", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    /// A setting that a later version will carry out; ignoring it would be unsafe.
    #[error("`{0}` is not supported by this version")]
    NotSupported(&'static str),
}

/// Opens everything but the resolution file, which [`Engine::open_desk`] takes over.
pub fn open_engine(settings: &Settings) -> Result<Engine, OpenError> {
    open_engine_at(settings, Arc::new(SystemClock))
}

/// The same under another clock.
pub fn open_engine_at(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Engine, OpenError> {
    install_tls();
    refuse_what_is_not_built(settings)?;
    let huma = huma_client(settings, &clock)?;
    let xledger = xledger_client(settings, &clock)?;
    make_directory(&settings.state.directory, 0o711)?;
    if let Some(path) = settings.resolutions.file.parent() {
        // Files made in it belong to its group, so that every admin of the group may answer.
        make_directory(path, 0o2770)?;
    }
    let chance = SystemChance;
    let store =
        Store::open(&settings.state.directory.join(DATABASE), clock.now(), &mut |bytes: &mut [u8]| {
            chance.fill(bytes)
        })?;
    Ok(Engine::new(Arc::new(huma), Arc::new(xledger), clock, store, settings.clone())?)
}

/// Makes a directory that is not there, with its parents; one that is there is left as its owner wants it.
fn make_directory(path: &Path, mode: u32) -> Result<(), OpenError> {
    if path.is_dir() {
        return Ok(());
    }
    let fault = |source| OpenError::Directory { path: path.to_owned(), source };
    std::fs::create_dir_all(path).map_err(fault)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(fault)
}

/// A second approver is promised by the settings and has no command yet: writing without one would break the promise.
fn refuse_what_is_not_built(settings: &Settings) -> Result<(), OpenError> {
    let wants_second = config::PAY_CRITICAL.iter().any(|name| settings.fields.policy(name).second_approver);
    if wants_second {
        return Err(OpenError::NotSupported("second_approver"));
    }
    Ok(())
}

fn huma_client(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<HumaClient, OpenError> {
    let huma = &settings.huma;
    let options = HumaOptions {
        base_url: huma.url.as_str().trim_end_matches('/').to_owned(),
        client_id: huma.client_id.clone(),
        secret: secret(&huma.client_secret_file)?,
        requests_per_second: f64::from(huma.requests_per_second.get()),
        in_flight: huma.in_flight.get() as usize,
        positions_always: huma.positions == config::Positions::Always,
        default_groups: huma.default_groups.clone(),
        contract_type: huma.contract_type.clone(),
        bank_type_national: huma.bank_type_national.clone(),
        bank_type_international: huma.bank_type_international.clone(),
        transport: TransportOptions {
            proxy: proxy(settings),
            ca_file: settings.network.ca_file.clone(),
            timeout: None,
        },
    };
    Ok(HumaClient::new(options, Arc::clone(clock))?)
}

fn xledger_client(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<XledgerClient, OpenError> {
    let xledger = &settings.xledger;
    let options = XledgerOptions {
        url: xledger.url.as_str().to_owned(),
        token: secret(&xledger.token_file)?,
        requests_per_second: f64::from(xledger.requests_per_second.get()),
        owner_db_id: xledger.owner_db_id.map(|owner| owner as i64),
        job_title: match xledger.job_title {
            config::JobTitleHome::PositionValue => JobTitleAt::PositionValue,
            config::JobTitleHome::ContactJobTitle => JobTitleAt::ContactJobTitle,
        },
        address: match xledger.address {
            config::AddressHome::Home => AddressAt::Home,
            config::AddressHome::Main => AddressAt::Main,
        },
        country: match xledger.address_country {
            config::CountrySpelling::Name => CountryAs::Name,
            config::CountrySpelling::Code => CountryAs::Code,
        },
        email: match xledger.email {
            config::EmailHome::Contact => EmailAt::Contact,
            config::EmailHome::Employee => EmailAt::Employee,
        },
        clear_with: match xledger.clear_with {
            config::ClearWith::Null => ClearWith::Null,
            config::ClearWith::Empty => ClearWith::Empty,
        },
        proxy: proxy(settings),
        ca_file: settings.network.ca_file.clone(),
        timeout: None,
    };
    Ok(XledgerClient::new(options, Arc::clone(clock))?)
}

fn proxy(settings: &Settings) -> Option<String> {
    settings.network.proxy.as_ref().map(|url| url.as_str().to_owned())
}

fn secret(file: &SecretFile) -> Result<Secret, OpenError> {
    Secret::read(&file.path, None).map_err(|source| {
        let missing = !file.path.exists();
        let advice = (missing && file.outside_unit).then(|| file.not_found());
        OpenError::Secret { key: file.key, advice, source }
    })
}

/// Opens the engine of the daemon and of commands that work by themselves.
pub fn engine() -> OpenEngine {
    Arc::new(|settings, surroundings| {
        let mut engine = open_engine(&settings).map_err(|error| engine_error(&error))?;
        engine.stop_with(surroundings.stop.clone());
        engine.open_desk().map_err(|error| sync_error(&error))?;
        Ok(Box::new(RealEngine::new(engine, settings, surroundings)))
    })
}

/// New clients for changed settings; the database stays open.
pub(super) fn reconnect(engine: &mut Engine, settings: &Settings) -> Result<(), OpenError> {
    refuse_what_is_not_built(settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let huma = Arc::new(huma_client(settings, &clock)?);
    let xledger = Arc::new(xledger_client(settings, &clock)?);
    engine.set_settings(settings.clone());
    engine.reconnect(huma, xledger);
    Ok(())
}

pub(super) fn engine_error(error: &OpenError) -> EngineError {
    let what = with_causes(error);
    match error {
        OpenError::Secret { key, advice, .. } => {
            EngineError::new(ErrorKind::Settings, advice.clone().unwrap_or(what))
                .next(format!("Put the secret into the file named by `{key}`, then run `hxsync check`."))
        }
        OpenError::Transport(_) => EngineError::new(ErrorKind::Settings, what),
        OpenError::Store(error) => EngineError::new(ErrorKind::State, what).next(next_for_the_store(error)),
        OpenError::Directory { .. } => EngineError::new(ErrorKind::State, what),
        OpenError::Sync(error) => sync_error(error),
        OpenError::NotSupported(key) => EngineError::new(ErrorKind::Settings, what)
            .next(format!("Take `{key}` out of the settings; nothing was read or written.")),
    }
}

pub(super) fn sync_error(error: &SyncError) -> EngineError {
    let what = with_causes(error);
    match error {
        SyncError::Store(error) => EngineError::new(ErrorKind::State, what).next(next_for_the_store(error)),
        SyncError::File(_) => EngineError::new(ErrorKind::State, what),
        SyncError::OtherTenant { side } => EngineError::new(ErrorKind::Settings, what).next(format!(
            "Use the login of the tenant this database belongs to, or another `state.directory`. Nothing was read from or written to {side}."
        )),
        SyncError::NeverRead => EngineError::new(ErrorKind::Usage, what)
            .next("Run `hxsync sync --dry-run` to read both sides and see a plan, or `hxsync sync` for the first sync's picture."),
        SyncError::NobodyKnown(_) | SyncError::SeveralKnown(_) => EngineError::new(ErrorKind::Usage, what)
            .next("Name one person by employment ID, e-mail, or either system's id."),
    }
}
