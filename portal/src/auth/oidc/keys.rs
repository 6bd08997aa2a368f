//! Keycloak's signing keys. An unknown key makes us ask, at most once a minute; known ones serve a day while it is away.

use std::time::Duration;

use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A storm of tokens with made-up key names costs Keycloak one request in this time.
const PAUSE: Duration = Duration::from_secs(60);
/// A key withdrawn by Keycloak is forgotten after this time at the latest, provided that it answers.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// Without an answer, keys serve this long.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, thiserror::Error)]
pub enum KeyError<E> {
    #[error("key is unknown")]
    Unknown,
    #[error("keys cannot be fetched: {0}")]
    Away(E),
    #[error("keys are older than a day")]
    Stale,
}

/// Held while asking, so that a hundred sign-ins with a new key ask once.
pub struct Keys(Mutex<Known>);

struct Known {
    set: CoreJsonWebKeySet,
    fetched_at: Instant,
    tried_at: Option<Instant>,
}

impl Keys {
    pub fn new(set: CoreJsonWebKeySet) -> Self {
        Self(Mutex::new(Known { set, fetched_at: Instant::now(), tried_at: None }))
    }

    /// The key named `kid`, asking `fetch` where the rules above say so.
    pub async fn find<E>(
        &self,
        kid: &str,
        fetch: impl AsyncFnOnce() -> Result<CoreJsonWebKeySet, E>,
    ) -> Result<CoreJsonWebKey, KeyError<E>> {
        self.find_at(Instant::now(), kid, fetch).await
    }

    async fn find_at<E>(
        &self,
        now: Instant,
        kid: &str,
        fetch: impl AsyncFnOnce() -> Result<CoreJsonWebKeySet, E>,
    ) -> Result<CoreJsonWebKey, KeyError<E>> {
        let mut known = self.0.lock().await;
        if let Some(key) = known.get(kid)
            && now.duration_since(known.fetched_at) < FRESH
        {
            return Ok(key);
        }
        let mut failure = None;
        if known.tried_at.is_none_or(|tried_at| now.duration_since(tried_at) >= PAUSE) {
            known.tried_at = Some(now);
            match fetch().await {
                Ok(set) => (known.set, known.fetched_at) = (set, now),
                Err(cause) => failure = Some(cause),
            }
        }
        match (known.get(kid), failure) {
            (Some(key), _) if now.duration_since(known.fetched_at) < LONGEST => Ok(key),
            (Some(_), None) => Err(KeyError::Stale),
            (_, Some(cause)) => Err(KeyError::Away(cause)),
            (None, None) => Err(KeyError::Unknown),
        }
    }
}

impl Known {
    fn get(&self, kid: &str) -> Option<CoreJsonWebKey> {
        self.set.keys().iter().find(|key| key.key_id().is_some_and(|id| id.as_str() == kid)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{FRESH, KeyError, Keys, LONGEST, PAUSE};
    use openidconnect::core::CoreJsonWebKeySet;
    use std::cell::Cell;
    use std::time::Duration;
    use tokio::time::Instant;

    fn set(kids: &[&str]) -> CoreJsonWebKeySet {
        let keys: Vec<_> = kids
            .iter()
            .map(|kid| serde_json::json!({"kty": "RSA", "kid": kid, "use": "sig", "n": "AQAB", "e": "AQAB"}))
            .collect();
        serde_json::from_value(serde_json::json!({ "keys": keys })).unwrap()
    }

    #[tokio::test]
    async fn a_thousand_unknown_keys_make_one_request_a_minute() {
        let (keys, start, asked) = (Keys::new(set(&["old"])), Instant::now(), Cell::new(0));
        let fetch = async || {
            asked.set(asked.get() + 1);
            Ok::<_, ()>(set(&["old"]))
        };
        for turn in 0..1000 {
            let found = keys.find_at(start, &format!("made-up-{turn}"), fetch).await;
            assert!(matches!(found, Err(KeyError::Unknown)));
        }
        assert_eq!(asked.get(), 1);
        keys.find_at(start + PAUSE, "made-up", fetch).await.unwrap_err();
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn a_rotated_key_is_fetched_at_once_and_the_withdrawn_one_forgotten() {
        let (keys, start) = (Keys::new(set(&["old"])), Instant::now());
        assert!(keys.find_at(start, "new", async || Ok::<_, ()>(set(&["new"]))).await.is_ok());
        assert!(keys.find_at(start, "new", async || Err("must not be asked")).await.is_ok());
        assert!(matches!(keys.find_at(start, "old", async || Err("in the pause")).await, Err(KeyError::Unknown)));
    }

    #[tokio::test]
    async fn known_keys_serve_a_day_while_the_provider_is_away() {
        let (keys, start) = (Keys::new(set(&["old"])), Instant::now());
        let away = async || Err("away");
        assert!(keys.find_at(start + FRESH, "old", away).await.is_ok());
        assert!(keys.find_at(start + LONGEST - Duration::from_secs(1), "old", away).await.is_ok());
        assert!(matches!(keys.find_at(start + LONGEST + PAUSE, "old", away).await, Err(KeyError::Away("away"))));
        assert!(matches!(keys.find_at(start + LONGEST + PAUSE, "old", away).await, Err(KeyError::Stale)));
    }
}
