//! A dataset's folder out of what a base publishes: a draft of its two files, for a person to edit. Names are guessed out of 1C's own.

use std::collections::HashMap;
use std::fmt::Write as _;

use shared::dataset::Kind;

use super::check::Metadata;

/// Sections that hold a document's lines, the likeliest first.
const SECTIONS: [&str; 4] = ["Товары", "Запасы", "Услуги", "РасшифровкаПлатежа"];
/// Words in 1C's names of money.
const MONEY: [&str; 8] = ["Сумма", "Цена", "Стоимость", "Скидк", "Долг", "Оплат", "Выручк", "НДС"];
/// What identifies something, however much it looks like a number.
const CODES: [&str; 9] = ["Code", "Number", "Артикул", "ИНН", "КПП", "ОГРН", "Код", "Номер", "Штрихкод"];
/// What the reading itself needs, or nobody does.
const OWN: [&str; 9] = [
    "Ref_Key",
    "DataVersion",
    "DeletionMark",
    "Posted",
    "Predefined",
    "PredefinedDataName",
    "IsFolder",
    "LineNumber",
    "ВерсияДанных",
];

/// Of a name of ours.
const LONGEST: usize = 60;

/// The two files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Of the folder: what the dataset is called.
    pub name: String,
    /// `dataset.toml`.
    pub dataset: String,
    /// `<configuration>.toml`.
    pub mapping: String,
}

/// Why nothing can be proposed. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    #[error(
        "{0} is not published: add it to the standard OData composition of the base, or give one of the names in its service document."
    )]
    NotPublished(String),
    #[error(
        "{0} is neither a catalog nor a document, but perhaps a tabular section of one: write its folder by hand, as assets/datasets/README.md says."
    )]
    OtherKind(String),
    #[error("{entity} has no field for {what}: write its folder by hand, as assets/datasets/README.md says.")]
    Lacks { entity: String, what: &'static str },
}

/// A field of ours with what 1C calls it.
struct Field {
    name: String,
    erp_name: String,
    /// Its entry in `dataset.toml`, or why it has none.
    kind: Result<Kind, &'static str>,
}

/// A catalog or a document by its entity set, such as `Document_ЗаказКлиента`.
pub fn propose(metadata: &Metadata, entity: &str) -> Result<Proposal, ProposeError> {
    let properties = metadata.properties(entity).ok_or_else(|| ProposeError::NotPublished(entity.to_owned()))?;
    match entity.split_once('_').filter(|_| properties.contains_key("DataVersion")) {
        Some(("Catalog", title)) => Ok(catalog(entity, title, properties)),
        Some(("Document", title)) => document(metadata, entity, title, properties),
        _ => Err(ProposeError::OtherKind(entity.to_owned())),
    }
}

fn catalog(entity: &str, title: &str, properties: &HashMap<String, String>) -> Proposal {
    let name = latin(title);
    let currency = currency(properties);
    let fields = fields(properties, currency);
    let mut dataset = head(entity, title, "catalog", &name);
    dataset.push_str("change = \"scan\"\ncron = \"0 */5 * * * *\"\n\n[fields]\n");
    let mut mapping = format!("entity = \"{entity}\"\n\n[fields]\nid = \"Ref_Key\"\ndata_version = \"DataVersion\"\n");
    list(&mut dataset, &mut mapping, &fields, &[]);
    Proposal { name, dataset, mapping }
}

fn document(
    metadata: &Metadata,
    entity: &str,
    title: &str,
    properties: &HashMap<String, String>,
) -> Result<Proposal, ProposeError> {
    let lacks = |what| ProposeError::Lacks { entity: entity.to_owned(), what };
    let name = latin(title);
    let currency = currency(properties);
    let header = fields(properties, currency);
    let dealer = ["Партнер_Key", "Контрагент_Key"].into_iter().find(|name| properties.contains_key(*name));
    let dealer = dealer.ok_or_else(|| lacks("its dealer (Партнер or Контрагент)"))?;
    if properties.get("Date").map(String::as_str) != Some("Edm.DateTime") {
        return Err(lacks("its date"));
    }
    let sections = metadata.sections(entity);
    let likeliest = SECTIONS.into_iter().find(|name| sections.contains_key(name));
    let section = likeliest.or_else(|| sections.keys().min().copied()).ok_or_else(|| lacks("lines: a section"))?;
    let lines = fields(sections[section], currency);

    let mut dataset = head(entity, title, "document", &name);
    let required = [latin(dealer), latin("Date")];
    let _ = writeln!(dataset, "place = {{ dealer = \"{}\", dated = \"{}\", day = \"day\" }}", required[0], required[1]);
    let total =
        lines.iter().find(|line| matches!(line.kind, Ok(Kind::Money { .. })) && line.erp_name.contains("Сумма"));
    if let Some(total) = total {
        let _ = writeln!(dataset, "total = \"{}\"", total.name);
    }
    dataset.push_str("change = \"window\"\nwindow_days = 90\ncron = \"0 * * * * *\"\nnightly = \"0 50 2 * * *\"\n");
    dataset.push_str("partitions = 3\n\n[fields]\n");
    let mut mapping = format!(
        "entity = \"{entity}\"\n\n[fields]\nid = \"Ref_Key\"\ndata_version = \"DataVersion\"\nis_marked_deleted = \"DeletionMark\"\n\
         is_posted = \"Posted\"\n"
    );
    list(&mut dataset, &mut mapping, &header, &required);
    dataset.push_str("\n[lines]\n");
    let _ = write!(mapping, "\n[lines]\nsection = \"{section}\"\n\n[lines.fields]\nline_no = \"LineNumber\"\n");
    let taken = |line: &Field| header.iter().any(|field| field.name == line.name);
    let lines: Vec<Field> = lines.into_iter().filter(|line| !taken(line)).collect();
    list(&mut dataset, &mut mapping, &lines, &[]);
    Ok(Proposal { name, dataset, mapping })
}

/// What stands above the fields of `dataset.toml`.
fn head(entity: &str, title: &str, kind: &str, name: &str) -> String {
    let title = words(title);
    format!(
        "# A draft out of {entity}: give what stays good names, take away what no report needs, put the title into English.\n\
         title = {{ ru = \"{title}\", en = \"{title}\" }}\nkind = \"{kind}\"\ntable = \"{name}\"\nkey = \"{name}_id\"\n"
    )
}

/// Each field in both files; one that cannot be read stands there as a comment.
fn list(dataset: &mut String, mapping: &mut String, fields: &[Field], required: &[String]) {
    for Field { name, erp_name, kind } in fields {
        let kind = match kind {
            Ok(kind) => kind,
            Err(why) => {
                let _ = writeln!(dataset, "# {name}: {erp_name} {why}");
                continue;
            }
        };
        let word = kind.name();
        let _ = match kind {
            Kind::Money { currency } => {
                writeln!(dataset, "{name} = {{ kind = \"{word}\", currency = \"{currency}\" }}")
            }
            _ if required.contains(name) => writeln!(dataset, "{name} = {{ kind = \"{word}\", required = true }}"),
            _ => writeln!(dataset, "{name} = \"{word}\""),
        };
        let _ = writeln!(mapping, "{name} = \"{erp_name}\"");
    }
}

/// The field of a header that says what its money is in.
fn currency(properties: &HashMap<String, String>) -> Option<&str> {
    let mut named: Vec<&str> = properties
        .iter()
        .filter(|(name, kind)| name.starts_with("Валюта") && name.ends_with("_Key") && *kind == "Edm.Guid")
        .map(|(name, _)| name.as_str())
        .collect();
    named.sort_unstable_by_key(|name| name.len());
    named.first().copied()
}

/// All that a mapping may name, in the order of 1C's names: `$metadata` is read into maps.
fn fields(properties: &HashMap<String, String>, currency: Option<&str>) -> Vec<Field> {
    let mut names: Vec<&String> = properties.keys().collect();
    names.sort_unstable();
    let mut fields: Vec<Field> = Vec::new();
    for erp_name in names {
        let of_another = |ending: &str| erp_name.strip_suffix(ending).is_some_and(|name| properties.contains_key(name));
        if OWN.contains(&erp_name.as_str()) || of_another("_Type") || erp_name.ends_with("_Base64Data") {
            continue;
        }
        let name = latin(erp_name);
        let is_composite = properties.contains_key(&format!("{erp_name}_Type"));
        let kind = match &*properties[erp_name] {
            "Edm.Guid" => Ok(Kind::Reference),
            "Edm.String" if is_composite => Err("is a reference of several types"),
            "Edm.String" if CODES.iter().any(|word| erp_name.starts_with(word)) => Ok(Kind::Code),
            "Edm.String" => Ok(Kind::Text),
            "Edm.DateTime" if erp_name == "Date" => Ok(Kind::Moment),
            "Edm.DateTime" => Ok(Kind::Day),
            "Edm.Boolean" => Ok(Kind::Flag),
            "Edm.Double" | "Edm.Decimal" | "Edm.Int16" | "Edm.Int32" | "Edm.Int64" => {
                let is_money = MONEY.iter().any(|word| erp_name.contains(word));
                match (is_money, currency) {
                    (true, Some(currency)) => Ok(Kind::Money { currency: latin(currency) }),
                    (true, None) => Err("is money, and no field says of what currency"),
                    (false, _) => Ok(Kind::Quantity),
                }
            }
            // A tabular section, a picture, a stored value.
            _ => continue,
        };
        if !fields.iter().any(|known| known.name == name) {
            fields.push(Field { name, erp_name: erp_name.clone(), kind });
        }
    }
    fields
}

/// `СуммаДокумента` → `Сумма документа`.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = None;
    for letter in name.chars() {
        let is_new = letter.is_uppercase() && before.is_some_and(|before: char| before.is_lowercase());
        if is_new {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(if letter == '_' { ' ' } else { letter });
        }
        before = Some(letter);
    }
    words
}

/// A name of ours: `СуммаДокумента` → `summa_dokumenta`, `Контрагент_Key` → `kontragent_id`.
fn latin(name: &str) -> String {
    let (name, ending) = name.strip_suffix("_Key").map_or((name, ""), |name| (name, "_id"));
    let mut latin = String::new();
    for letter in words(name).to_lowercase().chars() {
        latin.push_str(match letter {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' => "g",
            'д' => "d",
            'е' | 'ё' | 'э' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' => "i",
            'й' | 'ы' => "y",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ф' => "f",
            'х' => "kh",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "shch",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            letter if letter.is_ascii_alphanumeric() => {
                latin.push(letter);
                continue;
            }
            _ => "_",
        });
    }
    let begins_well = latin.starts_with(|first: char| first.is_ascii_lowercase());
    let start = if begins_well { "" } else { "x_" };
    latin.truncate(LONGEST - start.len() - ending.len());
    format!("{start}{latin}{ending}")
}

#[cfg(test)]
mod tests;
