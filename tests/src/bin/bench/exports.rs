//! Files of a million rows of twenty columns, each written by a process of its own: our formats, and what a well-kept library
//! needs for the same workbook. What making the rows costs is measured apart and taken off. Then pages on paper: one long table, and
//! as many statements as a company sends in one go.

use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rust_xlsxwriter::{Format, Workbook};
use shared::language::Language;
use shared::report::definition::{self, Definition};
use shared::report::freshness::Freshness;
use shared::report::table::{Cell, Line, Reader};
use shared::report::write::{self, Contents};

use crate::meter;
use crate::table::{figure, print, ratio};

const NOTHING: &str = "rows alone";
const PDF: &str = "pdf";
const STATEMENTS: &str = "statements";
/// Dealers whose statements go out together, and rows of each.
const DEALERS: u64 = 300;
const STATEMENT_ROWS: u64 = 100;
/// Of the files on paper.
const PAPER_ROWS: [u64; 2] = [1_000, 20_000];
/// Decimals, texts, days and codes of a row.
const WIDE: [usize; 4] = [10, 6, 2, 2];
const NARROW: [usize; 4] = [4, 2, 1, 1];
const PEER: &str = "rust_xlsxwriter, constant memory";
/// Rows at once, as they come from ClickHouse.
const AT_ONCE: u64 = 400;

/// What a process that wrote a file says of itself.
struct Said {
    cpu_s: f64,
    first_byte_s: f64,
    whole_s: f64,
    peak_mb: f64,
    file_mb: f64,
}

fn written(what: &str, rows: u64) -> Result<Said> {
    let output = std::process::Command::new(std::env::current_exe()?)
        .args(["--write", what, "--rows", &rows.to_string()])
        .output()
        .context("write a file in a process of its own")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    let [cpu_s, first_byte_s, whole_s, peak_mb, file_mb] = figures[..] else {
        anyhow::bail!("{what} was not written: {}", String::from_utf8_lossy(&output.stderr).trim());
    };
    Ok(Said { cpu_s, first_byte_s, whole_s, peak_mb, file_mb })
}

pub fn measure(rows: u64) -> Result<()> {
    on_paper()?;
    let written = |what: &str| written(what, rows);
    let nothing = written(NOTHING)?;
    let peer = written(PEER)?;
    let mut table = Vec::new();
    for (what, said) in std::iter::once(Ok((PEER, peer)))
        .chain(write::streamed().map(|format| Ok::<_, anyhow::Error>((format.code, written(format.code)?))))
        .collect::<Result<Vec<_>>>()?
    {
        let cpu = |said: &Said| said.cpu_s - nothing.cpu_s;
        let against = table.first().map_or(1.0, |(_, first): &(Vec<String>, f64)| *first);
        let row = vec![
            what.to_owned(),
            figure(cpu(&said)),
            if table.is_empty() { String::new() } else { ratio(cpu(&said), against) },
            figure(said.first_byte_s),
            figure(said.peak_mb),
            figure(said.file_mb),
        ];
        table.push((row, cpu(&said)));
    }
    let table: Vec<_> = table.into_iter().map(|(row, _)| row).collect();
    let title =
        format!("A file of {rows} rows × 20. To reach for XLSX: ≤ 0.25× the CPU, ≤ 64 MB, first byte < 1 s, no larger");
    print(&title, &["", "CPU s", "of the peer's", "first byte s", "peak MB", "file MB"], &table);
    Ok(())
}

fn on_paper() -> Result<()> {
    let mut table = Vec::new();
    let files = PAPER_ROWS.map(|rows| (PDF, rows, format!("a table of {rows} rows")));
    let statements = (STATEMENTS, STATEMENT_ROWS, format!("{DEALERS} statements of {STATEMENT_ROWS} rows"));
    for (what, rows, title) in files.into_iter().chain([statements]) {
        let said = written(what, rows)?;
        table.push(
            [title, figure(said.cpu_s), figure(said.whole_s), figure(said.peak_mb), figure(said.file_mb)].to_vec(),
        );
    }
    let title =
        "PDF, × 8. To reach: 1 000 rows in ≤ 0.6 CPU s, the statements in ≤ 20 s on two cores, ≤ 250 MB at any length";
    print(title, &["", "CPU s", "s", "peak MB", "MB"], &table);
    Ok(())
}

/// Writes one file and prints what that took.
pub fn write(what: &str, rows: u64) -> Result<()> {
    let began = Instant::now();
    let counts = if [PDF, STATEMENTS].contains(&what) { NARROW } else { WIDE };
    let report = report(counts)?;
    let made = Made::of(&report, rows, counts)?;
    let mut sink = Sink::default();
    match what {
        NOTHING => made.each(|lines| {
            std::hint::black_box(lines);
            Ok(())
        })?,
        PEER => peer(&report, &made, &mut sink)?,
        STATEMENTS => (0..DEALERS).try_for_each(|_| ours(&report, PDF, &made, &mut sink))?,
        code => ours(&report, code, &made, &mut sink)?,
    }
    let own = std::process::id();
    let first = sink.first.map_or(Duration::ZERO, |first| first - began).as_secs_f64();
    let whole = began.elapsed().as_secs_f64();
    println!("{} {first} {whole} {} {}", meter::cpu_seconds(own), meter::peak_mb(own), sink.bytes as f64 / 1e6);
    Ok(())
}

fn ours(report: &Arc<Definition>, code: &str, made: &Made, sink: &mut Sink) -> Result<()> {
    let format = write::format(code).with_context(|| format!("there is no format {code}"))?;
    let contents = Contents {
        report: report.clone(),
        language: Language::Ru,
        facts: Vec::new(),
        freshness: Freshness { as_of: None, interval_s: 60 },
        count: made.rows,
        scales: vec![2; report.columns.len()],
        totals: Vec::new(),
        total_labels: Vec::new(),
        currency_title: String::new(),
        facts_title: "О файле".to_owned(),
    };
    let mut writer = format.open.unwrap_or(workers::deliver::pdf::open)(contents);
    sink.write_all(&writer.head()?)?;
    made.each(|lines| Ok(sink.write_all(&writer.rows(lines)?)?))?;
    Ok(sink.write_all(&writer.end()?)?)
}

/// The same values of the same kinds by the library, in the way that it recommends for many rows.
fn peer(report: &Definition, made: &Made, sink: &mut Sink) -> Result<()> {
    let mut workbook = Workbook::new();
    let (money, day, code) = (
        Format::new().set_num_format("#,##0.00"),
        Format::new().set_num_format("dd.mm.yyyy"),
        Format::new().set_num_format("@"),
    );
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    for (column, shown) in report.columns.iter().enumerate() {
        sheet.write_string(0, u16::try_from(column)?, shown.title.get(Language::Ru))?;
    }
    let mut row = 0;
    made.each(|lines| {
        for line in lines {
            row += 1;
            for (at, column) in report.columns.iter().enumerate() {
                let index = u16::try_from(at)?;
                match &*line.shown(report, &[], at) {
                    Cell::Text(text) if column.name.starts_with("code") => {
                        sheet.write_string_with_format(row, index, &**text, &code)?
                    }
                    Cell::Text(text) => sheet.write_string(row, index, &**text)?,
                    Cell::Number(number) => sheet.write_number_with_format(row, index, number.to_f64(), &money)?,
                    Cell::Day(date) => sheet.write_datetime_with_format(row, index, date, &day)?,
                    Cell::Unknown | Cell::Count(_) | Cell::Ratio(_) => continue,
                };
            }
        }
        Ok(())
    })?;
    workbook.save_to_writer(sink)?;
    Ok(())
}

/// Rows of invented values: decimals, texts out of five thousand, days, codes.
struct Made {
    rows: u64,
    counts: [usize; 4],
    reader: Reader,
    texts: Vec<String>,
}

impl Made {
    fn of(report: &Definition, rows: u64, counts: [usize; 4]) -> Result<Self> {
        let names: Vec<String> = report.fields.iter().map(|(_, field)| format!("now_{}", field.name)).collect();
        let header = format!("{}\tkey_0\trows_now\trows_before\trows_former\tis_total", names.join("\t"));
        let mut roll = dice();
        let mut letter = || char::from_u32('а' as u32 + (roll() % 32) as u32).unwrap_or('ё');
        let texts = (0..5_000).map(|_| (0..20).map(|_| letter()).collect()).collect();
        Ok(Self { rows, counts, reader: Reader::new(report, &header)?, texts })
    }

    fn each(&self, mut take: impl FnMut(Vec<Line>) -> Result<()>) -> Result<()> {
        let mut roll = dice();
        let [amounts, texts, days, codes] = self.counts;
        let mut done = 0;
        while done < self.rows {
            let mut lines = Vec::with_capacity(AT_ONCE as usize);
            for _ in 0..AT_ONCE.min(self.rows - done) {
                let mut text = String::with_capacity(400);
                for _ in 0..amounts {
                    text.push_str(&format!("{}.{:02}\t", roll() % 1_000_000, roll() % 100));
                }
                for _ in 0..texts {
                    text.push_str(&self.texts[roll() as usize % self.texts.len()]);
                    text.push('\t');
                }
                for _ in 0..days {
                    text.push_str(&format!("202{}-{:02}-{:02}\t", roll() % 7, roll() % 12 + 1, roll() % 28 + 1));
                }
                for code in 0..codes {
                    text.push_str(&match code {
                        0 => format!("{:011}\t", roll() % 100_000_000),
                        _ => format!("НФ-{:08}\t", roll() % 5_000),
                    });
                }
                text.push_str("k\t1\t0\t0\t0");
                lines.push(self.reader.line(&text)?);
            }
            done += lines.len() as u64;
            take(lines)?;
        }
        Ok(())
    }
}

/// The same numbers in every process.
fn dice() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn report([amounts, texts, days, codes]: [usize; 4]) -> Result<Arc<Definition>> {
    let mut toml = "title = { ru = \"Строки\", en = \"Rows\" }\nmenu = { ru = \"Строки\", en = \"Rows\", order = 1 }\n\
        datasets = [\"sales\"]\nkey = \"code_0\"\nrows_title = { ru = \"Строки\", en = \"Rows\" }\n\
        noun = { ru = [\"строке\", \"строкам\", \"строкам\"], en = [\"row\", \"rows\"] }\n\
        facts = { ru = \"строк\", en = \"rows\" }\nsort = \"code_0\"\n"
        .to_owned();
    for (name, kind, count) in
        [("amount", "quantity", amounts), ("text", "text", texts), ("day", "date", days), ("code", "code", codes)]
    {
        for number in 0..count {
            toml.push_str(&format!(
                "[[column]]\nname = \"{name}_{number}\"\nkind = \"{kind}\"\ntitle = {{ ru = \"{name} {number}\", en = \"{name} {number}\" }}\n"
            ));
        }
    }
    let file = |name: &str| match name {
        "report.toml" => Some(toml.clone()),
        "rows.sql" => Some("SELECT 1".to_owned()),
        _ => None,
    };
    let report = definition::read("reports/rows", file)?;
    ensure!(
        report.columns.len() == amounts + texts + days + codes,
        "the invented report has {} columns",
        report.columns.len()
    );
    Ok(Arc::new(report))
}

/// Counts what a file takes, and knows when it began.
#[derive(Default)]
struct Sink {
    bytes: u64,
    first: Option<Instant>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.first.get_or_insert_with(Instant::now);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The library goes back to write sizes; nothing is kept here, so it may.
impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        Ok(match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(_) | SeekFrom::Current(_) => self.bytes,
        })
    }
}
