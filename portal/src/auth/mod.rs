//! Who looks: `/login`, `/login/callback`, `/logout` and Keycloak's back channel; sessions and bearer tokens; whose rows
//! a viewer or a program sees.

mod attempt;
mod authorization;
pub mod bearer;
pub mod cookie;
pub mod form;
pub mod oidc;
pub mod operator;
mod refresh;
pub mod right;
mod role;
pub mod seal;
pub mod session;
pub mod viewer;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use self::attempt::Attempt;
use self::form::Nothing;
use self::seal::Secret;
use self::viewer::Signed;
use crate::audit::{self, About, Actor, Event};
use crate::error::{AppError, SignInProblem};
use crate::state::App;
use crate::web::address::ClientAddress;
use crate::web::input::{Form, Query};
use crate::web::language::Lang;
use crate::web::return_to;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/login", get(login))
        .route("/login/callback", get(callback))
        .route("/logout", post(logout))
        .route("/logout/backchannel", post(back_channel))
}

#[derive(Deserialize)]
struct Login {
    return_to: Option<String>,
}

/// Off to Keycloak, with a row that waits for the way back.
async fn login(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    Query(asked): Query<Login>,
) -> Result<Response, AppError> {
    app.limits.sign_in(address)?;
    let state = Secret::fresh().map_err(AppError::internal)?;
    let browser = match cookie::read(&headers, cookie::SIGN_IN) {
        Some(browser) => browser,
        None => Secret::fresh().map_err(AppError::internal)?,
    };
    let departure = app.oidc.depart(state.expose(), Lang::of(&headers).0).await?;
    let attempt = Attempt {
        nonce: departure.nonce,
        verifier: departure.verifier,
        return_to: return_to::checked(asked.return_to.as_deref().unwrap_or("/")),
    };
    attempt::begin(&app.postgres, &app.sealer, &state, &browser, attempt).await?;
    let cookies = CookieJar::new().add(cookie::made(cookie::SIGN_IN, browser.expose().to_owned()));
    Ok((cookies, Redirect::to(departure.address.as_str())).into_response())
}

#[derive(Default)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Back from Keycloak: the attempt of this browser, the code for a person, a new session.
async fn callback(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let arrived = arrive(&app, address, &headers, pairs).await;
    if let Err(AppError::SignInFailed { problem, .. }) = &arrived {
        refused(&app, address, &format!("{problem:?}")).await;
    }
    arrived
}

async fn arrive(
    app: &App,
    address: ClientAddress,
    headers: &HeaderMap,
    pairs: Vec<(String, String)>,
) -> Result<Response, AppError> {
    let returned = Returned::read(pairs)?;
    let stale = |cause: &str| failed(SignInProblem::Stale, cause);
    let state = returned.state.as_deref().and_then(Secret::read).ok_or_else(|| stale("no state of ours"))?;
    let browser = cookie::read(headers, cookie::SIGN_IN).ok_or_else(|| stale("no sign-in cookie"))?;
    let attempt = attempt::take(&app.postgres, &app.sealer, &state, &browser).await?;
    let attempt = attempt.ok_or_else(|| stale("no open attempt of this browser"))?;
    if returned.iss.as_deref().is_some_and(|iss| !app.oidc.is_issuer(iss)) {
        return Err(failed(SignInProblem::Refused, "the callback names another issuer"));
    }
    if let Some(error) = returned.error {
        return Err(failed(SignInProblem::Declined, &error.chars().take(100).collect::<String>()));
    }
    let code = returned.code.ok_or_else(|| failed(SignInProblem::Refused, "the callback carries no code"))?;
    let person = app.oidc.arrive(code, attempt.verifier, &attempt.nonce).await?;

    let id = Secret::fresh().map_err(AppError::internal)?;
    let former = cookie::read(headers, cookie::SESSION).map(|former| former.hash());
    session::open(&app.postgres, &app.sealer, &id.hash(), former, &person, (address.0, Lang::of(headers).0)).await?;
    metrics::counter!("portal_sign_ins_total").increment(1);
    let cookies = CookieJar::new().add(cookie::made(cookie::SESSION, id.expose().to_owned()));
    Ok((cookies, Redirect::to(&attempt.return_to)).into_response())
}

/// Anybody may send what does not hold: of an address it is written down once in a while.
async fn refused(app: &App, ClientAddress(address): ClientAddress, what: &str) {
    let actor = Actor { address: Some(address), ..Actor::default() };
    let about = About { what, ..About::default() };
    if let Err(error) = app.lately.record(&app.postgres, &actor, Event::SignInRefused, about).await {
        tracing::warn!(%error, "A refused sign-in could not be written to the audit");
    }
}

impl Returned {
    /// Each parameter once: of two, nobody could say which one counts.
    fn read(pairs: Vec<(String, String)>) -> Result<Self, AppError> {
        let mut returned = Self::default();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "state" => &mut returned.state,
                "code" => &mut returned.code,
                "iss" => &mut returned.iss,
                "error" => &mut returned.error,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(failed(SignInProblem::Refused, "the callback repeats a parameter"));
            }
        }
        Ok(returned)
    }
}

fn failed(problem: SignInProblem, cause: &str) -> AppError {
    metrics::counter!("portal_sign_in_failures_total", "problem" => format!("{problem:?}")).increment(1);
    AppError::SignInFailed { problem, cause: cause.to_owned() }
}

/// Ends our session first, whatever becomes of the rest, then sends the browser to end Keycloak's. Pressed twice, or after
/// the session has ended, it still leads out and never to signing in: Keycloak's own session may live, and would let the
/// next person at the desk in. Without our tokens Keycloak asks before it ends its session.
async fn logout(State(app): State<App>, form: Result<Signed<Nothing>, AppError>) -> Result<Response, AppError> {
    let tokens = match form {
        Ok(Signed { who, fields: Nothing {} }) => {
            let tokens = session::end(&app.postgres, &app.sealer, &who.id).await?;
            audit::record(&app.postgres, &who.actor, Event::SignedOut, About::default()).await?;
            tokens
        }
        Err(AppError::SignIn) => None,
        Err(refused) => return Err(refused),
    };
    let next = app.oidc.sign_out_address(tokens.as_ref().map(|tokens| tokens.id.as_str()));
    let next = next.map_or_else(|| "/signed-out".to_owned(), String::from);
    let cookies = CookieJar::new().add(cookie::removed(cookie::SESSION));
    // Not the cache: emptying it may take seconds, and no page of ours is kept there.
    let forget = [(HeaderName::from_static("clear-site-data"), HeaderValue::from_static(r#""storage""#))];
    Ok((forget, cookies, Redirect::to(&next)).into_response())
}

#[derive(Deserialize)]
struct BackChannel {
    logout_token: String,
}

/// Keycloak says that a session of its own has ended: so do ours that hang on it.
async fn back_channel(
    State(app): State<App>,
    address: ClientAddress,
    Form(form): Form<BackChannel>,
) -> Result<Response, AppError> {
    let ended = match app.oidc.logout_token(&form.logout_token).await {
        Ok(ended) => session::end_by_provider(&app.postgres, &ended).await?,
        Err(cause) => {
            refused(&app, address, "logout token").await;
            return Err(cause);
        }
    };
    let sessions = ended.ok_or_else(|| AppError::Malformed("the logout token was used before".to_owned()))?;
    tracing::info!(sessions, "Keycloak ended {sessions} sessions");
    // Not to be stored, as nothing of ours: `web::headers` says so.
    Ok(StatusCode::OK.into_response())
}
