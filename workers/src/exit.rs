//! How a program ends.

use std::process::ExitCode;

/// Tells what went wrong, if something did.
pub fn code(ended: anyhow::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
