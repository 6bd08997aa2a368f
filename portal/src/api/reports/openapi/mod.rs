//! OpenAPI 3.1, made of the code (what every installation has) and of the catalogue: for each report its addresses, its
//! filters as parameters, its columns as the fields of a row.

mod operations;
mod schemas;

use shared::language::Language;
use shared::report::definition::Definition;
use url::Url;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, Server};

use super::described::{self, ROOT};
use crate::api::problem::Problem;

/// The name of the scheme in the document.
const TOKEN: &str = "token";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Reports of the dealer portal",
        version = "1",
        description = "Reports of a dealer's own rows for the dealer's own programs. Decimals are texts, days are ISO 8601, \
            what is unknown is null. Texts follow Accept-Language (ru, en). Errors are problem documents (RFC 9457).",
        license(name = "Proprietary")
    ),
    paths(super::list, super::dealers, super::description),
    components(schemas(described::ReportList, described::Report, described::DealerList, Problem)),
    tags((name = "reports", description = "Reports, described, read and downloaded"))
)]
struct OfCode;

/// Of these reports; `public` is where programs reach the portal.
pub fn of(reports: &[&Definition], language: Language, public: &Url) -> OpenApi {
    let mut document = OfCode::openapi();
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
