//! A file on its way to a browser: what it holds (a place at ClickHouse, one of the viewer's own) it holds until the last
//! byte is taken, the other end hangs up, or stops reading.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;

/// Nobody who reads at all takes longer for one chunk.
const PATIENCE: Duration = Duration::from_secs(20);
/// Chunks that wait for the reader.
const AHEAD: usize = 2;

/// A chunk, or the end: a sender that goes away without it has cut the file.
type Sent = std::io::Result<Option<Bytes>>;

/// The body that sends `chunks`. An error cuts it: no browser takes half a file for a whole one.
pub fn body<T: Send + 'static>(chunks: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static, held: T) -> Body {
    let (send, receive) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let _held = held;
        tokio::select! {
            () = send.closed() => {}
            () = pass(chunks, &send) => {}
        }
    });
    Body::from_stream(stream::unfold(Some(receive), async |receive| {
        let mut receive = receive?;
        match receive.recv().await {
            Some(Ok(chunk)) => chunk.map(|chunk| (Ok(chunk), Some(receive))),
            Some(Err(cause)) => Some((Err(cause), None)),
            None => Some((Err(std::io::Error::other("cut: nobody read it")), None)),
        }
    }))
}

async fn pass(chunks: impl Stream<Item = std::io::Result<Bytes>> + Send, send: &mpsc::Sender<Sent>) {
    let ended = stream::once(std::future::ready(Ok(None)));
    let mut chunks = std::pin::pin!(chunks.map(|chunk| chunk.map(Some)).chain(ended));
    while let Some(chunk) = chunks.next().await {
        match tokio::time::timeout(PATIENCE, send.send(chunk)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::warn!("A file was cut: nobody read it for {} s", PATIENCE.as_secs());
                return;
            }
        }
    }
}
