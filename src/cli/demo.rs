//! `hxsync demo`. (Seam: written with the engine.)

use super::{CommandError, DemoArgs, Exit, Program};

pub fn demo(_program: &Program, _of: &DemoArgs) -> Result<Exit, CommandError> {
    Err(CommandError::failed("this build has no demo"))
}
