//! People, and which dealers they see: by Keycloak, and by grants that are given here, with an end and a reason.

pub mod api;
mod query;
mod view;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::NaiveDate;
use serde::Deserialize;
use shared::ids::DealerId;
use shared::words::Text;
use utoipa::IntoParams;
use uuid::Uuid;

use self::query::{Given, Person, Wanted};
pub use self::view::role_name;
use self::view::{Form, List, OnePerson};
use super::dealers;
use crate::auth::form::Nothing;
use crate::auth::operator::{Operator, Posted};
use crate::error::AppError;
use crate::frame;
use crate::operations::form::reason;
use crate::state::App;
use crate::web::input::{Path, Query};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A part of the name; administrators find by it whoever Keycloak knows.
    #[serde(default)]
    #[param(required = false)]
    search: String,
    /// Those who see this dealer.
    dealer: Option<Uuid>,
}

/// `GET /operations/people`
pub async fn list(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let found = found(&app, &operator, &asked).await?;
    let dealers = dealers::known(&app, &operator).await.unwrap_or_default();
    let text = Text::of(operator.language);
    let drawn = List {
        text,
        people: &found.people,
        is_directory_away: found.is_directory_away,
        asked: &asked.search,
        dealer: asked.dealer.map(DealerId),
        dealers: &dealers,
        timezone: app.engine.timezone(),
    }
    .draw();
    Ok(frame::staff_page(&operator, text.get("operations-people"), "/operations/people", &drawn).into_response())
}

struct Found {
    people: Vec<Person>,
    /// Keycloak was asked, and did not answer: only those are listed who have been here.
    is_directory_away: bool,
}

/// Who has been here, and to an administrator whoever Keycloak finds by the same word.
async fn found(app: &App, operator: &Operator, asked: &Asked) -> Result<Found, AppError> {
    let wanted = Wanted { subject: None, search: &asked.search, dealer: asked.dealer };
    let mut people = query::people(app, operator, &wanted).await?;
    let mut is_directory_away = false;
    if let (None, None, Some(directory)) = (&operator.dealers, asked.dealer, &app.directory)
        && !asked.search.trim().is_empty()
    {
        match directory.search(asked.search.trim()).await {
            Ok(others) => {
                for other in others {
                    if !people.iter().any(|known| known.subject == other.subject) {
                        people.push(other.into());
                    }
                }
            }
            Err(cause) => {
                tracing::warn!(%cause, "Keycloak's list of people could not be read");
                is_directory_away = true;
            }
        }
    }
    Ok(Found { people, is_directory_away })
}

/// `GET /operations/people/{subject}`
pub async fn show(
    operator: Operator,
    State(app): State<App>,
    Path(subject): Path<String>,
) -> Result<Response, AppError> {
    drawn(&app, &operator, &subject, &Form::default()).await
}

async fn drawn(app: &App, operator: &Operator, subject: &str, form: &Form) -> Result<Response, AppError> {
    let person = query::person(app, operator, subject).await?;
    let (grants, dealers) = tokio::try_join!(query::grants(app, operator, subject), dealers::known(app, operator))?;
    let text = Text::of(operator.language);
    let (timezone, today) = (app.engine.timezone(), app.engine.today());
    let page = OnePerson { text, operator, person: &person, grants: &grants, dealers: &dealers, form, timezone, today };
    let here = view::path(subject);
    let page = frame::staff_page(operator, view::name(text, &person), &here, &page.draw());
    Ok((form.status(), page).into_response())
}

#[derive(Deserialize)]
pub struct Granted {
    #[serde(default)]
    dealer: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    reason: String,
}

/// `POST /operations/people/{subject}/grants`
pub async fn grant(
    State(app): State<App>,
    Path(subject): Path<String>,
    posted: Posted<Granted>,
) -> Result<Response, AppError> {
    let Posted { operator, fields } = posted;
    let form = Form { dealer: fields.dealer, until: fields.until, reason: fields.reason, wrong: None };
    let person = query::person(&app, &operator, &subject).await?;
    match given(&app, &operator, &form).await? {
        Ok(given) => {
            query::grant(&app, &operator, &person, &given).await?;
            Ok(Redirect::to(&view::path(&subject)).into_response())
        }
        Err(wrong) => drawn(&app, &operator, &subject, &Form { wrong: Some(wrong), ..form }).await,
    }
}

/// What a form asks for, or the field that does not fit with the name of a sentence.
type Checked<T> = Result<T, (&'static str, &'static str)>;

async fn given<'a>(app: &App, operator: &Operator, form: &'a Form) -> Result<Checked<Given<'a>>, AppError> {
    let Ok(dealer) = form.dealer.trim().parse::<Uuid>() else { return Ok(Err(("dealer", "grant-dealer-wrong"))) };
    // A foreign dealer and one that is nowhere are answered alike.
    if !dealers::known(app, operator).await?.iter().any(|(known, _)| known.0 == dealer) {
        return Ok(Err(("dealer", "grant-dealer-wrong")));
    }
    let until = match form.until.trim() {
        "" => None,
        day => match day.parse::<NaiveDate>() {
            Ok(day) if day >= app.engine.today() && day.format("%Y").to_string().len() == 4 => Some(day),
            _ => return Ok(Err(("until", "grant-until-wrong"))),
        },
    };
    let Some(reason) = reason(&form.reason) else { return Ok(Err(("reason", "reason-wrong"))) };
    Ok(Ok(Given { dealer, until, reason }))
}

/// `POST /operations/people/{subject}/grants/{dealer}/take`
pub async fn take(
    State(app): State<App>,
    Path((subject, dealer)): Path<(String, Uuid)>,
    posted: Posted<Nothing>,
) -> Result<Redirect, AppError> {
    taken(&app, &posted.operator, &subject, dealer).await?;
    Ok(Redirect::to(&view::path(&subject)))
}

/// A manager takes back his own dealers only.
async fn taken(app: &App, operator: &Operator, subject: &str, dealer: Uuid) -> Result<(), AppError> {
    if operator.has(DealerId(dealer)) && query::take(app, operator, subject, dealer).await? {
        Ok(())
    } else {
        Err(AppError::NotFound)
    }
}

#[derive(Deserialize)]
pub struct Looking {
    /// `true` or `false`.
    allow: String,
}

/// `POST /operations/people/{subject}/looking`
pub async fn allow_looking(
    State(app): State<App>,
    Path(subject): Path<String>,
    posted: Posted<Looking>,
) -> Result<Redirect, AppError> {
    let Posted { operator, fields: Looking { allow } } = posted;
    let person = query::person(&app, &operator, &subject).await?;
    query::allow_looking(&app, &operator, &person.subject, allow == "true").await?;
    Ok(Redirect::to(&view::path(&subject)))
}
