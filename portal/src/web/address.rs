//! Who is at the other end: the socket's address, or what a trusted proxy forwards. No other header is believed.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, request::Parts};
use ipnet::IpNet;

use crate::error::AppError;

/// The client's address, in the request's extensions; set once by the accept loop's layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get().copied().ok_or_else(|| AppError::internal("no layer told the client's address"))
    }
}

/// Networks whose `X-Forwarded-For` counts: `10.0.0.7, 10.1.0.0/16`.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no address or network")]
pub struct NoNetwork(String);

impl FromStr for Proxies {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let network = |part: &str| part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| network(part).map_err(|_| NoNetwork(part.to_owned()))).collect::<Result<_, _>>().map(Self)
    }
}

impl Proxies {
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last forwarded address that is no proxy of ours: what stands before it anyone may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return ClientAddress(peer);
        }
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let forwarded: Vec<_> =
            lines.flat_map(|line| line.split(',')).map(|part| part.trim().parse::<IpAddr>()).collect();
        let mut client = peer;
        for address in forwarded.into_iter().rev() {
            let Ok(address) = address else { break };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        ClientAddress(client)
    }
}

#[cfg(test)]
mod tests {
    use super::Proxies;
    use axum::http::HeaderMap;

    #[test]
    fn only_a_trusted_proxy_may_speak_for_another_address() {
        let proxies: Proxies = "10.1.0.0/16, 192.0.2.1".parse().unwrap();
        for (peer, forwarded, client) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "6.6.6.6, 198.51.100.1, 192.0.2.1", "198.51.100.1"),
            ("10.1.2.3", "6.6.6.6, nonsense", "10.1.2.3"),
            ("10.2.2.3", "6.6.6.6", "10.2.2.3"),
            ("::ffff:10.1.2.3", "6.6.6.6", "6.6.6.6"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            assert_eq!(proxies.client(peer.parse().unwrap(), &headers).0.to_string(), client, "{peer} {forwarded}");
        }
        assert!("10.0.0.0/33".parse::<Proxies>().is_err() && "example".parse::<Proxies>().is_err());
    }
}
