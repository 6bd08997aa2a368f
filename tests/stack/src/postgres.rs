//! PostgreSQL as a child process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sqlx::Connection;

use crate::parts::Parts;
use crate::process::{Launch, Process};

/// How a PostgreSQL of ours is started.
#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    /// Holds `data/`; initialised at the first start.
    pub folder: PathBuf,
    pub log: PathBuf,
    /// False for tests: nothing is flushed, a power cut would lose the data.
    pub durable: bool,
}

/// A running PostgreSQL. Its superuser `app` needs no password from 127.0.0.1.
#[derive(Debug)]
pub struct Postgres {
    pub process: Process,
    port: u16,
}

impl Postgres {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        let data = settings.folder.join("data");
        if !data.join("PG_VERSION").is_file() {
            initialise(parts, &data)?;
        }
        let mut launch = unprivileged("postgres", &parts.postgres("postgres"), &settings.log)
            .arg("-D")
            .arg(&data)
            .args(["-p".to_owned(), settings.port.to_string()])
            .args(["-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "jit=off"])
            .stop_signal(libc::SIGINT)
            .death_signal(libc::SIGQUIT);
        if !settings.durable {
            for option in [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
            ] {
                launch = launch.args(["-c", option]);
            }
        }
        let mut postgres = Self { process: launch.start()?, port: settings.port };
        postgres.ready().await?;
        Ok(postgres)
    }

    /// Waits until it answers a query, also after a restart.
    pub async fn ready(&mut self) -> Result<()> {
        let url = self.url("postgres");
        self.process
            .until_ready(Duration::from_secs(30), async |_| {
                match tokio::time::timeout(Duration::from_secs(1), sqlx::PgConnection::connect(&url)).await {
                    Ok(Ok(connection)) => connection.close().await.is_ok(),
                    _ => false,
                }
            })
            .await
    }

    /// After a kill, what its postmaster had started may live on for a moment, and no other starts beside it.
    pub async fn restart(&mut self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            self.process.restart()?;
            match self.ready().await {
                Err(_) if !self.process.is_running() && Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                ended => return ended,
            }
        }
    }

    /// `DATABASE_URL` of one of its databases.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// `DATABASE_URL` for a PostgreSQL of ours.
pub fn url(port: u16, database: &str) -> String {
    format!("postgres://app@127.0.0.1:{port}/{database}")
}

/// Makes the database at `url` unless it is there.
pub async fn create_database(admin_url: &str, name: &str) -> Result<()> {
    let mut admin = sqlx::PgConnection::connect(admin_url).await.context("connect to PostgreSQL")?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut admin)
        .await?;
    if !there {
        let statement = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
        // The name is ours and quoted; PostgreSQL takes no parameter here.
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await?;
    }
    admin.close().await?;
    Ok(())
}

fn initialise(parts: &Parts, data: &Path) -> Result<()> {
    // What an interrupted initdb left behind is of no use.
    let _ = std::fs::remove_dir_all(data);
    if let Some(folder) = data.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (program, before) = as_ordinary_user(&parts.postgres("initdb"));
    let output = Command::new(program)
        .args(before)
        .arg("-D")
        .arg(data)
        .args(["-U", "app", "-A", "trust", "-E", "UTF8", "--locale-provider=builtin"])
        .args(["--builtin-locale=PG_UNICODE_FAST", "--locale=C.UTF-8", "--no-sync"])
        .stdin(Stdio::null())
        .output()
        .context("run initdb")?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn unprivileged(name: &str, program: &Path, log: &Path) -> Launch {
    let (program, before) = as_ordinary_user(program);
    Launch::new(name, program, log).args(before)
}

/// PostgreSQL refuses uid 0: as root it runs in a user namespace of its own, where files stay ours.
fn as_ordinary_user(program: &Path) -> (PathBuf, Vec<std::ffi::OsString>) {
    if !crate::is_root() {
        return (program.to_owned(), Vec::new());
    }
    let words = ["--user", "--map-user=1000", "--map-group=1000", "--"].map(Into::into);
    ("unshare".into(), words.into_iter().chain([program.as_os_str().to_owned()]).collect())
}
