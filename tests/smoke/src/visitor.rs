//! A browser's part of a sign-in: addresses as browsers see them, connections to where the servers really are, cookies by
//! host, redirects one by one.
//!
//! Written by hand because cookies marked `Secure` must travel over http to `portal.localhost`, as browsers have them do, and
//! because one name may stand for two ports at two places.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder};
use url::Url;

const REDIRECTS: usize = 10;

/// An origin, and where it is connected to.
#[derive(Debug, Clone)]
pub struct Place {
    origin: url::Origin,
    /// Scheme, host and port.
    connect: Option<Url>,
}

impl Place {
    pub fn new(url: &Url, address: Option<&str>) -> Result<Self> {
        let connect = match address {
            None => None,
            Some(_) if url.scheme() != "http" => bail!("{url} is not http: it takes no other address to connect to"),
            Some(address) => {
                let connect = Url::parse(&format!("http://{address}/"));
                Some(connect.ok().filter(Url::has_host).with_context(|| format!("{address:?} is no host:port"))?)
            }
        };
        Ok(Self { origin: url.origin(), connect })
    }
}

/// The last page of a walk.
pub struct Answer {
    pub url: Url,
    pub text: String,
}

pub struct Visitor {
    http: Client,
    places: Vec<Place>,
    /// By host, as browsers keep them: a port makes no difference.
    cookies: BTreeMap<(String, String), String>,
}

impl Visitor {
    pub fn new(places: Vec<Place>) -> Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, places, cookies: BTreeMap::new() })
    }

    /// Opens an address and goes where it leads.
    pub async fn open(&mut self, url: Url) -> Result<Answer> {
        let request = self.http.get(self.connection(&url)?);
        self.follow(request, url).await
    }

    /// Sends a form and goes where the answer leads.
    pub async fn send(&mut self, url: Url, fields: &[(&str, &str)]) -> Result<Answer> {
        let request = self.http.post(self.connection(&url)?).form(fields);
        self.follow(request, url).await
    }

    async fn follow(&mut self, mut request: RequestBuilder, mut url: Url) -> Result<Answer> {
        for _ in 0..REDIRECTS {
            let host = url.host_str().context("an address without a host")?.to_owned();
            let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .filter(|((of, _), _)| *of == host)
                .map(|((_, name), value)| format!("{name}={value}"))
                .collect();
            if !cookies.is_empty() {
                request = request.header(COOKIE, cookies.join("; "));
            }
            let answer = request
                .header(HOST, authority)
                .send()
                .await
                .with_context(|| format!("reach {}", url.origin().ascii_serialization()))?;
            for set in answer.headers().get_all(SET_COOKIE) {
                self.take(&host, set.to_str().unwrap_or_default());
            }
            let status = answer.status();
            if !status.is_redirection() {
                let text = answer.text().await?;
                ensure!(status.is_success(), "{}{} answers {status}", url.origin().ascii_serialization(), url.path());
                return Ok(Answer { url, text });
            }
            let next =
                answer.headers().get(LOCATION).and_then(|next| next.to_str().ok()).context("a redirect to nowhere")?;
            url = url.join(next)?;
            request = self.http.get(self.connection(&url)?);
        }
        bail!("more than {REDIRECTS} redirects")
    }

    /// The same address at the place where its server is.
    fn connection(&self, url: &Url) -> Result<Url> {
        let mut connection = url.clone();
        let place = self.places.iter().find(|place| place.origin == url.origin());
        if let Some(connect) = place.and_then(|place| place.connect.as_ref()) {
            connection.set_host(connect.host_str())?;
            let port = connect.port_or_known_default();
            connection.set_port(port).ok().context("an address that takes no port")?;
        }
        Ok(connection)
    }

    /// `name=value; Path=/; Secure; …`. Paths and ages make no difference to a walk of seconds, ends do.
    fn take(&mut self, host: &str, set: &str) {
        let mut parts = set.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let key = (host.to_owned(), name.to_owned());
        if value.is_empty() || parts.any(|part| part.eq_ignore_ascii_case("Max-Age=0")) {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_stands_for_two_ports_at_two_places() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let places = vec![
            Place::new(&url("http://portal.localhost:21800"), Some("web-server:80")).unwrap(),
            Place::new(&url("http://portal.localhost:21080/auth"), Some("keycloak:8080")).unwrap(),
        ];
        let visitor = Visitor::new(places).unwrap();
        let at = |text: &str| visitor.connection(&url(text)).unwrap().to_string();
        assert_eq!(at("http://portal.localhost:21800/login?a=1"), "http://web-server/login?a=1");
        assert_eq!(at("http://portal.localhost:21080/auth/realms"), "http://keycloak:8080/auth/realms");
        assert_eq!(at("http://elsewhere/"), "http://elsewhere/");
        assert!(Place::new(&url("https://portal.example"), Some("web-server:80")).is_err());
    }

    #[test]
    fn a_cookie_marked_secure_is_kept_until_it_ends() {
        let mut visitor = Visitor::new(Vec::new()).unwrap();
        visitor.take("portal.localhost", "__Host-s=1; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(visitor.cookies.len(), 1);
        visitor.take("portal.localhost", "__Host-s=; Path=/; Max-Age=0");
        assert!(visitor.cookies.is_empty());
    }
}
