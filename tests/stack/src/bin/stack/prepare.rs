//! `./dev prepare`: has a PostgreSQL of its own, as the migrations in the tree make it, describe every query of the code into
//! `.sqlx`. By that the queries are checked when they are compiled, without a database.
//!
//! A query that was changed compiles nowhere until then, this program neither: `./dev` takes the one that was built last. What
//! it needs to know of the tree it reads from there.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use stack::install::{Wanted, install};
use stack::parts::{self, Parts};
use stack::ports;
use stack::postgres::{self, Postgres};
use stack::progress::step;

use crate::cargo::cargo_with;
use crate::{place, running};

pub async fn run() -> Result<ExitCode> {
    running::unless_stopped(async {
        let (parts, logs) = (Parts::locate(), place::logs());
        install(&parts, &logs, Wanted::Servers).await?;
        let path = tool().await?;
        let folder = tempfile::tempdir().context("make a folder for PostgreSQL")?;
        let settings = postgres::Settings {
            port: ports::free()?,
            folder: folder.path().to_owned(),
            log: logs.join("prepare-postgres.log"),
            durable: false,
        };
        let postgres = step("PostgreSQL", Some(&settings.log), Postgres::start(&parts, &settings)).await?;
        let variables = [("DATABASE_URL", postgres.url("prepare").into()), ("PATH", path)];
        let (workspace, log) = (parts::workspace(), |name: &str| logs.join(format!("prepare-{name}.log")));
        let migrate = ["sqlx", "database", "setup", "--source", "shared/migrations/postgres"];
        cargo_with(&workspace, &variables, "Migrate", &migrate, &log("migrate")).await?;
        // The second: with the features of all crates together, as ./dev builds them.
        let describe = ["sqlx", "prepare", "--workspace", "--", "--workspace"];
        cargo_with(&workspace, &variables, "Describe the queries", &describe, &log("queries")).await?;
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Installs cargo's `sqlx` of the version that the workspace has of the library; a search path that leads to it.
async fn tool() -> Result<OsString> {
    let tools = parts::dev_folder().join("tools");
    let version = version()?;
    let root = tools.display().to_string();
    let installed = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if !installed.contains(&format!("\"sqlx-cli {version} ")) {
        let words = ["install", "sqlx-cli", "--version", &version, "--locked", "--debug", "--root", &root];
        let only = ["--no-default-features", "--features", "postgres,rustls"];
        let target = tools.join("target");
        let variables = [("CARGO_TARGET_DIR", target.clone().into_os_string())];
        let log = place::logs().join("install-sqlx-cli.log");
        let name = format!("Install sqlx-cli {version}");
        cargo_with(&parts::workspace(), &variables, &name, &[&words[..], &only].concat(), &log).await?;
        place::forget(&target)?;
    }
    let here = shared::env::or("PATH", "");
    let all = [tools.join("bin")].into_iter().chain(std::env::split_paths(&here));
    std::env::join_paths(all).context("a search path for programs")
}

/// Of sqlx, by `Cargo.lock`.
fn version() -> Result<String> {
    let lock = std::fs::read_to_string(parts::workspace().join("Cargo.lock")).context("read Cargo.lock")?;
    let after = lock.split_once("name = \"sqlx\"\nversion = \"").map(|(_, after)| after);
    let version = after.and_then(|after| after.split('"').next()).context("Cargo.lock names no sqlx.")?;
    Ok(version.to_owned())
}
