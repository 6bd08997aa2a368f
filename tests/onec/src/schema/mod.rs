//! What the infobase publishes: entity types, their properties and navigations, enumerations and functions.
//! The one list, `ut11.txt` with `ut11_terms.txt`, feeds `$metadata`, `$select`, `$filter` and the shape of every answer. A test may add to it.

mod metadata;
mod parse;

pub use metadata::document;

/// The whole published composition. Cloned and changed when a fault renames or retypes a field.
#[derive(Debug, Clone)]
pub struct Schema {
    pub types: Vec<Type>,
    pub enums: Vec<(String, Vec<String>)>,
    pub functions: Vec<Function>,
}

/// An entity type (with a key) or a complex type (without).
#[derive(Debug, Clone)]
pub struct Type {
    pub name: String,
    pub is_open: bool,
    /// The number of the list that its rows lie in, field by field; else the base knows what each field means.
    pub list: Option<u16>,
    pub key: Vec<String>,
    pub properties: Vec<Property>,
    pub navigations: Vec<Navigation>,
}

#[derive(Debug, Clone)]
pub struct Property {
    /// As declared and served.
    pub name: String,
    /// As it was before a fault renamed it: what the value is looked up by.
    pub origin: String,
    pub kind: Kind,
    pub is_nullable: bool,
    /// Its number in the type as published: where rows of a list keep the value.
    pub place: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Guid,
    Text,
    Number,
    Bool,
    Date,
    Int16,
    Int32,
    Int64,
    Texts,
    /// Rows of the named complex type.
    Rows(String),
    Complex(String),
}

#[derive(Debug, Clone)]
pub struct Navigation {
    pub name: String,
    pub target: String,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub set: String,
    pub returns: Option<String>,
    pub parameters: Vec<(String, Kind)>,
}

impl Schema {
    /// The trade configuration UT 11.
    pub fn ut11() -> Self {
        let mut schema = Self { types: Vec::new(), enums: Vec::new(), functions: Vec::new() };
        for text in [include_str!("ut11.txt"), include_str!("ut11_terms.txt")] {
            parse::read_into(&mut schema, text).expect("the schema is in its own language");
        }
        schema
    }

    /// Publishes more, in the language of `ut11.txt`; every new entity keeps its rows as a list. Records of a register have
    /// no reference that is shown.
    pub fn extend(&mut self, text: &str) -> Result<(), String> {
        let (known, lists) = (self.types.len(), self.lists().count());
        let mut grown = self.clone();
        parse::read_into(&mut grown, text)?;
        for (number, one) in (lists..).zip(grown.types[known..].iter_mut().filter(|one| one.is_entity())) {
            let is_register = one.name.contains("Register_");
            if !is_register && one.property("Ref_Key").is_none_or(|key| key.kind != Kind::Guid) {
                return Err(format!("{} has no Ref_Key:guid", one.name));
            }
            one.list = Some(u16::try_from(number).map_err(|_| "too many lists")?);
        }
        *self = grown;
        Ok(())
    }

    /// What a navigation of the type leads to, if that is published.
    pub fn target(&self, of: &Type, navigation: &str) -> Option<&Type> {
        self.named(&of.navigation(navigation)?.target)
    }

    /// Takes a set out of the composition: it answers like one that was never in it. False: it is not there.
    pub fn withdraw(&mut self, set: &str) -> bool {
        let Some(found) = self.named_mut(set).filter(|one| one.is_entity()) else { return false };
        found.key.clear();
        self.types.iter_mut().for_each(|one| one.navigations.retain(|link| link.target != set));
        self.functions.retain(|function| function.set != set);
        true
    }

    /// The types whose rows lie in lists, in the order of their numbers.
    pub fn lists(&self) -> impl Iterator<Item = &Type> {
        self.types.iter().filter(|one| one.list.is_some())
    }

    pub fn named(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|one| one.name == name)
    }

    pub fn named_mut(&mut self, name: &str) -> Option<&mut Type> {
        self.types.iter_mut().find(|one| one.name == name)
    }

    /// Entity sets: every entity type has one of the same name.
    pub fn sets(&self) -> impl Iterator<Item = &Type> {
        self.types.iter().filter(|one| one.is_entity())
    }
}

impl Property {
    /// The place of a field that was added after the type was published.
    pub const NEW: u16 = u16::MAX;
}

impl Type {
    pub fn is_entity(&self) -> bool {
        !self.key.is_empty()
    }

    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|one| one.name == name)
    }

    pub fn navigation(&self, name: &str) -> Option<&Navigation> {
        self.navigations.iter().find(|one| one.name == name)
    }

    /// A composite attribute travels as `X` beside `X_Type`, both text.
    pub fn is_composite(&self, property: &Property) -> bool {
        property.kind == Kind::Text && self.property(&format!("{}_Type", property.name)).is_some()
    }
}

impl Kind {
    /// The name that `$metadata` declares.
    pub fn edm(&self) -> String {
        match self {
            Self::Guid => "Edm.Guid".into(),
            Self::Text => "Edm.String".into(),
            Self::Number => "Edm.Double".into(),
            Self::Bool => "Edm.Boolean".into(),
            Self::Date => "Edm.DateTime".into(),
            Self::Int16 => "Edm.Int16".into(),
            Self::Int32 => "Edm.Int32".into(),
            Self::Int64 => "Edm.Int64".into(),
            Self::Texts => "Collection(Edm.String)".into(),
            Self::Rows(name) => format!("Collection(StandardODATA.{name})"),
            Self::Complex(name) => format!("StandardODATA.{name}"),
        }
    }

    /// The reverse of [`Kind::edm`] for the plain types.
    pub fn from_edm(name: &str) -> Option<Self> {
        [Self::Guid, Self::Text, Self::Number, Self::Bool, Self::Date, Self::Int16, Self::Int32, Self::Int64]
            .into_iter()
            .find(|kind| kind.edm() == name)
    }
}
