//! A migrated PostgreSQL database per test, cloned from a template in some 20 ms.

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::test_environment::{environment, fresh_name};

/// A migrated, empty database of one test. Dropped with it.
#[derive(Debug)]
pub struct TestPostgres {
    /// `DATABASE_URL`.
    pub url: String,
    pub pool: PgPool,
    admin_url: String,
    name: String,
}

/// A fresh database in the shared server.
pub async fn postgres() -> TestPostgres {
    TestPostgres::on(&environment().postgres_url).await
}

impl TestPostgres {
    /// A fresh database in the server that `admin_url` (`postgres://app@host:port/postgres`) leads to: for tests that
    /// break a server of their own.
    pub async fn on(admin_url: &str) -> Self {
        let mut admin = PgConnection::connect(admin_url).await.expect("connect to the test PostgreSQL");
        let template = template(&mut admin, admin_url).await;
        let name = fresh_name("test_");
        let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        admin.execute(AssertSqlSafe(clone)).await.expect("clone the template database");
        let url = with_database(admin_url, &name);
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(5).connect_lazy(&url).expect("a pool");
        Self { url, pool, admin_url: admin_url.to_owned(), name }
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
        crate::test_processes::aside(async move {
            if let Ok(mut admin) = PgConnection::connect(&admin_url).await {
                let _ = admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await;
            }
        });
    }
}

/// The migrated template, made by whoever comes first. Its name tells which migrations it has.
async fn template(admin: &mut PgConnection, admin_url: &str) -> String {
    let mut hash = xxhash_rust::xxh64::Xxh64::new(0);
    for migration in shared::postgres::MIGRATIONS.iter() {
        hash.update(&migration.checksum);
    }
    let datasets = crate::datasets();
    shared::schema::names(&datasets).iter().for_each(|name| hash.update(name.as_bytes()));
    let name = format!("template_{:016x}", hash.digest());
    admin.execute("SELECT pg_advisory_lock(20261123)").await.expect("lock the template");
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *admin)
        .await
        .expect("look for the template");
    if !there {
        let unfinished = format!("{name}_unfinished");
        for statement in [format!("DROP DATABASE IF EXISTS {unfinished}"), format!("CREATE DATABASE {unfinished}")] {
            admin.execute(AssertSqlSafe(statement)).await.expect("make the template");
        }
        let pool = PgPool::connect(&with_database(admin_url, &unfinished)).await.expect("open the template");
        shared::postgres::migrate(&pool).await.expect("migrate the template");
        // The test's ClickHouse is migrated beside.
        shared::schema::record_warehouse(&pool, &datasets).await.expect("record the warehouse's migrations");
        pool.close().await;
        let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
        admin.execute(AssertSqlSafe(rename)).await.expect("finish the template");
    }
    admin.execute("SELECT pg_advisory_unlock(20261123)").await.expect("unlock the template");
    name
}

fn with_database(admin_url: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin_url).expect("the administrator's address");
    url.set_path(name);
    url.into()
}
