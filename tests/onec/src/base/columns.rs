//! Which 1C property shows which part of the truth; everything else has one fixed, plausible value.

use uuid::Uuid;

use super::{Amount, Document, LegalEntity, Line, Moment, Named, Overrides, Partner, Product};
use crate::schema::{Kind, Property};

/// A property whose value differs from row to row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Reference,
    DataVersion,
    IsDeleted,
    Code,
    Name,
    FullName,
    Article,
    Parent,
    IsFolder,
    ProductKind,
    IsClient,
    IsSupplier,
    Partner,
    TaxNumber,
    Number,
    Date,
    IsPosted,
    LegalEntity,
    Currency,
    Operation,
    Unit,
    Total,
    Comment,
    LineNumber,
    Product,
    Quantity,
    Price,
    Revenue,
    Vat,
    ManualDiscount,
    AutomaticDiscount,
    Lines,
}

/// A value on its way to JSON, Atom or a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Whole(i64),
    Amount(Amount),
    Text(&'a str),
    Guid(Uuid),
    Date(Moment),
    /// Eight bytes that travel as base64.
    Version(u64),
    /// A tabular section without rows.
    NoRows,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    Column(Column),
    Fixed(Value<'static>),
}

const ORGANISATION: Uuid = Uuid::from_u128(0x51ed67a3_7220_11df_b336_0011955cba6b);
const WAREHOUSE: Uuid = Uuid::from_u128(0x37615a36_5893_11e6_8caa_0050568b35ac);
const VAT_RATE: Uuid = Uuid::from_u128(0x55256246_041e_11ec_8104_60a44ccf99dc);
const RUSSIA: Uuid = Uuid::from_u128(0x26093578_c180_11e4_a7a9_000d884fd00d);

/// Where a property of the named type takes its value from.
pub fn source(type_name: &str, property: &Property) -> Source {
    let row = type_name.strip_suffix("_RowType").unwrap_or(type_name);
    let column = match row {
        "Catalog_Номенклатура" => product_column(&property.origin),
        "Catalog_Партнеры" => partner_column(&property.origin),
        "Catalog_Контрагенты" => legal_entity_column(&property.origin),
        "Catalog_Валюты" | "Catalog_УпаковкиЕдиницыИзмерения" => {
            named_column(&property.origin)
        }
        "Document_РеализацияТоваровУслуг" | "Document_ВозвратТоваровОтКлиента" => {
            document_column(&property.origin)
        }
        "Document_РеализацияТоваровУслуг_Товары" | "Document_ВозвратТоваровОтКлиента_Товары" => {
            line_column(&property.origin)
        }
        _ => None,
    };
    column.map_or_else(|| Source::Fixed(fixed(row, property)), Source::Column)
}

/// What every catalog and document has.
fn object_column(name: &str) -> Option<Column> {
    Some(match name {
        "Ref_Key" => Column::Reference,
        "DataVersion" => Column::DataVersion,
        "DeletionMark" => Column::IsDeleted,
        _ => return None,
    })
}

/// What most catalogs have; those of names have nothing else.
fn named_column(name: &str) -> Option<Column> {
    Some(match name {
        "Code" => Column::Code,
        "Description" => Column::Name,
        "НаименованиеПолное" => Column::FullName,
        _ => return object_column(name),
    })
}

fn product_column(name: &str) -> Option<Column> {
    Some(match name {
        "Артикул" => Column::Article,
        "Parent_Key" => Column::Parent,
        "IsFolder" => Column::IsFolder,
        "ТипНоменклатуры" => Column::ProductKind,
        "ЕдиницаИзмерения_Key" | "ЕдиницаДляОтчетов_Key" => Column::Unit,
        _ => return named_column(name),
    })
}

fn partner_column(name: &str) -> Option<Column> {
    Some(match name {
        "НаименованиеПолное" => Column::Name,
        "Клиент" => Column::IsClient,
        "Поставщик" => Column::IsSupplier,
        _ => return named_column(name),
    })
}

fn legal_entity_column(name: &str) -> Option<Column> {
    Some(match name {
        "ГоловнойКонтрагент_Key" => Column::Reference,
        "Description" => Column::Name,
        "НаименованиеПолное" => Column::FullName,
        "ИНН" => Column::TaxNumber,
        "Партнер_Key" => Column::Partner,
        _ => return object_column(name),
    })
}

fn document_column(name: &str) -> Option<Column> {
    Some(match name {
        "Number" => Column::Number,
        "Date" => Column::Date,
        "Posted" => Column::IsPosted,
        "Партнер_Key" => Column::Partner,
        "Контрагент_Key" => Column::LegalEntity,
        "Валюта_Key" | "ВалютаВзаиморасчетов_Key" => Column::Currency,
        "ХозяйственнаяОперация" => Column::Operation,
        "СуммаДокумента" | "СуммаВзаиморасчетов" => Column::Total,
        "Комментарий" => Column::Comment,
        "Товары" => Column::Lines,
        _ => return object_column(name),
    })
}

fn line_column(name: &str) -> Option<Column> {
    Some(match name {
        "Ref_Key" => Column::Reference,
        "LineNumber" | "КодСтроки" | "КлючСвязи" => Column::LineNumber,
        "Номенклатура_Key" => Column::Product,
        "Количество" | "КоличествоУпаковок" => Column::Quantity,
        "Цена" => Column::Price,
        "Сумма" | "СуммаСНДС" | "СуммаВзаиморасчетов" => Column::Revenue,
        "СуммаНДС" => Column::Vat,
        "СуммаРучнойСкидки" => Column::ManualDiscount,
        "СуммаАвтоматическойСкидки" => Column::AutomaticDiscount,
        _ => return None,
    })
}

fn fixed(row: &str, property: &Property) -> Value<'static> {
    match property.origin.as_str() {
        "Организация_Key" => Value::Guid(ORGANISATION),
        "Склад_Key" => Value::Guid(WAREHOUSE),
        "СтавкаНДС_Key" => Value::Guid(VAT_RATE),
        "СтранаРегистрации_Key" => Value::Guid(RUSSIA),
        "Статус" if row.starts_with("Document_Реализация") => Value::Text("Отгружено"),
        "НалогообложениеНДС" => Value::Text("ПродажаОблагаетсяНДС"),
        "ПорядокРасчетов" => Value::Text("ПоДоговорамКонтрагентов"),
        "СпособДоставки" => Value::Text("Самовывоз"),
        "ИспользованиеХарактеристик" => Value::Text("НеИспользовать"),
        "Качество" => Value::Text("Новый"),
        "ЮридическоеФизическоеЛицо" => Value::Text("ЮридическоеЛицо"),
        "ЮрФизЛицо" => {
            Value::Text(if row == "Catalog_Партнеры" { "Компания" } else { "ЮрЛицо" })
        }
        "ЦенаВключаетНДС" | "СкидкиРассчитаны" | "Согласован" => {
            Value::Bool(true)
        }
        "КурсЧислитель" | "КурсЗнаменатель" | "КоэффициентЕдиницыДляОтчетов" => {
            Value::Whole(1)
        }
        name if name.ends_with("_Type") => Value::Text("StandardODATA.Undefined"),
        _ => unset(&property.kind),
    }
}

fn unset(kind: &Kind) -> Value<'static> {
    match kind {
        Kind::Guid => Value::Guid(Uuid::nil()),
        Kind::Text => Value::Text(""),
        Kind::Number | Kind::Int16 | Kind::Int32 | Kind::Int64 => Value::Whole(0),
        Kind::Bool => Value::Bool(false),
        Kind::Date => Value::Date(Moment::EMPTY),
        Kind::Texts | Kind::Rows(_) => Value::NoRows,
        Kind::Complex(_) => Value::Null,
    }
}

/// One row of an entity set, wherever it lies.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Product(&'a Product),
    Partner(&'a Partner),
    LegalEntity(&'a LegalEntity),
    Named(&'a Named),
    Document(&'a Document),
    /// A line with its document and its number.
    Line(&'a Document, &'a Line, usize),
}

impl<'a> Row<'a> {
    pub fn reference(self) -> Uuid {
        match self {
            Self::Product(row) => row.reference,
            Self::Partner(row) => row.reference,
            Self::LegalEntity(row) => row.reference,
            Self::Named(row) => row.reference,
            Self::Document(row) | Self::Line(row, ..) => row.reference,
        }
    }

    /// What 1C shows for the reference, and sorts it by.
    pub fn presentation(self) -> &'a str {
        match self {
            Self::Product(row) => &row.name,
            Self::Partner(row) => &row.name,
            Self::LegalEntity(row) => &row.name,
            Self::Named(row) => &row.name,
            Self::Document(row) | Self::Line(row, ..) => &row.number,
        }
    }

    pub fn overrides(self) -> &'a Overrides {
        match self {
            Self::Product(row) => &row.overrides,
            Self::Partner(row) => &row.overrides,
            Self::LegalEntity(row) => &row.overrides,
            Self::Named(row) => &row.overrides,
            Self::Document(row) | Self::Line(row, ..) => &row.overrides,
        }
    }

    /// The line's number where this row is a line.
    pub fn line(self) -> Option<usize> {
        match self {
            Self::Line(.., number) => Some(number),
            _ => None,
        }
    }

    pub fn value(self, column: Column) -> Value<'a> {
        match self {
            Self::Line(document, line, number) => line_value(document, line, number, column),
            Self::Document(row) => document_value(row, column),
            Self::Product(row) => product_value(row, column),
            Self::Partner(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Code => Value::Text(&row.code),
                Column::Name => Value::Text(&row.name),
                Column::IsClient => Value::Bool(row.is_client),
                Column::IsSupplier => Value::Bool(!row.is_client),
                _ => Value::Null,
            },
            Self::Named(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Code => Value::Text(&row.code),
                Column::Name => Value::Text(&row.name),
                Column::FullName => Value::Text(&row.full_name),
                _ => Value::Null,
            },
            Self::LegalEntity(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Name => Value::Text(&row.name),
                Column::FullName => Value::Text(&row.full_name),
                Column::TaxNumber => Value::Text(&row.tax_number),
                Column::Partner => Value::Guid(row.partner),
                _ => Value::Null,
            },
        }
    }
}

/// Fields that only items have are null in a folder.
fn product_value(row: &Product, column: Column) -> Value<'_> {
    match column {
        Column::Reference => Value::Guid(row.reference),
        Column::DataVersion => Value::Version(row.version),
        Column::IsDeleted => Value::Bool(row.is_deleted),
        Column::Code => Value::Text(&row.code),
        Column::Name => Value::Text(&row.name),
        Column::Parent => Value::Guid(row.parent),
        Column::IsFolder => Value::Bool(row.is_folder),
        _ if row.is_folder => Value::Null,
        Column::FullName => Value::Text(&row.name),
        Column::Article => Value::Text(&row.article),
        Column::ProductKind => Value::Text("Товар"),
        Column::Unit => Value::Guid(row.unit),
        _ => Value::Null,
    }
}

fn document_value(row: &Document, column: Column) -> Value<'_> {
    match column {
        Column::Reference => Value::Guid(row.reference),
        Column::DataVersion => Value::Version(row.version),
        Column::IsDeleted => Value::Bool(row.is_deleted),
        Column::Number => Value::Text(&row.number),
        Column::Date => Value::Date(row.date),
        Column::IsPosted => Value::Bool(row.is_posted),
        Column::Partner => Value::Guid(row.partner),
        Column::LegalEntity => Value::Guid(row.legal_entity),
        Column::Currency => Value::Guid(row.currency),
        Column::Operation => Value::Text(&row.operation),
        Column::Total => Value::Amount(row.total()),
        Column::Comment => Value::Text(&row.comment),
        _ => Value::Null,
    }
}

#[inline]
fn line_value<'a>(document: &'a Document, line: &'a Line, number: usize, column: Column) -> Value<'a> {
    match column {
        Column::LineNumber => Value::Whole(number as i64),
        Column::Product => Value::Guid(line.product),
        Column::Quantity => Value::Amount(line.quantity),
        Column::Price => Value::Amount(line.price),
        Column::Revenue => Value::Amount(line.revenue),
        Column::Vat => Value::Amount(line.vat),
        Column::ManualDiscount => Value::Amount(line.manual_discount),
        Column::AutomaticDiscount => Value::Amount(line.automatic_discount),
        Column::Reference => Value::Guid(document.reference),
        _ => Value::Null,
    }
}
