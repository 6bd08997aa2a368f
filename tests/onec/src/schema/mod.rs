//! What the infobase publishes: entity types, their properties and navigations, enumerations and functions.
//! The one list, `ut11.txt`, feeds `$metadata`, `$select`, `$filter` and the shape of every answer.

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
        parse::read(include_str!("ut11.txt"))
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
