//! The listener with the real engine and both simulators: posts, what refuses them, and what they lead to.

#[path = "listener/live.rs"]
mod live;
#[path = "listener/looking.rs"]
mod looking;
#[path = "listener/posts.rs"]
mod posts;
#[path = "listener/refusals.rs"]
mod refusals;
