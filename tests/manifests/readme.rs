//! The tables of manifests/README.md: people read them, and the rules hold the manifests to them.

use stack::parts;

/// The rows of the table under `## heading`, without its head.
pub fn table(heading: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(parts::workspace().join("manifests/README.md")).expect("manifests/README.md");
    let rows = rows(&text, heading);
    assert!(!rows.is_empty(), "manifests/README.md has no table under \"{heading}\"");
    rows
}

fn rows(text: &str, heading: &str) -> Vec<Vec<String>> {
    let section = text.lines().skip_while(|line| *line != format!("## {heading}")).skip(1);
    let table = section.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with('|'));
    table
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

#[test]
fn a_table_is_found_under_its_heading() {
    let text =
        "## One\n| a |\n| --- |\n| no |\n## Two\nWords.\n\n| a | b |\n| --- | --- |\n| `x` | y, z |\n\n## Three\n";
    assert_eq!(rows(text, "Two"), [["x", "y, z"]]);
}
