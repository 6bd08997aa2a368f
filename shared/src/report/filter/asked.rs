//! The pairs of a query string, as somebody asks.

pub struct Asked<'a>(pub &'a [(String, String)]);

impl<'a> Asked<'a> {
    /// A value without the white space around it; an empty one is none.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// A name that stands twice, among those that count.
    pub fn doubled(&self, is_known: impl Fn(&str) -> bool) -> impl Iterator<Item = &'a str> {
        let pairs = self.0;
        pairs.iter().enumerate().filter_map(move |(index, (name, _))| {
            (is_known(name) && pairs[..index].iter().any(|(other, _)| other == name)).then_some(name.as_str())
        })
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}
