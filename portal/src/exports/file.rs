//! `GET /exports/{id}/file`: the finished file, to whoever asked for it, as long as all its dealers are that one's. A program's goes
//! the same way.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use shared::jobs::{Job, State as JobState};
use shared::report::scope::DealerScope;
use shared::words::Text;
use uuid::Uuid;

use super::address::path;
use super::own::{drawing, may_see, own, title};
use crate::audit::{self, About, Actor, Event};
use crate::auth::viewer::OwnViewer;
use crate::error::AppError;
use crate::frame::answer as page;
use crate::state::App;
use crate::web::download;
use crate::web::input::Path;

pub async fn show(
    OwnViewer(viewer): OwnViewer,
    Path(id): Path<Uuid>,
    State(app): State<App>,
) -> Result<Response, AppError> {
    let job = own(&app, &viewer.actor, id).await?;
    match sent(&app, (&viewer.actor, &viewer.scope), &job).await {
        // The job's page says so, and how to have it again.
        Err(AppError::Gone) => {
            let title = title(&app, &viewer, &job);
            let drawn = drawing(&app, &viewer, &job).gone(&title, Text::of(viewer.language).get("export-gone"));
            Ok((StatusCode::GONE, page(&app, &viewer, (&title, &path(id)), &drawn).await).into_response())
        }
        sent => sent,
    }
}

/// The file of a job of one's own.
pub async fn sent(app: &App, (actor, scope): (&Actor, &DealerScope), job: &Job) -> Result<Response, AppError> {
    // A foreign file and one that is not there yet are answered like one that is nowhere.
    if !may_see(scope, job) || job.state != JobState::Done {
        return Err(AppError::NotFound);
    }
    let key = job.file_key.as_deref().filter(|_| job.has_file()).ok_or(AppError::Gone)?;
    let own = app.limits.download(&actor.subject)?;
    let bytes = job.file_bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
    let files = app.files.as_ref().ok_or(AppError::NotFound)?;
    let Some(parts) = files.read(key, bytes).await.map_err(AppError::internal)? else {
        tracing::error!(job.id = %job.id, "A finished file is not in the store, or not of its size");
        return Err(AppError::Gone);
    };
    let file = About { dealers: &job.dealers, what: &job.request.report, detail: &job.request.format };
    audit::record(&app.postgres, actor, Event::FileTaken, file).await?;
    answer(job, download::body(parts, own), bytes)
}

fn answer(job: &Job, body: axum::body::Body, bytes: u64) -> Result<Response, AppError> {
    let (name, plain) =
        (job.file_name.as_deref().unwrap_or("export"), job.file_plain_name.as_deref().unwrap_or("export"));
    let kind = job.media_type.as_deref().unwrap_or("application/octet-stream");
    let mut answer = download::answer(body, kind, (name, plain))?;
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(answer)
}
