//! Is the installation alive? Signs in as a dealer, opens Sales and demands rows and their age. One line per step; the exit
//! code tells.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to people")]

mod road;
mod visitor;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use tokio::time::Instant;
use url::Url;

use crate::road::Road;
use crate::visitor::{Place, Visitor};

/// Signs in as a dealer through Keycloak and demands rows of the report Sales.
#[derive(Debug, Parser)]
struct Args {
    /// The portal as browsers see it.
    #[arg(long, env = "SMOKE_PORTAL_URL", default_value = "http://127.0.0.1:21800")]
    portal_url: Url,
    /// host:port to connect to instead, such as web-server:80.
    #[arg(long, env = "SMOKE_PORTAL_ADDRESS")]
    portal_address: Option<String>,
    /// Keycloak as browsers see it; needed with an address of its own only.
    #[arg(long, env = "SMOKE_KEYCLOAK_URL")]
    keycloak_url: Option<Url>,
    /// host:port to connect to instead, such as keycloak:8080.
    #[arg(long, env = "SMOKE_KEYCLOAK_ADDRESS", requires = "keycloak_url")]
    keycloak_address: Option<String>,
    #[arg(long, env = "SMOKE_USER", default_value = "volga")]
    user: String,
    /// The user's name where neither this nor a file is given, as with the demo people.
    #[arg(long, env = "SMOKE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[arg(long, env = "SMOKE_PASSWORD_FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,
    /// How long it may take until rows are there: the first sync may still be under way.
    #[arg(long, env = "SMOKE_WITHIN", default_value = "120s", value_parser = seconds)]
    within: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text).parse();
    number.map(Duration::from_secs).map_err(|_| format!("{text:?} is no number of seconds such as 120s"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let password = match (&args.password, &args.password_file) {
        (Some(password), _) => password.clone(),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
        (None, None) => args.user.clone(),
    };
    let mut places = vec![Place::new(&args.portal_url, args.portal_address.as_deref())?];
    if let Some(url) = &args.keycloak_url {
        places.push(Place::new(url, args.keycloak_address.as_deref())?);
    }
    let began = Instant::now();
    let until = began + args.within;
    loop {
        // Each try is someone who has not been there before.
        let mut road = Road { visitor: Visitor::new(places.clone())?, portal: &args.portal_url, began };
        let Err(cause) = road.walk(&args.user, &password, until).await else { return Ok(()) };
        if Instant::now() + road::PAUSE > until {
            return Err(cause.context(format!("Not within {} s", args.within.as_secs())));
        }
        road::told(began, &format!("not yet: {cause:#}"));
        tokio::time::sleep(road::PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_deadline_is_given_in_seconds() {
        assert_eq!(super::seconds("120s"), Ok(std::time::Duration::from_secs(120)));
        assert_eq!(super::seconds("5"), Ok(std::time::Duration::from_secs(5)));
        assert!(super::seconds("soon").is_err());
    }
}
