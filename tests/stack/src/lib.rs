//! Starts, awaits and stops each real part of the product as a child process, for `./dev` and for tests alike.
#![allow(clippy::print_stderr, reason = "what people read while a stack starts goes to standard error")]

pub mod clickhouse;
pub mod install;
pub mod isolated;
pub mod kafka;
pub mod keycloak;
pub mod mail;
pub mod onec;
pub mod parts;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod progress;
pub mod s3;

/// True for uid 0, for whom PostgreSQL and Chromium need other words.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// An HTTP client for talking to parts on this machine: no proxy, no redirects, short time-outs.
pub fn http() -> anyhow::Result<reqwest::Client> {
    use std::time::Duration;
    Ok(reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(30))
        .build()?)
}
