//! What was sent against what stands in the warehouse, by table and month: the last comparison of each.

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

/// A table and a month. Amounts are its total as a decimal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Compared {
    /// Of the warehouse.
    pub table: String,
    /// `2026-11`; null: rows without a day, such as all of a catalog.
    pub month: Option<String>,
    pub sent_documents: i64,
    pub sent_lines: i64,
    pub sent_amount: String,
    pub standing_documents: i64,
    pub standing_lines: i64,
    pub standing_amount: String,
    pub is_equal: bool,
    pub compared_at: DateTime<Utc>,
    /// The last time that it was not equal.
    pub differed_at: Option<DateTime<Utc>>,
}

async fn compared(app: &App) -> Result<Vec<Compared>, AppError> {
    let found = sqlx::query_as!(
        Compared,
        r#"SELECT warehouse_table AS "table!",
                  CASE WHEN span > 0 THEN to_char(span / 100, 'FM0000') || '-' || to_char(span % 100, 'FM00') END AS month,
                  sent_documents, sent_lines, (sent_amount / 10000.0)::numeric(24, 2)::text AS "sent_amount!",
                  standing_documents, standing_lines, (standing_amount / 10000.0)::numeric(24, 2)::text AS "standing_amount!",
                  is_equal, compared_at, differed_at
           FROM reconciliation ORDER BY is_equal, warehouse_table, span DESC LIMIT 2000"#,
    );
    Ok(found.fetch_all(&app.postgres).await?)
}

/// `GET /operations/reconciliation`
pub async fn show(operator: Operator, State(app): State<App>) -> Result<Response, AppError> {
    let compared = compared(&app).await?;
    let text = Text::of(operator.language);
    let wrong = compared.iter().filter(|row| !row.is_equal).count();
    let drawn = html! {
        div.title { h1 { (text.get("operations-reconciliation")) } }
        @if compared.is_empty() { (nothing(text.get("reconciliation-none"))) }
        @else {
            p.good[wrong == 0].bad[wrong > 0] {
                @if wrong == 0 { (text.get("reconciliation-equal")) }
                @else { (text.with("reconciliation-differs", &[("count", wrong.into())])) }
            }
            section.card.sheet { (table(text, &compared, &app.config.datasets, app.engine.timezone())) }
        }
    };
    Ok(frame::staff_page(&operator, text.get("operations-reconciliation"), PATH, &drawn).into_response())
}

/// What a table holds, by the titles of its datasets.
fn title(text: Text, datasets: &Catalogue, table: &str) -> String {
    let own = datasets.all().iter().filter(|dataset| dataset.definition().table == table);
    let titles: Vec<_> = own.map(|dataset| dataset.definition().title.get(text.language())).collect();
    if titles.is_empty() { table.to_owned() } else { titles.join(", ") }
}

fn table(text: Text, compared: &[Compared], datasets: &Catalogue, timezone: chrono_tz::Tz) -> Markup {
    let language = text.language();
    let count = |count: i64| format::count(language, count.unsigned_abs());
    let heads =
        ["reconciliation-documents", "reconciliation-lines", "reconciliation-amount"].map(|name| text.get(name));
    let both = |sent: &str, standing: &str| {
        html! {
            @if sent == standing { (sent) } @else { span.bad { (sent) " → " (standing) } }
        }
    };
    html! {
        table.rows.plain {
            caption.unseen { (text.get("operations-reconciliation")) }
            thead { tr {
                th scope="col" { (text.get("reconciliation-what")) }
                @for head in heads { th.number scope="col" { (head) } }
                th scope="col" { (text.get("reconciliation-when")) }
            } }
            tbody {
                @for row in compared {
                    tr {
                        th scope="row" { (title(text, datasets, &row.table)) @if let Some(month) = &row.month { " " (month) }
                            @if !row.is_equal { p.bad { (text.get("reconciliation-wrong")) } }
                            @else if let Some(at) = row.differed_at { p.fine { (text.with("reconciliation-mended", &[("at", age::time(text, at, timezone).into())])) } }
                        }
                        td.number data-label=(heads[0]) { (both(&count(row.sent_documents), &count(row.standing_documents))) }
                        td.number data-label=(heads[1]) { (both(&count(row.sent_lines), &count(row.standing_lines))) }
                        td.number data-label=(heads[2]) {
                            (both(&format::exact(language, &row.sent_amount, 2), &format::exact(language, &row.standing_amount, 2)))
                        }
                        td.code data-label=(text.get("reconciliation-when")) { (age::time(text, row.compared_at, timezone)) }
                    }
                }
            }
        }
    }
}
