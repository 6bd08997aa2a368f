use super::{Catalogue, Definition, Problem, Role, read};

const ROWS: &str = include_str!("../../../../assets/reports/sales/rows.sql");

/// Sales with other rows.
fn read_with(rows: &str) -> Result<Definition, Problem> {
    read_with_file("rows.sql", rows)
}

/// Sales with another file of this name.
fn read_with_file(file: &str, text: &str) -> Result<Definition, Problem> {
    let open = ["currency", "group_tree"].map(str::to_owned);
    read("reports/sales", &open, |name| if name == file { Some(text.to_owned()) } else { compiled_in(name) })
}

fn compiled_in(name: &str) -> Option<String> {
    super::COMPILED_IN.get_file(format!("sales/{name}"))?.contents_utf8().map(str::to_owned)
}

fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).unwrap()].matches('\n').count() + 1
}

#[test]
fn what_is_compiled_in_is_well_defined() {
    assert!(Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap().get("sales").is_some());
}

#[test]
fn a_report_is_not_called_as_an_address_of_the_api_is() {
    for name in super::RESERVED {
        let told = read(&format!("/site/{name}"), &["currency", "group_tree"].map(str::to_owned), compiled_in);
        assert_eq!(
            told.unwrap_err().to_string(),
            format!(
                "/site/{name}/report.toml:1: {name:?} cannot name a report, for an address is called so: rename the folder."
            )
        );
    }
}

#[test]
fn files_of_a_folder_of_assets_stand_in_place_of_compiled_ones_each_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let sales = folder.path().join("reports/sales");
    std::fs::create_dir_all(&sales).unwrap();
    let compiled = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
    let definition = super::COMPILED_IN.get_file("sales/report.toml").unwrap().contents_utf8().unwrap();
    std::fs::write(sales.join("report.toml"), definition.replacen("ru = \"", "ru = \"Новые ", 1)).unwrap();
    let over =
        Catalogue::read_over(&crate::dataset::Catalogue::compiled_in().unwrap(), Some(folder.path()), None).unwrap();
    let title = |catalogue: &Catalogue| catalogue.get("sales").unwrap().title.ru.clone();
    assert_eq!(title(&over), format!("Новые {}", title(&compiled)));
    std::fs::write(sales.join("report.toml"), "title =").unwrap();
    let problem = Catalogue::read_over(&crate::dataset::Catalogue::compiled_in().unwrap(), Some(folder.path()), None)
        .unwrap_err()
        .to_string();
    assert!(problem.contains("reports/sales/report.toml"), "{problem}");
}

#[test]
fn sql_that_reads_past_the_scope_is_refused() {
    for (was, becomes, says) in [
        ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "dw.sale AS s FINAL", "report.*"),
        ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "report.sale(dealers = ['x']) AS s", "dealers ="),
        ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "url('http://x') AS s", "report.*"),
        ("empty({search:Array(String)})", "empty({serch:Array(String)})", "no parameter serch"),
        ("WHERE (sold_on", "PREWHERE (sold_on", "PREWHERE"),
        ("GROUP BY product_id", "SETTINGS final = 0 GROUP BY product_id", "SETTINGS"),
    ] {
        assert!(ROWS.contains(was), "{was}");
        let problem = read_with(&ROWS.replacen(was, becomes, 1)).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
        assert_eq!((problem.file.as_str(), problem.line), ("reports/sales/rows.sql", line_of(ROWS, was)), "{problem}");
    }
}

#[test]
fn sums_of_the_short_way_are_made_of_columns() {
    let quick = compiled_in("quick.toml").unwrap();
    let sums = "list_price = [\"revenue\", \"discount\"]";
    assert!(quick.contains(sums), "{quick}");
    for (becomes, says) in [
        ("list_price = [\"revenue\", \"discont\"]", "\"discont\" is no number"),
        ("list_price = [\"product\"]", "\"product\" is no number"),
        ("list_price = [\"revenue\", \"list_price\"]", "made of columns"),
        ("revenue = [\"revenue_net\"]", "made of columns"),
    ] {
        let problem = read_with_file("quick.toml", &quick.replace(sums, becomes)).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
    }
}

#[test]
fn a_missing_overlay_names_its_variable() {
    let problem = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), Some("/nowhere/at/all".as_ref()))
        .unwrap_err();
    assert!(problem.to_string().contains("PORTAL_REPORTS_DIR"), "{problem}");
}

#[test]
fn days_compared_are_the_engines_unless_the_rows_say_which_days_they_belong_to() {
    let rows = |columns: &str| {
        let source = "report.sale(dealers = {dealers:Array(UUID)})";
        read_with(&format!("SELECT {columns} FROM {source} WHERE sold_on = {{first_day_before:Date32}}"))
    };
    let problem = rows("product_id").unwrap_err();
    assert!(problem.problem.contains("no parameter first_day_before"), "{problem}");
    assert!(rows("product_id, sold_on < today() AS is_before").is_ok());
}

/// A site's folder with these reports, each a name and the text of its `report.toml`.
fn site(reports: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, toml) in reports {
        let own = folder.path().join(name);
        std::fs::create_dir_all(&own).unwrap();
        for file in super::COMPILED_IN.get_dir("sales").unwrap().files() {
            std::fs::write(own.join(file.path().file_name().unwrap()), file.contents()).unwrap();
        }
        std::fs::write(own.join("report.toml"), toml).unwrap();
    }
    folder
}

fn sales_toml() -> &'static str {
    super::COMPILED_IN.get_file("sales/report.toml").unwrap().contents_utf8().unwrap()
}

#[test]
fn a_report_is_open_to_its_roles_and_to_all_where_it_names_none() {
    let staff = sales_toml().replacen("compare = ", "roles = [\"manager\", \"admin\"]\ncompare = ", 1);
    let folder = site(&[("staff", staff)]);
    let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), Some(folder.path())).unwrap();
    let open = |role| catalogue.open_to(role).map(|report| report.name.as_str()).collect::<Vec<_>>();
    assert_eq!(open(Role::Dealer), ["sales"]);
    assert_eq!((open(Role::Manager), open(Role::Admin)), (vec!["sales", "staff"], vec!["sales", "staff"]));
}

#[test]
fn a_link_leads_to_a_report_of_the_catalogue_and_a_filter_of_it() {
    let link = |report: &str, filter: &str| {
        let link =
            format!("\n[[link]]\ncolumn = \"product\"\nreport = \"{report}\"\nset = {{ {filter} = \"product_id\" }}\n");
        let folder = site(&[("turnover", format!("{}{link}", sales_toml()))]);
        Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), Some(folder.path()))
    };
    assert!(link("sales", "group").is_ok());
    for (report, filter, says) in [
        ("nowhere", "group", "no report \"nowhere\""),
        ("sales", "product", "no filter"),
        ("sales", "period", "no filter"),
    ] {
        let problem = link(report, filter).unwrap_err();
        assert!(problem.problem.contains(says), "{problem}");
        assert!(problem.line > 100, "{problem}");
    }
}

#[test]
fn a_dataset_of_a_site_may_name_views_that_hold_nothing_of_any_dealer() {
    let folder = site(&[("sales", sales_toml().to_owned())]);
    let rows = ROWS.replacen("report.group_tree", "report.price_kind", 1);
    std::fs::write(folder.path().join("sales/rows.sql"), rows).unwrap();
    let compiled_in = crate::dataset::Catalogue::compiled_in().unwrap();
    let problem = Catalogue::read(&compiled_in, Some(folder.path())).unwrap_err();
    assert!(problem.problem.contains("give the dealers"), "{problem}");
    let datasets = tempfile::tempdir().unwrap();
    let kinds = "title = { ru = \"Виды\", en = \"Kinds\" }\nkind = \"catalog\"\nkey = \"kind_id\"\nchange = \"scan\"\n\
        cron = \"0 */5 * * * *\"\nopen_views = [\"price_kind\"]\n[fields]\nname = \"text\"\n";
    std::fs::write(datasets.path().join("kinds.dataset.toml"), kinds).unwrap();
    let datasets = crate::dataset::Catalogue::read(Some(datasets.path())).unwrap();
    Catalogue::read(&datasets, Some(folder.path())).unwrap();
}

#[test]
fn a_report_that_rests_on_a_dataset_that_is_none_is_refused() {
    let folder = site(&[("sales", sales_toml().replacen("\"returns\"", "\"refunds\"", 1))]);
    let compiled_in = crate::dataset::Catalogue::compiled_in().unwrap();
    let problem = Catalogue::read(&compiled_in, Some(folder.path())).unwrap_err();
    assert!(problem.problem.contains("datasets names \"refunds\""), "{problem}");
}
