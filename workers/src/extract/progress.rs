//! How far earlier passes came. Every write is fenced by the pass number: a pass that lost its lease changes nothing.

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::{Execute, Executor as _, PgExecutor, PgPool, Postgres, Transaction};

use super::Stop;
use super::pass::Pass;

/// Of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The first load of documents is over.
    pub is_loaded: bool,
    /// Until then: everything dated earlier has been sent.
    pub loaded_to: Option<NaiveDateTime>,
    /// From this day on everything in the window has had its turn. None: the turn begins.
    pub turn_in_window: Option<NaiveDate>,
    /// The same of what lies before the window.
    pub turn_before_window: Option<NaiveDate>,
    /// The version of the last rows that were produced, or were about to be.
    pub rows_version: i64,
    /// By which everything was read.
    pub shape: i64,
}

pub async fn of(pool: &PgPool, pass: &Pass) -> Result<Progress, Stop> {
    let found = sqlx::query_as!(
        Progress,
        "SELECT is_loaded, loaded_to, turn_in_window, turn_before_window, rows_version, shape FROM progress
         WHERE dataset = $1 AND pass = $2",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(pool)
    .await?;
    found.ok_or(Stop::Stale)
}

/// Locks the fence until the transaction ends, or tells that we are stale.
pub async fn fence(tx: &mut Transaction<'_, Postgres>, pass: &Pass) -> Result<(), Stop> {
    let found = sqlx::query_scalar!(
        "SELECT pass FROM progress WHERE dataset = $1 AND pass = $2 FOR SHARE",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.map(drop).ok_or(Stop::Stale)
}

/// One statement, behind the fence.
pub async fn fenced<'q>(pool: &PgPool, pass: &Pass, statement: impl Execute<'q, Postgres> + 'q) -> Result<(), Stop> {
    let mut tx = pool.begin().await?;
    fence(&mut tx, pass).await?;
    tx.execute(statement).await?;
    tx.commit().await?;
    Ok(())
}

/// Everything dated before this has been sent and acknowledged.
pub async fn loaded_to(tx: &mut Transaction<'_, Postgres>, pass: &Pass, to: NaiveDateTime) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET loaded_to = $3 WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
            to,
        )
        .execute(&mut **tx)
        .await?,
    )
}

/// Rows of this version are about to be produced: markers from here on carry it. A fence, too.
pub async fn will_send(database: impl PgExecutor<'_>, pass: &Pass, version: u64) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET rows_version = $3 WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
            version.cast_signed(),
        )
        .execute(database)
        .await?,
    )
}

pub async fn load_done(pool: &PgPool, pass: &Pass) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET is_loaded = true WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
        )
        .execute(pool)
        .await?,
    )
}

/// The marker of this pass stands in every partition. True: it is the first of its dataset.
pub async fn pass_done(pool: &PgPool, pass: &Pass) -> Result<bool, Stop> {
    let former = sqlx::query_scalar!(
        "UPDATE progress p SET done_pass = p.pass, done_at = now()
         FROM (SELECT dataset, done_pass FROM progress WHERE dataset = $1 AND pass = $2 FOR UPDATE) AS former
         WHERE p.dataset = former.dataset RETURNING former.done_pass",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(pool)
    .await?;
    former.map(|done| done.is_none()).ok_or(Stop::Stale)
}

/// Writes down what has had its turn.
pub async fn set_turns(pool: &PgPool, pass: &Pass, turns: &Progress) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET turn_in_window = $3, turn_before_window = $4 WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
            turns.turn_in_window,
            turns.turn_before_window,
        )
        .execute(pool)
        .await?,
    )
}

/// Everything of the dataset has been read by the shape of the pass.
pub async fn reshaped(pool: &PgPool, pass: &Pass) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET shape = $3 WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
            pass.shape,
        )
        .execute(pool)
        .await?,
    )
}

fn write(result: sqlx::postgres::PgQueryResult) -> Result<(), Stop> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(Stop::Stale) }
}
