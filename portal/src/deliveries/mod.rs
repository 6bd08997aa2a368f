//! Deliveries: a view by mail at set times. A delivery is its owner's own: anybody else's is answered like one that is nowhere.

mod address;
mod form;
mod list;
mod new;
mod unsubscribe;
mod words;

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use shared::words::Text;
use shared::{clock, deliveries};
use uuid::Uuid;

use self::address::PATH;
use self::list::List;
use crate::auth::form::Nothing;
use crate::auth::viewer::{OwnViewer, SignedViewer};
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::web::input::Path;

pub use self::unsubscribe::routes as routes_for_mail_programs;

pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(list).post(new::create))
        .route("/deliveries/new", get(new::show))
        .route("/deliveries/{id}/pause", post(pause))
        .route("/deliveries/{id}/resume", post(resume))
        .route("/deliveries/{id}/send", post(send))
        .route("/deliveries/{id}/remove", post(remove))
}

/// `GET /deliveries`
async fn list(OwnViewer(viewer): OwnViewer, State(app): State<App>) -> Result<Response, AppError> {
    let all = deliveries::of_owner(&app.postgres, &viewer.actor.subject).await?;
    let recipients = deliveries::recipients(&app.postgres, &viewer.actor.subject).await?;
    let text = Text::of(viewer.language);
    let drawn = List {
        text,
        viewer: &viewer,
        deliveries: &all,
        recipients: &recipients,
        catalogue: app.engine.catalogue(),
        timezone: app.engine.timezone(),
        is_set_up: app.config.mails,
    }
    .draw();
    Ok(frame::answer(&app, &viewer, (text.get("deliveries"), PATH), &drawn).await)
}

fn found(is_found: bool) -> Result<Redirect, AppError> {
    if is_found { Ok(Redirect::to(PATH)) } else { Err(AppError::NotFound) }
}

/// `POST /deliveries/{id}/pause`: what waits to be sent waits on, and is dropped when it is a day old.
async fn pause(
    Path(id): Path<Uuid>,
    State(app): State<App>,
    signed: SignedViewer<Nothing>,
) -> Result<Redirect, AppError> {
    found(deliveries::pause(&app.postgres, id, &signed.viewer.actor.subject).await?)
}

/// `POST /deliveries/{id}/resume`: from the next time on; what was missed meanwhile is missed.
async fn resume(
    Path(id): Path<Uuid>,
    State(app): State<App>,
    signed: SignedViewer<Nothing>,
) -> Result<Redirect, AppError> {
    let owner = &signed.viewer.actor.subject;
    let all = deliveries::of_owner(&app.postgres, owner).await?;
    let delivery = all.iter().find(|delivery| delivery.id == id).ok_or(AppError::NotFound)?;
    let schedule = delivery.schedule().ok_or_else(|| AppError::internal("a schedule of another release"))?;
    found(deliveries::resume(&app.postgres, id, owner, schedule.next_after(clock::now())).await?)
}

/// `POST /deliveries/{id}/send`: once, now. Pressed twice it is once, while the first waits.
async fn send(
    Path(id): Path<Uuid>,
    State(app): State<App>,
    signed: SignedViewer<Nothing>,
) -> Result<Redirect, AppError> {
    let owner = &signed.viewer.actor.subject;
    let is_own = deliveries::of_owner(&app.postgres, owner).await?.iter().any(|delivery| delivery.id == id);
    if is_own && app.config.mails {
        deliveries::send_now(&app.postgres, id, owner).await?;
    }
    found(is_own)
}

/// `POST /deliveries/{id}/remove`
async fn remove(
    Path(id): Path<Uuid>,
    State(app): State<App>,
    signed: SignedViewer<Nothing>,
) -> Result<Redirect, AppError> {
    found(deliveries::remove(&app.postgres, id, &signed.viewer.actor.subject).await?)
}
