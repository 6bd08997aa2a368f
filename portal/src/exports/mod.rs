//! Files that are made in the background: asked for, looked at, taken, cancelled. A job is its person's own: anybody else's is
//! answered like one that is nowhere.

mod events;
mod file;
mod view;
mod words;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use shared::clock;
use shared::jobs::{self, Job, Order, Placed, Request};
use shared::report::filter::Filter;
use shared::report::write;
use shared::words::Text;
use uuid::Uuid;

use crate::auth::viewer::{SignedViewer, Viewer};
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::web::input::Path;
use view::{Drawing, List};

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
    let mut open = app.engine.catalogue().open_to(viewer.role);
    let report = open.find(|report| report.name == asked.report).ok_or(AppError::NotFound)?;
    let malformed = |what: &str| AppError::Malformed(format!("an export with {what}"));
    let format = write::format(&asked.format).ok_or_else(|| malformed("a format that is none"))?;
    let pairs: Vec<(String, String)> = form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
    let today = app.engine.today();
    let filter = Filter::read(report, &viewer.scope, today, &pairs);
    let filter = filter.map_err(|_| malformed("a filter that does not fit"))?.first_page();
    let whose =
        filter.dealer.and_then(|dealer| viewer.scope.narrowed_to(dealer)).unwrap_or_else(|| viewer.scope.clone());
    let request = Request {
        report: report.name.clone(),
        query: filter.url(report).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
        format: format.code.to_owned(),
        language: viewer.language,
        today,
    };
    let order = Order { subject: &viewer.subject, dealers: whose.dealers(), request: &request };
    let mut transaction = app.postgres.begin().await?;
    let placed = jobs::place(&mut transaction, &order).await?;
    transaction.commit().await?;
    match placed {
        Placed::New(id) | Placed::Same(id) => Ok(Redirect::to(&path(id))),
        Placed::TooMany { retry_after } => Err(AppError::TooManyExports { retry_after }),
    }
}

/// `GET /exports`
async fn list(viewer: Viewer, State(app): State<App>) -> Result<Response, AppError> {
    let all = jobs::of_subject(&app.postgres, &viewer.subject).await?;
    let text = Text::of(viewer.language);
    let drawn =
        List { text, jobs: &all, timezone: app.engine.timezone(), title: |job: &Job| title(&app, &viewer, job) }.draw();
    Ok(page(&app, &viewer, (text.get("exports"), "/exports"), &drawn).await)
}

/// `GET /exports/{id}`
async fn show(viewer: Viewer, Path(id): Path<Uuid>, State(app): State<App>) -> Result<Response, AppError> {
    let job = own(&app, &viewer, id).await?;
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
    let job = own(&app, &signed.viewer, id).await?;
    jobs::cancel(&app.postgres, job.id, &signed.viewer.subject).await?;
    Ok(Redirect::to(&path(id)))
}

/// A form that has its token alone.
#[derive(Deserialize)]
struct Nothing {}

async fn own(app: &App, viewer: &Viewer, id: Uuid) -> Result<Job, AppError> {
    jobs::find(&app.postgres, id, &viewer.subject).await?.ok_or(AppError::NotFound)
}

fn path(id: Uuid) -> String {
    format!("/exports/{id}")
}

/// Whose rows the file holds: may the viewer see all of them now?
fn may_see(viewer: &Viewer, job: &Job) -> bool {
    let seen = viewer.scope.dealers();
    !job.dealers.is_empty() && job.dealers.iter().all(|dealer| seen.iter().any(|known| known.0 == *dealer))
}

/// The report's, as far as the viewer may open it; else its bare name.
fn title(app: &App, viewer: &Viewer, job: &Job) -> String {
    let mut open = app.engine.catalogue().open_to(viewer.role);
    let report = open.find(|report| report.name == job.request.report);
    report.map_or_else(|| job.request.report.clone(), |report| report.title.get(viewer.language).to_owned())
}

fn drawing<'a>(app: &App, viewer: &'a Viewer, job: &'a Job) -> Drawing<'a> {
    let (text, now, timezone) = (Text::of(viewer.language), clock::now(), app.engine.timezone());
    Drawing { text, job, may_see: may_see(viewer, job), form_token: &viewer.form_token, now, timezone }
}

/// Without ClickHouse the page stands all the same: the person's name is there in the place of the dealer's.
async fn page(app: &App, viewer: &Viewer, (title, here): (&str, &str), content: &maud::Markup) -> Response {
    let dealers = app.ask(app.engine.dealers(&viewer.scope)).await.unwrap_or_default();
    let page = frame::Page { title, here, dealers: &dealers };
    frame::page(app.engine.catalogue(), viewer, &page, content).into_response()
}
