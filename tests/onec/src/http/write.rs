//! Answers on their way out, whole or broken on purpose.

use std::{io::Write as _, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{Answer, Request, no_session, unauthorized};
use crate::{faults::Kind, odata::error::Refusal, server::Server};

const MAINTENANCE: &str = concat!(
    "\u{feff}",
    r##"{"#exception":"{http://v8.1c.ru/8.2/virtual-resource-system}Exception","exception":{"reason":403,"##,
    r##""descr":"HTTP: Forbidden","inner":{"descr":"Начало сеанса с информационной базой запрещено.\nОбновление до 06:00"}}}"##
);

/// Faults that answer in 1C's stead, after waiting where one says so.
pub async fn before(met: &[Kind], server: &Server, request: &Request) -> Option<Answer> {
    let mut answer = None;
    for kind in met {
        match kind {
            Kind::Slow { first_byte_ms } => tokio::time::sleep(Duration::from_millis(*first_byte_ms)).await,
            Kind::Status { status, retry_after } => {
                let refused = refused(*status, request);
                answer = Some(match retry_after {
                    Some(seconds) => refused.with("Retry-After", seconds.to_string()),
                    None => refused,
                });
            }
            Kind::Html { status } => answer = Some(Answer::page(*status, "Технические работы")),
            Kind::Redirect { location } => answer = Some(Answer::page(302, "302 Found").with("Location", location)),
            Kind::GzipBomb { mebibytes } => {
                let bomb = Answer::new(200, super::JSON_TEXT, bomb(*mebibytes)).with("Content-Encoding", "gzip");
                answer = Some(bomb);
            }
            _ => {}
        }
    }
    if answer.is_some() {
        server.stats.faulted();
    }
    answer
}

fn refused(status: u16, request: &Request) -> Answer {
    match status {
        401 => unauthorized(),
        403 => Answer::new(403, super::JSON_TEXT, MAINTENANCE),
        406 => no_session(),
        500 => {
            let refusal =
                Refusal::runtime("Ошибка при выполнении запроса: конфликт блокировок при выполнении транзакции.");
            let wants_json = request.query.contains("json") || request.accept.contains("json");
            if wants_json {
                Answer::new(500, super::JSON_TEXT, refusal.json())
            } else {
                Answer::new(500, "application/xml;charset=utf-8", refusal.xml())
            }
        }
        other => Answer::page(other, &format!("{other} Service Unavailable")),
    }
}

/// Sends the answer; whether the connection can go on.
pub async fn send(stream: &mut TcpStream, answer: &Answer, met: &[Kind], keeps_alive: bool) -> std::io::Result<bool> {
    let mut length = answer.body.len();
    let (mut sent, mut goes_on) = (length, keeps_alive);
    for kind in met {
        match kind {
            Kind::Drop => return Ok(false),
            Kind::Endless => return endless(stream, answer).await,
            Kind::Cut { at } => (sent, goes_on) = (sent.min(*at), false),
            Kind::Length { by } => {
                length = length.saturating_add_signed(isize::try_from(*by).unwrap_or(0));
                goes_on = false;
            }
            _ => {}
        }
    }
    let head = answer.head(length, goes_on);
    let slices = [std::io::IoSlice::new(head.as_bytes()), std::io::IoSlice::new(&answer.body[..sent])];
    let mut written = stream.write_vectored(&slices).await?;
    if written < head.len() {
        stream.write_all(&head.as_bytes()[written..]).await?;
        written = head.len();
    }
    stream.write_all(&answer.body[written - head.len()..sent]).await?;
    if !goes_on {
        stream.shutdown().await?;
    }
    Ok(goes_on)
}

/// Chunks until the reader has had enough.
async fn endless(stream: &mut TcpStream, answer: &Answer) -> std::io::Result<bool> {
    let mut head = answer.head(0, false);
    head = head.replace("Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut chunk = format!("{:x}\r\n", 64 * 1024).into_bytes();
    chunk.resize(chunk.len() + 64 * 1024, b' ');
    chunk.extend_from_slice(b"\r\n");
    loop {
        stream.write_all(&chunk).await?;
    }
}

pub fn replaced(body: &[u8], find: &[u8], with: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some(at) = rest.windows(find.len().max(1)).position(|bytes| bytes == find) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(with);
        rest = &rest[at + find.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

pub fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 8), flate2::Compression::fast());
    // Writing into memory does not fail.
    _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// Opens like a list of entries and goes on in spaces.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    _ = encoder.write_all(b"{\"value\":[");
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..mebibytes {
        _ = encoder.write_all(&spaces);
    }
    _ = encoder.write_all(b"]}");
    encoder.finish().unwrap_or_default()
}
