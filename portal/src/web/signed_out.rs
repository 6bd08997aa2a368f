//! `GET /signed-out`: where signing out ends while Keycloak is away.

use axum::response::{IntoResponse as _, Response};

use super::draw_error;
use super::language::Lang;
use super::whose::Whose;
use crate::ui::message::{Message, message};
use shared::words::Text;

pub async fn show(Lang(language): Lang) -> Response {
    let text = Text::of(language);
    let (title, sentence) = (text.get("signed-out"), text.get("signed-out-text"));
    let way_on = Some(("/login", text.get("sign-in")));
    let content = message(text, &Message { title, sentence, way_on, request_id: None });
    draw_error::page(language, title, "/signed-out", &Whose::default(), &content).into_response()
}
