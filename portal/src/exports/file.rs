//! `GET /exports/{id}/file`: the finished file, to the person who asked for it, as long as all its dealers are that person's.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use shared::jobs::{Job, State as JobState};
use shared::words::Text;
use uuid::Uuid;

use super::address::path;
use super::own::{drawing, may_see, own, title};
use crate::audit::{self, About, Event};
use crate::auth::viewer::{OwnViewer, Viewer};
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
    let job = own(&app, &viewer, id).await?;
    // A foreign file and one that is not there yet are answered like one that is nowhere.
    if !may_see(&viewer, &job) || job.state != JobState::Done {
        return Err(AppError::NotFound);
    }
    match &job.file_key {
        Some(key) if job.has_file() => {
            let own = app.limits.download(&viewer.actor.subject)?;
            let bytes = job.file_bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
            let files = app.files.as_ref().ok_or(AppError::NotFound)?;
            match files.read(key, bytes).await.map_err(AppError::internal)? {
                Some(parts) => {
                    let file = About { dealers: &job.dealers, what: &job.request.report, detail: &job.request.format };
                    audit::record(&app.postgres, &viewer.actor, Event::FileTaken, file).await?;
                    answer(&job, download::body(parts, own), bytes)
                }
                None => {
                    tracing::error!(job.id = %id, "A finished file is not in the store, or not of its size");
                    Ok(gone(&app, &viewer, &job).await)
                }
            }
        }
        _ => Ok(gone(&app, &viewer, &job).await),
    }
}

fn answer(job: &Job, body: axum::body::Body, bytes: u64) -> Result<Response, AppError> {
    let (name, plain) =
        (job.file_name.as_deref().unwrap_or("export"), job.file_plain_name.as_deref().unwrap_or("export"));
    let kind = job.media_type.as_deref().unwrap_or("application/octet-stream");
    let mut answer = download::answer(body, kind, (name, plain))?;
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(answer)
}

/// It was there: the job's page says so, and how to have it again.
async fn gone(app: &App, viewer: &Viewer, job: &Job) -> Response {
    let title = title(app, viewer, job);
    let text = Text::of(viewer.language);
    let drawn = drawing(app, viewer, job).gone(&title, text.get("export-gone"));
    (StatusCode::GONE, page(app, viewer, (&title, &path(job.id)), &drawn).await).into_response()
}
