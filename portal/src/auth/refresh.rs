//! Claims kept young: Keycloak is asked again a minute before they grow old, by one request of the session at a time.
//!
//! The turn is a lease in the session's row rather than a lock held while Keycloak answers: twenty waiting requests would
//! otherwise hold twenty connections. The asking itself is a task of its own: a browser that leaves does not cut it between
//! the exchange, which uses up the old refresh token, and the saving of the new one.

use std::time::Duration;

use shared::report::role::Role;
use sqlx::PgPool;

use super::oidc::{Identity, RefreshError, Tokens};
use super::session::{self, Hash, Session};
use crate::audit::{self, About, Actor, Event};
use crate::error::{AppError, Part};
use crate::state::App;

const POLL: Duration = Duration::from_millis(50);
/// Longer than Keycloak's 5 s, shorter than the lease.
const PATIENCE: Duration = Duration::from_secs(8);

/// The session with claims that may be used. Waits only where they are too old already.
pub async fn kept(app: &App, id: &Hash, session: Session) -> Result<Session, AppError> {
    if !session.is_refresh_due {
        return Ok(session);
    }
    let turn = take_turn(&app.postgres, id).await?;
    if let Some(sealed) = turn {
        let asking = tokio::spawn(ask(app.clone(), *id, session.clone(), sealed));
        if session.are_claims_old {
            asking.await.map_err(AppError::internal)??;
        }
    }
    if !session.are_claims_old {
        return Ok(session);
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let renewed = session::find(&app.postgres, id).await?.ok_or(AppError::SignIn)?;
        if !renewed.is_refresh_due {
            return Ok(renewed);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(AppError::unavailable(Part::SignIn, "another request's refresh does not end"));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The sealed tokens, for the one request whose turn it is.
async fn take_turn(postgres: &PgPool, id: &Hash) -> Result<Option<Vec<u8>>, AppError> {
    let taken = sqlx::query_scalar!(
        "UPDATE session SET refreshing_until = now() + interval '10 seconds'
         WHERE id_hash = $1 AND revoked_at IS NULL AND refresh_after <= now()
           AND (refreshing_until IS NULL OR refreshing_until < now())
         RETURNING tokens",
        id,
    );
    Ok(taken.fetch_optional(postgres).await?)
}

async fn ask(app: App, id: Hash, session: Session, sealed: Vec<u8>) -> Result<(), AppError> {
    let Ok(tokens) = app.sealer.open::<Tokens>(&sealed, &id) else {
        tracing::info!("A session was sealed with another PORTAL_SECRET_KEY: ended");
        return end(&app, &id, &session).await;
    };
    metrics::counter!("portal_refreshes_total").increment(1);
    match app.oidc.refresh(tokens, &session.subject).await {
        // Another role is another session: signing in again gives a new id.
        Ok(person) if Role::from_name(&session.role) != person.role => {
            // Nothing is mailed by what was claimed before.
            sqlx::query!("UPDATE person SET claims_at = NULL WHERE subject = $1", person.subject)
                .execute(&app.postgres)
                .await?;
            end(&app, &id, &session).await
        }
        Ok(person) => save(&app, &id, &person).await,
        Err(RefreshError::Ended(cause)) => {
            tracing::info!(cause, "Keycloak ended a session");
            end(&app, &id, &session).await
        }
        Err(RefreshError::Away(cause)) => {
            tracing::warn!(cause, "Keycloak is away: sessions go on with what is known");
            postpone(&app, &id, None).await
        }
        Err(RefreshError::Unchecked { tokens, cause }) => {
            tracing::warn!(cause, "Keycloak's keys are away: sessions go on with what is known");
            postpone(&app, &id, Some(&tokens)).await
        }
    }
}

async fn save(app: &App, id: &Hash, person: &Identity) -> Result<(), AppError> {
    sqlx::query_file!(
        "src/auth/save_refreshed.sql",
        id,
        person.name,
        &person.dealers,
        app.sealer.seal(&person.tokens, id).map_err(AppError::internal)?,
        person.claims_last.as_secs_f64(),
    )
    .execute(&app.postgres)
    .await?;
    // Mails go by the same claims, while the person is away too.
    sqlx::query!(
        "UPDATE person SET name = $2, email = $3, claimed_dealers = $4, claims_at = now() WHERE subject = $1",
        person.subject,
        person.name,
        person.email,
        &person.dealers,
    )
    .execute(&app.postgres)
    .await?;
    Ok(())
}

/// Keycloak is away: asked again in a quarter of a minute, by whoever comes then.
async fn postpone(app: &App, id: &Hash, tokens: Option<&Tokens>) -> Result<(), AppError> {
    let sealed = tokens.map(|tokens| app.sealer.seal(tokens, id)).transpose().map_err(AppError::internal)?;
    sqlx::query!(
        "UPDATE session SET refresh_after = now() + interval '15 seconds', refreshing_until = NULL, tokens = coalesce($2, tokens)
         WHERE id_hash = $1 AND revoked_at IS NULL",
        id,
        sealed,
    )
    .execute(&app.postgres)
    .await?;
    Ok(())
}

async fn end(app: &App, id: &Hash, session: &Session) -> Result<(), AppError> {
    session::end(&app.postgres, &app.sealer, id).await?;
    let (subject, name) = (session.subject.clone(), session.name.clone());
    let actor = Actor { subject, name, session: Some(session::short(id)), ..Actor::default() };
    Ok(audit::record(&app.postgres, &actor, Event::SessionEnded, About::default()).await?)
}
