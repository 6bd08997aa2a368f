//! Dealers, as they have come from 1C: who sees each of them, and the way to look as one.

pub mod api;

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use shared::ids::DealerId;
use shared::words::Text;
use shared::words::facts::dealer_name;
use utoipa::IntoParams;

use crate::auth::operator::Operator;
use crate::auth::right::Right;
use crate::error::AppError;
use crate::frame;
use crate::operations::form::{nothing, search};
use crate::state::App;
use crate::web::input::Query;

/// Dealers that a page shows; the search finds the others.
const LISTED: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A part of the name.
    #[serde(default)]
    #[param(required = false)]
    search: String,
}

/// The dealers that this operator has to do with, by name: all for an administrator.
pub async fn known(app: &App, operator: &Operator) -> Result<Vec<(DealerId, String)>, AppError> {
    let dealers = match &operator.dealers {
        Some(own) => own.clone(),
        // Names stand in ClickHouse; which dealers there are, the ledger of what was sent knows.
        None => sqlx::query_scalar!(r#"SELECT DISTINCT key FROM sent WHERE dataset = 'dealers'"#)
            .fetch_all(&app.postgres)
            .await?
            .into_iter()
            .map(DealerId)
            .collect(),
    };
    app.ask(app.engine.names_of(&dealers)).await
}

/// How many people see each dealer: by what Keycloak said at their last sign-in, and by grants.
async fn people(app: &App) -> Result<HashMap<DealerId, i64>, AppError> {
    let counted = sqlx::query!(
        r#"SELECT dealer_id AS "dealer!", count(DISTINCT subject) AS "people!" FROM (
             SELECT subject, dealer_id FROM current_grant
             UNION ALL
             SELECT subject, unnest(claimed_dealers) FROM person WHERE role = 'dealer') AS seen
           GROUP BY dealer_id"#,
    );
    let counted = counted.fetch_all(&app.postgres).await?;
    Ok(counted.into_iter().map(|row| (DealerId(row.dealer), row.people)).collect())
}

fn found(known: Vec<(DealerId, String)>, search: &str) -> Vec<(DealerId, String)> {
    let word = search.trim().to_lowercase();
    known.into_iter().filter(|(_, name)| name.to_lowercase().contains(&word)).collect()
}

/// `GET /operations/dealers`
pub async fn show(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let (known, people) = tokio::try_join!(known(&app, &operator), people(&app))?;
    let text = Text::of(operator.language);
    let drawn = page(text, &operator, &asked.search, (known.is_empty(), found(known, &asked.search)), &people);
    Ok(frame::staff_page(&operator, text.get("operations-dealers"), "/operations/dealers", &drawn).into_response())
}

fn page(
    text: Text,
    operator: &Operator,
    asked: &str,
    (is_empty, found): (bool, Vec<(DealerId, String)>),
    people: &HashMap<DealerId, i64>,
) -> Markup {
    html! {
        div.title { h1 { (text.get("operations-dealers")) } }
        @if is_empty {
            (nothing(text.get(if operator.dealers.is_some() { "dealers-none-granted" } else { "dealers-none" })))
        } @else {
            (search(text, "/operations/dealers", asked, text.get("dealers-search")))
            @if found.is_empty() { (nothing(text.get("nothing-found"))) }
            @else {
                @if found.len() > LISTED {
                    p.fine { (text.with("list-is-long", &[("shown", LISTED.into()), ("count", found.len().into())])) }
                }
                ul.entries {
                    @for (dealer, name) in found.iter().take(LISTED) {
                        li.card { (entry(text, operator, (*dealer, name), people.get(dealer).copied().unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

fn entry(text: Text, operator: &Operator, (dealer, name): (DealerId, &str), people: i64) -> Markup {
    html! {
        div {
            strong hx-ignore { (dealer_name(text, name)) }
            p.fine {
                a href={ "/operations/people?dealer=" (dealer) } { (text.with("dealers-people", &[("count", people.into())])) }
            }
        }
        @if operator.may(Right::Look) {
            details.act {
                summary { (text.get("look-as")) }
                form method="post" action="/operations/look" {
                    input type="hidden" name="form_token" value=(operator.form_token);
                    input type="hidden" name="dealer" value=(dealer);
                    label { (text.get("look-reason")) input name="reason" required maxlength="200"; }
                    p.fine { (text.get("look-promise")) }
                    button.primary type="submit" { (text.get("look-begin")) }
                }
            }
        }
    }
}
