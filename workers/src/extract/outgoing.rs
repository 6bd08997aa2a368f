//! What a page holds for the topic: keys, places and messages, whatever the dataset.

use chrono::NaiveDateTime;
use uuid::Uuid;

use super::place::Place;
use crate::datasets::Dataset;
use crate::erp::sinks::{Catalog, Sales};
use crate::records::named::{Currency, Dealer, Unit};
use crate::records::product::Product;
use crate::records::sale::{self, Part};
use crate::records::{Item, Leave};

/// Lines of one message at most, and as many rows that it leaves: even the longest stay within `message.max.bytes` and within
/// what a loader takes. A larger document goes in parts.
const LINES_PER_PART: usize = 40_000;

/// Documents or items that a publisher can send.
pub trait Outgoing {
    fn count(&self) -> usize;
    fn key(&self, at: usize) -> Uuid;
    fn data_version(&self, at: usize) -> &str;
    /// Where its rows will lie; none: it does not stand.
    fn place(&self, at: usize) -> Place;
    /// It vanished from 1C.
    fn is_gone(&self) -> bool {
        false
    }
    /// By what it counts, if the mapping does not name it.
    fn unknown_operation(&self, _at: usize) -> Option<&str> {
        None
    }
    /// Messages that it takes, with what it leaves.
    fn parts(&self, _at: usize, _leaves: &[Leave]) -> usize {
        1
    }
    /// Writes a message over what `out` held.
    fn write(&self, at: usize, part: usize, version: u64, leaves: &[Leave], out: &mut Vec<u8>);
}

impl Outgoing for Sales {
    fn count(&self) -> usize {
        self.documents.len()
    }

    fn key(&self, at: usize) -> Uuid {
        self.documents[at].id
    }

    fn data_version(&self, at: usize) -> &str {
        &self.documents[at].data_version
    }

    fn place(&self, at: usize) -> Place {
        let document = &self.documents[at];
        let lines = if document.stands { document.lines.len() } else { 0 };
        Place {
            dealer_id: document.header.dealer_id,
            sold_on: Some(document.header.sold_at.date()),
            lines: u32::try_from(lines).unwrap_or(u32::MAX),
        }
    }

    fn unknown_operation(&self, at: usize) -> Option<&str> {
        self.documents[at].unknown_operation.as_deref()
    }

    fn parts(&self, at: usize, leaves: &[Leave]) -> usize {
        self.line_parts(at).max(1) + shares(leaves).len().max(1) - 1
    }

    /// What it leaves begins in the last part of its lines, and goes on behind it.
    fn write(&self, at: usize, part: usize, version: u64, leaves: &[Leave], out: &mut Vec<u8>) {
        let (document, parts) = (&self.documents[at], self.line_parts(at));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let sale = (part < parts).then(|| {
            let lines = &self.lines[document.lines.clone()];
            let first = part * LINES_PER_PART;
            let last = (first + LINES_PER_PART).min(lines.len());
            Part {
                header: &document.header,
                first_line: number(first + 1),
                lines: &lines[first..last],
                part: (number(part + 1), number(parts)),
            }
        });
        let share = (part + 1).checked_sub(parts.max(1)).and_then(|share| shares(leaves).into_iter().nth(share));
        sale::write(out, version, document.id, sale, &share.unwrap_or_default());
    }
}

impl Sales {
    fn line_parts(&self, at: usize) -> usize {
        let document = &self.documents[at];
        if document.stands { document.lines.len().div_ceil(LINES_PER_PART) } else { 0 }
    }
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

/// A catalog item lies at no day: it has one row, or none.
impl<R: Item> Outgoing for Catalog<R> {
    fn count(&self) -> usize {
        self.items.len()
    }

    fn key(&self, at: usize) -> Uuid {
        self.items[at].id
    }

    fn data_version(&self, at: usize) -> &str {
        &self.items[at].data_version
    }

    fn place(&self, at: usize) -> Place {
        Place { lines: self.items[at].stands.into(), ..Place::NOWHERE }
    }

    fn write(&self, at: usize, _: usize, version: u64, _: &[Leave], out: &mut Vec<u8>) {
        let item = &self.items[at];
        R::write(out, version, item.id, item.stands.then_some(&item.record));
    }
}

/// Keys that 1C has no more.
pub struct Gone {
    pub dataset: Dataset,
    pub keys: Vec<Uuid>,
}

impl Outgoing for Gone {
    fn count(&self) -> usize {
        self.keys.len()
    }

    fn key(&self, at: usize) -> Uuid {
        self.keys[at]
    }

    fn data_version(&self, _: usize) -> &str {
        ""
    }

    fn place(&self, _: usize) -> Place {
        Place::NOWHERE
    }

    fn is_gone(&self) -> bool {
        true
    }

    fn parts(&self, _: usize, leaves: &[Leave]) -> usize {
        shares(leaves).len().max(1)
    }

    fn write(&self, at: usize, part: usize, version: u64, leaves: &[Leave], out: &mut Vec<u8>) {
        let key = self.keys[at];
        match self.dataset {
            Dataset::Sales | Dataset::Returns => {
                let share = shares(leaves).into_iter().nth(part).unwrap_or_default();
                sale::write(out, version, key, None, &share);
            }
            Dataset::Products => Product::write(out, version, key, None),
            Dataset::Dealers => Dealer::write(out, version, key, None),
            Dataset::Currencies => Currency::write(out, version, key, None),
            Dataset::Units => Unit::write(out, version, key, None),
        }
    }
}

/// A page whose documents have dates, in their order.
pub fn dated(sales: &Sales) -> Vec<(Uuid, NaiveDateTime)> {
    sales.documents.iter().map(|document| (document.id, document.header.sold_at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Record;
    use crate::records::sale::Line;

    /// The rows of all messages of the document, and how many messages there are.
    fn sent(page: &impl Outgoing, leaves: &[Leave]) -> (u32, usize) {
        let (mut rows, mut message, parts) = (0, Vec::new(), page.parts(0, leaves));
        for part in 0..parts {
            page.write(0, part, 1, leaves, &mut message);
            assert!(message.len() < crate::datasets::MAX_MESSAGE_BYTES);
            rows += Line::decode(&message, &mut Vec::new()).unwrap();
        }
        (rows, parts)
    }

    fn leave(from_line: u32, to_line: u32) -> Leave {
        Leave { dealer_id: None, sold_on: NaiveDateTime::default().date(), from_line, to_line }
    }

    #[test]
    fn a_huge_document_and_all_that_it_leaves_go_in_messages_that_a_loader_takes() {
        let line = r#"{"LineNumber":"1","Номенклатура_Key":null,"Количество":1,"СуммаСНДС":1,"СуммаНДС":0,"СуммаРучнойСкидки":0,"СуммаАвтоматическойСкидки":0}"#;
        let page = |lines: usize| {
            let lines = vec![line; lines].join(",");
            let header = r#""Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"1","DeletionMark":false,"Posted":true,"Number":"1","Date":"2024-03-05T00:00:00","Партнер_Key":null,"Контрагент_Key":null,"Валюта_Key":null,"ХозяйственнаяОперация":"""#;
            let body = format!("{{\"value\":[{{{header},\"Товары\":[{lines}]}}]}}");
            let mapping = crate::erp::Mapping::load(Dataset::Sales, None).unwrap();
            let mut sales = Sales::default();
            crate::erp::read::page(&body, &mapping, &mut sales).unwrap();
            assert_eq!(sales.count(), 1);
            sales
        };
        assert_eq!(sent(&page(3), &[]), (3, 1));
        assert_eq!(sent(&page(3), &[leave(4, 6)]), (6, 1), "a usual one is one message");
        assert_eq!(sent(&page(0), &[leave(1, 6)]), (6, 1));
        assert_eq!(sent(&page(90_000), &[leave(1, 250_000), leave(7, 8)]), (340_002, 3 + 6));
        let gone = Gone { dataset: Dataset::Returns, keys: vec![Uuid::nil()] };
        assert_eq!(sent(&gone, &[leave(1, 250_000)]), (250_000, 7));
        assert_eq!(sent(&gone, &[leave(1, 1)]), (1, 1));
    }
}
