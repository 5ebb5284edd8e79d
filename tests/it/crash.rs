//! Stops at any write, and what the next start makes of it.
