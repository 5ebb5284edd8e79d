//! What goes wrong between the program and a side, and the program's own death.

use super::world::{Shared, World, lock};
use hxsync::domain::{RecordId, Side};
use hxsync::remote::{Limit, RemoteError, Words};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often things go wrong, 0 to 1, and how often each really did.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Per call.
    pub rate: f32,
    /// A clerk edits somebody at the moment of a call.
    pub edits: f32,
    /// Listings are cut or shifted.
    pub listings: f32,
    /// The program dies, per step.
    pub crashes: f32,
    pub struck: BTreeMap<&'static str, u64>,
}

/// What unwinds through the program when it dies.
pub struct Crash;

/// One call of a side's interface.
pub struct Call<'a> {
    pub side: Side,
    pub name: &'static str,
    pub is_write: bool,
    /// Records a write is about to touch.
    pub touches: &'a [RecordId],
}

/// What becomes of a call that is let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate {
    Answered,
    /// Carried out, and nobody hears of it.
    AnswerLost,
}

impl Faults {
    pub fn strike(&mut self, what: &'static str) {
        *self.struck.entry(what).or_default() += 1;
    }
}

impl World {
    pub fn happens(&mut self, rate: f32) -> bool {
        rate > 0.0 && self.random.f32() < rate
    }
}

/// A place where the program may die.
pub fn step(world: &Shared) {
    let mut held = lock(world);
    held.steps += 1;
    let rate = held.faults.crashes;
    let dies = held.crash_at == Some(held.steps) || held.happens(rate);
    if dies {
        held.crash_at = None;
        held.faults.strike("program died");
        let steps = held.steps;
        held.say(format!("the program dies at step {steps}"));
        drop(held);
        std::panic::resume_unwind(Box::new(Crash));
    }
}

/// Lets a call through, or answers it with a failure. Clerks may edit before it is carried out; not a record that the call
/// before this one showed and this one writes: no interface offers more than reading right before writing.
pub fn begin(world: &Shared, call: &Call<'_>) -> Result<Fate, RemoteError> {
    step(world);
    let mut held = lock(world);
    held.calls += 1;
    held.say(format!("{} {}", call.side, call.name));
    let edits = held.faults.edits;
    if held.happens(edits) {
        let safe = held.shown_just_now(call.touches);
        if held.clerk_edits(&safe).is_some() {
            held.faults.strike("clerk edited during a cycle");
        }
    }
    if call.is_write {
        held.writes_tried += 1;
    }
    let rate = held.faults.rate;
    if !held.happens(rate) {
        return Ok(Fate::Answered);
    }
    let side = call.side;
    let lost = || Box::new(std::io::Error::other("lost")) as Box<dyn std::error::Error + Send + Sync>;
    let kinds = if call.is_write { 8 } else { 5 };
    let (name, error) = match held.random.u8(0..kinds) {
        0 => ("request lost", RemoteError::Unreachable { side, source: lost() }),
        1 => ("5xx", RemoteError::Unavailable { side, what: "503".into() }),
        2 => ("401", RemoteError::Unauthorized { side }),
        3 => (
            "429",
            RemoteError::RateLimited {
                side,
                limit: Limit::TooMany,
                retry_after: Duration::from_secs(held.random.u64(1..90)),
            },
        ),
        4 => ("403", RemoteError::Forbidden { side, what: call.name.into() }),
        5 => (
            "write lost before its effect, outcome unknown",
            RemoteError::OutcomeUnknown { side, source: lost() },
        ),
        6 | 7 => {
            held.faults.strike("answer of a write lost");
            held.say("  its answer will be lost");
            return Ok(Fate::AnswerLost);
        }
        _ => unreachable!("eight kinds"),
    };
    held.faults.strike(name);
    held.say(format!("  {name}"));
    Err(error)
}

/// Ends a call that was carried out.
pub fn end<T>(world: &Shared, side: Side, fate: Fate, answer: T) -> Result<T, RemoteError> {
    step(world);
    match fate {
        Fate::Answered => Ok(answer),
        Fate::AnswerLost => Err(RemoteError::OutcomeUnknown {
            side,
            source: Box::new(std::io::Error::other("the answer was lost")),
        }),
    }
}

pub fn refused(side: Side, fields: Vec<String>) -> RemoteError {
    RemoteError::Refused { side, code: "sim:refused".into(), words: Words("no".into()), fields }
}
