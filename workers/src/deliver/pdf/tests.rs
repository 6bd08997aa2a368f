use std::collections::BTreeSet;
use std::sync::Arc;

use lopdf::{Dictionary, Document, Object};
use shared::language::Language;
use shared::report::definition;
use shared::report::freshness::Freshness;
use shared::report::table::{Line, Reader};
use shared::report::write::{Contents, Fact, Writer as _};
use ttf_parser::Face;

use super::typeset::{BOLD, REGULAR};
use super::{Pdf, RUN};

const REPORT: &str = r#"
title = { ru = "Продажи по товарам", en = "Sales by product" }
menu = { ru = "Продажи", en = "Sales", order = 1 }
datasets = ["sales"]
key = "code"
rows_title = { ru = "Товары", en = "Products" }
noun = { ru = ["товар", "товара", "товаров"], en = ["product", "products"] }
facts = { ru = "продаж", en = "sales" }
sort = "code"
[[column]]
name = "product"
kind = "text"
title = { ru = "Товар", en = "Product" }
[[column]]
name = "code"
kind = "code"
title = { ru = "Код", en = "Code" }
[[column]]
name = "quantity"
kind = "quantity"
title = { ru = "Количество", en = "Quantity" }
"#;

const NASTY: &str = r##"#panic("x") *bold* _it_ [a] $1$ \ " <b> `c` = @d // e "##;

fn contents(language: Language, count: u64) -> Contents {
    let file = |name: &str| match name {
        "report.toml" => Some(REPORT.to_owned()),
        "rows.sql" => Some("SELECT 1".to_owned()),
        _ => None,
    };
    let fact = |name: &str, value: &str| Fact { key: "key".to_owned(), name: name.to_owned(), value: value.to_owned() };
    Contents {
        report: Arc::new(definition::read("reports/rows", file).unwrap()),
        language,
        facts: vec![fact("Отчёт", "Продажи по товарам"), fact("Дилер", "ООО «Волга-Тепло» № 5")],
        freshness: Freshness { as_of: None, interval_s: 60 },
        count,
        scales: vec![3; 3],
        totals: Vec::new(),
        total_labels: Vec::new(),
        currency_title: "Валюта".to_owned(),
        facts_title: "О файле".to_owned(),
    }
}

fn line(contents: &Contents, product: &str, code: usize) -> Line {
    let header = "now_product\tnow_code\tnow_quantity\tkey_0\trows_now\trows_before\trows_former\tis_total";
    let reader = Reader::new(&contents.report, header).unwrap();
    let product = product.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    reader.line(&format!("{product}\tК{code:05}\t-1234.5\tk\t1\t0\t0\t0")).unwrap()
}

/// The file of these products, in runs of so many rows.
fn file(language: Language, products: &[&str], run: usize) -> Document {
    let contents = contents(language, products.len() as u64);
    let lines: Vec<Line> = products.iter().enumerate().map(|(at, product)| line(&contents, product, at)).collect();
    let mut writer = Pdf::of(contents, run);
    let mut bytes = writer.head().unwrap();
    for lines in lines.chunks(37) {
        bytes.extend(writer.rows(lines.to_vec()).unwrap());
    }
    bytes.extend(writer.end().unwrap());
    Document::load_mem(&bytes).unwrap()
}

/// What stands on each page, without the places where a word may break.
fn texts(document: &Document) -> Vec<String> {
    let pages = document.get_pages();
    pages.keys().map(|page| document.extract_text(&[*page]).unwrap().replace('\u{200b}', "")).collect()
}

/// What is laid over each page.
fn feet(document: &Document) -> Vec<String> {
    let mut feet = document.clone();
    for page in document.get_pages().into_values() {
        let resources = document.get_dictionary(page).unwrap().get(b"Resources").unwrap().as_dict().unwrap();
        let foot = resources.get(b"XObject").unwrap().as_dict().unwrap().get(b"PortalFoot").unwrap();
        let foot = foot.as_reference().unwrap();
        let own = document.get_object(foot).unwrap().as_stream().unwrap().dict.get(b"Resources").unwrap().clone();
        let page = feet.get_dictionary_mut(page).unwrap();
        page.set("Contents", Object::Reference(foot));
        page.set("Resources", own);
    }
    texts(&feet)
}

fn elements(document: &Document) -> Vec<&Dictionary> {
    let all = document.objects.values().filter_map(|object| object.as_dict().ok());
    all.filter(|element| element.has(b"S") && element.has(b"P") && element.has(b"K")).collect()
}

fn count(document: &Document, kind: &str) -> usize {
    let of_kind =
        |element: &&Dictionary| element.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == kind.as_bytes());
    elements(document).into_iter().filter(of_kind).count()
}

fn codes(text: &str) -> Vec<String> {
    let found = text.match_indices('К').map(|(at, _)| text[at + 2..].chars().take(5).collect::<String>());
    found.filter(|code| code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

#[test]
fn every_row_stands_once_in_order_under_a_head_and_pages_are_numbered_through() {
    let products: Vec<String> = (0..400).map(|number| format!("Насос циркуляционный {number}")).collect();
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    let expected: Vec<String> = (0..400).map(|code| format!("{code:05}")).collect();
    for run in [RUN, 120, 90] {
        let document = file(Language::Ru, &products, run);
        let pages = texts(&document);
        let feet = feet(&document);
        assert!(pages.len() > 5, "{} pages", pages.len());
        assert_eq!(pages.iter().flat_map(|page| codes(page)).collect::<Vec<_>>(), expected, "in runs of {run}");
        let full = codes(&pages[1]).len();
        for (at, page) in pages.iter().enumerate() {
            let foot = format!("Страница {} из {}", at + 1, pages.len());
            assert!(feet[at].contains(&foot), "{foot}, in runs of {run}: {}", feet[at]);
            assert!(page.contains("Количество"), "the head stands on every page: {page}");
            let is_between = at > 0 && at + 1 < pages.len();
            assert!(!is_between || codes(page).len() == full, "page {at} is not full, in runs of {run}");
        }
        assert!(pages[0].contains("Продажи по товарам") && pages[0].contains("ООО «Волга-Тепло» № 5"), "{}", pages[0]);
    }
}

#[test]
fn what_1c_wrote_is_never_markup() {
    let document = file(Language::Ru, &[NASTY, "строка\nвторая\tтретья"], RUN);
    let page = texts(&document).concat();
    let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
    assert!(without_spaces(&page).contains(&without_spaces(NASTY)), "{page}");
    assert!(without_spaces(&page).contains("строкавтораятретья"), "{page}");
}

#[test]
fn a_joined_file_is_tagged_as_one_document_in_its_language() {
    let products = vec!["Насос"; 300];
    let document = file(Language::En, &products, 90);
    let catalog = document.catalog().unwrap();
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en");
    assert!(catalog.get(b"MarkInfo").unwrap().as_dict().unwrap().get(b"Marked").unwrap().as_bool().unwrap());
    let runs = count(&document, "Part");
    assert!(runs >= 3, "{runs} runs");
    assert_eq!((count(&document, "Document"), count(&document, "Table")), (1, runs));
    assert_eq!(count(&document, "TR"), 300 + runs, "a row for each, and a head for each run");
    // From each page the way leads to elements, and from each cell to heads of its own run.
    let root = document.get_dictionary(catalog.get(b"StructTreeRoot").unwrap().as_reference().unwrap()).unwrap();
    let numbers = root.get(b"ParentTree").unwrap().as_dict().unwrap().get(b"Nums").unwrap().as_array().unwrap();
    let pages = document.get_pages();
    assert_eq!(numbers.len(), 2 * pages.len());
    for (at, page) in pages.values().enumerate() {
        let key = document.get_dictionary(*page).unwrap().get(b"StructParents").unwrap().as_i64().unwrap();
        assert_eq!(key, at as i64);
        let tags = document.get_object(numbers[2 * at + 1].as_reference().unwrap()).unwrap().as_array().unwrap();
        for tag in tags {
            let element = document.get_dictionary(tag.as_reference().unwrap()).unwrap();
            assert_eq!(element.get(b"Pg").unwrap().as_reference().unwrap(), *page, "an element of another page");
        }
    }
    let heads = root.get(b"IDTree").unwrap().as_dict().unwrap().get(b"Names").unwrap().as_array().unwrap();
    let names: BTreeSet<&[u8]> = heads.iter().step_by(2).map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names.len(), 3 * runs, "a name for each head of each run");
}

#[test]
fn nothing_of_a_row_is_lost_where_rows_are_higher_than_a_page() {
    let endless = "слово ".repeat(3_000);
    // In the midst of a run, and where its last page holds the end of it and whole rows.
    for before in [60, 47] {
        let products = [vec!["Насос"; before].as_slice(), &[&endless], &["Кран"; 60]].concat();
        let all = texts(&file(Language::Ru, &products, 50)).concat();
        assert_eq!(all.matches("слово").count(), 3_000);
        assert_eq!(codes(&all), (0..products.len()).map(|code| format!("{code:05}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_report_without_rows_is_one_page_with_its_facts() {
    let document = file(Language::Ru, &[], RUN);
    let pages = texts(&document);
    assert_eq!((pages.len(), feet(&document)[0].contains("Страница 1 из 1")), (1, true));
    assert!(pages[0].contains("ООО «Волга-Тепло» № 5"), "{}", pages[0]);
}

#[test]
fn every_letter_of_both_languages_and_of_numbers_has_its_shape() {
    let letters = ('а'..='я').chain('А'..='Я').chain('a'..='z').chain('A'..='Z').chain('0'..='9');
    let signs =
        "ёЁ₽$€£₸¥₺№«»„“”—–−…·×°±%‰²³½\u{a0}\u{202f}\u{2009}\u{2011}\u{200b}!\"#&'()*+,-./:;<=>?@[\\]^_`{|}~§©®™µ";
    for font in [REGULAR, BOLD] {
        let face = Face::parse(font, 0).unwrap();
        let missing: String =
            letters.clone().chain(signs.chars()).filter(|letter| face.glyph_index(*letter).is_none()).collect();
        assert_eq!(missing, "");
        let digits: BTreeSet<_> =
            ('0'..='9').map(|digit| face.glyph_hor_advance(face.glyph_index(digit).unwrap())).collect();
        assert_eq!(digits.len(), 1, "digits stand below each other");
    }
}
