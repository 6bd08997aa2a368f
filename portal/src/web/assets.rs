//! Files of `assets/` compiled in, served under names that carry their hash, so that browsers may keep them for ever.
//! In development files of `PORTAL_ASSETS_DIR` stand in their place.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use crate::error::AppError;
use crate::web::input::Path;

/// One line per file: its name, its media type, its bytes.
const FILES: &[(&str, &str, &[u8])] = &[
    ("portal.css", "text/css; charset=utf-8", include_bytes!("../../../assets/portal.css")),
    ("htmx.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/htmx-4.0.1.min.js")),
    ("hx-sse.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/hx-sse-4.0.1.min.js")),
    ("portal.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/portal.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../../../assets/icon.svg")),
];

pub struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: Cow<'static, [u8]>,
    /// `/assets/<stem>.<hash>.<extension>`
    url: String,
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| FILES.iter().map(Asset::new).collect());

/// The address of a file, or none for a name that is not compiled in (a test walks all uses).
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/assets/missing", |asset| asset.url.as_str())
}

/// What the head of every page names.
pub fn links() -> crate::ui::shell::Links {
    crate::ui::shell::Links {
        style: url("portal.css"),
        scripts: [url("htmx.js"), url("hx-sse.js"), url("portal.js")],
        icon: url("icon.svg"),
    }
}

/// `GET /assets/{name}`
pub async fn show(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, AppError> {
    let asset = ASSETS.iter().find(|asset| asset.file() == name).ok_or(AppError::NotFound)?;
    Ok(asset.answer(&headers))
}

impl Asset {
    fn new(&(name, media_type, bytes): &(&'static str, &'static str, &'static [u8])) -> Self {
        let bytes = shared::assets::read(shared::assets::folder(), name).map_or(Cow::Borrowed(bytes), Cow::Owned);
        let hash: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let url = format!("/assets/{stem}.{hash}.{extension}");
        Self { name, media_type, bytes, url, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The last part of its address.
    fn file(&self) -> &str {
        self.url.trim_start_matches("/assets/")
    }

    /// Compressed once, on first use, in the best form that the browser names; fonts and pictures are already dense.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let accepts = |coding| {
            accepted.split(',').any(|choice| {
                let mut parts = choice.split(';').map(str::trim);
                parts.next() == Some(coding)
                    && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        let is_text = self.media_type.starts_with("text/") || self.media_type == "image/svg+xml";
        let (coding, body): (_, &[u8]) = match () {
            () if is_text && accepts("br") => (Some("br"), self.brotli.get_or_init(|| brotli(&self.bytes))),
            () if is_text && accepts("gzip") => (Some("gzip"), self.gzip.get_or_init(|| gzip(&self.bytes))),
            () => (None, &self.bytes),
        };
        let mut answer = bytes::Bytes::copy_from_slice(body).into_response();
        let head = answer.headers_mut();
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        head.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(coding) = coding {
            head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        answer
    }
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, 11, 22);
    // Writing into a Vec cannot fail.
    let _ = writer.write_all(bytes).and_then(|()| writer.flush());
    drop(writer);
    packed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let _ = writer.write_all(bytes);
    writer.finish().unwrap_or_default()
}
