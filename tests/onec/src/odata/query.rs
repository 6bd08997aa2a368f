//! The query string of a request, taken apart: what the reader asked for, before anything knows whether it exists.

use percent_encoding::percent_decode_str;

use super::error::Refusal;

/// How much a JSON answer tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    None,
    Minimal,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Atom,
    Json(Level),
}

/// Query options as text; `$format` is decided together with `Accept`.
#[derive(Debug, Clone)]
pub struct Query {
    pub format: Format,
    pub select: Option<String>,
    pub filter: Option<String>,
    pub order_by: Option<String>,
    pub top: Option<usize>,
    pub skip: usize,
    pub counts_inline: bool,
    pub expands: bool,
    /// Options that are none of OData's: a virtual table takes its arguments so, too.
    pub arguments: Vec<(String, String)>,
}

impl Query {
    /// The format is told even when the rest is refused, since the refusal is written in it.
    pub fn parse(raw: &str, accept: &str) -> (Format, Result<Self, Refusal>) {
        let mut format = accepted(accept);
        for (name, value) in pairs(raw) {
            if name == "$format" {
                match decode(value).as_deref().map(named) {
                    Some(Some(named)) => format = named,
                    _ => return (format, Err(Refusal::new(400, 3, "Тип представления не поддерживается."))),
                }
            }
        }
        (format, Self::read(raw, format))
    }

    fn read(raw: &str, format: Format) -> Result<Self, Refusal> {
        let mut query = Self {
            format,
            select: None,
            filter: None,
            order_by: None,
            top: None,
            skip: 0,
            counts_inline: false,
            expands: false,
            arguments: Vec::new(),
        };
        for (name, raw_value) in pairs(raw) {
            // 1C does not take a plus for a space, and then finds no operator where one should be.
            if name == "$filter" && raw_value.contains('+') {
                return Err(Refusal::option("$filter", "неожиданный символ \"+\""));
            }
            let value = decode(raw_value).ok_or_else(|| Refusal::option(name, "строка не в UTF-8"))?;
            match name {
                "$select" => query.select = Some(value),
                "$filter" => query.filter = Some(value),
                "$orderby" => query.order_by = Some(value),
                "$top" => query.top = Some(count(name, &value)?),
                "$skip" => query.skip = count(name, &value)?,
                "$inlinecount" => {
                    query.counts_inline = match value.as_str() {
                        "allpages" => true,
                        "none" => false,
                        _ => return Err(Refusal::option(name, format!("значение \"{value}\""))),
                    }
                }
                "$expand" => query.expands = true,
                "$format" | "allowedOnly" | "$allowedOnly" => {}
                unknown if unknown.starts_with('$') => {
                    return Err(Refusal::option(unknown, "неизвестная опция"));
                }
                other => query.arguments.push((other.to_owned(), value)),
            }
        }
        Ok(query)
    }
}

/// Names decoded enough to compare: `%24filter` is `$filter`.
fn pairs(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    raw.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = match name {
            "%24select" => "$select",
            "%24filter" => "$filter",
            "%24orderby" => "$orderby",
            "%24top" => "$top",
            "%24skip" => "$skip",
            "%24format" => "$format",
            "%24inlinecount" => "$inlinecount",
            "%24expand" => "$expand",
            other => other,
        };
        (name, value)
    })
}

pub fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

fn count(name: &str, value: &str) -> Result<usize, Refusal> {
    value.parse().map_err(|_| Refusal::option(name, format!("\"{value}\" не является числом")))
}

fn accepted(accept: &str) -> Format {
    let first = accept.split(',').find_map(|part| named(part.trim()));
    first.unwrap_or(Format::Atom)
}

fn named(format: &str) -> Option<Format> {
    let mut parts = format.split(';').map(str::trim);
    match parts.next()? {
        "atom" | "application/atom+xml" | "application/xml" | "xml" => Some(Format::Atom),
        "json" | "application/json" => {
            let level = parts.find_map(|part| part.strip_prefix("odata=")).unwrap_or("minimalmetadata");
            Some(Format::Json(match level {
                "nometadata" => Level::None,
                "minimalmetadata" => Level::Minimal,
                "fullmetadata" => Level::Full,
                _ => return None,
            }))
        }
        _ => None,
    }
}
