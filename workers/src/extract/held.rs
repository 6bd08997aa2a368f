//! What the brake holds: spans of which so much was missing in 1C that nothing was removed, and an operator's word.

use std::collections::HashMap;

use shared::dataset::Dataset;
pub use shared::steering::Held;
use sqlx::PgPool;

use super::pass::Pass;
use super::{Stop, progress};

/// What may go although it is much: the missing of each span, as an operator saw them.
pub async fn released(pool: &PgPool, dataset: Dataset) -> sqlx::Result<HashMap<String, i64>> {
    let rows =
        sqlx::query!("SELECT span, missing FROM held WHERE dataset = $1 AND released_at IS NOT NULL", dataset.name())
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|row| (row.span, row.missing)).collect())
}

/// The pass has removed what was missing: what was held of these spans is over, or of all when it compared everything.
pub async fn over(pool: &PgPool, pass: &Pass, spans: &[String], is_all: bool) -> Result<(), Stop> {
    let statement = sqlx::query!(
        "DELETE FROM held WHERE dataset = $1 AND ($3 OR span = ANY($2))",
        pass.dataset.name(),
        spans,
        is_all
    );
    progress::fenced(pool, pass, statement).await
}

/// The pass has removed nothing, because of these spans. A word given for fewer counts no more.
pub async fn hold(pool: &PgPool, pass: &Pass, held: &[Held]) -> Result<(), Stop> {
    let mut tx = pool.begin().await?;
    progress::fence(&mut tx, pass).await?;
    for Held { span, known, missing } in held {
        sqlx::query!(
            "INSERT INTO held (dataset, span, known, missing) VALUES ($1, $2, $3, $4)
             ON CONFLICT (dataset, span) DO UPDATE SET known = excluded.known, missing = excluded.missing, released_at = NULL",
            pass.dataset.name(),
            span,
            known,
            missing,
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Datasets of which something is held, with the known and the missing in all.
pub async fn datasets(pool: &PgPool) -> sqlx::Result<Vec<(String, i64, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT dataset, sum(known)::bigint AS "known!", sum(missing)::bigint AS "missing!"
           FROM held GROUP BY dataset ORDER BY dataset"#,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.dataset, row.known, row.missing)).collect())
}

/// For the log, for the probe and for an operator.
pub fn sentence(dataset: &str, known: i64, missing: i64) -> String {
    let shown = known - missing;
    format!(
        "1C shows {shown} of {known} {dataset} whose rows stand here, and {missing} no more: too many at once, so nothing of \
         {dataset} is removed. What is new or changed is still read. Is it the right base, with the right of the user to see \
         all? If they are really gone: extractor release {dataset}."
    )
}
