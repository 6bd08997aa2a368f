//! What people do in 1C, and what breaks there: every way the truth, or what is served in its place, changes.

use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Amount, Base, Deed, Dimensions, Document, GIVEN_BACK, Line, LineTerms, Moment, Resources, SOLD, Set, Table, Terms,
    WAREHOUSE, rows,
};

/// Why a change was refused; the base is as it was.
#[derive(Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// No row has this reference.
    Unknown(Uuid),
    /// The document has no such line.
    NoLine(usize),
    /// The document is a sale or a return.
    NoOrder(Uuid),
}

impl std::fmt::Display for ChangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(reference) => write!(f, "nothing has the reference {reference}"),
            Self::NoLine(line) => write!(f, "the document has no line {line}"),
            Self::NoOrder(reference) => write!(f, "{reference} is no order"),
        }
    }
}

impl std::error::Error for ChangeError {}

/// Which documents an admin asks for.
#[derive(Debug, Default)]
pub struct Lookup {
    pub dealer: Option<Uuid>,
    pub limit: Option<usize>,
    pub deed: Deed,
    /// Only what counts, or only what does not.
    pub counts: Option<bool>,
}

impl Deed {
    /// Where its documents lie.
    pub fn set(self) -> Set {
        match self {
            Self::Sale => Set::Documents,
            Self::Return => Set::Returns,
            Self::Order => Set::Orders,
        }
    }
}

impl Base {
    /// The newest documents first.
    pub fn documents_of(&self, lookup: &Lookup) -> Vec<&Document> {
        let wanted = |document: &&Document| {
            lookup.dealer.is_none_or(|dealer| document.partner == dealer)
                && lookup.counts.is_none_or(|counts| document.counts() == counts)
        };
        let table = self.papers(lookup.deed.set());
        let newest = table.ordered().iter().rev().filter_map(|slot| table.get(*slot));
        newest.filter(wanted).take(lookup.limit.unwrap_or(usize::MAX)).collect()
    }

    /// A sale, a return or an order.
    pub fn document(&self, reference: Uuid) -> Result<&Document, ChangeError> {
        let found = self.documents.by_reference(reference).or_else(|| self.returns.by_reference(reference));
        found.or_else(|| self.orders().by_reference(reference)).ok_or(ChangeError::Unknown(reference))
    }

    /// Orders follow from the sales as they were made, so they must stand before anything is written.
    fn orders_mut(&mut self) -> &mut Table<Document> {
        _ = self.orders();
        self.orders.get_mut().expect("orders were made a line above")
    }

    fn table_of(&mut self, reference: Uuid) -> Result<(&mut Table<Document>, u32), ChangeError> {
        if let Some(slot) = self.orders_mut().find(reference) {
            return Ok((self.orders_mut(), slot));
        }
        let slot = self.documents.find(reference).map(|slot| (&mut self.documents, slot));
        let slot = slot.or_else(|| self.returns.find(reference).map(|slot| (&mut self.returns, slot)));
        slot.ok_or(ChangeError::Unknown(reference))
    }

    /// Writes a document: the change, a new version, its place among the others.
    pub fn write<R>(&mut self, reference: Uuid, change: impl FnOnce(&mut Document) -> R) -> Result<R, ChangeError> {
        let version = self.next_version();
        let (table, slot) = self.table_of(reference)?;
        let changed = table.change(slot, |document| {
            document.version = version;
            change(document)
        });
        changed.ok_or(ChangeError::Unknown(reference))
    }

    /// Later lines move up, and what is served in their place moves with them.
    pub fn remove_line(&mut self, reference: Uuid, line: usize) -> Result<(), ChangeError> {
        self.has_line(reference, line)?;
        self.write(reference, |document| {
            document.lines.remove(line - 1);
            if let Some(terms) = &mut document.terms {
                terms.lines.remove(line - 1);
            }
            let Some(mut list) = document.overrides.take() else { return };
            list.retain(|one| one.line != Some(line));
            for one in list.iter_mut() {
                one.line = one.line.map(|number| if number > line { number - 1 } else { number });
            }
            document.overrides = (!list.is_empty()).then_some(list);
        })
    }

    /// Another sum of a line, under the version that the document had.
    pub fn rewrite(&mut self, reference: Uuid, line: usize, revenue: Amount) -> Result<(), ChangeError> {
        self.has_line(reference, line)?;
        let version = self.document(reference)?.version;
        self.write(reference, |document| {
            document.version = version;
            document.lines[line - 1].revenue = revenue;
        })
    }

    /// Takes the document out of the database: nothing of it is served any more.
    pub fn delete(&mut self, reference: Uuid) -> Result<Document, ChangeError> {
        let (table, slot) = self.table_of(reference)?;
        table.remove(slot).ok_or(ChangeError::Unknown(reference))
    }

    /// Another dealer, with that dealer's legal entity.
    pub fn redirect(&mut self, reference: Uuid, dealer: Uuid) -> Result<(), ChangeError> {
        let legal_entity = self.legal_entity_of(dealer);
        self.write(reference, |document| {
            document.partner = dealer;
            document.legal_entity = legal_entity;
        })
    }

    /// A line of an order is called off, for a reason or for none.
    pub fn cancel_line(&mut self, reference: Uuid, line: usize, reason: Uuid) -> Result<(), ChangeError> {
        self.has_line(reference, line)?;
        self.change_order(reference, |terms| {
            terms.lines[line - 1].is_cancelled = true;
            terms.lines[line - 1].reason = reason;
        })
    }

    pub fn change_order(&mut self, reference: Uuid, change: impl FnOnce(&mut Terms)) -> Result<(), ChangeError> {
        self.document(reference)?.terms.as_ref().ok_or(ChangeError::NoOrder(reference))?;
        self.write(reference, |document| {
            if let Some(terms) = &mut document.terms {
                change(terms);
            }
        })
    }

    /// A new posted document of the dealer, in roubles.
    pub fn add(&mut self, deed: Deed, dealer: Uuid, date: Moment, lines: Vec<Line>) -> Uuid {
        _ = self.orders();
        self.written += 1;
        let reference =
            Uuid::from_u128((0x7c11_0000_u128 << 96) | 0x11ee_8a01_0000_0000_0000 | u128::from(self.written));
        let document = Document {
            deed,
            operation: if deed == Deed::Return { GIVEN_BACK } else { SOLD }.into(),
            currency: crate::generate::ROUBLE,
            reference,
            version: self.next_version(),
            is_deleted: false,
            is_posted: true,
            number: format!("ТДА{:08}", self.written).into(),
            date,
            partner: dealer,
            legal_entity: self.legal_entity_of(dealer),
            comment: "".into(),
            order: Uuid::nil(),
            terms: (deed == Deed::Order).then(|| Box::new(Terms::new(lines.len(), WAREHOUSE))),
            lines,
            overrides: None,
        };
        match deed {
            Deed::Sale => self.documents.insert(document),
            Deed::Return => self.returns.insert(document),
            Deed::Order => self.orders_mut().insert(document),
        }
        reference
    }

    /// Sets one field of a document or of one of its lines to any JSON value; without a value the field is left out.
    ///
    /// A value that the field can hold becomes the truth (and its text is served as given); any other is only served, and
    /// the truth, and so the ledger, stands. Returns whether it became the truth.
    pub fn set_in_document(
        &mut self,
        reference: Uuid,
        line: Option<usize>,
        field: &str,
        value: Option<Box<RawValue>>,
    ) -> Result<bool, ChangeError> {
        if let Some(line) = line {
            self.has_line(reference, line)?;
        }
        self.write(reference, |document| {
            let held = value.as_ref().is_some_and(|value| match line {
                Some(line) => {
                    hold_in_terms_of_line(document, line, field, value.get())
                        || hold_in_line(&mut document.lines[line - 1], field, value.get())
                }
                None => hold_in_header(document, field, value.get()),
            });
            let prints_alike = value.as_ref().is_some_and(|value| prints_alike(line, value.get()));
            rows::set_override(&mut document.overrides, line, field, (!(held && prints_alike)).then_some(value));
            held
        })
    }

    pub fn set_in_product(
        &mut self,
        reference: Uuid,
        field: &str,
        value: Option<Box<RawValue>>,
    ) -> Result<bool, ChangeError> {
        let slot = self.products.find(reference).ok_or(ChangeError::Unknown(reference))?;
        let version = self.next_version();
        let changed = self.products.change(slot, |product| {
            product.version = version;
            let held = value.as_ref().is_some_and(|value| match field {
                "Description" => hold(&mut product.name, text(value.get())),
                "Code" => hold(&mut product.code, text(value.get())),
                "Артикул" => hold(&mut product.article, text(value.get())),
                "Parent_Key" => hold(&mut product.parent, guid(value.get())),
                "IsFolder" => hold(&mut product.is_folder, flag(value.get())),
                "ЕдиницаИзмерения_Key" => hold(&mut product.unit, guid(value.get())),
                "DeletionMark" => hold(&mut product.is_deleted, flag(value.get())),
                _ => false,
            });
            rows::set_override(&mut product.overrides, None, field, (!held).then_some(value));
            held
        });
        changed.ok_or(ChangeError::Unknown(reference))
    }

    pub fn set_in_partner(
        &mut self,
        reference: Uuid,
        field: &str,
        value: Option<Box<RawValue>>,
    ) -> Result<bool, ChangeError> {
        let slot = self.partners.find(reference).ok_or(ChangeError::Unknown(reference))?;
        let version = self.next_version();
        let changed = self.partners.change(slot, |partner| {
            partner.version = version;
            let held = value.as_ref().is_some_and(|value| match field {
                "Description" => hold(&mut partner.name, text(value.get())),
                "Code" => hold(&mut partner.code, text(value.get())),
                "Клиент" => hold(&mut partner.is_client, flag(value.get())),
                "DeletionMark" => hold(&mut partner.is_deleted, flag(value.get())),
                _ => false,
            });
            rows::set_override(&mut partner.overrides, None, field, (!held).then_some(value));
            held
        });
        changed.ok_or(ChangeError::Unknown(reference))
    }

    /// Another batch of the product that 1C shows first comes in: in most orders it stands before all.
    pub fn receive(&mut self, now: Moment) {
        self.written += 1;
        let product = self.products.rows().find(|row| !row.is_folder).map_or(Uuid::nil(), |row| row.reference);
        let series = Uuid::from_u128((0x7c11_0001_u128 << 96) | 0x11ee_8a01_0000_0000_0000 | u128::from(self.written));
        let place = Dimensions { product, warehouse: WAREHOUSE, series, ..Dimensions::default() };
        self.stock.set(place, now, Resources { on_hand: Some(Amount::whole(1)), to_ship: None });
    }

    fn has_line(&self, reference: Uuid, line: usize) -> Result<(), ChangeError> {
        let document = self.document(reference)?;
        let exists = (1..=document.lines.len()).contains(&line);
        exists.then_some(()).ok_or(ChangeError::NoLine(line))
    }

    fn legal_entity_of(&self, dealer: Uuid) -> Uuid {
        self.legal_entities.rows().find(|row| row.partner == dealer).map_or(Uuid::nil(), |row| row.reference)
    }
}

fn hold_in_header(document: &mut Document, field: &str, json: &str) -> bool {
    match field {
        "Number" => hold(&mut document.number, text(json)),
        "Комментарий" => hold(&mut document.comment, text(json)),
        "Date" => hold(&mut document.date, text(json).and_then(|text| Moment::parse(&text))),
        "Posted" => hold(&mut document.is_posted, flag(json)),
        "DeletionMark" => hold(&mut document.is_deleted, flag(json)),
        "Партнер_Key" => hold(&mut document.partner, guid(json)),
        "Контрагент_Key" => hold(&mut document.legal_entity, guid(json)),
        "Валюта_Key" => hold(&mut document.currency, guid(json)),
        "ХозяйственнаяОперация" => {
            hold(&mut document.operation, text(json).map(|text| text.into_string().into()))
        }
        "ЗаказКлиента" if document.deed == Deed::Sale => hold(&mut document.order, guid(json)),
        _ => document.terms.as_mut().is_some_and(|terms| hold_in_terms(terms, field, json)),
    }
}

fn hold_in_terms(terms: &mut Terms, field: &str, json: &str) -> bool {
    match field {
        "Статус" => hold(&mut terms.status, text(json).map(|text| text.into_string().into())),
        "ДатаОтгрузки" => hold(&mut terms.ship_on, text(json).and_then(|text| Moment::parse(&text))),
        "НомерПоДаннымКлиента" => hold(&mut terms.customer_number, text(json)),
        "Склад_Key" => hold(&mut terms.warehouse, guid(json)),
        "Менеджер_Key" => hold(&mut terms.manager, guid(json)),
        "Соглашение_Key" => hold(&mut terms.agreement, guid(json)),
        "Договор_Key" => hold(&mut terms.contract, guid(json)),
        _ => false,
    }
}

fn hold_in_terms_of_line(document: &mut Document, line: usize, field: &str, json: &str) -> bool {
    let terms = document.terms.as_mut().and_then(|terms| terms.lines.get_mut(line - 1));
    terms.is_some_and(|LineTerms { characteristic, ship_on, code, is_cancelled, reason }| match field {
        "Характеристика_Key" => hold(characteristic, guid(json)),
        "ДатаОтгрузки" => hold(ship_on, text(json).and_then(|text| Moment::parse(&text)).map(Some)),
        "КодСтроки" => hold(code, json.trim_matches('"').parse().ok()),
        "Отменено" => hold(is_cancelled, flag(json)),
        "ПричинаОтмены_Key" => hold(reason, guid(json)),
        _ => false,
    })
}

fn hold_in_line(line: &mut Line, field: &str, json: &str) -> bool {
    match field {
        "Номенклатура_Key" => hold(&mut line.product, guid(json)),
        "Количество" => hold(&mut line.quantity, amount(json)),
        "Цена" => hold(&mut line.price, amount(json)),
        "СуммаСНДС" => hold(&mut line.revenue, amount(json)),
        "СуммаНДС" => hold(&mut line.vat, amount(json)),
        "СуммаРучнойСкидки" => hold(&mut line.manual_discount, amount(json)),
        "СуммаАвтоматическойСкидки" => hold(&mut line.automatic_discount, amount(json)),
        _ => false,
    }
}

/// Whether the truth, once it holds the value, is served as the same text; `1E2` and `-0.0` are not.
fn prints_alike(line: Option<usize>, json: &str) -> bool {
    let is_date = || text(json).is_some_and(|text| Moment::parse(&text).is_some());
    line.is_none()
        || json.starts_with('"') && (guid(json).is_some() || is_date())
        || flag(json).is_some()
        || amount(json).is_some_and(|amount| amount.to_string() == json)
}

fn hold<T>(place: &mut T, value: Option<T>) -> bool {
    value.map(|value| *place = value).is_some()
}

fn text(json: &str) -> Option<Box<str>> {
    serde_json::from_str(json).ok()
}

fn flag(json: &str) -> Option<bool> {
    serde_json::from_str(json).ok()
}

fn guid(json: &str) -> Option<Uuid> {
    serde_json::from_str(json).ok()
}

/// A number, or a number in a string: a lenient reader takes both.
fn amount(json: &str) -> Option<Amount> {
    Amount::parse(json).or_else(|| Amount::parse(&text(json)?))
}
