//! The batch state in Postgres: what each range means after a crash. A range is dropped only when it was confirmed with
//! the very same rows; nothing is dropped on an offset's word alone.

use sqlx::PgPool;

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Recorded before its insert: the outcome is unknown.
    Before,
    /// Confirmed.
    After,
}

/// The last batch recorded for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub min: i64,
    pub max: i64,
    pub phase: Phase,
    pub row_hash: u64,
}

/// What to do when the first message after an assignment has this offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing to mind.
    Fresh,
    /// Form the stored batch again: cut exactly after this offset.
    CutAt(i64),
    /// The outcome of the stored range is unknown, and what arrives lies behind its start: read again from this offset.
    Rewind(i64),
    /// What arrives was read before, in other ranges: it goes in again, versions absorb what repeats.
    Alarm,
    /// The log lost what lies between the stored batch and the first message.
    Gap,
}

pub fn plan(stored: Option<&Stored>, first: i64) -> Plan {
    match stored {
        None => Plan::Fresh,
        Some(stored) if first == stored.min => Plan::CutAt(stored.max),
        Some(stored) if first < stored.min => Plan::Alarm,
        Some(stored) if stored.phase == Phase::Before => Plan::Rewind(stored.min),
        Some(stored) if first == stored.max + 1 => Plan::Fresh,
        Some(stored) if first > stored.max => Plan::Gap,
        Some(_) => Plan::Alarm,
    }
}

/// What to do with a batch that is about to be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Record `before`, insert, record `after`.
    Record,
    /// The same batch again, its outcome unknown. Its dead letters were kept before it was recorded.
    Again,
    /// It is in, and was confirmed.
    Drop,
    /// The same offsets with other rows: the topic is not the one it was. Insert, and say so.
    Alarm,
}

pub fn judge(stored: Option<&Stored>, min: i64, max: i64, row_hash: u64) -> Verdict {
    let Some(stored) = stored else { return Verdict::Record };
    let is_same_range = (stored.min, stored.max) == (min, max);
    match stored.phase {
        Phase::Before if is_same_range && stored.row_hash == row_hash => Verdict::Again,
        Phase::After if is_same_range && stored.row_hash == row_hash => Verdict::Drop,
        _ if min > stored.max => Verdict::Record,
        _ => Verdict::Alarm,
    }
}

/// Another loader has the partition: what we hold of it is dropped, and nothing is committed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the partition has another writer")]
    Fenced,
    #[error("PostgreSQL does not answer as it should: {0}")]
    Database(#[from] sqlx::Error),
}

/// Becomes the writer of a partition: raises its epoch, and tells what was stored last.
pub async fn take_over(pool: &PgPool, topic: &str, partition: i32) -> sqlx::Result<(i64, Option<Stored>)> {
    let row = sqlx::query!(
        "INSERT INTO batch (topic, partition, writer_epoch) VALUES ($1, $2, 1)
         ON CONFLICT (topic, partition) DO UPDATE SET writer_epoch = batch.writer_epoch + 1
         RETURNING writer_epoch, min_offset, max_offset, phase, row_hash",
        topic,
        partition,
    )
    .fetch_one(pool)
    .await?;
    let stored = match (row.min_offset, row.max_offset, row.phase, row.row_hash) {
        (Some(min), Some(max), Some(phase), Some(row_hash)) => {
            let phase = if phase == "after" { Phase::After } else { Phase::Before };
            Some(Stored { min, max, phase, row_hash: row_hash.cast_unsigned() })
        }
        _ => None,
    };
    Ok((row.writer_epoch, stored))
}

/// Writes the state, if we are still the writer.
pub async fn write(
    pool: &PgPool,
    topic: &str,
    partition: i32,
    epoch: i64,
    stored: &Stored,
    rows: u64,
) -> Result<(), StateError> {
    let phase = match stored.phase {
        Phase::Before => "before",
        Phase::After => "after",
    };
    // The token is empty, not null: a release that still repeats tokens takes a state without one for none.
    let written = sqlx::query!(
        "UPDATE batch SET min_offset = $4, max_offset = $5, phase = $6, token = '', rows = $7, row_hash = $8, changed_at = now()
         WHERE topic = $1 AND partition = $2 AND writer_epoch = $3",
        topic,
        partition,
        epoch,
        stored.min,
        stored.max,
        phase,
        i64::try_from(rows).unwrap_or(i64::MAX),
        stored.row_hash.cast_signed(),
    )
    .execute(pool)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(StateError::Fenced) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(phase: Phase) -> Option<Stored> {
        Some(Stored { min: 10, max: 19, phase, row_hash: 7 })
    }

    #[test]
    fn a_range_met_after_a_crash_is_formed_again_read_from_its_start_or_taken_as_new() {
        use Phase::{After, Before};
        assert_eq!(plan(None, 0), Plan::Fresh);
        for (phase, first, wanted) in [
            (Before, 10, Plan::CutAt(19)),
            (Before, 20, Plan::Rewind(10)),
            (Before, 25, Plan::Rewind(10)),
            (Before, 3, Plan::Alarm),
            (Before, 15, Plan::Rewind(10)),
            (After, 10, Plan::CutAt(19)),
            (After, 20, Plan::Fresh),
            (After, 25, Plan::Gap),
            (After, 3, Plan::Alarm),
            (After, 15, Plan::Alarm),
        ] {
            assert_eq!(plan(stored(phase).as_ref(), first), wanted, "{phase:?} {first}");
        }
    }

    #[test]
    fn a_batch_is_inserted_repeated_or_dropped_by_its_range_and_its_rows() {
        use Phase::{After, Before};
        assert_eq!(judge(None, 0, 5, 1), Verdict::Record);
        for (phase, min, max, hash, wanted) in [
            (Before, 10, 19, 7, Verdict::Again),
            (After, 10, 19, 7, Verdict::Drop),
            (Before, 10, 19, 8, Verdict::Alarm),
            (After, 10, 19, 8, Verdict::Alarm),
            (Before, 20, 29, 7, Verdict::Record),
            (After, 20, 29, 7, Verdict::Record),
            (Before, 3, 9, 7, Verdict::Alarm),
            (After, 12, 15, 7, Verdict::Alarm),
        ] {
            assert_eq!(judge(stored(phase).as_ref(), min, max, hash), wanted, "{phase:?} {min}-{max} {hash}");
        }
    }
}
