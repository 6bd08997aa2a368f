//! An operator's words on the command line: read again, let through. What they do stands in `shared::steering`, for pages too.

use chrono::NaiveDate;
use shared::dataset::Dataset;
use shared::steering::{self, Held};
use sqlx::PgPool;

use crate::config::{Job, Reach};

/// What will be read again, and by which job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reread {
    pub sent: u64,
    pub rejected: u64,
    pub job: String,
}

/// Has these days read again: see `steering::reread`.
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
    let read = steering::reread(&mut tx, (&job.name, dataset.name()), (from, to)).await?;
    tx.commit().await?;
    Ok(Reread { sent: read.sent, rejected: read.rejected, job: job.name.clone() })
}

/// Lets through what the brake holds of a dataset, up to what was missing; returns it.
pub async fn release(pool: &PgPool, jobs: &[Job], dataset: Dataset) -> anyhow::Result<Vec<Held>> {
    let job = widest(jobs, dataset)?;
    let mut tx = pool.begin().await?;
    let held = steering::release(&mut tx, (&job.name, dataset.name())).await?;
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
