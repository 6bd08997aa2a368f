//! A report's folder while it is read: its files, and the line of what is wrong in `report.toml`.

use toml::Spanned;

use crate::problem::Problem;

pub struct Folder<'a> {
    /// As messages name it.
    path: &'a str,
    /// The text of `report.toml`.
    toml: String,
    file: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Folder<'a> {
    pub fn open(path: &'a str, file: &'a dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let missing = || Problem::new(format!("{path}/report.toml"), 1, "is missing: add it, or remove the folder.");
        Ok(Self { path, toml: file("report.toml").ok_or_else(missing)?, file })
    }

    /// The last part of its path: the report's name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    pub fn toml(&self) -> &str {
        &self.toml
    }

    /// What is wrong at a place of `report.toml`.
    pub fn at(&self, offset: usize, problem: impl Into<String>) -> Problem {
        Problem::at(format!("{}/report.toml", self.path), &self.toml, offset, problem)
    }

    /// What is wrong with `report.toml` as a whole.
    pub fn at_start(&self, problem: impl Into<String>) -> Problem {
        self.at(0, problem)
    }

    /// What is wrong with a word of `report.toml`.
    pub fn of<T>(&self, word: &Spanned<T>, problem: impl Into<String>) -> Problem {
        self.at(word.span().start, problem)
    }

    /// The text of the file that `report.toml` names here.
    pub fn sql(&self, name: &Spanned<String>) -> Result<String, Problem> {
        self.named(name.get_ref(), name.span().start)
    }

    /// The rows' own query.
    pub fn rows_sql(&self) -> Result<String, Problem> {
        self.named("rows.sql", 0)
    }

    /// The text of a file that a folder may have.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.file)(name)
    }

    /// What is wrong with another file of the folder.
    pub fn of_file(&self, name: &str, line: usize, problem: impl Into<String>) -> Problem {
        Problem::new(format!("{}/{name}", self.path), line, problem)
    }

    fn named(&self, name: &str, offset: usize) -> Result<String, Problem> {
        let missing = || self.at(offset, format!("{}/{name} is missing: add it, or name another file.", self.path));
        (self.file)(name).ok_or_else(missing)
    }
}

/// A name that needs no quoting anywhere.
pub fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
