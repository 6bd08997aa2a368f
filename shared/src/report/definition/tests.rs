use super::{Definition, Total, read};
use crate::problem::Problem;

pub(crate) const TOML: &str = include_str!("../../../../assets/reports/sales/report.toml");

fn read_with(toml: &str, rows: &str) -> Result<Definition, Problem> {
    read("reports/sales", |name| match name {
        "report.toml" => Some(toml.to_owned()),
        "rows.sql" => Some(rows.to_owned()),
        "by_month.sql" => Some(include_str!("../../../../assets/reports/sales/by_month.sql").to_owned()),
        "groups.sql" => Some(include_str!("../../../../assets/reports/sales/groups.sql").to_owned()),
        _ => None,
    })
}

const ROWS: &str = include_str!("../../../../assets/reports/sales/rows.sql");

fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).unwrap()].lines().count() + usize::from(text[..text.find(part).unwrap()].ends_with('\n'))
}

#[test]
fn the_sales_report_is_read() {
    let report = read_with(TOML, ROWS).unwrap();
    assert_eq!((report.name.as_str(), report.columns.len(), report.fields.len()), ("sales", 9, 9));
    assert_eq!(report.columns[report.sort.column].name, "revenue");
}

#[test]
fn a_wrong_definition_names_file_line_and_mend() {
    for (was, becomes, says) in [
        ("kind = \"money\"", "kind = \"monney\"", "unknown variant"),
        ("sort = \"-revenue\"", "sort = \"-income\"", "sort names no column: \"income\""),
        ("share_of = \"revenue\"", "share_of = \"income\"", "no column or measure"),
        ("default = \"year\"", "default = \"decade\"", "take month, quarter or year"),
        ("options = \"groups.sql\"", "options = \"none.sql\"", "none.sql is missing"),
        ("name = \"search\"", "name = \"page\"", "cannot name a filter"),
        ("name = \"code\"", "name = \"Код\"", "cannot name a column"),
        ("name = \"code\"", "name = \"product\"", "two columns"),
        ("datasets", "datasetz", "unknown field"),
        ("unit = \"unit\"", "unit = \"units\"", "no column or measure"),
        ("compare = \"last year\"", "compare = \"last decade\"", "unknown variant"),
        ("compare = \"last year\"", "roles = [\"dealers\"]", "unknown variant"),
        ("name = \"change\"", "name = \"change\"\nshare_of = \"product\"", "leave one out"),
        ("show = \"count\"", "show = \"counts\"", "a tile shows a figure"),
        ("period = \"month\"", "period = \"own\"", "take month, quarter or year"),
    ] {
        let problem = read_with(&TOML.replacen(was, becomes, 1), ROWS).unwrap_err();
        assert_eq!(problem.file, "reports/sales/report.toml");
        assert!(problem.problem.contains(says), "{problem}");
        assert_eq!(problem.line, line_of(TOML, was), "{problem}");
    }
    let missing = read("reports/none", |_| None).unwrap_err();
    assert!(missing.to_string().starts_with("reports/none/report.toml:1: is missing"));
}

#[test]
fn money_without_its_currency_is_refused() {
    let currency = TOML.lines().find(|line| line.starts_with("currency = ")).unwrap();
    let problem = read_with(&TOML.replacen(currency, "", 1), ROWS).unwrap_err();
    assert!(problem.problem.contains("is money: say of which currency"), "{problem}");
}

#[test]
fn a_change_needs_days_to_be_compared() {
    let problem = read_with(&TOML.replacen("compare = \"last year\"", "", 1), ROWS).unwrap_err();
    assert!(problem.problem.contains("nothing is compared"), "{problem}");
    let period = "name = \"period\"\nkind = \"period\"";
    assert!(TOML.contains(period));
    let other = TOML.replacen("default = \"year\"", "hint = { ru = \"\", en = \"\" }", 1);
    let problem = read_with(&other.replacen(period, "name = \"word\"\nkind = \"search\"", 1), ROWS).unwrap_err();
    assert!(problem.problem.contains("no days to compare"), "{problem}");
}

/// With further measures, or another entry of a column.
fn total_of(measures: &str) -> Result<Definition, Problem> {
    read_with(&TOML.replacen("[measures]", &format!("[measures]\n{measures}"), 1), ROWS)
}

#[test]
fn a_total_is_what_its_field_says_or_what_its_kind_says() {
    let measures = "last_day = \"date\"\nstock = { kind = \"quantity\", total = { last = \"last_day\" } }\n\
                    price = { kind = \"money\", total = { ratio = [\"revenue\", \"quantity\"] } }\n\
                    tariff = { kind = \"money\", total = \"none\" }\nmargin = \"percent\"";
    let report = total_of(measures).unwrap();
    let (id, total) =
        (|name: &str| report.field(name).unwrap(), |name: &str| report.fields.get(report.field(name).unwrap()).total);
    assert_eq!(total("revenue"), Total::Sum);
    assert_eq!(total("stock"), Total::Last(id("last_day")));
    assert_eq!(total("price"), Total::Ratio(id("revenue"), id("quantity")));
    assert_eq!((total("tariff"), total("margin"), total("product")), (Total::None, Total::None, Total::None));
    for (measures, says) in [
        ("stock = { kind = \"quantity\", total = { last = \"code\" } }", "kind date"),
        ("margin = { kind = \"percent\", total = \"sum\" }", "only money, quantities and counts"),
        ("margin = { kind = \"percent\", total = { ratio = [\"revenue\", \"product\"] } }", "can be added up"),
        ("margin = { kind = \"percent\", total = { ratio = [\"revenue\", \"nothing\"] } }", "no column or measure"),
    ] {
        let problem = total_of(measures).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
    }
}

#[test]
fn a_key_is_one_column_or_several_and_never_the_currency() {
    let with = |key: &str| read_with(&TOML.replacen("key = \"product_id\"", &format!("key = {key}"), 1), ROWS);
    assert_eq!(with("[\"document_id\", \"line_no\"]").unwrap().key, ["document_id", "line_no"]);
    for (key, says) in [
        ("[]", "names no column"),
        ("[\"product_id\", \"currency_id\"]", "leave it out of key"),
        ("\"product_id) OR (1\"", "cannot name a column"),
    ] {
        let problem = with(key).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
    }
}

#[test]
fn a_choice_is_of_a_reference_a_text_or_a_number() {
    use crate::report::filter::{choice::Of, kind::Kind};
    let of = |word: &str| {
        let toml = TOML.replacen("options = \"groups.sql\"", &format!("options = \"groups.sql\"\n{word}"), 1);
        read_with(&toml, ROWS).map(|report| match &report.filters[1].kind {
            Kind::Choice(choice) => choice.of,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(of("").unwrap(), Of::Reference);
    assert_eq!(of("of = \"text\"").unwrap(), Of::Text);
    assert_eq!(of("of = \"number\"").unwrap(), Of::Number);
    assert!(of("of = \"date\"").unwrap_err().problem.contains("reference, text or number"));
}

#[test]
fn a_link_names_a_column_and_what_stands_in_its_row() {
    let with = |link: &str| read_with(&format!("{TOML}\n[[link]]\n{link}"), ROWS);
    let fine =
        with("column = \"product\"\nreport = \"documents\"\nset = { product = \"product_id\", article = \"article\" }");
    let links = fine.unwrap().links;
    assert_eq!((links[0].column, links[0].set.len()), (0, 2));
    for (link, says) in [
        ("column = \"produce\"\nreport = \"documents\"\nset = {}", "is no column"),
        ("column = \"product\"\nreport = \"documents\"\nset = { product = \"produce\" }", "no column or measure"),
    ] {
        let problem = with(link).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
    }
}
