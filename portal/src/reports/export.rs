//! A report as a file: the same rows in the same order, all of them, streamed. What the file shows stands in it.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::RowStream;
use shared::report::write::{Contents, Format, Writer};
use shared::words::{Text, age, facts};

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;
use crate::web::download;

pub async fn file(
    app: &App,
    viewer: &Viewer,
    (report, filter): (&Arc<Definition>, &Filter),
    format: &'static Format,
) -> Result<Response, AppError> {
    let own = app.limits.download(&viewer.subject)?;
    let (engine, scope) = (&app.engine, &viewer.scope);
    let first = filter.first_page();
    let ((options, dealers, freshness, (totals, rows)), place) = app
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
    let whose = facts::whose(text, filter, &dealers);
    let title = report.title.get(viewer.language);
    let count: u64 =
        totals.iter().map(|total| total.counts.now + if filter.with_former { total.counts.former } else { 0 }).sum();
    let mut facts = vec![(text.get("fact-report"), title.to_owned()), (text.get("fact-dealer"), whose.join(", "))];
    facts.extend(facts::chosen(text, report, filter, (&options, &[])));
    facts.push((text.get("fact-as-of"), age::as_of(text, freshness, clock::now(), engine.timezone())));
    facts.push((text.get("fact-rows"), count.to_string()));
    let named = |total| facts::total_label(text, report, &totals, total);
    let contents = Contents {
        report: report.clone(),
        language: viewer.language,
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        totals: totals.iter().map(|total| (named(total), total.clone())).collect(),
        currency_title: text.get("currency-column").to_owned(),
    };
    let state = State { name: report.name.clone(), writer: (format.open)(contents), rows, next: Next::Head };
    let mut answer = download::body(parts(state), (own, place)).into_response();
    let disposition = HeaderValue::try_from(disposition(report, &[title, only(&whose)], filter, format));
    let head = answer.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type));
    head.insert(header::CONTENT_DISPOSITION, disposition.map_err(AppError::internal)?);
    Ok(answer)
}

fn only<'a>(whose: &[&'a str]) -> &'a str {
    if let [dealer] = whose { dealer } else { "" }
}

/// `Продажи Волга-Тепло 01.12.2025–29.11.2026.csv`, and for old clients the same without names of others' making.
fn disposition(report: &Definition, words: &[&str], filter: &Filter, format: &Format) -> String {
    let days = filter.period().map(|period| format!("{}…{}", period.first, period.last)).unwrap_or_default();
    let words = words.iter().copied().chain([days.as_str()]).map(file_word).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    let plain = format!("{}-{}", report.name, days.replace('…', "-"));
    let (plain, code) = (plain.trim_end_matches('-'), format.code);
    format!(
        "attachment; filename=\"{plain}.{code}\"; filename*=UTF-8''{}.{code}",
        utf8_percent_encode(&name, NON_ALPHANUMERIC)
    )
}

/// Without what a file name may not hold.
fn file_word(text: &str) -> String {
    let fine = text.chars().map(|c| if c.is_control() || "/\\:*?\"<>|«»".contains(c) { ' ' } else { c });
    fine.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a file is made of, part by part.
struct State {
    /// The report's, for the log.
    name: String,
    writer: Box<dyn Writer>,
    rows: RowStream,
    next: Next,
}

enum Next {
    Head,
    Rows,
    End,
}

/// Head, then rows as they come, then the totals. An error cuts the connection: no browser takes half a file for a whole one.
fn parts(state: State) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    stream::try_unfold(state, async |mut state| {
        let (part, next) = match state.next {
            Next::Head => (state.writer.head()?, Next::Rows),
            Next::Rows => {
                let rows = state.rows.next().await.inspect_err(|cause| {
                    tracing::warn!(%cause, report = state.name, "A file was cut: ClickHouse failed under way");
                });
                match rows.map_err(|cause| std::io::Error::other(cause.to_string()))? {
                    Some(rows) => (state.writer.rows(&rows)?, Next::Rows),
                    None => (state.writer.end()?, Next::End),
                }
            }
            Next::End => return Ok(None),
        };
        state.next = next;
        Ok(Some((Bytes::from(part), state)))
    })
}
