//! A report as a download.

use std::sync::Arc;

use axum::response::Response;
use shared::files::{self, Wanted};
use shared::language::Language;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::scope::DealerScope;
use shared::report::write::{Format, Open};

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
    (format, open): (&'static Format, Open),
) -> Result<Response, AppError> {
    let own = app.limits.download(taker.subject)?;
    let wanted = Wanted { report, scope: taker.scope, filter, language: taker.language, format };
    let (file, place) = app.ask_for_file(files::open(&app.engine, wanted, None)).await?;
    let name = (file.name.clone(), file.plain_name.clone());
    let body = download::body(file.parts(open), (own, place));
    download::answer(body, format.media_type, (&name.0, &name.1))
}
