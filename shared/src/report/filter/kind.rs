//! The kinds of filters. Each has a file that says all about it: how `report.toml` declares it, how the address is read
//! and written, and what the queries get of it.

use chrono::NaiveDate;
use form_urlencoded::Serializer;

use super::asked::Asked;
use super::wrong::Wrong;
use super::{choice, day, period, search};
use crate::report::definition::{Folder, raw};
use crate::report::period::{Compare, Period};
use crate::report::problem::Problem;

/// A parameter of a report's queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub of_type: &'static str,
    /// Where the days compared are asked for, `<name>_before` stands in its place.
    pub is_compared: bool,
}

/// A value as the server binds it to a parameter.
pub type Bound = (String, String);

/// The query of an address that is being written.
pub type Query<'a> = Serializer<'a, String>;

/// What a kind of filter can do. `Value` is what a viewer chose.
pub trait FilterKind: Sized {
    type Value;
    /// Its word in `report.toml`.
    const WORD: &str;
    /// How it is declared, for the message about one that is not.
    const HOW: &str;
    /// Its further fields in the form, besides that of its own name.
    const FIELDS: &[&str] = &[];

    /// None: the entry does not declare this kind as `HOW` says.
    fn declared(raw: &raw::Filter, folder: &Folder<'_>) -> Option<Result<Self, Problem>>;
    /// What is shown before anything is chosen.
    fn initial(&self, today: NaiveDate) -> Self::Value;
    /// What the address asks for, or what is wrong with which field.
    fn asked(&self, name: &str, asked: &Asked<'_>, today: NaiveDate) -> Result<Self::Value, (String, Wrong)>;
    /// Adds to an address what differs from the initial value.
    fn write(&self, name: &str, value: &Self::Value, query: &mut Query<'_>);
    fn parameters(&self, name: &str) -> Vec<Parameter>;
    fn bound(&self, name: &str, value: &Self::Value, compare: Compare) -> Vec<Bound>;
    /// Without what narrows the rows; days do not.
    fn widened(&self, value: &Self::Value) -> Self::Value;
}

/// One line for each kind: its name here, and its file.
macro_rules! kinds {
    ($($kind:ident => $module:ident),+ $(,)?) => {
        #[derive(Debug, Clone)]
        pub enum Kind {
            $($kind($module::Spec)),+
        }

        /// What a viewer chose in one filter.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Value {
            $($kind(<$module::Spec as FilterKind>::Value)),+
        }

        impl Kind {
            pub(in crate::report) fn read(raw: &raw::Filter, folder: &Folder<'_>) -> Result<Self, Problem> {
                let declared = match raw.kind.as_str() {
                    $(<$module::Spec as FilterKind>::WORD => {
                        $module::Spec::declared(raw, folder).map(|spec| spec.map(Self::$kind))
                    })+
                    _ => None,
                };
                declared.unwrap_or_else(|| {
                    let kinds = [$(format!("{} ({})", $module::Spec::WORD, $module::Spec::HOW)),+].join(", ");
                    let name = raw.name.get_ref();
                    Err(folder.of(&raw.name, format!("{name:?} fits no kind of filter: take one of {kinds}.")))
                })
            }

            pub fn initial(&self, today: NaiveDate) -> Value {
                match self {
                    $(Self::$kind(spec) => Value::$kind(spec.initial(today))),+
                }
            }

            pub fn asked(&self, name: &str, asked: &Asked<'_>, today: NaiveDate) -> Result<Value, (String, Wrong)> {
                match self {
                    $(Self::$kind(spec) => spec.asked(name, asked, today).map(Value::$kind)),+
                }
            }

            /// The names of its fields in a form.
            pub fn fields(&self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind(_) => $module::Spec::FIELDS),+
                }
            }

            pub fn write(&self, name: &str, value: &Value, query: &mut Query<'_>) {
                match (self, value) {
                    $((Self::$kind(spec), Value::$kind(value)) => spec.write(name, value, query),)+
                    _ => {}
                }
            }

            pub fn parameters(&self, name: &str) -> Vec<Parameter> {
                match self {
                    $(Self::$kind(spec) => spec.parameters(name)),+
                }
            }

            pub fn bound(&self, name: &str, value: &Value, compare: Compare) -> Vec<Bound> {
                match (self, value) {
                    $((Self::$kind(spec), Value::$kind(value)) => spec.bound(name, value, compare),)+
                    // Nothing is bound, and ClickHouse refuses the query for it.
                    _ => Vec::new(),
                }
            }

            pub fn widened(&self, value: &Value) -> Value {
                match (self, value) {
                    $((Self::$kind(spec), Value::$kind(value)) => Value::$kind(spec.widened(value)),)+
                    (_, other) => other.clone(),
                }
            }
        }
    };
}

kinds! {
    Period => period,
    Day => day,
    Choice => choice,
    Search => search,
}

impl Kind {
    pub fn is_period(&self) -> bool {
        matches!(self, Self::Period(_))
    }

    /// The query of what it offers, if it offers anything.
    pub fn options_sql(&self) -> Option<&str> {
        match self {
            Self::Choice(choice) => Some(&choice.options_sql),
            _ => None,
        }
    }
}

impl Value {
    pub fn period(&self) -> Option<&Period> {
        match self {
            Self::Period(period) => Some(period),
            _ => None,
        }
    }
}
