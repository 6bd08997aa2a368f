//! Every variable the portal reads. A bad value stops the start, and its variable is named.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use secrecy::{ExposeSecret as _, SecretString};
use shared::dataset::Catalogue;
use shared::env::{self, EnvError};
use shared::file_store::FileStore;
use url::Url;

use crate::surface::Surfaces;
use crate::web::address::Proxies;

#[derive(Debug, Clone)]
pub struct Config {
    /// What is served: a word of the command line, see `main`.
    pub surfaces: Surfaces,
    /// `PORTAL_LISTEN`, default `127.0.0.1:21800`: pages.
    pub listen: SocketAddr,
    /// `PORTAL_HEALTH_LISTEN`, default `127.0.0.1:21803`: `/livez`, `/readyz`, `/metrics`. Never routed from outside.
    pub health_listen: SocketAddr,
    /// `PORTAL_URL`, required: scheme, host and port that browsers see. Redirect addresses come from it, never from `Host`.
    pub public: Url,
    /// `PORTAL_SECRET_KEY` (or `_FILE`), required: base64 of 32 bytes. Seals tokens at rest and signs form tokens.
    pub secret_key: SecretKey,
    /// `DATASETS_DIR`, optional: a site's own datasets, which reports name.
    pub datasets: Catalogue,
    /// `PORTAL_REPORTS_DIR`, optional: a site's own report folders, laid over the compiled ones.
    pub reports_dir: Option<PathBuf>,
    /// `PORTAL_ASSETS_DIR`, optional, for development only: files of this folder stand in place of the compiled ones
    /// (`portal.css`, `portal.js`, `icon.svg`, `locales/<language>/*.ftl`, `reports/<name>/*`); when one changes, the portal
    /// starts again by itself.
    pub assets_dir: Option<PathBuf>,
    /// `ONEC_TIMEZONE`, default `Europe/Moscow`: the infobase's days are the reports' days.
    pub timezone: Tz,
    pub oidc: Oidc,
    pub postgres: shared::postgres::Settings,
    /// `CLICKHOUSE_USER` is `portal_ro` unless set.
    pub clickhouse: shared::clickhouse::Settings,
    /// `EXPORT_FILES`, required for pages and the API of reports: where the reporter puts finished files, see `shared::file_store`.
    pub export_files: Option<FileStore>,
    /// `PORTAL_EXPORT_JOB_ROWS`, default 100 000: a file of more rows is made in the background.
    pub export_job_rows: u64,
    /// `PORTAL_AUDIT_DAYS`, default 1096, at least 184: for so long the audit is kept.
    pub audit_days: i32,
    /// `MAIL_FROM`, the reporter's: where it is set, mails go out, and deliveries are offered.
    pub mails: bool,
    pub limits: Limits,
}

#[derive(Debug, Clone)]
pub struct Oidc {
    /// `OIDC_ISSUER`, required: equal to the letter to what Keycloak calls itself.
    pub issuer: String,
    /// `OIDC_INTERNAL_URL`, optional: where the portal itself reaches the realm, if the issuer's address is for browsers
    /// only (`http://keycloak:8080/auth/realms/dealers`). The discovery document is read there; it names the issuer all the
    /// same, and the addresses to be asked further.
    pub internal: Option<String>,
    /// `OIDC_CLIENT_ID`, default `portal`.
    pub client_id: String,
    /// `OIDC_CLIENT_SECRET` (or `_FILE`), required for pages, where people sign in, and for the API of operations, which looks people
    /// up; not read where there is neither.
    pub client_secret: Option<SecretString>,
    /// `OIDC_API_AUDIENCE`, default `portal-api`: what a program's access token must name as its audience.
    pub api_audience: String,
    /// `OIDC_OPERATIONS_AUDIENCE`, default `portal-operations`: the same for the API of operations, which no dealer's program has.
    pub operations_audience: String,
}

#[derive(Debug, Clone)]
pub struct Limits {
    /// `PORTAL_CONNECTIONS`, default 512.
    pub connections: usize,
    /// `PORTAL_CONNECTIONS_PER_ADDRESS`, default 64. Trusted proxies are exempt.
    pub connections_per_address: usize,
    /// `PORTAL_REQUESTS_IN_FLIGHT`, default 128; one more is answered 503 at once.
    pub requests_in_flight: usize,
    /// `PORTAL_REQUESTS_PER_SECOND`, default 10, with `PORTAL_REQUESTS_BURST`, default 40: each viewer.
    pub viewer_per_second: std::num::NonZeroU32,
    pub viewer_burst: std::num::NonZeroU32,
    /// `PORTAL_SIGN_INS_PER_MINUTE`, default 60: each address; an office shares one.
    pub sign_ins_per_minute: std::num::NonZeroU32,
    /// `PORTAL_TRUSTED_PROXIES`, default none: addresses or networks whose `X-Forwarded-For` counts, with commas between.
    pub proxies: Proxies,
    /// Request time-out: longer than ClickHouse's 15 s, which is longer than Postgres' and Keycloak's 5 s.
    pub request: Duration,
    /// Reading the headers of a request, and idling between two.
    pub headers: Duration,
    /// Finishing what is under way once asked to stop.
    pub drain: Duration,
}

impl Config {
    pub fn from_env(surfaces: Surfaces) -> Result<Self, EnvError> {
        Ok(Self {
            surfaces,
            listen: env::parsed("PORTAL_LISTEN", SocketAddr::from(([127, 0, 0, 1], 21800)))?,
            health_listen: env::parsed("PORTAL_HEALTH_LISTEN", SocketAddr::from(([127, 0, 0, 1], 21803)))?,
            public: public_url("PORTAL_URL")?,
            secret_key: SecretKey::from_base64("PORTAL_SECRET_KEY", &env::secret("PORTAL_SECRET_KEY")?)?,
            datasets: Catalogue::from_env()?,
            reports_dir: env::optional("PORTAL_REPORTS_DIR").map(PathBuf::from),
            assets_dir: env::optional_folder("PORTAL_ASSETS_DIR")?,
            timezone: env::parsed("ONEC_TIMEZONE", chrono_tz::Europe::Moscow)?,
            oidc: Oidc {
                issuer: {
                    env::http_url("OIDC_ISSUER")?;
                    env::required("OIDC_ISSUER")?
                },
                internal: env::optional_http_url("OIDC_INTERNAL_URL")?,
                client_id: env::or("OIDC_CLIENT_ID", "portal"),
                client_secret: (surfaces.web() || surfaces.operations_api())
                    .then(|| env::secret("OIDC_CLIENT_SECRET"))
                    .transpose()?,
                api_audience: env::or("OIDC_API_AUDIENCE", "portal-api"),
                operations_audience: env::or("OIDC_OPERATIONS_AUDIENCE", "portal-operations"),
            },
            postgres: shared::postgres::Settings::from_env("portal", Duration::from_secs(5))?,
            clickhouse: shared::clickhouse::Settings::from_env("portal_ro")?,
            export_files: (surfaces.web() || surfaces.reports_api()).then(FileStore::from_env).transpose()?,
            export_job_rows: env::parsed("PORTAL_EXPORT_JOB_ROWS", 100_000)?,
            audit_days: audit_days("PORTAL_AUDIT_DAYS")?,
            mails: env::optional("MAIL_FROM").is_some(),
            limits: Limits::from_env()?,
        })
    }
}

fn audit_days(name: &str) -> Result<i32, EnvError> {
    let days = env::parsed(name, 1096)?;
    if !(184..=36_600).contains(&days) {
        return Err(EnvError::new(name, format!("is {days}: the audit is kept for 184 to 36600 days.")));
    }
    Ok(days)
}

impl Limits {
    fn from_env() -> Result<Self, EnvError> {
        Ok(Self {
            connections: env::parsed("PORTAL_CONNECTIONS", Self::default().connections)?,
            connections_per_address: env::parsed(
                "PORTAL_CONNECTIONS_PER_ADDRESS",
                Self::default().connections_per_address,
            )?,
            requests_in_flight: env::parsed("PORTAL_REQUESTS_IN_FLIGHT", Self::default().requests_in_flight)?,
            viewer_per_second: env::parsed("PORTAL_REQUESTS_PER_SECOND", Self::default().viewer_per_second)?,
            viewer_burst: env::parsed("PORTAL_REQUESTS_BURST", Self::default().viewer_burst)?,
            sign_ins_per_minute: env::parsed("PORTAL_SIGN_INS_PER_MINUTE", Self::default().sign_ins_per_minute)?,
            proxies: env::parsed("PORTAL_TRUSTED_PROXIES", Proxies::default())?,
            ..Self::default()
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        const fn positive(number: u32) -> std::num::NonZeroU32 {
            match std::num::NonZeroU32::new(number) {
                Some(number) => number,
                None => std::num::NonZeroU32::MIN,
            }
        }
        Self {
            connections: 512,
            connections_per_address: 64,
            requests_in_flight: 128,
            viewer_per_second: const { positive(10) },
            viewer_burst: const { positive(40) },
            sign_ins_per_minute: const { positive(60) },
            proxies: Proxies::default(),
            request: Duration::from_secs(30),
            headers: Duration::from_secs(10),
            drain: Duration::from_secs(20),
        }
    }
}

/// 32 random bytes that never show in a log.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_base64(name: &str, text: &SecretString) -> Result<Self, EnvError> {
        let decoded = STANDARD.decode(text.expose_secret().trim()).ok();
        decoded.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
            EnvError::new(name, "is not the base64 of 32 bytes: make one with `openssl rand -base64 32`.")
        })
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// An origin: a base with a path would make `__Host-` cookies and redirect addresses disagree.
fn public_url(name: &str) -> Result<Url, EnvError> {
    let text = env::http_url(name)?;
    origin(&text).ok_or_else(|| EnvError::new(name, format!("is {text:?}: give scheme, host and port only.")))
}

fn origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    is_bare.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::{SecretKey, origin};
    use secrecy::SecretString;

    #[test]
    fn a_secret_key_is_32_bytes_and_its_error_does_not_show_it() {
        let read = |text: &str| SecretKey::from_base64("PORTAL_SECRET_KEY", &SecretString::from(text));
        assert!(read("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").is_ok());
        for wrong in ["", "c2hvcnQ=", "not base64 at all!"] {
            let told = read(wrong).unwrap_err().to_string();
            assert!(told.starts_with("PORTAL_SECRET_KEY ") && (wrong.is_empty() || !told.contains(wrong)), "{told}");
        }
    }

    #[test]
    fn the_public_address_is_an_origin() {
        assert!(origin("https://portal.example").is_some());
        assert!(origin("http://127.0.0.1:21800/").is_some());
        for wrong in ["https://portal.example/app", "https://portal.example/?a", "https://me@portal.example"] {
            assert!(origin(wrong).is_none(), "{wrong}");
        }
    }
}
