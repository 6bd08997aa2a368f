//! The audit as administrators read it: by kind, person, dealer and days; as a page, as CSV, for programs. Reading it is written down.

pub mod api;
mod query;
mod view;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use shared::words::Text;

use self::query::{Asked, Row, Wanted, events};
use self::view::Page;
use super::dealers;
use crate::audit::{About, Event};
use crate::auth::operator::Operator;
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::web::download;
use crate::web::input::Query;

/// Events of a page.
const LISTED: usize = 100;
/// Events of a file.
const OF_FILE: i64 = 100_000;

/// `GET /operations/audit`
pub async fn show(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let wanted = Wanted::of(&asked);
    written(&app, &operator, &wanted).await?;
    let (rows, has_more) = listed(&app, &wanted).await?;
    // Without ClickHouse events stand all the same, with ids in the place of names.
    let dealers = dealers::known(&app, &operator).await.unwrap_or_default();
    let text = Text::of(operator.language);
    let timezone = app.engine.timezone();
    let drawn = Page { text, wanted: &wanted, rows: &rows, has_more, dealers: &dealers, timezone }.draw();
    Ok(frame::staff_page(&operator, text.get("operations-audit"), "/operations/audit", &drawn).into_response())
}

/// A page of them, and whether there are older ones.
async fn listed(app: &App, wanted: &Wanted) -> Result<(Vec<Row>, bool), AppError> {
    let mut rows = events(app, wanted, 1 + i64::try_from(LISTED).unwrap_or_default()).await?;
    let has_more = rows.len() > LISTED;
    rows.truncate(LISTED);
    Ok((rows, has_more))
}

/// Who reads the audit is written to it.
async fn written(app: &App, operator: &Operator, wanted: &Wanted) -> Result<(), AppError> {
    let about = About { detail: &wanted.query(), ..About::default() };
    Ok(app.lately.record(&app.postgres, &operator.actor, Event::AuditRead, about).await?)
}

/// `GET /operations/audit.csv`: the newest hundred thousand that fit, times in UTC.
pub async fn file(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let wanted = Wanted::of(&asked);
    written(&app, &operator, &wanted).await?;
    let rows = events(&app, &wanted, OF_FILE).await?;
    let body = view::csv(&rows).map_err(AppError::internal)?;
    let mut answer = download::answer(body.into(), "text/csv; charset=utf-8", ("audit.csv", "audit.csv"))?;
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(answer)
}
