//! The ledger: what was sent for each key, recorded before it is produced and confirmed after the broker has
//! acknowledged it. A crash in between leaves a batch unconfirmed; its documents are sent again, with tombstones for
//! every place that they may have taken.
//!
//! A batch is confirmed by removing its one row from `sending`, not by touching each document: the price of a document
//! is one row copied in.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::PgPool;
use uuid::Uuid;

use super::Stop;
use super::pass::Pass;
use super::place::Place;
use super::{copy, progress};
use crate::erp::pages::Span;

/// A document that did not fit is kept to be looked at, unless it is larger: then it stands in the topic alone.
const LOOKED_AT: usize = 1 << 20;

/// What the ledger knows of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The version of 1C that stands for certain. None: an unconfirmed batch may have overtaken it.
    pub data_version: Option<String>,
    /// Of the mapping by which that was read.
    pub shape: i64,
    /// Everywhere that its rows may lie.
    pub places: Vec<Place>,
    /// Of the latest batch: the dataset's total over its lines in ten-thousandths, wrapping. None: of a release that did not write it down.
    pub amount: Option<i64>,
    /// By the latest batch that holds it, confirmed or not, it has rows.
    pub stands: bool,
    batch: i64,
}

impl Known {
    /// What 1C shows is what was sent, by the same shape as now.
    pub fn is_as(&self, data_version: &str, pass: &Pass) -> bool {
        self.data_version.as_deref() == Some(data_version) && self.shape == pass.shape
    }
}

struct Row {
    key: Uuid,
    batch: i64,
    data_version: String,
    shape: i64,
    dealer_id: Option<Uuid>,
    sold_on: Option<NaiveDate>,
    lines: i32,
    amount: Option<i64>,
    is_confirmed: bool,
}

/// A document about to be sent.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: Uuid,
    pub data_version: String,
    pub place: Place,
    /// Of its message. None: there is none, nothing of it stands and nothing is left.
    pub version: Option<u64>,
    /// Revenue of its lines in ten-thousandths, wrapping.
    pub amount: i64,
    /// The ledger had rows of it, which this batch replaces once it is confirmed.
    pub was_known: bool,
    /// It vanished from 1C: once confirmed, nothing of it remains here.
    pub is_gone: bool,
}

#[derive(Clone)]
pub struct Ledger {
    pool: PgPool,
}

impl Ledger {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What is known of these keys, each named once. Each is looked up in the index, whatever PostgreSQL believes: of a ledger
    /// that is growing it knows nothing yet, and would read all of it for every page.
    pub async fn of_keys(&self, pass: &Pass, keys: &[Uuid]) -> Result<HashMap<Uuid, Known>, Stop> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT found.key AS "key!", found.batch AS "batch!", found.data_version AS "data_version!",
                      found.shape AS "shape!", found.dealer_id, found.sold_on, found.lines AS "lines!", found.amount,
                      NOT EXISTS (SELECT FROM sending p WHERE p.batch = found.batch) AS "is_confirmed!"
               FROM unnest($2::uuid[]) AS wanted (key)
               CROSS JOIN LATERAL (SELECT * FROM sent s WHERE s.dataset = $1 AND s.key = wanted.key OFFSET 0) found"#,
            pass.dataset.name(),
            keys,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(fold(rows))
    }

    /// Documents whose last known day lies in `[from, to)`; an open end takes all. Both open: everything, of a catalog too.
    pub async fn of_days(
        &self,
        pass: &Pass,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<HashMap<Uuid, Known>, Stop> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT s.key, s.batch, s.data_version, s.shape, s.dealer_id, s.sold_on, s.lines, s.amount,
                      NOT EXISTS (SELECT FROM sending p WHERE p.batch = s.batch) AS "is_confirmed!"
               FROM sent s WHERE s.dataset = $1
                 AND ($2::date IS NULL OR s.sold_on >= $2) AND ($3::date IS NULL OR s.sold_on < $3)"#,
            pass.dataset.name(),
            from,
            to,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(fold(rows))
    }

    /// Whether the ledger has more rows of the dataset than this.
    pub async fn is_larger_than(&self, pass: &Pass, rows: i64) -> Result<bool, Stop> {
        let is_larger = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM sent WHERE dataset = $1 OFFSET $2) AS "is_larger!""#,
            pass.dataset.name(),
            rows,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(is_larger)
    }

    /// The day behind so many of the newest documents. None: there are no more than these.
    pub async fn day_behind(&self, pass: &Pass, documents: i64) -> Result<Option<NaiveDate>, Stop> {
        let day = sqlx::query_scalar!(
            r#"SELECT sold_on AS "day!" FROM sent WHERE dataset = $1 AND sold_on IS NOT NULL
               ORDER BY sold_on DESC OFFSET $2 LIMIT 1"#,
            pass.dataset.name(),
            documents,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(day)
    }

    /// The first day of a document that is not older than `dawn`.
    pub async fn first_day(&self, pass: &Pass, dawn: NaiveDate) -> Result<Option<NaiveDate>, Stop> {
        let first = sqlx::query_scalar!(
            "SELECT min(sold_on) FROM sent WHERE dataset = $1 AND sold_on >= $2",
            pass.dataset.name(),
            dawn,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(first)
    }

    /// How many documents lie in a span of whole days.
    pub async fn documents_of(&self, pass: &Pass, span: Span) -> Result<i64, Stop> {
        let day = |moment: Option<NaiveDateTime>| moment.map(|moment| moment.date());
        let documents = sqlx::query_scalar!(
            r#"SELECT count(*) AS "documents!" FROM sent
               WHERE dataset = $1 AND sold_on >= coalesce($2, '-infinity'::date) AND sold_on < coalesce($3, 'infinity'::date)"#,
            pass.dataset.name(),
            day(span.from),
            day(span.to),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(documents)
    }

    /// Keys of batches that were never confirmed: a pass before this one ended between recording and the broker's word.
    pub async fn unconfirmed(&self, pass: &Pass) -> Result<Vec<Uuid>, Stop> {
        let is_any = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM sending WHERE dataset = $1) AS "is_any!""#,
            pass.dataset.name(),
        )
        .fetch_one(&self.pool)
        .await?;
        if !is_any {
            return Ok(Vec::new());
        }
        let mut tx = self.pool.begin().await?;
        progress::fence(&mut tx, pass).await?;
        let keys = sqlx::query_scalar!(
            "SELECT DISTINCT key FROM sent WHERE dataset = $1 AND batch IN (SELECT batch FROM sending WHERE dataset = $1)",
            pass.dataset.name(),
        )
        .fetch_all(&mut *tx)
        .await?;
        if keys.is_empty() {
            sqlx::query!("DELETE FROM sending WHERE dataset = $1", pass.dataset.name()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(keys)
    }

    /// Step one, before anything is produced: which keys will lie where. Returns the batch's number.
    pub async fn record(&self, pass: &Pass, entries: &[Entry]) -> Result<i64, Stop> {
        let mut tx = self.pool.begin().await?;
        let batch = sqlx::query_scalar!(
            "INSERT INTO sending (dataset, pass) VALUES ($1, $2) RETURNING batch",
            pass.dataset.name(),
            pass.number,
        )
        .fetch_one(&mut *tx)
        .await?;
        let mut copy = tx.copy_in_raw(copy::SENT).await?;
        copy.send(copy::rows(pass, batch, entries)).await?;
        copy.finish().await?;
        // The fence last: no time-out of PostgreSQL's ends a COPY whose rows do not come, and nobody could claim the dataset meanwhile.
        match entries.iter().filter_map(|entry| entry.version).max() {
            Some(version) => progress::will_send(&mut *tx, pass, version).await?,
            None => progress::fence(&mut tx, pass).await?,
        }
        tx.commit().await?;
        Ok(batch)
    }

    /// Step two, after the broker has acknowledged every message of the batch. `loaded_to` moves with it.
    pub async fn confirm(
        &self,
        pass: &Pass,
        batch: i64,
        entries: &[Entry],
        loaded_to: Option<NaiveDateTime>,
    ) -> Result<(), Stop> {
        let replaced: Vec<Uuid> = entries.iter().filter(|entry| entry.was_known).map(|entry| entry.key).collect();
        let gone: Vec<Uuid> = entries.iter().filter(|entry| entry.is_gone).map(|entry| entry.key).collect();
        let keys: Vec<String> = entries.iter().map(|entry| entry.key.to_string()).collect();
        let mut tx = self.pool.begin().await?;
        progress::fence(&mut tx, pass).await?;
        sqlx::query!("DELETE FROM sending WHERE batch = $1", batch).execute(&mut *tx).await?;
        if !replaced.is_empty() {
            sqlx::query!(
                "DELETE FROM sent WHERE dataset = $1 AND key = ANY($2) AND batch < $3",
                pass.dataset.name(),
                &replaced,
                batch,
            )
            .execute(&mut *tx)
            .await?;
        }
        if !gone.is_empty() {
            sqlx::query!("DELETE FROM sent WHERE dataset = $1 AND key = ANY($2)", pass.dataset.name(), &gone)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query!(
            "DELETE FROM rejected WHERE dataset = $1 AND key = ANY($2) AND EXISTS (SELECT FROM rejected WHERE dataset = $1)",
            pass.dataset.name(),
            &keys,
        )
        .execute(&mut *tx)
        .await?;
        if let Some(to) = loaded_to {
            progress::loaded_to(&mut tx, pass, to).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Only the cursor moves: the page brought nothing new.
    pub async fn move_on(&self, pass: &Pass, loaded_to: Option<NaiveDateTime>) -> Result<(), Stop> {
        let Some(to) = loaded_to else { return Ok(()) };
        let mut tx = self.pool.begin().await?;
        progress::loaded_to(&mut tx, pass, to).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets which version of these was sent: whoever reads them next sends them again.
    pub async fn forget(&self, pass: &Pass, keys: &[Uuid]) -> Result<(), Stop> {
        let statement = sqlx::query!(
            "UPDATE sent SET data_version = '' WHERE dataset = $1 AND key = ANY($2)",
            pass.dataset.name(),
            keys,
        );
        progress::fenced(&self.pool, pass, statement).await
    }

    /// Versions that were rejected by the pass's shape, by key as 1C wrote it.
    pub async fn rejected(&self, pass: &Pass) -> Result<HashMap<String, String>, Stop> {
        let rows = sqlx::query!(
            "SELECT key, data_version FROM rejected WHERE dataset = $1 AND shape = $2",
            pass.dataset.name(),
            pass.shape,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.key, row.data_version)).collect())
    }

    /// Remembers a rejected version: it is not sent again until 1C writes the document anew, or the mapping is mended.
    pub async fn reject(
        &self,
        pass: &Pass,
        (key, data_version): (&str, &str),
        (reason, raw): (&str, &[u8]),
    ) -> Result<(), Stop> {
        let statement = sqlx::query!(
            "INSERT INTO rejected (dataset, key, data_version, reason, pass, shape, raw) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (dataset, key) DO UPDATE SET data_version = excluded.data_version, reason = excluded.reason,
                 pass = excluded.pass, shape = excluded.shape, raw = excluded.raw, rejected_at = now()",
            pass.dataset.name(),
            key,
            data_version,
            reason,
            pass.number,
            pass.shape,
            (raw.len() <= LOOKED_AT).then_some(raw),
        );
        progress::fenced(&self.pool, pass, statement).await
    }
}

/// The newest row of a key decides its version, if it is confirmed; every row from the last confirmed one on may stand.
fn fold(rows: Vec<Row>) -> HashMap<Uuid, Known> {
    let mut known: HashMap<Uuid, Known> = HashMap::with_capacity(rows.len());
    for row in rows {
        let place = Place { dealer_id: row.dealer_id, day: row.sold_on, lines: u32::try_from(row.lines).unwrap_or(0) };
        let entry = known.entry(row.key).or_default();
        entry.places.push(place);
        if row.batch >= entry.batch {
            entry.batch = row.batch;
            entry.stands = row.lines > 0;
            entry.amount = row.amount;
            entry.shape = row.shape;
            entry.data_version = row.is_confirmed.then_some(row.data_version);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(batch: i64, is_confirmed: bool) -> Row {
        let lines = i32::try_from(batch).unwrap();
        Row {
            key: Uuid::nil(),
            batch,
            data_version: batch.to_string(),
            shape: 1,
            dealer_id: None,
            sold_on: None,
            lines,
            amount: None,
            is_confirmed,
        }
    }

    #[test]
    fn a_document_whose_last_batch_was_never_confirmed_counts_as_unknown_but_keeps_all_its_places() {
        let known = fold(vec![row(2, false), row(1, true)]);
        assert_eq!(known[&Uuid::nil()].data_version, None);
        assert_eq!(known[&Uuid::nil()].places.len(), 2);
        let known = fold(vec![row(1, false), row(2, true)]);
        assert_eq!(known[&Uuid::nil()].data_version.as_deref(), Some("2"));
    }
}
