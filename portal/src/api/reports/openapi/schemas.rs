//! The components of a report: a row, a total, an answer with rows.

use shared::language::Language;
use shared::report::definition::{Column, Definition};
use shared::report::kind::Kind;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

/// `sales` to `Sales`, `price_list` to `PriceList`.
pub fn stem(report: &Definition) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    report.name.split(['_', '-']).map(capital).collect()
}

/// What a part of the rows is called.
pub fn part(report: &Definition) -> String {
    format!("{}Rows", stem(report))
}

/// What a JSON file is called.
pub fn file(report: &Definition) -> String {
    format!("{}File", stem(report))
}

/// Names and schemas, in no order.
pub fn of(report: &Definition, language: Language) -> Vec<(String, RefOr<Schema>)> {
    let stem = stem(report);
    let (row, total) = (format!("{stem}Row"), format!("{stem}Total"));
    let whole = || whole(report, &row, &total);
    let next =
        nullable(Type::String).description(Some("The value of `cursor` for the next part; null after the last one."));
    let of_part = whole().property("next", next).required("next");
    let of_file = whole();
    vec![
        (row, line(report, language).property("key", key()).required("key").into()),
        (total, line(report, language).into()),
        (part(report), of_part.into()),
        (file(report), of_file.into()),
    ]
}

fn whole(report: &Definition, row: &str, total: &str) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let fields = |names: [(&'static str, &'static str); 3]| {
        names.into_iter().fold(ObjectBuilder::new(), |object, (name, told)| {
            object.property(name, text().description(Some(told))).required(name)
        })
    };
    let fact =
        fields([("key", "For programs; a filter's own name."), ("name", "For people."), ("value", "For people.")]);
    let column = fields([("name", "Of the field."), ("title", "For people."), ("kind", "What its values mean.")]);
    let as_of = nullable(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("What the rows hold was read from 1C then; null while a first load goes on."));
    let count =
        ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    let list = |of: RefOr<Schema>| ArrayBuilder::new().items(of);
    let object = ObjectBuilder::new()
        .property("report", text().enum_values(Some([report.name.as_str()])))
        .property("title", text())
        .property("as_of", as_of)
        .property("count", count.description(Some("Rows in all.")))
        .property("facts", list(fact.into()).description(Some("What was asked, and of whom.")))
        .property("columns", list(column.into()))
        .property(
            "totals",
            list(Ref::from_schema_name(total).into()).description(Some("Of all rows, one per currency.")),
        )
        .property("rows", list(Ref::from_schema_name(row).into()));
    let names = ["report", "title", "as_of", "count", "facts", "columns", "totals", "rows"];
    names.into_iter().fold(object, ObjectBuilder::required)
}

fn line(report: &Definition, language: Language) -> ObjectBuilder {
    let object = report.columns.iter().fold(ObjectBuilder::new(), |object, column| {
        object.property(&column.name, value(column, language)).required(&column.name)
    });
    if report.currency.is_none() {
        return object;
    }
    let currency = ObjectBuilder::new().schema_type(Type::String);
    let told = "What money is in; empty while it is unknown.";
    object.property("currency", currency.description(Some(told))).required("currency")
}

fn key() -> ArrayBuilder {
    let part = ObjectBuilder::new().schema_type(Type::String);
    ArrayBuilder::new().items(part).description(Some("Tells rows apart, with the currency."))
}

fn value(column: &Column, language: Language) -> ObjectBuilder {
    let schema = match column.kind {
        Kind::Money | Kind::Quantity => nullable(Type::String).pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$")),
        Kind::Percent => nullable(Type::Number).format(Some(SchemaFormat::KnownFormat(KnownFormat::Double))),
        Kind::Count => nullable(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))),
        Kind::Date => nullable(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
        Kind::Code | Kind::Text => nullable(Type::String),
    };
    schema.description(Some(column.title.get(language)))
}

fn nullable(of_type: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([of_type, Type::Null]))
}
