//! Reports: a page, a fragment and files per folder of the catalogue. Everything goes through the viewer's scope.

mod asked;
pub mod export;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::NaiveDate;
use maud::Markup;
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::{Filter, ROWS_PER_PAGE, Refused};
use shared::report::run::{Rows, RunError};
use shared::report::write::Format;
use shared::words::Text;

use self::asked::Asked;
use self::export::{Taker, asked_of};
use self::view::{Drawing, Offered};
use crate::audit::{About, Event};
use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::ui::table::Lead;
use crate::web::draw_error;
use crate::web::refusals::FOREIGN_DEALER;
use crate::web::want::Want;

pub fn routes() -> Router<App> {
    Router::new().route("/reports/{name}", get(show))
}

/// `GET /reports/{name}`: page, fragment, or with `format=…` a file.
async fn show(viewer: Viewer, want: Want, State(app): State<App>, asked: Asked) -> Result<Response, AppError> {
    let report = asked.report(&app, &viewer)?;
    let question = Question { app: &app, viewer: &viewer, report, today: app.engine.today(), want };
    match (Filter::read(report, &viewer.scope, question.today, &asked.pairs), asked.format()) {
        (Err(refused), _) => Ok(question.refuse(&refused).await),
        (Ok(filter), Some(format)) => {
            let count = export::count(&app, &viewer.scope, (report, &filter)).await?;
            match format.open.filter(|_| count <= app.config.export_job_rows) {
                None => Ok(question.only_as_job(&filter, (format, count)).await),
                Some(open) => {
                    let Viewer { actor, scope, language, .. } = &viewer;
                    let taker = Taker { actor, scope, language: *language };
                    export::file(&app, taker, (report, &filter), (format, open)).await
                }
            }
        }
        (Ok(filter), None) => question.answer(filter).await,
    }
}

/// A viewer's question about a report, on its way to an answer.
struct Question<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    report: &'a Arc<Definition>,
    today: NaiveDate,
    want: Want,
}

impl Question<'_> {
    async fn answer(&self, mut filter: Filter) -> Result<Response, AppError> {
        let (engine, scope) = (&self.app.engine, &self.viewer.scope);
        let asking = async {
            tokio::try_join!(engine.run(self.report, scope, &filter), self.offered(&filter, !self.want.is_fragment()))
        };
        let ((mut rows, offered), ()) = tokio::try_join!(self.app.ask(asking), self.opened(&filter))?;
        let last_page = last_page(rows.page.count);
        if filter.page > last_page {
            // Rows have gone, or another filter was chosen while this page was on its way.
            filter = filter.on_page(last_page);
            rows = self.app.ask(engine.run(self.report, scope, &filter)).await?;
        }
        let leads = self.leads();
        let drawing = self.drawing(&filter, None, (&offered, &leads));
        let results = drawing.results(&rows);
        Ok(if self.want.is_fragment() {
            // The address says what is shown, whatever the request carried along.
            ([("hx-push-url", filter.url(self.report))], drawing.fragment(&results, &rows)).into_response()
        } else {
            self.page(&drawing, &results, Some(&rows)).into_response()
        })
    }

    /// Written down while ClickHouse answers; what cannot be written is not shown.
    async fn opened(&self, filter: &Filter) -> Result<(), AppError> {
        let dealers = asked_of(&self.viewer.scope, filter);
        Ok(self.app.lately.opened(&self.app.postgres, &self.viewer.actor, &self.report.name, dealers).await?)
    }

    /// 400, the form with what was asked, a sentence beside the field; no query of the report runs.
    async fn refuse(&self, refused: &Refused) -> Response {
        if refused.errors.iter().any(|(name, _)| name == "dealer") {
            let about = About { what: &self.report.name, detail: FOREIGN_DEALER, ..About::default() };
            let written = self.app.lately.record(&self.app.postgres, &self.viewer.actor, Event::Refused, about);
            if let Err(error) = written.await {
                tracing::warn!(%error, "A refusal could not be written to the audit");
            }
        }
        let filter = Filter::default_of(self.report, self.today);
        // A fragment leaves the form as it is. Without ClickHouse the form still says what is wrong.
        let offered = if self.want.is_fragment() {
            Offered::default()
        } else {
            self.app.ask(self.offered(&filter, true)).await.unwrap_or_default()
        };
        let drawing = self.drawing(&filter, Some(refused), (&offered, &[]));
        if self.want.is_fragment() {
            let mut answer = (StatusCode::BAD_REQUEST, drawing.refused_fragment()).into_response();
            draw_error::aim_at_notices(answer.headers_mut());
            answer
        } else {
            (StatusCode::BAD_REQUEST, self.page(&drawing, &drawing.refusal(), None)).into_response()
        }
    }

    /// No file, and no job by a link either: the form that asks for it. 422, so that no program takes it for the file.
    async fn only_as_job(&self, filter: &Filter, wanted: (&Format, u64)) -> Response {
        let offered = self.app.ask(self.offered(filter, true)).await.unwrap_or_default();
        let drawing = self.drawing(filter, None, (&offered, &[]));
        (StatusCode::UNPROCESSABLE_ENTITY, self.framed(&drawing, &drawing.only_as_job(wanted))).into_response()
    }

    /// The form's own data. A fragment leaves the form as it is, but for the names of what is chosen.
    async fn offered(&self, filter: &Filter, is_page: bool) -> Result<Offered, RunError> {
        let (engine, scope) = (&self.app.engine, &self.viewer.scope);
        let needs_options = is_page || filter.first_page() != filter.widened(self.report);
        let options = async { if needs_options { engine.options(self.report, scope).await } else { Ok(Vec::new()) } };
        let needs_dealers = is_page || scope.dealers().len() > 1;
        let dealers = async { if needs_dealers { engine.dealers(scope).await } else { Ok(Vec::new()) } };
        let (options, dealers) = tokio::try_join!(options, dealers)?;
        Ok(Offered { options, dealers })
    }

    /// The links of this report that lead where the viewer may go.
    fn leads(&self) -> Vec<Lead<'_>> {
        let to = |name: &str| self.app.engine.catalogue().one_open_to(self.viewer.role, name);
        self.report.links.iter().filter_map(|link| Some(Lead { link, to: to(&link.report)? })).collect()
    }

    fn drawing<'a>(
        &'a self,
        filter: &'a Filter,
        refused: Option<&'a Refused>,
        (offered, leads): (&'a Offered, &'a [Lead<'a>]),
    ) -> Drawing<'a> {
        Drawing {
            text: Text::of(self.viewer.language),
            report: self.report,
            filter,
            refused,
            offered,
            leads,
            today: self.today,
            now: clock::now(),
            timezone: self.app.engine.timezone(),
            is_fragment: self.want.is_fragment(),
            form_token: &self.viewer.form_token,
            job_rows: self.app.config.export_job_rows,
            mails: self.app.config.mails,
        }
    }

    fn page(&self, drawing: &Drawing<'_>, results: &Markup, rows: Option<&Rows>) -> Markup {
        self.framed(drawing, &drawing.content(results, rows))
    }

    fn framed(&self, drawing: &Drawing<'_>, content: &Markup) -> Markup {
        let title = self.report.title.get(self.viewer.language);
        let here = match drawing.refused {
            Some(_) => self.report.path(),
            None => drawing.filter.url(self.report),
        };
        let page = frame::Page { title, here: &here, dealers: &drawing.offered.dealers };
        frame::page(self.app.engine.catalogue(), self.viewer, &page, content)
    }
}

fn last_page(rows: u64) -> u32 {
    u32::try_from(rows.div_ceil(u64::from(ROWS_PER_PAGE))).unwrap_or(u32::MAX).max(1)
}
