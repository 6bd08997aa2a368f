//! Texts that repeat stand once in a table, as long as that is small. What finds no room there stands in its cell, and so does what
//! stands in a column whose texts do not repeat: document numbers, say.

use std::collections::HashMap;
use std::io;

use rustc_hash::FxBuildHasher;

use super::xml;

const MOST: usize = 200_000;
const MOST_BYTES: usize = 12 * 1024 * 1024;
/// So many texts of a column are taken before it is judged.
const TRIED: usize = 4_096;

#[derive(Default)]
pub struct Strings {
    numbers: HashMap<Box<str>, u32, FxBuildHasher>,
    bytes: usize,
    /// Of each column: texts that were asked for, and those among them that were new.
    columns: Vec<(usize, usize)>,
}

impl Strings {
    /// The number of a column's text in the table, if it has or finds a place there.
    pub fn number(&mut self, column: usize, text: &str) -> Option<u32> {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, (0, 0));
        }
        let (asked, new) = &mut self.columns[column];
        if *new > TRIED && *new * 2 > *asked {
            return None;
        }
        *asked += 1;
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        *new += 1;
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
        out.extend_from_slice(xml::DECLARATION.as_bytes());
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

#[cfg(test)]
mod tests {
    use super::{Strings, TRIED};

    #[test]
    fn texts_that_repeat_have_a_number_and_a_column_of_others_stops_asking() {
        let mut strings = Strings::default();
        assert_eq!(
            [strings.number(0, "a"), strings.number(0, "b"), strings.number(1, "a")],
            [Some(0), Some(1), Some(0)]
        );
        let unique = (0..2 * TRIED).filter(|number| strings.number(2, &format!("n{number}")).is_some()).count();
        assert_eq!(unique, TRIED + 1);
        assert_eq!(strings.number(2, "a"), None);
        assert_eq!(strings.number(0, "a"), Some(0), "other columns go on");
    }
}
