//! What a program asks of a report: the name in the path, the parameters. Every parameter is known and stands once, or the
//! answer names it; a page is lenient there, a program wants to know.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::NaiveDate;
use shared::report::definition::Definition;
use shared::report::filter::asked::Asked as Pairs;
use shared::report::filter::{Filter, Wrong};
use shared::report::run::part::Mark;
use shared::report::write::{self, Format, Open};
use shared::words::{Text, facts};
use uuid::Uuid;

use super::cursor::{Bound, Cursor};
use super::described;
use crate::auth::bearer::Caller;
use crate::error::AppError;
use crate::state::App;
use crate::web::input::{Path, Query};

/// Rows of one answer, unless `limit` says otherwise; and at most.
pub const ROWS: u32 = 50;
pub const MOST_ROWS: u32 = 10_000;
/// Letters of a parameter's name that an answer repeats.
const NAME_LETTERS: usize = 60;

/// A report and the parameters, decoded.
pub struct Asked {
    name: String,
    pairs: Vec<(String, String)>,
}

impl FromRequestParts<App> for Asked {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let Path(name) = Path::<String>::from_request_parts(parts, app).await?;
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await?;
        Ok(Self { name, pairs })
    }
}

/// The parameters of an address beside the reports.
pub struct Parameters(Vec<(String, String)>);

impl FromRequestParts<App> for Parameters {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        Ok(Self(Query::from_request_parts(parts, app).await?.0))
    }
}

impl Parameters {
    /// For an address that takes none.
    pub fn nothing(&self, caller: &Caller) -> Result<(), AppError> {
        self.reading(caller).only(|_| false)
    }

    /// Of a list: how many, and behind which.
    pub fn part(&self, caller: &Caller, most: u32) -> Result<(u32, Option<Uuid>), AppError> {
        let reading = self.reading(caller);
        reading.only(|name| ["limit", "cursor"].contains(&name))?;
        let cursor = Pairs(&self.0).get("cursor").map(|text| text.parse().map_err(|_| wrong_cursor(caller)));
        Ok((reading.limit(most)?, cursor.transpose()?))
    }

    fn reading(&self, caller: &Caller) -> Reading<'_> {
        Reading { text: Text::of(caller.language), pairs: &self.0 }
    }
}

pub fn wrong_cursor(caller: &Caller) -> AppError {
    Reading { text: Text::of(caller.language), pairs: &[] }.wrong("cursor", "api-wrong-cursor")
}

/// Which rows, and where they begin.
pub struct Question {
    pub filter: Filter,
    pub limit: u32,
    /// Of the first part.
    pub today: NaiveDate,
    /// None: from the first row on.
    pub mark: Option<Mark>,
    /// To what the next cursor is bound.
    pub bound: Bound,
}

impl Asked {
    /// The report, if this caller may open it.
    pub fn report<'a>(&self, app: &'a App, caller: &Caller) -> Result<&'a Arc<Definition>, AppError> {
        app.engine.catalogue().one_open_to(caller.role, &self.name).ok_or(AppError::NoSuchReport)
    }

    /// For an address that takes no parameters.
    pub fn nothing(&self, caller: &Caller) -> Result<(), AppError> {
        Reading { text: Text::of(caller.language), pairs: &self.pairs }.only(|_| false)
    }

    /// A part of the rows.
    pub fn rows(&self, app: &App, caller: &Caller, report: &Definition) -> Result<Question, AppError> {
        let reading = Reading { text: Text::of(caller.language), pairs: &self.pairs };
        reading.only(|name| is_of_rows(report, name) || ["limit", "cursor"].contains(&name))?;
        let limit = reading.limit(MOST_ROWS)?;
        let of_rows: Vec<_> =
            self.pairs.iter().filter(|(name, _)| !["limit", "cursor"].contains(&name.as_str())).cloned().collect();
        let today = app.engine.today();
        let filter = Reading { pairs: &of_rows, ..reading }.filter(report, caller, today)?;
        let bound = Bound::to(caller, &report.name, &of_rows);
        let Some(cursor) = Pairs(&self.pairs).get("cursor") else {
            return Ok(Question { filter, limit, today, mark: None, bound });
        };
        let opened = Cursor::open(cursor, &app.sealer, &bound).ok();
        let fitting = opened.filter(|cursor| cursor.sort == filter.sort_word(report) && cursor.mark.fits(report));
        let Cursor { today, mark, .. } = fitting.ok_or_else(|| wrong_cursor(caller))?;
        let filter = Reading { pairs: &of_rows, ..reading }.filter(report, caller, today)?;
        Ok(Question { filter, limit, today, mark: Some(mark), bound })
    }

    /// All rows, as a file that streams.
    pub fn file(
        &self,
        app: &App,
        caller: &Caller,
        report: &Definition,
    ) -> Result<(Filter, (&'static Format, Open)), AppError> {
        let (filter, format) = self.in_format(app, caller, report, write::streamed())?;
        let open = format.open.ok_or_else(|| {
            let address = described::address(report, &app.config.public) + "/exports";
            let message = Text::of(caller.language).with("api-format-of-exports", &[("address", address.into())]);
            AppError::Invalid { field: "format".to_owned(), message }
        })?;
        Ok((filter, (format, open)))
    }

    /// All rows, as a file that is made in the background.
    pub fn export(
        &self,
        app: &App,
        caller: &Caller,
        report: &Definition,
    ) -> Result<(Filter, &'static Format), AppError> {
        self.in_format(app, caller, report, write::FORMATS.iter().copied())
    }

    fn in_format(
        &self,
        app: &App,
        caller: &Caller,
        report: &Definition,
        offered: impl Iterator<Item = &'static Format>,
    ) -> Result<(Filter, &'static Format), AppError> {
        let reading = Reading { text: Text::of(caller.language), pairs: &self.pairs };
        reading.only(|name| is_of_rows(report, name) || name == "format")?;
        let format = reading.format(offered)?;
        Ok((reading.filter(report, caller, app.engine.today())?, format))
    }
}

/// What says which rows there are, and in which order.
fn is_of_rows(report: &Definition, name: &str) -> bool {
    ["sort", "dealer"].contains(&name)
        || (name == "former" && report.is_compared())
        || report.filters.iter().any(|filter| filter.name == name || filter.kind.fields().contains(&name))
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    text: Text,
    pairs: &'a [(String, String)],
}

impl Reading<'_> {
    fn wrong(&self, field: &str, sentence: &'static str) -> AppError {
        let field = field.chars().take(NAME_LETTERS).collect();
        AppError::Invalid { field, message: self.text.get(sentence).to_owned() }
    }

    fn only(&self, is_known: impl Fn(&str) -> bool) -> Result<(), AppError> {
        match self.pairs.iter().find(|(name, _)| !is_known(name)) {
            Some((name, _)) => Err(self.wrong(name, "api-unknown-parameter")),
            None => match Pairs(self.pairs).doubled(|_| true).next() {
                Some(name) => Err(self.wrong(name, "wrong-doubled")),
                None => Ok(()),
            },
        }
    }

    fn limit(&self, most: u32) -> Result<u32, AppError> {
        let Some(text) = Pairs(self.pairs).get("limit") else { return Ok(ROWS) };
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        number.filter(|limit| (1..=most).contains(limit)).ok_or_else(|| {
            let message = self.text.with("api-wrong-limit", &[("most", most.to_string().into())]);
            AppError::Invalid { field: "limit".to_owned(), message }
        })
    }

    /// The one that `format` names.
    fn format(&self, offered: impl Iterator<Item = &'static Format>) -> Result<&'static Format, AppError> {
        Pairs(self.pairs).get("format").and_then(write::format).ok_or_else(|| {
            let formats = offered.map(|format| format.code).collect::<Vec<_>>().join(", ");
            let message = self.text.with("api-wrong-format", &[("formats", formats.into())]);
            AppError::Invalid { field: "format".to_owned(), message }
        })
    }

    fn filter(&self, report: &Definition, caller: &Caller, today: NaiveDate) -> Result<Filter, AppError> {
        let pairs = Pairs(self.pairs);
        if let Some(sort) = pairs.get("sort") {
            let name = sort.strip_prefix('-').unwrap_or(sort);
            if !report.columns.iter().any(|column| column.name == name) {
                return Err(self.wrong("sort", "api-wrong-sort"));
            }
        }
        if pairs.get("former").is_some_and(|former| former != "1") {
            return Err(self.wrong("former", "api-wrong-former"));
        }
        Filter::read(report, &caller.scope, today, self.pairs).map_err(|refused| match refused.errors.first() {
            Some((field, Wrong::NotInList)) if field == "dealer" => self.wrong(field, "api-wrong-dealer"),
            Some((field, wrong)) => {
                AppError::Invalid { field: field.clone(), message: facts::sentence(self.text, *wrong).to_owned() }
            }
            None => AppError::internal("a filter is refused without a reason"),
        })
    }
}
