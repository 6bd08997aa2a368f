//! Are both stores' schemas at least as new as this program? `migrate` runs PostgreSQL's migrations, then ClickHouse's, and
//! at its end writes the names of the latter into PostgreSQL: no program but it may read `dw.migration`.
//!
//! A newer schema is as good: after a rollback the older program stays ready.

use std::time::Duration;

use sqlx::PgPool;

use crate::dataset::Catalogue;

/// Shorter than a probe's usual patience.
const PATIENCE: Duration = Duration::from_secs(3);

/// PostgreSQL's code for a table that is not there.
const NO_TABLE: &str = "42P01";

/// What is not there yet. Each text is a sentence for a probe and for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    #[error("PostgreSQL does not answer.")]
    Away,
    #[error("PostgreSQL refuses: {0}.")]
    Refused(String),
    #[error("PostgreSQL has no schema yet, or one older than this program: migrate brings it.")]
    Postgres,
    #[error("ClickHouse has no schema yet, or one older than this program: migrate brings it.")]
    ClickHouse,
}

/// Asks PostgreSQL whether all migrations that this program knows have run, in both stores, and those of its datasets.
pub async fn check(pool: &PgPool, datasets: &Catalogue) -> Result<(), NotYet> {
    let versions: Vec<i64> = crate::postgres::MIGRATIONS.iter().map(|migration| migration.version).collect();
    let names = names(datasets);
    let question = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM _sqlx_migrations WHERE success AND version = ANY($1)) = cardinality($1) AS "postgres!",
                  (SELECT count(*) FROM warehouse_migration WHERE name = ANY($2)) = cardinality($2) AS "clickhouse!""#,
        &versions,
        &names,
    );
    let answer = tokio::time::timeout(PATIENCE, question.fetch_one(pool)).await;
    match answer {
        Ok(Ok(is_new)) if !is_new.postgres => Err(NotYet::Postgres),
        Ok(Ok(is_new)) if !is_new.clickhouse => Err(NotYet::ClickHouse),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(sqlx::Error::Database(cause))) if cause.code().as_deref() == Some(NO_TABLE) => Err(NotYet::Postgres),
        Ok(Err(sqlx::Error::Database(cause))) => Err(NotYet::Refused(cause.message().to_owned())),
        Ok(Err(_)) | Err(_) => Err(NotYet::Away),
    }
}

/// ClickHouse has all of this program's migrations: written down for everyone who waits.
pub async fn record_warehouse(pool: &PgPool, datasets: &Catalogue) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO warehouse_migration (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
        &names(datasets),
    )
    .execute(pool)
    .await
    .map(drop)
}

/// What is written down of the warehouse: its migrations, and what each dataset needs. A dataset that was refused counts as well:
/// it waits alone.
pub fn names(datasets: &Catalogue) -> Vec<String> {
    let of_datasets = datasets.all().iter().map(|dataset| dataset.fingerprint());
    crate::clickhouse::migration_names().into_iter().chain(of_datasets).collect()
}
