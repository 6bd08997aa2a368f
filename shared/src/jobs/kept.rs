//! A file that nobody asked for on a page: a mail was too small for it.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::names::EXPORT;
use super::order::{Order, fingerprint};
use super::queue::Made;

/// Whose limits such files share: nobody's.
const PARTY: &str = "mails";

/// Keeps a file that was made without being asked for on a page, as a job that is done: its person's own, like any other. It counts
/// among nobody's jobs of an hour.
pub async fn keep(pool: &PgPool, order: &Order<'_>, made: &Made, keep: Duration) -> sqlx::Result<Uuid> {
    let id = Uuid::new_v4();
    let dealers: Vec<Uuid> = order.dealers.iter().map(|dealer| dealer.0).collect();
    let (rows, bytes) = (i64::try_from(made.rows).unwrap_or(i64::MAX), i64::try_from(made.bytes).unwrap_or(i64::MAX));
    sqlx::query!(
        "INSERT INTO job (id, kind, subject, dealers, party, request, fingerprint, state, attempt, written, total, file_key, file_name,
             file_plain_name, media_type, file_bytes, expires_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'done', 1, $8, $8, $9, $10, $11, $12, $13, now() + make_interval(secs => $14), now())",
        id,
        EXPORT,
        order.subject,
        &dealers,
        PARTY,
        Json(order.request) as _,
        &fingerprint(order, PARTY),
        rows,
        made.key,
        made.name,
        made.plain_name,
        made.media_type,
        bytes,
        keep.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(id)
}
