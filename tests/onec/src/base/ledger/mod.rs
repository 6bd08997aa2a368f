//! The oracle: what a perfect copy of the base would add up to, computed from the truth and never from what was served.

mod orders;
mod stock;

use std::collections::BTreeMap;

use serde::Serialize;
use xxhash_rust::xxh64::xxh64;

use super::{Amount, Base, Deed, Document, Item, Line, Table};

/// Documents that count: sales, returns as negative lines, or both together.
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

/// A catalog; `xor` and `sum` fold the hashes of its canonical rows.
#[derive(Debug, Default, Serialize)]
pub struct Items {
    pub items: u64,
    /// Of them, marked for deletion.
    pub deleted: u64,
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
    /// Walks every document of these kinds. Months outside of any report's reach (year 0001) are listed like the others.
    pub fn ledger(&self, deeds: &[Deed]) -> Ledger {
        let mut months: BTreeMap<(i64, i64), Tally> = BTreeMap::new();
        let (mut documents, mut row) = (0, Vec::with_capacity(256));
        let all = self.documents.rows().chain(self.returns.rows());
        for document in all.filter(|document| document.counts() && deeds.contains(&document.deed)) {
            let (year, month, _) = document.date.civil();
            let tally = months.entry((year, month)).or_default();
            documents += 1;
            for (line, number) in document.lines.iter().zip(1..) {
                row.clear();
                let line = &signed(document.deed, line);
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

impl Base {
    /// id, parent, whether it is a folder, code, article, name, unit.
    pub fn product_ledger(&self) -> Items {
        items(self.products.rows().map(|row| {
            let nil = uuid::Uuid::nil();
            let (article, unit) = if row.is_folder { ("", nil) } else { (&*row.article, row.unit) };
            let flag = if row.is_folder { "1" } else { "0" };
            let (id, parent, unit) = (row.reference.to_string(), row.parent.to_string(), unit.to_string());
            (row.is_deleted, [&id, &parent, flag, row.code.trim_end(), article, &row.name, &unit].join("\x1f"))
        }))
    }

    /// id, code, name of the clients among the partners.
    pub fn dealer_ledger(&self) -> Items {
        let clients = self.partners.rows().filter(|row| row.is_client);
        items(clients.map(|row| (row.is_deleted, named(row.reference, &row.code, &row.name))))
    }

    pub fn currency_ledger(&self) -> Items {
        items(self.currencies.rows().map(|row| (row.is_deleted, named(row.reference, &row.code, &row.name))))
    }

    /// id, code, name of a list's items; the code is empty where the catalog has none.
    pub fn item_ledger(list: &Table<Item>, code: Option<u16>) -> Items {
        let code_of = |row: &Item| match code.map(|place| row.cell(place)) {
            Some(super::Value::Text(text)) => text.to_owned(),
            _ => String::new(),
        };
        items(list.rows().map(|row| (row.is_deleted, named(row.reference, &code_of(row), &row.name))))
    }

    pub fn unit_ledger(&self) -> Items {
        items(self.units.rows().map(|row| (row.is_deleted, named(row.reference, &row.code, &row.name))))
    }
}

/// id, code, name.
fn named(id: uuid::Uuid, code: &str, name: &str) -> String {
    [&id.to_string(), code.trim_end(), name].join("\x1f")
}

fn items(rows: impl Iterator<Item = (bool, String)>) -> Items {
    let (mut items, mut xor, mut sum) = (Items::default(), 0_u64, 0_u64);
    for (is_deleted, row) in rows {
        items.items += 1;
        items.deleted += u64::from(is_deleted);
        let hash = xxh64(row.as_bytes(), 0);
        xor ^= hash;
        sum = sum.wrapping_add(hash);
    }
    Items { xor: xor.to_string(), sum: sum.to_string(), ..items }
}

/// A return's line counts against the sales.
fn signed(deed: Deed, line: &Line) -> Line {
    let sign = if deed == Deed::Return { -1 } else { 1 };
    let of = |amount: Amount| Amount(amount.0 * sign);
    Line {
        product: line.product,
        quantity: of(line.quantity),
        price: line.price,
        revenue: of(line.revenue),
        vat: of(line.vat),
        manual_discount: of(line.manual_discount),
        automatic_discount: of(line.automatic_discount),
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
