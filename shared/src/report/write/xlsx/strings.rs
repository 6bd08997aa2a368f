//! Texts that repeat stand once in a table, as long as that is small. What finds no room there stands in its cell.

use std::collections::HashMap;
use std::io;

use rustc_hash::FxBuildHasher;

use super::xml;

const MOST: usize = 200_000;
const MOST_BYTES: usize = 12 * 1024 * 1024;

#[derive(Default)]
pub struct Strings {
    numbers: HashMap<Box<str>, u32, FxBuildHasher>,
    bytes: usize,
}

impl Strings {
    /// Its number in the table, if it has or finds a place there.
    pub fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        if self.numbers.len() >= MOST || self.bytes + text.len() > MOST_BYTES {
            return None;
        }
        self.bytes += text.len();
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.into(), number);
        Some(number)
    }

    /// The table's part, some of it at a time.
    pub fn write(&self, chunk: usize, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut texts: Vec<(&str, u32)> = self.numbers.iter().map(|(text, number)| (&**text, *number)).collect();
        texts.sort_unstable_by_key(|(_, number)| *number);
        let mut out = Vec::with_capacity(chunk + 1024);
        out.extend_from_slice(super::parts::XML.as_bytes());
        out.extend_from_slice(
            format!(
                "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"{}\">",
                texts.len()
            )
            .as_bytes(),
        );
        for (text, _) in texts {
            out.extend_from_slice(b"<si>");
            xml::push_t(&mut out, text);
            out.extend_from_slice(b"</si>");
            if out.len() >= chunk {
                write(&out)?;
                out.clear();
            }
        }
        out.extend_from_slice(b"</sst>");
        write(&out)
    }
}
