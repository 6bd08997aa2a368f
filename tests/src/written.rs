//! Files of a report read back, each as its readers see it: what is told, the totals, the rows.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

/// What a file says. Values are written alike, whatever the format: `-1234.5`, `8.21` (percent), `2026-11-30`, nothing for what is
/// unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// A name and a value each.
    pub facts: Vec<(String, String)>,
    /// Without what stands in the first column.
    pub totals: Vec<Vec<String>>,
    pub rows: Vec<Vec<String>>,
}

/// All texts of a file, whatever packs them, for a search.
pub fn text(format: &str, bytes: &[u8]) -> String {
    match format {
        "xlsx" => {
            let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip archive");
            (0..archive.len())
                .map(|part| {
                    let mut text = String::new();
                    archive.by_index(part).expect("a part").read_to_string(&mut text).expect("its text");
                    text
                })
                .collect()
        }
        "parquet" => {
            let file = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).expect("a Parquet file");
            let rows: Vec<String> =
                file.get_row_iter(None).expect("its rows").map(|row| row.expect("a row").to_string()).collect();
            format!("{:?}{}", file.metadata().file_metadata().key_value_metadata(), rows.concat())
        }
        _ => String::from_utf8(bytes.to_vec()).expect("UTF-8"),
    }
}

/// Russian CSV, with facts and totals.
pub fn csv(text: &str, kinds: &[String]) -> Written {
    let lines: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(b';')
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes())
        .records()
        .map(|line| line.expect("a line of CSV").iter().map(str::to_owned).collect())
        .collect();
    let facts: Vec<_> =
        lines.iter().take_while(|line| line.len() == 2).map(|line| (line[0].clone(), line[1].clone())).collect();
    let values = |line: &Vec<String>| -> Vec<String> {
        let value = |(value, kind): (&String, &String)| match kind.as_str() {
            "text" | "code" => value.clone(),
            _ => by_kind(kind, &value.replace(',', "."), 1.0),
        };
        line.iter().zip(kinds).map(value).collect()
    };
    let below = &lines[facts.len() + 1..];
    let (rows, totals) =
        below.split_at(below.iter().position(|line| line[0].starts_with("Итого")).unwrap_or(below.len()));
    Written {
        facts,
        rows: rows.iter().map(values).collect(),
        totals: totals.iter().map(|line| values(line).split_off(1)).collect(),
    }
}

pub fn xlsx(bytes: &[u8], kinds: &[String]) -> Written {
    let mut book = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let names = book.sheet_names();
    let (cover, sheets) = names.split_last().expect("sheets");
    let cells = |row: &[Data]| -> Vec<String> {
        let value = |(cell, kind): (&Data, &String)| match cell {
            Data::Empty => String::new(),
            Data::Float(number) if kind == "percent" => format!("{:.2}", number * 100.0),
            Data::DateTime(day) => {
                let (year, month, day, ..) = day.to_ymd_hms_milli();
                format!("{year:04}-{month:02}-{day:02}")
            }
            other => other.to_string(),
        };
        row.iter().zip(kinds).map(value).collect()
    };
    let mut written = Written::default();
    for row in book.worksheet_range(cover).expect("the cover").rows() {
        written.facts.push((row[0].to_string(), row[1].to_string()));
    }
    for sheet in sheets {
        let range = book.worksheet_range(sheet).expect("a sheet");
        let heads = range.rows().position(|row| !row[0].to_string().starts_with("Итого")).unwrap_or(0);
        written.totals.extend(range.rows().take(heads).map(|row| cells(row).split_off(1)));
        written.rows.extend(range.rows().skip(heads + 1).map(cells));
    }
    written
}

pub fn json(text: &str, kinds: &[String]) -> Written {
    let read: Value = serde_json::from_str(text).expect("JSON");
    let mut written = told(&read, kinds);
    let columns = columns(&read);
    written.rows = list(&read["rows"]).iter().map(|row| of_object(row, &columns, kinds)).collect();
    written
}

pub fn parquet(bytes: &[u8], kinds: &[String]) -> Written {
    let file = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).expect("a Parquet file");
    let metadata = file.metadata().file_metadata().key_value_metadata().expect("what is told");
    let report = metadata.iter().find(|told| told.key == "report").and_then(|told| told.value.as_deref());
    let mut written = told(&serde_json::from_str(report.expect("the report")).expect("JSON"), kinds);
    for row in file.get_row_iter(None).expect("its rows") {
        let row = row.expect("a row");
        let value = |((_, field), kind): ((&String, &Field), &String)| match field {
            Field::Null => String::new(),
            Field::Double(ratio) => format!("{:.2}", ratio * 100.0),
            Field::Decimal(decimal) => {
                let bytes: [u8; 16] = decimal.data().try_into().expect("16 bytes");
                let number = i128::from_be_bytes(bytes);
                let scale = 10_i128.pow(u32::try_from(decimal.scale()).expect("a scale"));
                let sign = if number < 0 { "-" } else { "" };
                let places = usize::try_from(decimal.scale()).expect("a scale");
                let text = format!("{sign}{}.{:0places$}", number.abs() / scale, number.abs() % scale);
                by_kind(kind, &text, 1.0)
            }
            Field::Str(text) => text.clone(),
            other => other.to_string(),
        };
        written.rows.push(row.get_column_iter().zip(kinds).map(value).collect());
    }
    written
}

/// A file on paper as `read_pdf.py` has read it, in Russian; totals stand above the rows.
pub fn pdf(read: &Value, kinds: &[String], totals: usize) -> Written {
    let texts = |row: &Value| -> Vec<String> {
        list(row).iter().map(|cell| cell.as_str().expect("a text").to_owned()).collect()
    };
    let value = |(text, kind): (&String, &String)| match kind.as_str() {
        "text" | "code" => text.clone(),
        "date" => text.split('.').rev().collect::<Vec<_>>().join("-"),
        _ => by_kind(kind, &text.replace('\u{202f}', "").replace('−', "-").replace(',', "."), 1.0),
    };
    let mut written = Written::default();
    for fact in list(&read["facts"]) {
        let fact = texts(fact);
        written.facts.push((fact[0].clone(), fact[1].clone()));
    }
    for (at, table) in list(&read["tables"]).iter().enumerate() {
        let lines = list(table).iter().skip(1).map(|row| texts(row).iter().zip(kinds).map(value).collect::<Vec<_>>());
        for (number, mut line) in lines.enumerate() {
            if at == 0 && number < totals {
                written.totals.push(line.split_off(1));
            } else {
                written.rows.push(line);
            }
        }
    }
    written
}

/// The kinds of a JSON answer's columns; behind them that of the currency.
pub fn kinds(text: &str) -> Vec<String> {
    let read: Value = serde_json::from_str(text).expect("JSON");
    let kinds = list(&read["columns"]).iter().map(|column| column["kind"].as_str().expect("a kind").to_owned());
    kinds.chain(["text".to_owned()]).collect()
}

fn told(read: &Value, kinds: &[String]) -> Written {
    let word = |fact: &Value, name: &str| fact[name].as_str().expect("a text").to_owned();
    let columns = columns(read);
    Written {
        facts: list(&read["facts"]).iter().map(|fact| (word(fact, "name"), word(fact, "value"))).collect(),
        totals: list(&read["totals"]).iter().map(|total| of_object(total, &columns, kinds).split_off(1)).collect(),
        rows: Vec::new(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("a list")
}

fn columns(read: &Value) -> Vec<String> {
    let names = list(&read["columns"]).iter().map(|column| column["name"].as_str().expect("a name").to_owned());
    names.chain(["currency".to_owned()]).collect()
}

fn of_object(row: &Value, columns: &[String], kinds: &[String]) -> Vec<String> {
    let value = |(column, kind): (&String, &String)| match &row[column] {
        Value::Null => String::new(),
        Value::String(text) => by_kind(kind, text, 1.0),
        number => by_kind(kind, &number.to_string(), 100.0),
    };
    columns.iter().zip(kinds).map(value).collect()
}

fn by_kind(kind: &str, text: &str, percent: f64) -> String {
    match kind {
        _ if text.is_empty() => String::new(),
        "percent" => format!("{:.2}", text.parse::<f64>().expect("a number") * percent),
        "money" | "quantity" if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    }
}
