//! A field as its message will have it.

use std::ops::Range;

use shared::dataset::{Field, Kind};
use shared::money::Amount;

use super::super::given::Given;
use crate::record::{self, json};

/// The comma behind the last field becomes the end of the object, with a comma behind that.
pub fn end_object(text: &mut Vec<u8>) {
    if text.last() == Some(&b',') {
        text.pop();
    }
    text.extend_from_slice(b"},");
}

/// These objects of the text, which follow each other, with commas between them.
pub fn joined<'a>(text: &'a [u8], objects: &[Range<usize>]) -> &'a [u8] {
    match (objects.first(), objects.last()) {
        (Some(first), Some(last)) => &text[first.start..last.end - 1],
        _ => &[],
    }
}

/// Writes a field with a comma behind it; returns a figure in ten-thousandths.
pub fn write(out: &mut Vec<u8>, field: &Field, given: Given<'_>, is_negative: bool) -> Result<Option<i64>, String> {
    json::name(out, &field.name);
    let mut figure = None;
    match &field.kind {
        Kind::Reference => json::uuid(out, given.reference()?),
        Kind::Code | Kind::Text => json::text(out, &given.text()?),
        Kind::OneOf(values) => {
            let text = given.text()?;
            if !values.iter().any(|value| *value == text) {
                return Err(format!("{} is {text:?}, which is none of {}", given.erp_name(), values.join(", ")));
            }
            json::text(out, &text);
        }
        Kind::Flag => json::flag(out, given.flag()?),
        Kind::Quantity | Kind::Money { .. } => {
            let read = given.amount()?.raw();
            // Amounts have 18 digits, far from where a sign would overflow.
            let amount = if is_negative { read.saturating_neg() } else { read };
            json::amount(out, Amount::from_raw(amount));
            figure = Some(amount);
        }
        Kind::Day | Kind::Moment => moment(out, field, &given)?,
    }
    out.push(b',');
    Ok(figure)
}

/// A date that the warehouse cannot hold is as good as none.
fn moment(out: &mut Vec<u8>, field: &Field, given: &Given<'_>) -> Result<(), String> {
    let moment = given.moment()?.filter(|moment| record::is_in_range(moment.date()));
    match moment {
        None if field.is_required => return Err(format!("{} is no date that can be kept", given.erp_name())),
        None => json::null(out),
        Some(moment) if field.kind == Kind::Day => json::day(out, moment.date()),
        Some(moment) => json::moment(out, moment),
    }
    Ok(())
}

/// Every row repeats the texts of its document.
pub fn short_enough(field: &Field, given: &Given<'_>) -> Result<(), String> {
    if !field.kind.is_text() {
        return Ok(());
    }
    let most = record::most_letters(&field.kind);
    if given.text()?.chars().nth(most).is_none() {
        return Ok(());
    }
    Err(format!("{} has more than {most} letters, which every row of the document would repeat", given.erp_name()))
}
