//! The daemon with a scripted engine: signals, the file, commands, the service manager.

#[path = "daemon/commands.rs"]
mod commands;
#[path = "daemon/fake.rs"]
mod fake;
#[path = "daemon/house.rs"]
mod house;
#[path = "daemon/manager.rs"]
mod manager;
#[path = "daemon/process.rs"]
mod process;
#[path = "daemon/signals.rs"]
mod signals;
