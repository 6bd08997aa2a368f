//! Arguments of a virtual table, in all the forms that readers of 1C write them: between parentheses or as options, a
//! condition with its quotes doubled or not.

use super::{
    error::Refusal,
    filter::{self, Node},
};
use crate::{base::Moment, schema::Function};

/// What a table is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Arguments {
    /// The moment before which the balance is wanted.
    pub period: Option<Moment>,
    pub condition: Option<Node>,
    /// Names as in the configuration, without `_Key`; `None` for all.
    pub dimensions: Option<Vec<String>>,
}

/// `text` stands between the parentheses; `options` are those of the query string that are not OData's.
pub fn read(function: &Function, text: &str, options: &[(String, String)]) -> Result<Arguments, Refusal> {
    let mut arguments = Arguments::default();
    for (name, value) in cut(function, text)? {
        let value = if name == "Period" { value } else { unquoted(value).ok_or_else(|| unreadable(value))? };
        arguments.take(name, value)?;
    }
    for (name, value) in options {
        if function.parameters.iter().any(|(known, _)| known == name) {
            arguments.take(name, unquoted(value).unwrap_or(value))?;
        }
    }
    Ok(arguments)
}

impl Arguments {
    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "Period" => {
                let text = value.strip_prefix("datetime").and_then(unquoted);
                self.period = Some(text.and_then(Moment::parse).ok_or_else(|| unreadable(value))?);
            }
            "Condition" => self.condition = Some(condition(value)?),
            "Dimensions" => self.dimensions = Some(value.split(',').map(|name| name.trim().to_owned()).collect()),
            other => return Err(Refusal::unsupported(other)),
        }
        Ok(())
    }
}

/// Parts the text before each name of a parameter: a condition may hold commas and quotes of its own.
fn cut<'a>(function: &Function, text: &'a str) -> Result<Vec<(&'a str, &'a str)>, Refusal> {
    let mut begins: Vec<(usize, usize)> = Vec::new();
    for (name, _) in &function.parameters {
        let is_begin = |at: &usize| matches!(text[..*at].trim_end().chars().next_back(), None | Some(','));
        let found = text.match_indices(name.as_str()).map(|(at, _)| at);
        begins.extend(found.filter(is_begin).map(|at| (at, at + name.len())));
    }
    begins.sort_unstable();
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let parts = begins.iter().zip(ends).map(|((from, to), end)| {
        let value = text[*to..end].trim().trim_end_matches(',').trim();
        value.strip_prefix('=').map(|value| (&text[*from..*to], value.trim()))
    });
    let is_whole = begins.first().map_or(text.len(), |(at, _)| *at) == text.len() - text.trim_start().len();
    let parts: Option<Vec<_>> = parts.collect();
    parts
        .filter(|_| is_whole)
        .ok_or_else(|| Refusal::new(400, 21, format!("Неверные аргументы функции \"{}\".", function.name)))
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'')
}

fn unreadable(text: &str) -> Refusal {
    Refusal::new(400, 1, format!("Не удалось разобрать строку \"{text}\""))
}

/// The guide leaves the quotes inside as they are; other readers double them, as in any other OData string.
fn condition(text: &str) -> Result<Node, Refusal> {
    let runs = text.split(|letter| letter != '\'').map(str::len);
    let is_doubled = text.contains('\'') && runs.into_iter().all(|run| run.is_multiple_of(2));
    if is_doubled && let Ok(node) = filter::parse(&text.replace("''", "'")) {
        return Ok(node);
    }
    filter::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn arguments(text: &str) -> Result<Arguments, Refusal> {
        let schema = Schema::ut11();
        let function = schema.functions.iter().find(|function| function.name == "Balance").expect("a balance");
        read(function, text, &[])
    }

    #[test]
    fn quotes_in_a_condition_may_be_doubled_or_not() {
        let plain = arguments("Condition='Склад_Key eq guid'37615a36-5893-11e6-8caa-0050568b35ac''").expect("plain");
        let doubled =
            arguments("Condition='Склад_Key eq guid''37615a36-5893-11e6-8caa-0050568b35ac'''").expect("doubled");
        assert!(plain.condition.is_some());
        assert_eq!(plain, doubled);
        assert!(arguments("Condition='Код eq '''").expect("an empty text").condition.is_some());
    }

    #[test]
    fn arguments_come_in_any_order_and_with_blanks() {
        let read = arguments("Dimensions='Номенклатура, Склад', Period=datetime'2026-03-01T00:00:00'").expect("both");
        assert_eq!(read.dimensions, Some(vec!["Номенклатура".to_owned(), "Склад".to_owned()]));
        assert_eq!(read.period, Some(Moment::of(2026, 3, 1)));
        assert_eq!(arguments("").expect("none"), Arguments::default());
    }

    #[test]
    fn what_no_table_knows_is_refused() {
        for (text, code) in
            [("Выдумка=1", 21), ("'x'", 21), ("Period", 21), ("Period='вчера'", 1), ("Dimensions=Склад", 1)]
        {
            let refusal = arguments(text).expect_err(text);
            assert_eq!((refusal.status, refusal.code), (400, code), "{text}");
        }
    }
}
