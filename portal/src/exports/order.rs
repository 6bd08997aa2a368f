//! A file that is made in the background is asked for: by the form of a page, or by a program.

use shared::jobs::{self, Order, Placed, Request};
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::write::Format;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::audit::{self, About, Event};
use crate::error::AppError;
use crate::reports::export::{Taker, asked_of};
use crate::state::App;

/// Places the order in the caller's transaction; the job, whether it is a new one or was asked for before.
pub async fn place(
    connection: &mut PgConnection,
    app: &App,
    taker: Taker<'_>,
    (report, filter): (&Definition, &Filter),
    format: &Format,
) -> Result<Uuid, AppError> {
    let filter = filter.first_page();
    let request = Request {
        report: report.name.clone(),
        query: filter.query(report),
        format: format.code.to_owned(),
        language: taker.language,
        today: app.engine.today(),
    };
    let order = Order { subject: &taker.actor.subject, dealers: asked_of(taker.scope, &filter), request: &request };
    match jobs::place(connection, &order).await? {
        Placed::New(id) => {
            let dealers: Vec<Uuid> = order.dealers.iter().map(|dealer| dealer.0).collect();
            let about = About { dealers: &dealers, what: &request.report, detail: &request.format };
            audit::record(connection, taker.actor, Event::ExportAsked, about).await?;
            Ok(id)
        }
        Placed::Same(id) => Ok(id),
        Placed::TooMany { retry_after } => Err(AppError::TooManyExports { retry_after }),
    }
}
