//! Exit codes, a promise of DESIGN section 6.

use crate::daemon::{CheckReport, CheckState, ErrorKind};
use crate::report::StatusReport;
use crate::sync::CycleReport;
use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    /// Wrong usage: clap exits with it too.
    Usage,
    QuestionsOpen,
    Held,
    Unreachable,
    Refused,
    Settings,
    /// Told to stop twice.
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::QuestionsOpen => 3,
            Exit::Held => 4,
            Exit::Unreachable => 69,
            Exit::Refused => 77,
            Exit::Settings => 78,
            Exit::Interrupted => 130,
        }
    }

    /// Of a cycle. A side that failed comes before what `--exit-code` asks for; one that an admin must act on before one
    /// that may pass.
    pub fn of_cycle(report: &CycleReport, exit_code: bool) -> Exit {
        if report.sides.iter().any(|failure| !failure.passing) {
            Exit::Refused
        } else if !report.sides.is_empty() {
            Exit::Unreachable
        } else {
            Exit::of_questions(report.questions, report.held, exit_code)
        }
    }

    pub fn of_status(report: &StatusReport, exit_code: bool) -> Exit {
        Exit::of_questions(report.questions, report.held, exit_code)
    }

    /// `unproven` alone is no failure.
    pub fn of_check(report: &CheckReport) -> Exit {
        let has = |state| report.lines.iter().any(|line| line.state == state);
        if has(CheckState::Wrong) {
            Exit::Settings
        } else if has(CheckState::Missing) {
            Exit::Refused
        } else if has(CheckState::Unreachable) {
            Exit::Unreachable
        } else {
            Exit::Done
        }
    }

    pub fn of_kind(kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::Usage => Exit::Usage,
            ErrorKind::Unreachable => Exit::Unreachable,
            ErrorKind::Refused => Exit::Refused,
            ErrorKind::Settings => Exit::Settings,
            ErrorKind::State | ErrorKind::Stopping | ErrorKind::Internal => Exit::Failed,
        }
    }

    fn of_questions(questions: u64, held: u64, exit_code: bool) -> Exit {
        match exit_code {
            true if held > 0 => Exit::Held,
            true if questions > 0 => Exit::QuestionsOpen,
            true | false => Exit::Done,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::CheckLine;
    use crate::domain::Side;
    use crate::sync::SideFailure;

    fn side(passing: bool) -> SideFailure {
        SideFailure { side: Side::Huma, what: "Huma failed".into(), passing }
    }

    #[test]
    fn a_held_write_comes_before_an_open_question_and_a_failed_side_before_both() {
        let mut report = CycleReport { questions: 2, ..CycleReport::default() };
        assert_eq!(Exit::of_cycle(&report, false).code(), 0);
        assert_eq!(Exit::of_cycle(&report, true).code(), 3);
        report.held = 1;
        assert_eq!(Exit::of_cycle(&report, true).code(), 4);
        report.sides = vec![side(true)];
        assert_eq!(Exit::of_cycle(&report, true).code(), 69);
        report.sides.push(side(false));
        assert_eq!(Exit::of_cycle(&report, false).code(), 77);
    }

    #[test]
    fn what_is_unproven_is_no_failure() {
        let line = |state| CheckLine { about: "Huma".into(), what: "read".into(), state, note: None };
        let code = |states: &[CheckState]| {
            Exit::of_check(&CheckReport { lines: states.iter().copied().map(line).collect() }).code()
        };
        assert_eq!(code(&[CheckState::Ok, CheckState::Unproven]), 0);
        assert_eq!(code(&[CheckState::Unreachable]), 69);
        assert_eq!(code(&[CheckState::Unreachable, CheckState::Missing]), 77);
        assert_eq!(code(&[CheckState::Missing, CheckState::Wrong]), 78);
    }
}
