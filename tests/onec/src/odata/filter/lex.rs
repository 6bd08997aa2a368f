//! Text to tokens.

use uuid::Uuid;

use super::Literal;
use crate::{base::Moment, odata::error::Refusal};

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Literal(Literal),
    Name(String),
    Open,
    Close,
    Comma,
    Slash,
    Colon,
    Minus,
}

pub fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut rest = text;
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let punctuation = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '/' => Some(Token::Slash),
            ':' => Some(Token::Colon),
            '-' => Some(Token::Minus),
            _ => None,
        };
        if let Some(token) = punctuation {
            tokens.push(token);
            rest = &rest[1..];
        } else if first.is_whitespace() {
            rest = rest.trim_start();
        } else if first == '\'' {
            let (text, after) = quoted(rest)?;
            tokens.push(Token::Literal(Literal::Text(text)));
            rest = after;
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Literal(number(&rest[..end])?));
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if after.starts_with('\'') {
                let (text, after) = quoted(after)?;
                tokens.push(Token::Literal(typed(word, &text)?));
                rest = after;
            } else {
                tokens.push(Token::Name(word.to_owned()));
                rest = after;
            }
        } else {
            return Err(refuse(format!("неожиданный символ \"{first}\"")));
        }
    }
    Ok(tokens)
}

/// A string in quotes, a quote inside doubled; and what follows it.
fn quoted(text: &str) -> Result<(String, &str), Refusal> {
    let mut value = String::new();
    let mut rest = &text[1..];
    loop {
        let end = rest.find('\'').ok_or_else(|| refuse("кавычка не закрыта"))?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Ok((value, rest)),
        }
    }
}

fn number(text: &str) -> Result<Literal, Refusal> {
    let digits = text.trim_end_matches(['L', 'l', 'M', 'm', 'D', 'd', 'F', 'f']);
    digits.parse().map(Literal::Number).map_err(|_| refuse(format!("\"{text}\" не является числом")))
}

fn typed(kind: &str, text: &str) -> Result<Literal, Refusal> {
    let literal = match kind {
        "guid" => Uuid::parse_str(text).ok().filter(|_| text.len() == 36).map(Literal::Guid),
        "datetime" => Moment::parse(text).map(Literal::Date),
        _ => None,
    };
    literal.ok_or_else(|| Refusal::new(400, 1, format!("Не удалось разобрать строку \"{kind}'{text}'\"")))
}

pub fn refuse(message: impl std::fmt::Display) -> Refusal {
    Refusal::option("$filter", message)
}
