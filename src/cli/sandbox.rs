//! `hxsync sandbox`: a simulated Huma and a simulated Xledger, alone, until Ctrl-C.

use super::args::SandboxArgs;
use super::{CommandError, Exit, output};
use crate::daemon::{Signal, Signals};
use crate::sandbox::people::{HumaPerson, Person, XledgerPerson, fixtures, generate};
use crate::sandbox::{huma, xledger};
use std::net::{Ipv4Addr, SocketAddr};

pub fn sandbox(of: &SandboxArgs) -> Result<Exit, CommandError> {
    super::runtime()?.block_on(serve(of))
}

async fn serve(of: &SandboxArgs) -> Result<Exit, CommandError> {
    let mut people = fixtures();
    people.extend(generate(of.people as usize, of.seed));
    let (in_huma, in_xledger) = halves(&people);
    let huma_options = huma::Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, of.huma_port)),
        seed: of.seed,
        ..huma::Options::default()
    };
    let xledger_options =
        xledger::Options { port: of.xledger_port, seed: of.seed, ..xledger::Options::default() };
    let logins =
        Logins { client_id: huma_options.client_id.clone(), secret: huma_options.client_secret.clone() };
    let huma = huma::HumaSim::start(&in_huma, huma_options)
        .await
        .map_err(|error| cannot_listen("Huma", "--huma-port", of.huma_port, &error))?;
    let xledger = xledger::XledgerSim::start(&in_xledger, xledger_options)
        .await
        .map_err(|error| cannot_listen("Xledger", "--xledger-port", of.xledger_port, &error))?;
    let mut signals = Signals::to_stop()
        .map_err(|error| CommandError::failed(format!("signals cannot be received: {error}")))?;
    output::print(&describe(&huma.url(), &xledger.url(), &xledger.control_url(), &logins));
    output::print(&format!(
        "{} people in Huma, {} in Xledger. Ctrl-C ends both.\n",
        in_huma.len(),
        in_xledger.len()
    ));
    while signals.next().await != Signal::Stop {}
    huma.shutdown().await;
    xledger.shutdown().await;
    Ok(Exit::Done)
}

struct Logins {
    client_id: String,
    secret: String,
}

fn halves(people: &[Person]) -> (Vec<HumaPerson>, Vec<XledgerPerson>) {
    let huma = people.iter().filter_map(|person| person.huma.clone()).collect();
    (huma, people.iter().filter_map(|person| person.xledger.clone()).collect())
}

/// Text that can be pasted as it stands: the settings into a file, the secrets into theirs.
fn describe(huma: &str, xledger: &str, xledger_control: &str, logins: &Logins) -> String {
    let Logins { client_id, secret } = logins;
    let token = xledger::DEFAULT_TOKEN;
    format!(
        "\
# Huma is simulated at {huma}, its control API at {huma}/_sandbox/
# Xledger is simulated at {xledger}, its control API at {xledger_control}/
#
# A place to try them in, and the secrets:
#   mkdir -p ~/hxsync-sandbox && cd ~/hxsync-sandbox && umask 077
#   echo {secret} > huma-client-secret
#   echo {token} > xledger-token
#
# hxsync.toml:
[huma]
url = \"{huma}\"
client_id = \"{client_id}\"
client_secret_file = \"${{CREDENTIALS_DIRECTORY}}/huma-client-secret\"
builtin_integration = \"off\"   # the invented people show traces of it

[xledger]
url = \"{xledger}\"
token_file = \"${{CREDENTIALS_DIRECTORY}}/xledger-token\"

[state]
directory = \"${{STATE_DIRECTORY}}\"

# Then, in that directory:
#   export CREDENTIALS_DIRECTORY=$PWD STATE_DIRECTORY=$PWD/state
#   hxsync --config hxsync.toml sync

"
    )
}

fn cannot_listen(system: &str, option: &str, port: u16, error: &std::io::Error) -> CommandError {
    CommandError::new(
        Exit::Failed,
        format!("the simulated {system} cannot listen on port {port}: {error}"),
        format!("Choose another port with `{option}`, or 0 for any."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_printed_settings_are_good_settings() {
        let logins = Logins { client_id: "a".into(), secret: "b".into() };
        let text = describe(
            "http://127.0.0.1:1",
            "http://127.0.0.1:2/graphql",
            "http://127.0.0.1:2/_sandbox",
            &logins,
        );
        let settings = Settings::parse(&text, "hxsync.toml", &|_| Some("/x".into())).unwrap();
        assert_eq!(settings.xledger.url.as_str(), "http://127.0.0.1:2/graphql");
        assert_eq!(settings.state.directory.to_str(), Some("/x"));
    }
}
