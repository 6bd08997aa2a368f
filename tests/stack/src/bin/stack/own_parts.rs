//! The parts of `./dev up`: each is an existing server where its variable names one, else a process of ours.

use std::path::PathBuf;

use anyhow::{Result, bail};
use shared::env;
use stack::process::Process;
use stack::progress::step;
use stack::{clickhouse, kafka, keycloak, mail, onec, parts::Parts, ports, postgres};

use crate::place;

pub const POSTGRES: u16 = 21432;
pub const CLICKHOUSE_HTTP: u16 = 21123;
pub const CLICKHOUSE_TCP: u16 = 21900;
pub const KAFKA: u16 = 21092;
pub const KAFKA_CONTROLLER: u16 = 21093;
pub const KEYCLOAK: u16 = 21080;
pub const KEYCLOAK_MANAGEMENT: u16 = 21090;
pub const ONEC: u16 = 21070;
pub const ONEC_ADMIN: u16 = 21071;
pub const MAIL: u16 = 21025;
pub const EXTRACTOR_HEALTH: u16 = 21801;
pub const LOADER_HEALTH: u16 = 21802;
pub const REPORTER_HEALTH: u16 = 21804;

/// What each part is called, which variable replaces it, and the ports it would take.
const PARTS: [(&str, &str, &[u16]); 6] = [
    ("PostgreSQL", "DATABASE_URL", &[POSTGRES]),
    ("ClickHouse", "CLICKHOUSE_URL", &[CLICKHOUSE_HTTP, CLICKHOUSE_TCP]),
    ("Kafka", "KAFKA_BROKERS", &[KAFKA, KAFKA_CONTROLLER]),
    ("Keycloak", "OIDC_ISSUER", &[KEYCLOAK, KEYCLOAK_MANAGEMENT]),
    ("the 1C stand-in", "ONEC_URL", &[ONEC, ONEC_ADMIN]),
    ("the mail server", "SMTP_URL", &[MAIL]),
];

/// Names every taken port with its holder and the two ways out.
pub fn demand_free_ports(programs: &[(&str, u16)]) -> Result<()> {
    let mut taken = Vec::new();
    for (part, variable, wanted) in PARTS {
        if env::optional(variable).is_none() {
            let mend = format!("stop it, or name a server of yours in {variable}");
            taken.extend(wanted.iter().filter_map(|port| complaint(part, *port, &mend)));
        }
    }
    taken.extend(programs.iter().filter_map(|(program, port)| complaint(program, *port, "stop it")));
    if taken.is_empty() { Ok(()) } else { bail!("{}", taken.join("\n")) }
}

fn complaint(part: &str, port: u16, mend: &str) -> Option<String> {
    if ports::is_free(port) {
        return None;
    }
    let holder = ports::holder(port).unwrap_or_else(|| "another program".to_owned());
    Some(format!("Port {port}, which {part} needs, is taken by {holder}: {mend}."))
}

/// A part that serves: a process of ours, or a server that was there.
pub struct Served {
    pub process: Option<Process>,
    /// `DATABASE_URL`, `CLICKHOUSE_URL`, `KAFKA_BROKERS`, `OIDC_ISSUER`, `ONEC_URL` or `SMTP_URL`.
    pub address: String,
}

impl Served {
    pub fn is_ours(&self) -> bool {
        self.process.is_some()
    }
}

fn folder(name: &str) -> PathBuf {
    place::data().join(name)
}

fn log(name: &str) -> PathBuf {
    place::logs().join(format!("{name}.log"))
}

/// The server that `variable` names, or the one that `start` makes.
async fn serve(
    name: &str,
    variable: &str,
    log: PathBuf,
    start: impl Future<Output = Result<(Process, String)>>,
) -> Result<Served> {
    if let Some(address) = env::optional(variable) {
        step(&format!("{name}: as {variable} says"), None, async { Ok(()) }).await?;
        return Ok(Served { process: None, address });
    }
    let (process, address) = step(name, Some(&log), start).await?;
    Ok(Served { process: Some(process), address })
}

pub async fn postgres(parts: &Parts) -> Result<Served> {
    let settings =
        postgres::Settings { port: POSTGRES, folder: folder("postgres"), log: log("postgres"), durable: true };
    let start = async {
        let server = postgres::Postgres::start(parts, &settings).await?;
        postgres::create_database(&server.url("postgres"), "portal").await?;
        Ok((server.process, postgres::url(POSTGRES, "portal")))
    };
    serve("PostgreSQL", "DATABASE_URL", settings.log.clone(), start).await
}

pub async fn clickhouse(parts: &Parts) -> Result<Served> {
    let settings = clickhouse::Settings {
        http: CLICKHOUSE_HTTP,
        tcp: CLICKHOUSE_TCP,
        folder: folder("clickhouse"),
        log: log("clickhouse"),
        config: None,
    };
    let start = async {
        let server = clickhouse::ClickHouse::start(parts, &settings).await?;
        let address = server.url();
        Ok((server.process, address))
    };
    serve("ClickHouse", "CLICKHOUSE_URL", settings.log.clone(), start).await
}

pub async fn kafka(parts: &Parts) -> Result<Served> {
    let settings = kafka::Settings {
        port: KAFKA,
        controller_port: KAFKA_CONTROLLER,
        folder: folder("kafka"),
        log: log("kafka"),
        properties: Vec::new(),
    };
    let start = async {
        let server = kafka::Kafka::start(parts, &settings).await?;
        let address = server.brokers();
        Ok((server.process, address))
    };
    serve("Kafka", "KAFKA_BROKERS", settings.log.clone(), start).await
}

pub async fn keycloak(parts: &Parts, portal_url: &str) -> Result<Served> {
    let settings = keycloak::Settings {
        port: KEYCLOAK,
        management_port: KEYCLOAK_MANAGEMENT,
        folder: folder("keycloak"),
        log: log("keycloak"),
        realm: keycloak::Realm::Product,
        portal_url: portal_url.to_owned(),
        public_url: None,
    };
    let start = async {
        let server = keycloak::Keycloak::start(parts, &settings).await?;
        let address = server.issuer();
        Ok((server.process, address))
    };
    serve("Keycloak", "OIDC_ISSUER", settings.log.clone(), start).await
}

pub async fn onec(dealers: u32, products: u32, lines: u64) -> Result<Served> {
    let settings =
        onec::Settings { port: ONEC, admin_port: ONEC_ADMIN, log: log("onec"), dealers, products, lines, seed: 1 };
    let start = async {
        let server = onec::Onec::start(&settings).await?;
        let address = server.url();
        Ok((server.process, address))
    };
    serve("1C stand-in", "ONEC_URL", settings.log.clone(), start).await
}

/// Where the mails of our own server are kept.
pub fn mails() -> PathBuf {
    folder("mails")
}

pub async fn mail(parts: &Parts) -> Result<Served> {
    let settings = mail::Settings { port: MAIL, folder: mails(), log: log("mail") };
    let start = async {
        let server = mail::MailServer::start(parts, &settings).await?;
        let address = server.url();
        Ok((server.process, address))
    };
    serve("Mail server", "SMTP_URL", settings.log.clone(), start).await
}
