//! A job as whoever asked for it sees it: anybody else's is nowhere.

use shared::jobs::{self, Job};
use shared::report::scope::DealerScope;
use shared::words::Text;
use uuid::Uuid;

use super::view::Drawing;
use crate::audit::Actor;
use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;

pub async fn own(app: &App, actor: &Actor, id: Uuid) -> Result<Job, AppError> {
    jobs::find(&app.postgres, id, &actor.subject).await?.ok_or(AppError::NotFound)
}

/// Whose rows the file holds: are all of them within this scope?
pub fn may_see(scope: &DealerScope, job: &Job) -> bool {
    let seen = scope.dealers();
    !job.dealers.is_empty() && job.dealers.iter().all(|dealer| seen.iter().any(|known| known.0 == *dealer))
}

/// The report's, as far as the viewer may open it; else its bare name.
pub fn title(app: &App, viewer: &Viewer, job: &Job) -> String {
    let report = app.engine.catalogue().one_open_to(viewer.role, &job.request.report);
    report.map_or_else(|| job.request.report.clone(), |report| report.title.get(viewer.language).to_owned())
}

pub fn drawing<'a>(app: &App, viewer: &'a Viewer, job: &'a Job) -> Drawing<'a> {
    let (text, timezone) = (Text::of(viewer.language), app.engine.timezone());
    Drawing { text, job, may_see: may_see(&viewer.scope, job), form_token: &viewer.form_token, timezone }
}
