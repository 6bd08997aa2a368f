//! The truth of orders: in all, by month, by dealer, by document.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::{decimal, discount, write_canonical};
use crate::base::{Base, Document};

/// Orders that count: posted and not marked for deletion. Sums leave out what was called off, which is told apart.
#[derive(Debug, Serialize)]
pub struct Orders {
    #[serde(flatten)]
    pub total: Sums,
    pub months: Vec<Group>,
    pub dealers: Vec<Group>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<One>>,
}

#[derive(Debug, Serialize)]
pub struct Group {
    /// `2026-03`, or the dealer's reference.
    #[serde(rename = "of")]
    pub name: String,
    #[serde(flatten)]
    pub sums: Sums,
}

#[derive(Debug, Serialize)]
pub struct One {
    #[serde(rename = "ref")]
    pub reference: Uuid,
    pub number: Box<str>,
    pub date: String,
    pub dealer: Uuid,
    pub status: String,
    #[serde(flatten)]
    pub sums: Sums,
}

/// Exact decimals as text; `xor` and `sum` fold the hashes of the canonical rows, one for each line, called off or not.
#[derive(Debug, Serialize)]
pub struct Sums {
    pub orders: u64,
    pub lines: u64,
    pub cancelled_lines: u64,
    pub quantity: String,
    pub amount: String,
    pub vat: String,
    pub discount: String,
    pub cancelled_quantity: String,
    pub cancelled_amount: String,
    pub xor: String,
    pub sum: String,
}

#[derive(Debug, Default, Clone)]
struct Tally {
    orders: u64,
    lines: u64,
    cancelled_lines: u64,
    quantity: i128,
    amount: i128,
    vat: i128,
    discount: i128,
    cancelled_quantity: i128,
    cancelled_amount: i128,
    xor: u64,
    sum: u64,
}

impl Base {
    /// Of one dealer, or of all.
    pub fn order_ledger(&self, dealer: Option<Uuid>, lists_documents: bool) -> Orders {
        let (mut total, mut documents) = (Tally::default(), Vec::new());
        let (mut months, mut dealers) = (BTreeMap::<_, Tally>::new(), BTreeMap::<_, Tally>::new());
        let counted = |order: &&Document| order.counts() && dealer.is_none_or(|dealer| order.partner == dealer);
        for order in self.orders().rows().filter(counted) {
            let tally = Tally::of(order);
            let (year, month, _) = order.date.civil();
            total.add(&tally);
            months.entry((year, month)).or_default().add(&tally);
            dealers.entry(order.partner).or_default().add(&tally);
            if lists_documents {
                documents.push(One {
                    reference: order.reference,
                    number: order.number.clone(),
                    date: order.date.to_string(),
                    dealer: order.partner,
                    status: order.terms.as_ref().map(|terms| terms.status.to_string()).unwrap_or_default(),
                    sums: tally.told(),
                });
            }
        }
        let group = |(name, tally): (String, Tally)| Group { name, sums: tally.told() };
        let month = |((year, month), tally)| (format!("{year:04}-{month:02}"), tally);
        Orders {
            total: total.told(),
            months: months.into_iter().map(month).map(group).collect(),
            dealers: dealers.into_iter().map(|(id, tally)| (id.to_string(), tally)).map(group).collect(),
            documents: lists_documents.then_some(documents),
        }
    }
}

impl Tally {
    fn of(order: &Document) -> Self {
        let (mut tally, mut row) = (Self { orders: 1, ..Self::default() }, Vec::with_capacity(256));
        for (line, number) in order.lines.iter().zip(1..) {
            let is_cancelled = order.is_cancelled(number);
            row.clear();
            write_canonical(&mut row, order, line, number as u64);
            row.extend_from_slice(if is_cancelled { b"\x1f1" } else { b"\x1f0" });
            let hash = xxh64(&row, 0);
            tally.lines += 1;
            tally.xor ^= hash;
            tally.sum = tally.sum.wrapping_add(hash);
            let (quantity, amount) = (i128::from(line.quantity.0), i128::from(line.revenue.0));
            if is_cancelled {
                tally.cancelled_lines += 1;
                tally.cancelled_quantity += quantity;
                tally.cancelled_amount += amount;
            } else {
                tally.quantity += quantity;
                tally.amount += amount;
                tally.vat += i128::from(line.vat.0);
                tally.discount += i128::from(discount(line).0);
            }
        }
        tally
    }

    fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.lines += other.lines;
        self.cancelled_lines += other.cancelled_lines;
        self.quantity += other.quantity;
        self.amount += other.amount;
        self.vat += other.vat;
        self.discount += other.discount;
        self.cancelled_quantity += other.cancelled_quantity;
        self.cancelled_amount += other.cancelled_amount;
        self.xor ^= other.xor;
        self.sum = self.sum.wrapping_add(other.sum);
    }

    fn told(&self) -> Sums {
        Sums {
            orders: self.orders,
            lines: self.lines,
            cancelled_lines: self.cancelled_lines,
            quantity: decimal(self.quantity),
            amount: decimal(self.amount),
            vat: decimal(self.vat),
            discount: decimal(self.discount),
            cancelled_quantity: decimal(self.cancelled_quantity),
            cancelled_amount: decimal(self.cancelled_amount),
            xor: self.xor.to_string(),
            sum: self.sum.to_string(),
        }
    }
}
