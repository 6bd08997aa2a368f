//! The mail server. What it says is told by its code alone: its words may name the recipient.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use shared::deliveries::Reason;

use super::config::{Security, Server};

/// For each word of the server.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Post(AsyncSmtpTransport<Tokio1Executor>);

/// A letter that was not taken. The cause is for the log.
#[derive(Debug)]
pub struct Untaken {
    pub reason: Reason,
    pub cause: String,
}

impl Post {
    /// Connects to nothing.
    pub fn new(server: &Server) -> Result<Self, Error> {
        let tls = |host: &str| TlsParameters::new_rustls(host.to_owned());
        let security = match server.security {
            Security::Tls => Tls::Wrapper(tls(&server.host)?),
            Security::StartTls => Tls::Required(tls(&server.host)?),
            Security::Plain => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(security)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &server.account {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self(builder.build()))
    }

    /// A server that takes neither us nor our password says nothing of the recipient, whatever its code: it is asked first.
    pub async fn send(&self, letter: Message) -> Result<(), Untaken> {
        let away = |cause: String| Untaken { reason: Reason::MailServer, cause };
        match self.0.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Err(away("it does not answer as it should".to_owned())),
            Err(cause) => return Err(away(told(&cause))),
        }
        match self.0.send(letter).await {
            Ok(_) => Ok(()),
            Err(cause) if cause.is_permanent() => Err(Untaken { reason: Reason::Refused, cause: told(&cause) }),
            Err(cause) => Err(away(told(&cause))),
        }
    }
}

fn told(cause: &Error) -> String {
    match cause.status() {
        Some(code) => format!("the mail server answers {code}"),
        None => cause.to_string(),
    }
}
