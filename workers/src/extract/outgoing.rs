//! What a page holds for the topic: places and messages, whatever the dataset.

use std::ops::Range;

use shared::dataset::What;

use super::place::Place;
use crate::erp::records::{Document, Records};
use crate::record::{Leave, write};

/// Lines of one message at most, and as many rows that it leaves; and bytes of its lines. Even the longest stay within
/// `message.max.bytes` and within what a loader takes. A larger document goes in parts.
const LINES_PER_PART: usize = 40_000;
const BYTES_PER_PART: usize = 6 * 1024 * 1024;

/// Where its rows will lie; none: it does not stand. An item lies at no day: it has one row, or none.
pub fn place(page: &Records, document: &Document) -> Place {
    let lines = match (document.stands, page.dataset.what) {
        (false, _) => 0,
        (true, What::Catalog) => 1,
        (true, _) => page.lines(document).len(),
    };
    Place {
        dealer_id: document.dealer_id,
        day: document.dated.map(|moment| moment.date()),
        lines: u32::try_from(lines).unwrap_or(u32::MAX),
    }
}

/// The messages of a document, with what it leaves.
pub struct Messages<'a> {
    page: &'a Records,
    document: &'a Document,
    version: u64,
    /// Of the document's lines.
    parts: Vec<Range<usize>>,
    shares: Vec<Vec<Leave>>,
}

impl<'a> Messages<'a> {
    pub fn of(page: &'a Records, document: &'a Document, version: u64, leaves: &[Leave]) -> Self {
        let parts = if document.stands && page.dataset.has_lines() { parts(page.lines(document)) } else { Vec::new() };
        Self { page, document, version, parts, shares: shares(leaves) }
    }

    /// What is left begins in the last part of the lines, and goes on behind it.
    pub fn count(&self) -> usize {
        self.parts.len().max(1) + self.shares.len().max(1) - 1
    }

    /// Writes one of them over what `out` held.
    pub fn write(&self, at: usize, out: &mut Vec<u8>) {
        let Self { page, document, version, parts, shares } = self;
        let dataset = page.dataset.definition();
        if dataset.what == What::Catalog {
            let fields = document.stands.then(|| page.fields(document));
            return write::item(out, dataset, *version, document.id, fields);
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lines = page.lines(document);
        let part = parts.get(at).map(|part| write::Part {
            fields: page.fields(document),
            first_line: number(part.start + 1),
            lines: page.joined(&lines[part.clone()]),
            part: (number(at + 1), number(parts.len())),
        });
        let share = (at + 1).checked_sub(parts.len().max(1)).and_then(|share| shares.get(share));
        write::document(out, dataset, *version, document.id, part, share.map_or(&[], Vec::as_slice));
    }
}

/// Lines by messages: none has more than its share of lines or of bytes. A document without lines has no part.
pub fn parts(lines: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut first = 0;
    for (at, line) in lines.iter().enumerate() {
        let is_full = at - first >= LINES_PER_PART || line.end - lines[first].start > BYTES_PER_PART;
        if is_full && at > first {
            parts.push(first..at);
            first = at;
        }
    }
    if first < lines.len() {
        parts.push(first..lines.len());
    }
    parts
}

/// What a document leaves, by messages: none has more than its share of rows.
fn shares(leaves: &[Leave]) -> Vec<Vec<Leave>> {
    let most = u32::try_from(LINES_PER_PART).unwrap_or(u32::MAX);
    let (mut shares, mut room) = (Vec::<Vec<Leave>>::new(), 0);
    for leave in leaves {
        let mut from_line = leave.from_line;
        while from_line <= leave.to_line {
            if room == 0 {
                shares.push(Vec::new());
                room = most;
            }
            let to_line = leave.to_line.min(from_line.saturating_add(room - 1));
            shares.last_mut().into_iter().for_each(|share| share.push(Leave { from_line, to_line, ..*leave }));
            room -= to_line - from_line + 1;
            from_line = to_line + 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use shared::dataset::{Catalogue, Table};
    use uuid::Uuid;

    use super::*;
    use crate::erp::Mapping;
    use crate::erp::read::Sink as _;
    use crate::record::block::Block;
    use crate::record::read;

    /// The rows of all messages of the page's document, and how many messages there are.
    fn sent(page: &Records, leaves: &[Leave]) -> (usize, usize) {
        let messages = Messages::of(page, &page.documents[0], 1, leaves);
        let table = Table::of(page.dataset);
        let mut block = Block::of(table.inserted());
        let (mut rows, mut message) = (0, Vec::new());
        for at in 0..messages.count() {
            messages.write(at, &mut message);
            assert!(message.len() < crate::kafka::MAX_MESSAGE_BYTES);
            rows += read::rows(page.dataset.definition(), &message, &mut block).unwrap();
        }
        (rows, messages.count())
    }

    fn leave(from_line: u32, to_line: u32) -> Leave {
        Leave { dealer_id: None, day: chrono::NaiveDate::default(), from_line, to_line }
    }

    #[test]
    fn a_huge_document_and_all_that_it_leaves_go_in_messages_that_a_loader_takes() {
        let catalogue = Catalogue::compiled_in().unwrap();
        let line = r#"{"LineNumber":"1","Номенклатура_Key":null,"Количество":1,"СуммаСНДС":1,"СуммаНДС":0,"СуммаРучнойСкидки":0,"СуммаАвтоматическойСкидки":0}"#;
        let page = |lines: usize| {
            let lines = vec![line; lines].join(",");
            let header = r#""Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"1","DeletionMark":false,"Posted":true,"Number":"1","Date":"2024-03-05T00:00:00","Партнер_Key":null,"Контрагент_Key":null,"Валюта_Key":null,"ХозяйственнаяОперация":"""#;
            let body = format!("{{\"value\":[{{{header},\"Товары\":[{lines}]}}]}}");
            let mapping = Mapping::of(catalogue.get("sales").unwrap(), "ut11").unwrap();
            let mut sales = Records::of(&mapping);
            crate::erp::read::page(&body, &mapping, &mut sales).unwrap();
            assert_eq!(sales.documents.len(), 1);
            sales
        };
        assert_eq!(sent(&page(3), &[]), (3, 1));
        assert_eq!(sent(&page(3), &[leave(4, 6)]), (6, 1), "a usual one is one message");
        assert_eq!(sent(&page(0), &[leave(1, 6)]), (6, 1));
        assert_eq!(sent(&page(90_000), &[leave(1, 250_000), leave(7, 8)]), (340_002, 3 + 6));
        let gone = Records::gone(catalogue.get("returns").unwrap(), vec![Uuid::nil()]);
        assert_eq!(sent(&gone, &[leave(1, 250_000)]), (250_000, 7));
        assert_eq!(sent(&gone, &[leave(1, 1)]), (1, 1));
    }
}
