//! The oracle: what a perfect copy of the sales would add up to, computed from the truth and never from what was served.

use std::collections::BTreeMap;

use serde::Serialize;
use xxhash_rust::xxh64::xxh64;

use super::{Amount, Base, Document, Line};

/// Sales of posted documents that are not marked for deletion.
#[derive(Debug, Serialize)]
pub struct Ledger {
    pub months: Vec<Month>,
    pub documents: u64,
    pub lines: u64,
    pub revenue: String,
}

/// One calendar month, `2024-03`. Sums are exact decimals as text; `xor` and `sum` fold the hashes of the canonical rows.
#[derive(Debug, Serialize)]
pub struct Month {
    pub month: String,
    pub lines: u64,
    pub revenue: String,
    pub quantity: String,
    pub vat: String,
    pub discount: String,
    pub xor: String,
    pub sum: String,
}

#[derive(Default)]
struct Tally {
    lines: u64,
    revenue: i128,
    quantity: i128,
    vat: i128,
    discount: i128,
    xor: u64,
    sum: u64,
}

impl Base {
    /// Walks every sale. Months outside of any report's reach (year 0001) are listed like the others.
    pub fn ledger(&self) -> Ledger {
        let mut months: BTreeMap<(i64, i64), Tally> = BTreeMap::new();
        let (mut documents, mut row) = (0, Vec::with_capacity(256));
        for document in self.documents.rows().filter(|document| document.is_sale()) {
            let (year, month, _) = document.date.civil();
            let tally = months.entry((year, month)).or_default();
            documents += 1;
            for (line, number) in document.lines.iter().zip(1..) {
                row.clear();
                write_canonical(&mut row, document, line, number);
                tally.add(line, xxh64(&row, 0));
            }
        }
        months.retain(|_, tally| tally.lines > 0);
        Ledger {
            documents,
            lines: months.values().map(|tally| tally.lines).sum(),
            revenue: decimal(months.values().map(|tally| tally.revenue).sum()),
            months: months.into_iter().map(|((year, month), tally)| tally.into_month(year, month)).collect(),
        }
    }
}

impl Tally {
    fn add(&mut self, line: &Line, hash: u64) {
        self.lines += 1;
        self.revenue += i128::from(line.revenue.0);
        self.quantity += i128::from(line.quantity.0);
        self.vat += i128::from(line.vat.0);
        self.discount += i128::from(discount(line).0);
        self.xor ^= hash;
        self.sum = self.sum.wrapping_add(hash);
    }

    fn into_month(self, year: i64, month: i64) -> Month {
        Month {
            month: format!("{year:04}-{month:02}"),
            lines: self.lines,
            revenue: decimal(self.revenue),
            quantity: decimal(self.quantity),
            vat: decimal(self.vat),
            discount: decimal(self.discount),
            xor: self.xor.to_string(),
            sum: self.sum.to_string(),
        }
    }
}

/// dealer, day, document, line number, product, quantity, revenue, VAT, discount, parted by the unit separator.
fn write_canonical(out: &mut Vec<u8>, document: &Document, line: &Line, number: u64) {
    let mut guid = [0_u8; 36];
    let mut write_guid = |out: &mut Vec<u8>, id: uuid::Uuid| {
        out.extend_from_slice(id.hyphenated().encode_lower(&mut guid).as_bytes());
        out.push(0x1f);
    };
    write_guid(out, document.partner);
    document.date.write_day(out);
    out.push(0x1f);
    write_guid(out, document.reference);
    super::write_int(out, number);
    out.push(0x1f);
    write_guid(out, line.product);
    for amount in [line.quantity, line.revenue, line.vat] {
        amount.write(out);
        out.push(0x1f);
    }
    discount(line).write(out);
}

fn discount(line: &Line) -> Amount {
    Amount(line.manual_discount.0 + line.automatic_discount.0)
}

/// A sum of four-place decimals as the shortest text; sums outgrow 64 bits before rows do.
fn decimal(raw: i128) -> String {
    let sign = if raw < 0 { "-" } else { "" };
    let (whole, fraction) = (raw.unsigned_abs() / 10_000, raw.unsigned_abs() % 10_000);
    let text = format!("{sign}{whole}.{fraction:04}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
