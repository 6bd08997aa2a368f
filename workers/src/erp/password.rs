//! The password of the 1C user. Accounts lock, so one that was refused is tried again seldom, by one request, while all
//! others wait; one that has changed in its file is tried at once.

use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::ErpError;
use crate::config::{OnecSettings, Password};

/// A password to ask with.
pub struct Try {
    pub password: SecretString,
    /// It was refused before: this is the one request that may find out whether it still is.
    pub is_again: bool,
}

struct Refusal {
    password: SecretString,
    /// How long it rests, doubled with each refusal.
    pause: Duration,
    until: Instant,
}

/// Which password 1C takes, as far as is known. Shared by all requests.
pub struct Passwords {
    user: String,
    source: Password,
    /// The first and the longest rest of a refused password.
    rests: (Duration, Duration),
    refusal: Mutex<Option<Refusal>>,
}

impl Passwords {
    pub fn new(settings: &OnecSettings) -> Self {
        Self {
            user: settings.user.clone(),
            source: settings.password.clone(),
            rests: settings.limits.refused,
            refusal: Mutex::new(None),
        }
    }

    /// The present password; an error while it rests after a refusal.
    pub async fn take(&self) -> Result<Try, ErpError> {
        let password = match &self.source {
            Password::Fixed(password) => password.clone(),
            Password::File(path) => read(path).await?,
        };
        let mut refusal = self.refusal.lock().await;
        let now = Instant::now();
        match &mut *refusal {
            Some(known) if known.password.expose_secret() != password.expose_secret() => *refusal = None,
            Some(known) if now < known.until => return Err(self.error(known.until - now)),
            Some(known) => {
                // The others wait for what becomes of this one.
                known.until = now + known.pause;
                return Ok(Try { password, is_again: true });
            }
            None => {}
        }
        Ok(Try { password, is_again: false })
    }

    /// 1C has let this password in.
    pub async fn accepted(&self, tried: &Try) {
        if tried.is_again {
            *self.refusal.lock().await = None;
        }
    }

    /// Nobody looked at this password: 1C was away, or busy with something else.
    pub async fn undecided(&self, tried: &Try) {
        if let Some(known) = self.refusal.lock().await.as_mut().filter(|_| tried.is_again) {
            known.until = Instant::now();
        }
    }

    /// 1C has refused this password.
    pub async fn refused(&self, tried: Try) -> ErpError {
        metrics::counter!("erp_refused_total").increment(1);
        let mut refusal = self.refusal.lock().await;
        let (first, longest) = self.rests;
        let pause = match &*refusal {
            Some(known) if tried.is_again => known.pause.saturating_mul(2).min(longest),
            _ => first,
        };
        *refusal = Some(Refusal { password: tried.password, pause, until: Instant::now() + pause });
        self.error(pause)
    }

    fn error(&self, rest: Duration) -> ErpError {
        ErpError::Refused { user: self.user.clone(), minutes: rest.as_secs().div_ceil(60).max(1) }
    }
}

async fn read(path: &Path) -> Result<SecretString, ErpError> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|cause| ErpError::Setup(format!("ONEC_PASSWORD_FILE {} cannot be read: {cause}.", path.display())))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}
