//! PostgreSQL: `DATABASE_URL` to a pool whose every wait has a deadline; the schema's migrations.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::env::{self, EnvError};

/// Forward-only, embedded; `migrate` runs them before anything starts.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// What a pool needs. `statement_timeout`: 5 s for the portal, 30 s for workers (reliability of the whole, not taste).
#[derive(Clone)]
pub struct Settings {
    address: PgConnectOptions,
    pub application_name: &'static str,
    pub max_connections: u32,
    pub statement_timeout: Duration,
}

impl Settings {
    /// `DATABASE_URL`, required: `postgres://user:password@host:port/database`. Without a password in it,
    /// `DATABASE_PASSWORD` (or `_FILE`) gives one.
    pub fn from_env(application_name: &'static str, statement_timeout: Duration) -> Result<Self, EnvError> {
        let address = address(&env::required("DATABASE_URL")?, env::optional_secret("DATABASE_PASSWORD")?)?;
        let max_connections = env::parsed("DATABASE_MAX_CONNECTIONS", 10)?;
        Ok(Self { address, application_name, max_connections, statement_timeout })
    }
}

/// The address itself is not shown: it may hold the password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("application_name", &self.application_name).finish_non_exhaustive()
    }
}

/// The address with its password, from one place or the other. No error repeats the address.
fn address(url: &str, password: Option<SecretString>) -> Result<PgConnectOptions, EnvError> {
    let wrong =
        |cause: &dyn std::fmt::Display| EnvError::new("DATABASE_URL", format!("is no PostgreSQL address: {cause}."));
    let parsed = url::Url::parse(url).map_err(|cause| wrong(&cause))?;
    let options = PgConnectOptions::from_str(url).map_err(|cause| wrong(&cause))?;
    if !matches!(parsed.scheme(), "postgres" | "postgresql") {
        return Err(wrong(&"it begins with postgres://"));
    }
    let has_password = parsed.password().is_some() || parsed.query_pairs().any(|(name, _)| name == "password");
    match password {
        Some(_) if has_password => Err(EnvError::new(
            "DATABASE_PASSWORD",
            "or DATABASE_PASSWORD_FILE is set, and DATABASE_URL has a password too: give it in one place only.",
        )),
        Some(password) => Ok(options.password(password.expose_secret())),
        None => Ok(options),
    }
}

/// A pool that connects when first asked, so that a process starts while PostgreSQL is still away.
pub fn pool(settings: &Settings) -> PgPool {
    let options = settings.address.clone().application_name(settings.application_name).options([
        ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
        ("lock_timeout", "2000".to_owned()),
        ("idle_in_transaction_session_timeout", "15000".to_owned()),
        // A plan that is kept was made while the table was empty, and compares each row with thousands of keys one by one:
        // measured in a first load, 1 s for the ledger's word on a page.
        ("plan_cache_mode", "force_custom_plan".to_owned()),
    ]);
    PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(Duration::from_secs(2))
        .max_lifetime(Duration::from_secs(30 * 60))
        .idle_timeout(Duration::from_secs(10 * 60))
        .test_before_acquire(true)
        .connect_lazy_with(options)
}

/// Runs what has not run yet. What a newer release has added stays: an older release may be brought back.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut ours =
        sqlx::migrate::Migrator { migrations: MIGRATIONS.migrations.clone(), ..sqlx::migrate::Migrator::DEFAULT };
    ours.set_ignore_missing(true).run(pool).await
}

#[cfg(test)]
mod tests {
    use super::address;
    use secrecy::SecretString;
    use sqlx::ConnectOptions as _;

    #[test]
    fn a_password_comes_from_the_address_or_from_beside_it_and_not_from_both() {
        let read = |url: &str, password: Option<&str>| address(url, password.map(SecretString::from));
        let of =
            |url: &str, password: Option<&str>| read(url, password).map(|options| options.to_url_lossy().to_string());
        assert!(of("postgres://portal:in-it@db:5432/portal", None).unwrap().contains(":in%2Dit@"));
        assert!(of("postgres://portal@db:5432/portal", Some("beside/it")).unwrap().contains(":beside%2Fit@"));
        assert!(!of("postgres://portal@db:5432/portal", None).unwrap().contains(":@"));
        for url in ["postgres://portal:in-it@db/portal", "postgres://portal@db/portal?password=in-it"] {
            let told = read(url, Some("beside-it")).unwrap_err().to_string();
            assert!(told.contains("in one place only") && !told.contains("-it"), "{told}");
        }
    }

    #[test]
    fn no_password_shows_in_an_error_or_in_a_dump_of_the_settings() {
        for wrong in
            ["postgres://portal:in-it@db:port/portal", "portal:in-it@db", "postgres://portal:in-it@db/x?sslmode=soon"]
        {
            let told = address(wrong, None).unwrap_err().to_string();
            assert!(told.starts_with("DATABASE_URL is no PostgreSQL address"), "{told}");
            assert!(!told.contains("portal:in-it"), "{told}");
        }
        let settings = super::Settings {
            address: address("postgres://portal:in-it@db/portal", None).unwrap(),
            application_name: "portal",
            max_connections: 1,
            statement_timeout: std::time::Duration::ZERO,
        };
        assert!(!format!("{settings:?}").contains("in-it"));
    }
}
