//! The way from a report to the form that has its view sent by mail.

/// `query`: the filter as it stands in an address, without the question mark.
pub fn path(report: &str, query: &str) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("report", report);
    if !query.is_empty() {
        pairs.append_pair("query", query);
    }
    format!("/deliveries/new?{}", pairs.finish())
}
