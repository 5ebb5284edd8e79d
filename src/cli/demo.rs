//! `hxsync demo`: the whole product on this machine with no account. Two simulated systems, the real daemon between them as a
//! process of its own, and a short story.

mod cast;
mod stage;
mod story;

use super::{CommandError, DemoArgs, Exit, Program};
use stage::Stage;

pub fn demo(_program: &Program, of: &DemoArgs) -> Result<Exit, CommandError> {
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        let mut stage = Stage::set().await?;
        let played = match of.auto {
            true => story::play_alone(&mut stage).await,
            false => story::play_with_you(&mut stage).await,
        };
        stage.clear().await;
        played
    });
    runtime.shutdown_background();
    result
}
