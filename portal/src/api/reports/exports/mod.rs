//! Files that are made in the background, for programs: the same orders, jobs and files as at `/exports`. A job is its caller's own:
//! anybody else's is answered like one that is nowhere.

pub mod told;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use shared::jobs::{self, Job};
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::write::Format;
use shared::words::{Text, format};
use uuid::Uuid;

use self::told::{Export, ExportList, Telling};
use super::asked::{Asked, Parameters, wrong_cursor};
use crate::api::problem::Problem;
use crate::auth::bearer::Caller;
use crate::error::AppError;
use crate::exports::file::sent;
use crate::exports::order;
use crate::exports::own::own;
use crate::reports::export::{self, Taker};
use crate::state::App;
use crate::web::input::Path;

/// Exports of one answer at most.
const MOST_LISTED: u32 = 100;

/// `POST /{name}/exports?format=…`: 202, whether the job is a new one or was asked for before.
pub async fn create(caller: Caller, State(app): State<App>, asked: Asked) -> Result<Response, AppError> {
    let report = asked.report(&app, &caller)?;
    let (filter, format) = asked.export(&app, &caller, report)?;
    of_use(&app, &caller, (report, &filter), format).await?;
    let mut transaction = app.postgres.begin().await?;
    caller.keep_claims(&mut *transaction).await?;
    let taker = Taker { actor: &caller.actor, scope: &caller.scope, language: caller.language };
    let id = order::place(&mut transaction, &app, taker, (report, &filter), format).await?;
    transaction.commit().await?;
    let (mut head, Json(export)) = answer(&app, &caller, &own(&app, &caller.actor, id).await?);
    head.insert(header::LOCATION, HeaderValue::try_from(export.address()).map_err(AppError::internal)?);
    Ok((StatusCode::ACCEPTED, head, Json(export)).into_response())
}

/// Refuses a file of more rows than its format is of use for. Where they cannot be counted while somebody waits, the reporter counts.
async fn of_use(app: &App, caller: &Caller, asked: (&Definition, &Filter), wanted: &Format) -> Result<(), AppError> {
    if wanted.most_rows == u64::MAX {
        return Ok(());
    }
    match export::count(app, &caller.scope, asked).await {
        Ok(rows) if rows > wanted.most_rows => {
            let text = Text::of(caller.language);
            let most = format::count(caller.language, wanted.most_rows);
            let facts = [("format", text.get(wanted.title).into()), ("most", most.into())];
            Err(AppError::Invalid { field: "format".to_owned(), message: text.with("export-too-long-for", &facts) })
        }
        Ok(_) | Err(AppError::TooMuch(_)) => Ok(()),
        Err(away) => Err(away),
    }
}

/// The caller's exports, the newest first. Follow `next` until it is null.
#[utoipa::path(get, path = "/api/v1/reports/exports", operation_id = "list_exports", tag = "reports",
    params(
        ("limit" = Option<u32>, Query, description = "Exports of this answer: 1 to 100, 50 unless given.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the answer before.")
    ),
    responses((status = 200, body = ExportList)))]
pub async fn list(caller: Caller, State(app): State<App>, asked: Parameters) -> Result<Json<ExportList>, AppError> {
    let (limit, before) = asked.part(&caller, MOST_LISTED)?;
    let subject = &caller.actor.subject;
    if let Some(before) = before {
        jobs::find(&app.postgres, before, subject).await?.ok_or_else(|| wrong_cursor(&caller))?;
    }
    let mut found = jobs::of_subject(&app.postgres, subject, before, i64::from(limit) + 1).await?;
    let is_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok(Json(Telling::to(&app, &caller).list(&found, is_more)))
}

/// How far an export is, and where its file is. `Retry-After` while it is not over.
#[utoipa::path(get, path = "/api/v1/reports/exports/{id}", operation_id = "show_export", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = Export,
        headers(("Retry-After" = u32, description = "Seconds until it is worth asking again; not there once it is over.")))))]
pub async fn show(
    caller: Caller,
    Path(id): Path<Uuid>,
    State(app): State<App>,
    asked: Parameters,
) -> Result<(HeaderMap, Json<Export>), AppError> {
    asked.nothing(&caller)?;
    Ok(answer(&app, &caller, &own(&app, &caller.actor, id).await?))
}

/// The finished file, in the media type of its format. 404 until it is whole, and once a dealer of it is no longer the caller's.
#[utoipa::path(get, path = "/api/v1/reports/exports/{id}/file", operation_id = "download_export", tag = "reports", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The file.", content_type = "*/*", body = inline(told::Contents)),
        (status = 410, description = "It was kept for its time.", content_type = "application/problem+json", body = Problem)
    ))]
pub async fn file(
    caller: Caller,
    Path(id): Path<Uuid>,
    State(app): State<App>,
    asked: Parameters,
) -> Result<Response, AppError> {
    asked.nothing(&caller)?;
    let job = own(&app, &caller.actor, id).await?;
    sent(&app, (&caller.actor, &caller.scope), &job).await
}

/// Cancels an export; one that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/reports/exports/{id}", operation_id = "cancel_export", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is over.")))]
pub async fn cancel(
    caller: Caller,
    Path(id): Path<Uuid>,
    State(app): State<App>,
    asked: Parameters,
) -> Result<StatusCode, AppError> {
    asked.nothing(&caller)?;
    let job = own(&app, &caller.actor, id).await?;
    jobs::cancel(&app.postgres, job.id, &caller.actor.subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(app: &App, caller: &Caller, job: &Job) -> (HeaderMap, Json<Export>) {
    let mut head = HeaderMap::new();
    if let Some(seconds) = told::again_in(job) {
        head.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    (head, Json(Telling::to(app, caller).one(job)))
}
