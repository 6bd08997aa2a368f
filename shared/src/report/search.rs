//! What people type to what a search compares. `dw.product.folded` is folded by the same rule in ClickHouse: a test of
//! the product holds the two equal.

/// Cyrillic letters to the Latin ones that look like them, ё to е, the sign × to x, every dash to the plain one.
const LOOK_ALIKE: [(char, char); 20] = [
    ('ё', 'e'),
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('×', 'x'),
    ('\u{2010}', '-'),
    ('\u{2011}', '-'),
    ('\u{2012}', '-'),
    ('\u{2013}', '-'),
    ('\u{2014}', '-'),
    ('\u{2212}', '-'),
];

/// Small letters without white space, each with its look-alikes in one clothing.
pub fn folded(text: &str) -> String {
    let small = text.chars().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace());
    small.map(|c| LOOK_ALIKE.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)).collect()
}

/// The words of a search: all of them must be found, in any order.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(folded).collect()
}

#[cfg(test)]
mod tests {
    use super::{folded, words};

    #[test]
    fn what_looks_alike_is_alike() {
        for (typed, stored) in [
            ("котел", "КОТЁЛ"),
            ("16x2", "16Х2"),
            ("16×2", "16х2"),
            ("32кВт", "32\u{a0}кВт"),
            ("dk10–0801", "DK10-0801"),
        ] {
            assert_eq!(folded(typed), folded(stored));
        }
        assert_eq!(words(" котёл\u{a0} Вега\t24 "), ["koteл", "beгa", "24"]);
        assert!(words(" \u{202f}\t").is_empty());
    }
}
