//! A file on its way to a browser: what it holds (a place at ClickHouse, one of the viewer's own) it holds until the last
//! byte is taken, the other end hangs up, or stops reading.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;

use crate::error::AppError;

/// The answer that a browser keeps as a file. `name` may hold any letter; `plain_name` is of ours, for old clients (RFC 6266).
pub fn answer(body: Body, media_type: &str, (name, plain_name): (&str, &str)) -> Result<Response, AppError> {
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"{plain_name}\"; filename*=UTF-8''{name}");
    let mut answer = body.into_response();
    let head = answer.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::try_from(media_type).map_err(AppError::internal)?);
    head.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(AppError::internal)?);
    Ok(answer)
}

/// Nobody who reads at all takes longer for one chunk.
const PATIENCE: Duration = Duration::from_secs(20);
/// Chunks that wait for the reader.
const AHEAD: usize = 2;

/// A chunk, or the end: a sender that goes away without it has cut the file.
type Sent = std::io::Result<Option<Bytes>>;

/// The body that sends `chunks`. An error cuts it: no browser takes half a file for a whole one.
pub fn body<T: Send + 'static>(chunks: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static, held: T) -> Body {
    patient(PATIENCE, chunks, held)
}

fn patient<T: Send + 'static>(
    patience: Duration,
    chunks: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    held: T,
) -> Body {
    let (send, receive) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let _held = held;
        tokio::select! {
            () = send.closed() => {}
            () = pass(patience, chunks, &send) => {}
        }
    });
    let received = stream::unfold(Some(receive), async |receive| {
        let mut receive = receive?;
        match receive.recv().await {
            Some(Ok(chunk)) => chunk.map(|chunk| (Ok(chunk), Some(receive))),
            Some(Err(cause)) => Some((Err(cause), None)),
            None => Some((Err(std::io::Error::other("cut: nobody read it")), None)),
        }
    });
    // Layers ask again after the end.
    Body::from_stream(received.fuse())
}

async fn pass(
    patience: Duration,
    chunks: impl Stream<Item = std::io::Result<Bytes>> + Send,
    send: &mpsc::Sender<Sent>,
) {
    let ended = stream::once(std::future::ready(Ok(None)));
    let mut chunks = std::pin::pin!(chunks.map(|chunk| chunk.map(Some)).chain(ended));
    while let Some(chunk) = chunks.next().await {
        match tokio::time::timeout(patience, send.send(chunk)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::warn!("A file was cut: nobody read it for {} s", patience.as_secs());
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::to_bytes;
    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};

    use super::{Duration, body, patient};

    fn chunks(number: usize) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        stream::iter((0..number).map(|_| Ok(Bytes::from_static(b"x"))))
    }

    async fn given_back(held: &Arc<()>) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            while Arc::strong_count(held) > 1 {
                tokio::task::yield_now().await;
            }
        });
        assert!(waited.await.is_ok(), "what the file holds is not given back");
    }

    #[tokio::test]
    async fn what_a_file_holds_is_given_back_with_its_last_byte_or_when_the_other_end_hangs_up() {
        let held = Arc::new(());
        let mut whole = body(chunks(9), held.clone()).into_data_stream();
        assert_eq!(Arc::strong_count(&held), 2);
        assert_eq!(whole.by_ref().count().await, 9);
        assert!(whole.next().await.is_none(), "it may be asked again after the end");
        given_back(&held).await;
        let left = body(chunks(9), held.clone());
        drop(left);
        given_back(&held).await;
        // ClickHouse is still at work on the next chunk.
        let mut left = body(chunks(1).chain(stream::pending()), held.clone()).into_data_stream();
        assert!(left.next().await.is_some());
        drop(left);
        given_back(&held).await;
    }

    #[tokio::test]
    async fn who_stops_reading_loses_the_place_and_the_file_is_cut() {
        let held = Arc::new(());
        let stalled = patient(Duration::from_millis(20), chunks(9), held.clone());
        given_back(&held).await;
        assert!(to_bytes(stalled, 100).await.is_err(), "half a file is no whole one");
    }

    #[tokio::test]
    async fn an_error_under_way_cuts_the_file() {
        let failing = stream::iter([Ok(Bytes::from_static(b"x")), Err(std::io::Error::other("away"))]);
        assert!(to_bytes(body(failing, ()), 100).await.is_err());
    }
}
