//! Which 1C property shows which part of the truth; everything else has one fixed, plausible value.

use uuid::Uuid;

use super::{Amount, Moment};
use crate::schema::{Kind, Property, Type};

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
    /// КПП: a person in trade has none.
    TaxReason,
    Manager,
    Region,
    Brand,
    PriceGroup,
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
    /// Of a sale: the order it ships, and the type that a composite field tells beside it.
    Order,
    OrderType,
    Status,
    ShipOn,
    CustomerNumber,
    Agreement,
    Contract,
    LastCode,
    LineCode,
    IsCancelled,
    CancelReason,
    Supply,
    CharacteristicUse,
    Characteristic,
    Warehouse,
    Purpose,
    Room,
    Series,
    OnHand,
    ToShip,
    /// A field of a list's item, by its place in the type.
    Field(u16),
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
    /// A structure, written as it was given.
    Json(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    Column(Column),
    Fixed(Value<'static>),
}

pub const ORGANISATION: Uuid = Uuid::from_u128(0x51ed67a3_7220_11df_b336_0011955cba6b);
/// Where everything is shipped from.
pub const WAREHOUSE: Uuid = Uuid::from_u128(0x37615a36_5893_11e6_8caa_0050568b35ac);
pub const VAT_RATE: Uuid = Uuid::from_u128(0x55256246_041e_11ec_8104_60a44ccf99dc);
const RUSSIA: Uuid = Uuid::from_u128(0x26093578_c180_11e4_a7a9_000d884fd00d);

/// Where a property of the type takes its value from.
pub fn source(of: &Type, property: &Property) -> Source {
    let row = of.name.strip_suffix("_RowType").unwrap_or(&of.name);
    let name = property.origin.as_str();
    let column = match row {
        _ if of.list.is_some() => item_column(property),
        "Catalog_Номенклатура" => product_column(name),
        "Catalog_Партнеры" => partner_column(name),
        "Catalog_Контрагенты" => legal_entity_column(name),
        "Catalog_Валюты" | "Catalog_УпаковкиЕдиницыИзмерения" => named_column(name),
        "Document_РеализацияТоваровУслуг" => sale_column(name).or_else(|| document_column(name)),
        "Document_ВозвратТоваровОтКлиента" => document_column(name),
        "Document_ЗаказКлиента" => order_column(name).or_else(|| document_column(name)),
        "Document_РеализацияТоваровУслуг_Товары" => {
            sale_column(name).or_else(|| line_column(name))
        }
        "Document_ВозвратТоваровОтКлиента_Товары" => line_column(name),
        "Document_ЗаказКлиента_Товары" => order_line_column(name).or_else(|| line_column(name)),
        "AccumulationRegister_ТоварыНаСкладах_Balance" => balance_column(name),
        _ => None,
    };
    column.map_or_else(|| Source::Fixed(fixed(row, property)), Source::Column)
}

fn item_column(property: &Property) -> Option<Column> {
    let own = (property.place != Property::NEW).then_some(Column::Field(property.place));
    object_column(&property.origin).or_else(|| (property.origin == "Description").then_some(Column::Name)).or(own)
}

/// In the header and in the lines alike.
fn sale_column(name: &str) -> Option<Column> {
    Some(match name {
        "ЗаказКлиента" => Column::Order,
        "ЗаказКлиента_Type" => Column::OrderType,
        _ => return None,
    })
}

fn order_column(name: &str) -> Option<Column> {
    Some(match name {
        "Статус" => Column::Status,
        "ДатаОтгрузки" => Column::ShipOn,
        "НомерПоДаннымКлиента" => Column::CustomerNumber,
        "Склад_Key" => Column::Warehouse,
        "Менеджер_Key" => Column::Manager,
        "Соглашение_Key" => Column::Agreement,
        "Договор_Key" => Column::Contract,
        "МаксимальныйКодСтроки" => Column::LastCode,
        _ => return None,
    })
}

fn order_line_column(name: &str) -> Option<Column> {
    Some(match name {
        "Характеристика_Key" => Column::Characteristic,
        "ДатаОтгрузки" => Column::ShipOn,
        "КодСтроки" => Column::LineCode,
        "Отменено" => Column::IsCancelled,
        "ПричинаОтмены_Key" => Column::CancelReason,
        "Склад_Key" => Column::Warehouse,
        "ВариантОбеспечения" => Column::Supply,
        _ => return None,
    })
}

fn balance_column(name: &str) -> Option<Column> {
    Some(match name {
        "Номенклатура_Key" => Column::Product,
        "Характеристика_Key" => Column::Characteristic,
        "Назначение_Key" => Column::Purpose,
        "Склад_Key" => Column::Warehouse,
        "Помещение_Key" => Column::Room,
        "Серия_Key" => Column::Series,
        "ВНаличииBalance" => Column::OnHand,
        "КОтгрузкеBalance" => Column::ToShip,
        _ => return None,
    })
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
        "Марка_Key" => Column::Brand,
        "ЦеноваяГруппа_Key" => Column::PriceGroup,
        "ЕдиницаИзмерения_Key" | "ЕдиницаДляОтчетов_Key" => Column::Unit,
        "ИспользованиеХарактеристик" => Column::CharacteristicUse,
        _ => return named_column(name),
    })
}

fn partner_column(name: &str) -> Option<Column> {
    Some(match name {
        "НаименованиеПолное" => Column::Name,
        "Клиент" => Column::IsClient,
        "Поставщик" => Column::IsSupplier,
        "ОсновнойМенеджер_Key" => Column::Manager,
        "БизнесРегион_Key" => Column::Region,
        _ => return named_column(name),
    })
}

fn legal_entity_column(name: &str) -> Option<Column> {
    Some(match name {
        "ГоловнойКонтрагент_Key" => Column::Reference,
        "Description" => Column::Name,
        "НаименованиеПолное" => Column::FullName,
        "ИНН" => Column::TaxNumber,
        "КПП" => Column::TaxReason,
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
        // Whoever wrote it down is of a type that nobody published.
        "Автор" if row.starts_with("Document_Заказ") => Value::Text("84d78db2-f4ba-11e4-92f1-0050568b35ac"),
        "Автор_Type" if row.starts_with("Document_Заказ") => {
            Value::Text("UnavailableEntities.UnavailableEntity_604931cd-d4a8-48d0-bc59-2ac90e044abb")
        }
        "НалогообложениеНДС" => Value::Text("ПродажаОблагаетсяНДС"),
        "ПорядокРасчетов" => Value::Text("ПоДоговорамКонтрагентов"),
        "СпособДоставки" => Value::Text("Самовывоз"),
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
