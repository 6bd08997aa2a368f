//! Texts as the server reads them in a parameter, whatever they hold.

/// As the server reads a text parameter, so that no text is taken for SQL's NULL.
pub fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `['…','…']`, as the server reads an array parameter.
pub fn texts(texts: &[String]) -> String {
    let quoted = |text: &String| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::{text, texts};

    #[test]
    fn a_text_is_never_taken_for_none() {
        assert_eq!(text("\\N"), "\\\\N");
        assert_eq!(text("a\tb\\"), "a\\tb\\\\");
    }

    #[test]
    fn a_search_is_text_whatever_it_holds() {
        assert_eq!(texts(&["\\N'".to_owned(), "{x:String}".to_owned()]), "['\\\\N\\'','{x:String}']");
    }
}
