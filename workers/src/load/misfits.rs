//! What was set aside, for people to look at: in PostgreSQL, beside the topic of dead letters that holds it to the byte.

use sqlx::PgPool;

use super::decode::Batch;

/// A larger message is looked at in the topic.
const LOOKED_AT: usize = 1 << 20;
/// Letters of a key: a message's may be any bytes at all.
const KEY_LETTERS: usize = 200;

/// Writes down the rejected of a batch; again after a crash, and each once.
pub async fn write(pool: &PgPool, batch: &Batch) -> sqlx::Result<()> {
    for letter in &batch.rejected {
        let key = String::from_utf8_lossy(letter.key.as_deref().unwrap_or_default()).replace('\0', "");
        let key: String = key.chars().take(KEY_LETTERS).collect();
        sqlx::query!(
            r#"INSERT INTO misfit (topic, partition, "offset", dataset, key, reason, raw) VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT DO NOTHING"#,
            batch.topic,
            batch.partition,
            letter.offset,
            batch.dataset.name(),
            key,
            letter.reason.replace('\0', ""),
            letter.payload.as_deref().filter(|payload| payload.len() <= LOOKED_AT),
        )
        .execute(pool)
        .await?;
    }
    Ok(())
}
