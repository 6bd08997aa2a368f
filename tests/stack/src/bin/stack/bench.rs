//! `./dev bench`: the benchmark of `tests`, built for release, in a stack of its own.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use stack::install::{Wanted, install};
use stack::isolated::Isolated;
use stack::parts::{self, Parts};
use stack::process::Launch;
use stack::progress::step;

use crate::cargo::{build_programs, cargo, program};
use crate::{place, running};

/// No measurement takes longer.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

pub async fn run(words: &[String]) -> Result<ExitCode> {
    running::unless_stopped(async {
        let (parts, logs) = (Parts::locate(), place::logs());
        install(&parts, &logs, Wanted::ServersAndBrowser).await?;
        build_programs(&logs.join("bench-build.log"), true).await?;
        let build = ["build", "-p", "tests", "--release", "--bin", "bench"];
        cargo("Build the benchmark", &build, &logs.join("bench-build-tests.log")).await?;
        let isolated = step("PostgreSQL, Kafka, Keycloak", None, Isolated::start(&parts)).await?;
        let mut bench = Launch::new("bench", program(), logs.join("bench.log"))
            .args(["run", "-q", "-p", "tests", "--release", "--bin", "bench", "--"])
            .args(words)
            .envs(isolated.variables())
            .folder(parts::workspace())
            .on_terminal()
            .start()?;
        let status = bench.finished(LONGEST).await;
        Ok(if status.is_some_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
    .await
}
