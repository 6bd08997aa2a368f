//! The stand-in as a program: `onec --listen 127.0.0.1:21070 --admin 127.0.0.1:21071 --lines 100000`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;
use clap::Parser;
use onec::{Fault, Habits, Moment, Onec, Options, Plan, Sessions, UrlLimit};

/// A stand-in for a 1C:Enterprise server with the standard OData interface of a trade base.
#[derive(Parser)]
struct Arguments {
    /// Address of OData
    #[arg(long, default_value = "127.0.0.1:21070")]
    listen: SocketAddr,
    /// Address of the admin port
    #[arg(long, default_value = "127.0.0.1:21071")]
    admin: SocketAddr,
    /// Path of the publication
    #[arg(long, default_value = "/base/ut")]
    publication: String,
    #[arg(long, default_value = "Обмен")]
    user: String,
    #[arg(long, default_value = "Пароль-1С")]
    password: String,
    #[arg(long, default_value_t = 12)]
    dealers: usize,
    #[arg(long, default_value_t = 400)]
    products: usize,
    /// Lines of all sale documents together
    #[arg(long, default_value_t = 20_000)]
    lines: usize,
    #[arg(long, default_value_t = 3)]
    years: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The last moment of sales, as 2026-11-23T12:00:00; now in Moscow by default
    #[arg(long)]
    now: Option<String>,
    /// Put a string of its own into every text of each dealer
    #[arg(long)]
    canaries: bool,
    /// Give three documents the years 1, 209 and 2106
    #[arg(long)]
    junk_dates: bool,
    /// Begin JSON with a byte order mark
    #[arg(long)]
    bom: bool,
    /// Compress for readers that accept gzip
    #[arg(long)]
    gzip: bool,
    /// Refuse long addresses as IIS does
    #[arg(long)]
    iis: bool,
    /// Answer /$count with 501
    #[arg(long)]
    no_count: bool,
    /// Ignore $top and $skip beside $inlinecount
    #[arg(long)]
    inline_count_sends_all: bool,
    /// Sessions by cookie, at most so many
    #[arg(long)]
    manual_sessions: Option<usize>,
    /// A fault in JSON, in force from the first request; may be repeated
    #[arg(long)]
    fault: Vec<String>,
    /// A file of further sets to publish, in the language of src/schema/ut11.txt; rows are given by --extra-rows or POST /rows/SET
    #[arg(long)]
    extra_schema: Option<PathBuf>,
    /// A JSON file of rows: {"Catalog_X": [{"Ref_Key": …, "Description": …}]}
    #[arg(long)]
    extra_rows: Option<PathBuf>,
    /// Measure the server against a local client and end
    #[arg(long)]
    self_bench: bool,
}

impl Arguments {
    fn options(&self) -> anyhow::Result<Options> {
        let mut faults = Vec::new();
        for text in &self.fault {
            faults.extend(Fault::read(text).map_err(|reason| anyhow::anyhow!("--fault {text}: {reason}"))?);
        }
        let now = match &self.now {
            Some(text) => {
                Moment::parse(text).with_context(|| format!("--now {text} is not like 2026-11-23T12:00:00"))?
            }
            None => Moment::now_in_moscow(),
        };
        Ok(Options {
            listen: self.listen,
            admin: self.admin,
            plan: Plan {
                dealers: self.dealers,
                products: self.products,
                lines: self.lines,
                years: self.years,
                seed: self.seed,
                canaries: self.canaries,
                junk_dates: self.junk_dates,
                now,
            },
            publication: self.publication.trim_end_matches('/').to_owned(),
            user: self.user.clone(),
            password: self.password.clone(),
            habits: Habits {
                has_bom: self.bom,
                compresses: self.gzip,
                counts: !self.no_count,
                inline_count_sends_all: self.inline_count_sends_all,
                url_limit: if self.iis { UrlLimit::Iis } else { UrlLimit::Apache },
                sessions: self
                    .manual_sessions
                    .map_or(Sessions::Automatic, |pool| Sessions::Manual { pool, idle_s: 20 }),
                ..Habits::default()
            },
            faults,
            extra_schema: self.extra_schema.as_deref().map(text_of).transpose()?,
            extra_rows: self.extra_rows.as_deref().map(text_of).transpose()?,
        })
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let options = arguments.options()?;
    let begun = Instant::now();
    let running = Onec::start(options)?;
    let (lines, revenue) = (arguments.lines, running.ledger().revenue);
    tracing::info!(
        "1C stand-in at {}, admin at {}: {lines} lines, sales of {revenue}, made in {:.1} s",
        running.url,
        running.admin_url,
        begun.elapsed().as_secs_f64()
    );
    if arguments.self_bench {
        return onec::bench::run(&running);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(stopped())
}

/// Until Ctrl-C or SIGTERM.
async fn stopped() -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("wait for Ctrl-C"),
        _ = terminated.recv() => Ok(()),
    }
}
