//! One connection after another: sign-in, faults, answer. Everything that a web server and its 1C module do around OData.

mod answer;
mod request;
mod session;
mod write;

use std::{sync::Arc, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::net::{TcpListener, TcpStream};

pub use answer::{Answer, JSON_TEXT};
pub use request::Request;
pub use session::Pool;

use crate::{faults::Kind, odata, options::UrlLimit, server::Server};

/// Takes connections until dropped.
pub async fn listen(listener: TcpListener, server: Arc<Server>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &server).await {
                        tracing::debug!("A connection ended: {error}");
                    }
                });
            }
            Err(error) => tracing::warn!("No connection: {error}"),
        }
    }
}

async fn converse(mut stream: TcpStream, server: &Server) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut body) = (Vec::with_capacity(8192), Vec::new());
    while let Some(request) = request::next(&mut stream, &mut buffer).await? {
        let _in_flight = server.stats.enter(&request.path);
        let target = odata::decode(&format!("{}?{}", request.path, request.query)).unwrap_or_default();
        let met = server.faults().meet(&target);
        let mut answer = write::before(&met, server, &request).await;
        if answer.is_none() {
            answer = Some(respond(server, &request, &met, std::mem::take(&mut body)));
        }
        let Some(answer) = answer else { return Ok(()) };
        server.stats.sent(&request.path, answer.body.len());
        if !write::send(&mut stream, &answer, &met, request.keeps_alive).await? {
            return Ok(());
        }
        body = recycled(answer.body);
    }
    Ok(())
}

/// The buffer of the last body serves the next one, unless it is huge.
fn recycled(mut body: Vec<u8>) -> Vec<u8> {
    if body.capacity() > 64 << 20 {
        return Vec::new();
    }
    body.clear();
    body
}

fn respond(server: &Server, request: &Request, met: &[Kind], buffer: Vec<u8>) -> Answer {
    if let Some(refused) = too_long(server.options.habits.url_limit, request) {
        return refused;
    }
    let root = format!("{}/odata/standard.odata", server.options.publication);
    let resource = odata::decode(&request.path).and_then(|path| path.strip_prefix(&root).map(str::to_owned));
    let Some(resource) = resource.filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
        return Answer::page(404, "404 Not Found");
    };
    if !is_signed_in(server, request) {
        return unauthorized();
    }
    let cookie = match server.sessions().admit(server.options.habits.sessions, request, Instant::now()) {
        Ok(cookie) => cookie,
        Err(refused) => return refused,
    };
    let mut answer = odata::answer(server, request, resource.trim_matches('/'), met, buffer);
    for kind in met {
        if let Kind::Replace { find, with } = kind {
            answer.body = write::replaced(&answer.body, find.as_bytes(), with);
        }
    }
    if server.options.habits.compresses && request.accept_encoding.contains("gzip") {
        answer.body = write::compressed(&answer.body);
        answer.headers.push(("Content-Encoding", "gzip".into()));
    }
    match cookie {
        Some(cookie) => answer.with("Set-Cookie", cookie),
        None => answer,
    }
}

/// UTF-8 only: a login in cp1251 is another login.
fn is_signed_in(server: &Server, request: &Request) -> bool {
    let Some((scheme, credentials)) = request.authorization.split_once(' ') else { return false };
    let expected = format!("{}:{}", server.options.user, server.password());
    scheme.eq_ignore_ascii_case("basic")
        && STANDARD.decode(credentials.trim()).is_ok_and(|sent| sent == expected.as_bytes())
}

fn unauthorized() -> Answer {
    Answer::page(401, "401 Unauthorized").with("WWW-Authenticate", "Basic realm=\"1C:Enterprise 8.3\"")
}

fn no_session() -> Answer {
    let body = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?><exception xmlns="http://v8.1c.ru/8.2/virtual-resource-system" "#,
        r#"reason="406"><descr>Недостаточно сеансов</descr></exception>"#
    );
    Answer::new(406, "application/xml;charset=utf-8", body)
}

fn too_long(limit: UrlLimit, request: &Request) -> Option<Answer> {
    let (path, query) = (request.path.len(), request.query.len());
    match limit {
        UrlLimit::Apache => {
            (path + query + request.method.len() + 11 > 8190).then(|| Answer::page(414, "414 Request-URI Too Long"))
        }
        UrlLimit::Iis => {
            let segment = request.path.split('/').map(str::len).max().unwrap_or(0);
            let is_long = query > 2048 || path + query > 4096 || segment > 260;
            is_long.then(|| Answer::page(404, "404.15 - Not Found: the query string is too long"))
        }
    }
}
