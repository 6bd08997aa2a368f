//! Apache Kafka as a child process: one KRaft node. Topics are made through the admin client.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shared::dataset::Catalogue;
use workers::config::KafkaSettings;
use workers::kafka::topics;

use crate::parts::{self, Parts};
use crate::process::{Launch, Process};

const SERVER_PROPERTIES: &str = include_str!("../kafka/server.properties");
const LOG_SETTINGS: &str = "tests/stack/kafka/log4j2.properties";
const CLUSTER_ID: &str = "AAAAAAAAAAAAAAAAAAAAAQ";

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    pub controller_port: u16,
    /// Holds `data/` and the rendered `server.properties`.
    pub folder: PathBuf,
    pub log: PathBuf,
    /// Lines of server.properties that override ours, for tests of limits and retention.
    pub properties: Vec<(String, String)>,
}

/// A running Kafka broker.
#[derive(Debug)]
pub struct Kafka {
    pub process: Process,
    port: u16,
}

impl Kafka {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        Self::start_with(parts, settings, &[]).await
    }

    /// A start whose end writes the class archive.
    pub(crate) async fn start_recording(parts: &Parts, settings: &Settings) -> Result<Self> {
        let record = format!("-XX:ArchiveClassesAtExit={}", parts.class_archive("kafka").display());
        Self::start_with(parts, settings, &[record]).await
    }

    async fn start_with(parts: &Parts, settings: &Settings, options: &[String]) -> Result<Self> {
        std::fs::create_dir_all(&settings.folder)?;
        let file = settings.folder.join("server.properties");
        std::fs::write(&file, properties(settings))?;
        if !settings.folder.join("data/meta.properties").is_file() {
            format(parts, &file)?;
        }
        let launch = Launch::new("kafka", parts.java(), &settings.log)
            .arg("-Xmx256m")
            .args(options)
            .args(java_words(parts))
            .args(["kafka.Kafka".into(), file.into_os_string()])
            .stop_within(Duration::from_secs(20));
        let mut kafka = Self { process: launch.start()?, port: settings.port };
        kafka.ready().await?;
        Ok(kafka)
    }

    pub async fn ready(&mut self) -> Result<()> {
        self.process.until_ready(Duration::from_secs(60), async |output| output.contains("Kafka Server started")).await
    }

    pub async fn restart(&mut self) -> Result<()> {
        self.process.restart()?;
        self.ready().await
    }

    /// `KAFKA_BROKERS`.
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Makes the product's topics under `prefix`; those that exist stay as they are.
pub async fn create_topics(brokers: &str, prefix: &str) -> Result<()> {
    let settings = KafkaSettings { brokers: brokers.to_owned(), prefix: prefix.to_owned() };
    let datasets = Catalogue::from_env()?;
    topics::make(&settings, &datasets).await.map(drop).context("make the topics")
}

fn properties(settings: &Settings) -> String {
    let mut text = SERVER_PROPERTIES
        .replace("{PORT}", &settings.port.to_string())
        .replace("{CONTROLLER_PORT}", &settings.controller_port.to_string())
        .replace("{FOLDER}", &settings.folder.display().to_string());
    for (name, value) in &settings.properties {
        text += &format!("{name}={value}\n");
    }
    text
}

fn java_words(parts: &Parts) -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = parts.java_options("kafka").into_iter().map(Into::into).collect();
    words.push(format!("-Dlog4j2.configurationFile={}", parts::workspace().join(LOG_SETTINGS).display()).into());
    words.push("-cp".into());
    words.push(parts.kafka_lib().join("*").into_os_string());
    words
}

fn format(parts: &Parts, properties: &std::path::Path) -> Result<()> {
    let output = Command::new(parts.java())
        .arg("-Xmx64m")
        .args(java_words(parts))
        .args(["kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID, "-c"])
        .arg(properties)
        .stdin(Stdio::null())
        .output()
        .context("format Kafka's folder")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        bail!("Kafka could not format its folder: {}", said.trim().lines().last().unwrap_or_default());
    }
    Ok(())
}
