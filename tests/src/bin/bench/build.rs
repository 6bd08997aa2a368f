//! Whose programs are measured: those of this working tree, or of another commit that `./dev bench` has built.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use stack::clickhouse;

/// Programs of the product built for release, with the configuration that belongs to them.
#[derive(Debug)]
pub struct Build {
    /// As the head of its column.
    pub name: String,
    programs: PathBuf,
    /// The folder of ClickHouse's config.xml and users.xml: limits and settings are the product's, too.
    pub clickhouse: PathBuf,
}

impl Build {
    /// What was built together with this program.
    pub fn present() -> Result<Self> {
        let own = std::env::current_exe()?;
        let programs = own.parent().context("this program stands in a folder")?.to_owned();
        Ok(Self { name: "now".to_owned(), programs, clickhouse: clickhouse::product_config() })
    }

    pub fn of(commit: &str, sources: &Path, programs: &Path) -> Self {
        let name = commit.chars().take(7).collect();
        Self { name, programs: programs.to_owned(), clickhouse: sources.join("shared/clickhouse") }
    }

    pub fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.programs.join(name);
        ensure!(path.is_file(), "{} is not built: start this by ./dev bench.", path.display());
        Ok(path)
    }
}
