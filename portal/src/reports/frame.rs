//! The shell around a signed-in viewer's page: his name, his menu.

use maud::Markup;
use shared::ids::DealerId;
use shared::language::Language;
use shared::report::catalogue::Catalogue;
use shared::report::run::Engine;

use crate::auth::viewer::Viewer;
use crate::ui::filter_form::dealer_name;
use crate::ui::menu::{Entry, Group, Menu};
use crate::ui::shell::{self, Frame, Person};
use crate::web::assets;
use shared::words::Text;

pub fn page(engine: &Engine, viewer: &Viewer, name: &str, title: &str, here: &str, content: &Markup) -> Markup {
    let menu = menu(engine.catalogue(), viewer.language);
    let person = Person { name, form_token: &viewer.form_token, menu: &menu };
    shell::page(
        &Frame { language: viewer.language, title, here, links: assets::links(), person: Some(person) },
        content,
    )
}

/// The dealer, where there is one; else the person.
pub fn name_of<'a>(viewer: &'a Viewer, dealers: &'a [(DealerId, String)]) -> &'a str {
    match dealers {
        [(_, name)] if viewer.scope.dealers().len() == 1 => dealer_name(Text::of(viewer.language), name),
        _ => &viewer.name,
    }
}

pub fn menu(catalogue: &Catalogue, language: Language) -> Menu {
    let mut groups: Vec<Group> = Vec::new();
    for report in catalogue.all() {
        let title = report.menu.get(language);
        let entry = Entry { title: report.title.get(language).to_owned(), path: report.path() };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Group { title: title.to_owned(), entries: vec![entry] }),
        }
    }
    Menu(groups)
}
