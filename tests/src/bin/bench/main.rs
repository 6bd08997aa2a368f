//! `./dev bench`: what the product costs, measured on the real parts and printed as tables of ratios. Asserts nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are this program's output")]

mod meter;
mod portal;
mod road;
mod table;
mod workers;

use clap::Parser;

/// What to measure, and how much of it.
#[derive(Debug, Parser)]
struct Wanted {
    /// `workers`, `portal`, or both when none is named.
    parts: Vec<String>,
    /// Sale lines in the 1C stand-in for the full load.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// Sale lines in the warehouse under the report.
    #[arg(long, default_value_t = 5_000_000)]
    warehouse_lines: u64,
    /// Requests measured for each row of the report's table.
    #[arg(long, default_value_t = 300)]
    requests: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = Wanted::parse();
    let measures = |part: &str| wanted.parts.is_empty() || wanted.parts.iter().any(|named| named == part);
    if let Some(other) = wanted.parts.iter().find(|part| !matches!(part.as_str(), "workers" | "portal")) {
        anyhow::bail!("There is no benchmark {other}: name workers, portal, or nothing for both.");
    }
    if measures("workers") {
        workers::measure(wanted.lines).await?;
    }
    if measures("portal") {
        portal::measure(wanted.warehouse_lines, wanted.requests).await?;
    }
    Ok(())
}
