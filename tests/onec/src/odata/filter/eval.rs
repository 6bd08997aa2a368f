//! A bound filter against a row.

use std::{borrow::Cow, cmp::Ordering};

use uuid::Uuid;

use super::{
    Literal, Operator,
    bind::{Bound, Function},
};
use crate::{
    base::{Base, Moment, Row, Value},
    odata::json::version_text,
};

/// Whether the row is wanted. An unknown comparison (with null) is not true.
pub fn holds(filter: &Bound, base: &Base, row: Row<'_>) -> bool {
    matches!(evaluate(filter, base, row), Operand::Bool(true))
}

#[derive(Debug, Clone, PartialEq)]
enum Operand<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Guid(Uuid),
    Date(Moment),
}

impl<'a> From<Value<'a>> for Operand<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Null | Value::NoRows | Value::Json(_) => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Whole(number) => Self::Number(number as f64),
            Value::Amount(amount) => Self::Number(amount.as_f64()),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Guid(id) => Self::Guid(id),
            Value::Date(date) => Self::Date(date),
            Value::Version(version) => Self::Text(Cow::Owned(version_text(version))),
        }
    }
}

fn evaluate<'a>(bound: &'a Bound, base: &'a Base, row: Row<'a>) -> Operand<'a> {
    match bound {
        Bound::Literal(literal) => match literal {
            Literal::Null => Operand::Null,
            Literal::Bool(flag) => Operand::Bool(*flag),
            Literal::Number(number) => Operand::Number(*number),
            Literal::Text(text) => Operand::Text(Cow::Borrowed(text)),
            Literal::Guid(id) => Operand::Guid(*id),
            Literal::Date(date) => Operand::Date(*date),
        },
        Bound::Column(column) => row.value(*column).into(),
        Bound::Fixed(value) => (*value).into(),
        Bound::Constant(flag) => Operand::Bool(*flag),
        Bound::Via(key, set, inner) => match evaluate(key, base, row) {
            Operand::Guid(id) => match base.find(*set, id).and_then(|place| base.row(*set, place)) {
                Some(target) => evaluate(inner, base, target),
                None => Operand::Null,
            },
            _ => Operand::Null,
        },
        Bound::Outer(inner) => match row {
            Row::Line(document, ..) => evaluate(inner, base, Row::Document(document)),
            other => evaluate(inner, base, other),
        },
        Bound::Not(inner) => match evaluate(inner, base, row) {
            Operand::Bool(flag) => Operand::Bool(!flag),
            _ => Operand::Null,
        },
        Bound::And(left, right) => Operand::Bool(holds(left, base, row) && holds(right, base, row)),
        Bound::Or(left, right) => Operand::Bool(holds(left, base, row) || holds(right, base, row)),
        Bound::Minus(inner) => match evaluate(inner, base, row) {
            Operand::Number(number) => Operand::Number(-number),
            _ => Operand::Null,
        },
        Bound::Compare(operator, left, right) => {
            compare(*operator, &evaluate(left, base, row), &evaluate(right, base, row))
        }
        Bound::Arithmetic(operator, left, right) => match (evaluate(left, base, row), evaluate(right, base, row)) {
            (Operand::Number(a), Operand::Number(b)) => Operand::Number(match operator {
                Operator::Add => a + b,
                Operator::Sub => a - b,
                Operator::Mul => a * b,
                _ => a / b,
            }),
            _ => Operand::Null,
        },
        Bound::Call(function, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|argument| evaluate(argument, base, row)).collect();
            call(*function, &arguments)
        }
        Bound::Any(body) => {
            Operand::Bool(lines(row).any(|line| body.as_ref().is_none_or(|body| holds(body, base, line))))
        }
        Bound::All(body) => Operand::Bool(lines(row).all(|line| holds(body, base, line))),
    }
}

fn lines(row: Row<'_>) -> impl Iterator<Item = Row<'_>> {
    let document = match row {
        Row::Document(document) => Some(document),
        _ => None,
    };
    document.into_iter().flat_map(|document| {
        document.lines.iter().zip(1..).map(move |(line, number)| Row::Line(document, line, number))
    })
}

fn compare<'a>(operator: Operator, left: &Operand<'a>, right: &Operand<'a>) -> Operand<'a> {
    let order = match (left, right) {
        (Operand::Null, Operand::Null) => Some(Ordering::Equal),
        (Operand::Null, _) | (_, Operand::Null) => return Operand::Bool(operator == Operator::Ne),
        (Operand::Bool(a), Operand::Bool(b)) => Some(a.cmp(b)),
        (Operand::Number(a), Operand::Number(b)) => a.partial_cmp(b),
        // Fixed-length text is padded with spaces, which do not count.
        (Operand::Text(a), Operand::Text(b)) => Some(a.trim_end_matches(' ').cmp(b.trim_end_matches(' '))),
        (Operand::Guid(a), Operand::Guid(b)) => Some(a.cmp(b)),
        (Operand::Date(a), Operand::Date(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let Some(order) = order else { return Operand::Null };
    Operand::Bool(match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        _ => order.is_le(),
    })
}

fn call<'a>(function: Function, arguments: &[Operand<'a>]) -> Operand<'a> {
    match (function, arguments) {
        (Function::StartsWith, [Operand::Text(text), Operand::Text(part)]) => Operand::Bool(text.starts_with(&**part)),
        (Function::EndsWith, [Operand::Text(text), Operand::Text(part)]) => {
            Operand::Bool(text.trim_end_matches(' ').ends_with(&**part))
        }
        (Function::SubstringOf, [Operand::Text(part), Operand::Text(text)]) => Operand::Bool(text.contains(&**part)),
        (Function::Like, [Operand::Text(text), Operand::Text(template)]) => {
            let (text, template): (Vec<char>, Vec<char>) = (text.chars().collect(), template.chars().collect());
            Operand::Bool(like(&text, &template))
        }
        (Function::Concat, [Operand::Text(a), Operand::Text(b)]) => Operand::Text(Cow::Owned(format!("{a}{b}"))),
        (Function::Substring, [Operand::Text(text), Operand::Number(from), rest @ ..]) => {
            let length = match rest {
                [Operand::Number(length)] => *length as usize,
                _ => usize::MAX,
            };
            Operand::Text(Cow::Owned(text.chars().skip(*from as usize).take(length).collect()))
        }
        (Function::Round, [Operand::Number(number)]) => Operand::Number(number.round()),
        (part, [Operand::Date(date)]) => Operand::Number(date_part(part, *date) as f64),
        _ => Operand::Null,
    }
}

fn date_part(part: Function, date: Moment) -> i64 {
    let ((year, month, day), second) = (date.civil(), date.seconds_of_day());
    match part {
        Function::Year => year,
        Function::Quarter => (month + 2) / 3,
        Function::Month => month,
        Function::Day => day,
        Function::Hour => second / 3600,
        Function::Minute => second / 60 % 60,
        Function::Second => second % 60,
        Function::DayOfWeek => date.weekday() + 1,
        _ => (date.at(0).0 - Moment::of(year, 1, 1).0) / 86_400 + 1,
    }
}

/// The query language's template: `%` any run, `_` one character.
fn like(text: &[char], template: &[char]) -> bool {
    match template.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        Some(('_', rest)) => !text.is_empty() && like(&text[1..], rest),
        Some((letter, rest)) => text.first() == Some(letter) && like(&text[1..], rest),
    }
}
