//! `./dev test-cluster`: the product on the cluster that KUBECONFIG names, step after step. Needs kubectl, skaffold and
//! docker; asserts what a user would notice, and never on time.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and talks"
)]

mod any_user;
mod change;
mod dev_loop;
mod forward;
mod images;
mod kubectl;
mod measures;
mod overlays;
mod pods;
mod rollout;
mod services;
mod site;
mod skaffold;
mod steps;
mod up;
mod volumes;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use kubectl::{NAMESPACE, here, kubectl};
use steps::{Figures, Options};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match claim_namespace(&options).await {
        Ok(()) => {
            let outcome = until_stopped(&options).await;
            if outcome.is_err() {
                show_pods().await;
            }
            if !options.keep {
                leave().await;
            }
            outcome
        }
        refused => refused,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What somebody has running there is not ours to remove.
async fn claim_namespace(options: &Options) -> Result<()> {
    if !options.keep && kubectl(&["get", "namespace", NAMESPACE]).await.is_ok() {
        bail!(
            "The cluster has a namespace {NAMESPACE} already: remove it (kubectl delete namespace {NAMESPACE}), \
             or test on top of it and leave it there with --keep."
        );
    }
    Ok(())
}

async fn until_stopped(options: &Options) -> Result<()> {
    let mut figures = Figures::default();
    let work = std::panic::AssertUnwindSafe(all(options, &mut figures));
    let (mut stop, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let outcome = tokio::select! {
        outcome = futures_util::FutureExt::catch_unwind(work) => outcome.unwrap_or_else(|_| bail!("A step panicked: see above.")),
        _ = stop.recv() => bail!("Told to stop."),
        _ = interrupt.recv() => bail!("Told to stop."),
    };
    figures.print();
    outcome
}

/// Steps that need what runs.
const RUNNING: [&str; 12] =
    ["run", "verify", "change", "ledger", "programs", "file", "mail", "user", "rollout", "pods", "loop", "measures"];

async fn all(options: &Options, figures: &mut Figures) -> Result<()> {
    options.step("overlays: both, server-side", overlays::are_taken()).await?;
    options.step("images: public names", images::provide()).await?;
    let began = Instant::now();
    options.step("build: our images", up::build()).await?;
    if options.wants("build") {
        figures.seconds("images of ours built", began.elapsed());
    }
    let began = Instant::now();
    options.step("run: skaffold run to ready", up::deploy()).await?;
    if !RUNNING.iter().any(|name| options.wants(name)) {
        return Ok(());
    }
    let (forwards, site, took) = up::first_report(began).await?;
    if options.wants("run") {
        figures.seconds("start → first report", took);
    }
    options.step("verify: smoke test in the cluster", up::verify()).await?;
    options.step("change: a cron pass carries it", change::arrives(&site)).await?;
    options.step("ledger: equal", site.await_equal()).await?;
    options.step("programs: a token, rows", services::answer_programs()).await?;
    options.step("file: its pod killed", services::make_a_file_once_more(figures)).await?;
    options.step("mail: a delivery", services::send_a_mail(figures)).await?;
    options.step("user: any UID, read-only root", any_user::runs_them()).await?;
    options.step("rollout: portal under load", rollout::loses_no_request(figures)).await?;
    options.step("pods: each deleted in turn", pods::come_back(&site, figures)).await?;
    drop(forwards);
    options.step("loop: skaffold dev", dev_loop::carries_edits(figures)).await?;
    options.step("measures", measures::note(figures)).await
}

/// What a person would look at first.
async fn show_pods() {
    if let Ok(pods) = here(&["get", "pods", "-o", "wide"]).await {
        eprintln!("\n{pods}");
    }
}

async fn leave() {
    let removed = async {
        kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=180s"]).await?;
        volumes::forget().await
    };
    if let Err(error) = removed.await {
        eprintln!("The namespace {NAMESPACE} may still be there: {error:#}");
    }
}
