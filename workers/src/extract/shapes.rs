//! What the ledger holds that was read by another shape than a pass's: another mapping, or other fields of the dataset.

use chrono::NaiveDate;
use uuid::Uuid;

use super::ledger::Ledger;
use super::pass::Pass;
use super::{Stop, progress};

/// What was read by another shape than the pass's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    pub sent: i64,
    pub rejected: i64,
}

/// The newest documents of another shape, and the days that they lie in. Items lie in none.
#[derive(Debug)]
pub struct Slice {
    pub keys: Vec<Uuid>,
    pub first: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
}

impl Ledger {
    pub async fn of_another_shape(&self, pass: &Pass) -> Result<Other, Stop> {
        let other = sqlx::query_as!(
            Other,
            r#"SELECT (SELECT count(*) FROM sent WHERE dataset = $1 AND shape <> $2) AS "sent!",
                      (SELECT count(*) FROM rejected WHERE dataset = $1 AND shape <> $2) AS "rejected!""#,
            pass.dataset.name(),
            pass.shape,
        );
        Ok(other.fetch_one(self.pool()).await?)
    }

    pub async fn slice_of_another_shape(&self, pass: &Pass, most: i64) -> Result<Slice, Stop> {
        let rows = sqlx::query!(
            "SELECT key, sold_on FROM sent WHERE dataset = $1 AND shape <> $2 ORDER BY sold_on DESC NULLS LAST LIMIT $3",
            pass.dataset.name(),
            pass.shape,
            most,
        )
        .fetch_all(self.pool())
        .await?;
        let days = || rows.iter().filter_map(|row| row.sold_on);
        Ok(Slice { first: days().min(), last: days().max(), keys: rows.iter().map(|row| row.key).collect() })
    }

    /// Of these, those that are of another shape.
    pub async fn still_of_another_shape(&self, pass: &Pass, keys: &[Uuid]) -> Result<Vec<Uuid>, Stop> {
        let found = sqlx::query_scalar!(
            "SELECT DISTINCT key FROM sent WHERE dataset = $1 AND shape <> $2 AND key = ANY($3)",
            pass.dataset.name(),
            pass.shape,
            keys,
        );
        Ok(found.fetch_all(self.pool()).await?)
    }

    /// These were asked for by the pass's shape, whatever became of them.
    pub async fn take_shape(&self, pass: &Pass, keys: &[Uuid]) -> Result<(), Stop> {
        let statement = sqlx::query!(
            "UPDATE sent SET shape = $2 WHERE dataset = $1 AND key = ANY($3)",
            pass.dataset.name(),
            pass.shape,
            keys,
        );
        progress::fenced(self.pool(), pass, statement).await
    }

    /// Keys that were rejected by another shape.
    pub async fn rejected_by_another_shape(&self, pass: &Pass, most: i64) -> Result<Vec<Uuid>, Stop> {
        let keys = sqlx::query_scalar!(
            "SELECT key FROM rejected WHERE dataset = $1 AND shape <> $2 ORDER BY key LIMIT $3",
            pass.dataset.name(),
            pass.shape,
            most,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(keys.iter().filter_map(|key| Uuid::try_parse(key).ok()).collect())
    }

    /// Of these, and of those that have no key, what is still remembered by another shape.
    pub async fn forget_rejected(&self, pass: &Pass, keys: &[Uuid]) -> Result<(), Stop> {
        let keys: Vec<String> = keys.iter().map(Uuid::to_string).collect();
        let statement = sqlx::query!(
            "DELETE FROM rejected WHERE dataset = $1 AND shape <> $2 AND (key = ANY($3) OR key LIKE '#%')",
            pass.dataset.name(),
            pass.shape,
            &keys,
        );
        progress::fenced(self.pool(), pass, statement).await
    }
}
