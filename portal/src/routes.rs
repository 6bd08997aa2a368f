//! The URL map and the layers, on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::error::AppError;
use crate::serve::Peer;
use crate::state::App;
use crate::web::{address::ClientAddress, assets, choose_language, csrf, draw_error, flow, headers, signed_out, trace};
use crate::{auth, exports, home, reports};

/// A form of ours is far below it. Bodies are read by extractors only, and those obey it.
const BODY_BYTES: usize = 1 << 20;

pub fn router(app: App) -> Router {
    let public = Arc::new(app.config.public.clone());
    let policy = headers::policy(&app.config.oidc.issuer);
    let (in_flight, time) = (app.in_flight.clone(), app.config.limits.request);
    Router::new()
        .merge(auth::routes())
        .merge(home::routes())
        .merge(reports::routes())
        .merge(exports::routes())
        .route("/signed-out", get(signed_out::show))
        .route("/language", post(choose_language::choose))
        .route("/assets/{name}", get(assets::show))
        .fallback(async || AppError::NotFound)
        .method_not_allowed_fallback(async || AppError::MethodNotAllowed)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(in_flight.clone(), trace::request))
                .layer(CatchPanicLayer::custom(flow::panicked))
                .layer(from_fn_with_state(policy, headers::add))
                // A fragment packs to a fifth at any level; the slower ones cost more than the query's own overhead.
                .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
                .layer(from_fn_with_state(public.clone(), draw_error::draw))
                // The outer one guards the layers; this one lets a handler's panic be drawn as a page.
                .layer(CatchPanicLayer::custom(flow::panicked))
                .layer(from_fn_with_state(in_flight, flow::shed))
                .layer(from_fn_with_state(time, flow::time_out))
                .layer(DefaultBodyLimit::max(BODY_BYTES))
                .layer(from_fn_with_state(public, csrf::guard))
                .layer(from_fn_with_state(app.clone(), client_address)),
        )
        .with_state(app)
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
