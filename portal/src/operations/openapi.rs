//! OpenAPI 3.1 of the operations, made of the code.

use axum::Json;
use axum::extract::State;
use utoipa::OpenApi as _;

use super::{audit, dealers, jobs, people, reconciliation, set_aside, sync};
use crate::api::{Problem, described};
use crate::state::App;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Operations of the dealer portal",
        version = "1",
        description = "Watches and steers the sync from 1C, opens dealers to people, reads the audit: for programs of whoever runs the \
            portal. Instants are UTC. Texts follow Accept-Language (ru, en). Errors are problem documents (RFC 9457).",
        license(name = "Proprietary")
    ),
    paths(
        sync::api::list,
        sync::api::steer,
        set_aside::api::list,
        set_aside::api::look,
        reconciliation::api::list,
        dealers::api::list,
        people::api::list,
        people::api::show,
        people::api::grant,
        people::api::take,
        jobs::api::list,
        jobs::api::cancel,
        audit::api::list,
        show
    ),
    components(schemas(Problem)),
    tags((name = "operations", description = "What an administrator does; a manager within his own dealers"))
)]
struct OfCode;

/// This description, which needs no token.
#[utoipa::path(get, path = "/api/v1/operations/openapi.json", operation_id = "openapi", tag = "operations",
    security(()), responses((status = 200, body = Object)))]
pub async fn show(State(app): State<App>) -> Json<utoipa::openapi::OpenApi> {
    let mut document = OfCode::openapi();
    described::secure(&mut document, &app.config.public);
    described::add_errors(
        &mut document,
        &[("403", "The caller's role does not allow it."), ("404", "There is no such thing for the caller.")],
    );
    Json(document)
}
