//! A ClickHouse process per test, with the product's own configuration, users and migrations.

use std::path::{Path, PathBuf};

use clickhouse::Client;
use stack::clickhouse::{ClickHouse, Settings};
use stack::parts::Parts;
use stack::ports;

use crate::test_environment;

/// Where seeds put products: the columns that they fill, whatever a later migration adds.
pub const PRODUCTS: &str =
    "dw.product (product_id, parent_id, is_group, code, article, name, unit_id, version, is_deleted)";

/// A ClickHouse of one test: migrated, empty. Stopped and forgotten with it.
#[derive(Debug)]
pub struct TestClickHouse {
    pub server: ClickHouse,
    // After the server: its data outlive it.
    folder: tempfile::TempDir,
}

/// A fresh, migrated ClickHouse.
pub async fn clickhouse() -> TestClickHouse {
    let clickhouse = TestClickHouse::bare(None).await;
    clickhouse.migrate().await;
    clickhouse
}

impl TestClickHouse {
    /// A fresh ClickHouse before its migrations; `config` may name another folder of config.xml and users.xml.
    pub async fn bare(config: Option<PathBuf>) -> Self {
        let folder = test_environment::folder();
        let settings = Settings {
            http: ports::free().expect("a port"),
            tcp: ports::free().expect("a port"),
            folder: folder.path().to_owned(),
            log: folder.path().join("clickhouse.log"),
            config,
        };
        let server = ClickHouse::start(&Parts::locate(), &settings).await.expect("start a ClickHouse");
        Self { server, folder }
    }

    /// Brings it what the product's `migrate` does.
    pub async fn migrate(&self) {
        let migrator = self.client("migrator");
        shared::clickhouse::migrate(&migrator).await.expect("migrate ClickHouse");
        let refused = shared::dataset::migrate(&migrator, &crate::datasets()).await.expect("make the datasets' tables");
        assert!(refused.is_empty(), "{refused:?}");
    }

    /// Holds its `data/`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `CLICKHOUSE_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// A client that signs in as one of `users.xml`: `loader`, `migrator`, `portal_ro`, `export_ro`, `audit_ro`.
    pub fn client(&self, user: &str) -> Client {
        Client::default().with_url(self.url()).with_user(user).with_password(Self::password(user))
    }

    pub fn password(user: &str) -> String {
        stack::clickhouse::password(user)
    }

    /// The variables of a process that signs in as `user`.
    pub fn variables(&self, user: &str) -> Vec<(String, String)> {
        [
            ("CLICKHOUSE_URL", self.url()),
            ("CLICKHOUSE_USER", user.to_owned()),
            ("CLICKHOUSE_PASSWORD", Self::password(user)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
