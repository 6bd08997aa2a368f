//! Looking at the portal as a dealer sees it: read only, half an hour, each page written down (`auth::viewer`), a banner on each.

use std::time::Duration;

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;
use shared::ids::DealerId;
use uuid::Uuid;

use super::form::reasoned;
use crate::audit::{self, About, Event};
use crate::auth::form::Nothing;
use crate::auth::operator::Posted;
use crate::auth::viewer::Signed;
use crate::error::AppError;
use crate::state::App;

/// How long a look lasts.
const LASTS: Duration = Duration::from_secs(30 * 60);

#[derive(Deserialize)]
pub struct Asked {
    dealer: Uuid,
    #[serde(default)]
    reason: String,
}

/// `POST /operations/look`
pub async fn begin(State(app): State<App>, posted: Posted<Asked>) -> Result<Redirect, AppError> {
    let Posted { operator, fields: Asked { dealer, reason } } = posted;
    let session = operator.session.ok_or(AppError::SignIn)?;
    // A foreign dealer and one that is nowhere are answered alike.
    if !super::dealers::known(&app, &operator).await?.iter().any(|(known, _)| *known == DealerId(dealer)) {
        return Err(AppError::NotFound);
    }
    let reason = reasoned(&operator, &reason)?;
    let mut transaction = app.postgres.begin().await?;
    sqlx::query!(
        "UPDATE look SET ended_at = least(now(), ends_at) WHERE session = $1 AND ended_at IS NULL",
        session.as_slice(),
    )
    .execute(&mut *transaction)
    .await?;
    let look = Uuid::new_v4();
    let until = sqlx::query_scalar!(
        "INSERT INTO look (id, session, dealer_id, reason, ends_at) VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
         RETURNING ends_at",
        look,
        session.as_slice(),
        dealer,
        reason,
        LASTS.as_secs_f64(),
    )
    .fetch_one(&mut *transaction)
    .await?;
    let mut actor = operator.actor.clone();
    actor.look = Some(audit::Look { id: look, dealer: DealerId(dealer), until });
    let about = About { dealers: &[dealer], detail: &reason, ..About::default() };
    audit::record(&mut *transaction, &actor, Event::LookBegun, about).await?;
    transaction.commit().await?;
    Ok(Redirect::to("/"))
}

/// `POST /operations/look/end`: by whoever looks, and once it is over too.
pub async fn end(State(app): State<App>, signed: Signed<Nothing>) -> Result<Redirect, AppError> {
    let mut transaction = app.postgres.begin().await?;
    let ended = sqlx::query_scalar!(
        "UPDATE look SET ended_at = least(now(), ends_at) WHERE session = $1 AND ended_at IS NULL RETURNING dealer_id",
        signed.who.id.as_slice(),
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some(dealer) = ended {
        let about = About { dealers: &[dealer], ..About::default() };
        audit::record(&mut *transaction, &signed.who.actor, Event::LookEnded, about).await?;
    }
    transaction.commit().await?;
    Ok(Redirect::to("/operations/dealers"))
}
