//! The views of a dataset: what they must say, so that no report reads past them.

use super::definition::TextFile;

/// What every report's view is run as.
const DEFINER: &str = "DEFINER = owner SQL SECURITY DEFINER";

/// What a view demands, unless it holds nothing of any dealer.
const DEALERS: &str = "dealer_id IN {dealers:Array(UUID)}";

/// A sentence, if the file makes no view, or one that would show the rows of any dealer. `open` are views that hold nothing of a
/// dealer.
pub fn problem(view: &TextFile, open: &[String]) -> Option<String> {
    let statement = without_comments(&view.text);
    let words: Vec<&str> = statement.split_whitespace().collect();
    let name = match words.as_slice() {
        ["CREATE", "OR", "REPLACE", "VIEW", name, ..] => *name,
        _ => return Some("begins otherwise than CREATE OR REPLACE VIEW: one view a file.".to_owned()),
    };
    if statement.trim_end().trim_end_matches(';').contains(';') {
        return Some("has more than one statement: one view a file.".to_owned());
    }
    let joined = words.join(" ");
    match name.split_once('.') {
        Some(("dw", _)) if joined.contains("SQL SECURITY INVOKER") => None,
        Some(("dw", _)) => Some("is read by other views only: give it SQL SECURITY INVOKER.".to_owned()),
        Some(("report", _)) if !joined.contains(DEFINER) => Some(format!("is read by reports: give it {DEFINER}.")),
        Some(("report", name)) if !joined.contains(DEALERS) && !open.iter().any(|open| open == name) => Some(format!(
            "demands no dealers: narrow it by {DEALERS}, or name {name} among the open_views if it holds nothing of any dealer."
        )),
        Some(("report", _)) => None,
        _ => Some(format!("makes {name}: a view is of report or dw.")),
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(before, _)| before));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_would_show_the_rows_of_any_dealer_is_refused() {
        let said =
            |text: &str| problem(&TextFile { path: String::new(), text: text.to_owned() }, &["stock".to_owned()]);
        let closed = format!("-- What?\nCREATE OR REPLACE VIEW report.sale {DEFINER} AS SELECT 1 WHERE {DEALERS}");
        assert_eq!(said(&closed), None);
        assert_eq!(said(&format!("CREATE OR REPLACE VIEW report.stock {DEFINER} AS\nSELECT 1")), None);
        assert_eq!(said("CREATE OR REPLACE VIEW dw.tree SQL SECURITY INVOKER AS SELECT 1"), None);
        for (text, problem) in [
            (format!("CREATE OR REPLACE VIEW report.sale {DEFINER} AS SELECT 1 -- {DEALERS}"), "demands no dealers"),
            (closed.replace(DEFINER, "SQL SECURITY INVOKER"), "is read by reports"),
            (closed.replace("report.sale", "system.sale"), "a view is of report or dw"),
            (closed.replace("OR REPLACE ", ""), "begins otherwise"),
            (format!("{closed}; DROP TABLE dw.sale"), "more than one statement"),
            ("CREATE OR REPLACE VIEW dw.tree AS SELECT 1".to_owned(), "SQL SECURITY INVOKER"),
        ] {
            assert!(said(&text).is_some_and(|said| said.contains(problem)), "{text}: {:?}", said(&text));
        }
    }
}
