//! `./dev bench`: what the product costs, measured on the real parts and printed as tables of ratios. Asserts nothing.
//! With `--against COMMIT` each row stands beside that commit's own programs, measured turn by turn in the same run.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are this program's output")]

mod asked;
mod build;
mod exports;
mod fill;
mod log;
mod meter;
mod passes;
mod portal;
mod road;
mod side;
mod table;
mod workers;

use std::path::PathBuf;

use build::Build;
use clap::Parser;
use road::Stack;

/// What to measure, and how much of it.
#[derive(Debug, Parser)]
struct Wanted {
    /// `exports`, `portal`, `workers`, `passes`, or all of them when none is named.
    parts: Vec<String>,
    /// Sale lines in the 1C stand-in for the full load.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// Full loads of each build, turn by turn.
    #[arg(long, default_value_t = 1)]
    loads: usize,
    /// Sale lines in the warehouse under the report.
    #[arg(long, default_value_t = 5_000_000)]
    warehouse_lines: u64,
    /// Requests measured for each row of the report's table.
    #[arg(long, default_value_t = 100)]
    requests: usize,
    /// Sale lines in the smaller base of the incremental pass.
    #[arg(long, default_value_t = 1_000_000)]
    base_lines: u64,
    /// Sale lines in the larger one. The figure asked for is that of ten millions; a trial takes fewer, and says so.
    #[arg(long, default_value_t = 2_000_000)]
    large_base_lines: u64,
    /// Rows of a file.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Writes one file, as a process of its own, and prints what that took.
    #[arg(long, hide = true)]
    write: Option<String>,
    /// The commit to compare with. Its sources and programs stand where the next two say; `./dev bench` gives all three.
    #[arg(long, requires_all = ["against_sources", "against_programs"])]
    against: Option<String>,
    #[arg(long, hide = true)]
    against_sources: Option<PathBuf>,
    #[arg(long, hide = true)]
    against_programs: Option<PathBuf>,
}

const PARTS: [&str; 4] = ["exports", "portal", "workers", "passes"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = Wanted::parse();
    if let Some(what) = &wanted.write {
        return exports::write(what, wanted.rows);
    }
    let measures = |part: &str| wanted.parts.is_empty() || wanted.parts.iter().any(|named| named == part);
    if let Some(other) = wanted.parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        anyhow::bail!("There is no benchmark {other}: name some of {}, or nothing for all.", PARTS.join(", "));
    }
    if measures("exports") {
        exports::measure(wanted.rows)?;
    }
    if wanted.parts == ["exports"] {
        return Ok(());
    }
    // The other build first: so it stands on the left.
    let mut builds = Vec::new();
    if let (Some(name), Some(sources), Some(programs)) =
        (&wanted.against, &wanted.against_sources, &wanted.against_programs)
    {
        builds.push(Build::of(name, sources, programs));
    }
    builds.push(Build::present()?);
    println!("The 1C stand-in alone, as it measures itself:\n{}", workers::ceiling()?);
    let stack = Stack::start().await?;
    if measures("portal") {
        portal::measure(&stack, &builds, wanted.warehouse_lines, wanted.requests).await?;
    }
    if measures("workers") {
        workers::measure(&stack, &builds, wanted.lines, wanted.loads).await?;
    }
    if measures("passes") {
        passes::measure(&stack, &builds, [wanted.base_lines, wanted.large_base_lines]).await?;
    }
    Ok(())
}
