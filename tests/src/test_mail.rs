//! A real mail server of one test: what it took, and what it is told to answer.

use std::path::PathBuf;

use base64::Engine as _;
use serde_json::Value;
use stack::mail::{MailServer, Settings};
use stack::parts::Parts;

/// Its address and its folder; the server runs from `start` on.
pub struct TestMail {
    settings: Settings,
    server: Option<MailServer>,
    _folder: tempfile::TempDir,
}

/// A mail as its recipient's program shows it.
#[derive(Debug, Clone)]
pub struct Received {
    /// The addresses that it was sent to.
    pub recipients: Vec<String>,
    headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
    pub files: Vec<Attached>,
    /// As it came.
    pub raw: String,
}

#[derive(Debug, Clone)]
pub struct Attached {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Received {
    /// A header's text; empty without it.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// All links of the text.
    pub fn links(&self) -> Vec<String> {
        let words = self.text.split_whitespace().filter(|word| word.starts_with("http"));
        words.map(str::to_owned).collect()
    }

    /// The link that holds this.
    pub fn link(&self, part: &str) -> String {
        let links = self.links();
        links.iter().find(|link| link.contains(part)).unwrap_or_else(|| panic!("no {part} among {links:?}")).clone()
    }
}

impl TestMail {
    /// An address where nobody answers yet.
    pub fn down() -> Self {
        let folder = crate::folder();
        let settings = Settings {
            port: stack::ports::free().expect("a port"),
            folder: folder.path().join("mails"),
            log: folder.path().join("mail.log"),
        };
        std::fs::create_dir_all(&settings.folder).expect("a folder of mails");
        Self { settings, server: None, _folder: folder }
    }

    pub async fn start() -> Self {
        let mut mail = Self::down();
        mail.up().await;
        mail
    }

    pub async fn up(&mut self) {
        self.server = Some(MailServer::start(&Parts::locate(), &self.settings).await.expect("start the mail server"));
    }

    /// `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.settings.port)
    }

    /// What it answers from now on: `550`, `451`, `550 somebody@dealer.example`, `hang`; nothing: it takes all.
    pub fn orders(&self, words: &str) {
        let (part, orders) = (self.settings.folder.join(".orders"), self.settings.folder.join("orders"));
        std::fs::write(&part, words).expect("orders");
        std::fs::rename(part, orders).expect("orders");
    }

    /// Every mail that it took, in its order.
    pub fn received(&self) -> Vec<Received> {
        let entries = std::fs::read_dir(&self.settings.folder).expect("the folder of mails");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
        paths.sort();
        paths.iter().map(received).collect()
    }
}

fn received(path: &PathBuf) -> Received {
    let raw = String::from_utf8_lossy(&std::fs::read(path).expect("a mail")).into_owned();
    let apart = std::fs::read_to_string(path.with_extension("json")).expect("a mail taken apart");
    let apart: Value = serde_json::from_str(&apart).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| apart[name].as_array().cloned().unwrap_or_default();
    let bytes = |value: &Value| base64::engine::general_purpose::STANDARD.decode(text(value)).expect("base64");
    Received {
        recipients: list("recipients").iter().map(text).collect(),
        headers: list("headers").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        text: text(&apart["text"]),
        html: text(&apart["html"]),
        files: list("files")
            .iter()
            .map(|file| Attached {
                name: text(&file["name"]),
                media_type: text(&file["type"]),
                bytes: bytes(&file["base64"]),
            })
            .collect(),
        raw,
    }
}
