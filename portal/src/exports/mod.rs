//! Files that are made in the background: asked for, looked at, taken, cancelled. A job is its person's own: anybody else's is
//! answered like one that is nowhere. Programs ask for the same at `api::reports::exports`.

mod address;
mod events;
pub mod file;
pub mod order;
pub mod own;
mod view;
pub mod words;

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use shared::jobs::{self, Job};
use shared::report::filter::Filter;
use shared::report::write;
use shared::words::Text;
use uuid::Uuid;

use self::address::path;
use self::own::{drawing, own, title};
use self::view::List;
use crate::auth::form::Nothing;
use crate::auth::viewer::{OwnViewer, SignedViewer};
use crate::error::AppError;
use crate::frame::answer as page;
use crate::reports::export::Taker;
use crate::state::App;
use crate::web::input::Path;

/// Jobs that the list shows.
const LISTED: i64 = 50;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/exports", get(list).post(create))
        .route("/exports/{id}", get(show))
        .route("/exports/{id}/file", get(file::show))
        .route("/exports/{id}/cancel", post(cancel))
        .route("/exports/{id}/events", get(events::show))
}

/// What the form of a report's page asks for.
#[derive(Deserialize)]
struct Asked {
    report: String,
    format: String,
    #[serde(default)]
    query: String,
}

/// `POST /exports`: the job's page, whether it is a new one or was asked for before.
async fn create(State(app): State<App>, signed: SignedViewer<Asked>) -> Result<Redirect, AppError> {
    let SignedViewer { viewer, fields: asked } = signed;
    let report = app.engine.catalogue().one_open_to(viewer.role, &asked.report).ok_or(AppError::NotFound)?;
    let malformed = |what: &str| AppError::Malformed(format!("an export with {what}"));
    let format = write::format(&asked.format).ok_or_else(|| malformed("a format that is none"))?;
    let pairs: Vec<(String, String)> = form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
    let filter = Filter::read(report, &viewer.scope, app.engine.today(), &pairs);
    let filter = filter.map_err(|_| malformed("a filter that does not fit"))?;
    let mut transaction = app.postgres.begin().await?;
    let taker = Taker { actor: &viewer.actor, scope: &viewer.scope, language: viewer.language };
    let id = order::place(&mut transaction, &app, taker, (report, &filter), format).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&path(id)))
}

/// `GET /exports`
async fn list(OwnViewer(viewer): OwnViewer, State(app): State<App>) -> Result<Response, AppError> {
    let all = jobs::of_subject(&app.postgres, &viewer.actor.subject, None, LISTED).await?;
    let text = Text::of(viewer.language);
    let drawn =
        List { text, jobs: &all, timezone: app.engine.timezone(), title: |job: &Job| title(&app, &viewer, job) }.draw();
    Ok(page(&app, &viewer, (text.get("exports"), "/exports"), &drawn).await)
}

/// `GET /exports/{id}`
async fn show(
    OwnViewer(viewer): OwnViewer,
    Path(id): Path<Uuid>,
    State(app): State<App>,
) -> Result<Response, AppError> {
    let job = own(&app, &viewer.actor, id).await?;
    let title = title(&app, &viewer, &job);
    let drawn = drawing(&app, &viewer, &job).page(&title);
    Ok(page(&app, &viewer, (&title, &path(id)), &drawn).await)
}

/// `POST /exports/{id}/cancel`: one that is over stays as it is.
async fn cancel(
    Path(id): Path<Uuid>,
    State(app): State<App>,
    signed: SignedViewer<Nothing>,
) -> Result<Redirect, AppError> {
    let job = own(&app, &signed.viewer.actor, id).await?;
    jobs::cancel(&app.postgres, job.id, &signed.viewer.actor.subject).await?;
    Ok(Redirect::to(&path(id)))
}
