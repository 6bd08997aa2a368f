//! Passes are numbered by PostgreSQL, and rows of a later pass win. A PostgreSQL that was restored or made anew while the
//! warehouse lived on would count from too low, and all that is new would lose against what is old.

use sqlx::PgPool;

use super::Warehouse;
use crate::config::{Job, Reach};
use crate::extract::schedule;

/// Messages that still lie in Kafka may be of passes later than anything in the warehouse, but not by so many.
const MARGIN: i64 = 1_000_000;

/// PostgreSQL's code for a right that is not there.
const NO_RIGHT: &str = "42501";

/// Has the numbers of passes go on behind everything that the warehouse holds. Where they did not, all is compared. Errors are
/// sentences that say what is waited for, or what to do.
pub async fn go_on_behind(pool: &PgPool, warehouse: &Warehouse, jobs: &[Job]) -> Result<(), String> {
    let away = |error: sqlx::Error| format!("PostgreSQL does not answer as it should: {error}.");
    let highest = warehouse.highest_pass().await;
    let highest = highest.map_err(|error| format!("Which passes the warehouse holds is not known: {error}"))?;
    let last = sqlx::query_scalar!("SELECT last_value FROM pass_number").fetch_one(pool).await.map_err(away)?;
    let highest = i64::try_from(highest).unwrap_or(i64::MAX);
    if highest <= last {
        return Ok(());
    }
    let next = highest.saturating_add(MARGIN);
    let told = format!(
        "PostgreSQL has counted {last} passes and the warehouse holds rows of pass {highest}: PostgreSQL was restored or made anew"
    );
    let mut tx = pool.begin().await.map_err(away)?;
    let raised = sqlx::query_scalar!("SELECT setval('pass_number', $1)", next).fetch_one(&mut *tx).await;
    match raised {
        Ok(_) => {}
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(NO_RIGHT) => {
            return Err(format!(
                "{told}, and what is read now would lose against it. As the owner of the database run: SELECT setval('pass_number', {next})."
            ));
        }
        Err(error) => return Err(away(error)),
    }
    // Datasets that were never read whole are compared after their first load.
    let loaded = sqlx::query_scalar!("SELECT dataset FROM progress WHERE done_pass IS NOT NULL")
        .fetch_all(&mut *tx)
        .await
        .map_err(away)?;
    let is_loaded = |job: &&Job| loaded.iter().any(|dataset| dataset == job.dataset.name());
    for audit in jobs.iter().filter(|job| job.reach == Reach::Audit).filter(is_loaded) {
        schedule::ask_for(&mut *tx, audit).await.map_err(away)?;
    }
    tx.commit().await.map_err(away)?;
    tracing::error!(
        "{told}. Passes are numbered from {next} on; all is compared with the warehouse, and what differs is sent again."
    );
    Ok(())
}
