//! The variables of mail. Without `SMTP_URL` and `MAIL_FROM` there is none: files are made all the same.

use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;
use shared::deliveries::Rhythm;
use shared::env::{self, EnvError};
use url::{Host, Url};

const SERVER: &str = "SMTP_URL";
const FROM: &str = "MAIL_FROM";

/// How the mail server is spoken to.
#[derive(Debug, Clone)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub account: Option<(String, SecretString)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// Demanded before anything else is said.
    StartTls,
    /// To this machine itself, or asked for by name.
    Plain,
}

#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `SMTP_URL`: `smtps://host`, or `smtp://host`, which demands STARTTLS unless the host is this machine or `?tls=off` stands behind
    /// it. `SMTP_USER`, and `SMTP_PASSWORD` (or `_FILE`) beside it.
    pub server: Server,
    /// `MAIL_FROM`: `portal@example.com`, or `Portal <portal@example.com>`.
    pub from: Mailbox,
    /// `PORTAL_URL`: where links of mails lead.
    pub public: Url,
    /// `MAIL_ATTACHMENT_MEGABYTES` (5): a larger file is a link, 1 to 25.
    pub attachment_bytes: usize,
    /// `MAIL_RETRY_SECONDS` (60): the first pause after a failure, 1 to 600.
    pub rhythm: Rhythm,
}

impl MailConfig {
    /// None where no mail is set up.
    pub fn from_env() -> Result<Option<Self>, EnvError> {
        let missing =
            |name: &str, other: &str| EnvError::new(name, format!("is not set, but {other} is: give both, or none."));
        let (server, from) = match (env::optional(SERVER), env::optional(FROM)) {
            (None, None) => return Ok(None),
            (Some(server), Some(from)) => (server, from),
            (None, Some(_)) => return Err(missing(SERVER, FROM)),
            (Some(_), None) => return Err(missing(FROM, SERVER)),
        };
        let account = match env::optional("SMTP_USER") {
            Some(user) => Some((
                user,
                env::optional_secret("SMTP_PASSWORD")?.ok_or_else(|| {
                    EnvError::new(
                        "SMTP_PASSWORD",
                        "is not set, but SMTP_USER is: give SMTP_PASSWORD or SMTP_PASSWORD_FILE a value.",
                    )
                })?,
            )),
            None => None,
        };
        let from =
            from.parse().map_err(|_| EnvError::new(FROM, "is no address such as Portal <portal@example.com>."))?;
        let public = env::optional_http_url("PORTAL_URL")?.and_then(|url| Url::parse(&url).ok());
        let public = public.ok_or_else(|| EnvError::new("PORTAL_URL", "is not set: links of mails lead there."))?;
        let usual = Rhythm::default();
        let retry = within("MAIL_RETRY_SECONDS", usual.retry.as_secs(), 1..=600)?;
        let megabytes = within("MAIL_ATTACHMENT_MEGABYTES", 5, 1..=25)?;
        Ok(Some(Self {
            server: server_of(&server, account)?,
            from,
            public,
            attachment_bytes: usize::try_from(megabytes).unwrap_or(5) * 1_000_000,
            rhythm: Rhythm { retry: Duration::from_secs(retry), ..usual },
        }))
    }
}

fn within(name: &str, usual: u64, fitting: std::ops::RangeInclusive<u64>) -> Result<u64, EnvError> {
    let given = env::parsed(name, usual)?;
    if fitting.contains(&given) {
        return Ok(given);
    }
    Err(EnvError::new(name, format!("is {given}: give {} to {}.", fitting.start(), fitting.end())))
}

fn server_of(text: &str, account: Option<(String, SecretString)>) -> Result<Server, EnvError> {
    // Not shown: what stands before an @ may be a password.
    let wrong = || {
        EnvError::new(
            SERVER,
            "is no mail server: give smtps://host or smtp://host, with a port if it is not the usual one.",
        )
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let host = url.host().ok_or_else(wrong)?;
    let is_here = match &host {
        Host::Domain(name) => *name == "localhost" || *name == "127.0.0.1",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let security = match (url.scheme(), url.query()) {
        ("smtps", None) => Security::Tls,
        ("smtp", Some("tls=off")) => Security::Plain,
        ("smtp", None) if is_here => Security::Plain,
        ("smtp", None) => Security::StartTls,
        _ => return Err(wrong()),
    };
    if !is_bare || !matches!(url.path(), "" | "/") {
        return Err(wrong());
    }
    if account.is_some() && security == Security::Plain && !is_here {
        return Err(EnvError::new(
            SERVER,
            "has tls=off: SMTP_PASSWORD would be sent for all to read. Take one of the two away.",
        ));
    }
    let usual = if security == Security::Tls { 465 } else { 587 };
    Ok(Server { host: host.to_string(), port: url.port().unwrap_or(usual), security, account })
}

#[cfg(test)]
mod tests {
    use super::{Security, server_of};
    use secrecy::SecretString;

    #[test]
    fn a_mail_server_is_spoken_to_in_the_clear_on_this_machine_alone_or_when_asked_for_by_name() {
        for (text, security, port) in [
            ("smtps://mail.example", Security::Tls, 465),
            ("smtp://mail.example", Security::StartTls, 587),
            ("smtp://mail.example:25", Security::StartTls, 25),
            ("smtp://mail.example:25?tls=off", Security::Plain, 25),
            ("smtp://127.0.0.1:2525", Security::Plain, 2525),
            ("smtp://[::1]:2525", Security::Plain, 2525),
            ("smtp://localhost", Security::Plain, 587),
        ] {
            let server = server_of(text, None).unwrap();
            assert_eq!((server.security, server.port), (security, port), "{text}");
        }
        for wrong in [
            "mail.example",
            "http://mail.example",
            "smtp://me:secret@mail.example",
            "smtp://mail.example/x",
            "smtps://m?tls=off",
        ] {
            let told = server_of(wrong, None).unwrap_err().to_string();
            assert!(told.starts_with("SMTP_URL ") && !told.contains("secret"), "{told}");
        }
        let account = || Some(("portal".to_owned(), SecretString::from("x")));
        assert!(server_of("smtp://mail.example:25?tls=off", account()).is_err());
        assert!(server_of("smtp://mail.example:25", account()).is_ok());
    }
}
