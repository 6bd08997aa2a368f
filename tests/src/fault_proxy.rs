//! A TCP proxy of ours before any part, that can turn bad: silent, cut, slow, refusing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does to every connection, old and new, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    None,
    /// Connections stay open and new ones are accepted; no byte passes.
    Blackhole,
    /// Each chunk waits this long before it passes.
    Latency(Duration),
    /// New connections pass this many bytes from the server, then both sides are closed.
    CutAfter(u64),
    /// At most this many bytes a second pass, each way and per connection.
    BytesPerSecond(u32),
    /// Nobody listens, and open connections are closed.
    Refuse,
}

/// A proxy on a port of its own. Gone when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    listening: watch::Receiver<bool>,
    /// Every open connection holds a receiver.
    connections: Arc<watch::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl FaultProxy {
    /// Starts a proxy to `target` (`host:port`).
    pub async fn before(target: impl Into<String>) -> Self {
        let target = target.into();
        let port = stack::ports::free().expect("a port");
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("listen");
        let address = listener.local_addr().expect("an address");
        let (fault, watched) = watch::channel(Fault::None);
        let (now_listening, listening) = watch::channel(true);
        let connections = Arc::new(watch::Sender::new(()));
        let task = tokio::spawn(serve(listener, address, target, watched, now_listening, Arc::clone(&connections)));
        Self { address, fault, listening, connections, task }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// How many connections are open now.
    pub fn open(&self) -> usize {
        self.connections.receiver_count()
    }

    /// Changes the weather; returns when it holds for new connections, and when the open ones are closed that must be.
    pub async fn set(&mut self, fault: Fault) {
        self.fault.send_replace(fault);
        let wanted = fault != Fault::Refuse;
        let _ = self.listening.wait_for(|listening| *listening == wanted).await;
        if fault == Fault::Refuse {
            self.connections.closed().await;
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.fault.send_replace(Fault::Refuse);
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    target: String,
    mut fault: watch::Receiver<Fault>,
    listening: watch::Sender<bool>,
    connections: Arc<watch::Sender<()>>,
) {
    let mut listener = Some(listener);
    loop {
        if *fault.borrow_and_update() == Fault::Refuse {
            listener = None;
            listening.send_replace(false);
            if fault.changed().await.is_err() {
                return;
            }
            continue;
        }
        if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        let Some(open) = &listener else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        listening.send_replace(true);
        tokio::select! {
            accepted = open.accept() => if let Ok((client, _)) = accepted {
                let (open, passed) = (connections.subscribe(), connection(client, target.clone(), fault.clone()));
                tokio::spawn(async move {
                    passed.await;
                    drop(open);
                });
            },
            changed = fault.changed() => if changed.is_err() { return },
        }
    }
}

async fn connection(client: TcpStream, target: String, fault: watch::Receiver<Fault>) {
    let Ok(server) = TcpStream::connect(&target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let mut refused = fault.clone();
    // Whichever side ends first ends both.
    tokio::select! {
        () = pump(client_reads, server_writes, fault.clone(), false) => {}
        () = pump(server_reads, client_writes, fault, true) => {}
        _ = refused.wait_for(|fault| *fault == Fault::Refuse) => {}
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut fault: watch::Receiver<Fault>,
    from_server: bool,
) {
    let mut chunk = vec![0u8; 16 * 1024];
    let mut passed = 0u64;
    loop {
        let Ok(read) = from.read(&mut chunk).await else { return };
        if fault.wait_for(|fault| *fault != Fault::Blackhole).await.is_err() || read == 0 {
            return;
        }
        let mut bytes = &chunk[..read];
        let now = *fault.borrow();
        match now {
            // What a blackhole held is gone with its connection.
            Fault::Refuse => return,
            Fault::Latency(delay) => tokio::time::sleep(delay).await,
            Fault::BytesPerSecond(rate) => {
                tokio::time::sleep(Duration::from_secs_f64(read as f64 / f64::from(rate.max(1)))).await;
            }
            Fault::CutAfter(limit) if from_server => {
                let room = usize::try_from(limit.saturating_sub(passed)).unwrap_or(usize::MAX);
                bytes = &bytes[..bytes.len().min(room)];
            }
            _ => {}
        }
        if to.write_all(bytes).await.is_err() || bytes.len() < read {
            let _ = to.flush().await;
            return;
        }
        passed += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    let _ = tokio::io::copy(&mut reads, &mut writes).await;
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream, bytes: usize) -> std::io::Result<usize> {
        stream.write_all(&vec![7; bytes]).await?;
        let mut answer = vec![0; bytes];
        let mut seen = 0;
        while seen < bytes {
            match tokio::time::timeout(Duration::from_millis(300), stream.read(&mut answer[seen..])).await {
                Ok(Ok(0)) | Err(_) => break,
                Ok(read) => seen += read?,
            }
        }
        Ok(seen)
    }

    #[tokio::test]
    async fn each_fault_does_what_it_says_and_heals() {
        let mut proxy = FaultProxy::before(echo().await).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream, 100).await.unwrap(), 100);

        proxy.set(Fault::Blackhole).await;
        assert_eq!(ask(&mut stream, 10).await.unwrap(), 0);
        proxy.set(Fault::None).await;
        assert_eq!(ask(&mut stream, 10).await.unwrap(), 10, "held bytes pass when the blackhole heals");

        let mut held = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Fault::Blackhole).await;
        assert_eq!(ask(&mut held, 10).await.unwrap(), 0);
        proxy.set(Fault::Refuse).await;
        assert_eq!(held.read(&mut [0; 10]).await.unwrap_or(0), 0, "held bytes are gone with their connection");
        proxy.set(Fault::None).await;

        proxy.set(Fault::CutAfter(40)).await;
        let mut cut = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut cut, 100).await.unwrap(), 40);

        proxy.set(Fault::Refuse).await;
        assert!(TcpStream::connect(proxy.address()).await.is_err());
        proxy.set(Fault::None).await;
        let mut healed = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut healed, 100).await.unwrap(), 100);
    }
}
