//! `$filter`: text, then a tree of names, then a tree bound to columns and checked against the schema, then true or false
//! for a row.

mod bind;
mod eval;
mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub use bind::{Bound, bind};
pub use eval::holds;
pub use parse::parse;

use uuid::Uuid;

use crate::base::{Column, Moment};

/// A constant in the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Guid(Uuid),
    Date(Moment),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Add,
    Sub,
    Mul,
    Div,
}

/// What the text says, names unresolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Literal(Literal),
    Path(Vec<String>),
    Call(String, Vec<Node>),
    Not(Box<Node>),
    Minus(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    /// `Товары/any(d: …)`; without a body, whether there is a row at all.
    Any {
        path: Vec<String>,
        variable: String,
        body: Option<Box<Node>>,
    },
    All {
        path: Vec<String>,
        variable: String,
        body: Box<Node>,
    },
}

impl Bound {
    /// Bounds on the document's date that every match must keep: first moment, and the moment before which.
    pub fn dates(&self) -> (Option<Moment>, Option<Moment>) {
        let mut bounds = (None, None);
        self.narrow(&mut bounds);
        bounds
    }

    fn narrow(&self, bounds: &mut (Option<Moment>, Option<Moment>)) {
        match self {
            Self::And(left, right) => {
                left.narrow(bounds);
                right.narrow(bounds);
            }
            Self::Compare(operator, left, right) => {
                let (operator, date) = match (&**left, &**right) {
                    (Self::Column(Column::Date), Self::Literal(Literal::Date(date))) => (*operator, *date),
                    (Self::Literal(Literal::Date(date)), Self::Column(Column::Date)) => (operator.mirrored(), *date),
                    _ => return,
                };
                let after = Moment(date.0 + 1);
                let (from, to) = match operator {
                    Operator::Ge => (Some(date), None),
                    Operator::Gt => (Some(after), None),
                    Operator::Lt => (None, Some(date)),
                    Operator::Le => (None, Some(after)),
                    Operator::Eq => (Some(date), Some(after)),
                    _ => return,
                };
                bounds.0 = bounds.0.max(from);
                bounds.1 = match (bounds.1, to) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            _ => {}
        }
    }

    /// The references that alone can match, when the filter names them: `Ref_Key eq … or Ref_Key eq …`.
    pub fn references(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::Compare(Operator::Eq, left, right) => match (&**left, &**right) {
                (Self::Column(Column::Reference), Self::Literal(Literal::Guid(reference)))
                | (Self::Literal(Literal::Guid(reference)), Self::Column(Column::Reference)) => Some(vec![*reference]),
                _ => None,
            },
            Self::Or(left, right) => {
                let mut all = left.references()?;
                all.extend(right.references()?);
                Some(all)
            }
            Self::And(left, right) => left.references().or_else(|| right.references()),
            _ => None,
        }
    }
}

impl Operator {
    const fn mirrored(self) -> Self {
        match self {
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            same => same,
        }
    }
}

impl Bound {
    /// Whether [`Bound::dates`] says all that this filter says.
    pub fn is_only_dates(&self) -> bool {
        match self {
            Self::And(left, right) => left.is_only_dates() && right.is_only_dates(),
            Self::Compare(Operator::Ne, ..) => false,
            Self::Compare(_, left, right) => matches!(
                (&**left, &**right),
                (Self::Column(Column::Date), Self::Literal(Literal::Date(_)))
                    | (Self::Literal(Literal::Date(_)), Self::Column(Column::Date))
            ),
            _ => false,
        }
    }
}
