//! Our own accept loop: `axum::serve` knows neither a header time-out nor a cap on connections.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::config::Limits;
use crate::web::places::{Place, Places};

const HEADERS_BYTES: usize = 16 * 1024;
const HEADERS_COUNT: usize = 100;

/// The socket's other end, in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves until asked to stop, then finishes what is under way, for as long as the limits allow.
pub async fn serve(listener: TcpListener, app: Router, limits: &Limits, stop: CancellationToken) {
    let room = Room::new(limits);
    let open = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener) => accepted,
        };
        let address = peer.ip().to_canonical();
        // Closed at once, without a word: whoever holds this many is not reading.
        let Some(place) = room.enter(address, limits.proxies.trusts(address)) else { continue };
        let connection = open.watch(connection(stream, address, app.clone(), limits.headers));
        tokio::spawn(async move {
            // A connection that breaks is the other end's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let waiting = open.count();
    if tokio::time::timeout(limits.drain, open.shutdown()).await.is_err() {
        tracing::warn!(waiting, "Requests were cut off: they took longer than the drain");
    }
}

/// The next connection. Out of descriptors, it waits a moment rather than spin.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(cause) => {
                tracing::warn!(%cause, "A connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn connection(
    stream: TcpStream,
    address: IpAddr,
    app: Router,
    headers: Duration,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    // Small answers leave at once; failing that they leave a little later.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(address));
        app.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .max_buf_size(HEADERS_BYTES)
        .max_headers(HEADERS_COUNT)
        .serve_connection(TokioIo::new(stream), service)
}

/// Places for connections: so many in all, so many for one address. A trusted proxy carries everybody, so it has no share.
struct Room {
    all: Arc<Semaphore>,
    addresses: Places<IpAddr>,
}

impl Room {
    fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            addresses: Places::new(limits.connections_per_address),
        }
    }

    /// Taken until dropped.
    fn enter(&self, address: IpAddr, is_proxy: bool) -> Option<(OwnedSemaphorePermit, Option<Place<IpAddr>>)> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        let own = if is_proxy { None } else { Some(self.addresses.enter(address)?) };
        Some((permit, own))
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::config::Limits;

    #[test]
    fn connections_are_capped_in_all_and_per_address_but_not_for_a_proxy() {
        let room = Room::new(&Limits { connections: 5, connections_per_address: 2, ..Limits::default() });
        let [one, two]: [std::net::IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        let held = [room.enter(one, false), room.enter(one, false)];
        assert!(held.iter().all(Option::is_some));
        assert!(room.enter(one, false).is_none());
        let proxied: Vec<_> = (0..4).map_while(|_| room.enter(two, true)).collect();
        assert_eq!(proxied.len(), 3, "five in all");
        drop(proxied);
        drop(held);
        assert!(room.enter(one, false).is_some());
    }
}
