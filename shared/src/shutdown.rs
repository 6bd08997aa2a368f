//! SIGTERM and SIGINT: the first asks for an end, the second ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT. A second signal ends the process with status 130.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let asked = token.clone();
    tokio::spawn(async move {
        let mut next = async || tokio::select! { _ = term.recv() => (), _ = int.recv() => () };
        next().await;
        tracing::info!("Asked to stop: finishing what is under way");
        asked.cancel();
        next().await;
        std::process::exit(130);
    });
    Ok(token)
}
