//! `AccumulationRegister_ТоварыНаСкладах/Balance`: rows that are reckoned for the request, and so have neither a key nor a
//! version.

use super::{
    Asked, Sheet,
    arguments::{self, Arguments},
    error::Refusal,
    filter,
    order::Order,
    query::Query,
};
use crate::{
    base::{Balance, Base, Column, Dimensions, Resources, Row, Source, source, summed},
    faults::Kind as Fault,
    http::Answer,
    schema::{Function, Kind, Navigation, Schema, Type},
};

/// What the table returns.
const TYPE: &str = "AccumulationRegister_ТоварыНаСкладах_Balance";
/// What the published dimensions point to. `$metadata` says nothing of it, and conditions and orders follow it.
const LINKS: [(&str, &str); 3] = [
    ("Номенклатура", "Catalog_Номенклатура"),
    ("Характеристика", "Catalog_ХарактеристикиНоменклатуры"),
    ("Склад", "Catalog_Склады"),
];

/// Whether the function is that of this table; the others are `reckoned`.
pub fn is_of(function: &Function) -> bool {
    function.returns.as_deref() == Some(TYPE)
}

pub fn answer(
    asked: &Asked<'_>,
    schema: &Schema,
    (function, text, is_count): (&Function, &str, bool),
    query: &Query,
    buffer: Vec<u8>,
) -> Result<Answer, Refusal> {
    let of = function.returns.as_deref().filter(|name| *name == TYPE).and_then(|name| schema.named(name));
    let of = of.ok_or_else(|| Refusal::unsupported(&function.name))?;
    let arguments = arguments::read(function, text, &query.arguments)?;
    let kept = with_dimensions(of, arguments.dimensions.as_deref())?;
    let base = asked.server.base();
    let mut rows = rows(&base, schema, of, &kept, &arguments)?;
    filter_and_order(asked, &base, schema, (&kept, query, is_count), &mut rows)?;
    if is_count {
        return asked.counted(rows.len());
    }
    let total = rows.len();
    let (skip, top) = asked.window(query);
    let page: Vec<Balance> = rows.into_iter().skip(skip).take(top.unwrap_or(usize::MAX)).collect();
    asked.carry(page.len())?;
    let wish = format!("{TYPE}({})", kept.properties.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(","));
    let prepared = asked.prepared(schema, &linked(&kept), query, wish)?;
    let sheet = Sheet { of: &kept, table: &function.name, prepared: &prepared, total };
    let drawn = asked.page(&base, &sheet, page.iter().map(Row::Balance), query, buffer);
    drop(base);
    disturb(asked, &columns(&kept), &page);
    Ok(drawn)
}

/// The returned type with only the dimensions that were asked for: the others are no fields of the answer.
pub fn with_dimensions(of: &Type, wanted: Option<&[String]>) -> Result<Type, Refusal> {
    let mut kept = of.clone();
    let Some(wanted) = wanted else { return Ok(kept) };
    // A reference is told by its key, a composite dimension beside its type.
    let bare = |name: &str| name.strip_suffix("_Key").or(name.strip_suffix("_Type")).unwrap_or(name).to_owned();
    let is_dimension = |name: &str| !name.ends_with("Balance");
    for name in wanted {
        if !of.properties.iter().any(|one| is_dimension(&one.origin) && bare(&one.name) == *name) {
            return Err(Refusal::no_property(name));
        }
    }
    kept.properties.retain(|one| !is_dimension(&one.origin) || wanted.contains(&bare(&one.name)));
    Ok(kept)
}

/// Names and presentations can be followed through the dimensions, though the type declares no navigation.
fn linked(of: &Type) -> Type {
    let mut linked = of.clone();
    linked.navigations = LINKS
        .iter()
        .filter(|(name, _)| of.property(&format!("{name}_Key")).is_some())
        .map(|(name, target)| Navigation { name: (*name).into(), target: (*target).into() })
        .collect();
    linked
}

fn rows(base: &Base, schema: &Schema, of: &Type, kept: &Type, arguments: &Arguments) -> Result<Vec<Balance>, Refusal> {
    // A condition speaks of dimensions: what they add up to is known only after it.
    let mut dimensions = linked(of);
    dimensions.properties.retain(|one| one.kind == Kind::Guid);
    let condition = arguments.condition.as_ref().map(|node| filter::bind(node, schema, &dimensions)).transpose()?;
    let wanted = |row: &Balance| condition.as_ref().is_none_or(|bound| filter::holds(bound, base, Row::Balance(row)));
    let columns = columns(kept);
    Ok(summed(base.stock.at(arguments.period).filter(wanted), |full| part_of(&columns, full)))
}

/// Only the dimensions of the answer; all zeros in the others.
fn part_of(columns: &[Column], full: Dimensions) -> Dimensions {
    let mut part = Dimensions::default();
    for column in columns {
        match column {
            Column::Product => part.product = full.product,
            Column::Characteristic => part.characteristic = full.characteristic,
            Column::Purpose => part.purpose = full.purpose,
            Column::Warehouse => part.warehouse = full.warehouse,
            Column::Room => part.room = full.room,
            Column::Series => part.series = full.series,
            _ => {}
        }
    }
    part
}

/// The dimensions of the answer.
fn columns(kept: &Type) -> Vec<Column> {
    let guids = kept.properties.iter().filter(|one| one.origin.ends_with("_Key"));
    let column = |property| match source(kept, property) {
        Source::Column(column) => Some(column),
        Source::Fixed(_) => None,
    };
    guids.filter_map(column).collect()
}

fn filter_and_order(
    asked: &Asked<'_>,
    base: &Base,
    schema: &Schema,
    (kept, query, is_count): (&Type, &Query, bool),
    rows: &mut Vec<Balance>,
) -> Result<(), Refusal> {
    let linked = linked(kept);
    if let Some(text) = &query.filter {
        let bound = filter::bind(&filter::parse(text)?, schema, &linked)?;
        rows.retain(|row| filter::holds(&bound, base, Row::Balance(row)));
    }
    if is_count {
        return Ok(());
    }
    let order = query.order_by.as_ref().map(|text| Order::parse(text, schema, &linked)).transpose()?;
    if !order.as_ref().is_some_and(|order| order.names_all(&columns(kept))) {
        asked.server.dice().shuffle(rows);
    }
    if let Some(order) = order {
        rows.sort_by(|a, b| order.compare(base, Row::Balance(a), Row::Balance(b)));
    }
    Ok(())
}

/// What happens in the warehouses between this page and the next.
fn disturb(asked: &Asked<'_>, columns: &[Column], page: &[Balance]) {
    let now = crate::base::Moment::now_in_moscow();
    for kind in asked.met {
        let mut base = match kind {
            Fault::InsertBetween { .. } | Fault::DeleteBetween { .. } | Fault::ShiftBalances { .. } => {
                asked.server.base_mut()
            }
            _ => continue,
        };
        match kind {
            Fault::DeleteBetween { documents } => {
                for row in page.iter().take(*documents) {
                    let goes_in = |one: &Balance| part_of(columns, one.dimensions) == row.dimensions;
                    let same: Vec<_> = base.stock.at(None).filter(goes_in).collect();
                    same.iter().for_each(|one| base.stock.set(one.dimensions, now, Resources::default()));
                }
            }
            Fault::InsertBetween { documents } => {
                for _ in 0..*documents {
                    base.receive(now);
                }
            }
            Fault::ShiftBalances { by } => _ = base.stock.shift(crate::base::Amount::whole(*by), now),
            _ => {}
        }
    }
}
