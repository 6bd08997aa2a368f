//! The left column: the reports by group, one level. A phone shows the same list behind one word.

use maud::{Markup, html};

use shared::words::Text;

/// What the catalogue offers a viewer, in the viewer's language.
#[derive(Debug, Clone, Default)]
pub struct Menu(pub Vec<Group>);

#[derive(Debug, Clone)]
pub struct Group {
    pub title: String,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub title: String,
    pub path: String,
}

/// `here`: the path of the page it stands on.
pub fn menu(text: Text, menu: &Menu, here: &str) -> Markup {
    let link =
        |path: &str, title: &str| html! { a href=(path) aria-current=[(path == here).then_some("page")] { (title) } };
    html! {
        ul {
            li { (link("/", text.get("home"))) }
            li { (link("/exports", text.get("exports"))) }
            li { (link("/deliveries", text.get("deliveries"))) }
        }
        @for group in &menu.0 {
            h2 { (group.title) }
            ul { @for entry in &group.entries { li { (link(&entry.path, &entry.title)) } } }
        }
    }
}
