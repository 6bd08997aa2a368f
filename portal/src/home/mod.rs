//! The overview: what a viewer wants to know in the morning, each tile a link to the report behind it. The tiles stand in
//! the reports' folders.

mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use chrono::NaiveDate;
use shared::clock;
use shared::report::definition::{Definition, Show, Tile};
use shared::report::filter::Filter;
use shared::report::period::Period;
use shared::report::run::{Months, Page};
use shared::words::Text;

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use view::{Drawn, Overview};

pub fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

/// `GET /`
async fn show(viewer: Result<Viewer, AppError>, State(app): State<App>) -> Result<Response, AppError> {
    let viewer = match viewer {
        // An administrator begins where his work is.
        Err(AppError::NoOwnRows) => return Ok(Redirect::to("/operations/sync").into_response()),
        viewer => viewer?,
    };
    let (engine, scope) = (&app.engine, &viewer.scope);
    let today = engine.today();
    let tiles = tiles(&app, &viewer, today);
    let questions = questions(&tiles);
    let datasets = datasets(&app, &viewer);
    let shown = tiles.iter().flat_map(|(report, ..)| report.datasets.iter().cloned());
    let behind: Vec<String> = if tiles.is_empty() { datasets.clone() } else { shown.collect() };
    let ages = async {
        let each = datasets.iter().map(|name| engine.freshness(std::slice::from_ref(name)));
        tokio::try_join!(engine.freshness(&behind), futures_util::future::try_join_all(each), engine.dealers(scope))
    };
    let answers = questions.iter().map(|question| app.ask(question.ask(&app, &viewer)));
    // Each report takes a place of its own: this page asks as much as several others.
    let opened = async { Ok(app.lately.opened(&app.postgres, &viewer.actor, "overview", scope.dealers()).await?) };
    let (answers, (oldest, ages, dealers), ()) =
        tokio::try_join!(futures_util::future::try_join_all(answers), app.ask(ages), opened)?;
    let drawn = tiles.iter().filter_map(|(report, tile, filter)| {
        let at = questions.iter().position(|question| question.is(report, filter))?;
        let (page, months) = &answers[at];
        Some(Drawn { report, tile, filter, page, months })
    });
    let text = Text::of(viewer.language);
    let overview = Overview {
        text,
        today,
        now: clock::now(),
        timezone: engine.timezone(),
        tiles: drawn.collect(),
        freshness: oldest,
        datasets: &app.config.datasets,
        ages: datasets.iter().cloned().zip(ages).collect(),
    };
    let page = frame::Page { title: text.get("home"), here: "/", dealers: &dealers };
    Ok(frame::page(engine.catalogue(), &viewer, &page, &overview.draw()).into_response())
}

/// The tiles of what the viewer may open, each with what it shows.
fn tiles<'a>(app: &'a App, viewer: &Viewer, today: NaiveDate) -> Vec<(&'a Arc<Definition>, &'a Tile, Filter)> {
    let open = app.engine.catalogue().open_to(viewer.role);
    let mut tiles: Vec<_> = open
        .flat_map(|report| report.tiles.iter().map(move |tile| (report, tile, filter(report, tile, today))))
        .collect();
    tiles.sort_by_key(|(_, tile, _)| tile.order);
    tiles
}

fn filter(report: &Definition, tile: &Tile, today: NaiveDate) -> Filter {
    let filter = Filter::default_of(report, today).compared_with(tile.compare);
    let filter = match tile.period {
        Some(period) => filter.in_period(Period::named(period, today)),
        None => filter,
    };
    match tile.show {
        Show::Top { sort, .. } => filter.sorted_by(sort),
        Show::Figure { .. } | Show::Count => filter,
    }
}

/// What the viewer's reports depend on, and the names of dealers.
fn datasets(app: &App, viewer: &Viewer) -> Vec<String> {
    let mut datasets: Vec<String> = Vec::new();
    for report in app.engine.catalogue().open_to(viewer.role) {
        for name in &report.datasets {
            if !datasets.contains(name) {
                datasets.push(name.clone());
            }
        }
    }
    if !datasets.iter().any(|name| name == "dealers") {
        datasets.push("dealers".to_owned());
    }
    datasets
}

/// One question for all tiles that show the same rows.
struct Question<'a> {
    report: &'a Definition,
    filter: &'a Filter,
    needs_months: bool,
}

fn questions<'a>(tiles: &'a [(&'a Arc<Definition>, &'a Tile, Filter)]) -> Vec<Question<'a>> {
    let mut questions: Vec<Question<'a>> = Vec::new();
    for (report, tile, filter) in tiles {
        let needs_months = matches!(tile.show, Show::Figure { has_line: true, .. });
        match questions.iter_mut().find(|question| question.is(report, filter)) {
            Some(same) => same.needs_months |= needs_months,
            None => questions.push(Question { report, filter, needs_months }),
        }
    }
    questions
}

impl Question<'_> {
    fn is(&self, report: &Definition, filter: &Filter) -> bool {
        self.report.name == report.name && self.filter == filter
    }

    async fn ask(&self, app: &App, viewer: &Viewer) -> Result<(Page, Months), shared::report::run::RunError> {
        let months = async {
            if self.needs_months {
                app.engine.months(self.report, &viewer.scope, self.filter).await
            } else {
                Ok(Months::default())
            }
        };
        tokio::try_join!(app.engine.page(self.report, &viewer.scope, self.filter), months)
    }
}
