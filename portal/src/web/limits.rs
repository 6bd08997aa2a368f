//! How often: each viewer's requests, each address's sign-ins. Numbers come from the configuration.

use std::net::IpAddr;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::address::ClientAddress;
use super::places::{Place, Places};
use crate::config;
use crate::error::AppError;

/// Files that one person takes at once.
const DOWNLOADS: usize = 2;
/// Pages of one person that are told of events at once.
const STREAMS: usize = 6;

pub struct Limits {
    viewers: DefaultKeyedRateLimiter<String>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    downloads: Places<String>,
    streams: Places<String>,
    clock: DefaultClock,
}

impl Limits {
    pub fn new(limits: &config::Limits) -> Self {
        let viewer = Quota::per_second(limits.viewer_per_second).allow_burst(limits.viewer_burst);
        Self {
            viewers: RateLimiter::keyed(viewer),
            sign_ins: RateLimiter::keyed(Quota::per_minute(limits.sign_ins_per_minute)),
            downloads: Places::new(DOWNLOADS),
            streams: Places::new(STREAMS),
            clock: DefaultClock::default(),
        }
    }

    /// One more request of a signed-in person, whatever browser or session it comes from.
    pub fn viewer(&self, subject: &str) -> Result<(), AppError> {
        self.viewers.check_key(&subject.to_owned()).map_err(|until| self.too_many(&until))
    }

    /// One more sign-in begun at an address. Of IPv6 the network counts: one subscriber has 2^64 of the others.
    pub fn sign_in(&self, ClientAddress(address): ClientAddress) -> Result<(), AppError> {
        let key = match address {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            v4 => v4,
        };
        self.sign_ins.check_key(&key).map_err(|until| self.too_many(&until))
    }

    /// One more file of a signed-in person, until dropped.
    pub fn download(&self, subject: &str) -> Result<Place<String>, AppError> {
        let retry_after = Duration::from_secs(10);
        self.downloads.enter(subject.to_owned()).ok_or(AppError::TooManyDownloads { retry_after })
    }

    /// One more stream of events to a signed-in person, until dropped.
    pub fn stream(&self, subject: &str) -> Result<Place<String>, AppError> {
        let retry_after = Duration::from_secs(10);
        self.streams.enter(subject.to_owned()).ok_or(AppError::TooMany { retry_after })
    }

    /// Forgets those who have been quiet for long enough to start afresh.
    pub fn sweep(&self) {
        self.viewers.retain_recent();
        self.sign_ins.retain_recent();
    }

    fn too_many(&self, until: &governor::NotUntil<governor::clock::QuantaInstant>) -> AppError {
        let wait = until.wait_time_from(self.clock.now());
        AppError::TooMany { retry_after: Duration::from_secs(wait.as_secs() + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use crate::config;
    use crate::error::AppError;
    use crate::web::address::ClientAddress;

    #[test]
    fn a_viewer_has_a_burst_of_forty_and_nobody_else_pays_for_it() {
        let limits = Limits::new(&config::Limits::default());
        let passed = (0..200).take_while(|_| limits.viewer("greedy").is_ok()).count();
        assert!((40..60).contains(&passed), "{passed}");
        let told = limits.viewer("greedy").unwrap_err();
        assert!(matches!(told, AppError::TooMany { retry_after } if retry_after.as_secs() == 1), "{told}");
        assert!(limits.viewer("modest").is_ok());
    }

    #[test]
    fn sign_ins_are_counted_by_address_and_by_network() {
        let limits = Limits::new(&config::Limits::default());
        let ask = |address: &str| limits.sign_in(ClientAddress(address.parse().unwrap()));
        let passed = (0..1000).take_while(|_| ask("192.0.2.1").is_ok()).count();
        assert!((60..65).contains(&passed), "{passed}");
        assert!(ask("192.0.2.2").is_ok());
        let passed = (0..1000).take_while(|turn| ask(&format!("2001:db8::{turn:x}")).is_ok()).count();
        assert!((60..65).contains(&passed), "{passed}");
    }
}
