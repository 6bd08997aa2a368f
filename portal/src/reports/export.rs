//! The CSV of a report: the same rows in the same order, all of them, streamed. What it shows stands at its head.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use shared::clock;
use shared::language::Language;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::{RowStream, Rows};
use shared::report::write::csv::Writer;

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;
use crate::ui::filter_form::{chosen, dealer_name};
use crate::ui::text::Text;
use crate::ui::{format, freshness};
use crate::web::download;

pub async fn csv(app: &App, viewer: &Viewer, report: &Definition, filter: &Filter) -> Result<Response, AppError> {
    let own = app.limits.download(&viewer.subject)?;
    let (engine, scope) = (&app.engine, &viewer.scope);
    let first = filter.first_page();
    let ((totals, options, dealers, rows), place) = app
        .ask_for_file(async {
            tokio::try_join!(
                engine.run(report, scope, &first),
                engine.options(report, scope),
                engine.dealers(scope),
                engine.stream(report, scope, &first)
            )
        })
        .await?;
    let text = Text::of(viewer.language);
    let shown: Vec<&str> = dealers
        .iter()
        .filter(|(dealer, _)| filter.dealer.is_none_or(|chosen| chosen == *dealer))
        .map(|(_, name)| dealer_name(text, name))
        .collect();
    let chosen = chosen(text, report, filter, &options, &[]).join(" · ");
    let facts = [
        (text.get("fact-report"), report.title.get(viewer.language).to_owned()),
        (text.get("fact-dealer"), shown.join(", ")),
        (text.get("fact-period"), chosen),
        (text.get("fact-as-of"), as_of(app, text, &totals)),
        (text.get("fact-rows"), totals.count.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let name = format!("{}-{}.csv", report.name, app.engine.today());
    let file = file(app.clone(), report.name.clone(), viewer.language, facts.to_vec(), totals, rows);
    let body = download::body(file, (own, place));
    let mut answer = body.into_response();
    let head = answer.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    // A name of our own making: the report's folder and a date.
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).map_err(AppError::internal)?;
    head.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(answer)
}

fn as_of(app: &App, text: Text, totals: &Rows) -> String {
    match totals.freshness.as_of {
        None => text.get("as-of-loading").to_owned(),
        Some(as_of) => {
            let here = as_of.with_timezone(&app.engine.timezone());
            let late = freshness::is_late(totals.freshness, clock::now());
            let age = if late { " (!)" } else { "" };
            format!("{} {}{age}", format::date(text.language(), here.date_naive()), here.format("%H:%M"))
        }
    }
}

/// Head, then rows as they come. An error cuts the connection: no browser takes half a file for a whole one.
fn file(
    app: App,
    report: String,
    language: Language,
    facts: Vec<(String, String)>,
    totals: Rows,
    rows: RowStream,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send {
    struct State {
        app: App,
        report: String,
        language: Language,
        totals: Rows,
        rows: RowStream,
        facts: Option<Vec<(String, String)>>,
    }
    let state = State { app, report, language, totals, rows, facts: Some(facts) };
    stream::try_unfold(state, async |mut state| {
        let broken = |cause: &dyn std::fmt::Display| std::io::Error::other(cause.to_string());
        let catalogue = state.app.engine.catalogue();
        let report = catalogue.get(&state.report).ok_or_else(|| broken(&"the report is gone"))?;
        let writer = Writer::new(report, state.language, state.totals.totals.clone());
        if let Some(facts) = state.facts.take() {
            let head = writer.head(&facts);
            return Ok(Some((Bytes::from(head), state)));
        }
        let next = state.rows.next().await.inspect_err(|cause| {
            tracing::warn!(%cause, report = state.report, "A CSV file was cut: ClickHouse failed under way");
        });
        let Some(rows) = next.map_err(|cause| broken(&cause))? else { return Ok(None) };
        let lines = writer.rows(&rows);
        Ok(Some((Bytes::from(lines), state)))
    })
}
