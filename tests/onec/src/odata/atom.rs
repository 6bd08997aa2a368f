//! Atom entries, 1C's default. Correct rather than fast.

use super::{
    json::{linked, presentation, resolve, version_text, write_link_url},
    select::{Content, Member},
};
use crate::{
    base::{Base, Moment, Overrides, Row, Value},
    schema::{Kind, Type},
};

const NAMESPACES: &str = concat!(
    r#" xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0""#,
    r#" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices""#,
    r#" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata""#,
);
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
const RELATED: &str = "http://schemas.microsoft.com/ado/2007/08/dataservices/related/";
const SCHEME: &str = "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme";

/// What every entry of an answer shares.
pub struct Page<'a> {
    pub base: &'a Base,
    /// The OData root with its slash.
    pub root: &'a str,
    pub of: &'a Type,
    pub members: &'a [Member],
    pub now: Moment,
}

impl Page<'_> {
    pub fn open_feed(&self, out: &mut Vec<u8>, count: Option<usize>) {
        let root = self.root;
        put(out, &format!("{HEAD}<feed{NAMESPACES} xml:base=\"{root}\"><id>{root}{}</id>", self.of.name));
        put(out, &format!("<title type=\"text\">{}</title><updated>{}</updated>", self.of.name, self.now));
        if let Some(count) = count {
            put(out, &format!("<m:count>{count}</m:count>"));
        }
    }

    /// Rows of a virtual table have no key, and so are no entries.
    pub fn table<'r>(&self, out: &mut Vec<u8>, name: &str, rows: impl Iterator<Item = Row<'r>>) {
        let type_name = &self.of.name;
        put(out, &format!("{HEAD}<d:{name}{NAMESPACES} m:type=\"Collection(StandardODATA.{type_name})\">"));
        for row in rows {
            put(out, &format!("<d:element m:type=\"StandardODATA.{type_name}\">"));
            self.properties(out, self.members, row);
            put(out, "</d:element>");
        }
        put(out, &format!("</d:{name}>"));
    }

    pub fn entry(&self, out: &mut Vec<u8>, row: Row<'_>, is_root: bool) {
        if is_root {
            put(out, &format!("{HEAD}<entry{NAMESPACES} xml:base=\"{}\">", self.root));
        } else {
            put(out, "<entry>");
        }
        let mut address = Vec::new();
        write_link_url(&mut address, &self.of.name, "", row);
        let address = String::from_utf8_lossy(&address).trim_end_matches('/').to_owned();
        put(out, &format!("<id>{}{address}</id>", self.root));
        put(out, &format!("<category term=\"StandardODATA.{}\" scheme=\"{SCHEME}\"/>", self.of.name));
        put(out, &format!("<title type=\"text\"/><updated>{}</updated><author/><summary/>", self.now));
        for member in self.members {
            let Content::Link { key } = &member.content else { continue };
            if linked(row, *key).is_some() {
                let name = &member.name;
                let kind = "application/atom+xml;type=entry;charset=utf-8";
                put(
                    out,
                    &format!(
                        "<link rel=\"{RELATED}{name}\" href=\"{address}/{name}\" type=\"{kind}\" title=\"{name}\"/>"
                    ),
                );
            }
        }
        put(out, &format!("<link rel=\"edit\" href=\"{address}\" title=\"edit-link\"/>"));
        put(out, "<content type=\"application/xml\"><m:properties>");
        self.properties(out, self.members, row);
        put(out, "</m:properties></content></entry>");
    }

    fn properties(&self, out: &mut Vec<u8>, members: &[Member], row: Row<'_>) {
        for member in members {
            let name = member.name.as_str();
            if let Some(value) = replaced(row.overrides(), row, name) {
                if let Some(text) = value {
                    element(out, name, &text);
                }
                continue;
            }
            match &member.content {
                Content::Link { .. } => {}
                Content::Presentation { of } => element(out, name, presentation(self.base, row, *of)),
                Content::Value { source, kind } => self.value(out, name, resolve(row, *source), kind),
                Content::Lines { type_name, members } => self.lines(out, name, type_name, members, row),
            }
        }
    }

    fn value(&self, out: &mut Vec<u8>, name: &str, value: Value<'_>, kind: &Kind) {
        match value {
            Value::Null => put(out, &format!("<d:{name} m:null=\"true\"/>")),
            Value::NoRows => put(out, &format!("<d:{name} m:type=\"{}\"/>", kind.edm())),
            Value::Bool(flag) => element(out, name, &flag.to_string()),
            Value::Whole(number) => element(out, name, &number.to_string()),
            Value::Amount(amount) => element(out, name, &amount.to_string()),
            Value::Text(text) | Value::Json(text) => element(out, name, text),
            Value::Guid(id) => element(out, name, &id.to_string()),
            Value::Date(date) => element(out, name, &date.to_string()),
            Value::Version(version) => element(out, name, &version_text(version)),
        }
    }

    fn lines(&self, out: &mut Vec<u8>, name: &str, type_name: &str, members: &[Member], row: Row<'_>) {
        let Row::Document(document) = row else { return };
        put(out, &format!("<d:{name} m:type=\"Collection(StandardODATA.{type_name})\">"));
        for (line, number) in document.lines.iter().zip(1..) {
            put(out, &format!("<d:element m:type=\"StandardODATA.{type_name}\">"));
            self.properties(out, members, Row::Line(document, line, number));
            put(out, "</d:element>");
        }
        put(out, &format!("</d:{name}>"));
    }
}

pub const CLOSE_FEED: &str = "</feed>";

/// The service document: which sets there are.
pub fn service<'a>(root: &str, sets: impl Iterator<Item = &'a str>) -> String {
    let mut out = format!(
        concat!(
            "{}<service xmlns=\"http://www.w3.org/2007/app\" xmlns:atom=\"http://www.w3.org/2005/Atom\" xml:base=\"{}\">",
            "<workspace><atom:title>Default</atom:title>"
        ),
        HEAD, root
    );
    for set in sets {
        out.push_str(&format!("<collection href=\"{set}\"><atom:title>{set}</atom:title></collection>"));
    }
    out + "</workspace></service>"
}

/// The text served in place of the truth, if one is: `Some(None)` leaves the element out.
fn replaced(overrides: &Overrides, row: Row<'_>, field: &str) -> Option<Option<String>> {
    let one = overrides.as_ref()?.iter().find(|one| one.line == row.line() && &*one.field == field)?;
    Some(one.value.as_ref().map(|value| {
        let json = value.get();
        serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
    }))
}

fn element(out: &mut Vec<u8>, name: &str, text: &str) {
    if text.is_empty() {
        return put(out, &format!("<d:{name}/>"));
    }
    put(out, &format!("<d:{name}>"));
    escape(out, text);
    put(out, &format!("</d:{name}>"));
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Text with the characters that mean something to XML replaced.
pub fn escape(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'&' => put(out, "&amp;"),
            b'<' => put(out, "&lt;"),
            b'>' => put(out, "&gt;"),
            b'"' => put(out, "&quot;"),
            other => out.push(other),
        }
    }
}
