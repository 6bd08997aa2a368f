//! How cells look: fixed styles, and one for each way of writing numbers that the rows ask for.

use std::fmt::Write as _;

use super::xml;

/// The number of a style, as cells name it.
pub type Style = u32;

/// An identifier: text, also after somebody has edited it.
pub const CODE: Style = 1;
pub const HEAD: Style = 2;
pub const TOTAL_LABEL: Style = 3;
pub const FACT_NAME: Style = 4;
pub const FACT_VALUE: Style = 5;
const FIXED: &str = "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"2\" borderId=\"1\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" \
    applyAlignment=\"1\"><alignment vertical=\"center\" wrapText=\"1\"/></xf>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\" applyAlignment=\"1\">\
    <alignment vertical=\"top\"/></xf>\
    <xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\">\
    <alignment vertical=\"top\" wrapText=\"1\"/></xf>";
const FIXED_COUNT: u32 = 6;
/// Excel keeps 200 to 250 formats of numbers for a workbook's own.
const MOST_FORMATS: usize = 200;
/// Numbers below it are built in.
const FIRST_FORMAT: usize = 164;

/// Built in: a day as the reader's own computer writes it.
pub const DAY: &str = "14";
/// Built in: `1,234`.
pub const WHOLE: &str = "3";
pub const FRACTION: &str = "#,##0.###";
pub const PERCENT: &str = "0.0%";
pub const MONEY: &str = "#,##0.00";

#[derive(Default)]
pub struct Styles {
    /// Formats of numbers, and whether in bold: the styles behind the fixed ones.
    made: Vec<(String, bool)>,
    /// The unit that was asked for last, and its styles.
    last: Vec<Units>,
}

/// The styles of a format with a unit.
struct Units {
    format: &'static str,
    unit: Box<str>,
    is_bold: bool,
    style: Style,
}

impl Styles {
    /// The style for numbers of this format, which `unit` follows if there is one. Without it where there are too many.
    pub fn of(&mut self, format: &'static str, unit: &str, is_bold: bool) -> Style {
        let is_it = |units: &&Units| *units.unit == *unit && units.format == format && units.is_bold == is_bold;
        if let Some(units) = self.last.iter().find(is_it) {
            return units.style;
        }
        let style = self.made(&with_unit(format, unit), is_bold).unwrap_or_else(|| {
            let plain = self.made(format, is_bold);
            plain.unwrap_or(0)
        });
        // A row asks for a few of them, and the next for the same.
        if self.last.len() >= 16 {
            self.last.remove(0);
        }
        self.last.push(Units { format, unit: unit.into(), is_bold, style });
        style
    }

    fn made(&mut self, format: &str, is_bold: bool) -> Option<Style> {
        let found = self.made.iter().position(|(known, bold)| known == format && *bold == is_bold);
        if found.is_none() {
            if self.made.len() >= MOST_FORMATS && format.contains('"') {
                return None;
            }
            self.made.push((format.to_owned(), is_bold));
        }
        Some(found.unwrap_or(self.made.len() - 1) as Style + FIXED_COUNT)
    }

    pub fn part(&self) -> String {
        let (mut formats, mut styles) = (String::new(), FIXED.to_owned());
        for (at, (format, is_bold)) in self.made.iter().enumerate() {
            let built_in = format.parse::<usize>().ok();
            let number = built_in.unwrap_or(FIRST_FORMAT + at);
            if built_in.is_none() {
                let _ = write!(formats, "<numFmt numFmtId=\"{number}\" formatCode=\"{}\"/>", xml::escaped(format));
            }
            let font = u8::from(*is_bold);
            let _ = write!(
                styles,
                "<xf numFmtId=\"{number}\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"{font}\"/>"
            );
        }
        let count = formats.matches("<numFmt ").count();
        let formats =
            if count == 0 { String::new() } else { format!("<numFmts count=\"{count}\">{formats}</numFmts>") };
        let count = self.made.len() + FIXED_COUNT as usize;
        let font =
            |bold: &str| format!("<font>{bold}<sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>");
        format!(
            "{}<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{formats}\
             <fonts count=\"2\">{}{}</fonts>\
             <fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>\
             <fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE9EDF2\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>\
             <borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>\
             <border><left/><right/><top/><bottom style=\"thin\"><color rgb=\"FF8A94A3\"/></bottom><diagonal/></border></borders>\
             <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
             <cellXfs count=\"{count}\">{styles}</cellXfs>\
             <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
            xml::DECLARATION,
            font(""),
            font("<b/>"),
        )
    }
}

/// A format with its unit behind the number: `#,##0.00\ "₽"`. The format itself where there is none.
fn with_unit(format: &str, unit: &str) -> String {
    let unit: String = unit.chars().filter(|letter| *letter != '"' && !letter.is_control()).take(40).collect();
    if unit.is_empty() { format.to_owned() } else { format!("{format}\\ \"{unit}\"") }
}

#[cfg(test)]
mod tests {
    use super::{FIXED_COUNT, MONEY, MOST_FORMATS, Styles};

    #[test]
    fn too_many_units_leave_numbers_without_theirs() {
        let mut styles = Styles::default();
        let plain = styles.of(MONEY, "", false);
        let rouble = styles.of(MONEY, "₽", false);
        for number in 0..2 * MOST_FORMATS {
            styles.of(MONEY, &format!("u{number}"), false);
        }
        assert_eq!(styles.made.len(), MOST_FORMATS);
        assert_eq!(styles.of(MONEY, "another", false), plain);
        assert_eq!((plain, rouble, styles.of(MONEY, "₽", false)), (FIXED_COUNT, FIXED_COUNT + 1, FIXED_COUNT + 1));
    }
}
