//! A portal per test: the real program on its own port, signed in through its own client of the real Keycloak.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use stack::process::{Launch, Process};

use crate::test_clickhouse::TestClickHouse;
use crate::test_keycloak::{PortalClient, TestKeycloak};
use crate::test_postgres::TestPostgres;
use crate::test_processes::launch;

/// `EXPORT_FILES` of what runs over this folder: the portal and the reporter share it.
pub fn export_files(folder: &Path) -> String {
    let files = folder.join("exports");
    std::fs::create_dir_all(&files).expect("a folder for exports");
    format!("file://{}", files.display())
}

/// A running portal and its client in Keycloak.
#[derive(Debug)]
pub struct TestPortal {
    pub process: Process,
    pub client: PortalClient,
    /// `PORTAL_URL`, without a trailing slash.
    pub url: String,
    /// `/livez`, `/readyz`, `/metrics`.
    pub health_url: String,
}

impl TestPortal {
    /// A portal over these stores, ready to serve. Its log stands in `folder`.
    pub async fn start(
        postgres: &TestPostgres,
        clickhouse: &TestClickHouse,
        keycloak: &TestKeycloak,
        folder: &Path,
    ) -> Self {
        Self::start_with(postgres, clickhouse, keycloak, folder, |launch| launch).await
    }

    /// The same with other variables.
    pub async fn start_with(
        postgres: &TestPostgres,
        clickhouse: &TestClickHouse,
        keycloak: &TestKeycloak,
        folder: &Path,
        change: impl FnOnce(Launch) -> Launch,
    ) -> Self {
        let (port, health_port) = (stack::ports::free().expect("a port"), stack::ports::free().expect("a port"));
        let (url, health_url) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{health_port}"));
        let client = keycloak.portal_client(&url).await;
        let launch = launch("portal", folder)
            .env("DATABASE_URL", &postgres.url)
            .envs(clickhouse.variables("portal_ro"))
            .envs(client.variables())
            .env("PORTAL_LISTEN", format!("127.0.0.1:{port}"))
            .env("PORTAL_HEALTH_LISTEN", format!("127.0.0.1:{health_port}"))
            .env("PORTAL_URL", &url)
            .env("EXPORT_FILES", export_files(folder))
            .env("PORTAL_SECRET_KEY", base64::engine::general_purpose::STANDARD.encode([7; 32]));
        let process = change(launch).start().expect("start the portal");
        let mut portal = Self { process, client, url, health_url };
        portal.ready().await;
        portal
    }

    /// Waits until `/readyz` says yes, also after a restart.
    pub async fn ready(&mut self) {
        let http = stack::http().expect("a client");
        let url = format!("{}/readyz", self.health_url);
        let ready = self.process.until_ready(Duration::from_secs(30), async |_| {
            http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        });
        ready.await.expect("the portal becomes ready");
    }

    /// The full address of a path such as `/reports/sales`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}
