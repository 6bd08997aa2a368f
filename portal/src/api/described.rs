//! What the descriptions of all APIs have: where they are, the token, the errors.

use url::Url;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, Server};

use super::problem;

/// The name of the scheme in the document.
const TOKEN: &str = "token";

/// `public` is where programs reach the portal.
pub fn secure(document: &mut OpenApi, public: &Url) {
    document.servers = Some(vec![Server::new(public.as_str().trim_end_matches('/'))]);
    document.security = Some(vec![SecurityRequirement::new(TOKEN, Vec::<String>::new())]);
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "An access token of Keycloak with the API's audience, by client credentials: it lives five minutes.",
    ));
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer.build()));
}

/// What any operation may answer instead, in one form; `own`: what is particular to this API.
pub fn add_errors(document: &mut OpenApi, own: &[(&str, &str)]) {
    let errors = [
        ("400", "A parameter is wrong; `parameter` names it."),
        ("401", "The token is missing, has expired, or is for others."),
        ("429", "Too many requests; `Retry-After` says when to come again."),
        ("500", "Something broke on our side."),
        ("503", "A part is away for now; `Retry-After` says when to come again."),
    ];
    let operations = document
        .paths
        .paths
        .values_mut()
        .flat_map(|item| [&mut item.get, &mut item.post, &mut item.delete].into_iter().filter_map(Option::as_mut));
    for operation in operations {
        errors.iter().chain(own).for_each(|(status, told)| add(operation, status, told));
    }
}

fn add(operation: &mut Operation, status: &str, told: &str) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(told).content(problem::MEDIA_TYPE, content).build();
    operation.responses.responses.insert(status.to_owned(), response.into());
}
