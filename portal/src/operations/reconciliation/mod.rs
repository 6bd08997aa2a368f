//! What 1C has against what was sent of it, and that against what stands in the warehouse, by month: the last comparison of each.

pub mod api;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Serialize;
use shared::dataset::Catalogue;
use shared::words::{Text, age, format};
use utoipa::ToSchema;

use crate::auth::operator::Operator;
use crate::error::AppError;
use crate::frame;
use crate::operations::form::nothing;
use crate::state::App;

const PATH: &str = "/operations/reconciliation";

/// A month of what is compared. Amounts are the dataset's total as a decimal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Compared {
    /// A dataset, or a table of the warehouse.
    pub what: String,
    /// `2026-11`; null: rows without a day, such as all of a catalog.
    pub month: Option<String>,
    /// What 1C has, or what was sent.
    pub expected_documents: i64,
    pub expected_lines: i64,
    pub expected_amount: String,
    /// What was sent, or what stands.
    pub found_documents: i64,
    pub found_lines: i64,
    pub found_amount: String,
    pub is_equal: bool,
    pub compared_at: DateTime<Utc>,
    /// The last time that it was not equal.
    pub differed_at: Option<DateTime<Utc>>,
}

/// What 1C has against what was sent, by dataset: what differs first.
async fn with_source(app: &App) -> Result<Vec<Compared>, AppError> {
    let found = sqlx::query_as!(
        Compared,
        r#"SELECT dataset AS "what!", to_char(span / 100, 'FM0000') || '-' || to_char(span % 100, 'FM00') AS month,
                  source_documents AS "expected_documents!", source_lines AS "expected_lines!",
                  (source_amount / 10000.0)::numeric(24, 2)::text AS "expected_amount!",
                  sent_documents AS "found_documents!", sent_lines AS "found_lines!",
                  (sent_amount / 10000.0)::numeric(24, 2)::text AS "found_amount!",
                  is_equal AS "is_equal!", compared_at AS "compared_at!", differed_at
           FROM source_reconciliation ORDER BY is_equal, dataset, span DESC LIMIT 2000"#,
    );
    Ok(found.fetch_all(&app.postgres).await?)
}

/// What was sent against what stands, by table: what differs first.
async fn in_warehouse(app: &App) -> Result<Vec<Compared>, AppError> {
    let found = sqlx::query_as!(
        Compared,
        r#"SELECT warehouse_table AS "what!",
                  CASE WHEN span > 0 THEN to_char(span / 100, 'FM0000') || '-' || to_char(span % 100, 'FM00') END AS month,
                  sent_documents AS "expected_documents!", sent_lines AS "expected_lines!",
                  (sent_amount / 10000.0)::numeric(24, 2)::text AS "expected_amount!",
                  standing_documents AS "found_documents!", standing_lines AS "found_lines!",
                  (standing_amount / 10000.0)::numeric(24, 2)::text AS "found_amount!",
                  is_equal AS "is_equal!", compared_at AS "compared_at!", differed_at
           FROM reconciliation ORDER BY is_equal, warehouse_table, span DESC LIMIT 2000"#,
    );
    Ok(found.fetch_all(&app.postgres).await?)
}

/// `GET /operations/reconciliation`
pub async fn show(operator: Operator, State(app): State<App>) -> Result<Response, AppError> {
    let text = Text::of(operator.language);
    let parts =
        [("reconciliation-source", with_source(&app).await?), ("reconciliation-warehouse", in_warehouse(&app).await?)];
    let wrong = parts.iter().flat_map(|(_, compared)| compared).filter(|row| !row.is_equal).count();
    let drawn = html! {
        div.title { h1 { (text.get("operations-reconciliation")) } }
        @if parts.iter().all(|(_, compared)| compared.is_empty()) { (nothing(text.get("reconciliation-none"))) }
        @else {
            p.good[wrong == 0].bad[wrong > 0] {
                @if wrong == 0 && parts[0].1.is_empty() { (text.get("reconciliation-warehouse-equal")) }
                @else if wrong == 0 { (text.get("reconciliation-equal")) }
                @else { (text.with("reconciliation-differs", &[("count", wrong.into())])) }
            }
            @for (title, compared) in parts.iter().filter(|(_, compared)| !compared.is_empty()) {
                h2 { (text.get(title)) }
                section.card.sheet { (table(text, text.get(title), compared, &app)) }
            }
        }
    };
    Ok(frame::staff_page(&operator, text.get("operations-reconciliation"), PATH, &drawn).into_response())
}

/// A dataset by its title, or what a table holds by those of its datasets.
fn title(text: Text, datasets: &Catalogue, what: &str) -> String {
    let own = datasets.get(what).map_or_else(|| datasets.of_table(what), |dataset| vec![dataset]);
    let titles: Vec<_> = own.iter().map(|dataset| dataset.definition().title.get(text.language())).collect();
    if titles.is_empty() { what.to_owned() } else { titles.join(", ") }
}

fn table(text: Text, caption: &str, compared: &[Compared], app: &App) -> Markup {
    let (language, timezone) = (text.language(), app.engine.timezone());
    let count = |count: i64| format::count(language, count.unsigned_abs());
    let heads =
        ["reconciliation-documents", "reconciliation-lines", "reconciliation-amount"].map(|name| text.get(name));
    let both = |expected: &str, found: &str| {
        html! {
            @if expected == found { (expected) } @else { span.bad { (expected) " → " (found) } }
        }
    };
    html! {
        table.rows.plain {
            caption.unseen { (caption) }
            thead { tr {
                th scope="col" { (text.get("reconciliation-what")) }
                @for head in heads { th.number scope="col" { (head) } }
                th scope="col" { (text.get("reconciliation-when")) }
            } }
            tbody {
                @for row in compared {
                    tr {
                        th scope="row" { (title(text, &app.config.datasets, &row.what)) @if let Some(month) = &row.month { " " (month) }
                            @if !row.is_equal { p.bad { (text.get("reconciliation-wrong")) } }
                            @else if let Some(at) = row.differed_at { p.fine { (text.with("reconciliation-mended", &[("at", age::time(text, at, timezone).into())])) } }
                        }
                        td.number data-label=(heads[0]) { (both(&count(row.expected_documents), &count(row.found_documents))) }
                        td.number data-label=(heads[1]) { (both(&count(row.expected_lines), &count(row.found_lines))) }
                        td.number data-label=(heads[2]) {
                            (both(&format::exact(language, &row.expected_amount, 2), &format::exact(language, &row.found_amount, 2)))
                        }
                        td.code data-label=(text.get("reconciliation-when")) { (age::time(text, row.compared_at, timezone)) }
                    }
                }
            }
        }
    }
}
