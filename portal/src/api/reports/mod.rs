//! `/api/v1/reports`: list, describe, rows, files, exports, dealers, and the description of it all for programs.

mod asked;
mod cursor;
mod described;
mod etag;
mod exports;
mod openapi;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use shared::parts::{self, Wanted};
use shared::report::role::Role;
use shared::report::write::json;
use shared::words::{Text, format};
use utoipa::OpenApi as _;

use self::asked::{Asked, Parameters};
use self::cursor::Cursor;
use self::described::{DealerList, Report, ReportList};
use self::etag::Stand;
use crate::api::problem::Problem;
use crate::auth::bearer::Caller;
use crate::error::AppError;
use crate::reports::export::{self, Taker};
use crate::state::App;
use crate::web::language::Lang;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/reports", get(list))
        .route("/api/v1/reports/dealers", get(dealers))
        .route("/api/v1/reports/openapi.json", get(description))
        .route("/api/v1/reports/exports", get(exports::list))
        .route("/api/v1/reports/exports/{id}", get(exports::show).delete(exports::cancel))
        .route("/api/v1/reports/exports/{id}/file", get(exports::file))
        .route("/api/v1/reports/{name}", get(describe))
        .route("/api/v1/reports/{name}/rows", get(rows))
        .route("/api/v1/reports/{name}/file", get(file))
        .route("/api/v1/reports/{name}/exports", post(exports::create))
}

/// What every installation has of the description; `openapi` adds the reports.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Reports of the dealer portal",
        version = "1",
        description = "Reports of a dealer's own rows for the dealer's own programs. Decimals are texts, days are ISO 8601, \
            what is unknown is null. Texts follow Accept-Language (ru, en). Errors are problem documents (RFC 9457).",
        license(name = "Proprietary")
    ),
    paths(list, dealers, exports::list, exports::show, exports::file, exports::cancel, description),
    components(schemas(
        described::ReportList, described::Report, described::DealerList, exports::told::ExportList, exports::told::Export, Problem
    )),
    tags((name = "reports", description = "Reports, described, read and downloaded"))
)]
struct OfCode;

/// Every report that the caller may open, with its columns and filters.
#[utoipa::path(get, path = "/api/v1/reports", operation_id = "list_reports", tag = "reports",
    responses((status = 200, body = ReportList)))]
async fn list(caller: Caller, State(app): State<App>, asked: Parameters) -> Result<Json<ReportList>, AppError> {
    asked.nothing(&caller)?;
    let open = app.engine.catalogue().open_to(caller.role).map(|report| &**report);
    Ok(Json(described::list(open, caller.language, &app.config.public)))
}

/// `GET /{name}`: the same of one report, with what its filters offer.
async fn describe(caller: Caller, State(app): State<App>, asked: Asked) -> Result<Json<Report>, AppError> {
    asked.nothing(&caller)?;
    let report = asked.report(&app, &caller)?;
    let options = app.ask(app.engine.options(report, &caller.scope)).await?;
    Ok(Json(described::one(report, caller.language, &app.config.public, Some(&options))))
}

/// The dealers whose rows the caller may see.
#[utoipa::path(get, path = "/api/v1/reports/dealers", operation_id = "list_dealers", tag = "reports",
    responses((status = 200, body = DealerList)))]
async fn dealers(caller: Caller, State(app): State<App>, asked: Parameters) -> Result<Json<DealerList>, AppError> {
    asked.nothing(&caller)?;
    Ok(Json(described::dealers(app.ask(app.engine.dealers(&caller.scope)).await?)))
}

/// `GET /{name}/rows`: some rows, and where they go on.
async fn rows(caller: Caller, State(app): State<App>, asked: Asked, headers: HeaderMap) -> Result<Response, AppError> {
    let report = asked.report(&app, &caller)?;
    let question = asked.rows(&app, &caller, report)?;
    // Written down before it is answered.
    let dealers = export::asked_of(&caller.scope, &question.filter);
    app.lately.opened(&app.postgres, &caller.actor, &report.name, dealers).await?;
    let form = ["rows".to_owned(), question.limit.to_string(), format!("{:?}", (question.today, &question.mark))];
    let form = form.each_ref().map(String::as_str);
    let stand = Stand::of(&app, &caller, (report, &question.filter), &form).await?;
    if let Some(unchanged) = stand.unchanged(&headers) {
        return Ok(unchanged);
    }
    let wanted = Wanted {
        report,
        scope: &caller.scope,
        filter: &question.filter,
        language: caller.language,
        mark: question.mark.as_ref(),
        limit: question.limit,
    };
    let asking = parts::open(&app.engine, wanted, (stand.freshness, stand.arrived.clone()));
    let part = app.ask(asking).await?;
    let next = part.next.map(|mark| {
        let sort = question.filter.sort_word(report);
        Cursor { today: question.today, sort, mark }.seal(&app.sealer, &question.bound)
    });
    let next = next.transpose().map_err(AppError::internal)?;
    let body = json::part(&part.contents, &part.rows, next.as_deref()).map_err(AppError::internal)?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(json::FORMAT.media_type))];
    Ok(stand.kept((kind, body).into_response()))
}

/// `GET /{name}/file?format=…`: all rows, as a page's download has them.
async fn file(caller: Caller, State(app): State<App>, asked: Asked, headers: HeaderMap) -> Result<Response, AppError> {
    let report = asked.report(&app, &caller)?;
    let (filter, streamed) = asked.file(&app, &caller, report)?;
    let stand = Stand::of(&app, &caller, (report, &filter), &["file", streamed.0.code]).await?;
    if let Some(unchanged) = stand.unchanged(&headers) {
        return Ok(unchanged);
    }
    let rows = export::count(&app, &caller.scope, (report, &filter)).await?;
    if rows > app.config.export_job_rows {
        let address = described::address(report, &app.config.public) + "/exports";
        let facts = [("rows", format::count(caller.language, rows).into()), ("address", address.into())];
        return Err(AppError::OnlyAsExport(Text::of(caller.language).with("api-only-as-export-text", &facts)));
    }
    let taker = Taker { actor: &caller.actor, scope: &caller.scope, language: caller.language };
    Ok(stand.kept(export::file(&app, taker, (report, &filter), streamed).await?))
}

/// This description. It holds nothing of any dealer, so it asks for no token; with one it is of what the caller may open,
/// without one of what dealers may.
#[utoipa::path(get, path = "/api/v1/reports/openapi.json", operation_id = "openapi", tag = "reports",
    security(()), responses((status = 200, body = Object)))]
async fn description(
    caller: Option<Caller>,
    State(app): State<App>,
    headers: HeaderMap,
) -> Json<utoipa::openapi::OpenApi> {
    let role = caller.map_or(Role::Dealer, |caller| caller.role);
    let reports: Vec<_> = app.engine.catalogue().open_to(role).map(Arc::as_ref).collect();
    Json(openapi::of(OfCode::openapi(), &reports, Lang::accepted(&headers).0, &app.config.public))
}
