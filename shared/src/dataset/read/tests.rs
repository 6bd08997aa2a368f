use super::*;

const ORDERS: &str = r#"title = { ru = "Заявки", en = "Requests" }
kind = "document"
key = "request_id"
place = { dealer = "dealer_id", dated = "asked_at", day = "asked_on" }
total = "amount"
change = "window"
window_days = 30
cron = "0 * * * * *"
nightly = "0 0 2 * * *"

[fields]
dealer_id = { kind = "reference", required = true }
asked_at = { kind = "moment", required = true }
currency_id = "reference"

[lines]
quantity = { kind = "quantity", required = true }
amount = { kind = "money", currency = "currency_id" }
"#;

fn read_as(name: &str, text: &str) -> Result<Definition, Problem> {
    let files = ["dataset.toml", "ut11.toml", "request.sql"].map(str::to_owned);
    let file = |file: &str| {
        match file {
        "dataset.toml" => Some(text.to_owned()),
        "ut11.toml" => Some("entity = \"Document_Заявка\"".to_owned()),
        "request.sql" => Some(
            "CREATE OR REPLACE VIEW report.request DEFINER = owner SQL SECURITY DEFINER AS SELECT 1 WHERE dealer_id IN {dealers:Array(UUID)}"
                .to_owned(),
        ),
        _ => None,
    }
    };
    read(&format!("datasets/{name}"), &files, file, |_| None)
}

#[test]
fn a_folder_gives_fields_in_their_order_mappings_and_views() {
    let read = read_as("requests", ORDERS).unwrap();
    let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>().join(",");
    assert_eq!(
        (names(&read.fields), names(&read.lines)),
        ("dealer_id,asked_at,currency_id".into(), "quantity,amount".into())
    );
    assert_eq!((read.table.as_str(), read.topic().as_str(), read.partitions), ("requests", "requests.v1", 1));
    assert_eq!(read.place, Some(Place { dealer: 0, dated: 1, day: "asked_on".to_owned() }));
    assert_eq!((read.total, read.change), (Some(1), Change::Window { days: 30 }));
    assert_eq!(read.mappings.keys().collect::<Vec<_>>(), ["ut11"]);
    assert_eq!(read.views.len(), 1);
}

#[test]
fn a_folder_that_is_no_dataset_is_refused_with_file_line_and_mend() {
    for (was, is, line, says) in [
        ("kind = \"document\"\n", "", 1, "kind is missing"),
        ("kind = \"document\"", "kind = \"journal\"", 2, "unknown variant `journal`"),
        ("kind = \"document\"", "kind = \"register\"", 3, "a register or a virtual table has no key: remove it"),
        ("key = \"request_id\"\n", "", 1, "key is missing"),
        ("key = \"request_id\"", "key = \"Ключ\"", 3, "cannot name a key"),
        ("dealer = \"dealer_id\"", "dealer = \"currency_id\"", 4, "is no required reference"),
        ("dated = \"asked_at\"", "dated = \"dealer_id\"", 4, "is no required day or moment"),
        (", day = \"asked_on\"", "", 4, "day is missing"),
        ("total = \"amount\"", "total = \"sum\"", 5, "is no field of it"),
        ("change = \"window\"", "change = \"scan\"", 6, "a document by window"),
        ("window_days = 30", "window_days = 0", 7, "1 to 3660 days"),
        ("nightly = \"0 0 2 * * *\"\n", "", 1, "nightly is missing"),
        ("currency_id = \"reference\"", "currency_id = \"guid\"", 14, "unknown variant `guid`"),
        ("currency_id = \"reference\"", "version = \"reference\"", 14, "is a column of every table"),
        ("currency = \"currency_id\"", "currency = \"rouble\"", 18, "could name a currency"),
        (", currency = \"currency_id\"", "", 18, "names its currency"),
        ("quantity = {", "dealer_id = {", 17, "is a field of the document, too"),
        ("kind = \"quantity\", required", "kind = \"quantity\", demanded", 17, "unknown field `demanded`"),
        ("cron", "crone", 8, "unknown field `crone`"),
        ("cron = \"0 * * * * *\"", "cron = \"0 * * * * *\"\nlike = \"sales\"", 9, "no kind, table, key"),
    ] {
        assert!(ORDERS.contains(was), "{was}");
        let problem = read_as("requests", &ORDERS.replacen(was, is, 1)).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
        assert_eq!((problem.file.as_str(), problem.line), ("datasets/requests/dataset.toml", line), "{problem}");
    }
    for name in ["Requests", "requests-full", "requests_full", "audit"] {
        assert!(read_as(name, ORDERS).is_err(), "{name}");
    }
}
