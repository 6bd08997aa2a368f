//! What people see while it runs, and what they asked for.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use stack::parts;
use stack::progress;

#[derive(Debug, Parser)]
#[command(name = "./dev test-cluster", about = "The product on the cluster that KUBECONFIG names, step after step.")]
pub struct Options {
    /// Leaves everything in the cluster, also what was there before, to look around or to run further steps.
    #[arg(long)]
    pub keep: bool,
    /// Only the steps whose names begin with one of these, on top of what `--keep` left.
    pub names: Vec<String>,
}

impl Options {
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| name.starts_with(wanted.as_str()))
    }

    /// Runs a step when it is wanted, and prints its line.
    pub async fn step(&self, name: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
        if self.wants(name) { progress::step(name, None, work).await } else { Ok(()) }
    }
}

/// `.dev/cluster`: logs, and the copy of the tree that the dev loop edits.
pub fn folder() -> PathBuf {
    parts::dev_folder().join("cluster")
}

/// A figure for the table at the end.
#[derive(Debug, Clone)]
pub struct Figure {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    pub fn note(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push(Figure { name: name.into(), value: value.into() });
    }

    pub fn seconds(&mut self, name: &str, time: std::time::Duration) {
        self.note(name, format!("{:.1} s", time.as_secs_f64()));
    }

    pub fn print(&self) {
        let width = self.0.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
        println!();
        for Figure { name, value } in &self.0 {
            println!("  {name}{}  {value:>10}", " ".repeat(width - name.chars().count()));
        }
    }
}
