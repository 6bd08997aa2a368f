//! Virtual tables over the records of a register whose rows are kept field by field: the last and the first records of an
//! information register, and the balances of an accumulation register.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Asked, Sheet,
    arguments::{self, Arguments},
    balance::with_dimensions,
    error::Refusal,
    filter,
    order::Order,
    query::Query,
};
use crate::{
    base::{Amount, Base, Cell, Column, Item, Moment, Row, Set, Value},
    http::Answer,
    schema::{Function, Schema, Type},
};

/// What a record has beside its dimensions and resources.
const OWN: [&str; 6] = ["Recorder", "Recorder_Type", "Period", "LineNumber", "Active", "RecordType"];

pub fn answer(
    asked: &Asked<'_>,
    schema: &Schema,
    (function, text, is_count): (&Function, &str, bool),
    query: &Query,
    buffer: Vec<u8>,
) -> Result<Answer, Refusal> {
    let unsupported = || Refusal::unsupported(&function.name);
    let of = function.returns.as_deref().and_then(|name| schema.named(name)).ok_or_else(unsupported)?;
    let is_slice = matches!(function.name.as_str(), "SliceLast" | "SliceFirst");
    let records = match function.name.as_str() {
        _ if is_slice => Some(of),
        "Balance" => schema.named(&format!("{}_RecordType", function.set)),
        _ => None,
    };
    let records = records.filter(|records| records.list.is_some()).ok_or_else(unsupported)?;
    let arguments = arguments::read(function, text, &query.arguments)?;
    let mut kept = with_dimensions(of, arguments.dimensions.as_deref())?;
    // Rows have no address, and lie field by field, as the records do.
    (kept.key, kept.list) = (Vec::new(), records.list);
    let base = asked.server.base();
    let standing = standing(&base, schema, records, &arguments)?;
    let mut rows = if is_slice {
        slice(records, &standing, arguments.period, function.name == "SliceLast")
    } else {
        balances(of, &kept, records, &standing, arguments.period)
    };
    if let Some(text) = &query.filter {
        let bound = filter::bind(&filter::parse(text)?, schema, &kept)?;
        rows.retain(|row| filter::holds(&bound, &base, Row::Item(row)));
    }
    if is_count {
        return asked.counted(rows.len());
    }
    let order = query.order_by.as_ref().map(|text| Order::parse(text, schema, &kept)).transpose()?;
    let dimensions = if is_slice { dimensions_of_records(records) } else { dimensions_of_table(&kept) };
    let columns: Vec<Column> = dimensions.iter().map(|(place, _)| Column::Field(*place)).collect();
    if !order.as_ref().is_some_and(|order| order.names_all(&columns)) {
        asked.server.dice().shuffle(&mut rows);
    }
    if let Some(order) = order {
        rows.sort_by(|a, b| order.compare(&base, Row::Item(a), Row::Item(b)));
    }
    let total = rows.len();
    let (skip, top) = asked.window(query);
    let page: Vec<Item> = rows.into_iter().skip(skip).take(top.unwrap_or(usize::MAX)).collect();
    asked.carry(page.len())?;
    let fields = kept.properties.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(",");
    let prepared = asked.prepared(schema, &kept, query, format!("{}/{}({fields})", function.set, function.name))?;
    let sheet = Sheet { of: &kept, table: &function.name, prepared: &prepared, total };
    Ok(asked.page(&base, &sheet, page.iter().map(Row::Item), query, buffer))
}

/// The records that are active and meet the condition.
fn standing<'a>(
    base: &'a Base,
    schema: &Schema,
    records: &Type,
    arguments: &Arguments,
) -> Result<Vec<&'a Item>, Refusal> {
    let condition = arguments.condition.as_ref().map(|node| filter::bind(node, schema, records)).transpose()?;
    let active = place_of(records, "Active");
    let set = Set::of(records);
    let items =
        base.slots(set).iter().filter_map(|slot| match base.row(set, crate::base::Place { slot: *slot, line: 0 }) {
            Some(Row::Item(item)) => Some(item),
            _ => None,
        });
    let counts = |item: &&Item| {
        active.is_none_or(|active| item.cell(active) == Value::Bool(true))
            && condition.as_ref().is_none_or(|bound| filter::holds(bound, base, Row::Item(item)))
    };
    Ok(items.filter(counts).collect())
}

/// Of every set of dimensions the record that is the last up to a moment, or the first from it on.
fn slice(records: &Type, standing: &[&Item], at: Option<Moment>, is_last: bool) -> Vec<Item> {
    let dimensions = dimensions_of_records(records);
    let (period, line) = (place_of(records, "Period"), place_of(records, "LineNumber"));
    let when = |item: &Item| match period.map(|place| item.cell(place)) {
        Some(Value::Date(moment)) => moment,
        _ => Moment::EMPTY,
    };
    let order = |item: &Item| match line.map(|place| item.cell(place)) {
        Some(Value::Whole(number)) => (when(item), number),
        _ => (when(item), 0),
    };
    let mut found: Vec<&Item> = Vec::new();
    let mut known: HashMap<Vec<Cell>, usize> = HashMap::new();
    for item in standing {
        if at.is_some_and(|at| if is_last { when(item) > at } else { when(item) < at }) {
            continue;
        }
        let at = *known.entry(cells(item, &dimensions)).or_insert_with(|| {
            found.push(item);
            found.len() - 1
        });
        if (order(item) > order(found[at])) == is_last {
            found[at] = item;
        }
    }
    found.into_iter().cloned().collect()
}

/// Receipts less expenses before a moment, by the dimensions that are kept.
fn balances(of: &Type, kept: &Type, records: &Type, standing: &[&Item], before: Option<Moment>) -> Vec<Item> {
    let dimensions = dimensions_of_table(kept);
    let from: Vec<(u16, String)> =
        dimensions.iter().filter_map(|(_, name)| Some((place_of(records, name)?, name.clone()))).collect();
    let resources: Vec<(u16, u16)> = kept
        .properties
        .iter()
        .filter_map(|one| Some((one.place, place_of(records, one.origin.strip_suffix("Balance")?)?)))
        .collect();
    let (period, side) = (place_of(records, "Period"), place_of(records, "RecordType"));
    let is_before = |item: &Item| match (before, period.map(|place| item.cell(place))) {
        (Some(before), Some(Value::Date(moment))) => moment < before,
        _ => true,
    };
    let mut sums: Vec<(Vec<Cell>, Vec<i64>)> = Vec::new();
    let mut known: HashMap<Vec<Cell>, usize> = HashMap::new();
    for item in standing.iter().filter(|item| is_before(item)) {
        let key = cells(item, &from);
        let at = *known.entry(key.clone()).or_insert_with(|| {
            sums.push((key, vec![0; resources.len()]));
            sums.len() - 1
        });
        let sign = if side.map(|place| item.cell(place)) == Some(Value::Text("Expense")) { -1 } else { 1 };
        for (sum, (_, place)) in sums[at].1.iter_mut().zip(&resources) {
            if let Value::Amount(amount) = item.cell(*place) {
                *sum += sign * amount.0;
            }
        }
    }
    // A row of nothing is no row.
    let rows = sums.into_iter().filter(|(_, sums)| sums.iter().any(|sum| *sum != 0));
    rows.map(|(key, sums)| {
        let mut row = Item::new(of, Uuid::nil());
        for ((place, _), cell) in dimensions.iter().zip(key) {
            row.cells[*place as usize] = cell;
        }
        for ((place, _), sum) in resources.iter().zip(sums) {
            row.cells[*place as usize] = Cell::Amount(Amount(sum));
        }
        row
    })
    .collect()
}

/// The dimensions of an information register stand in the key of its records.
fn dimensions_of_records(records: &Type) -> Vec<(u16, String)> {
    let names = records.key.iter().filter(|name| !OWN.contains(&name.as_str()));
    names.filter_map(|name| Some((place_of(records, name)?, name.clone()))).collect()
}

/// Whatever is no resource.
fn dimensions_of_table(kept: &Type) -> Vec<(u16, String)> {
    let dimensions = kept.properties.iter().filter(|one| !one.origin.ends_with("Balance"));
    dimensions.map(|one| (one.place, one.origin.clone())).collect()
}

fn place_of(of: &Type, name: &str) -> Option<u16> {
    of.properties.iter().find(|one| one.origin == name).map(|one| one.place)
}

fn cells(item: &Item, places: &[(u16, String)]) -> Vec<Cell> {
    places.iter().map(|(place, _)| item.cells.get(*place as usize).cloned().unwrap_or(Cell::Null)).collect()
}
