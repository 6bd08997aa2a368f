//! OpenAPI 3.1, made of the code (what every installation has) and of the catalogue: for each report its addresses, its
//! filters as parameters, its columns as the fields of a row.

mod operations;
mod schemas;

use shared::language::Language;
use shared::report::definition::Definition;
use url::Url;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::{Components, OpenApi};

use super::described::ROOT;
use crate::api::described;

/// What the code says, and these reports; `public` is where programs reach the portal.
pub fn of(mut document: OpenApi, reports: &[&Definition], language: Language, public: &Url) -> OpenApi {
    described::secure(&mut document, public);
    let components = document.components.get_or_insert_with(Components::new);
    for report in reports {
        components.schemas.extend(schemas::of(report, language));
    }
    for report in reports {
        let root = format!("{ROOT}/{}", report.name);
        for (path, method, operation) in [
            (root.clone(), HttpMethod::Get, operations::describe(report, language)),
            (format!("{root}/rows"), HttpMethod::Get, operations::rows(report, language)),
            (format!("{root}/file"), HttpMethod::Get, operations::file(report, language)),
            (format!("{root}/exports"), HttpMethod::Post, operations::export(report, language)),
        ] {
            document.paths.paths.insert(path, PathItem::new(method, operation));
        }
    }
    let own = [
        ("403", "No dealer is open to this program."),
        ("404", "No such report or export, or it is another's."),
        ("422", "Too much data for one question: narrow it, or ask for an export."),
    ];
    described::add_errors(&mut document, &own);
    document
}
