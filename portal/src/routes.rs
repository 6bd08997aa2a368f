//! The URL map and the layers, on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::error::AppError;
use crate::serve::Peer;
use crate::state::App;
use crate::web::{
    address::ClientAddress, assets, choose_language, csrf, draw_error, flow, headers, refusals, signed_out, tag, trace,
};
use crate::{api, auth, deliveries, exports, home, operations, reports};

/// A form of ours is far below it. Bodies are read by extractors only, and those obey it.
const BODY_BYTES: usize = 1 << 20;

/// What this process serves. Pages and the API have layers of their own, which draw errors for people and for programs.
pub fn router(app: App) -> Router {
    let surfaces = app.config.surfaces;
    match (surfaces.web(), surfaces.reports_api() || surfaces.operations_api()) {
        (true, false) => web(app),
        (false, _) => api(app),
        (true, true) => {
            let (web, api) = (web(app.clone()), api(app));
            Router::new().fallback_service(tower::service_fn(move |request: Request| {
                if api::is_asked(request.uri().path()) { api.clone() } else { web.clone() }.oneshot(request)
            }))
        }
    }
}

fn web(app: App) -> Router {
    let public = Arc::new(app.config.public.clone());
    let routes = Router::new()
        .merge(auth::routes())
        .merge(home::routes())
        .merge(reports::routes())
        .merge(exports::routes())
        .merge(operations::pages(&app))
        .merge(deliveries::routes())
        .route("/signed-out", get(signed_out::show))
        .route("/language", post(choose_language::choose))
        .route("/assets/{name}", get(assets::show))
        .fallback(async || AppError::NotFound)
        .method_not_allowed_fallback(async || AppError::MethodNotAllowed)
        .layer(from_fn_with_state(public.clone(), csrf::guard))
        // Mail programs, which have no page of ours and no cookie.
        .merge(deliveries::routes_for_mail_programs());
    outside(&app, inside(&app, routes).layer(from_fn_with_state(public, draw_error::draw)))
}

/// Nothing is changed here and no cookie counts, so nothing is guarded against other sites.
fn api(app: App) -> Router {
    let mut routes = Router::new();
    if app.config.surfaces.reports_api() {
        routes = routes.merge(api::routes());
    }
    if app.config.surfaces.operations_api() {
        routes = routes.merge(operations::api(&app));
    }
    let routes =
        routes.fallback(async || AppError::NotFound).method_not_allowed_fallback(async || AppError::MethodNotAllowed);
    outside(&app, inside(&app, routes).layer(from_fn(api::draw)))
}

/// The layers within the drawing of errors.
fn inside(app: &App, routes: Router<App>) -> Router {
    let (in_flight, time) = (app.in_flight.clone(), app.config.limits.request);
    let layers = ServiceBuilder::new()
        // Lets a handler's panic be drawn.
        .layer(CatchPanicLayer::custom(flow::panicked))
        .layer(from_fn_with_state(in_flight, flow::shed))
        .layer(from_fn_with_state(time, flow::time_out))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), client_address))
        .layer(from_fn_with_state(app.clone(), refusals::written));
    routes.layer(layers).with_state(app.clone())
}

/// The layers around it.
fn outside(app: &App, drawn: Router) -> Router {
    let policy = headers::policy(&app.config.oidc.issuer);
    drawn.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(app.in_flight.clone(), trace::request))
            // Guards the layers themselves.
            .layer(CatchPanicLayer::custom(flow::panicked))
            .layer(from_fn_with_state(policy, headers::add))
            .layer(from_fn(tag::packed))
            // A fragment packs to a fifth at any level; the slower ones cost more than the query's own overhead.
            .layer(CompressionLayer::new().quality(CompressionLevel::Fastest)),
    )
}

/// Layer: whose connection, or whom a trusted proxy speaks for. Without a socket (in a test) it is nobody's.
async fn client_address(
    axum::extract::State(app): axum::extract::State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let address: ClientAddress = app.config.limits.proxies.client(peer, request.headers());
    request.extensions_mut().insert(address);
    next.run(request).await
}
