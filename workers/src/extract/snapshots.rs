//! Snapshots that were sent, and the slots that they lie in. A table shows the last one that has arrived whole; a new one goes to a
//! slot that holds none which is shown, or may be.

use sqlx::PgPool;

use super::pass::Pass;
use super::{Stop, progress};

/// More than can be on their way at once: the loader would have to be that many passes behind.
const SLOTS: i16 = 8;

/// A snapshot that was sent, or begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub pass: i64,
    pub slot: i16,
    pub rows: Option<i64>,
    pub hash: Option<i64>,
    pub is_marked: bool,
}

/// Those of the dataset that may still matter, the newest first. `landed`: the last pass whose marker has arrived.
pub async fn of(pool: &PgPool, pass: &Pass, landed: Option<i64>) -> Result<Vec<Snapshot>, Stop> {
    let mut all = sqlx::query_as!(
        Snapshot,
        "SELECT pass, slot, rows, hash, is_marked FROM snapshot WHERE dataset = $1 ORDER BY pass DESC",
        pass.dataset.name(),
    )
    .fetch_all(pool)
    .await?;
    // What is shown is the last that is marked, up to the marker that has arrived: all before it is over.
    let shown = landed.and_then(|landed| all.iter().position(|one| one.is_marked && one.pass <= landed));
    if let Some(shown) = shown {
        all.truncate(shown + 1);
        sqlx::query!("DELETE FROM snapshot WHERE dataset = $1 AND pass < $2", pass.dataset.name(), all[shown].pass)
            .execute(pool)
            .await?;
    }
    Ok(all)
}

/// A slot in which nothing lies that is shown, or may be.
pub fn free_slot(snapshots: &[Snapshot]) -> Option<i16> {
    (0..SLOTS).find(|slot| !snapshots.iter().any(|one| one.is_marked && one.slot == *slot))
}

/// From here on the slot is the pass's.
pub async fn begin(pool: &PgPool, pass: &Pass, slot: i16) -> Result<(), Stop> {
    let mut tx = pool.begin().await?;
    progress::fence(&mut tx, pass).await?;
    // What was begun after this by a count of passes that is forgotten by now would be taken for newer.
    sqlx::query!("DELETE FROM snapshot WHERE dataset = $1 AND pass >= $2", pass.dataset.name(), pass.number)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "INSERT INTO snapshot (dataset, pass, slot) VALUES ($1, $2, $3)",
        pass.dataset.name(),
        pass.number,
        slot,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The broker has all of it, and its marker comes next.
pub async fn sent(pool: &PgPool, pass: &Pass, rows: i64, hash: i64) -> Result<(), Stop> {
    let statement = sqlx::query!(
        "UPDATE snapshot SET rows = $3, hash = $4, is_marked = true WHERE dataset = $1 AND pass = $2",
        pass.dataset.name(),
        pass.number,
        rows,
        hash,
    );
    progress::fenced(pool, pass, statement).await
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, Snapshot, free_slot};

    fn snapshot(pass: i64, slot: i16, is_marked: bool) -> Snapshot {
        Snapshot { pass, slot, rows: None, hash: None, is_marked }
    }

    #[test]
    fn a_snapshot_is_never_written_over_one_that_is_shown_or_may_be() {
        assert_eq!(free_slot(&[]), Some(0));
        assert_eq!(free_slot(&[snapshot(7, 0, true)]), Some(1));
        assert_eq!(free_slot(&[snapshot(8, 1, false), snapshot(7, 0, true)]), Some(1), "one that was given up");
        assert_eq!(free_slot(&[snapshot(9, 1, true), snapshot(7, 0, true)]), Some(2), "one on its way");
        let all: Vec<Snapshot> = (0..SLOTS).map(|slot| snapshot(slot.into(), slot, true)).collect();
        assert_eq!(free_slot(&all), None);
    }
}
