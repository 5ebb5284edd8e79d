//! The real engine as the daemon and the commands ask it.

use super::open::{engine_error, reconnect, sync_error};
use crate::config::Settings;
use crate::daemon::{
    CheckLine, CheckReport, CheckState, Cycles, EngineError, ErrorKind, FileHint, Sides, Surroundings,
};
use crate::domain::Side;
use crate::reconcile::Who;
use crate::remote::{RemoteError, RightReport, RightState};
use crate::report::StatusReport;
use crate::sync::{CycleReport, CycleRequest, Engine, Look, Said};
use async_trait::async_trait;
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub struct RealEngine {
    engine: Engine,
    settings: Settings,
    surroundings: Surroundings,
}

impl RealEngine {
    pub fn new(engine: Engine, settings: Settings, surroundings: Surroundings) -> RealEngine {
        RealEngine { engine, settings, surroundings }
    }
}

#[async_trait(?Send)]
impl Cycles for RealEngine {
    async fn cycle(&mut self, request: CycleRequest, sides: Sides) -> Result<CycleReport, EngineError> {
        let progress = self.surroundings.progress.clone();
        let say = move |side: Side, read: u64, of: Option<u64>| match of {
            Some(of) => progress.say(format!("{side}: {read} of {of} people")),
            None => progress.say(format!("{side}: {read} people")),
        };
        let asked: Vec<Side> = Side::BOTH.into_iter().filter(|side| sides.has(*side)).collect();
        self.engine.cycle_asking(request, &asked, &say).await.map_err(|error| sync_error(&error))
    }

    fn answer(&mut self, item: &str, words: &[String], who: Who) -> Result<Vec<String>, EngineError> {
        let said = self.engine.answer(item, words, &who).map_err(|error| sync_error(&error))?;
        told(&said)
    }

    fn answered(&mut self) -> Result<Vec<String>, EngineError> {
        told(&self.engine.answered().map_err(|error| sync_error(&error))?)
    }

    async fn check(&mut self, probe_writes: bool) -> CheckReport {
        let mut report = CheckReport::default();
        self.check_files(&mut report);
        self.check_huma(&mut report).await;
        self.check_xledger(&mut report, probe_writes).await;
        report
    }

    fn status(&mut self) -> StatusReport {
        let mut status = StatusReport::read(self.engine.store().read(), Timestamp::now()).unwrap_or_default();
        status.withheld = status.withheld.or(self.engine.withheld().ok().flatten());
        status.titles = self.engine.title_notes().unwrap_or_default();
        status
    }

    fn plan(&mut self, of: Option<&str>) -> Result<CycleReport, EngineError> {
        self.engine.plan(of).map_err(|error| sync_error(&error))
    }

    fn file_looked(&mut self) -> FileHint {
        match self.engine.look_at_file() {
            Ok(Look::Nothing) => FileHint::Nothing,
            Ok(Look::Again(after)) => FileHint::Settling(after),
            Ok(Look::Ready) => FileHint::Ready,
            Err(error) => {
                tracing::error!("The resolution file cannot be looked at: {error}");
                FileHint::Nothing
            }
        }
    }

    fn reload(&mut self, settings: Settings) -> Result<(), EngineError> {
        let moved = [
            ("state.directory", settings.state != self.settings.state),
            ("resolutions.file", settings.resolutions.file != self.settings.resolutions.file),
        ];
        if let Some((key, _)) = moved.iter().find(|(_, moved)| *moved) {
            return Err(EngineError::new(
                ErrorKind::Settings,
                format!("`{key}` cannot change while the daemon runs"),
            )
            .next("Restart the service to use it; until then the old settings stay."));
        }
        reconnect(&mut self.engine, &settings).map_err(|error| engine_error(&error))?;
        self.settings = settings;
        Ok(())
    }
}

/// The answer's lines as a command shows them: without the mark they bear in the file.
fn told(said: &Said) -> Result<Vec<String>, EngineError> {
    let lines: Vec<String> =
        said.lines.iter().map(|line| line.trim_start_matches("#!").trim().to_owned()).collect();
    if said.refused {
        return Err(EngineError::new(ErrorKind::Usage, lines.join(" "))
            .next("`hxsync resolve` lists the open questions; the resolution file says what each takes."));
    }
    Ok(lines)
}

impl RealEngine {
    fn check_files(&self, report: &mut CheckReport) {
        line(report, "settings", "every setting is known and in its range", CheckState::Ok, None);
        let state = &self.settings.state.directory;
        let database = state.join(super::open::DATABASE);
        for (what, path, may_not) in
            [("state directory", state.as_path(), 0o022), ("database", database.as_path(), 0o007)]
        {
            check_mode(report, what, path, may_not);
        }
        if let Some(file) = self.engine.resolution_path() {
            check_mode(report, "resolution file", &file, 0o007);
        }
    }

    async fn check_huma(&self, report: &mut CheckReport) {
        let huma = self.engine.huma();
        match huma.tenant().await {
            Ok(tenant) => {
                let note = format!("organization {}", tenant.organization_id);
                line(report, "Huma", "login", CheckState::Ok, Some(note));
                let known = self.engine.tenants().ok().and_then(|tenants| tenants.huma_organization);
                check_tenant(report, "Huma", known.is_none_or(|known| known == tenant.organization_id));
            }
            Err(error) => return failed(report, "Huma", "login", &error),
        }
        match huma.rights().await {
            Ok(rights) => rights.iter().for_each(|right| right_line(report, "Huma", right)),
            Err(error) => failed(report, "Huma", "rights", &error),
        }
        if let Ok(Some(why)) = self.engine.withheld() {
            line(report, "Huma", "its own Xledger integration", CheckState::Wrong, Some(why));
        }
    }

    async fn check_xledger(&self, report: &mut CheckReport, probe_writes: bool) {
        let xledger = self.engine.xledger();
        match xledger.tenant().await {
            Ok(tenant) => {
                let names: Vec<String> =
                    tenant.entities.iter().map(|(id, name)| format!("{name} ({id})")).collect();
                line(report, "Xledger", "login", CheckState::Ok, Some(names.join(", ")));
                let known = self.engine.tenants().map(|tenants| tenants.xledger_entities).unwrap_or_default();
                let same = known.is_empty() || tenant.entities.iter().any(|(id, _)| known.contains(id));
                check_tenant(report, "Xledger", same);
            }
            Err(error) => return failed(report, "Xledger", "login", &error),
        }
        match xledger.rights(probe_writes).await {
            Ok(rights) => {
                for mut right in rights {
                    // What was written before proves the right to write it.
                    if right.state == RightState::Unproven && self.engine.has_written(&right.right) {
                        right.state = RightState::Ok;
                    }
                    right_line(report, "Xledger", &right);
                }
            }
            Err(error) => failed(report, "Xledger", "rights", &error),
        }
        match xledger.schema_drift().await {
            Ok(missing) if missing.is_empty() => line(report, "Xledger", "schema", CheckState::Ok, None),
            Ok(missing) => {
                let note = format!("missing: {}; their fields are left alone", missing.join(", "));
                line(report, "Xledger", "schema", CheckState::Wrong, Some(note));
            }
            Err(error) => failed(report, "Xledger", "schema", &error),
        }
    }
}

fn check_mode(report: &mut CheckReport, what: &str, path: &Path, may_not: u32) {
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(about) => {
            let mode = about.permissions().mode() & 0o7777;
            if mode & may_not == 0 {
                line(report, "files", what, CheckState::Ok, Some(format!("{shown}, mode {mode:04o}")));
            } else {
                let note =
                    format!("{shown} has mode {mode:04o}; run `chmod {:04o} {shown}`", mode & !may_not);
                line(report, "files", what, CheckState::Wrong, Some(note));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            line(
                report,
                "files",
                what,
                CheckState::Unproven,
                Some(format!("{shown} is made by the first cycle")),
            );
        }
        Err(error) => line(report, "files", what, CheckState::Wrong, Some(format!("{shown}: {error}"))),
    }
}

fn check_tenant(report: &mut CheckReport, about: &str, same: bool) {
    match same {
        true => line(report, about, "tenant", CheckState::Ok, None),
        false => {
            let note =
                "another tenant than the one in the database: nothing is read or written with this login";
            line(report, about, "tenant", CheckState::Wrong, Some(note.into()));
        }
    }
}

fn right_line(report: &mut CheckReport, about: &str, right: &RightReport) {
    let state = match right.state {
        RightState::Ok => CheckState::Ok,
        RightState::Missing => CheckState::Missing,
        RightState::Unproven => CheckState::Unproven,
    };
    let note = (state != CheckState::Ok).then(|| format!("without it: {}", right.without));
    line(report, about, &right.right, state, note);
}

fn failed(report: &mut CheckReport, about: &str, what: &str, error: &RemoteError) {
    let state = match error {
        RemoteError::Unauthorized { .. } | RemoteError::Forbidden { .. } => CheckState::Missing,
        RemoteError::Unreachable { .. }
        | RemoteError::Unavailable { .. }
        | RemoteError::RateLimited { .. } => CheckState::Unreachable,
        RemoteError::OutcomeUnknown { .. }
        | RemoteError::Refused { .. }
        | RemoteError::Unexpected { .. }
        | RemoteError::Schema { .. } => CheckState::Wrong,
    };
    line(report, about, what, state, Some(super::error::with_causes(error)));
}

fn line(report: &mut CheckReport, about: &str, what: &str, state: CheckState, note: Option<String>) {
    report.lines.push(CheckLine { about: about.into(), what: what.into(), state, note });
}
