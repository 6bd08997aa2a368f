//! What a letter says, once as HTML for mail programs (styles in place, nothing fetched) and once as plain text: the same words.

use maud::{DOCTYPE, Markup, html};
use shared::report::definition::{Column, Definition, Source};
use shared::report::kind::Kind;
use shared::report::table::Line;
use shared::report::write::Contents;
use shared::words::{Text, format};

/// Names of rows, or of a total's columns, with their figures.
pub type Figures = Vec<(String, String)>;

/// The words of a letter, in order.
pub struct Body<'a> {
    pub text: Text,
    pub title: &'a str,
    /// Above all else: what a threshold says, or why there is no file.
    pub lead: Option<String>,
    /// Title, dealer, filters, age, number of rows.
    pub facts: Figures,
    /// Each under its words.
    pub tables: Vec<(String, Figures)>,
    /// Where the view opens, and where its file waits.
    pub view: &'a str,
    pub file: Option<&'a str>,
    pub unsubscribe: &'a str,
}

impl Body<'_> {
    pub fn html(&self) -> Markup {
        let text = self.text;
        let rows = |figures: &Figures, align: &str| {
            html! {
                table cellpadding="0" cellspacing="0" style="border-collapse:collapse;margin:4px 0 16px" {
                    @for (name, value) in figures {
                        tr {
                            td style="padding:3px 16px 3px 0;color:#5d574e;vertical-align:top" { (name) }
                            td style={ "padding:3px 0;text-align:" (align) } { (value) }
                        }
                    }
                }
            }
        };
        html! {
            (DOCTYPE)
            html lang=(text.language().code()) {
                head { meta charset="utf-8"; title { (self.title) } }
                body style="margin:0;padding:20px;color:#1d1b18;font:15px/1.45 'Segoe UI',Roboto,Arial,sans-serif" {
                    h1 style="margin:0 0 12px;font-size:22px" { (self.title) }
                    @if let Some(lead) = &self.lead { p style="margin:0 0 12px;font-weight:600" { (lead) } }
                    (rows(&self.facts, "left"))
                    @for (words, figures) in &self.tables {
                        h2 style="margin:0;font-size:15px" { (words) }
                        (rows(figures, "right"))
                    }
                    @if let Some(file) = self.file { p { a href=(file) style="color:#0b5f5a" { (text.get("mail-download")) } } }
                    p { a href=(self.view) style="color:#0b5f5a" { (text.get("mail-open")) } }
                    p style="margin-top:24px;color:#6b6459;font-size:13px" {
                        (text.get("mail-why")) " "
                        a href=(self.unsubscribe) style="color:#6b6459" { (text.get("mail-unsubscribe")) }
                    }
                }
            }
        }
    }

    pub fn plain(&self) -> String {
        let mut lines = vec![self.title.to_owned(), String::new()];
        if let Some(lead) = &self.lead {
            lines.extend([lead.clone(), String::new()]);
        }
        let listed =
            |figures: &Figures| figures.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>();
        lines.extend(listed(&self.facts));
        for (words, figures) in &self.tables {
            lines.extend([String::new(), words.clone()]);
            lines.extend(listed(figures));
        }
        let mut link = |words: &'static str, address: &str| {
            lines.extend([String::new(), format!("{}:", self.text.get(words)), address.to_owned()])
        };
        if let Some(file) = self.file {
            link("mail-download", file);
        }
        link("mail-open", self.view);
        lines.extend([String::new(), "-- ".to_owned(), self.text.get("mail-why").to_owned()]);
        lines.extend([format!("{}: {}", self.text.get("mail-unsubscribe"), self.unsubscribe), String::new()]);
        // What stands in a name breaks no line.
        lines.iter().map(|line| line.replace(['\r', '\n'], " ")).collect::<Vec<_>>().join("\r\n")
    }
}

/// The facts that a file tells, as it tells them.
pub fn facts(contents: &Contents) -> Figures {
    contents.facts.iter().map(|fact| (fact.name.clone(), fact.value.clone())).collect()
}

/// Each total under its words.
pub fn totals(text: Text, contents: &Contents) -> Vec<(String, Figures)> {
    let report = &contents.report;
    let summed = |total: &Line| {
        let each = report.columns.iter().enumerate().filter(|(_, column)| is_summed(column));
        each.filter_map(|(index, column)| {
            let value = figure(text, (report, &contents.totals), total, index)?;
            Some((column.title.get(text.language()).to_owned(), value))
        })
        .collect::<Figures>()
    };
    contents.total_labels.iter().cloned().zip(contents.totals.iter().map(summed)).collect()
}

/// The share of a total is all of it.
fn is_summed(column: &Column) -> bool {
    column.kind.is_number() && matches!(column.source, Source::Field(_) | Source::ChangeOf(_))
}

/// A figure of a line, with the unit of money; none where it is unknown.
pub fn figure(text: Text, (report, totals): (&Definition, &[Line]), line: &Line, index: usize) -> Option<String> {
    let column = &report.columns[index];
    let cell = line.shown(report, totals, index);
    if cell.is_unknown() {
        return None;
    }
    Some(match (column.source, column.kind) {
        (Source::ChangeOf(_), _) => format::change(text.language(), cell.to_f64()).0,
        (_, Kind::Money) => format::money(text.language(), &line.currency, &cell),
        (_, kind) => format::value(text.language(), kind, &cell),
    })
}

#[cfg(test)]
mod tests {
    use super::Body;
    use shared::language::Language;
    use shared::words::Text;

    #[test]
    fn what_1c_and_people_call_things_is_text_in_both_forms() {
        let body = Body {
            text: Text::of(Language::Ru),
            title: "<script>alert(1)</script>",
            lead: None,
            facts: vec![("Дилер".to_owned(), "ООО <b>\r\nмногострочное".to_owned())],
            tables: Vec::new(),
            view: "https://portal.example/reports/sales?a=1&b=2",
            file: None,
            unsubscribe: "https://portal.example/unsubscribe/x",
        };
        let html = body.html().into_string();
        assert!(!html.contains("<script>") && !html.contains("<b>") && html.contains("a=1&amp;b=2"), "{html}");
        let plain = body.plain();
        assert!(plain.contains("Дилер: ООО <b>  многострочное\r\n") && plain.contains("a=1&b=2\r\n"), "{plain}");
    }
}
