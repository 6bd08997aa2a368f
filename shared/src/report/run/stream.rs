//! Every row of a report, as ClickHouse sends them.

use std::collections::VecDeque;
use std::time::Duration;

use clickhouse::query::{BytesCursor, Query};

use super::lines::{listed, parted};
use crate::report::definition::{Definition, FieldId};
use crate::report::error::RunError;
use crate::report::filter::Filter;
use crate::report::table::{Line, Reader};
use crate::report::tsv;

/// Every row of a set, some at a time.
pub struct RowStream {
    cursor: BytesCursor,
    reader: Reader,
    /// Bytes of a line that has not ended.
    rest: Vec<u8>,
    /// By field.
    places: Vec<u8>,
    /// How long ClickHouse may be silent.
    patience: Duration,
    /// What came with the totals.
    first: VecDeque<Line>,
    count: u64,
    /// Rows that the totals count and that have not come.
    missing: u64,
}

impl RowStream {
    /// The totals, and the rows behind them. An error before the first row is an answer, not half a file.
    pub(super) async fn open(
        report: &Definition,
        filter: &Filter,
        query: Query,
        patience: Duration,
    ) -> Result<(Vec<Line>, Self), RunError> {
        let mut cursor = query.fetch_bytes(tsv::TYPED_FORMAT)?;
        let (mut rest, mut begun) = (Vec::new(), String::new());
        while begun.lines().count() < 2
            && let Some(more) = text_lines(&mut cursor, &mut rest, patience).await?
        {
            begun.push_str(&more);
        }
        let (names, behind) = begun.split_once('\n').unwrap_or((&begun, ""));
        let (types, behind) = behind.split_once('\n').unwrap_or((behind, ""));
        let reader = Reader::new(report, names)?;
        let places = reader.decimal_places(types);
        let mut lines = behind.lines().map(|line| reader.line(line)).collect::<Result<Vec<_>, _>>()?;
        let mut stream = Self { cursor, reader, rest, places, patience, first: VecDeque::new(), count: 0, missing: 0 };
        while lines.last().is_none_or(|line: &Line| line.is_total) {
            let Some(more) = stream.read().await? else { break };
            lines.extend(more);
        }
        stream.count = listed(&lines, filter);
        stream.missing = stream.count;
        let (totals, rows) = parted(lines);
        stream.first = rows.into();
        Ok((totals, stream))
    }

    /// How many rows there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many places behind the point a field's decimals may have; 0 of what is none.
    pub fn decimal_places(&self, field: FieldId) -> u8 {
        self.places.get(field.0).copied().unwrap_or_default()
    }

    /// Some rows; none at the end. A broken answer is an error, never an end.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>, RunError> {
        let rows = if self.first.is_empty() { self.read().await? } else { Some(self.first.drain(..).collect()) };
        match &rows {
            Some(rows) => self.missing = self.missing.saturating_sub(rows.len() as u64),
            None if self.missing > 0 => {
                return Err(RunError::Unavailable(format!("the answer ended {} rows early", self.missing)));
            }
            None => {}
        }
        Ok(rows)
    }

    async fn read(&mut self) -> Result<Option<Vec<Line>>, RunError> {
        let Some(text) = text_lines(&mut self.cursor, &mut self.rest, self.patience).await? else { return Ok(None) };
        Ok(Some(text.lines().map(|line| self.reader.line(line)).collect::<Result<_, _>>()?))
    }
}

/// Whole lines, as many as have come.
async fn text_lines(
    cursor: &mut BytesCursor,
    rest: &mut Vec<u8>,
    patience: Duration,
) -> Result<Option<String>, RunError> {
    loop {
        if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
            let lines: Vec<u8> = rest.drain(..=end).collect();
            let text = String::from_utf8(lines);
            return text.map(Some).map_err(|_| RunError::Refused("the answer is no UTF-8 text".to_owned()));
        }
        let chunk = tokio::time::timeout(patience, cursor.next()).await.map_err(|_| RunError::TimedOut)?;
        match chunk? {
            Some(bytes) => rest.extend_from_slice(&bytes),
            None => return Ok(None),
        }
    }
}
