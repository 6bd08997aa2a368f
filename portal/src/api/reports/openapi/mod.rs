//! OpenAPI 3.1, made of the code (what every installation has) and of the catalogue: for each report its addresses, its
//! filters as parameters, its columns as the fields of a row.

mod operations;
mod schemas;

use shared::language::Language;
use shared::report::definition::Definition;
use url::Url;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Server};

use super::described::ROOT;

/// The name of the scheme in the document.
const TOKEN: &str = "token";

/// What the code says, and these reports; `public` is where programs reach the portal.
pub fn of(mut document: OpenApi, reports: &[&Definition], language: Language, public: &Url) -> OpenApi {
    document.servers = Some(vec![Server::new(public.as_str().trim_end_matches('/'))]);
    document.security = Some(vec![SecurityRequirement::new(TOKEN, Vec::<String>::new())]);
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "An access token of Keycloak with the API's audience, by client credentials: it lives five minutes.",
    ));
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer.build()));
    for report in reports {
        components.schemas.extend(schemas::of(report, language));
    }
    for report in reports {
        let root = format!("{ROOT}/{}", report.name);
        for (path, operation) in [
            (root.clone(), operations::describe(report, language)),
            (format!("{root}/rows"), operations::rows(report, language)),
            (format!("{root}/file"), operations::file(report, language)),
        ] {
            document.paths.paths.insert(path, PathItem::new(HttpMethod::Get, operation));
        }
    }
    operations::add_errors(&mut document);
    document
}
