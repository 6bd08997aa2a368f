//! The left column: the reports by group, one level, and the pages of the staff. A phone shows the same list behind one word.

use maud::{Markup, html};

/// What the catalogue offers a viewer, in the viewer's language.
#[derive(Debug, Clone, Default)]
pub struct Menu {
    /// Above the groups: of everyone who has them.
    pub top: Vec<Entry>,
    pub groups: Vec<Group>,
}

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

impl Entry {
    pub fn new(path: &str, title: &str) -> Self {
        Self { title: title.to_owned(), path: path.to_owned() }
    }
}

/// `here`: the path of the page it stands on.
pub fn menu(menu: &Menu, here: &str) -> Markup {
    let link =
        |path: &str, title: &str| html! { a href=(path) aria-current=[(path == here).then_some("page")] { (title) } };
    html! {
        @if !menu.top.is_empty() {
            ul { @for entry in &menu.top { li { (link(&entry.path, &entry.title)) } } }
        }
        @for group in &menu.groups {
            h2 { (group.title) }
            ul { @for entry in &group.entries { li { (link(&entry.path, &entry.title)) } } }
        }
    }
}
