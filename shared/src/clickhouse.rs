//! ClickHouse: `CLICKHOUSE_URL` and a user to a client; the warehouse's migrations, one statement a file.

use clickhouse::Client;
use secrecy::{ExposeSecret, SecretString};

use crate::env::{self, EnvError};

/// `CLICKHOUSE_URL`, `CLICKHOUSE_USER` (with a default per process) and `CLICKHOUSE_PASSWORD` (or `_FILE`).
#[derive(Debug, Clone)]
pub struct Settings {
    pub url: String,
    pub user: String,
    pub password: SecretString,
}

impl Settings {
    pub fn from_env(default_user: &str) -> Result<Self, EnvError> {
        let user = env::or("CLICKHOUSE_USER", default_user);
        Ok(Self { url: env::http_url("CLICKHOUSE_URL")?, user, password: env::secret("CLICKHOUSE_PASSWORD")? })
    }

    /// The same where one process needs several users: this one, whose password the variable (or its `_FILE`) holds.
    pub fn of_user(user: &str, password: &str) -> Result<Self, EnvError> {
        Ok(Self { url: env::http_url("CLICKHOUSE_URL")?, user: user.to_owned(), password: env::secret(password)? })
    }

    pub fn client(&self) -> Client {
        Client::default().with_url(&self.url).with_user(&self.user).with_password(self.password.expose_secret())
    }
}

static MIGRATIONS: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/migrations/clickhouse");

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("ClickHouse migration {file} failed: {source}")]
    Statement { file: String, source: clickhouse::error::Error },
    #[error("ClickHouse migration {0} is no UTF-8 text")]
    NotText(String),
    #[error("ClickHouse migration {file} was changed after it ran: migrations only go forward, add a new file")]
    Changed { file: String },
}

/// The migrations' names, each that of its file.
pub fn migration_names() -> Vec<String> {
    MIGRATIONS.files().map(migration_name).collect()
}

fn migration_name(file: &include_dir::File<'_>) -> String {
    file.path().to_string_lossy().into_owned()
}

/// Runs the files not yet recorded in `dw.migration`, in the order of their names. Each is safe to run twice.
pub async fn migrate(client: &Client) -> Result<(), MigrateError> {
    let run = |file: &'static str, sql: String| async move {
        client
            .query(&sql.replace('?', "??"))
            .execute()
            .await
            .map_err(|source| MigrateError::Statement { file: file.to_owned(), source })
    };
    run("(databases)", "CREATE DATABASE IF NOT EXISTS dw ENGINE = Atomic".to_owned()).await?;
    run("(databases)", "CREATE DATABASE IF NOT EXISTS report ENGINE = Atomic".to_owned()).await?;
    run(
        "(record)",
        "CREATE TABLE IF NOT EXISTS dw.migration (name String, sha256 String, ran_at DateTime64(3, 'UTC') DEFAULT now64(3)) \
         ENGINE = ReplacingMergeTree(ran_at) ORDER BY name"
            .to_owned(),
    )
    .await?;
    let done: std::collections::HashMap<String, String> = client
        .query("SELECT name, sha256 FROM dw.migration FINAL")
        .fetch_all::<(String, String)>()
        .await
        .map_err(|source| MigrateError::Statement { file: "(record)".to_owned(), source })?
        .into_iter()
        .collect();
    let mut files: Vec<_> = MIGRATIONS.files().collect();
    files.sort_by_key(|file| file.path());
    for file in files {
        let name = migration_name(file);
        let sql = file.contents_utf8().ok_or_else(|| MigrateError::NotText(name.clone()))?;
        let sha256 = hex(sql);
        match done.get(&name) {
            Some(recorded) if *recorded == sha256 => continue,
            Some(_) => return Err(MigrateError::Changed { file: name }),
            None => {}
        }
        let failed = |source| MigrateError::Statement { file: name.clone(), source };
        client.query(&sql.replace('?', "??")).execute().await.map_err(failed)?;
        client
            .query("INSERT INTO dw.migration (name, sha256) VALUES (?, ?)")
            .bind(&name)
            .bind(&sha256)
            .execute()
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// SHA-256.
pub(crate) fn hex(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
