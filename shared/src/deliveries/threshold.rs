//! A threshold: the mail goes out when a figure passes it, and once more when that is over.

use serde::{Deserialize, Serialize};

use crate::money::Amount;
use crate::report::cell::Cell;
use crate::report::definition::Definition;
use crate::report::table::Line;

/// Which figures are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// The total of any currency.
    Total,
    /// Any row.
    Row,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Above,
    Below,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// The name of a column that holds figures.
    pub column: String,
    pub over: Over,
    pub direction: Direction,
    /// A decimal; of a share in percent.
    pub value: String,
}

impl Threshold {
    /// The column in this report; none where it has none of that name, or no figures stand in it.
    pub fn column(&self, report: &Definition) -> Option<usize> {
        report.columns.iter().position(|column| column.name == self.column && column.kind.is_number())
    }

    /// Over a set without a row every total is nothing.
    pub fn is_met_by_total(&self, report: &Definition, totals: &[Line], column: usize) -> bool {
        match totals {
            [] => self.is_met(&Cell::Count(0)),
            _ => totals.iter().any(|total| self.is_met(&total.shown(report, totals, column))),
        }
    }

    /// What is unknown passes nothing.
    pub fn is_met(&self, cell: &Cell) -> bool {
        use std::cmp::Ordering::{Greater, Less};
        let Ok(value) = Amount::parse(&self.value) else { return false };
        let ordering = match cell {
            Cell::Number(number) => match Amount::parse(number.as_str()) {
                Ok(amount) => amount.cmp(&value),
                // Of more digits than any threshold has.
                Err(_) if number.as_str().starts_with('-') => Less,
                Err(_) => Greater,
            },
            Cell::Count(count) => Amount::parse(&count.to_string()).map_or(Greater, |count| count.cmp(&value)),
            Cell::Ratio(ratio) => match Amount::parse(&format!("{:.4}", ratio * 100.0)) {
                Ok(percent) => percent.cmp(&value),
                Err(_) => return false,
            },
            Cell::Unknown | Cell::Day(_) | Cell::Text(_) => return false,
        };
        ordering == if self.direction == Direction::Above { Greater } else { Less }
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Over, Threshold};
    use crate::report::cell::{Cell, Number};

    #[test]
    fn a_figure_at_the_threshold_has_not_passed_it_and_figures_are_compared_exactly() {
        let met = |direction, value: &str, cell: &Cell| {
            let (column, over) = ("revenue".to_owned(), Over::Total);
            Threshold { column, over, direction, value: value.to_owned() }.is_met(cell)
        };
        let number = |text: &str| Cell::Number(Number::read(text).unwrap());
        for (cell, value, above, below) in [
            (number("100"), "100", false, false),
            (number("100.0001"), "100", true, false),
            (number("-5"), "0", false, true),
            (number("123456789012345678901234"), "1", true, false),
            (number("-123456789012345678901234"), "1", false, true),
            (number("90071992547409.93"), "90071992547409.92", true, false),
            (Cell::Count(3), "3.5", false, true),
            (Cell::Ratio(0.125), "12.4", true, false),
            (Cell::Unknown, "0", false, false),
            (number("1"), "no number", false, false),
        ] {
            assert_eq!(met(Direction::Above, value, &cell), above, "{cell:?} above {value}");
            assert_eq!(met(Direction::Below, value, &cell), below, "{cell:?} below {value}");
        }
    }
}
