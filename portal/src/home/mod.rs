//! The overview: what a dealer wants to know in the morning, each tile a link to the report behind it.

mod view;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{Months, NaiveDate};
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::period::{Choice, Period};

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::reports::frame;
use crate::state::App;
use shared::words::Text;

pub fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

/// `GET /`
async fn show(viewer: Viewer, State(app): State<App>) -> Result<Response, AppError> {
    let (engine, scope) = (&app.engine, &viewer.scope);
    let report = engine.catalogue().get("sales").ok_or(AppError::NotFound)?;
    let today = engine.today();
    let [month, month_before, year] = periods(today).map(|period| in_period(report, today, period));
    let datasets: Vec<String> = report.datasets.iter().cloned().chain(["dealers".to_owned()]).collect();
    let ages =
        futures_util::future::try_join_all(datasets.iter().map(|name| engine.freshness(std::slice::from_ref(name))));
    // Each report takes a place of its own: this page asks as much as four others.
    let (month_rows, before_rows, year_rows, (dealers, ages)) = tokio::try_join!(
        app.ask(engine.run(report, scope, &month)),
        app.ask(engine.run(report, scope, &month_before)),
        app.ask(engine.run(report, scope, &year)),
        app.ask(async { tokio::try_join!(engine.dealers(scope), ages) })
    )?;
    let text = Text::of(viewer.language);
    let overview = view::Overview {
        text,
        report,
        today,
        now: clock::now(),
        timezone: engine.timezone(),
        month: (&in_period(report, today, Period::named(Choice::Month, today)), &month_rows),
        month_before: &before_rows,
        year: (&year, &year_rows),
        ages: &datasets.into_iter().zip(ages).collect::<Vec<_>>(),
    };
    let name = frame::name_of(&viewer, &dealers);
    Ok(frame::page(engine, &viewer, name, text.get("home"), "/", &overview.draw()).into_response())
}

/// This month up to today, the same days of last month, twelve months.
fn periods(today: NaiveDate) -> [Period; 3] {
    let month = Period::named(Choice::Month, today);
    let back = |day: NaiveDate| day.checked_sub_months(Months::new(1)).unwrap_or(day);
    let before = Period { choice: Choice::Own, first: back(month.first), last: back(today) };
    [month, before, Period::named(Choice::Year, today)]
}

fn in_period(report: &Definition, today: NaiveDate, period: Period) -> Filter {
    Filter::default_of(report, today).in_period(period)
}

#[cfg(test)]
mod tests {
    use super::periods;

    #[test]
    fn a_month_is_compared_with_the_same_days_of_the_one_before() {
        for (today, first, last) in
            [("2026-11-23", "2026-10-01", "2026-10-23"), ("2026-03-31", "2026-02-01", "2026-02-28")]
        {
            let [_, before, _] = periods(today.parse().unwrap());
            assert_eq!((before.first.to_string().as_str(), before.last.to_string().as_str()), (first, last));
        }
    }
}
