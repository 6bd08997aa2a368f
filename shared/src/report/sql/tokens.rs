//! A query as words, symbols, literals and parameters, each with its place: as far as safety needs it read. What
//! ClickHouse and this reader could take differently (other quotes, other comments) is an error here, not a guess.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    Word(&'a str),
    Symbol(char),
    /// `{name:Type}`
    Parameter {
        name: &'a str,
        of_type: &'a str,
    },
    Literal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    pub line: usize,
    /// Its bytes in the query.
    pub at: Range<usize>,
    pub what: What<'a>,
}

impl Token<'_> {
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.what, What::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub fn is_symbol(&self, symbol: char) -> bool {
        self.what == What::Symbol(symbol)
    }
}

/// Line and sentence of what cannot be read.
pub type Unreadable = (usize, String);

/// The tokens of a query, without its comments.
pub fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unreadable> {
    let mut found = Vec::new();
    let (mut start, mut line) = (0, 1);
    while let Some(first) = sql[start..].chars().next() {
        let rest = &sql[start..];
        let length = length(rest, first).map_err(|problem| (line, problem.to_owned()))?;
        let text = &rest[..length];
        let what = match first {
            _ if first.is_whitespace() => None,
            '-' if rest.starts_with("--") => None,
            '/' if rest.starts_with("/*") => None,
            '\'' => Some(What::Literal),
            '{' => {
                let inside = &text[1..length - 1];
                let (name, of_type) = inside.split_once(':').unwrap_or((inside, ""));
                Some(What::Parameter { name: name.trim(), of_type: of_type.trim() })
            }
            _ if is_in_word(first) => Some(What::Word(text)),
            _ => Some(What::Symbol(first)),
        };
        if let Some(what) = what {
            found.push(Token { line, at: start..start + length, what });
        }
        line += text.matches('\n').count();
        start += length;
    }
    Ok(found)
}

fn length(rest: &str, first: char) -> Result<usize, &'static str> {
    match first {
        '-' if rest.starts_with("--") => Ok(rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => {
            let end = rest[2..].find("*/").ok_or("a comment has no end.")? + 4;
            if rest[2..end].contains("/*") {
                return Err("a comment stands in a comment: take one of them away.");
            }
            Ok(end)
        }
        '/' if rest.starts_with("//") => Err("write comments with --."),
        '\'' => literal(rest).ok_or("a text has no end."),
        '{' => Ok(rest.find('}').ok_or("a parameter has no end.")? + 1),
        '"' | '`' => Err("quoted names are not read here: use plain ones."),
        ';' => Err("a file holds one query: leave the semicolon out."),
        '#' => Err("write comments with --."),
        '$' | '\\' => Err("write texts in single quotes, without $ and \\ around them."),
        _ if is_in_word(first) => Ok(rest.find(|c: char| !is_in_word(c)).unwrap_or(rest.len())),
        _ if first.is_ascii() && first != '\0' => Ok(1),
        _ => Err("outside texts and comments only letters without accents and plain signs are read here."),
    }
}

fn is_in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn literal(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{What, tokens};

    #[test]
    fn comments_and_literals_hide_nothing_and_show_nothing() {
        let sql = "SELECT 'FROM dw.sale\\' --x' /* FROM dw */ -- FROM dw\nFROM report.a({d:Array(UUID)})";
        let found = tokens(sql).unwrap();
        let words: Vec<_> = found
            .iter()
            .filter_map(|token| match token.what {
                What::Word(word) => Some((token.line, word)),
                _ => None,
            })
            .collect();
        assert_eq!(words, [(1, "SELECT"), (2, "FROM"), (2, "report"), (2, "a")]);
        let parameter = found.iter().find(|token| token.what == What::Parameter { name: "d", of_type: "Array(UUID)" });
        assert_eq!(&sql[parameter.unwrap().at.clone()], "{d:Array(UUID)}");
    }

    /// Each of these would hide `FROM dw.sale` from one of two readers.
    #[test]
    fn what_another_reader_could_take_differently_is_refused() {
        let ways = [
            "# '\nFROM dw.sale\n# '",
            "SELECT $$'$$ FROM dw.sale -- '",
            "SELECT ‘'’ FROM dw.sale -- '",
            "SELECT \"'\" FROM dw.sale -- '",
            "SELECT `'` FROM dw.sale -- '",
            "/* /* */ ' */ FROM dw.sale -- '",
            "SELECT 1 // '\nFROM dw.sale -- '",
            "SELECT 'no end",
            "SELECT 1 /* no end",
            "SELECT {no end",
            "SELECT 1; SELECT 2",
            "SELECT сумма",
        ];
        let read: Vec<&str> = ways.into_iter().filter(|way| tokens(way).is_ok()).collect();
        assert_eq!(read, Vec::<&str>::new());
    }
}
