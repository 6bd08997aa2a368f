//! Our own programs in `./dev up`: their variables, their start, and the first sync.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use shared::dataset::Catalogue;
use shared::env;
use sqlx::Connection;
use stack::process::{Launch, Process};
use stack::progress::write_whole;
use stack::{clickhouse, keycloak, onec, parts};

use crate::own_parts::{EXTRACTOR_HEALTH, LOADER_HEALTH, REPORTER_HEALTH, Served};
use crate::place::{self, Variables};

/// A first sync of a big base takes its time; nothing at all for this long is a fault.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The manager of the demo realm, and the dealers that are his.
const MANAGER: &str = "00000000-0000-4000-8000-000000000003";
const MANAGERS_DEALERS: [u64; 2] = [1, 3];
/// Whose mails ours are.
const MAIL_FROM: &str = "Портал дилера <portal@dealer.example>";

/// The six parts that the product leans on.
pub struct Parts {
    pub postgres: Served,
    pub clickhouse: Served,
    pub kafka: Served,
    pub keycloak: Served,
    pub onec: Served,
    pub mail: Served,
}

impl Parts {
    /// Everything by which the product, `./dev env` and `./dev sql` reach the parts.
    pub fn variables(&self, portal_url: &str) -> Result<Variables> {
        let mut all = vec![
            ("DATABASE_URL".to_owned(), self.postgres.address.clone()),
            ("CLICKHOUSE_URL".to_owned(), self.clickhouse.address.clone()),
        ];
        for user in clickhouse::USERS {
            let name = format!("CLICKHOUSE_{}_PASSWORD", user.to_uppercase());
            let needed = ["loader", "migrator", "portal_ro", "export_ro", "audit_ro", "canceller"].contains(&user);
            match (self.clickhouse.is_ours(), env::optional(&name)) {
                (true, _) => all.push((name, clickhouse::password(user))),
                (false, Some(password)) => all.push((name, password)),
                (false, None) if needed => {
                    bail!("CLICKHOUSE_URL names a server of yours: give {name} a value as well.")
                }
                (false, None) => {}
            }
        }
        let (client_id, client_secret) = if self.keycloak.is_ours() {
            (keycloak::CLIENT_ID.to_owned(), keycloak::CLIENT_SECRET.to_owned())
        } else {
            (env::or("OIDC_CLIENT_ID", keycloak::CLIENT_ID), beside("OIDC_ISSUER", "OIDC_CLIENT_SECRET")?)
        };
        let (onec_user, onec_password) = if self.onec.is_ours() {
            (onec::USER.to_owned(), onec::PASSWORD.to_owned())
        } else {
            (beside("ONEC_URL", "ONEC_USER")?, beside("ONEC_URL", "ONEC_PASSWORD")?)
        };
        let from = if self.mail.is_ours() { env::or("MAIL_FROM", MAIL_FROM) } else { beside("SMTP_URL", "MAIL_FROM")? };
        let rest = [
            ("SMTP_URL", self.mail.address.clone()),
            ("MAIL_FROM", from),
            ("KAFKA_BROKERS", self.kafka.address.clone()),
            ("KAFKA_TOPIC_PREFIX", env::or("KAFKA_TOPIC_PREFIX", "erp")),
            ("OIDC_ISSUER", self.keycloak.address.clone()),
            ("OIDC_CLIENT_ID", client_id),
            ("OIDC_CLIENT_SECRET", client_secret),
            ("ONEC_URL", self.onec.address.clone()),
            ("ONEC_USER", onec_user),
            ("ONEC_PASSWORD", onec_password),
            ("PORTAL_URL", portal_url.to_owned()),
            ("EXPORT_FILES", export_files()?),
        ];
        all.extend(rest.map(|(name, value)| (name.to_owned(), value)));
        if self.keycloak.is_ours() {
            all.push(("KEYCLOAK_ADMIN_USER".to_owned(), keycloak::ADMIN.to_owned()));
            all.push(("KEYCLOAK_ADMIN_PASSWORD".to_owned(), keycloak::ADMIN.to_owned()));
        }
        if self.onec.is_ours() {
            all.push(("ONEC_ADMIN_URL".to_owned(), format!("http://127.0.0.1:{}", crate::own_parts::ONEC_ADMIN)));
        }
        Ok(all)
    }
}

fn beside(given: &str, needed: &str) -> Result<String> {
    env::optional(needed).with_context(|| format!("{given} names a server of yours: give {needed} a value as well."))
}

/// How a program of ours is started, built into `target/debug` or `target/release`.
pub struct Programs<'a> {
    pub variables: &'a Variables,
    pub release: bool,
}

impl Programs<'_> {
    fn launch(&self, name: &str, clickhouse_user: Option<&str>) -> Result<Launch> {
        let program = if self.release { parts::release_binary(name)? } else { parts::binary(name)? };
        let mut launch = Launch::new(name, program, place::logs().join(format!("{name}.log")));
        launch = launch.envs(self.variables.iter().cloned()).without_env("CLICKHOUSE_PASSWORD_FILE");
        if let Some(user) = clickhouse_user {
            let variable = format!("CLICKHOUSE_{}_PASSWORD", user.to_uppercase());
            let password = self.variables.iter().find(|(name, _)| *name == variable).map(|(_, value)| value.as_str());
            launch = launch.env("CLICKHOUSE_USER", user).env("CLICKHOUSE_PASSWORD", password.unwrap_or_default());
        }
        Ok(launch)
    }

    /// Runs both schemas' migrations to their end.
    pub async fn migrate(&self) -> Result<()> {
        stack::progress::run(self.launch("migrate", Some("migrator"))?).await
    }

    /// Starts the extractor. Against the stand-in it asks often; a real 1C is asked as its variables, or defaults, say.
    pub async fn extractor(&self, stand_in: bool) -> Result<Process> {
        let mut launch =
            self.launch("extractor", Some("audit_ro"))?.env("HEALTH_LISTEN", format!("127.0.0.1:{EXTRACTOR_HEALTH}"));
        let often = [("EXTRACT_CRON", "*/5 * * * * *"), ("ONEC_REQUESTS_PER_SECOND", "50")];
        for (name, value) in often {
            if stand_in && env::optional(name).is_none() {
                launch = launch.env(name, value);
            }
        }
        live(launch, EXTRACTOR_HEALTH, "livez").await
    }

    pub async fn loader(&self) -> Result<Process> {
        let launch = self.launch("loader", Some("loader"))?.env("HEALTH_LISTEN", format!("127.0.0.1:{LOADER_HEALTH}"));
        live(launch, LOADER_HEALTH, "livez").await
    }

    /// The passwords of both its users stand among the variables of the parts.
    pub async fn reporter(&self) -> Result<Process> {
        let launch =
            self.launch("reporter", Some("export_ro"))?.env("HEALTH_LISTEN", format!("127.0.0.1:{REPORTER_HEALTH}"));
        live(launch, REPORTER_HEALTH, "livez").await
    }

    pub async fn portal(&self, port: u16, health_port: u16) -> Result<Process> {
        let launch = self
            .launch("portal", Some("portal_ro"))?
            .env("PORTAL_LISTEN", format!("127.0.0.1:{port}"))
            .env("PORTAL_HEALTH_LISTEN", format!("127.0.0.1:{health_port}"))
            .env("PORTAL_SECRET_KEY", secret_key()?);
        live(launch, health_port, "readyz").await
    }
}

/// `EXPORT_FILES`, given or a folder beside the data.
fn export_files() -> Result<String> {
    if let Some(given) = env::optional("EXPORT_FILES") {
        return Ok(given);
    }
    let folder = place::data().join("exports");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(format!("file://{}", folder.display()))
}

/// Starts a program and waits for its health port to say yes.
async fn live(launch: Launch, port: u16, path: &str) -> Result<Process> {
    let (http, url) = (stack::http()?, format!("http://127.0.0.1:{port}/{path}"));
    let mut process = launch.start()?;
    process
        .until_ready(Duration::from_secs(60), async |_| {
            http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await?;
    Ok(process)
}

/// `PORTAL_SECRET_KEY`, made once and kept with the data: sessions survive a restart.
fn secret_key() -> Result<String> {
    if let Some(key) = env::optional("PORTAL_SECRET_KEY") {
        return Ok(key);
    }
    let path = place::data().join("portal-secret-key");
    if let Ok(key) = std::fs::read_to_string(&path) {
        return Ok(key);
    }
    let bytes = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    let key = base64::engine::general_purpose::STANDARD.encode(bytes);
    write_whole(&path, &key)?;
    Ok(key)
}

/// Grants the demo manager his dealers, once.
pub async fn grant_demo_dealers(database_url: &str) -> Result<()> {
    let mut connection = sqlx::PgConnection::connect(database_url).await.context("connect to PostgreSQL")?;
    for dealer in MANAGERS_DEALERS {
        sqlx::query(
            "INSERT INTO dealer_grant (subject, dealer_id, granted_by, granted_at) \
             VALUES ($1, $2, './dev up', now()) ON CONFLICT DO NOTHING",
        )
        .bind(MANAGER)
        .bind(uuid::Uuid::parse_str(&onec::dealer(dealer))?)
        .execute(&mut connection)
        .await
        .context("grant the demo manager his dealers")?;
    }
    connection.close().await?;
    Ok(())
}

/// Waits until the warehouse has a whole pass of every dataset.
pub async fn first_sync(variables: &Variables, logs: &Path) -> Result<()> {
    let value = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let http = stack::http()?;
    let datasets = Catalogue::from_env()?.all().len();
    let until = Instant::now() + PATIENCE;
    loop {
        let request = http
            .post(value("CLICKHOUSE_URL").unwrap_or_default())
            .header("X-ClickHouse-User", "portal_ro")
            .header("X-ClickHouse-Key", value("CLICKHOUSE_PORTAL_RO_PASSWORD").unwrap_or_default())
            .body("SELECT count() FROM report.freshness WHERE as_of IS NOT NULL");
        let landed = match request.send().await {
            Ok(answer) => {
                answer.text().await.ok().and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or_default()
            }
            Err(_) => 0,
        };
        if landed >= datasets {
            return Ok(());
        }
        if Instant::now() > until {
            let logs = stack::progress::shown(logs);
            bail!(
                "No first sync within 15 minutes ({landed} of {datasets} datasets): read extractor.log and loader.log in {}.",
                logs.display()
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
