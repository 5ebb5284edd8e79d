//! What hxsync tells people: texts of cycles and of the state of things, from what the store says.

pub mod budget;
pub mod last_result;
mod mask;
mod status;
pub mod text;

pub use mask::masked;
pub use status::{ApiUse, CycleLine, PeopleStatus, QuestionLine, StatusReport};
