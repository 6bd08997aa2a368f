//! Reports: a page, a fragment and a file per folder of the catalogue. Everything goes through the viewer's scope.

mod export;
pub mod frame;
mod view;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::Markup;
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::{Filter, ROWS_PER_PAGE, Refused};
use shared::report::run::{Engine, Rows, RunError};

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;
use crate::web::draw_error;
use crate::web::input::{Path, Query};
use crate::web::want::Want;
use shared::words::Text;
use view::{Drawing, Offered};

pub fn routes() -> Router<App> {
    Router::new().route("/reports/{name}", get(show))
}

/// `GET /reports/{name}`: page, fragment, or with `format=csv` the file.
async fn show(
    viewer: Viewer,
    want: Want,
    State(app): State<App>,
    Path(name): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let report = app.engine.catalogue().get(&name).ok_or(AppError::NotFound)?;
    let today = app.engine.today();
    let mut filter = match Filter::read(report, &viewer.scope, today, &asked) {
        Ok(filter) => filter,
        Err(refused) => return Ok(refuse(&app, &viewer, want, report, &refused).await),
    };
    if asked.iter().any(|(key, value)| key == "format" && value == "csv") {
        return export::csv(&app, &viewer, report, &filter).await;
    }
    let text = Text::of(viewer.language);
    let needs_names = !want.is_fragment();
    let (mut rows, offered) = app
        .ask(async {
            tokio::try_join!(
                app.engine.run(report, &viewer.scope, &filter),
                offered(&app.engine, report, &viewer, &filter, needs_names)
            )
        })
        .await?;
    let last_page = last_page(rows.count);
    if filter.page > last_page {
        // Rows have gone, or another filter was chosen while this page was on its way.
        filter = filter.on_page(last_page);
        rows = app.ask(app.engine.run(report, &viewer.scope, &filter)).await?;
    }
    let drawing = Drawing {
        text,
        report,
        filter: &filter,
        refused: None,
        offered: &offered,
        today,
        now: clock::now(),
        timezone: app.engine.timezone(),
        is_fragment: want.is_fragment(),
    };
    let results = drawing.results(&rows);
    Ok(if want.is_fragment() {
        // The address says what is shown, whatever the request carried along.
        ([("hx-push-url", filter.url(report))], drawing.fragment(&results, &rows)).into_response()
    } else {
        page(&app, &viewer, &drawing, &results, Some(&rows)).into_response()
    })
}

/// The form's own data. A fragment leaves the form as it is, but for the names of what is chosen.
async fn offered(
    engine: &Engine,
    report: &Definition,
    viewer: &Viewer,
    filter: &Filter,
    is_page: bool,
) -> Result<Offered, RunError> {
    let needs_options = is_page || *filter != filter.widened();
    let options = async { if needs_options { engine.options(report, &viewer.scope).await } else { Ok(Vec::new()) } };
    let dealers = async {
        if is_page || viewer.scope.dealers().len() > 1 { engine.dealers(&viewer.scope).await } else { Ok(Vec::new()) }
    };
    let (options, dealers) = tokio::try_join!(options, dealers)?;
    Ok(Offered { options, dealers })
}

fn last_page(rows: u64) -> u32 {
    u32::try_from(rows.div_ceil(u64::from(ROWS_PER_PAGE))).unwrap_or(u32::MAX).max(1)
}

/// 400, the form with what was asked, a sentence beside the field; no query of the report runs.
async fn refuse(app: &App, viewer: &Viewer, want: Want, report: &Definition, refused: &Refused) -> Response {
    let today = app.engine.today();
    let filter = Filter::default_of(report, today);
    // A fragment leaves the form as it is. Without ClickHouse the form still says what is wrong.
    let offered = if want.is_fragment() {
        Offered::default()
    } else {
        app.ask(offered(&app.engine, report, viewer, &filter, true)).await.unwrap_or_default()
    };
    let drawing = Drawing {
        text: Text::of(viewer.language),
        report,
        filter: &filter,
        refused: Some(refused),
        offered: &offered,
        today,
        now: clock::now(),
        timezone: app.engine.timezone(),
        is_fragment: want.is_fragment(),
    };
    if want.is_fragment() {
        let mut answer = (StatusCode::BAD_REQUEST, drawing.refused_fragment()).into_response();
        draw_error::aim_at_notices(answer.headers_mut());
        answer
    } else {
        (StatusCode::BAD_REQUEST, page(app, viewer, &drawing, &drawing.refusal(), None)).into_response()
    }
}

fn page(app: &App, viewer: &Viewer, drawing: &Drawing<'_>, results: &Markup, rows: Option<&Rows>) -> Markup {
    let title = drawing.report.title.get(viewer.language);
    let here = if drawing.refused.is_some() { drawing.report.path() } else { drawing.filter.url(drawing.report) };
    let name = frame::name_of(viewer, &drawing.offered.dealers);
    frame::page(&app.engine, viewer, name, title, &here, &drawing.content(results, rows))
}
