//! The operations of a report.

use std::collections::BTreeSet;

use shared::language::Language;
use shared::report::definition::Definition;
use shared::report::filter::kind::{Taken, What};
use shared::report::write::{self, Format, json};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Ref, RefOr, Schema};

use super::super::asked::{MOST_ROWS, ROWS};
use super::schemas;

pub fn describe(report: &Definition, language: Language) -> Operation {
    begun(report, language, "describe")
        .description(Some("The report's columns, filters and formats, and what its filters offer."))
        .response("200", answer("The description.", [("application/json", Ref::from_schema_name("Report").into())]))
        .build()
}

pub fn rows(report: &Definition, language: Language) -> Operation {
    let limit = integer().minimum(Some(1.0)).maximum(Some(MOST_ROWS)).default(Some(ROWS.into()));
    let cursor = text().description(Some("`next` of the answer before, with the same other parameters."));
    let part = Ref::from_schema_name(schemas::part(report)).into();
    common(begun(report, language, "read"), report, language)
        .parameter(parameter("limit", "Rows of this answer.", limit))
        .parameter(parameter("cursor", "Where the rows go on.", cursor))
        .description(Some(
            "Some rows. Follow `next` until it is null: whatever changes meanwhile, every row that does not change comes once.",
        ))
        .response("200", answer("Rows, with the totals of all.", [("application/json", part)]))
        .response("304", not_modified())
        .build()
}

pub fn export(report: &Definition, language: Language) -> Operation {
    let header =
        |told: &str, schema: ObjectBuilder| HeaderBuilder::new().description(Some(told)).schema(schema).build();
    let export = ContentBuilder::new().schema(Some(Ref::from_schema_name("Export"))).build();
    let accepted = ResponseBuilder::new()
        .description("The export: a new one, or the one that was asked for before.")
        .content("application/json", export)
        .header("Location", header("Where the export is.", text()))
        .header("Retry-After", header("Seconds until it is worth asking there; not there once it is over.", integer()));
    common(begun(report, language, "export"), report, language)
        .parameter(in_format(write::FORMATS.iter().copied()))
        .description(Some(
            "Has all rows made into a file in the background, however many they are. Ten an hour for each dealer.",
        ))
        .response("202", accepted.build())
        .build()
}

fn in_format(offered: impl Iterator<Item = &'static Format>) -> Parameter {
    let codes = text().enum_values(Some(offered.map(|format| format.code)));
    ParameterBuilder::from(parameter("format", "The form of the file.", codes))
        .required(utoipa::openapi::Required::True)
        .build()
}

pub fn file(report: &Definition, language: Language) -> Operation {
    let media_types: BTreeSet<&str> = write::streamed().map(|format| format.media_type).collect();
    let contents = media_types.into_iter().map(|media_type| {
        let schema = if media_type == json::FORMAT.media_type {
            Ref::from_schema_name(schemas::file(report)).into()
        } else {
            text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
        };
        (media_type, schema)
    });
    common(begun(report, language, "download"), report, language)
        .parameter(in_format(write::streamed()))
        .description(Some(
            "All rows as a file, the same as the page's download. So many that it takes long are an export.",
        ))
        .response("200", answer("The file.", contents))
        .response("304", not_modified())
        .build()
}

fn begun(report: &Definition, language: Language, verb: &str) -> OperationBuilder {
    let name = report.name.replace('-', "_");
    OperationBuilder::new()
        .tag("reports")
        .operation_id(Some(format!("{verb}_{name}")))
        .summary(Some(report.title.get(language)))
}

/// Filters, dealer, order.
fn common(operation: OperationBuilder, report: &Definition, language: Language) -> OperationBuilder {
    let of_filters = report.filters.iter().flat_map(|spec| {
        let title = spec.title.get(language);
        spec.kind.taken(&spec.name).into_iter().map(move |taken| parameter(&taken.name, title, schema(&taken)))
    });
    let mut operation = of_filters.fold(operation, OperationBuilder::parameter);
    let dealer = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    operation =
        operation.parameter(parameter("dealer", "One of the caller's dealers; without it, all together.", dealer));
    if report.is_compared() {
        let former = text().enum_values(Some(["1"]));
        let told = "1: also the rows that only the days compared have.";
        operation = operation.parameter(parameter("former", told, former));
    }
    let orders = report.columns.iter().flat_map(|column| [column.name.clone(), format!("-{}", column.name)]);
    let sign = if report.sort.descending { "-" } else { "" };
    let own = format!("{sign}{}", report.columns[report.sort.column].name);
    let sort = text().enum_values(Some(orders)).default(Some(own.into()));
    operation.parameter(parameter("sort", "A column; after a minus from the greatest down.", sort))
}

fn parameter(name: &str, told: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(utoipa::openapi::Required::False)
        .description(Some(told))
        .schema(Some(schema))
        .build()
}

fn schema(taken: &Taken) -> ObjectBuilder {
    match &taken.what {
        What::OneOf(words) => text().enum_values(Some(words.iter().copied())),
        What::Date => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
        What::Reference => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))),
        What::Number => integer(),
        What::Text { longest } => text().max_length(Some(*longest)),
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
}

fn answer<'a>(told: &str, contents: impl IntoIterator<Item = (&'a str, RefOr<Schema>)>) -> Response {
    let response = ResponseBuilder::new().description(told);
    let content = |schema: RefOr<Schema>| ContentBuilder::new().schema(Some(schema)).build();
    contents
        .into_iter()
        .fold(response, |response, (media_type, schema)| response.content(media_type, content(schema)))
        .build()
}

fn not_modified() -> Response {
    ResponseBuilder::new()
        .description("Nothing has arrived since the answer whose tag stands in If-None-Match.")
        .build()
}
