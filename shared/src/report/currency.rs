//! What money is in. Amounts of two currencies are never added.

/// A currency as a row names it. Both texts are empty until it has arrived, or where a document has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Currency {
    /// Tells currencies apart.
    pub key: String,
    /// Numeric code of ISO 4217.
    pub code: String,
    /// As 1C shows it.
    pub name: String,
}

impl Currency {
    /// The sign behind an amount; what 1C calls it where it has no sign of its own; nothing where it is unknown.
    pub fn sign(&self) -> &str {
        match self.code.as_str() {
            "643" => "₽",
            "840" => "$",
            "978" => "€",
            "826" => "£",
            "398" => "₸",
            "933" => "Br",
            "156" => "¥",
            "949" => "₺",
            code if self.name.is_empty() => code,
            _ => &self.name,
        }
    }

    /// Its word in files.
    pub fn word(&self) -> &str {
        if self.name.is_empty() { &self.code } else { &self.name }
    }
}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn a_sign_comes_from_the_code_then_from_the_name() {
        let sign = |code: &str, name: &str| {
            Currency { key: String::new(), code: code.to_owned(), name: name.to_owned() }.sign().to_owned()
        };
        // The yen has the yuan's sign: it is told by its name.
        for (code, name, shown) in
            [("643", "руб.", "₽"), ("398", "тенге", "₸"), ("392", "JPY", "JPY"), ("417", "", "417"), ("", "", "")]
        {
            assert_eq!(sign(code, name), shown);
        }
    }
}
