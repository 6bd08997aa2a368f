//! Totals, order, page and the days compared stand around a report's file.
//!
//! The days compared are the same file once more, with their parameters in the place of the period's: so a report says
//! nothing of them, and whatever it reckons within its rows (classes, running sums) it reckons for each by itself. A file
//! that returns `is_before` reads both days at once instead and says of each row which it belongs to: measured on Sales,
//! that costs ClickHouse two thirds.

use std::fmt::Write as _;

use super::names::{self, Side};
use super::tokens::{What, tokens};
use crate::report::definition::{CurrencyColumns, Definition, Field, FieldId, Sort, Source, Total};
use crate::report::kind::Kind;

/// One page of the rows listed, and the totals of all: `{rows_limit}` rows behind `{rows_offset}`, bound by the server.
pub fn page(report: &Definition, sort: Sort) -> String {
    format!(
        "SELECT * FROM (\n{}, row_number() OVER (PARTITION BY is_total ORDER BY {}) AS place {})\nWHERE is_total OR place > \
         {{rows_offset:UInt64}} AND place <= {{rows_offset:UInt64}} + {{rows_limit:UInt32}} ORDER BY is_total DESC, place",
        cells(report),
        order(report, sort),
        groups(report)
    )
}

/// The totals, then every row listed.
pub fn all(report: &Definition, sort: Sort) -> String {
    format!("{} {} ORDER BY is_total DESC, {}", cells(report), groups(report), order(report, sort))
}

/// How many rows `all` lists behind its totals: nothing is sorted for it.
pub fn count(report: &Definition) -> String {
    format!("SELECT count() AS rows FROM (\n{} {}\n) WHERE NOT is_total", cells(report), groups(report))
}

/// The rows of a query, each with the side it belongs to.
pub fn sides(report: &Definition, sql: &str) -> String {
    let side = |sql: &str, is_before: u8| format!("SELECT *, {is_before} AS {} FROM (\n{sql}\n)", names::IS_BEFORE);
    match report.is_compared() {
        true if says_sides(sql) => sql.to_owned(),
        true => format!("{}\nUNION ALL\n{}", side(sql, 0), side(&before(report, sql), 1)),
        false => side(sql, 0),
    }
}

/// Does this query say by itself which days its rows belong to?
pub fn says_sides(sql: &str) -> bool {
    // What cannot be read was refused with the report.
    tokens(sql).unwrap_or_default().iter().any(|token| token.is_word(names::IS_BEFORE))
}

/// The same query over the days compared.
fn before(report: &Definition, sql: &str) -> String {
    let compared: Vec<String> = report
        .filters
        .iter()
        .flat_map(|filter| filter.kind.parameters(&filter.name))
        .filter(|parameter| parameter.is_compared)
        .map(|parameter| parameter.name)
        .collect();
    let mut other = String::with_capacity(sql.len() + 64);
    let mut copied = 0;
    // What cannot be read was refused with the report.
    for token in tokens(sql).unwrap_or_default() {
        if let What::Parameter { name, of_type } = token.what
            && compared.iter().any(|compared| compared == name)
        {
            other.push_str(&sql[copied..token.at.start]);
            let _ = write!(other, "{{{name}_before:{of_type}}}");
            copied = token.at.end;
        }
    }
    other.push_str(&sql[copied..]);
    other
}

/// What `table::Reader` finds by its names. A key has one row of each currency and side already, so the aggregates change
/// nothing there, but make the totals in the same pass.
pub(super) fn cells(report: &Definition) -> String {
    let mut sql = String::from("SELECT ");
    for (id, field) in report.fields.iter() {
        let _ = write!(sql, "{} AS {}, ", value(report, Side::Now, id), names::field(report, Side::Now, id));
        if has_before(report, field) {
            let _ = write!(sql, "{} AS {}, ", value(report, Side::Before, id), names::field(report, Side::Before, id));
        }
    }
    for (part, column) in report.key.iter().enumerate() {
        let _ = write!(sql, "if({}, NULL, toString(any(r.{column}))) AS {}, ", in_total(report), names::key(part));
    }
    if let Some(CurrencyColumns { key, code, name }) = &report.currency {
        let _ = write!(
            sql,
            "toString(r.{key}) AS {}, any(r.{code}) AS {}, any(r.{name}) AS {}, ",
            names::CURRENCY_KEY,
            names::CURRENCY_CODE,
            names::CURRENCY_NAME
        );
    }
    let keys: Vec<String> = report.key.iter().map(|column| format!("r.{column}")).collect();
    let (before, former) = if report.is_compared() {
        let all = format!("uniqExact({})", keys.join(", "));
        (format!("countIf({})", side(report, Side::Before)), format!("toUInt64({all} - countIf({}))", now(report)))
    } else {
        ("toUInt64(0)".to_owned(), "toUInt64(0)".to_owned())
    };
    let _ = write!(
        sql,
        "countIf({}) AS {}, {before} AS {}, {former} AS {}, {} AS {}",
        now(report),
        names::ROWS,
        names::ROWS_BEFORE,
        names::ROWS_FORMER,
        in_total(report),
        names::IS_TOTAL
    );
    sql
}

/// The rows by key, and over all of them: both of one currency each. Of the rows, those that are asked for.
pub(super) fn groups(report: &Definition) -> String {
    let currency = report.currency.as_ref().map(|currency| format!("r.{}", currency.key));
    let keys = report.key.iter().map(|column| format!("r.{column}")).chain(currency.clone());
    let mut sql = format!(
        "FROM (\n{}\n) AS r GROUP BY GROUPING SETS (({}), ({}))",
        sides(report, &report.rows_sql),
        keys.collect::<Vec<_>>().join(", "),
        currency.unwrap_or_default()
    );
    if report.is_compared() {
        let _ = write!(sql, " HAVING {} OR {{with_former:UInt8}} OR {} > 0", names::IS_TOTAL, names::ROWS);
    }
    sql
}

/// 1 in the rows of totals.
fn in_total(report: &Definition) -> String {
    format!("grouping(r.{}) = 1", report.key[0])
}

fn side(report: &Definition, side: Side) -> String {
    match side {
        _ if !report.is_compared() => "1".to_owned(),
        Side::Now => format!("r.{} = 0", names::IS_BEFORE),
        Side::Before => format!("r.{} = 1", names::IS_BEFORE),
    }
}

fn now(report: &Definition) -> String {
    side(report, Side::Now)
}

/// A field that the days compared have, too.
pub fn has_before(report: &Definition, field: &Field) -> bool {
    report.is_compared() && field.kind.is_number()
}

/// A field of one side: of a row its own value, of a total what the definition says.
fn value(report: &Definition, of: Side, id: FieldId) -> String {
    let field = report.fields.get(id);
    let (name, side) = (&field.name, side(report, of));
    let own = if field.kind.is_number() {
        let own = format!("anyOrNullIf(r.{name}, {side})");
        match field.total {
            Total::Ratio(..) if field.kind != Kind::Percent => decimal(&own),
            _ => own,
        }
    } else if report.is_compared() {
        // A name of the days compared only where the period has none.
        format!("argMin(r.{name}, r.{})", names::IS_BEFORE)
    } else {
        format!("any(r.{name})")
    };
    let total = match field.total {
        Total::Sum => return summed(report, of, field),
        // The unit that all rows listed share.
        Total::None if report.unit == Some(id) => {
            format!("if(uniqExactIf(r.{name}, {side}) = 1, anyIf(r.{name}, {side}), NULL)")
        }
        Total::None => "NULL".to_owned(),
        Total::Last(day) => last(report, of, field, report.fields.get(day)),
        Total::Ratio(part, of_all) => ratio(report, of, field, (part, of_all)),
    };
    format!("if({}, {total}, {own})", in_total(report))
}

fn summed(report: &Definition, of: Side, field: &Field) -> String {
    let sum = format!("sumIf(r.{}, {})", field.name, side(report, of));
    of_one_unit(report, of, field, sum)
}

/// Quantities of several units have no sum. A unit that has not arrived may be any: it is like no other.
fn of_one_unit(report: &Definition, of: Side, field: &Field, sum: String) -> String {
    let Some(unit) = report.unit.filter(|_| field.kind == Kind::Quantity) else { return sum };
    let unit = &report.fields.get(unit).name;
    let keys: Vec<String> = report.key.iter().map(|column| format!("r.{column}")).collect();
    let unit = format!("if(r.{unit} = '', toString(tuple({})), r.{unit})", keys.join(", "));
    format!("if(uniqExactIf({unit}, {} AND r.{} != 0) > 1, NULL, {sum})", side(report, of), field.name)
}

/// The sum over the rows of the last day.
fn last(report: &Definition, of: Side, field: &Field, day: &Field) -> String {
    let (name, day) = (&field.name, &day.name);
    let of_days = format!("sumMapIf([toInt32(toDate32(r.{day}))], [r.{name}], {})", side(report, of));
    of_one_unit(report, of, field, format!("({of_days}).2[-1]"))
}

/// One total by another; nothing is divided by nothing, or by less.
fn ratio(report: &Definition, of: Side, field: &Field, (part, of_all): (FieldId, FieldId)) -> String {
    let total = |id: FieldId| summed(report, of, report.fields.get(id));
    let (part, all) = (total(part), total(of_all));
    let ratio = format!("if({all} > 0, toFloat64({part}) / toFloat64({all}), NULL)");
    match field.kind {
        Kind::Percent => ratio,
        _ => decimal(&format!("round({ratio}, 4)")),
    }
}

/// Rows and totals of one type: of decimals with other places ClickHouse makes none by itself.
fn decimal(value: &str) -> String {
    format!("CAST({value}, 'Nullable(Decimal(38, 4))')")
}

/// The column, then the key, so that a page never shows a row twice. Names sort as Russian does; amounts of one currency
/// stand together, for they compare with no other.
fn order(report: &Definition, sort: Sort) -> String {
    let column = &report.columns[sort.column];
    let direction = if sort.descending { "DESC" } else { "ASC" };
    let collation = if column.kind.is_text() { " COLLATE 'ru'" } else { "" };
    let (mut first, mut last) = (String::new(), String::new());
    if let Some(CurrencyColumns { key, code, .. }) = &report.currency {
        if column.kind == Kind::Money {
            first = format!("any(r.{code}), r.{key}, ");
        }
        last = format!(", r.{key}");
    }
    let by = sorted_by(report, sort);
    let keys: Vec<String> = report.key.iter().map(|column| format!("r.{column}")).collect();
    format!("{first}{by} {direction} NULLS LAST{collation}, {}{last}", keys.join(", "))
}

/// What rows are put in order by, before their keys.
pub(super) fn sorted_by(report: &Definition, sort: Sort) -> String {
    match report.columns[sort.column].source {
        Source::Field(field) | Source::ShareOf(field) => value(report, Side::Now, field),
        Source::ChangeOf(field) => {
            let (now, before) = (value(report, Side::Now, field), value(report, Side::Before, field));
            format!("if({before} > 0, toFloat64({now}) / toFloat64({before}) - 1, NULL)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{before, page};
    use crate::report::catalogue::Catalogue;
    use crate::report::period::Compare;

    #[test]
    fn the_days_compared_are_the_same_query_with_their_parameters_in_the_place_of_the_periods() {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let sql = "SELECT '{first_day:Date32}' FROM t -- {last_day:Date32}\nWHERE d = {first_day:Date32} AND g = {group:Nullable(UUID)}";
        let other = before(report, sql);
        // Neither in a text nor in a comment.
        assert_eq!(
            other,
            "SELECT '{first_day:Date32}' FROM t -- {last_day:Date32}\nWHERE d = {first_day_before:Date32} AND g = {group:Nullable(UUID)}"
        );
    }

    #[test]
    fn rows_are_asked_for_once_where_nothing_is_compared_or_the_file_says_their_sides() {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let mut report = (**catalogue.get("sales").unwrap()).clone();
        let rows = |report: &_, sort| page(report, sort).matches("FROM report.sale(").count();
        assert_eq!(rows(&report, report.sort), 1, "Sales say their sides");
        report.rows_sql =
            "SELECT * FROM report.sale(dealers = {dealers:Array(UUID)}) WHERE d = {first_day:Date32}".to_owned();
        let both = page(&report, report.sort);
        assert!(rows(&report, report.sort) == 2 && both.contains("d = {first_day_before:Date32}"), "{both}");
        report.compare = Compare::Nothing;
        report.columns.pop();
        let alone = page(&report, report.sort);
        assert!(rows(&report, report.sort) == 1 && !alone.contains("day_before"), "{alone}");
    }
}
