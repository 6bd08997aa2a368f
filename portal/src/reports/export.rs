//! A report as a download.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use shared::files::{self, Wanted};
use shared::language::Language;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::scope::DealerScope;
use shared::report::write::Format;

use crate::error::AppError;
use crate::state::App;
use crate::web::download;

/// Whoever takes a file: a person or a program.
pub struct Taker<'a> {
    pub subject: &'a str,
    pub scope: &'a DealerScope,
    pub language: Language,
}

/// The head of the answer, once ClickHouse has begun to answer; the rows follow as they come.
pub async fn file(
    app: &App,
    taker: Taker<'_>,
    (report, filter): (&Arc<Definition>, &Filter),
    format: &'static Format,
) -> Result<Response, AppError> {
    let own = app.limits.download(taker.subject)?;
    let wanted = Wanted { report, scope: taker.scope, filter, language: taker.language, format };
    let (file, place) = app.ask_for_file(files::open(&app.engine, wanted)).await?;
    let disposition =
        HeaderValue::try_from(download::disposition(&file.name, &file.plain_name)).map_err(AppError::internal)?;
    let mut answer = download::body(file.parts(), (own, place)).into_response();
    let head = answer.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type));
    head.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(answer)
}
