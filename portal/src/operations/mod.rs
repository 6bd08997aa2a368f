//! What the manufacturer's staff does: `/operations` for people, `/api/v1/operations` for programs. Both are lists of routes, each
//! with the right that opens it; nothing is reached but through `admit`.

mod audit;
mod dealers;
mod form;
mod jobs;
mod look;
mod openapi;
mod people;
mod reconciliation;
mod set_aside;
mod sync;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};

use crate::auth::operator::Operator;
use crate::auth::right::Right;
use crate::error::AppError;
use crate::state::App;

/// A route and what it takes to enter it.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub right: Right,
    handler: MethodRouter<App>,
}

const fn route(method: Method, path: &'static str, right: Right, handler: MethodRouter<App>) -> Route {
    Route { method, path, right, handler }
}

/// The pages and their forms.
pub fn page_routes() -> Vec<Route> {
    use Right::{
        AllowLooking, CancelJobs, Grant, Look, SeeAudit, SeeJobs, SeePeople, SeeSetAside, SteerSync, WatchSync,
    };
    vec![
        route(Method::GET, "/operations/sync", WatchSync, get(sync::show)),
        route(Method::POST, "/operations/sync/{dataset}/run", SteerSync, post(sync::run)),
        route(Method::POST, "/operations/sync/{dataset}/pause", SteerSync, post(sync::pause)),
        route(Method::POST, "/operations/sync/{dataset}/resume", SteerSync, post(sync::resume)),
        route(Method::POST, "/operations/sync/{dataset}/reread", SteerSync, post(sync::reread)),
        route(Method::POST, "/operations/sync/{dataset}/release", SteerSync, post(sync::release)),
        route(Method::GET, "/operations/set-aside", SeeSetAside, get(set_aside::list)),
        route(Method::GET, "/operations/set-aside/document", SeeSetAside, get(set_aside::look)),
        route(Method::POST, "/operations/set-aside/replay", SteerSync, post(set_aside::replay)),
        route(Method::GET, "/operations/reconciliation", WatchSync, get(reconciliation::show)),
        route(Method::GET, "/operations/jobs", SeeJobs, get(jobs::list)),
        route(Method::POST, "/operations/jobs/{id}/cancel", CancelJobs, post(jobs::cancel)),
        route(Method::GET, "/operations/dealers", SeePeople, get(dealers::show)),
        route(Method::GET, "/operations/people", SeePeople, get(people::list)),
        route(Method::GET, "/operations/people/{subject}", SeePeople, get(people::show)),
        route(Method::POST, "/operations/people/{subject}/grants", Grant, post(people::grant)),
        route(Method::POST, "/operations/people/{subject}/grants/{dealer}/take", Grant, post(people::take)),
        route(Method::POST, "/operations/people/{subject}/looking", AllowLooking, post(people::allow_looking)),
        route(Method::POST, "/operations/look", Look, post(look::begin)),
        route(Method::GET, "/operations/audit", SeeAudit, get(audit::show)),
        route(Method::GET, "/operations/audit.csv", SeeAudit, get(audit::file)),
    ]
}

/// The same for programs.
pub fn api_routes() -> Vec<Route> {
    use Right::{CancelJobs, Grant, SeeAudit, SeeJobs, SeePeople, SeeSetAside, SteerSync, WatchSync};
    vec![
        route(Method::GET, "/api/v1/operations/sync", WatchSync, get(sync::api::list)),
        route(Method::POST, "/api/v1/operations/sync/{dataset}", SteerSync, post(sync::api::steer)),
        route(Method::GET, "/api/v1/operations/set-aside", SeeSetAside, get(set_aside::api::list)),
        route(Method::GET, "/api/v1/operations/set-aside/document", SeeSetAside, get(set_aside::api::look)),
        route(Method::GET, "/api/v1/operations/reconciliation", WatchSync, get(reconciliation::api::list)),
        route(Method::GET, "/api/v1/operations/jobs", SeeJobs, get(jobs::api::list)),
        route(Method::DELETE, "/api/v1/operations/jobs/{id}", CancelJobs, delete(jobs::api::cancel)),
        route(Method::GET, "/api/v1/operations/dealers", SeePeople, get(dealers::api::list)),
        route(Method::GET, "/api/v1/operations/people", SeePeople, get(people::api::list)),
        route(Method::GET, "/api/v1/operations/people/{subject}", SeePeople, get(people::api::show)),
        route(Method::POST, "/api/v1/operations/people/{subject}/grants", Grant, post(people::api::grant)),
        route(Method::DELETE, "/api/v1/operations/people/{subject}/grants/{dealer}", Grant, delete(people::api::take)),
        route(Method::GET, "/api/v1/operations/audit", SeeAudit, get(audit::api::list)),
    ]
}

/// Whoever ends a look is still in it: a route without a right.
pub fn pages(app: &App) -> Router<App> {
    guarded(app, page_routes(), Door::Session).route("/operations/look/end", post(look::end))
}

/// Their description holds nothing of anybody.
pub fn api(app: &App) -> Router<App> {
    guarded(app, api_routes(), Door::Token).route("/api/v1/operations/openapi.json", get(openapi::show))
}

/// How whoever enters shows who he is.
#[derive(Debug, Clone, Copy)]
enum Door {
    Session,
    Token,
}

fn guarded(app: &App, routes: Vec<Route>, door: Door) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, Route { path, right, handler, .. }| {
        router.route(path, handler.route_layer(from_fn_with_state((app.clone(), right, door), admit)))
    })
}

async fn admit(
    State((app, right, door)): State<(App, Right, Door)>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let (mut parts, body) = request.into_parts();
    let operator = match door {
        Door::Session => Operator::of_session(&mut parts, &app).await?,
        Door::Token => Operator::of_token(&mut parts, &app).await?,
    };
    operator.demand(right)?;
    parts.extensions.insert(operator);
    Ok(next.run(Request::from_parts(parts, body)).await)
}
