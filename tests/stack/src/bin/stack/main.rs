//! `./dev`: brings the whole product up on this machine, tests it, measures it, stops it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to people")]

mod bench;
mod cargo;
mod down;
mod keep;
mod own_parts;
mod place;
mod prepare;
mod product;
mod running;
mod sql;
mod test;
mod test_cluster;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stack::install::{Wanted, install};
use stack::parts::Parts;

#[derive(Debug, Parser)]
#[command(name = "./dev", about = "The dealer portal on this machine: run it, test it, measure it.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, build, start every part and the product, and wait for the first sync. Ctrl-C stops all.
    Up(up::Options),
    /// Only put the real parts into `.dev/parts`, as `up` does first.
    Install,
    /// Stop what `up` or `test NAME` left running elsewhere.
    Down {
        /// Also forget the data and the logs. Installed parts stay.
        #[arg(long)]
        purge: bool,
    },
    /// Print the addresses and credentials of the running stack as NAME=value lines.
    Env,
    /// Open ClickHouse or PostgreSQL of the running stack, or pipe a query to it.
    Sql(sql::Options),
    /// Run all checks and tests in a stack of their own; with names, only matching tests, in a stack kept warm.
    Test {
        /// Parts of test names; `manifests` first means the checks of the manifests alone, without a stack.
        names: Vec<String>,
        /// The tests that kill again and again, for seven minutes each.
        #[arg(long, conflicts_with = "names")]
        nightly: bool,
    },
    /// Have PostgreSQL describe every query of the code anew, into `.sqlx`: after a query or a migration was changed.
    Prepare,
    /// Run the product on the cluster that KUBECONFIG names and test it there, then remove it. `-- --help` lists more.
    TestCluster {
        /// Words for the test itself: `--keep`, names of steps.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Measure, in a stack of its own, built for release; with `--against COMMIT` that commit's programs beside, turn by turn.
    Bench {
        /// Words for the benchmark itself.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Hold a test stack until `./dev down` or an hour without use. `test NAME` starts this by itself.
    #[command(hide = true)]
    Keep,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("No runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Up(options) => up::run(options).await,
            Command::Install => {
                install(&Parts::locate(), &place::logs(), Wanted::Servers).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Down { purge } => down::run(purge).await,
            Command::Env => place::print_env(),
            Command::Sql(options) => sql::run(options).await,
            Command::Test { names, nightly } => test::run(&names, nightly).await,
            Command::Prepare => prepare::run().await,
            Command::TestCluster { words } => test_cluster::run(&words).await,
            Command::Bench { words } => bench::run(&words).await,
            Command::Keep => keep::run().await,
        }
    });
    // Nothing that still waits in the background holds the end.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
