//! Another infobase: the same shape under other references. Currencies, units, warehouses and reasons come with the
//! configuration and are the same.

use uuid::Uuid;

use super::Rows;

pub fn moved(mut rows: Rows) -> Rows {
    for row in &mut rows.products {
        (row.reference, row.parent) = (elsewhere(row.reference), elsewhere(row.parent));
    }
    rows.partners.iter_mut().for_each(|row| row.reference = elsewhere(row.reference));
    for row in &mut rows.legal_entities {
        (row.reference, row.partner) = (elsewhere(row.reference), elsewhere(row.partner));
    }
    for row in rows.documents.iter_mut().chain(&mut rows.returns) {
        row.reference = elsewhere(row.reference);
        (row.partner, row.legal_entity) = (elsewhere(row.partner), elsewhere(row.legal_entity));
        row.order = elsewhere(row.order);
        row.lines.iter_mut().for_each(|line| line.product = elsewhere(line.product));
    }
    rows
}

fn elsewhere(reference: Uuid) -> Uuid {
    if reference.is_nil() { reference } else { Uuid::from_u128(reference.as_u128() ^ (0x2b << 120)) }
}
