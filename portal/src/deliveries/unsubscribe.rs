//! `/unsubscribe/{token}`: the way out of a delivery, for people and for their mail programs (RFC 8058). Nobody signs in, no form token
//! is asked for and it does not matter whose page the POST comes from: the token in the address is all there is to know. A GET shows a
//! button and changes nothing, for programs follow links before people do.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::{Markup, html};
use shared::deliveries::{self, Token};
use shared::words::Text;

use crate::error::AppError;
use crate::state::App;
use crate::ui::message::{Message, message};
use crate::web::draw_error;
use crate::web::input::Path;
use crate::web::language::Lang;
use crate::web::whose::Whose;

/// Stands outside of the guard against other sites.
pub fn routes() -> Router<App> {
    Router::new().route("/unsubscribe/{token}", get(show).post(unsubscribe))
}

async fn show(lang: Lang, Path(token): Path<String>) -> Response {
    let text = Text::of(lang.0);
    let content = html! {
        section.message {
            h1 { (text.get("unsubscribe")) }
            p { (text.get("unsubscribe-text")) }
            form method="post" action={ "/unsubscribe/" (token) } {
                button #unsubscribe .primary type="submit" { (text.get("unsubscribe-button")) }
            }
        }
    };
    page(lang, "unsubscribe", &content)
}

/// The same answer whatever the token was, and however often it comes. A PostgreSQL that is away is told: mail programs try again.
async fn unsubscribe(State(app): State<App>, lang: Lang, Path(token): Path<String>) -> Result<Response, AppError> {
    if let Some(token) = Token::read(&token) {
        deliveries::unsubscribe(&app.postgres, &token).await?;
    }
    let text = Text::of(lang.0);
    let (title, sentence) = (text.get("unsubscribed"), text.get("unsubscribed-text"));
    let way_on = Some(("/", text.get("error-to-home")));
    Ok(page(lang, "unsubscribed", &message(text, &Message { title, sentence, way_on, request_id: None })))
}

fn page(Lang(language): Lang, title: &'static str, content: &Markup) -> Response {
    // The form of the language leads to the first page: no address with a token stands in a page.
    draw_error::page(language, Text::of(language).get(title), "/", &Whose::default(), content).into_response()
}
