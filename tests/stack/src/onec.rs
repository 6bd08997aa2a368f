//! The 1C stand-in (`tests/onec`) as a child process.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::parts;
use crate::process::{Launch, Process};

/// The 1C user of the stand-in, `ONEC_USER` and `ONEC_PASSWORD`.
pub const USER: &str = "Обмен";
pub const PASSWORD: &str = "Пароль-1С";

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    pub admin_port: u16,
    pub log: PathBuf,
    pub dealers: u32,
    pub products: u32,
    /// Sale lines in all.
    pub lines: u64,
    /// The same seed gives the same base.
    pub seed: u64,
}

impl Settings {
    /// A base that is generated in an instant.
    pub fn small(log: PathBuf) -> Result<Self> {
        let (port, admin_port) = (crate::ports::free()?, crate::ports::free()?);
        Ok(Self { port, admin_port, log, dealers: 5, products: 40, lines: 500, seed: 1 })
    }
}

/// A running stand-in.
#[derive(Debug)]
pub struct Onec {
    pub process: Process,
    port: u16,
    admin_port: u16,
}

impl Onec {
    pub async fn start(settings: &Settings) -> Result<Self> {
        let launch = Launch::new("onec", parts::binary("onec")?, &settings.log)
            .args(["--listen".to_owned(), format!("127.0.0.1:{}", settings.port)])
            .args(["--admin".to_owned(), format!("127.0.0.1:{}", settings.admin_port)])
            .args(["--dealers".to_owned(), settings.dealers.to_string()])
            .args(["--products".to_owned(), settings.products.to_string()])
            .args(["--lines".to_owned(), settings.lines.to_string()])
            .args(["--seed".to_owned(), settings.seed.to_string()])
            .stop_within(Duration::from_secs(5));
        let mut onec = Self { process: launch.start()?, port: settings.port, admin_port: settings.admin_port };
        onec.ready().await?;
        Ok(onec)
    }

    /// Waits until both ports answer, also after a restart.
    pub async fn ready(&mut self) -> Result<()> {
        let addresses = [self.port, self.admin_port];
        self.process
            .until_ready(Duration::from_secs(60), async |_| {
                for port in addresses {
                    if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                        return false;
                    }
                }
                true
            })
            .await
    }

    /// `ONEC_URL`: the OData root of the publication.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Where documents are changed and the ledger is read.
    pub fn admin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.admin_port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// `ONEC_URL` of a stand-in at `port`.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/base/ut/odata/standard.odata")
}

/// The `Ref_Key` of dealer `number`, counted from 1.
pub fn dealer(number: u64) -> String {
    format!("5b0d6f0e-d0d0-11ee-8a01-{number:012x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn dealers_have_the_agreed_keys() {
        assert_eq!(super::dealer(31), "5b0d6f0e-d0d0-11ee-8a01-00000000001f");
    }
}
