//! The form of a new delivery, and what is made of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use shared::clock;
use shared::deliveries::{self, Created, LONGEST_TITLE, New, Person};
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::write::FORMATS;
use shared::words::{Text, facts};

use super::address::PATH;
use super::form::{Filled, Wrong};
use super::words::WEEK;
use crate::audit::{self, About, Event};
use crate::auth::viewer::{OwnViewer, SignedViewer, Viewer};
use crate::error::AppError;
use crate::frame;
use crate::state::App;
use crate::ui::delivery_link;
use crate::web::input::{Pairs, Query};

/// The clocks of Russia; any other is typed.
const ZONES: [&str; 11] = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
];

#[derive(Deserialize)]
pub struct Asked {
    report: String,
    #[serde(default)]
    query: String,
}

/// `GET /deliveries/new?report=…&query=…`
pub async fn show(
    OwnViewer(viewer): OwnViewer,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let view = View::of(&app, &viewer, &asked.report, &asked.query)?;
    let people = view.people().await?;
    let filled = Filled::fresh(&viewer.actor.subject, app.engine.timezone());
    Ok(view.answer(&filled, &people, &[]).await)
}

/// `POST /deliveries`: the list; or the form again, with a sentence beside each field to mend.
pub async fn create(State(app): State<App>, signed: SignedViewer<Pairs>) -> Result<Response, AppError> {
    let SignedViewer { viewer, fields: Pairs(pairs) } = signed;
    let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let view = View::of(&app, &viewer, one("report"), one("query"))?;
    let (people, filled) = (view.people().await?, Filled::of(&pairs));
    let checked = match filled.check(view.report, &viewer.actor.subject, &people) {
        Ok(checked) => checked,
        Err(wrong) => return Ok((StatusCode::BAD_REQUEST, view.answer(&filled, &people, &wrong).await).into_response()),
    };
    let new = New {
        owner: &viewer.actor.subject,
        title: &checked.title,
        report: &view.report.name,
        query: &view.filter.query(view.report),
        format: checked.format,
        schedule: &checked.schedule,
        threshold: checked.threshold.as_ref(),
        recipients: &checked.recipients,
        first_due_at: checked.schedule.next_after(clock::now()),
    };
    let mut transaction = app.postgres.begin().await?;
    let created = deliveries::create(&mut transaction, &new).await?;
    if created == Created::Created {
        let about = About { what: &view.report.name, detail: &checked.recipients.join(" "), ..About::default() };
        audit::record(&mut *transaction, &viewer.actor, Event::Subscribed, about).await?;
    }
    transaction.commit().await?;
    match created {
        Created::Created => Ok(Redirect::to(PATH).into_response()),
        Created::TooMany => {
            let wrong = [("title", "wrong-too-many-deliveries")];
            Ok((StatusCode::BAD_REQUEST, view.answer(&filled, &people, &wrong).await).into_response())
        }
    }
}

/// What would be sent.
struct View<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    report: &'a Arc<Definition>,
    filter: Filter,
}

impl<'a> View<'a> {
    fn of(app: &'a App, viewer: &'a Viewer, report: &str, query: &str) -> Result<Self, AppError> {
        // Without mail nothing would go out.
        if !app.config.mails {
            return Err(AppError::NotFound);
        }
        let report = app.engine.catalogue().one_open_to(viewer.role, report).ok_or(AppError::NotFound)?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let filter = Filter::read(report, &viewer.scope, app.engine.today(), &pairs);
        let filter =
            filter.map_err(|_| AppError::Malformed("a delivery with a filter that does not fit".to_owned()))?;
        Ok(Self { app, viewer, report, filter: filter.first_page() })
    }

    async fn people(&self) -> Result<Vec<Person>, AppError> {
        let Viewer { actor, role, scope, .. } = self.viewer;
        Ok(deliveries::to_choose(&self.app.postgres, &actor.subject, *role, scope.dealers()).await?)
    }

    async fn answer(&self, filled: &Filled, people: &[Person], wrong: &[Wrong]) -> Response {
        let text = Text::of(self.viewer.language);
        let scope = &self.viewer.scope;
        let asking =
            async { tokio::try_join!(self.app.engine.options(self.report, scope), self.app.engine.dealers(scope)) };
        // Without ClickHouse the form stands all the same.
        let (options, dealers) = self.app.ask(asking).await.unwrap_or_default();
        let chosen = facts::chosen(text, self.report, &self.filter, (&options, &dealers));
        let chosen: Vec<String> = chosen.into_iter().map(|chosen| chosen.words).collect();
        let form = Drawn { text, view: self, filled, people, wrong, chosen: chosen.join(" · ") };
        let here = delivery_link::path(&self.report.name, &self.filter.query(self.report));
        frame::answer(self.app, self.viewer, (text.get("delivery-new"), &here), &form.draw()).await
    }
}

struct Drawn<'a> {
    text: Text,
    view: &'a View<'a>,
    filled: &'a Filled,
    people: &'a [Person],
    wrong: &'a [Wrong],
    /// The filter in words.
    chosen: String,
}

impl Drawn<'_> {
    fn draw(&self) -> Markup {
        let (text, filled, report) = (self.text, self.filled, self.view.report);
        let query = self.view.filter.query(report);
        html! {
            div.title {
                h1 { (text.get("delivery-new")) }
                span.fine hx-ignore { (report.title.get(text.language())) @if !self.chosen.is_empty() { " · " (self.chosen) } }
            }
            @if self.view.filter.period().is_some() { p.fine { (text.get("delivery-days")) } }
            @if !self.wrong.is_empty() { p.notice.bad role="alert" { (text.get("delivery-refused")) } }
            form.card.delivery-form method="post" action=(PATH) {
                input type="hidden" name="form_token" value=(self.view.viewer.form_token);
                input type="hidden" name="report" value=(report.name);
                input type="hidden" name="query" value=(query);
                (self.field("title", "delivery-title", &html! {
                    input #title name="title" value=(filled.title) maxlength=(LONGEST_TITLE) placeholder=(report.title.get(text.language()))
                        aria-describedby="error-title" aria-invalid=[self.invalid("title")];
                }))
                (self.field("format", "delivery-format", &self.select("format", &filled.format,
                    FORMATS.iter().map(|format| (format.code, text.get(format.title))))))
                (self.field("rhythm", "delivery-rhythm", &self.select("rhythm", &filled.rhythm, [
                    ("daily", text.get("rhythm-daily")),
                    ("weekdays", text.get("rhythm-weekdays")),
                    ("weekly", text.get("rhythm-weekly")),
                    ("monthly", text.get("rhythm-monthly")),
                ])))
                (self.weekdays())
                (self.field("month_day", "delivery-month-day", &html! {
                    input #month_day name="month_day" type="number" min="1" max="31" value=(filled.month_day) aria-describedby="error-month_day";
                }))
                (self.field("time", "delivery-time", &html! {
                    input #time name="time" type="time" required value=(filled.time) aria-describedby="error-time" aria-invalid=[self.invalid("time")];
                }))
                (self.field("timezone", "delivery-timezone", &html! {
                    input #timezone name="timezone" list="timezones" required value=(filled.timezone) spellcheck="false"
                        aria-describedby="error-timezone" aria-invalid=[self.invalid("timezone")];
                    datalist #timezones { @for zone in ZONES { option value=(zone) {} } }
                }))
                (self.recipients())
                (self.threshold())
                div { button #delivery-create .primary type="submit" { (text.get("delivery-create")) } }
            }
        }
    }

    fn weekdays(&self) -> Markup {
        html! {
            fieldset.field.choices {
                legend { (self.text.get("delivery-weekdays-field")) }
                @for (day, name) in WEEK {
                    @let code = day.to_string();
                    label { input type="checkbox" name="weekday" value=(code) checked[self.filled.weekdays.contains(&code)]; (self.text.get(name)) }
                }
            }
        }
    }

    fn recipients(&self) -> Markup {
        let subject = &self.view.viewer.actor.subject;
        let choice = |subject: &String, name: &str| {
            html! {
                label hx-ignore { input type="checkbox" name="recipient" value=(subject) checked[self.filled.recipients.contains(subject)]; (name) }
            }
        };
        html! {
            fieldset.field.choices.people {
                legend { (self.text.get("delivery-recipients")) }
                (choice(subject, self.text.get("recipient-self")))
                @for person in self.people { (choice(&person.subject, &person.name)) }
                p.fine { (self.text.get("delivery-recipients-text")) }
                (self.error("recipient"))
            }
        }
    }

    fn threshold(&self) -> Markup {
        let (text, filled, report) = (self.text, self.filled, self.view.report);
        let columns = report.columns.iter().filter(|column| column.kind.is_number());
        let columns = columns.map(|column| (column.name.as_str(), column.title.get(text.language())));
        html! {
            fieldset.threshold {
                legend { (text.get("delivery-threshold")) }
                p.fine { (text.get("delivery-threshold-text")) }
                (self.field("column", "threshold-column",
                    &self.select("column", &filled.column, std::iter::once(("", text.get("threshold-none"))).chain(columns))))
                (self.field("over", "threshold-over", &self.select("over", &filled.over,
                    [("total", text.get("threshold-total")), ("row", text.get("threshold-row"))])))
                (self.field("direction", "threshold-direction", &self.select("direction", &filled.direction,
                    [("above", text.get("threshold-above")), ("below", text.get("threshold-below"))])))
                (self.field("value", "threshold-value", &html! {
                    input #value name="value" inputmode="decimal" value=(filled.value) aria-describedby="error-value" aria-invalid=[self.invalid("value")];
                }))
            }
        }
    }

    fn field(&self, name: &'static str, label: &'static str, control: &Markup) -> Markup {
        html! { div.field { label for=(name) { (self.text.get(label)) } (control) (self.error(name)) } }
    }

    fn select<'b>(
        &self,
        name: &'static str,
        chosen: &str,
        options: impl IntoIterator<Item = (&'b str, &'b str)>,
    ) -> Markup {
        html! {
            select #(name) name=(name) aria-describedby={ "error-" (name) } aria-invalid=[self.invalid(name)] {
                @for (value, words) in options { option value=(value) selected[value == chosen] { (words) } }
            }
        }
    }

    fn error(&self, name: &str) -> Markup {
        let wrong = self.wrong.iter().find(|(field, _)| *field == name);
        html! { p #{ "error-" (name) } .error { @if let Some((_, sentence)) = wrong { (self.text.get(sentence)) } } }
    }

    fn invalid(&self, name: &str) -> Option<&'static str> {
        self.wrong.iter().any(|(field, _)| *field == name).then_some("true")
    }
}
