//! An operator's words to the extractors that run: read again, let through. Each overtakes the pass under way, which knows
//! nothing of them, and asks for one over everything now.

use chrono::NaiveDate;
use shared::dataset::Dataset;
use sqlx::{PgPool, Postgres, Transaction};

use super::held::Held;
use super::schedule;
use crate::config::{Job, Reach};

/// What will be read again, and by which job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reread {
    pub sent: u64,
    pub rejected: u64,
    pub job: String,
}

/// Has the days from `from` to `to` (both included; open ends take all) read again, and everything that was rejected, whose
/// days nobody knows: the ledger forgets what it sent, not where that lies, so that nothing is left behind.
pub async fn reread(
    pool: &PgPool,
    jobs: &[Job],
    dataset: Dataset,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> anyhow::Result<Reread> {
    let job = widest(jobs, dataset)?;
    if job.reach != Reach::Everything && (from.is_some() || to.is_some()) {
        anyhow::bail!("{dataset} have no dates: leave --from and --to out.");
    }
    let mut tx = pool.begin().await?;
    begin_anew(&mut tx, job).await?;
    let sent = sqlx::query!(
        "UPDATE sent SET data_version = ''
         WHERE dataset = $1 AND ($2::date IS NULL OR sold_on >= $2) AND ($3::date IS NULL OR sold_on <= $3)",
        dataset.name(),
        from,
        to,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let rejected = sqlx::query!("DELETE FROM rejected WHERE dataset = $1", dataset.name())
        .execute(&mut *tx)
        .await?
        .rows_affected();
    tx.commit().await?;
    Ok(Reread { sent, rejected, job: job.name.clone() })
}

/// Lets through what the brake holds of a dataset, up to what was missing; returns it.
pub async fn release(pool: &PgPool, jobs: &[Job], dataset: Dataset) -> anyhow::Result<Vec<Held>> {
    let job = widest(jobs, dataset)?;
    let mut tx = pool.begin().await?;
    begin_anew(&mut tx, job).await?;
    let held = sqlx::query_as!(
        Held,
        "UPDATE held SET released_at = now() WHERE dataset = $1 RETURNING span, known, missing",
        dataset.name(),
    )
    .fetch_all(&mut *tx)
    .await?;
    if held.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(held)
}

/// The job that reads most of a dataset.
pub(super) fn widest(jobs: &[Job], dataset: Dataset) -> anyhow::Result<&Job> {
    let job = |reach| jobs.iter().find(|job| job.dataset == dataset && job.reach == reach);
    let job = job(Reach::Everything).or_else(|| job(Reach::Usual));
    job.ok_or_else(|| anyhow::anyhow!("{dataset} is not read here: it has no cron line."))
}

/// From here on nothing is written any more of what the pass under way has read, and the dataset's next slot is due.
async fn begin_anew(tx: &mut Transaction<'_, Postgres>, job: &Job) -> sqlx::Result<()> {
    sqlx::query!("UPDATE progress SET pass = nextval('pass_number') WHERE dataset = $1", job.dataset.name())
        .execute(&mut **tx)
        .await?;
    schedule::ask_for(&mut **tx, job).await
}
