//! The product's own programs as child processes of a test, and waiting for what they bring about.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stack::process::Launch;

/// Where cargo built `extractor`, `loader`, `migrate`, `portal` or `onec`.
pub fn binary(name: &str) -> PathBuf {
    stack::parts::binary(name).expect("a built program")
}

/// A program of ours, ready to be given variables and started; its log stands in `folder`. It inherits no variable
/// that configures the product.
pub fn launch(name: &str, folder: &Path) -> Launch {
    let log = folder.join(format!("{name}-{}.log", crate::fresh_name("")));
    let ours = [
        "DATABASE_",
        "CLICKHOUSE_",
        "KAFKA_",
        "ONEC_",
        "EXTRACT_",
        "EXPORT_",
        "AWS_",
        "PORTAL_",
        "OIDC_",
        "HEALTH_",
        "RUST_LOG",
    ];
    std::env::vars_os()
        .filter_map(|(variable, _)| variable.into_string().ok())
        .filter(|variable| ours.iter().any(|prefix| variable.starts_with(prefix)))
        .fold(Launch::new(name, binary(name), log), Launch::without_env)
}

/// Waits until `condition` holds, and panics with `what` when it does not within `deadline`.
pub async fn await_true(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + deadline;
    while !condition().await {
        assert!(Instant::now() < until, "not within {} s: {what}", deadline.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs the last work of a guard that is dropped outside of, or at the end of, its runtime.
pub(crate) fn aside(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), work).await.ok() });
        }
    });
    let _ = thread.join();
}
