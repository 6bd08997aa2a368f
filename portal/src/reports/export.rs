//! The CSV of a report: the same rows in the same order, all of them, streamed. What it shows stands at its head.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::{Freshness, RowStream};
use shared::report::table::Line;
use shared::report::write::csv::Writer;

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;
use crate::ui::filter_form::{chosen, dealer_name};
use crate::ui::freshness;
use crate::ui::table::total_label;
use crate::web::download;
use shared::words::Text;

pub async fn csv(app: &App, viewer: &Viewer, report: &Definition, filter: &Filter) -> Result<Response, AppError> {
    let own = app.limits.download(&viewer.subject)?;
    let (engine, scope) = (&app.engine, &viewer.scope);
    let first = filter.first_page();
    let ((options, dealers, age, (totals, rows)), place) = app
        .ask_for_file(async {
            tokio::try_join!(
                engine.options(report, scope),
                engine.dealers(scope),
                engine.freshness(&report.datasets),
                engine.stream(report, scope, &first)
            )
        })
        .await?;
    let text = Text::of(viewer.language);
    let whose: Vec<&str> = dealers
        .iter()
        .filter(|(dealer, _)| filter.dealer.is_none_or(|chosen| chosen == *dealer))
        .map(|(_, name)| dealer_name(text, name))
        .collect();
    let listed = totals.iter().map(|total| total.count + if filter.with_former { total.former } else { 0 });
    let title = report.title.get(viewer.language);
    let mut facts = vec![(text.get("fact-report"), title.to_owned()), (text.get("fact-dealer"), whose.join(", "))];
    facts.extend(chosen(text, report, filter, &options, &[]));
    facts.push((text.get("fact-as-of"), as_of(app, text, age)));
    facts.push((text.get("fact-rows"), listed.sum::<u64>().to_string()));
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let state = State { app: app.clone(), report: report.name.clone(), text, totals, rows, next: Next::Head(facts) };
    let mut answer = download::body(file(state), (own, place)).into_response();
    let head = answer.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let disposition = disposition(report, title, &whose, filter);
    let disposition = HeaderValue::try_from(disposition).map_err(AppError::internal)?;
    head.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(answer)
}

/// `Продажи Волга-Тепло 01.12.2025–29.11.2026.csv`, and for old clients the same without names of others' making.
fn disposition(report: &Definition, title: &str, whose: &[&str], filter: &Filter) -> String {
    let days = filter.period().map(|period| format!("{}…{}", period.first, period.last)).unwrap_or_default();
    let whose = if let [dealer] = whose { dealer } else { "" };
    let words: Vec<String> =
        [title, whose, &days].iter().map(|part| file_word(part)).filter(|part| !part.is_empty()).collect();
    let name = words.join(" ");
    let plain = format!("{}-{}", report.name, days.replace('…', "-"));
    format!(
        "attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{}.csv",
        utf8_percent_encode(&name, NON_ALPHANUMERIC)
    )
}

/// Without what a file name may not hold.
fn file_word(text: &str) -> String {
    let fine = text.chars().map(|c| if c.is_control() || "/\\:*?\"<>|«»".contains(c) { ' ' } else { c });
    fine.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn as_of(app: &App, text: Text, age: Freshness) -> String {
    let Some(as_of) = age.as_of else { return text.get("as-of-loading").to_owned() };
    let time = freshness::time(text, as_of, app.engine.timezone());
    if freshness::is_late(age, clock::now()) { format!("{time} ({})", text.get("as-of-late")) } else { time }
}

/// What a file is made of, part by part.
struct State {
    app: App,
    report: String,
    text: Text,
    totals: Vec<Line>,
    rows: RowStream,
    next: Next,
}

enum Next {
    Head(Vec<(String, String)>),
    Rows,
    End,
}

/// Head, then rows as they come, then the totals. An error cuts the connection: no browser takes half a file for a whole one.
fn file(state: State) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send {
    stream::try_unfold(state, async |mut state| {
        let broken = |cause: &dyn std::fmt::Display| std::io::Error::other(cause.to_string());
        let catalogue = state.app.engine.catalogue();
        let report = catalogue.get(&state.report).ok_or_else(|| broken(&"the report is gone"))?;
        let (text, totals) = (state.text, &state.totals);
        let writer = Writer::new(report, text.language(), totals);
        let (part, next) = match &state.next {
            Next::Head(facts) => (writer.head(facts, text.get("currency-column")), Next::Rows),
            Next::Rows => {
                let rows = state.rows.next(report).await.inspect_err(|cause| {
                    tracing::warn!(%cause, report = state.report, "A CSV file was cut: ClickHouse failed under way");
                });
                match rows.map_err(|cause| broken(&cause))? {
                    Some(rows) => (writer.rows(&rows), Next::Rows),
                    None => (writer.totals(|total| total_label(text, report, totals, total)), Next::End),
                }
            }
            Next::End => return Ok(None),
        };
        state.next = next;
        Ok(Some((Bytes::from(part), state)))
    })
}
