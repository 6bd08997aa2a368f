//! A mail server that keeps what it takes, as a child process: `tests/stack/mail/smtp_server.py` on aiosmtpd.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::parts::Parts;
use crate::process::{Launch, Process};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/mail/smtp_server.py");

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    /// Where mails are kept, a file for each.
    pub folder: PathBuf,
    pub log: PathBuf,
}

/// A running mail server.
#[derive(Debug)]
pub struct MailServer {
    pub process: Process,
    port: u16,
    folder: PathBuf,
}

impl MailServer {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        let launch = Launch::new("mail", "python3", &settings.log)
            .arg(PROGRAM)
            .arg(settings.port.to_string())
            .arg(&settings.folder)
            .env("PYTHONPATH", parts.mail())
            .stop_within(Duration::from_secs(5));
        let mut process = launch.start()?;
        let port = settings.port;
        process
            .until_ready(Duration::from_secs(30), async |_| {
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
            })
            .await?;
        Ok(Self { process, port, folder: settings.folder.clone() })
    }

    /// `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
