//! A server that speaks S3, as a child process: moto. What it holds is gone with it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::parts::Parts;
use crate::process::{Launch, Process};

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    pub log: PathBuf,
}

/// A running server, which takes any key.
#[derive(Debug)]
pub struct S3 {
    pub process: Process,
    port: u16,
}

impl S3 {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        let launch = Launch::new("s3", "python3", &settings.log)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
            .arg(settings.port.to_string())
            .env("PYTHONPATH", parts.s3())
            .stop_within(Duration::from_secs(5));
        let mut process = launch.start()?;
        let port = settings.port;
        process
            .until_ready(Duration::from_secs(60), async |_| {
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
            })
            .await?;
        Ok(Self { process, port })
    }

    /// `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
