//! What a server says instead of data: 1C in JSON or XML, whoever stands before it in HTML.

use std::borrow::Cow;

/// The longest sentence that a log needs.
const LONGEST: usize = 300;

/// An error body, understood as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// 1C's sentence, the title of an HTML page, or the first words of whatever it is.
    pub message: String,
    /// 1C's inner code: only 1C itself gives one.
    pub code: Option<i64>,
    pub is_html: bool,
}

/// Inner code: the user has no right to the object.
pub const NO_RIGHTS: i64 = 20;

impl Said {
    pub fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}');
        if is_html(body) {
            let title = element(text, "title").filter(|title| !title.is_empty());
            let message = title.map_or("an HTML page".to_owned(), |title| format!("an HTML page «{title}»"));
            return Self { message, code: None, is_html: true };
        }
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let sentence = ["/odata.error/message/value", "/exception/inner/descr", "/exception/descr"];
        let message = sentence.iter().find_map(|path| json.pointer(path)?.as_str().map(words));
        let message = message.or_else(|| element(text, "m:message")).or_else(|| element(text, "descr"));
        let code = json.pointer("/odata.error/code");
        let code = code.and_then(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok()));
        Self {
            message: message.unwrap_or_else(|| words(text)),
            code: code.or_else(|| element(text, "m:code")?.parse().ok()),
            is_html: false,
        }
    }
}

/// A page for people: no answer of 1C is one.
pub fn is_html(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(1024)]).to_ascii_lowercase();
    let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    start.starts_with('<') && (start.contains("<html") || start.contains("<!doctype html"))
}

/// The text of the first element of this name, whatever the case of its tag.
fn element(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find(&format!("<{name}"))?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</")?;
    let inner = &text[start..end];
    Some(words(&quick_xml::escape::unescape(inner).unwrap_or(Cow::Borrowed(inner))))
}

/// On one line, without control characters.
fn words(text: &str) -> String {
    let line = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty());
    line.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_an_error_is_found_in_every_shape_that_1c_sends() {
        for (body, message, code) in [
            (r#"{"odata.error":{"code":"9","message":{"lang":"ru","value":"не найден"}}}"#, "не найден", Some(9)),
            ("\u{feff}{\"odata.error\":{\"code\":-1,\"message\":{\"value\":\"сбой\"}}}", "сбой", Some(-1)),
            (
                r##"{"#exception":"x","exception":{"reason":403,"descr":"HTTP","inner":{"descr":"Начало сеанса\nзапрещено"}}}"##,
                "Начало сеанса запрещено",
                None,
            ),
            (
                "<m:error xmlns:m=\"x\"><m:code>8</m:code><m:message lang=\"ru\">нет &lt;A&gt;</m:message></m:error>",
                "нет <A>",
                Some(8),
            ),
            ("<exception reason=\"406\"><descr>Недостаточно сеансов</descr></exception>", "Недостаточно сеансов", None),
            ("gateway\ttimed\u{1b} out", "gateway timed out", None),
        ] {
            let said = Said::of(body.as_bytes());
            assert_eq!((said.message.as_str(), said.code, said.is_html), (message, code, false), "{body}");
        }
    }

    #[test]
    fn of_a_page_for_people_its_title_is_told_and_no_markup() {
        for (body, message) in [
            ("<!DOCTYPE html>\n<HTML><head><TITLE>502 Bad\nGateway</TITLE></head>…", "an HTML page «502 Bad Gateway»"),
            (" <html><body>Вход</body></html>", "an HTML page"),
            (
                "<?xml version=\"1.0\"?><!DOCTYPE html><html><title>Вход &amp; выход</title>",
                "an HTML page «Вход & выход»",
            ),
        ] {
            let said = Said::of(body.as_bytes());
            assert_eq!((said.message.as_str(), said.is_html), (message, true));
        }
        assert!(!is_html(br#"{"value":[{"Description":"<html>"}]}"#));
    }
}
