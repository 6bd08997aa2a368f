//! The URL map and the layers, on one screen.

use axum::Router;
use axum::routing::get;

use crate::error::AppError;
use crate::state::App;
use crate::web::assets;

pub fn router(app: App) -> Router {
    Router::new()
        .route("/assets/{name}", get(assets::show))
        .fallback(async || AppError::NotFound)
        .method_not_allowed_fallback(async || AppError::MethodNotAllowed)
        .with_state(app)
}
