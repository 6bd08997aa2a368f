//! What a comparison found, for people to look at.

use std::collections::HashMap;

use sqlx::PgPool;

use super::{Span, Sum, Table};

/// Writes down both sides of each span of a table. What had rows and has none any more is gone from the list.
pub async fn write(
    pool: &PgPool,
    table: &Table,
    (sent, standing): (&HashMap<Span, Sum>, &HashMap<Span, Sum>),
    wrong: &[Span],
) -> sqlx::Result<()> {
    let mut spans: Vec<Span> = sent.keys().chain(standing.keys()).copied().collect();
    spans.sort_unstable();
    spans.dedup();
    let side = |sums: &HashMap<Span, Sum>, of: fn(&Sum) -> i64| -> Vec<i64> {
        spans.iter().map(|span| sums.get(span).map_or(0, of)).collect()
    };
    let are_equal: Vec<bool> = spans.iter().map(|span| !wrong.contains(span)).collect();
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "DELETE FROM reconciliation WHERE warehouse_table = $1 AND span <> ALL($2)",
        table.in_warehouse(),
        &spans
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO reconciliation (warehouse_table, span, sent_documents, sent_lines, sent_amount, standing_documents,
             standing_lines, standing_amount, is_equal, differed_at)
         SELECT $1, span, sent_documents, sent_lines, sent_amount, standing_documents, standing_lines, standing_amount, is_equal,
             CASE WHEN is_equal THEN NULL ELSE now() END
         FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[])
             AS found (span, sent_documents, sent_lines, sent_amount, standing_documents, standing_lines, standing_amount, is_equal)
         ON CONFLICT (warehouse_table, span) DO UPDATE SET sent_documents = excluded.sent_documents,
             sent_lines = excluded.sent_lines, sent_amount = excluded.sent_amount,
             standing_documents = excluded.standing_documents, standing_lines = excluded.standing_lines,
             standing_amount = excluded.standing_amount, is_equal = excluded.is_equal, compared_at = now(),
             differed_at = coalesce(excluded.differed_at, reconciliation.differed_at)",
        table.in_warehouse(),
        &spans,
        &side(sent, |sum| sum.documents),
        &side(sent, |sum| sum.lines),
        &side(sent, |sum| sum.amount),
        &side(standing, |sum| sum.documents),
        &side(standing, |sum| sum.lines),
        &side(standing, |sum| sum.amount),
        &are_equal,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
