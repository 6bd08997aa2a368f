//! Forms that carry the form token of their session: on top of what the browser says about where they come from (`web::csrf`).

use axum::extract::{FromRequest as _, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::session::Hash;
use crate::error::AppError;
use crate::state::App;
use crate::web::input::Form;

/// A form that has its token alone.
#[derive(Deserialize)]
pub struct Nothing {}

/// The fields of a form, if its token is of this session.
pub(super) async fn fields<T: DeserializeOwned>(request: Request, app: &App, session: &Hash) -> Result<T, AppError> {
    #[derive(Deserialize)]
    struct Fields<T> {
        #[serde(default)]
        form_token: String,
        #[serde(flatten)]
        fields: T,
    }
    let Form(form) = Form::<Fields<T>>::from_request(request, app).await?;
    if !app.sealer.is_form_token(&form.form_token, session) {
        return Err(AppError::Forbidden("the form token is missing or another session's"));
    }
    Ok(form.fields)
}
