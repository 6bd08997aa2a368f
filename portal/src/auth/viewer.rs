//! The viewer: extracted from the session on every request. The only maker of a `DealerScope` in the portal.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::language::Language;
use shared::report::scope::DealerScope;

use crate::error::AppError;
use crate::state::App;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees the dealers of his groups in Keycloak and those granted to him.
    Dealer,
    /// The manufacturer's staff: sees the dealers granted to him, and no others.
    Manager,
}

/// A signed-in person who may see at least one dealer's rows. A handler that takes one is closed to all others.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Keycloak's `sub`.
    pub subject: String,
    /// As a person reads it.
    pub name: String,
    pub role: Role,
    /// All of the viewer's dealers, never empty; `narrowed_to` shows one of them.
    pub scope: DealerScope,
    pub language: Language,
    /// The hidden field `form_token` of every POST form.
    pub form_token: String,
}

impl FromRequestParts<App> for Viewer {
    type Rejection = AppError;

    async fn from_request_parts(_: &mut Parts, _: &App) -> Result<Self, AppError> {
        Err(AppError::SignIn)
    }
}
