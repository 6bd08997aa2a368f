//! `dataset.toml` to a `Definition`, or a message that names the file, the line and the mend.

mod raw;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use self::raw::{ChangeName, FieldTable, Fields, KindName, PlaceNames, Raw};
use super::definition::{Change, Definition, Field, Kind, Place, TextFile, What};
use crate::problem::Problem;

/// Columns that every table, and members that every message has beside those of the fields.
const RESERVED: [&str; 9] =
    ["line_no", "version", "is_deleted", "slot", "folded", "part", "parts", "first_line", "lines"];

/// Endings of job names and variables that are taken.
const TAKEN: [&str; 3] = ["audit", "full", "dead_letters"];

/// What is known of the file under the reader's eyes.
struct Reader<'a> {
    file: String,
    text: &'a str,
}

impl Reader<'_> {
    fn at(&self, offset: usize, problem: impl Into<String>) -> Problem {
        Problem::at(&self.file, self.text, offset, problem)
    }

    fn plain(&self, name: &Spanned<String>, what: &str) -> Result<String, Problem> {
        let text = name.get_ref();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && text.starts_with(|first: char| first.is_ascii_lowercase());
        if is_plain && text.len() <= 60 {
            return Ok(text.clone());
        }
        Err(self.at(name.span().start, format!("{text:?} cannot name a {what}: use a-z, 0-9 and _.")))
    }
}

/// Reads one folder. `file` gives a file's text by its name, `files` are their names, and `other` finds a dataset that this one
/// says it is like.
pub fn read<'a>(
    folder: &str,
    files: &[String],
    file: impl Fn(&str) -> Option<String>,
    other: impl Fn(&str) -> Option<&'a Definition>,
) -> Result<Definition, Problem> {
    let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
    let toml_file = format!("{folder}/dataset.toml");
    let at_start = |problem: String| Problem::new(&toml_file, 1, problem);
    let text = file("dataset.toml").ok_or_else(|| at_start("is missing: add it, or remove the folder.".to_owned()))?;
    let reader = Reader { file: toml_file.clone(), text: &text };
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(at_start(format!("{name:?} cannot name a dataset: use a-z, 0-9 and _.")));
    }
    if TAKEN.iter().any(|taken| name == *taken || name.ends_with(&format!("_{taken}"))) {
        return Err(at_start(format!("{name:?} would be taken for another variable: call the dataset otherwise.")));
    }
    let raw: Raw = toml::from_str(&text).map_err(|cause| {
        let start = cause.span().map_or(0, |span| span.start);
        reader.at(start, format!("{}.", cause.message().trim_end_matches('.').replace('\n', " ")))
    })?;
    let mut definition = match &raw.like {
        Some(like) => alike(&reader, &raw, like, other)?,
        None => of_its_own(&reader, &name, &raw)?,
    };
    schedule(&reader, &raw, &mut definition)?;
    definition.name = name;
    definition.title = raw.title;
    definition.open_views = raw.open_views;
    definition.mappings.clear();
    definition.views.clear();
    for file_name in files {
        let Some(text) = file(file_name) else { continue };
        let found = TextFile { path: format!("{folder}/{file_name}"), text };
        match file_name.rsplit_once('.') {
            Some((_, "toml")) if file_name == "dataset.toml" => {}
            Some((configuration, "toml")) => drop(definition.mappings.insert(configuration.to_owned(), found)),
            Some((_, "sql")) => {
                if let Some(problem) = super::view::problem(&found, &definition.open_views) {
                    return Err(Problem::new(found.path, 1, problem));
                }
                definition.views.push(found);
            }
            _ => {}
        }
    }
    Ok(definition)
}

/// The fields, the table and the place of another dataset.
fn alike<'a>(
    reader: &Reader<'_>,
    raw: &Raw,
    like: &Spanned<String>,
    other: impl Fn(&str) -> Option<&'a Definition>,
) -> Result<Definition, Problem> {
    let is_alone = raw.kind.is_none()
        && raw.table.is_none()
        && raw.key.is_none()
        && raw.place.is_none()
        && raw.total.is_none()
        && raw.search.is_empty()
        && raw.change.is_none()
        && raw.fields.is_empty()
        && raw.lines.is_empty();
    if !is_alone {
        let problem = format!(
            "is like {:?} and has no kind, table, key, place, total, search, change or fields of its own: remove them.",
            like.get_ref()
        );
        return Err(reader.at(like.span().start, problem));
    }
    let found = other(like.get_ref()).filter(|other| !other.is_like_another);
    let Some(found) = found else {
        let problem = format!("{:?} is no dataset with fields of its own: name one that has.", like.get_ref());
        return Err(reader.at(like.span().start, problem));
    };
    Ok(Definition { is_like_another: true, ..found.clone() })
}

fn of_its_own(reader: &Reader<'_>, name: &str, raw: &Raw) -> Result<Definition, Problem> {
    let what =
        raw.kind.ok_or_else(|| reader.at(0, "kind is missing: catalog, document, register or virtual-table."))?;
    let fields = fields(reader, &raw.fields)?;
    let lines = fields_of_lines(reader, raw, &fields)?;
    let key = match (&raw.key, what) {
        (Some(key), What::Catalog | What::Document) => reader.plain(key, "key")?,
        (None, What::Register | What::VirtualTable) => String::new(),
        (Some(key), What::Register | What::VirtualTable) => {
            return Err(reader.at(key.span().start, "a register or a virtual table has no key: remove it."));
        }
        (None, _) => return Err(reader.at(0, "key is missing: name the column of the reference.")),
    };
    if matches!(what, What::Register | What::VirtualTable) && !fields.is_empty() {
        return Err(reader.at(0, "a register or a virtual table has rows only: its fields stand under [lines]."));
    }
    let change = match (raw.change.as_ref().map(|change| *change.get_ref()), what) {
        (Some(ChangeName::Scan), What::Catalog) => Change::Scan,
        (Some(ChangeName::Window), What::Document) => Change::Window { days: window_days(reader, raw)? },
        (Some(ChangeName::Snapshot), What::Register | What::VirtualTable) => Change::Snapshot,
        (None, _) => return Err(reader.at(0, "change is missing: scan, window or snapshot.")),
        (Some(_), _) => {
            let start = raw.change.as_ref().map_or(0, |change| change.span().start);
            return Err(reader.at(
                start,
                "a catalog is read by scan, a document by window, a register or a virtual table by snapshot: give that change.",
            ));
        }
    };
    let place = raw.place.as_ref().map(|place| placed(reader, place, &fields)).transpose()?;
    match (&place, what) {
        (None, What::Document) => {
            return Err(reader.at(0, "a document has a place: name its dealer and what dates it."));
        }
        (Some(_), What::Catalog | What::Register | What::VirtualTable) => {
            return Err(reader.at(0, "only documents have a place: remove it."));
        }
        _ => {}
    }
    let position = |of: &[Field], wanted: &Spanned<String>| {
        of.iter().position(|field| field.name == *wanted.get_ref()).ok_or_else(|| {
            reader.at(wanted.span().start, format!("{:?} is no field of it: name one that is.", wanted.get_ref()))
        })
    };
    let total =
        raw.total.as_ref().map(|total| position(&lines, total).map(|at| (at, total.span().start))).transpose()?;
    if let Some((at, start)) = total
        && !lines[at].kind.is_figure()
    {
        return Err(reader.at(start, format!("{} is no quantity and no money: it has no sum.", lines[at].name)));
    }
    for searched in &raw.search {
        let at = position(&fields, searched)?;
        if !fields[at].kind.is_text() {
            return Err(reader.at(searched.span().start, format!("{} is no text to search.", fields[at].name)));
        }
    }
    Ok(Definition {
        name: name.to_owned(),
        title: raw.title.clone(),
        what,
        table: raw.table.as_ref().map_or_else(|| Ok(name.to_owned()), |table| reader.plain(table, "table"))?,
        is_like_another: false,
        key,
        place,
        total: total.map(|(at, _)| at),
        search: raw.search.iter().map(|name| name.get_ref().clone()).collect(),
        change,
        cron: raw.cron.clone(),
        nightly: None,
        partitions: 1,
        fields,
        lines,
        open_views: Vec::new(),
        mappings: BTreeMap::new(),
        views: Vec::new(),
    })
}

fn window_days(reader: &Reader<'_>, raw: &Raw) -> Result<u32, Problem> {
    let Some(days) = &raw.window_days else { return Err(reader.at(0, "window_days is missing: 90 is usual.")) };
    if (1..=3660).contains(days.get_ref()) {
        return Ok(*days.get_ref());
    }
    Err(reader.at(days.span().start, format!("window_days is {}: a window has 1 to 3660 days.", days.get_ref())))
}

/// How often it is read, and by how many partitions.
fn schedule(reader: &Reader<'_>, raw: &Raw, definition: &mut Definition) -> Result<(), Problem> {
    definition.cron = raw.cron.clone();
    definition.nightly = raw.nightly.as_ref().map(|line| line.get_ref().clone());
    match (definition.change, &raw.window_days) {
        (Change::Window { .. }, Some(_)) => definition.change = Change::Window { days: window_days(reader, raw)? },
        (Change::Scan | Change::Snapshot, Some(days)) => {
            return Err(reader.at(days.span().start, "only documents have a window: remove window_days."));
        }
        (_, None) => {}
    }
    match (definition.change, &raw.nightly) {
        (Change::Window { .. }, None) => {
            return Err(reader.at(0, "nightly is missing: when all documents are compared."));
        }
        (Change::Scan | Change::Snapshot, Some(line)) => {
            return Err(reader.at(line.span().start, "every pass reads all of it: remove nightly."));
        }
        _ => {}
    }
    if let Some(partitions) = &raw.partitions {
        let count = *partitions.get_ref();
        if !(1..=1000).contains(&count) || count > 1 && definition.is_snapshot() {
            let problem = format!(
                "partitions is {count}: 1 to 1000, and 1 for a register or a virtual table, whose rows keep their order."
            );
            return Err(reader.at(partitions.span().start, problem));
        }
        definition.partitions = count;
    } else {
        definition.partitions = 1;
    }
    Ok(())
}

fn fields_of_lines(reader: &Reader<'_>, raw: &Raw, header: &[Field]) -> Result<Vec<Field>, Problem> {
    let lines = fields(reader, &raw.lines)?;
    let has_lines = raw.kind != Some(What::Catalog);
    if has_lines == lines.is_empty() {
        let problem = if has_lines {
            "[lines] is missing: what does a row hold?"
        } else {
            "a catalog has no lines: remove [lines]."
        };
        return Err(reader.at(0, problem));
    }
    for (name, field) in &raw.lines {
        if header.iter().any(|field| field.name == *name.get_ref()) {
            return Err(reader
                .at(name.span().start, format!("{:?} is a field of the document, too: rename one.", name.get_ref())));
        }
        currency_is_known(reader, field.span().start, &lines, name.get_ref(), &[header, &lines])?;
    }
    for (name, field) in &raw.fields {
        currency_is_known(reader, field.span().start, header, name.get_ref(), &[header])?;
    }
    Ok(lines)
}

/// Money names a reference or a code of its row.
fn currency_is_known(
    reader: &Reader<'_>,
    start: usize,
    of: &[Field],
    name: &str,
    among: &[&[Field]],
) -> Result<(), Problem> {
    let Some(Kind::Money { currency }) = of.iter().find(|field| field.name == name).map(|field| &field.kind) else {
        return Ok(());
    };
    let found = among.iter().flat_map(|fields| fields.iter()).find(|field| field.name == *currency);
    if found.is_some_and(|field| matches!(field.kind, Kind::Reference | Kind::Code)) {
        return Ok(());
    }
    Err(reader.at(start, format!("{currency:?} is no reference or code of it that could name a currency.")))
}

/// In the order of the file.
fn fields(reader: &Reader<'_>, raw: &Fields) -> Result<Vec<Field>, Problem> {
    let mut named: Vec<_> = raw.iter().collect();
    named.sort_by_key(|(name, _)| name.span().start);
    named.into_iter().map(|(name, field)| one(reader, name, field)).collect()
}

fn one(reader: &Reader<'_>, name: &Spanned<String>, field: &Spanned<toml::Value>) -> Result<Field, Problem> {
    let plain = reader.plain(name, "field")?;
    if RESERVED.contains(&plain.as_str()) {
        return Err(reader.at(name.span().start, format!("{plain:?} is a column of every table: rename the field.")));
    }
    let table: Result<FieldTable, _> = match field.get_ref() {
        kind @ toml::Value::String(_) => KindName::deserialize(kind.clone()).map(FieldTable::of),
        other => FieldTable::deserialize(other.clone()),
    };
    let table = table.map_err(|cause| {
        let cause = cause.message().trim_end_matches('.').replace('\n', " ");
        reader.at(field.span().start, format!("{plain}: {cause}."))
    })?;
    let wrong = |problem: &str| reader.at(name.span().start, format!("{plain}: {problem}"));
    if table.currency.is_some() != (table.kind == KindName::Money) {
        return Err(wrong("money, and nothing else, names its currency."));
    }
    if table.values.is_some() != (table.kind == KindName::OneOf) {
        return Err(wrong("one-of, and nothing else, lists its values."));
    }
    let kind = match table.kind {
        KindName::Reference => Kind::Reference,
        KindName::Code => Kind::Code,
        KindName::Text => Kind::Text,
        KindName::Day => Kind::Day,
        KindName::Moment => Kind::Moment,
        KindName::Quantity => Kind::Quantity,
        KindName::Money => Kind::Money { currency: table.currency.clone().unwrap_or_default() },
        KindName::Flag => Kind::Flag,
        KindName::OneOf => Kind::OneOf(table.values.clone().unwrap_or_default()),
    };
    Ok(Field { name: plain, kind, is_required: table.required, about: table.about.clone() })
}

fn placed(reader: &Reader<'_>, raw: &PlaceNames, fields: &[Field]) -> Result<Place, Problem> {
    let find = |name: &Spanned<String>, fits: fn(&Kind) -> bool, what: &str| {
        let at =
            fields.iter().position(|field| field.name == *name.get_ref() && field.is_required && fits(&field.kind));
        at.ok_or_else(|| {
            reader
                .at(name.span().start, format!("{:?} is no required {what} under [fields]: name one.", name.get_ref()))
        })
    };
    let dealer = find(&raw.dealer, |kind| *kind == Kind::Reference, "reference")?;
    let dated = find(&raw.dated, |kind| matches!(kind, Kind::Day | Kind::Moment), "day or moment")?;
    let day = match (&raw.day, &fields[dated].kind) {
        (None, Kind::Day) => fields[dated].name.clone(),
        (Some(day), Kind::Moment) => reader.plain(day, "column")?,
        (None, _) => {
            let problem = format!("day is missing: name the column for the day of {}.", fields[dated].name);
            return Err(reader.at(raw.dated.span().start, problem));
        }
        (Some(day), _) => {
            let problem = format!("{} is a day itself: remove day.", fields[dated].name);
            return Err(reader.at(day.span().start, problem));
        }
    };
    if let (Some(name), true) = (&raw.day, fields.iter().any(|field| field.name == day && field.kind != Kind::Day)) {
        return Err(reader.at(name.span().start, format!("{day:?} is a field already: name another column.")));
    }
    Ok(Place { dealer, dated, day })
}

#[cfg(test)]
mod tests;
