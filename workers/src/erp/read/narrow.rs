//! An answer that is no JSON because of a byte or two: narrowed down to the items that hold them. A raw control
//! character or broken UTF-8 hides neither the quotes around it nor the brackets, so every item's end is found.

use std::ops::Range;

use serde::de::{DeserializeSeed as _, IgnoredAny};

use super::super::mapping::Mapping;
use super::object::{Document, Reading};
use super::{Count, Misfit, Rejected, Salvage, Sink};

/// How many letters before the bad byte are shown.
const SHOWN: usize = 20;

/// Reads the items that are JSON; the others are rejected. None: this is no answer, or not a whole one.
pub fn page<S: Sink>(body: &[u8], mapping: &Mapping) -> Option<(S, Count)> {
    let mut text = String::with_capacity(body.len());
    let mut rejected = Vec::new();
    for item in items(body)? {
        let raw = &body[item];
        match json(raw) {
            Ok(item) => {
                text.push_str(if text.is_empty() { "" } else { "," });
                text.push_str(item);
            }
            Err(reason) => {
                rejected.push(Rejected::of(raw, Misfit { reason, salvage: salvage::<S>(raw, mapping) }, mapping))
            }
        }
    }
    let mut sink = S::of(mapping);
    let mut count = super::page(&format!("{{\"value\":[{text}]}}"), mapping, &mut sink).ok()?;
    count.documents += rejected.len();
    count.rejected.extend(rejected);
    Some((sink, count))
}

/// What can be read of the item once the bad bytes are replaced.
fn salvage<S: Sink>(item: &[u8], mapping: &Mapping) -> Salvage {
    let text = String::from_utf8_lossy(item).replace(|letter: char| letter < ' ', " ");
    let mut sink = S::of(mapping);
    sink.begin();
    let document = Document { reading: &mut Reading::of(mapping), sink: &mut sink };
    let read = document.deserialize(&mut serde_json::Deserializer::from_str(&text));
    let misfit = read.ok().and_then(|problem| sink.end(Some(problem.unwrap_or_default())));
    misfit.map(|misfit| misfit.salvage).unwrap_or_default()
}

/// The item's text, or what is wrong with it.
fn json(item: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(item).map_err(|error| bad_byte(item, error.valid_up_to()))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| match control(item) {
        Some(at) => bad_byte(item, at),
        None => format!("is not JSON: {error}"),
    })?;
    Ok(text)
}

/// The first control character inside a text.
fn control(item: &[u8]) -> Option<usize> {
    let mut cursor = Cursor { body: item, at: 0 };
    while cursor.at < item.len() {
        let start = cursor.at;
        if item[start] == b'"' {
            cursor.text()?;
            if let Some(found) = item[start..cursor.at].iter().position(|byte| *byte < b' ') {
                return Some(start + found);
            }
        } else {
            cursor.at += 1;
        }
    }
    None
}

fn bad_byte(item: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(&item[..at]);
    let letters: Vec<char> = before.chars().rev().take(SHOWN).collect();
    let shown: String = letters.into_iter().rev().collect();
    let byte = item.get(at).copied().unwrap_or_default();
    format!("holds the byte 0x{byte:02X}, which no text of JSON may hold, after {shown:?}")
}

/// Where the items of the list "value" lie.
fn items(body: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut cursor = Cursor { body, at: 0 };
    let mut items = None;
    cursor.object(|cursor, name| {
        if name != b"\"value\"" {
            return cursor.value();
        }
        items.replace(cursor.list()?).is_none().then_some(())
    })?;
    cursor.space();
    items.filter(|_| cursor.at == body.len())
}

/// What stands last under this name in an item, however little of a JSON the rest of it is.
pub fn member<'a>(item: &'a [u8], wanted: &str) -> Option<&'a str> {
    let (wanted, mut found) = (format!("\"{wanted}\""), None);
    // An item that breaks off has shown what stands before.
    _ = Cursor { body: item, at: 0 }.object(|cursor, name| {
        let start = cursor.at;
        cursor.value()?;
        if name == wanted.as_bytes() {
            found = std::str::from_utf8(&item[start..cursor.at]).ok();
        }
        Some(())
    });
    found
}

struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// This byte, after spaces; stays where it is if another one stands there.
    fn take(&mut self, wanted: u8) -> Option<()> {
        self.space();
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// From quote to quote, whatever lies between.
    fn text(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// Over one value, nested ones included.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => self.text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                byte if byte.is_ascii_whitespace() => {
                    self.at += 1;
                    continue;
                }
                _ => self.plain(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// A number, a flag, null.
    fn plain(&mut self) {
        let ends =
            |byte: u8| matches!(byte, b',' | b':' | b'"' | b'[' | b']' | b'{' | b'}') || byte.is_ascii_whitespace();
        while self.peek().is_some_and(|byte| !ends(byte)) {
            self.at += 1;
        }
    }

    /// Over an object; `each` goes over the value of a name.
    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        loop {
            self.space();
            let start = self.at;
            self.text()?;
            let name = &self.body[start..self.at];
            self.take(b':')?;
            self.space();
            each(self, name)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    fn list(&mut self) -> Option<Vec<Range<usize>>> {
        let mut items = Vec::new();
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(items);
        }
        loop {
            self.space();
            let start = self.at;
            self.value()?;
            items.push(start..self.at);
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(items);
            }
        }
    }
}
