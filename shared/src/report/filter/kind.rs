//! The kinds of filters. Each has a file that says all about it: how `report.toml` declares it, how the address is read
//! and written, and what the queries get of it.

use chrono::NaiveDate;

use super::asked::Asked;
use super::declared::{Bound, FilterKind, Query};
pub use super::declared::{Parameter, Taken, What};
use super::wrong::Wrong;
use super::{choice, day, period, search};
use crate::problem::Problem;
use crate::report::period::{Compare, Period};
use crate::report::written::{Folder, raw};

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

            /// Its word in `report.toml`.
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $module::Spec::WORD),+
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

            /// What it reads in an address.
            pub fn taken(&self, name: &str) -> Vec<Taken> {
                match self {
                    $(Self::$kind(spec) => spec.taken(name)),+
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

    /// The datasets that what it offers depends on, where these are not all of the report's.
    pub fn options_of(&self) -> Option<&[String]> {
        match self {
            Self::Choice(choice) => choice.options_of.as_deref(),
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
