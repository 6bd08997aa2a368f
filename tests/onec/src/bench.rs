//! `onec --self-bench`: how fast the server hands out its base, and at what cost of CPU, to a client that only reads.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Moment, Running};

/// The fields that the product's mapping of sales reads.
const MAPPED: &str = "Ref_Key,DataVersion,DeletionMark,Posted,Number,Date,Партнер_Key,Контрагент_Key,Валюта_Key,\
    Товары/LineNumber,Товары/Номенклатура_Key,Товары/Количество,Товары/СуммаСНДС,Товары/СуммаНДС,\
    Товары/СуммаРучнойСкидки,Товары/СуммаАвтоматическойСкидки";
const KEYS: &str = "Ref_Key,DataVersion,Date";
const DOCUMENTS_A_PAGE: usize = 1000;

/// One reading of the whole base.
#[derive(Debug)]
pub struct Measured {
    pub documents: usize,
    pub lines: usize,
    pub bytes: u64,
    pub elapsed: Duration,
    /// Of the serving thread alone.
    pub cpu: Duration,
}

/// Reads the base three times and prints a table: the mapped fields, every field, the keys alone.
pub fn run(running: &Running) -> anyhow::Result<()> {
    println!(
        "{:<14} {:>10} {:>9} {:>10} {:>12} {:>14} {:>12}",
        "select", "lines", "MB", "wall s", "lines/s", "lines/CPU s", "CPU s/M"
    );
    for (name, select) in
        [("mapped", Some(MAPPED)), ("mapped again", Some(MAPPED)), ("everything", None), ("keys", Some(KEYS))]
    {
        let measured = read_all(running, select)?;
        let (lines, cpu) = (measured.lines as f64, measured.cpu.as_secs_f64());
        println!(
            "{name:<14} {:>10} {:>9.0} {:>10.2} {:>12.0} {:>14.0} {:>12.2}",
            measured.lines,
            measured.bytes as f64 / 1e6,
            measured.elapsed.as_secs_f64(),
            lines / measured.elapsed.as_secs_f64(),
            lines / cpu,
            cpu / lines * 1e6
        );
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("peak memory of the process: {}", peak.trim_start_matches("VmHWM:").trim());
    Ok(())
}

/// Month after month, page after page, as a reader without `nextLink` must.
fn read_all(running: &Running, select: Option<&str>) -> anyhow::Result<Measured> {
    let mut client = Client::connect(running)?;
    let (months, documents, lines) = running.months();
    let cpu_before = running.cpu()?;
    let begun = Instant::now();
    let mut bytes = 0;
    for (first, count) in months {
        let (year, month, _) = first.civil();
        let next = if month == 12 { Moment::of(year + 1, 1, 1) } else { Moment::of(year, month + 1, 1) };
        let mut skip = 0;
        while skip < count {
            let filter = format!("Date ge datetime'{first}' and Date lt datetime'{next}'");
            let mut query = format!("$format=json;odata=nometadata&$filter={}", encoded(&filter));
            query.push_str(&format!("&$orderby=Date,Ref_Key&$top={DOCUMENTS_A_PAGE}&$skip={skip}"));
            if let Some(select) = select {
                query.push_str(&format!("&$select={}", encoded(select)));
            }
            bytes += client.fetch(&query)?;
            skip += DOCUMENTS_A_PAGE;
        }
    }
    Ok(Measured { documents, lines, bytes, elapsed: begun.elapsed(), cpu: running.cpu()?.saturating_sub(cpu_before) })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A client that parses nothing but lengths.
struct Client {
    stream: BufReader<TcpStream>,
    path: String,
    head: String,
    sink: Vec<u8>,
}

impl Client {
    fn connect(running: &Running) -> anyhow::Result<Self> {
        let rest = running.url.strip_prefix("http://").context("the stand-in speaks plain http")?;
        let (host, path) = rest.split_once('/').context("the stand-in's address has a path")?;
        let credentials = STANDARD.encode(format!("{}:{}", running.user, running.password));
        Ok(Self {
            stream: BufReader::with_capacity(1 << 18, TcpStream::connect(host)?),
            path: format!("/{path}/{}", encoded("Document_РеализацияТоваровУслуг")),
            head: format!(" HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\r\n"),
            sink: vec![0; 1 << 18],
        })
    }

    fn fetch(&mut self, query: &str) -> anyhow::Result<u64> {
        let request = format!("GET {}?{query}{}", self.path, self.head);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut length, mut line) = (None, String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                bail!("the stand-in hung up");
            }
            if line.starts_with("HTTP/1.1") && !line.contains(" 200 ") {
                bail!("the stand-in answered {line}");
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = Some(value.trim().parse::<u64>()?);
            }
            if line == "\r\n" {
                break;
            }
        }
        let length = length.context("an answer without Content-Length")?;
        let mut left = length;
        while left > 0 {
            let wanted = self.sink.len().min(usize::try_from(left)?);
            let read = self.stream.read(&mut self.sink[..wanted])?;
            if read == 0 {
                bail!("a body was cut");
            }
            left -= read as u64;
        }
        Ok(length)
    }
}
