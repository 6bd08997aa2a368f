//! What Keycloak says of a person, and of the end of a session. Sessions keep it; nothing here knows how.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::report::role::Role;
use uuid::Uuid;

/// A person whose ID token holds.
pub struct Identity {
    pub subject: String,
    pub name: String,
    /// Verified by Keycloak; none where it is not.
    pub email: Option<String>,
    pub role: Option<Role>,
    pub dealers: Vec<Uuid>,
    pub provider_session: Option<String>,
    pub tokens: Tokens,
    /// How long the claims may be used before Keycloak is asked again.
    pub claims_last: Duration,
}

/// What only Keycloak should see. The access token is not among them: nothing of ours uses it.
#[derive(Serialize, Deserialize)]
pub struct Tokens {
    pub refresh: Option<String>,
    /// The hint at sign-out.
    pub id: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

/// What Keycloak's logout token names: one of its sessions, or all of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub jti: String,
    /// Unix seconds: how long the `jti` must be remembered, less the leeway of clocks.
    pub expires: i64,
    pub provider_session: Option<String>,
    pub subject: Option<String>,
}
