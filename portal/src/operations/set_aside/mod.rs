//! What was set aside: a list with reasons, each document whole, and the way to have it read again. Whole documents may be of any
//! dealer: looking at one is written down.

pub mod api;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use shared::words::{Text, age};
use utoipa::{IntoParams, ToSchema};

use super::form::nothing;
use super::sync::{self, Word};
use crate::audit::{self, About, Event};
use crate::auth::operator::{Operator, Posted};
use crate::auth::right::Right;
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::web::input::Query;

const PATH: &str = "/operations/set-aside";
/// Letters that a list shows.
const LISTED: usize = 200;
/// Letters of a document that a page shows.
const SHOWN: usize = 200_000;

/// A document of 1C, or a message, that did not fit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Letter {
    pub dataset: String,
    /// As 1C or the message had it.
    pub key: String,
    pub reason: String,
    pub at: DateTime<Utc>,
    /// `1c`, or topic, partition and offset of a message.
    pub source: String,
    /// It can be looked at here; else it stands in the topic of dead letters alone.
    pub has_raw: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Of this dataset.
    #[serde(default)]
    #[param(required = false)]
    dataset: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    dataset: String,
    key: String,
    #[serde(default)]
    source: String,
}

async fn letters(app: &App, dataset: &str) -> Result<Vec<Letter>, AppError> {
    let most = 1 + i64::try_from(LISTED).unwrap_or_default();
    let found = sqlx::query_file_as!(Letter, "src/operations/set_aside/list.sql", dataset, most);
    Ok(found.fetch_all(&app.postgres).await?)
}

/// The document itself, as it came.
async fn raw(app: &App, which: &Which) -> Result<Vec<u8>, AppError> {
    let found = sqlx::query_scalar!(
        r#"SELECT raw AS "raw!" FROM rejected WHERE $3 = '1c' AND dataset = $1 AND key = $2 AND raw IS NOT NULL
           UNION ALL
           SELECT raw FROM misfit WHERE topic || '/' || partition || '/' || "offset" = $3 AND dataset = $1 AND key = $2 AND raw IS NOT NULL
           LIMIT 1"#,
        which.dataset,
        which.key,
        which.source,
    );
    found.fetch_optional(&app.postgres).await?.ok_or(AppError::NotFound)
}

/// `GET /operations/set-aside`
pub async fn list(
    operator: Operator,
    State(app): State<App>,
    Query(Asked { dataset }): Query<Asked>,
) -> Result<Response, AppError> {
    let letters = letters(&app, &dataset).await?;
    let text = Text::of(operator.language);
    let title = |name: &str| {
        app.config
            .datasets
            .get(name)
            .map_or(name.to_owned(), |known| known.definition().title.get(operator.language).to_owned())
    };
    let one = |letter: &Letter| {
        html! {
            div {
                strong { (title(&letter.dataset)) } " " span.code hx-ignore { (letter.key) }
                p.bad hx-ignore { (letter.reason) }
                p.fine { (age::time(text, letter.at, app.engine.timezone())) " · "
                    @if letter.source == "1c" { (text.get("set-aside-of-1c")) } @else { span hx-ignore { (letter.source) } }
                }
            }
            div.acts {
                @if letter.has_raw { a.button href=(look_at(letter)) { (text.get("set-aside-look")) } }
                @if operator.may(Right::SteerSync) { (replay_one(text, &operator, letter)) }
            }
        }
    };
    let drawn = html! {
        div.title {
            h1 { (text.get("operations-set-aside")) }
            @if !dataset.is_empty() { span.fine { (title(&dataset)) } a.fine href=(PATH) { (text.get("set-aside-all")) } }
        }
        @if letters.is_empty() { (nothing(text.get("set-aside-none"))) }
        @else {
            p { (text.get("set-aside-text")) }
            @if letters.len() > LISTED { p.fine { (text.with("list-is-long-newest", &[("shown", LISTED.into())])) } }
            @if !dataset.is_empty() && operator.may(Right::SteerSync) {
                form method="post" action={ (PATH) "/replay" } {
                    input type="hidden" name="form_token" value=(operator.form_token);
                    input type="hidden" name="dataset" value=(dataset);
                    button type="submit" { (text.get("set-aside-replay-all")) }
                }
            }
            ul.entries { @for letter in letters.iter().take(LISTED) { li.card { (one(letter)) } } }
        }
    };
    Ok(frame::staff_page(&operator, text.get("operations-set-aside"), PATH, &drawn).into_response())
}

fn look_at(letter: &Letter) -> String {
    let pairs = [("dataset", &letter.dataset), ("key", &letter.key), ("source", &letter.source)];
    format!("{PATH}/document?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn replay_one(text: Text, operator: &Operator, letter: &Letter) -> Markup {
    html! {
        form method="post" action={ (PATH) "/replay" } {
            input type="hidden" name="form_token" value=(operator.form_token);
            input type="hidden" name="dataset" value=(letter.dataset);
            input type="hidden" name="key" value=(letter.key);
            button type="submit" { (text.get("set-aside-replay")) }
        }
    }
}

/// `GET /operations/set-aside/document`
pub async fn look(
    operator: Operator,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Response, AppError> {
    let raw = raw(&app, &which).await?;
    written(&app, &operator, &which).await?;
    let text = Text::of(operator.language);
    let shown = pretty(&raw);
    let is_cut = shown.chars().count() > SHOWN;
    let back = format!("{PATH}?dataset={}", which.dataset);
    let drawn = html! {
        div.title { h1 { (text.get("set-aside-document")) } span.code hx-ignore { (which.key) } }
        @if is_cut { p.fine { (text.get("set-aside-is-cut")) } }
        pre.card.document hx-ignore tabindex="0" { (shown.chars().take(SHOWN).collect::<String>()) }
        p { a href=(back) { (text.get("set-aside-all")) } }
    };
    Ok(frame::staff_page(&operator, text.get("set-aside-document"), PATH, &drawn).into_response())
}

async fn written(app: &App, operator: &Operator, which: &Which) -> Result<(), AppError> {
    let about = About { what: &which.dataset, detail: &which.key, ..About::default() };
    Ok(audit::record(&app.postgres, &operator.actor, Event::SetAsideSeen, about).await?)
}

/// JSON with its lines; anything else as it is, as far as it is text.
fn pretty(raw: &[u8]) -> String {
    let value = serde_json::from_slice::<serde_json::Value>(raw).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned())
}

#[derive(Deserialize)]
pub struct Again {
    dataset: String,
    key: Option<String>,
}

/// `POST /operations/set-aside/replay`
pub async fn replay(State(app): State<App>, posted: Posted<Again>) -> Result<Redirect, AppError> {
    let Again { dataset, key } = posted.fields;
    sync::tell(&app, &posted.operator, &dataset, &Word::Replay { key }).await?;
    Ok(Redirect::to(&format!("{PATH}?dataset={dataset}")))
}
