//! How far earlier passes came. Every write is fenced by the pass number: a pass that lost its lease changes nothing.

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::{Execute, Executor as _, PgExecutor, PgPool, Postgres, Transaction};

use super::Stop;
use super::pass::Pass;

/// The first load of a dataset of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub is_done: bool,
    /// Everything dated earlier has been sent.
    pub to: Option<NaiveDateTime>,
}

/// From which day on everything has had its turn: of the window, and of what lies before it. None: the turn begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    pub in_window: Option<NaiveDate>,
    pub before_window: Option<NaiveDate>,
}

pub async fn load(pool: &PgPool, pass: &Pass) -> Result<Load, Stop> {
    let found = sqlx::query_as!(
        Load,
        "SELECT is_loaded AS is_done, loaded_to AS to FROM progress WHERE dataset = $1 AND pass = $2",
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

/// The version of the last rows of the dataset that were produced, or were about to be.
pub async fn rows_version(pool: &PgPool, pass: &Pass) -> Result<u64, Stop> {
    let found = sqlx::query_scalar!(
        "SELECT rows_version FROM progress WHERE dataset = $1 AND pass = $2",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(pool)
    .await?;
    found.map(i64::cast_unsigned).ok_or(Stop::Stale)
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

pub async fn turns(pool: &PgPool, pass: &Pass) -> Result<Turns, Stop> {
    let found = sqlx::query_as!(
        Turns,
        "SELECT turn_in_window AS in_window, turn_before_window AS before_window FROM progress WHERE dataset = $1 AND pass = $2",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(pool)
    .await?;
    found.ok_or(Stop::Stale)
}

pub async fn set_turns(pool: &PgPool, pass: &Pass, turns: Turns) -> Result<(), Stop> {
    write(
        sqlx::query!(
            "UPDATE progress SET turn_in_window = $3, turn_before_window = $4 WHERE dataset = $1 AND pass = $2",
            pass.dataset.name(),
            pass.number,
            turns.in_window,
            turns.before_window,
        )
        .execute(pool)
        .await?,
    )
}

/// By which shape everything of the dataset was read.
pub async fn shape(pool: &PgPool, pass: &Pass) -> Result<i64, Stop> {
    let found = sqlx::query_scalar!(
        "SELECT shape FROM progress WHERE dataset = $1 AND pass = $2",
        pass.dataset.name(),
        pass.number,
    )
    .fetch_optional(pool)
    .await?;
    found.ok_or(Stop::Stale)
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
