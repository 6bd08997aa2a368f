//! `./dev up`: the whole product on this machine, from nothing to an address in a browser.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use shared::env;
use stack::install::{Wanted, install};
use stack::kafka;
use stack::parts::Parts as Installed;
use stack::progress::{seconds, shown, step};

use crate::cargo::build_programs;
use crate::own_parts::{self, EXTRACTOR_HEALTH, LOADER_HEALTH, REPORTER_HEALTH};
use crate::place::{self, Role};
use crate::product::{self, Parts, Programs};
use crate::running::{self, Running};

const PORTAL: u16 = 21800;
const PORTAL_HEALTH: u16 = 21803;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Build for release: slower to build, faster to run.
    #[arg(long)]
    release: bool,
    /// Dealers in the 1C stand-in.
    #[arg(long, default_value_t = 12)]
    dealers: u32,
    /// Products in the 1C stand-in.
    #[arg(long, default_value_t = 400)]
    products: u32,
    /// Sale lines in the 1C stand-in.
    #[arg(long, default_value_t = 20_000)]
    lines: u64,
}

pub async fn run(options: Options) -> Result<ExitCode> {
    let Some(role) = Role::take("up")? else {
        let pid = place::holder("up").map(|pid| format!(" (pid {pid})")).unwrap_or_default();
        bail!("The stack already runs{pid}: use it, or stop it with ./dev down.");
    };
    let mut running = Running::default();
    let outcome = running::unless_stopped(async {
        start(&options, &role, &mut running).await?;
        running.watch().await?;
        Ok(ExitCode::SUCCESS)
    })
    .await;
    if !running.is_empty() {
        let start = Instant::now();
        running.stop();
        eprintln!("  Everything has stopped ({}).", seconds(start.elapsed()));
    }
    outcome
}

async fn start(options: &Options, role: &Role, running: &mut Running) -> Result<()> {
    let begun = Instant::now();
    let (installed, logs) = (Installed::locate(), place::logs());
    own_parts::demand_free_ports(&[
        ("the portal", PORTAL),
        ("the portal's health port", PORTAL_HEALTH),
        ("the extractor", EXTRACTOR_HEALTH),
        ("the loader", LOADER_HEALTH),
        ("the reporter", REPORTER_HEALTH),
    ])?;
    std::fs::create_dir_all(place::data())?;
    install(&installed, &logs, Wanted::Servers).await?;
    build_programs(&logs.join("build.log"), options.release).await?;

    let portal_url = env::or("PORTAL_URL", &format!("http://127.0.0.1:{PORTAL}"));
    let (postgres, clickhouse, kafka, keycloak, onec, mail) = tokio::try_join!(
        own_parts::postgres(&installed),
        own_parts::clickhouse(&installed),
        own_parts::kafka(&installed),
        own_parts::keycloak(&installed, &portal_url),
        own_parts::onec(options.dealers, options.products, options.lines),
        own_parts::mail(&installed),
    )?;
    let mut parts = Parts { postgres, clickhouse, kafka, keycloak, onec, mail };
    let variables = parts.variables(&portal_url)?;
    let (own_keycloak, own_onec, own_mail) = (parts.keycloak.is_ours(), parts.onec.is_ours(), parts.mail.is_ours());
    let Parts { postgres, clickhouse, kafka, keycloak, onec, mail } = &mut parts;
    for part in [postgres, clickhouse, kafka, keycloak, onec, mail] {
        running.parts.extend(part.process.take());
    }

    let programs = Programs { variables: &variables, release: options.release };
    let log = |name: &str| logs.join(format!("{name}.log"));
    let prefix = env::or("KAFKA_TOPIC_PREFIX", "erp");
    step("Kafka topics", None, kafka::create_topics(&parts.kafka.address, &prefix)).await?;
    step("Migrations", Some(&log("migrate")), programs.migrate()).await?;
    if own_keycloak {
        step("Demo grants", None, product::grant_demo_dealers(&parts.postgres.address)).await?;
    }
    running.programs.push(step("Loader", Some(&log("loader")), programs.loader()).await?);
    running.programs.push(step("Extractor", Some(&log("extractor")), programs.extractor(own_onec)).await?);
    running.programs.push(step("Reporter", Some(&log("reporter")), programs.reporter()).await?);
    running.programs.push(step("Portal", Some(&log("portal")), programs.portal(PORTAL, PORTAL_HEALTH)).await?);
    let extractor_log = log("extractor");
    tokio::select! {
        landed = step("First sync from 1C", Some(&extractor_log), product::first_sync(&variables, &logs)) => landed?,
        ended = running.watch() => ended?,
    }
    role.publish(&variables)?;
    greet(&portal_url, (own_keycloak, own_mail), &seconds(begun.elapsed()));
    Ok(())
}

fn greet(portal_url: &str, (demo, own_mail): (bool, bool), time: &str) {
    eprintln!("\n  Ready after {time}. Open {portal_url}\n");
    if demo {
        eprintln!("  Sign in (the password is the name):");
        eprintln!("    volga     dealer «Волга-Тепло»          ural      dealer «Урал-Климат»");
        eprintln!("    manager   manager of two dealers        nobody    a dealer's employee without a dealer");
        eprintln!("    admin     administrator of the portal\n");
    }
    if own_mail {
        eprintln!("  Mails that go out are kept in {}\n", shown(&own_parts::mails()).display());
    }
    let logs = shown(&place::logs());
    eprintln!("  Logs: {}   Addresses: ./dev env   Queries: ./dev sql   Stop: Ctrl-C or ./dev down", logs.display());
}
