//! The viewer: read from the session on every request. The only maker of a `DealerScope` in the portal, for programs too.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use shared::access;
use shared::language::Language;
use shared::report::role::Role;
use shared::report::scope::DealerScope;
use uuid::Uuid;

use super::session::{self, Hash, Session};
use super::{authorization, cookie, form, refresh};
use crate::audit::{self, About, Actor, Event};
use crate::error::{AppError, Part};
use crate::state::App;
use crate::web::address::ClientAddress;
use crate::web::language::Lang;
use crate::web::whose::{Person, Whose};

/// A signed-in person who may see at least one dealer's rows. A handler that takes one is closed to all others.
///
/// Whoever looks as a dealer is a viewer too: with that dealer's rows and reports, and himself as the actor.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who sits at the keyboard, and as whom he looks.
    pub actor: Actor,
    /// Whose reports are shown.
    pub role: Role,
    /// The role of whoever sits at the keyboard.
    pub own_role: Role,
    /// All of the viewer's dealers, never empty; `narrowed_to` shows one of them.
    pub scope: DealerScope,
    pub language: Language,
    /// The hidden field `form_token` of every POST form.
    pub form_token: String,
    session: Hash,
}

/// A viewer as himself: nobody has files, or changes anything, while looking as a dealer.
#[derive(Debug, Clone)]
pub struct OwnViewer(pub Viewer);

/// A live session, whether or not any dealer stands behind it: what signing out needs.
pub struct SignedIn {
    pub id: Hash,
    pub session: Session,
    pub actor: Actor,
    pub form_token: String,
}

/// The same of a viewer as himself: a look is read only.
pub struct SignedViewer<T> {
    pub viewer: Viewer,
    pub fields: T,
}

/// A POST form of a signed-in person that carries the form token of this session.
pub struct Signed<T> {
    pub who: SignedIn,
    pub fields: T,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        authorization::refuse_both(&parts.headers)?;
        let id = cookie::read(&parts.headers, cookie::SESSION).ok_or(AppError::SignIn)?.hash();
        let session = session::find(&app.postgres, &id).await?.ok_or(AppError::SignIn)?;
        app.limits.viewer(&session.subject)?;
        let session = refresh::kept(app, &id, session).await?;
        if session.is_touch_due {
            session::touch(&app.postgres, &id).await?;
        }
        let form_token = app.sealer.form_token(&id);
        let actor = Actor {
            subject: session.subject.clone(),
            name: session.name.clone(),
            look: session.look(),
            session: Some(session::short(&id)),
            address: parts.extensions.get::<ClientAddress>().map(|address| address.0),
        };
        if let Some(whose) = parts.extensions.get::<Whose>() {
            whose.is(Person { actor: actor.clone(), form_token: form_token.clone() });
        }
        Ok(Self { id, session, actor, form_token })
    }
}

impl Viewer {
    fn of(signed_in: SignedIn, language: Language) -> Result<Self, AppError> {
        let SignedIn { id, session, actor, form_token } = signed_in;
        // What Keycloak took away while it cannot be asked is gone within the hour.
        if session.are_claims_void {
            return Err(AppError::unavailable(Part::SignIn, "the claims are an hour old, and Keycloak is away"));
        }
        let own_role = Role::from_name(&session.role).ok_or(AppError::NoDealers)?;
        let (role, scope) = match actor.look {
            Some(look) => (Role::Dealer, DealerScope::granted([look.dealer])),
            None if own_role == Role::Admin => return Err(AppError::NoOwnRows),
            None => {
                let scope = scope(own_role, &session.claimed_dealers, &session.granted_dealers);
                (own_role, scope.ok_or(AppError::NoDealers)?)
            }
        };
        Ok(Self { actor, role, own_role, scope, language, form_token, session: id })
    }

    fn only_himself(self) -> Result<Self, AppError> {
        if self.actor.look.is_some() { Err(AppError::Looking) } else { Ok(self) }
    }

    /// The same viewer by session and grants of this moment, for an answer that goes on. It keeps no session from idling.
    pub async fn again(&self, app: &App) -> Result<Self, AppError> {
        let id = self.session;
        let session = session::find(&app.postgres, &id).await?.ok_or(AppError::SignIn)?;
        let session = refresh::kept(app, &id, session).await?;
        let actor = Actor { look: session.look(), ..self.actor.clone() };
        Self::of(SignedIn { id, session, actor, form_token: self.form_token.clone() }, self.language)
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        let viewer = Self::of(signed_in, Lang::of(&parts.headers).0)?;
        if let Some(look) = viewer.actor.look {
            let page = About { dealers: &[look.dealer.0], what: parts.uri.path(), detail: "" };
            audit::record(&app.postgres, &viewer.actor, Event::LookPage, page).await?;
        }
        Ok(viewer)
    }
}

impl FromRequestParts<App> for OwnViewer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        Viewer::of(signed_in, Lang::of(&parts.headers).0)?.only_himself().map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Signed<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &App) -> Result<Self, AppError> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, app).await?;
        let fields = form::fields(Request::from_parts(parts, body), app, &who.id).await?;
        Ok(Self { who, fields })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for SignedViewer<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &App) -> Result<Self, AppError> {
        let language = Lang::of(request.headers()).0;
        let Signed { who, fields } = Signed::<T>::from_request(request, app).await?;
        Ok(Self { viewer: Viewer::of(who, language)?.only_himself()?, fields })
    }
}

/// Whose rows: a dealer's own and those granted, a manager's granted ones only. None: nobody's.
pub(super) fn scope(role: Role, claimed: &[Uuid], granted: &[Uuid]) -> Option<DealerScope> {
    let scope = DealerScope::granted(access::dealers(role, claimed, granted));
    (!scope.is_empty()).then_some(scope)
}

#[cfg(test)]
mod tests {
    use super::super::role;
    use super::{Role, scope};
    use uuid::Uuid;

    #[test]
    fn claims_count_for_dealers_and_grants_for_both() {
        let ids = |numbers: &[u128]| numbers.iter().copied().map(Uuid::from_u128).collect::<Vec<_>>();
        let seen = |role: &str, claimed: &[u128], granted: &[u128]| {
            let scope = scope(Role::from_name(role)?, &ids(claimed), &ids(granted))?;
            Some(scope.dealers().iter().map(|dealer| dealer.0.as_u128()).collect::<Vec<_>>())
        };
        assert_eq!(seen("dealer", &[2, 1], &[3, 1]), Some(vec![1, 2, 3]));
        assert_eq!(seen("manager", &[2, 1], &[3]), Some(vec![3]));
        assert_eq!(seen("manager", &[2], &[]), None);
        assert_eq!(seen("dealer", &[], &[]), None);
        assert_eq!(seen("none", &[1], &[2]), None);
        assert_eq!(seen("admin", &[1], &[2]), None);
    }

    #[test]
    fn the_narrower_role_wins() {
        let of = |roles: &[&str]| role::of(roles.iter().copied());
        assert_eq!(of(&["dealer", "manager"]), Some(Role::Manager));
        assert_eq!(of(&["offline_access", "dealer"]), Some(Role::Dealer));
        assert_eq!(of(&["dealer", "admin", "manager"]), Some(Role::Admin));
        assert_eq!(of(&["Dealer", "dealers", "administrator"]), None);
    }
}
