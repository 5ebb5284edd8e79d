//! The commands and their arguments. What stands here is what `--help` says.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Keeps employee records in Huma and Xledger in agreement, in both directions.
#[derive(Debug, Parser)]
#[command(name = "hxsync", version, max_term_width = 100)]
pub struct Args {
    /// The settings file
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/hxsync/hxsync.toml")]
    pub config: PathBuf,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service: keep both sides in agreement until told to stop
    Run,
    /// Run one cycle now
    Sync(SyncArgs),
    /// Show what would be written, and why
    Plan(PlanArgs),
    /// Show how things stand
    Status(StatusArgs),
    /// List the open questions, or answer one
    Resolve(ResolveArgs),
    /// Check settings, files, logins, tenants and rights
    Check(CheckArgs),
    /// Run a simulated Huma and a simulated Xledger on this machine
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// See the whole product work on this machine, without any account
    #[cfg(feature = "sandbox")]
    Demo(DemoArgs),
}

#[derive(Debug, clap::Args)]
pub struct SyncArgs {
    /// Read and plan, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Only this person: an employment ID, an e-mail address or the id of either system
    #[arg(long, value_name = "ID")]
    pub person: Option<String>,
    /// Read everybody in full on both sides
    #[arg(long, conflicts_with = "person")]
    pub full: bool,
    /// Exit with 4 if something is held by a limit, else with 3 if questions are open
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Only this question or person
    #[arg(value_name = "QUESTION|PERSON")]
    pub of: Option<String>,
    /// Exit with 4 if something is held by a limit, else with 3 if questions are open
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Exit with 4 if something is held by a limit, else with 3 if questions are open
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, clap::Args)]
pub struct ResolveArgs {
    /// The question, by its short or full id, for example K7Q4
    pub id: Option<String>,
    /// The answer, as in the resolution file: huma, xledger, base, value "+47 900 11 222", clear, later 7d ...
    #[arg(requires = "id", allow_hyphen_values = true, trailing_var_arg = true)]
    pub answer: Vec<String>,
    /// Open the resolution file in $VISUAL or $EDITOR, and carry out what was answered
    #[arg(long, conflicts_with_all = ["id", "answer"])]
    pub edit: bool,
}

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Also try to write: an update of the record with id 0 that changes no property
    #[arg(long)]
    pub probe_writes: bool,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// How many invented people more than the ones made by hand
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub people: u32,
    /// Decides who they are
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The port of the simulated Huma on this machine; 0 for any
    #[arg(long, value_name = "PORT", default_value_t = 8761)]
    pub huma_port: u16,
    /// The port of the simulated Xledger on this machine; 0 for any
    #[arg(long, value_name = "PORT", default_value_t = 8762)]
    pub xledger_port: u16,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Play the story through, answer by itself and check the outcome
    #[arg(long)]
    pub auto: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_commands_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_answer_may_begin_with_a_hyphen_and_holds_several_words() {
        let args = Args::try_parse_from(["hxsync", "resolve", "K7Q4", "value", "-x y"]).unwrap();
        let Command::Resolve(of) = args.command else { panic!("{args:?}") };
        assert_eq!((of.id.as_deref(), of.answer), (Some("K7Q4"), vec!["value".into(), "-x y".into()]));
    }

    #[test]
    fn settings_and_json_may_stand_behind_the_command() {
        let args = Args::try_parse_from(["hxsync", "status", "--config", "/x.toml", "--json"]).unwrap();
        assert_eq!((args.config.to_str(), args.json), (Some("/x.toml"), true));
    }
}
