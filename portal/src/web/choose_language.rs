//! `POST /language`: the viewer's choice, kept in a cookie for a year. It says nothing about anybody, so nobody need sign in.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use shared::language::Language;

use super::input::Form;
use super::{language, return_to};
use crate::error::AppError;
use crate::state::App;

#[derive(Deserialize)]
pub struct Choice {
    language: String,
    #[serde(default)]
    return_to: String,
}

/// Back to the page that the form stood in: by its address now, which filters have changed since it was drawn. Where a
/// browser or a proxy keeps that to itself, by the address it was drawn at.
pub async fn choose(
    State(app): State<App>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Result<Response, AppError> {
    let chosen =
        Language::from_code(&choice.language).ok_or_else(|| AppError::Malformed("no such language".to_owned()))?;
    let cookie = Cookie::build((language::COOKIE, chosen.code())).path("/").secure(true).http_only(true);
    let cookie = cookie.same_site(SameSite::Lax).permanent().build();
    let here = return_to::ours(headers.get(header::REFERER), &app.config.public);
    let back = here.unwrap_or_else(|| return_to::checked(&choice.return_to));
    Ok((CookieJar::new().add(cookie), Redirect::to(&back)).into_response())
}
