//! The full load: 1C → Kafka, Kafka → ClickHouse, and both at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sqlx::Connection;
use stack::parts;
use stack::ports;
use stack::process::{Launch, Process};

use crate::build::Build;
use crate::road::{Road, Stack};
use crate::table::Compared;
use crate::{meter, table};

pub const PATIENCE: Duration = Duration::from_secs(900);

/// dlt with a hand-made Arrow path on two such cores: lines a second straight into ClickHouse, CPU seconds a million, MB.
const BEST_OTHER: (f64, f64, f64) = (172_000.0, 5.0, 400.0);

struct Used {
    name: String,
    cpu: f64,
    peak_mb: f64,
}

struct Stage {
    name: &'static str,
    seconds: f64,
    used: Vec<Used>,
}

pub async fn measure(stack: &Stack, builds: &[Build], lines: u64, loads: usize) -> Result<()> {
    eprintln!("bench: a 1C stand-in with {lines} sale lines, loaded {loads} times by each build");
    let onec = Onec::start(stack, lines).await?;
    let mut roads = Vec::new();
    for build in builds {
        roads.push(Road::start(stack, build, "load").await?);
    }
    let mut all: Vec<Vec<Stage>> = builds.iter().map(|_| Vec::new()).collect();
    for load in 0..loads {
        for (road, stages) in roads.iter_mut().zip(&mut all) {
            road.fresh(&format!("apart{load}")).await?;
            stages.push(extract_alone(road, &onec).await?);
            stages.push(load_alone(road).await?);
            road.fresh(&format!("both{load}")).await?;
            stages.push(both(road, &onec).await?);
        }
    }
    report(builds, lines, &all);
    Ok(())
}

pub struct Onec {
    pub process: Process,
    pub url: String,
    /// Where its people change things.
    pub admin: String,
}

impl Onec {
    pub async fn start(stack: &Stack, lines: u64) -> Result<Self> {
        let (port, admin) = (ports::free()?, ports::free()?);
        let mut process = Launch::new("onec", parts::binary("onec")?, stack.folder.path().join("onec.log"))
            .args(["--listen".to_owned(), format!("127.0.0.1:{port}")])
            .args(["--admin".to_owned(), format!("127.0.0.1:{admin}")])
            .args(["--lines".to_owned(), lines.to_string(), "--dealers".to_owned(), "200".to_owned()])
            .args(["--products", "5000"])
            .start()?;
        let (http, admin) = (stack::http()?, format!("http://127.0.0.1:{admin}"));
        let stats = format!("{admin}/stats");
        process.until_ready(PATIENCE, async |_| http.get(&stats).send().await.is_ok()).await?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}/base/ut/odata/standard.odata"), admin })
    }
}

/// Lines a second that the stand-in serves, as it measures itself: nothing that reads it can be faster.
pub fn ceiling() -> Result<String> {
    // Ports of its own, for the usual ones may be taken by a stack that runs.
    let output = std::process::Command::new(parts::binary("onec")?)
        .args(["--self-bench", "--lines", "300000", "--products", "5000", "--dealers", "200"])
        .args(["--listen".to_owned(), format!("127.0.0.1:{}", ports::free()?)])
        .args(["--admin".to_owned(), format!("127.0.0.1:{}", ports::free()?)])
        .current_dir(std::env::temp_dir())
        .output()
        .context("run the stand-in's own benchmark")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && !said.is_empty(), "the stand-in measured nothing: {}", failed.trim());
    Ok(said)
}

/// Only sales are read, every second; the catalogs once.
pub fn extractor(road: &Road<'_>, onec: &Onec) -> Result<Process> {
    let mut launch = road
        .launch("extractor", "audit_ro")?
        .env("ONEC_URL", &onec.url)
        .env("ONEC_USER", "Обмен")
        .env("ONEC_PASSWORD", "Пароль-1С")
        .env("ONEC_REQUESTS_PER_SECOND", "1000")
        .env("EXTRACT_CRON", "off")
        .env("EXTRACT_CRON_SALES", "* * * * * *");
    for seldom in ["PRODUCTS", "DEALERS", "CURRENCIES", "UNITS", "SALES_FULL", "AUDIT"] {
        launch = launch.env(format!("EXTRACT_CRON_{seldom}"), "0 0 0 1 1 *");
    }
    launch.start()
}

/// Seconds from the claim of the first pass to its end, as PostgreSQL has them.
pub async fn first_pass_seconds(road: &Road<'_>, extractor: &mut Process) -> Result<f64> {
    let mut database = sqlx::PgConnection::connect(&road.database_url()).await?;
    let mut seconds = None;
    road.until("the first full pass", PATIENCE, &mut [extractor], async || {
        seconds = sqlx::query_scalar::<_, f64>(
            "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM slot
             WHERE dataset = 'sales' AND state = 'done' ORDER BY finished_at LIMIT 1",
        )
        .fetch_optional(&mut database)
        .await?;
        Ok(seconds.is_some())
    })
    .await?;
    seconds.context("the pass has no times")
}

async fn extract_alone(road: &Road<'_>, onec: &Onec) -> Result<Stage> {
    let shared = [&onec.process, &road.stack.kafka.process, &road.stack.postgres.process];
    let before = cpu_of(&shared);
    let mut extractor = extractor(road, onec)?;
    let seconds = first_pass_seconds(road, &mut extractor).await?;
    Ok(Stage { name: "1C → Kafka", seconds, used: used(&[&extractor], &shared, &before) })
}

async fn arrived(road: &Road<'_>, loader: &mut Process) -> Result<()> {
    let warehouse = road.client("audit_ro");
    let sql = "SELECT count() FROM (SELECT uniqExact(partition) AS seen, max(partitions) AS all FROM dw.pass FINAL \
               WHERE dataset = 'sales') WHERE seen = all AND all > 0";
    road.until("the pass in ClickHouse", PATIENCE, &mut [loader], async || {
        Ok(warehouse.query(sql).fetch_one::<u64>().await? == 1)
    })
    .await
}

/// The loader has been given its partitions: it raises their epochs then.
async fn joined(road: &Road<'_>, loader: &mut Process) -> Result<()> {
    let mut database = sqlx::PgConnection::connect(&road.database_url()).await?;
    road.until("the loader in its group", PATIENCE, &mut [loader], async || {
        Ok(sqlx::query_scalar("SELECT count(*) > 0 FROM batch").fetch_one(&mut database).await?)
    })
    .await
}

async fn load_alone(road: &Road<'_>) -> Result<Stage> {
    let shared = [&road.clickhouse.process, &road.stack.kafka.process];
    let before = cpu_of(&shared);
    let start = Instant::now();
    let mut loader = road.launch("loader", "loader")?.start()?;
    arrived(road, &mut loader).await?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Stage { name: "Kafka → ClickHouse", seconds, used: used(&[&loader], &shared, &before) })
}

async fn both(road: &Road<'_>, onec: &Onec) -> Result<Stage> {
    let (kafka, postgres) = (&road.stack.kafka.process, &road.stack.postgres.process);
    let shared = [&road.clickhouse.process, kafka, &onec.process, postgres];
    let mut loader = road.launch("loader", "loader")?.start()?;
    joined(road, &mut loader).await?;
    let (before, start) = (cpu_of(&shared), Instant::now());
    let extractor = extractor(road, onec)?;
    arrived(road, &mut loader).await?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Stage { name: "end to end", seconds, used: used(&[&extractor, &loader], &shared, &before) })
}

fn cpu_of(processes: &[&Process]) -> Vec<f64> {
    processes.iter().map(|process| meter::cpu_seconds(process.id())).collect()
}

/// What programs of ours have used since they were started, and shared ones since `before`.
fn used(own: &[&Process], shared: &[&Process], before: &[f64]) -> Vec<Used> {
    let own = own.iter().map(|process| (process, 0.0));
    own.chain(shared.iter().zip(before.iter().copied()))
        .map(|(process, before)| Used {
            name: process.name().to_owned(),
            cpu: meter::cpu_seconds(process.id()) - before,
            peak_mb: meter::peak_mb(process.id()),
        })
        .collect()
}

/// The median over the loads of what `value` finds in each stage of this name.
fn median(stages: &[Stage], name: &str, value: impl Fn(&Stage) -> Option<f64>) -> f64 {
    let mut values: Vec<f64> = stages.iter().filter(|stage| stage.name == name).filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    meter::percentile(&values, 0.5)
}

fn report(builds: &[Build], lines: u64, all: &[Vec<Stage>]) {
    let millions = lines as f64 / 1e6;
    let each = |name: &str, value: &dyn Fn(&Stage) -> Option<f64>| -> Vec<f64> {
        all.iter().map(|stages| median(stages, name, value)).collect()
    };
    let (mut speed, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for stage in all.first().into_iter().flatten().take(3) {
        let is_whole = stage.name == "end to end";
        speed.push(Compared {
            what: format!("{}: lines a second", stage.name),
            values: each(stage.name, &|stage| Some(lines as f64 / stage.seconds)),
            reach: if is_whole { "≥ 1.25×" } else { "" },
        });
        let of = |name: &str, what: fn(&Used) -> f64| {
            each(stage.name, &|stage| stage.used.iter().find(|used| used.name == name).map(what))
        };
        let ours = |used: &&Used| used.name != "onec" && used.name != "postgres";
        cpu.push(Compared {
            what: format!("{}: the product and its parts", stage.name),
            values: each(stage.name, &|stage| {
                Some(stage.used.iter().filter(ours).map(|used| used.cpu).sum::<f64>() / millions)
            }),
            reach: if is_whole { "≤ 4.2" } else { "" },
        });
        for used in &stage.used {
            let is_worker = matches!(used.name.as_str(), "extractor" | "loader");
            let what = format!("{}: {}", stage.name, used.name);
            let values = of(&used.name, |used| used.cpu).iter().map(|cpu| cpu / millions).collect();
            cpu.push(Compared { what: what.clone(), values, reach: "" });
            let values = of(&used.name, |used| used.peak_mb);
            memory.push(Compared { what, values, reach: if is_worker { "≤ 80" } else { "" } });
        }
    }
    let (rate, seconds, mb) = BEST_OTHER;
    table::compared(&format!("Full load of {lines} sale lines (dlt's best path: {rate:.0} a second)"), builds, &speed);
    table::compared(&format!("CPU seconds a million lines (dlt's best path: {seconds})"), builds, &cpu);
    table::compared(&format!("Peak memory in MB since the part was started (dlt: {mb})"), builds, &memory);
}
