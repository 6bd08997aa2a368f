//! A table as people read it: a head, rows, columns as wide as their widest cell.

use crate::build::Build;

pub fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head.get(column).map_or(0, |cell| cell.chars().count())]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            if column == 0 { format!("{cell}{pad}") } else { format!("{pad}{cell}") }
        });
        println!("  {}", padded.collect::<Vec<_>>().join("  "));
    };
    println!("\n{title}");
    line(head.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}

/// One figure of each build.
#[derive(Debug)]
pub struct Compared {
    pub what: String,
    /// In the order of the builds.
    pub values: Vec<f64>,
    /// What is wished for, in the same unit; or a word.
    pub reach: &'static str,
}

/// A column per build, and with two of them how many times the other's figure this one's is.
pub fn compared(title: &str, builds: &[Build], rows: &[Compared]) {
    let mut head = vec![""];
    head.extend(builds.iter().map(|build| build.name.as_str()));
    let ratio_head = builds.first().map(|other| format!("now / {}", other.name)).unwrap_or_default();
    if builds.len() > 1 {
        head.push(&ratio_head);
    }
    head.push("to reach");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![row.what.clone()];
            cells.extend(row.values.iter().map(|value| figure(*value)));
            if let [other, now] = row.values[..] {
                cells.push(ratio(now, other));
            }
            cells.push(row.reach.to_owned());
            cells
        })
        .collect();
    print(title, &head, &rows);
}

/// `0` to `2` digits, as the size of the figure asks for.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size.is_nan() => "–".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `1.23×`: how many times `base` fits into `value`.
pub fn ratio(value: f64, base: f64) -> String {
    let ratio = value / base;
    if ratio.is_finite() { format!("{ratio:.2}×") } else { "–".to_owned() }
}
