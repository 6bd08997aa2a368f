//! A table as people read it: a head, rows, columns as wide as their widest cell.

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

/// `0` to `2` digits, as the size of the figure asks for.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `1.23×`: how many times `base` fits into `value`.
pub fn ratio(value: f64, base: f64) -> String {
    format!("{:.2}×", value / base)
}
