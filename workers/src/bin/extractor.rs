//! 1C to Kafka, on a cron. `extractor check` compares the mappings with what the 1C server publishes, `propose` drafts a folder out of
//! that; `reread` and `release` are an operator's words to the extractors that run.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use shared::dataset::{Catalogue, Dataset};
use shared::{shutdown, telemetry};
use workers::config::{self, ExtractorConfig, OnecSettings};
use workers::erp::check::Metadata;
use workers::erp::propose::{self, Proposal};
use workers::erp::{Client, Mapping};
use workers::extract::{self, operator};

/// Reads 1C on a cron and sends what changed to Kafka.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Prints what the 1C administrator must still publish for the mappings to work.
    Check,
    /// Prints a dataset's folder for a catalog or a document of 1C, such as Document_ЗаказКлиента: a draft to edit.
    Propose { entity: String },
    /// Has a dataset read again, rejected items included. A mended mapping does that by itself.
    Reread {
        dataset: String,
        /// The first day of the documents, such as 2024-03-01.
        #[arg(long)]
        from: Option<NaiveDate>,
        /// Their last day.
        #[arg(long)]
        to: Option<NaiveDate>,
    },
    /// Lets through, once, the deletions of a dataset that were held because they were so many.
    Release { dataset: String },
}

/// The dataset of this name, and the jobs of all.
fn known(name: &str) -> anyhow::Result<(Dataset, Vec<config::Job>)> {
    let datasets = Catalogue::from_env()?;
    let names = || datasets.all().iter().map(|dataset| dataset.name()).collect::<Vec<_>>().join(", ");
    let dataset = datasets.get(name).with_context(|| format!("{name} is no dataset: give one of {}", names()))?;
    Ok((dataset, config::jobs_from_env(&datasets)?))
}

#[tokio::main]
async fn main() -> ExitCode {
    workers::memory::share_one_heap();
    telemetry::init();
    let ended = match Args::parse().command {
        None => run().await.map(|()| ExitCode::SUCCESS),
        Some(Command::Check) => check().await,
        Some(Command::Propose { entity }) => propose(&entity).await,
        Some(Command::Reread { dataset, from, to }) => reread(&dataset, from, to).await,
        Some(Command::Release { dataset }) => release(&dataset).await,
    };
    ended.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

async fn run() -> anyhow::Result<()> {
    let config = ExtractorConfig::from_env()?;
    extract::run(config, shutdown::on_signal().context("listen for signals")?).await
}

/// Needs the `DATABASE_` variables only, like `release`.
async fn reread(name: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> anyhow::Result<ExitCode> {
    let (dataset, jobs) = known(name)?;
    let read = operator::reread(&database()?, &jobs, dataset, from, to).await?;
    writeln!(
        std::io::stdout(),
        "{} of {dataset} are read again, and {} that were rejected, by {}, which begins at once where an extractor runs. It \
         reads by the mapping it was started with: restart it first where that was mended.",
        read.sent,
        read.rejected,
        read.job
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn release(name: &str) -> anyhow::Result<ExitCode> {
    let (dataset, jobs) = known(name)?;
    let held = operator::release(&database()?, &jobs, dataset).await?;
    let mut out = std::io::stdout().lock();
    if held.is_empty() {
        writeln!(out, "Nothing of {dataset} is held: there is nothing to let through.")?;
        return Ok(ExitCode::FAILURE);
    }
    for held in held {
        writeln!(
            out,
            "{} of {} {dataset} ({}) may go; the pass that begins now removes them.",
            held.missing, held.known, held.span
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn database() -> anyhow::Result<sqlx::PgPool> {
    let settings = shared::postgres::Settings::from_env("extractor", std::time::Duration::from_secs(600))?;
    Ok(shared::postgres::pool(&settings))
}

/// What the base says of itself.
async fn published() -> anyhow::Result<Metadata> {
    Ok(Metadata::parse(&Client::new(OnecSettings::from_env()?)?.metadata().await?)?)
}

/// Needs the `ONEC_` variables only.
async fn propose(entity: &str) -> anyhow::Result<ExitCode> {
    let Proposal { name, dataset, mapping } = propose::propose(&published().await?, entity)?;
    let configuration = config::configuration_from_env();
    writeln!(std::io::stdout(), "# --- {name}/dataset.toml\n{dataset}\n# --- {name}/{configuration}.toml\n{mapping}")?;
    Ok(ExitCode::SUCCESS)
}

/// Needs the `ONEC_` variables only; datasets that are `off` are not looked at.
async fn check() -> anyhow::Result<ExitCode> {
    let metadata = published().await?;
    let datasets = Catalogue::from_env()?;
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for dataset in config::datasets_asked(&datasets)? {
        let mapping = Mapping::of(dataset, &config::configuration_from_env())?;
        problems.extend(metadata.problems(&mapping));
        notes.extend(metadata.note(&mapping));
    }
    let mut out = std::io::stdout().lock();
    for line in notes.iter().chain(&problems) {
        writeln!(out, "{line}")?;
    }
    if problems.is_empty() {
        writeln!(out, "Everything that the mappings name is published, with types that fit.")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
