//! A report as a download.

use std::sync::Arc;

use axum::response::Response;
use shared::files::{self, Wanted};
use shared::ids::DealerId;
use shared::language::Language;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::scope::DealerScope;
use shared::report::write::{Format, Open};
use uuid::Uuid;

use crate::audit::{self, About, Actor, Event};
use crate::error::AppError;
use crate::state::App;
use crate::web::download;

/// Whoever takes a file: a person or a program.
pub struct Taker<'a> {
    pub actor: &'a Actor,
    pub scope: &'a DealerScope,
    pub language: Language,
}

/// The dealers whose rows an answer holds.
pub fn asked_of<'a>(scope: &'a DealerScope, filter: &'a Filter) -> &'a [DealerId] {
    filter.dealer.as_ref().map_or(scope.dealers(), std::slice::from_ref)
}

/// How many rows a file has. Who has just asked for rows is answered by what is kept.
pub async fn count(app: &App, scope: &DealerScope, (report, filter): (&Definition, &Filter)) -> Result<u64, AppError> {
    Ok(app.ask(app.engine.page(report, scope, &filter.first_page())).await?.count)
}

/// The head of the answer, once ClickHouse has begun to answer; the rows follow as they come.
pub async fn file(
    app: &App,
    taker: Taker<'_>,
    (report, filter): (&Arc<Definition>, &Filter),
    (format, open): (&'static Format, Open),
) -> Result<Response, AppError> {
    let own = app.limits.download(&taker.actor.subject)?;
    let wanted = Wanted { report, scope: taker.scope, filter, language: taker.language, format };
    let (file, place) = app.ask_for_file(files::open(&app.engine, wanted, None)).await?;
    let dealers: Vec<Uuid> = asked_of(taker.scope, filter).iter().map(|dealer| dealer.0).collect();
    let about = About { dealers: &dealers, what: &report.name, detail: format.code };
    audit::record(&app.postgres, taker.actor, Event::FileTaken, about).await?;
    let name = (file.name.clone(), file.plain_name.clone());
    let body = download::body(file.parts(open), (own, place));
    download::answer(body, format.media_type, (&name.0, &name.1))
}
