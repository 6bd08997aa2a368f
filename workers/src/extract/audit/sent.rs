//! The ledger's side.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use shared::dataset::Dataset;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Span, Sum, Table, Wrong, first_day};
use crate::extract::pass::Pass;
use crate::extract::place::Place;
use crate::extract::{Stop, progress};

/// Keys of one question.
const KEYS: usize = 10_000;

/// The last word of the ledger on a document.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub dataset: Dataset,
    pub place: Place,
    /// None: a former release did not write it down, or nothing had to be sent.
    pub version: Option<u64>,
    pub amount: Option<i64>,
    pub is_confirmed: bool,
}

impl Sent {
    /// Its rows have arrived, or are lost: those of a confirmed batch, of a pass not later than the last that landed whole.
    pub fn is_settled(&self, landed: Option<i64>) -> bool {
        let pass = self.version.map_or(0, |version| version >> 32);
        self.is_confirmed && landed.is_some_and(|landed| landed.cast_unsigned() >= pass)
    }
}

/// Every span in which these datasets have documents. A document with several rows counts more than once, and is looked at closer for that.
pub async fn sums(pool: &PgPool, datasets: &[&str]) -> sqlx::Result<HashMap<Span, Sum>> {
    let rows = sqlx::query!(
        r#"SELECT coalesce(extract(year FROM sold_on) * 100 + extract(month FROM sold_on), 0)::int AS "span!",
                  count(*) AS "documents!", sum(lines)::bigint AS "lines!",
                  coalesce(sum(amount), 0)::text AS "amount!", coalesce(bit_xor(hash), 0) AS "hash!"
           FROM sent WHERE dataset = ANY($1) AND lines > 0 GROUP BY 1"#,
        datasets as &[&str],
    )
    .fetch_all(pool)
    .await?;
    let sums = rows.into_iter().map(|row| {
        // Exact there, and wrapping here and in the warehouse.
        let amount = row.amount.parse::<i128>().unwrap_or_default() as i64;
        (row.span, Sum { documents: row.documents, lines: row.lines, amount, hash: row.hash })
    });
    Ok(sums.collect())
}

/// The last word on all documents that have rows in the span, and on these keys wherever they lie.
pub async fn of_span(pool: &PgPool, table: &Table, span: Span, keys: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Sent>> {
    let month = first_day(span);
    let mut all = sqlx::query_scalar!(
        "SELECT DISTINCT key FROM sent WHERE dataset = ANY($1) AND lines > 0
         AND CASE WHEN $2::date IS NULL THEN sold_on IS NULL ELSE sold_on >= $2 AND sold_on < $2 + interval '1 month' END",
        &table.names() as &[&str],
        month,
    )
    .fetch_all(pool)
    .await?;
    all.extend(keys);
    let mut last: HashMap<Uuid, (i64, Sent)> = HashMap::with_capacity(all.len());
    for keys in all.chunks(KEYS) {
        let rows = sqlx::query!(
            r#"SELECT s.dataset, s.key, s.batch, s.dealer_id, s.sold_on, s.lines, s.version, s.amount,
                      NOT EXISTS (SELECT FROM sending p WHERE p.batch = s.batch) AS "is_confirmed!"
               FROM sent s WHERE s.dataset = ANY($1) AND s.key = ANY($2)"#,
            &table.names() as &[&str],
            keys,
        )
        .fetch_all(pool)
        .await?;
        for row in rows {
            let Some(dataset) = table.dataset(&row.dataset) else { continue };
            let lines = u32::try_from(row.lines).unwrap_or(0);
            let place = Place { dealer_id: row.dealer_id, day: row.sold_on, lines };
            let version = row.version.map(i64::cast_unsigned);
            let sent = Sent { dataset, place, version, amount: row.amount, is_confirmed: row.is_confirmed };
            let newest = last.entry(row.key).or_insert((row.batch, sent));
            if row.batch >= newest.0 {
                *newest = (row.batch, sent);
            }
        }
    }
    Ok(last.into_iter().map(|(key, (_, sent))| (key, sent)).collect())
}

/// The last pass of each dataset whose marker the broker has.
pub async fn done(pool: &PgPool, table: &Table) -> sqlx::Result<HashMap<Dataset, i64>> {
    let rows = sqlx::query!(
        r#"SELECT dataset, done_pass AS "pass!" FROM progress WHERE dataset = ANY($1) AND done_pass IS NOT NULL"#,
        &table.names() as &[&str],
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((table.dataset(&row.dataset)?, row.pass))).collect())
}

/// The ledger forgets which version of these it sent, and learns where the warehouse has rows of them: whoever reads them next
/// sends them again, with tombstones for all of that. Returns how many of them it knew.
pub async fn send_again(pool: &PgPool, pass: &Pass, wrong: &Wrong) -> Result<usize, Stop> {
    let keys: Vec<Uuid> = wrong.keys().copied().collect();
    let places: Vec<(Uuid, Place)> =
        wrong.iter().flat_map(|(key, places)| places.iter().map(|place| (*key, *place))).collect();
    let mut tx = pool.begin().await?;
    progress::fence(&mut tx, pass).await?;
    let updated = sqlx::query_scalar!(
        "UPDATE sent SET data_version = '' WHERE dataset = $1 AND key = ANY($2) RETURNING key",
        pass.dataset.name(),
        &keys,
    )
    .fetch_all(&mut *tx)
    .await?;
    // Numbers below zero: older than any batch, and never unconfirmed.
    sqlx::query!(
        "INSERT INTO sent (dataset, key, batch, data_version, dealer_id, sold_on, lines)
         SELECT $1, p.key,
                least(0, (SELECT min(batch) FROM sent s WHERE s.dataset = $1 AND s.key = p.key))
                    - row_number() OVER (PARTITION BY p.key ORDER BY p.sold_on, p.dealer_id),
                '', p.dealer_id, p.sold_on, p.lines
         FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::int[]) AS p (key, dealer_id, sold_on, lines)
         WHERE NOT EXISTS (SELECT FROM sent s WHERE s.dataset = $1 AND s.key = p.key AND s.lines >= p.lines
                           AND (s.dealer_id, s.sold_on) IS NOT DISTINCT FROM (p.dealer_id, p.sold_on))",
        pass.dataset.name(),
        &places.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        places.iter().map(|(_, place)| place.dealer_id).collect::<Vec<_>>() as Vec<Option<Uuid>>,
        places.iter().map(|(_, place)| place.day).collect::<Vec<_>>() as Vec<Option<NaiveDate>>,
        &places.iter().map(|(_, place)| i32::try_from(place.lines).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(updated.into_iter().collect::<HashSet<_>>().len())
}
