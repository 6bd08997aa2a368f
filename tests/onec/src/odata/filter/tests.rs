use super::*;
use crate::{
    base::{Base, Place, Set},
    generate::{self, Plan},
    odata::error::Refusal,
    schema::Schema,
};

fn base() -> Base {
    generate::base(&Plan {
        dealers: 4,
        products: 100,
        lines: 2_000,
        years: 2,
        seed: 3,
        canaries: false,
        junk_dates: false,
        now: Moment::of(2026, 3, 5).at(14 * 3600),
    })
}

const SALES: &str = "Document_РеализацияТоваровУслуг";

fn bound(set: &str, text: &str) -> Result<Bound, Refusal> {
    let schema = Schema::ut11();
    bind(&parse(text)?, &schema, schema.named(set).expect("a set of UT 11"))
}

fn matches(base: &Base, set: &str, text: &str) -> usize {
    let filter = bound(set, text).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"));
    let kind = Set::named(set);
    let rows = base.slots(kind).iter().filter_map(|slot| base.row(kind, Place { slot: *slot, line: 1 }));
    rows.filter(|row| holds(&filter, base, *row)).count()
}

fn refused(set: &str, text: &str) -> (u16, i32) {
    let refusal = bound(set, text).expect_err(text);
    (refusal.status, refusal.code)
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_both() {
    let tree = parse("a eq 1 or b eq 2 and not c eq 3").expect("a filter");
    let Node::Binary(Operator::Or, _, right) = tree else { panic!("or is not outermost") };
    let Node::Binary(Operator::And, _, right) = *right else { panic!("and is not inside or") };
    assert!(matches!(*right, Node::Not(_)));
}

#[test]
fn literals_of_every_type_are_read() {
    for (text, literal) in [
        ("1.5", Literal::Number(1.5)),
        ("12L", Literal::Number(12.0)),
        ("true", Literal::Bool(true)),
        ("null", Literal::Null),
        ("'О''Генри'", Literal::Text("О'Генри".into())),
        ("datetime'2024-03-05T11:42:10'", Literal::Date(Moment::of(2024, 3, 5).at(42_130))),
        ("guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'", Literal::Guid(generate::dealer_reference(1))),
    ] {
        assert_eq!(parse(text).expect(text), Node::Literal(literal), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_400() {
    for text in
        ["", "a eq", "(a eq 1", "a eq 1)", "a eq 'x", "a ! 1", "datetime'вчера' eq Date", "guid'1' eq b", "/a eq 1"]
    {
        assert_eq!(parse(text).expect_err(text).status, 400, "{text}");
    }
    assert_eq!(parse(&"(".repeat(5_000)).expect_err("deep nesting").status, 400);
}

#[test]
fn a_dealer_is_found_by_its_key_and_by_its_name() {
    let base = base();
    let by_key = matches(&base, SALES, "Партнер_Key eq guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'");
    let by_name = matches(&base, SALES, "Партнер/Description eq 'Волга-Тепло'");
    assert!(by_key > 10);
    assert_eq!(by_key, by_name);
    let all = base.documents.len();
    assert_eq!(matches(&base, SALES, "not (Партнер/Description eq 'Волга-Тепло')"), all - by_key);
}

#[test]
fn comparing_references_by_order_breaks_the_application() {
    assert_eq!(refused(SALES, "Ref_Key gt guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'"), (500, -1));
    assert_eq!(refused(SALES, "Партнер_Key le guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'"), (500, -1));
}

#[test]
fn an_unknown_property_is_400_with_code_10() {
    assert_eq!(refused(SALES, "Партнёр_Key eq null"), (400, 10));
    assert_eq!(refused("AccumulationRegister_ТоварыНаСкладах", "Period ge datetime'2024-01-01T00:00:00'"), (400, 10));
}

#[test]
fn a_record_set_path_without_any_breaks_the_application() {
    let register = "AccumulationRegister_ТоварыНаСкладах";
    assert_eq!(refused(register, "RecordSet/Period ge datetime'2024-01-01T00:00:00'"), (500, -1));
    assert_eq!(refused(register, "Recorder eq guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'"), (500, -1));
    assert_eq!(refused(SALES, "Товары/Цена gt 100"), (500, -1));
    let by_text = bound(register, "Recorder eq '5b0d6f0e-d0d0-11ee-8a01-000000000001'");
    assert!(matches!(by_text, Ok(Bound::Constant(false))));
    assert!(
        bound(register, "RecordSet/any(r: r/Period ge datetime'2024-01-01T00:00:00' and r/Active eq true)").is_ok()
    );
}

#[test]
fn a_composite_field_never_equals_a_bare_guid_and_says_nothing() {
    let base = base();
    assert_eq!(matches(&base, SALES, "ЗаказКлиента eq guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'"), 0);
    let ordered: Vec<_> = base.documents.rows().filter(|sale| !sale.order.is_nil()).collect();
    let (first, count) = (ordered[0].order, ordered.len());
    let cast = |of: &str| format!("ЗаказКлиента eq cast(guid'{first}','{of}')");
    assert_eq!(matches(&base, SALES, &format!("ЗаказКлиента eq guid'{first}'")), 0);
    assert_eq!(matches(&base, SALES, &cast("Document_ЗаказКлиента")), 1);
    assert_eq!(matches(&base, SALES, &cast("StandardODATA.Document_ЗаказКлиента")), 1);
    assert_eq!(matches(&base, SALES, &cast("Catalog_Партнеры")), 0);
    assert_eq!(matches(&base, SALES, "isof(ЗаказКлиента,'Document_ЗаказКлиента')"), count);
    assert_eq!(matches(&base, SALES, "isof(ЗаказКлиента,'Catalog_Партнеры')"), 0);
}

#[test]
fn lines_are_asked_for_through_any_and_all() {
    let base = base();
    let dear = |text: &str| matches(&base, SALES, text);
    let some = dear("Товары/any(d: d/Цена gt 20000)");
    let every = dear("Товары/all(d: d/Цена gt 20000)");
    assert!(some > every && every > 0, "{some} {every}");
    assert_eq!(dear("Товары/any()"), base.documents.len());
    assert_eq!(dear("СкидкиНаценки/any()"), 0);
    assert!(dear("Товары/any(d: d/Цена gt 20000 and Posted eq false)") < some);
}

#[test]
fn functions_of_the_guide_work_and_the_others_are_refused() {
    let base = base();
    let products = |text: &str| matches(&base, "Catalog_Номенклатура", text);
    let pumps = products("startswith(Description,'Насос') and IsFolder eq false");
    assert!(pumps > 0);
    assert_eq!(pumps, products("like(Description,'Насос%') and IsFolder eq false"));
    assert!(products("substringof('отёл',Description)") > 0);
    assert!(products("endswith(Code,'7')") > 0);
    let sales = |text: &str| matches(&base, SALES, text);
    assert_eq!(sales("year(Date) eq 2026") + sales("year(Date) lt 2026"), base.documents.len());
    assert_eq!(sales("СуммаДокумента add 1 gt СуммаДокумента"), base.documents.len());
    assert_eq!(sales("-СуммаДокумента lt 0"), base.documents.len());
    assert_eq!(refused(SALES, "length(Number) eq 11"), (400, 21));
    assert_eq!(refused(SALES, "выдумка(Number) eq 11"), (400, 11));
}

#[test]
fn values_of_different_types_do_not_compare() {
    assert_eq!(refused(SALES, "Date eq '2024-01-01'"), (500, -1));
    assert_eq!(refused(SALES, "Number eq 5"), (500, -1));
}

#[test]
fn padding_does_not_count_in_a_comparison() {
    let base = base();
    assert_eq!(matches(&base, "Catalog_Номенклатура", "Code eq '00007'"), 1);
}

#[test]
fn a_window_of_dates_and_named_references_are_seen_in_a_filter() {
    let filter = bound(
        SALES,
        "Date ge datetime'2024-03-01T00:00:00' and Date lt datetime'2024-04-01T00:00:00' and Posted eq true",
    );
    let filter = filter.expect("a filter");
    assert_eq!(filter.dates(), (Some(Moment::of(2024, 3, 1)), Some(Moment::of(2024, 4, 1))));
    assert!(!filter.is_only_dates());
    let (a, b) = (generate::dealer_reference(1), generate::dealer_reference(2));
    let named =
        bound(SALES, &format!("(Ref_Key eq guid'{a}' or Ref_Key eq guid'{b}') and Posted eq true")).expect("a filter");
    assert_eq!(named.references(), Some(vec![a, b]));
    let either = bound(SALES, &format!("Ref_Key eq guid'{a}' or Posted eq true")).expect("a filter");
    assert_eq!(either.references(), None);
}
