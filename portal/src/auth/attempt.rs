//! Sign-ins under way: one row per tab, used once, bound to the browser that began it, gone after ten minutes.

use oauth2::PkceCodeVerifier;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use super::seal::{Sealer, Secret};
use crate::error::AppError;

/// What must come back from Keycloak unchanged, or stay with us until it does.
pub struct Attempt {
    pub nonce: String,
    pub verifier: PkceCodeVerifier,
    /// A checked path.
    pub return_to: String,
}

#[derive(Serialize, Deserialize)]
struct Secrets {
    nonce: String,
    verifier: PkceCodeVerifier,
}

pub async fn begin(
    postgres: &PgPool,
    sealer: &Sealer,
    state: &Secret,
    browser: &Secret,
    attempt: Attempt,
) -> Result<(), AppError> {
    let secrets = Secrets { nonce: attempt.nonce, verifier: attempt.verifier };
    let sealed = sealer.seal(&secrets, &state.hash()).map_err(AppError::internal)?;
    sqlx::query!(
        "INSERT INTO sign_in_attempt (state_hash, browser_hash, secrets, return_to, expires_at)
         VALUES ($1, $2, $3, $4, now() + interval '10 minutes')",
        &state.hash(),
        &browser.hash(),
        sealed,
        attempt.return_to,
    )
    .execute(postgres)
    .await?;
    Ok(())
}

/// The attempt of this state in this browser, once. A foreign browser's state is left as it was.
pub async fn take(
    postgres: &PgPool,
    sealer: &Sealer,
    state: &Secret,
    browser: &Secret,
) -> Result<Option<Attempt>, AppError> {
    let row = sqlx::query!(
        "UPDATE sign_in_attempt SET used_at = now()
         WHERE state_hash = $1 AND browser_hash = $2 AND used_at IS NULL AND expires_at > now()
         RETURNING secrets, return_to",
        &state.hash(),
        &browser.hash(),
    )
    .fetch_optional(postgres)
    .await?;
    // Sealed with a key that was replaced since: as good as too old.
    Ok(row.and_then(|row| {
        let secrets: Secrets = sealer.open(&row.secrets, &state.hash()).ok()?;
        Some(Attempt { nonce: secrets.nonce, verifier: secrets.verifier, return_to: row.return_to })
    }))
}
