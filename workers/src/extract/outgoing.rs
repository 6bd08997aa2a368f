//! What a page holds for the topic: keys, places and messages, whatever the dataset.

use chrono::NaiveDateTime;
use uuid::Uuid;

use super::place::Place;
use crate::datasets::Dataset;
use crate::erp::sinks::{Catalog, Sales};
use crate::records::dealer::Dealer;
use crate::records::product::Product;
use crate::records::sale::{self, Part};
use crate::records::{Leave, dealer, product};

/// Lines of one message at most: even the longest stay within `message.max.bytes`, a larger document goes in parts.
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
    fn parts(&self, _at: usize) -> usize {
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
        let lines = if document.stands() { document.lines.len() } else { 0 };
        Place {
            dealer_id: document.header.dealer_id,
            sold_on: Some(document.header.sold_at.date()),
            lines: u32::try_from(lines).unwrap_or(u32::MAX),
        }
    }

    fn parts(&self, at: usize) -> usize {
        let document = &self.documents[at];
        if document.stands() { document.lines.len().div_ceil(LINES_PER_PART).max(1) } else { 1 }
    }

    fn write(&self, at: usize, part: usize, version: u64, leaves: &[Leave], out: &mut Vec<u8>) {
        let document = &self.documents[at];
        if !document.stands() || document.lines.is_empty() {
            return sale::write(out, version, document.id, None, leaves);
        }
        let lines = &self.lines[document.lines.clone()];
        let first = part * LINES_PER_PART;
        let last = (first + LINES_PER_PART).min(lines.len());
        let parts = self.parts(at);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let sale = Part {
            header: &document.header,
            first_line: number(first + 1),
            lines: &lines[first..last],
            part: (number(part + 1), number(parts)),
        };
        // What it leaves travels with the last part.
        let leaves = if part + 1 == parts { leaves } else { &[] };
        sale::write(out, version, document.id, Some(sale), leaves);
    }
}

/// A catalog item lies at no day: it has one row, or none.
fn item(stands: bool) -> Place {
    Place { lines: stands.into(), ..Place::NOWHERE }
}

impl Outgoing for Catalog<Product> {
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
        item(self.items[at].stands)
    }

    fn write(&self, at: usize, _: usize, version: u64, _: &[Leave], out: &mut Vec<u8>) {
        let item = &self.items[at];
        product::write(out, version, item.id, item.stands.then_some(&item.record));
    }
}

impl Outgoing for Catalog<Dealer> {
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
        item(self.items[at].stands)
    }

    fn write(&self, at: usize, _: usize, version: u64, _: &[Leave], out: &mut Vec<u8>) {
        let item = &self.items[at];
        dealer::write(out, version, item.id, item.stands.then_some(&item.record));
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

    fn write(&self, at: usize, _: usize, version: u64, leaves: &[Leave], out: &mut Vec<u8>) {
        let key = self.keys[at];
        match self.dataset {
            Dataset::Sales => sale::write(out, version, key, None, leaves),
            Dataset::Products => product::write(out, version, key, None),
            Dataset::Dealers => dealer::write(out, version, key, None),
        }
    }
}

/// A page whose documents have dates, in their order.
pub fn dated(sales: &Sales) -> Vec<(Uuid, NaiveDateTime)> {
    sales.documents.iter().map(|document| (document.id, document.header.sold_at)).collect()
}
