//! The manufacturer's staff at the pages and routes of `operations`. Each route is entered through `admit`, which demands its right;
//! a handler without it finds no `Operator` and answers an error.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use shared::ids::DealerId;
use shared::language::Language;
use shared::report::role::Role;

use super::right::Right;
use super::session::Hash;
use super::viewer::SignedIn;
use super::{authorization, bearer, form};
use crate::audit::Actor;
use crate::error::{AppError, Part};
use crate::state::App;
use crate::web::language::Lang;

/// One of the staff, who may do what the route is for.
#[derive(Debug, Clone)]
pub struct Operator {
    pub actor: Actor,
    pub role: Role,
    /// The dealers of a manager; an administrator's are all.
    pub dealers: Option<Vec<DealerId>>,
    pub language: Language,
    /// Empty for a program.
    pub form_token: String,
    /// None: a program.
    pub session: Option<Hash>,
    /// A manager who may look as his dealers.
    is_look_allowed: bool,
}

/// A form of a page of `operations` that carries the form token of this session.
pub struct Posted<T> {
    pub operator: Operator,
    pub fields: T,
}

impl Operator {
    pub const fn may(&self, right: Right) -> bool {
        match right {
            Right::Look if matches!(self.role, Role::Manager) => self.is_look_allowed,
            right => right.is_of(self.role),
        }
    }

    /// Is this dealer among those this operator has to do with?
    pub fn has(&self, dealer: DealerId) -> bool {
        self.dealers.as_ref().is_none_or(|dealers| dealers.contains(&dealer))
    }

    /// Of a person who is signed in and looks as himself.
    pub async fn of_session(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let SignedIn { id, session, actor, form_token } = SignedIn::from_request_parts(parts, app).await?;
        if session.are_claims_void {
            return Err(AppError::unavailable(Part::SignIn, "the claims are an hour old, and Keycloak is away"));
        }
        let role = staff(Role::from_name(&session.role))?;
        if actor.look.is_some() {
            return Err(AppError::Looking);
        }
        let dealers = (role != Role::Admin).then(|| session.granted_dealers.iter().copied().map(DealerId).collect());
        let language = Lang::of(&parts.headers).0;
        let is_look_allowed = session.is_look_allowed;
        Ok(Self { actor, role, dealers, language, form_token, session: Some(id), is_look_allowed })
    }

    /// Of a program with a token for this surface.
    pub async fn of_token(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        authorization::refuse_both(&parts.headers)?;
        let token = authorization::token(&parts.headers)?.to_owned();
        let (actor, access) = bearer::shown(parts, app, &token, &app.config.oidc.operations_audience).await?;
        let role = staff(access.role)?;
        let dealers = match role {
            Role::Admin => None,
            _ => Some(bearer::granted(&app.postgres, &access.subject).await?.into_iter().map(DealerId).collect()),
        };
        let is_look_allowed = false;
        let language = Lang::accepted(&parts.headers).0;
        Ok(Self { actor, role, dealers, language, form_token: String::new(), session: None, is_look_allowed })
    }

    pub fn demand(&self, right: Right) -> Result<(), AppError> {
        if self.may(right) { Ok(()) } else { Err(AppError::NoRight) }
    }
}

/// To a dealer these pages are nowhere.
fn staff(role: Option<Role>) -> Result<Role, AppError> {
    match role {
        Some(role @ (Role::Admin | Role::Manager)) => Ok(role),
        Some(Role::Dealer) => Err(AppError::NotFound),
        None => Err(AppError::NoDealers),
    }
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().cloned().ok_or_else(|| AppError::internal("a route of operations that nobody guards"))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &App) -> Result<Self, AppError> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, app).await?;
        let session = operator.session.ok_or(AppError::SignIn)?;
        let fields = form::fields(Request::from_parts(parts, body), app, &session).await?;
        Ok(Self { operator, fields })
    }
}
