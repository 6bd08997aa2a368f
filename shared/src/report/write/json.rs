//! JSON, for programs: decimals as texts, exact; shares and changes as numbers, 1 being all; days as ISO 8601; null for what is
//! unknown. The API answers in the same form.

use std::io;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{json, to_vec};

use super::writer::{Contents, Fact, Format, Writer};
use crate::report::cell::Cell;
use crate::report::definition::Definition;
use crate::report::table::Line;

pub const FORMAT: Format = Format {
    code: "json",
    extension: "json",
    title: "format-json",
    media_type: "application/json",
    most_rows: u64::MAX,
    open: Some(|contents| Box::new(Json { contents, is_first: true })),
};

/// A row as an object: its shown columns by name, `currency` where there is money, and `key`, which tells rows apart.
pub struct Row<'a> {
    pub report: &'a Definition,
    pub totals: &'a [Line],
    pub line: &'a Line,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (index, column) in self.report.columns.iter().enumerate() {
            let cell = self.line.shown(self.report, self.totals, index);
            match &*cell {
                Cell::Unknown => object.serialize_entry(&column.name, &())?,
                Cell::Number(number) => object.serialize_entry(&column.name, number.as_str())?,
                Cell::Count(count) => object.serialize_entry(&column.name, count)?,
                Cell::Ratio(ratio) => object.serialize_entry(&column.name, ratio)?,
                Cell::Day(day) => object.serialize_entry(&column.name, day)?,
                Cell::Text(text) => object.serialize_entry(&column.name, &**text)?,
            }
        }
        if self.report.currency.is_some() {
            object.serialize_entry("currency", self.line.currency.word())?;
        }
        if !self.line.is_total {
            object.serialize_entry("key", &self.line.keys().collect::<Vec<_>>())?;
        }
        object.end()
    }
}

/// All that stands before the rows: `report`, `title`, `as_of`, `count`, `facts`, `columns`, `totals`.
pub fn head(contents: &Contents) -> serde_json::Map<String, serde_json::Value> {
    let Contents { report, language, facts, freshness, count, totals, .. } = contents;
    let total = |line| serde_json::to_value(Row { report, totals, line }).unwrap_or_default();
    let column = |column: &crate::report::definition::Column| json!({ "name": column.name, "title": column.title.get(*language), "kind": column.kind });
    let fact = |fact: &Fact| json!({ "key": fact.key, "name": fact.name, "value": fact.value });
    let head = json!({
        "report": report.name,
        "title": report.title.get(*language),
        "as_of": freshness.as_of,
        "count": count,
        "facts": facts.iter().map(fact).collect::<Vec<_>>(),
        "columns": report.columns.iter().map(column).collect::<Vec<_>>(),
        "totals": totals.iter().map(total).collect::<Vec<_>>(),
    });
    match head {
        serde_json::Value::Object(head) => head,
        _ => serde_json::Map::new(),
    }
}

/// `head`, then `rows`, then `next`: where the rows go on, or null.
pub fn part(contents: &Contents, rows: &[Line], next: Option<&str>) -> serde_json::Result<Vec<u8>> {
    let Contents { report, totals, .. } = contents;
    let mut whole = begun(contents)?;
    let rows: Vec<Row<'_>> = rows.iter().map(|line| Row { report, totals, line }).collect();
    serde_json::to_writer(&mut whole, &rows)?;
    whole.extend_from_slice(b",\"next\":");
    serde_json::to_writer(&mut whole, &next)?;
    whole.push(b'}');
    Ok(whole)
}

/// The object up to its rows.
fn begun(contents: &Contents) -> serde_json::Result<Vec<u8>> {
    let mut object = to_vec(&head(contents))?;
    // It goes on.
    object.pop();
    object.extend_from_slice(b",\"rows\":");
    Ok(object)
}

struct Json {
    contents: Contents,
    is_first: bool,
}

impl Writer for Json {
    fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut file = begun(&self.contents)?;
        file.push(b'[');
        Ok(file)
    }

    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>> {
        let mut file = Vec::with_capacity(rows.len() * 256);
        let Contents { report, totals, .. } = &self.contents;
        for line in &rows {
            file.extend_from_slice(if std::mem::take(&mut self.is_first) { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut file, &Row { report, totals, line })?;
        }
        Ok(file)
    }

    fn end(&mut self) -> io::Result<Vec<u8>> {
        Ok(b"\n]}\n".to_vec())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::sales;
    use super::FORMAT;
    use crate::language::Language;
    use crate::report::table::tests::line;

    #[test]
    fn numbers_are_exact_texts_and_what_is_unknown_is_null() {
        let contents = sales(Language::En, &[("Period", "1 Nov")], &[("revenue", "5000")]);
        let report = contents.report.clone();
        let mut writer = FORMAT.open.unwrap()(contents);
        let row = |name: &str| {
            line(
                &report,
                &[("product", name), ("code", "007"), ("revenue", "12345678901234567890.1250"), ("key_0", "k")],
            )
        };
        let mut file = writer.head().unwrap();
        file.extend(writer.rows(vec![row("a\"b"), row("Я")]).unwrap());
        file.extend(writer.rows(vec![row("c")]).unwrap());
        file.extend(writer.end().unwrap());
        let read: Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(read["facts"], json!([{ "key": "key", "name": "Period", "value": "1 Nov" }]));
        assert_eq!(read["columns"][0], json!({ "name": "product", "title": "Product", "kind": "text" }));
        assert_eq!(read["totals"][0]["revenue"], "5000");
        assert_eq!(read["totals"][0].get("key"), None);
        assert_eq!(read["rows"].as_array().unwrap().len(), 3);
        let first = &read["rows"][0];
        assert_eq!((&first["product"], &first["code"]), (&json!("a\"b"), &json!("007")));
        assert_eq!(first["revenue"], "12345678901234567890.1250");
        assert_eq!((&first["change"], &first["currency"], &first["key"]), (&Value::Null, &json!("USD"), &json!(["k"])));
    }

    #[test]
    fn a_part_is_the_same_with_where_it_goes_on() {
        let contents = sales(Language::En, &[], &[("revenue", "5000")]);
        let row = line(&contents.report, &[("product", "a"), ("revenue", "2500")]);
        let read =
            |rows: &[_], next| serde_json::from_slice::<Value>(&super::part(&contents, rows, next).unwrap()).unwrap();
        let part = read(&[row], Some("behind"));
        assert_eq!((&part["report"], &part["next"]), (&json!("sales"), &json!("behind")));
        assert_eq!((&part["rows"][0]["product"], &part["rows"][0]["share"]), (&json!("a"), &json!(0.5)));
        assert_eq!(read(&[], None)["next"], Value::Null);
    }

    #[test]
    fn without_rows_it_is_whole_all_the_same() {
        let mut writer = FORMAT.open.unwrap()(sales(Language::Ru, &[], &[]));
        let file = [writer.head().unwrap(), writer.end().unwrap()].concat();
        assert_eq!(serde_json::from_slice::<Value>(&file).unwrap()["rows"], json!([]));
    }
}
