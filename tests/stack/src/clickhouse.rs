//! ClickHouse as a child process: the engine's library behind `clickhouse-launcher`, with the product's own
//! `config.xml` and `users.xml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::parts::{self, Parts};
use crate::process::{Launch, Process};

/// The users of `shared/clickhouse/users.xml` that have a password.
pub const USERS: [&str; 6] = ["loader", "migrator", "portal_ro", "export_ro", "audit_ro", "canceller"];

/// The password of a user in a stack of ours: no secret, reachable from this machine only.
pub fn password(user: &str) -> String {
    format!("{user}-dev")
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub http: u16,
    pub tcp: u16,
    /// Holds `data/`.
    pub folder: PathBuf,
    pub log: PathBuf,
    /// The folder of config.xml and users.xml; none for the product's own. Tests that take a lock out give another.
    pub config: Option<PathBuf>,
}

/// A running ClickHouse.
#[derive(Debug)]
pub struct ClickHouse {
    pub process: Process,
    http: u16,
    tcp: u16,
}

impl ClickHouse {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        let config = settings.config.clone().unwrap_or_else(product_config).join("config.xml");
        let launch = Launch::new("clickhouse", parts::binary("clickhouse-launcher")?, &settings.log)
            .args(["--lib".into(), parts.libchdb().into_os_string()])
            .args(["--config".into(), config.into_os_string()])
            .args(["--data".into(), settings.folder.join("data").into_os_string()])
            .args(["--http".to_owned(), settings.http.to_string(), "--tcp".to_owned(), settings.tcp.to_string()])
            .envs(USERS.map(|user| (format!("CLICKHOUSE_{}_PASSWORD", user.to_uppercase()), password(user))));
        let mut clickhouse = Self { process: launch.start()?, http: settings.http, tcp: settings.tcp };
        clickhouse.ready().await?;
        Ok(clickhouse)
    }

    /// Waits until both ports answer, also after a restart.
    pub async fn ready(&mut self) -> Result<()> {
        self.process
            .until_ready(Duration::from_secs(60), async |output| output.lines().any(|line| line.starts_with("ready ")))
            .await
    }

    pub async fn restart(&mut self) -> Result<()> {
        self.process.restart()?;
        self.ready().await
    }

    /// `CLICKHOUSE_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    pub fn http_port(&self) -> u16 {
        self.http
    }

    pub fn tcp_port(&self) -> u16 {
        self.tcp
    }
}

/// `shared/clickhouse`, the configuration of laptop and cluster alike.
pub fn product_config() -> PathBuf {
    parts::workspace().join(Path::new("shared/clickhouse"))
}
