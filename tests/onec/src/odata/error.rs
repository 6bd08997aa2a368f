//! What 1C answers when it will not: an HTTP status, an inner code, a sentence in Russian.

/// An OData error. `code` is 1C's inner code (0 to 21, -1 for a runtime error).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: i32,
    pub message: String,
}

impl Refusal {
    pub fn new(status: u16, code: i32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400, code 14.
    pub fn option(option: &str, message: impl std::fmt::Display) -> Self {
        Self::new(400, 14, format!("Ошибка при разборе опции запроса \"{option}\": {message}"))
    }

    /// 400, code 10.
    pub fn no_property(name: &str) -> Self {
        Self::new(400, 10, format!("Сегмент пути \"{name}\" не найден!"))
    }

    /// 404, code 8: unknown, or not published.
    pub fn no_set(name: &str) -> Self {
        Self::new(404, 8, format!("Сущность \"{name}\" не найдена."))
    }

    /// 404, code 9.
    pub fn no_entity(set: &str) -> Self {
        Self::new(404, 9, format!("Экземпляр сущности \"{set}\" не найден."))
    }

    /// 500, code -1: the application behind the interface broke.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(500, -1, message)
    }

    /// 501, code 0.
    pub fn unsupported(what: &str) -> Self {
        Self::new(501, 0, format!("Не поддерживается: {what}"))
    }

    pub fn json(&self) -> String {
        let body = serde_json::json!({"odata.error": {
            "code": self.code.to_string(),
            "message": {"lang": "ru", "value": self.message},
        }});
        body.to_string()
    }

    pub fn xml(&self) -> String {
        let mut message = Vec::new();
        super::atom::escape(&mut message, &self.message);
        format!(
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?>"#,
                r#"<m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">"#,
                "<m:code>{}</m:code><m:message>{}</m:message></m:error>"
            ),
            self.code,
            String::from_utf8_lossy(&message)
        )
    }
}
