//! The sync from 1C: how each dataset stands, and the words that steer it. What a word does stands in `shared::steering`.

pub mod api;
mod query;
mod view;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::NaiveDate;
use serde::Deserialize;
use shared::steering;
use shared::words::Text;

use self::query::stands;
use self::view::Page;
use crate::audit::{self, About, Event};
use crate::auth::form::Nothing;
use crate::auth::operator::{Operator, Posted};
use crate::error::AppError;
use crate::frame;
use crate::operations::form::reasoned;
use crate::state::App;
use crate::web::input::Path;

const PATH: &str = "/operations/sync";

/// `GET /operations/sync`
pub async fn show(operator: Operator, State(app): State<App>) -> Result<Response, AppError> {
    let (stands, jobs) = stands(&app).await?;
    let text = Text::of(operator.language);
    let datasets = &app.config.datasets;
    let now = shared::clock::now();
    let drawn = Page {
        text,
        operator: &operator,
        stands: &stands,
        jobs: &jobs,
        datasets,
        now,
        timezone: app.engine.timezone(),
    }
    .draw();
    Ok(frame::staff_page(&operator, text.get("operations-sync"), PATH, &drawn).into_response())
}

/// What the extractors are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Run,
    Pause {
        reason: String,
    },
    Resume,
    Reread {
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    },
    Release,
    /// What was set aside: all of the dataset, or one key.
    Replay {
        key: Option<String>,
    },
}

impl Word {
    fn told(&self) -> String {
        let day = |day: &Option<NaiveDate>| day.map_or_else(|| "…".to_owned(), |day| day.to_string());
        match self {
            Self::Run => "run now".to_owned(),
            Self::Pause { reason } => format!("pause: {reason}"),
            Self::Resume => "resume".to_owned(),
            Self::Reread { from, to } => format!("read again {}–{}", day(from), day(to)),
            Self::Release => "let deletions through".to_owned(),
            Self::Replay { key } => format!("replay {}", key.as_deref().unwrap_or("all")),
        }
    }
}

/// Tells it, and writes it to the audit with it. An unknown dataset, and a word for which there is nothing to do, are `NotFound`.
pub async fn tell(app: &App, operator: &Operator, dataset: &str, word: &Word) -> Result<(), AppError> {
    let jobs = steering::jobs(&app.postgres).await?;
    let usual = jobs.iter().find(|job| job.dataset == dataset && job.reach == "usual");
    let widest = steering::widest(&jobs, dataset).map(|job| (job.job.as_str(), dataset));
    if !jobs.iter().any(|job| job.dataset == dataset) {
        return Err(AppError::NotFound);
    }
    let mut transaction = app.postgres.begin().await?;
    let is_done = match word {
        Word::Run => {
            let job = usual.ok_or(AppError::NotFound)?;
            steering::run_now(&mut *transaction, &job.job, dataset).await?;
            true
        }
        Word::Pause { reason } => {
            steering::pause(&mut *transaction, dataset, &operator.actor.name, reason).await?;
            true
        }
        Word::Resume => steering::resume(&mut *transaction, dataset).await?,
        Word::Reread { from, to } => {
            let job = widest.ok_or(AppError::NotFound)?;
            let has_days = jobs.iter().any(|job| job.dataset == dataset && job.reach == "everything");
            if !has_days && (from.is_some() || to.is_some()) {
                return Err(wrong(operator, "from", "sync-no-days"));
            }
            steering::reread(&mut transaction, job, (*from, *to)).await?;
            true
        }
        Word::Release => !steering::release(&mut transaction, widest.ok_or(AppError::NotFound)?).await?.is_empty(),
        Word::Replay { key } => {
            steering::replay(&mut transaction, widest.ok_or(AppError::NotFound)?, key.as_deref()).await? > 0
        }
    };
    if !is_done {
        return Err(AppError::NotFound);
    }
    let about = About { what: dataset, detail: &word.told(), ..About::default() };
    audit::record(&mut *transaction, &operator.actor, Event::SyncSteered, about).await?;
    transaction.commit().await?;
    Ok(())
}

fn wrong(operator: &Operator, field: &str, words: &'static str) -> AppError {
    AppError::Invalid { field: field.to_owned(), message: Text::of(operator.language).get(words).to_owned() }
}

/// Two days, the first not after the last.
pub fn days(operator: &Operator, from: &str, to: &str) -> Result<Word, AppError> {
    let read = |name: &str, text: &str| match text.trim() {
        "" => Ok(None),
        day => day.parse::<NaiveDate>().map(Some).map_err(|_| wrong(operator, name, "sync-day-wrong")),
    };
    let (from, to) = (read("from", from)?, read("to", to)?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(wrong(operator, "to", "sync-days-wrong"));
    }
    Ok(Word::Reread { from, to })
}

#[derive(Deserialize)]
pub struct Why {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
pub struct Days {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub async fn run(
    State(app): State<App>,
    Path(dataset): Path<String>,
    posted: Posted<Nothing>,
) -> Result<Redirect, AppError> {
    tell(&app, &posted.operator, &dataset, &Word::Run).await?;
    Ok(Redirect::to(PATH))
}

pub async fn pause(
    State(app): State<App>,
    Path(dataset): Path<String>,
    posted: Posted<Why>,
) -> Result<Redirect, AppError> {
    let reason = reasoned(&posted.operator, &posted.fields.reason)?;
    tell(&app, &posted.operator, &dataset, &Word::Pause { reason }).await?;
    Ok(Redirect::to(PATH))
}

pub async fn resume(
    State(app): State<App>,
    Path(dataset): Path<String>,
    posted: Posted<Nothing>,
) -> Result<Redirect, AppError> {
    tell(&app, &posted.operator, &dataset, &Word::Resume).await?;
    Ok(Redirect::to(PATH))
}

pub async fn reread(
    State(app): State<App>,
    Path(dataset): Path<String>,
    posted: Posted<Days>,
) -> Result<Redirect, AppError> {
    let word = days(&posted.operator, &posted.fields.from, &posted.fields.to)?;
    tell(&app, &posted.operator, &dataset, &word).await?;
    Ok(Redirect::to(PATH))
}

pub async fn release(
    State(app): State<App>,
    Path(dataset): Path<String>,
    posted: Posted<Nothing>,
) -> Result<Redirect, AppError> {
    tell(&app, &posted.operator, &dataset, &Word::Release).await?;
    Ok(Redirect::to(PATH))
}
