//! Parquet, for analysts' tools: decimals, days and texts as such, a column for each that is shown, by its name. What is told of
//! the rows stands in the file's metadata under `report`, as JSON.

use std::io;
use std::sync::Arc;

use chrono::Datelike as _;
use parquet::basic::{Compression, DecimalType, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::json;
use super::sink::Sink;
use super::writer::{Contents, Format, Writer};
use crate::report::kind::Kind;
use crate::report::table::{Cell, Line};

pub const FORMAT: Format = Format {
    code: "parquet",
    extension: "parquet",
    title: "format-parquet",
    media_type: "application/vnd.apache.parquet",
    most_rows: u64::MAX,
    open: Some(|contents| Box::new(Parquet::new(contents))),
};

/// What is packed together, and in memory until then.
const ROWS_OF_A_GROUP: usize = 32_768;
/// The most that Decimal(38) holds: 16 bytes.
const DIGITS: i32 = 38;
const DECIMAL_BYTES: i32 = 16;
/// 1 January 1970, from the beginning of our era.
const EPOCH: i32 = 719_163;

struct Parquet {
    contents: Contents,
    sink: Sink,
    file: Option<SerializedFileWriter<Sink>>,
    group: Vec<Line>,
}

impl Parquet {
    fn new(contents: Contents) -> Self {
        Self { contents, sink: Sink::default(), file: None, group: Vec::new() }
    }

    fn schema(&self) -> Result<Type, ParquetError> {
        let columns = self.contents.report.columns.iter().enumerate();
        let mut fields = columns
            .map(|(index, column)| column_type(&column.name, column.kind, self.contents.scale(index)))
            .collect::<Result<Vec<_>, _>>()?;
        if self.contents.report.currency.is_some() {
            fields.push(column_type("currency", Kind::Text, 0)?);
        }
        Type::group_type_builder("rows").with_fields(fields.into_iter().map(Arc::new).collect()).build()
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let lines = std::mem::take(&mut self.group);
        let Contents { report, totals, .. } = &self.contents;
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let mut group = file.next_row_group()?;
        let mut index = 0;
        while let Some(column) = group.next_column()? {
            match report.columns.get(index) {
                Some(shown) => {
                    let cells: Vec<Cell> =
                        lines.iter().map(|line| line.shown(report, totals, index).into_owned()).collect();
                    write_cells(column, shown.kind, self.contents.scale(index), &cells)?;
                }
                None => {
                    let words = lines.iter().map(|line| Cell::Text(line.currency.word().into())).collect::<Vec<_>>();
                    write_cells(column, Kind::Text, 0, &words)?;
                }
            }
            index += 1;
        }
        group.close()?;
        Ok(())
    }
}

impl Writer for Parquet {
    fn head(&mut self) -> io::Result<Vec<u8>> {
        let told = serde_json::Value::Object(json::head(&self.contents)).to_string();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(vec![KeyValue::new("report".to_owned(), told)]))
            .build();
        let schema = Arc::new(self.schema().map_err(io::Error::other)?);
        let file = SerializedFileWriter::new(self.sink.clone(), schema, Arc::new(properties));
        let mut file = file.map_err(io::Error::other)?;
        // Its first bytes, so that a download shows at once that it has begun.
        file.flush().map_err(io::Error::other)?;
        self.file = Some(file);
        Ok(self.sink.take())
    }

    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>> {
        for line in rows {
            self.group.push(line);
            if self.group.len() == ROWS_OF_A_GROUP {
                self.write_group().map_err(io::Error::other)?;
            }
        }
        Ok(self.sink.take())
    }

    fn end(&mut self) -> io::Result<Vec<u8>> {
        if !self.group.is_empty() {
            self.write_group().map_err(io::Error::other)?;
        }
        if let Some(file) = self.file.take() {
            file.close().map_err(io::Error::other)?;
        }
        Ok(self.sink.take())
    }
}

fn column_type(name: &str, kind: Kind, scale: u8) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Money | Kind::Quantity => (
            Physical::FIXED_LEN_BYTE_ARRAY,
            Some(LogicalType::Decimal(DecimalType { scale: scale.into(), precision: DIGITS })),
        ),
        Kind::Count => (Physical::INT64, None),
        Kind::Percent => (Physical::DOUBLE, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Code | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    // A text that is not there is an empty one, as on the page.
    let is_text = matches!(kind, Kind::Code | Kind::Text);
    let builder = Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(if is_text {
        Repetition::REQUIRED
    } else {
        Repetition::OPTIONAL
    });
    match kind {
        Kind::Money | Kind::Quantity => {
            builder.with_length(DECIMAL_BYTES).with_precision(DIGITS).with_scale(scale.into()).build()
        }
        _ => builder.build(),
    }
}

fn write_cells(
    mut column: SerializedColumnWriter<'_>,
    kind: Kind,
    scale: u8,
    cells: &[Cell],
) -> Result<(), ParquetError> {
    match kind {
        Kind::Money | Kind::Quantity => {
            let mut values = Vec::with_capacity(cells.len());
            for cell in cells {
                if let Cell::Number(number) = cell {
                    let decimal = decimal(number.as_str(), scale).ok_or_else(|| {
                        ParquetError::General(format!(
                            "{} does not fit into Decimal({DIGITS}, {scale})",
                            number.as_str()
                        ))
                    })?;
                    values.push(FixedLenByteArray::from(decimal.to_be_bytes().to_vec()));
                }
            }
            let levels = levels(cells, |cell| matches!(cell, Cell::Number(_)));
            column.typed::<FixedLenByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Count => {
            let count = |cell: &Cell| if let Cell::Count(count) = cell { i64::try_from(*count).ok() } else { None };
            let values: Vec<i64> = cells.iter().filter_map(count).collect();
            column.typed::<Int64Type>().write_batch(
                &values,
                Some(&levels(cells, |cell| count(cell).is_some())),
                None,
            )?;
        }
        Kind::Percent => {
            let ratio = |cell: &Cell| if let Cell::Ratio(ratio) = cell { Some(*ratio) } else { None };
            let values: Vec<f64> = cells.iter().filter_map(ratio).collect();
            column.typed::<DoubleType>().write_batch(
                &values,
                Some(&levels(cells, |cell| ratio(cell).is_some())),
                None,
            )?;
        }
        Kind::Date => {
            let day = |cell: &Cell| if let Cell::Day(day) = cell { Some(day.num_days_from_ce() - EPOCH) } else { None };
            let values: Vec<i32> = cells.iter().filter_map(day).collect();
            column.typed::<Int32Type>().write_batch(&values, Some(&levels(cells, |cell| day(cell).is_some())), None)?;
        }
        Kind::Code | Kind::Text => {
            let values: Vec<ByteArray> = cells.iter().map(|cell| ByteArray::from(cell.text())).collect();
            column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
    }
    column.close()
}

/// 1 where there is a value, 0 where there is none.
fn levels(cells: &[Cell], is_known: impl Fn(&Cell) -> bool) -> Vec<i16> {
    cells.iter().map(|cell| i16::from(is_known(cell))).collect()
}

/// `-12.5` with scale 4 is -125000. None: it has more digits than that, or than fit.
fn decimal(text: &str, scale: u8) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let fits = digits.trim_start_matches(['-', '0']).len() <= DIGITS as usize;
    digits.parse().ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    use super::{FORMAT, ROWS_OF_A_GROUP, decimal};
    use crate::language::Language;
    use crate::report::table::Line;
    use crate::report::table::tests::line;
    use crate::report::write::tests::sales;

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal("-12.5", 4), Some(-125_000));
        assert_eq!(decimal("7", 0), Some(7));
        assert_eq!(decimal("-0.0700", 2), Some(-7));
        assert_eq!(decimal("0.125", 2), None, "no digit is cut off");
        assert_eq!(decimal(&"9".repeat(38), 0), Some(10_i128.pow(38) - 1));
        assert_eq!(decimal(&"9".repeat(38), 1), None);
    }

    #[test]
    fn rows_are_read_back_group_by_group_with_what_is_told_of_them() {
        let mut contents = sales(Language::En, &[("Period", "May")], &[("revenue", "5")]);
        let report = contents.report.clone();
        contents.scales = vec![4; report.columns.len()];
        let mut writer = FORMAT.open.unwrap()(contents);
        let lines: Vec<Line> = (0..ROWS_OF_A_GROUP + 2)
            .map(|n| line(&report, &[("code", &format!("{n:011}")), ("revenue", "-12345678901234567890.1250")]))
            .collect();
        let mut file = writer.head().unwrap();
        assert_eq!(file, b"PAR1");
        for some in lines.chunks(1_000) {
            file.extend(writer.rows(some.to_vec()).unwrap());
        }
        file.extend(writer.end().unwrap());
        let read = SerializedFileReader::new(Bytes::from(file)).unwrap();
        let metadata = read.metadata().file_metadata();
        let told = metadata.key_value_metadata().unwrap().iter().find(|told| told.key == "report").unwrap();
        assert!(told.value.as_ref().unwrap().contains("\"Period\""));
        assert_eq!((read.num_row_groups(), metadata.num_rows()), (2, lines.len() as i64));
        let row = read.get_row_iter(None).unwrap().last().unwrap().unwrap();
        let names: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
        assert_eq!([names[0], names[9]], ["product", "currency"]);
        assert_eq!(row.get_string(1).unwrap(), &format!("{:011}", lines.len() - 1));
        assert_eq!(row.get_decimal(5).unwrap().data(), (-123_456_789_012_345_678_901_250_i128).to_be_bytes());
        assert_eq!(row.get_column_iter().nth(8).unwrap().1.to_string(), "null", "nothing was sold a year before");
    }
}
