//! Reads the configuration, opens what the portal needs, serves until told to stop.

use anyhow::Context as _;
use portal::{config::Config, state::App};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    shared::telemetry::init();
    let config = Config::from_env()?;
    let listener = tokio::net::TcpListener::bind(config.listen).await.context("listen on PORTAL_LISTEN")?;
    axum::serve(listener, portal::app(App::new(config)?)).await.context("serve")
}
