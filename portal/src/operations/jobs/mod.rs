//! All files that are made in the background, whoever asked for them; an administrator may cancel one.

pub mod api;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Serialize;
use shared::jobs::cancel_any;
use shared::report::role::Role;
use shared::words::{Text, age, format};
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::{button, nothing};
use crate::audit::{self, About, Event};
use crate::auth::form::Nothing;
use crate::auth::operator::{Operator, Posted};
use crate::auth::right::Right;
use crate::error::AppError;
use crate::exports::words;
use crate::frame;
use crate::state::App;
use crate::web::input::Path;

const PATH: &str = "/operations/jobs";
const LISTED: i64 = 200;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    /// Keycloak's `sub` of whoever asked.
    pub subject: String,
    /// The person, or the program's client.
    pub who: String,
    pub is_program: bool,
    pub dealers: Vec<Uuid>,
    pub report: String,
    pub format: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    pub percent: i16,
    pub attempt: i32,
    /// Rows.
    pub written: i64,
    pub file_bytes: Option<i64>,
    /// A code.
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub took_s: Option<f64>,
}

impl Job {
    fn is_over(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }
}

async fn jobs(app: &App) -> Result<Vec<Job>, AppError> {
    Ok(sqlx::query_file_as!(Job, "src/operations/jobs/list.sql", LISTED).fetch_all(&app.postgres).await?)
}

/// `GET /operations/jobs`
pub async fn list(operator: Operator, State(app): State<App>) -> Result<Response, AppError> {
    let jobs = jobs(&app).await?;
    let text = Text::of(operator.language);
    let drawn = html! {
        div.title { h1 { (text.get("operations-jobs")) } }
        @if jobs.is_empty() { (nothing(text.get("jobs-none"))) }
        ul.entries { @for job in &jobs { li.card { (one(text, &app, &operator, job)) } } }
    };
    Ok(frame::staff_page(&operator, text.get("operations-jobs"), PATH, &drawn).into_response())
}

fn one(text: Text, app: &App, operator: &Operator, job: &Job) -> Markup {
    let zone = app.engine.timezone();
    let of_role = |role: Role| app.engine.catalogue().one_open_to(role, &job.report);
    let report = Role::ALL.into_iter().find_map(of_role);
    let title = report.map_or(job.report.as_str(), |report| report.title.get(operator.language));
    let state = match job.state.as_str() {
        "queued" => "export-queued",
        "running" => "export-running",
        "done" => "jobs-done",
        "failed" => "export-failed",
        _ => "export-cancelled",
    };
    html! {
        div {
            strong { (title) } " " span.fine { (job.format) }
            p hx-ignore { @if job.is_program { (text.with("jobs-program", &[("name", job.who.as_str().into())])) } @else { (job.who) } }
            p.fine {
                (age::time(text, job.created_at, zone))
                @if let Some(took) = job.took_s { " · " (text.with("jobs-took", &[("seconds", (took.ceil() as i64).into())])) }
                @if let Some(bytes) = job.file_bytes { " · " (format::size(text, bytes)) }
            }
        }
        div.acts {
            span.bad[job.state == "failed"] {
                (text.get(state))
                @if job.state == "running" { " " (job.percent) " %" }
                @if let Some(reason) = &job.reason { p.fine { (words::reason(text, Some(reason))) } }
            }
            @if !job.is_over() && operator.may(Right::CancelJobs) {
                (button(&operator.form_token, &format!("{PATH}/{}/cancel", job.id), text.get("export-cancel")))
            }
        }
    }
}

/// Cancels a job of anybody that is not over.
async fn cancelled(app: &App, operator: &Operator, id: Uuid) -> Result<(), AppError> {
    let mut transaction = app.postgres.begin().await?;
    let about_job =
        sqlx::query!("SELECT dealers, subject FROM job WHERE id = $1", id).fetch_optional(&mut *transaction).await?;
    let Some(job) = about_job else { return Err(AppError::NotFound) };
    if cancel_any(&mut *transaction, id).await? {
        let about = About { dealers: &job.dealers, what: &job.subject, detail: &id.to_string() };
        audit::record(&mut *transaction, &operator.actor, Event::JobCancelled, about).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// `POST /operations/jobs/{id}/cancel`: one that is over stays as it is.
pub async fn cancel(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    posted: Posted<Nothing>,
) -> Result<Redirect, AppError> {
    cancelled(&app, &posted.operator, id).await?;
    Ok(Redirect::to(PATH))
}
