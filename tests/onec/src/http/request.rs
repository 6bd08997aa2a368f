//! Reads request heads off a connection. Ours, because a server that must cut, lie about lengths and hang up cannot stand
//! behind one that never does.

use tokio::io::{AsyncRead, AsyncReadExt as _};

const MAX_HEAD: usize = 64 * 1024;

/// A request without its body, which nothing here needs.
#[derive(Debug, Default)]
pub struct Request {
    pub method: String,
    /// Still percent-encoded.
    pub path: String,
    /// Still percent-encoded, without the question mark.
    pub query: String,
    pub accept: String,
    pub accept_encoding: String,
    pub authorization: String,
    pub host: String,
    pub cookie: String,
    pub session: String,
    pub keeps_alive: bool,
}

/// The next request of a connection; `None` once the other side is done or speaks no HTTP.
pub async fn next(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > MAX_HEAD || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end);
    let Some((request, mut body)) = parse(&head) else { return Ok(None) };
    while body > 0 {
        if buffer.is_empty() && stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        let taken = body.min(buffer.len());
        buffer.drain(..taken);
        body -= taken;
    }
    Ok(Some(request))
}

/// The head and the length of the body.
fn parse(head: &str) -> Option<(Request, usize)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        keeps_alive: version == "HTTP/1.1",
        ..Request::default()
    };
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "accept" => request.accept = value.into(),
            "accept-encoding" => request.accept_encoding = value.into(),
            "authorization" => request.authorization = value.into(),
            "host" => request.host = value.into(),
            "cookie" => request.cookie = value.into(),
            "ibsession" => request.session = value.into(),
            "content-length" => length = value.parse().ok()?,
            "connection" if value.eq_ignore_ascii_case("close") => request.keeps_alive = false,
            _ => {}
        }
    }
    Some((request, length))
}
