//! The shell around a signed-in viewer's page: whose it is, and the menu of what this viewer may open.

use axum::response::{IntoResponse as _, Response};
use maud::Markup;
use shared::ids::DealerId;
use shared::report::catalogue::Catalogue;
use shared::words::Text;
use shared::words::facts::dealer_name;

use crate::auth::viewer::Viewer;
use crate::state::App;
use crate::ui::menu::{Entry, Group, Menu};
use crate::ui::shell::{self, Frame, Person};
use crate::web::assets;

/// What a page is, besides its content.
pub struct Page<'a> {
    /// Of the window, before the brand.
    pub title: &'a str,
    /// Path and query of the page.
    pub here: &'a str,
    /// The names of the viewer's dealers.
    pub dealers: &'a [(DealerId, String)],
}

pub fn page(catalogue: &Catalogue, viewer: &Viewer, page: &Page<'_>, content: &Markup) -> Markup {
    let menu = menu(catalogue, viewer);
    let name = name_of(viewer, page.dealers);
    let person = Some(Person { name, form_token: &viewer.form_token, menu: &menu });
    let (title, here, links) = (page.title, page.here, assets::links());
    shell::page(&Frame { language: viewer.language, title, here, links, person }, content)
}

/// A page beside the reports. Without ClickHouse it stands all the same: the person's name is there in the place of the dealer's.
pub async fn answer(app: &App, viewer: &Viewer, (title, here): (&str, &str), content: &Markup) -> Response {
    let dealers = app.ask(app.engine.dealers(&viewer.scope)).await.unwrap_or_default();
    page(app.engine.catalogue(), viewer, &Page { title, here, dealers: &dealers }, content).into_response()
}

/// The dealer, where there is one; else the person.
fn name_of<'a>(viewer: &'a Viewer, dealers: &'a [(DealerId, String)]) -> &'a str {
    match dealers {
        [(_, name)] if viewer.scope.dealers().len() == 1 => dealer_name(Text::of(viewer.language), name),
        _ => &viewer.name,
    }
}

fn menu(catalogue: &Catalogue, viewer: &Viewer) -> Menu {
    let language = viewer.language;
    let mut groups: Vec<Group> = Vec::new();
    for report in catalogue.open_to(viewer.role) {
        let title = report.menu.get(language);
        let entry = Entry { title: report.title.get(language).to_owned(), path: report.path() };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Group { title: title.to_owned(), entries: vec![entry] }),
        }
    }
    Menu(groups)
}
