//! The portal: what dealers see, and what their programs read.
//!
//! A request passes `serve` (connections), `routes` (layers, URL map), `auth` (who looks, at whose rows), a handler and its
//! view. Imports point one way: `main -> routes -> api -> operations, reports, exports, deliveries, home -> auth -> web -> audit, ui -> shared`;
//! all may name `error`, handlers and extractors also `state`.

pub mod api;
pub mod audit;
pub mod auth;
pub mod breaker;
pub mod config;
pub mod deliveries;
pub mod directory;
pub mod error;
pub mod exports;
pub mod frame;
pub mod home;
pub mod live_assets;
pub mod operations;
pub mod reports;
pub mod routes;
pub mod serve;
pub mod state;
pub mod surface;
pub mod ui;
pub mod web;

/// The whole portal over its state: what `serve` serves, and tests call.
pub fn app(state: state::App) -> axum::Router {
    routes::router(state)
}
