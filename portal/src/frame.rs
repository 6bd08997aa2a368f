//! The shell around a signed-in viewer's page: whose it is, and the menu of what this viewer may open.

use axum::response::{IntoResponse as _, Response};
use maud::Markup;
use shared::ids::DealerId;
use shared::report::catalogue::Catalogue;
use shared::words::Text;
use shared::words::facts::dealer_name;

use crate::auth::operator::Operator;
use crate::auth::right::Right;
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
    let look_until = viewer.actor.look.map(|look| look.until);
    let person = Some(Person { name, form_token: &viewer.form_token, menu: &menu, look_until });
    let (title, here, links) = (page.title, page.here, assets::links());
    shell::page(&Frame { language: viewer.language, title, here, links, person }, content)
}

/// The pages of the staff, in the order of the menu: the right that opens each, its path and the name of its title.
const STAFF: [(Right, &str, &str); 7] = [
    (Right::WatchSync, "/operations/sync", "operations-sync"),
    (Right::SeeSetAside, "/operations/set-aside", "operations-set-aside"),
    (Right::WatchSync, "/operations/reconciliation", "operations-reconciliation"),
    (Right::SeePeople, "/operations/dealers", "operations-dealers"),
    (Right::SeePeople, "/operations/people", "operations-people"),
    (Right::SeeJobs, "/operations/jobs", "operations-jobs"),
    (Right::SeeAudit, "/operations/audit", "operations-audit"),
];

fn staff(text: Text, may: impl Fn(Right) -> bool) -> Option<Group> {
    let open = STAFF.iter().filter(|(right, ..)| may(*right));
    let entries: Vec<Entry> = open.map(|(_, path, words)| Entry::new(path, text.get(words))).collect();
    (!entries.is_empty()).then(|| Group { title: text.get("operations").to_owned(), entries })
}

/// A page of the staff: the shell without anybody's reports.
pub fn staff_page(operator: &Operator, title: &str, here: &str, content: &Markup) -> Markup {
    let text = Text::of(operator.language);
    let groups = staff(text, |right| operator.may(right)).into_iter().collect();
    // A manager has reports of his own dealers.
    let top = if operator.dealers.is_some() { vec![Entry::new("/", text.get("home"))] } else { Vec::new() };
    let menu = Menu { top, groups };
    let person = Person { name: &operator.actor.name, form_token: &operator.form_token, menu: &menu, look_until: None };
    let language = operator.language;
    shell::page(&Frame { language, title, here, links: assets::links(), person: Some(person) }, content)
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
        _ => &viewer.actor.name,
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
    let text = Text::of(language);
    let mut top = vec![Entry::new("/", text.get("home"))];
    if viewer.actor.look.is_none() {
        top.push(Entry::new("/exports", text.get("exports")));
        top.push(Entry::new("/deliveries", text.get("deliveries")));
        groups.extend(staff(text, |right| right.is_of(viewer.own_role)));
    }
    Menu { top, groups }
}
