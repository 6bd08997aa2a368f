//! What a query reads from: views of `report` with their dealers, views that hold nothing of any dealer, and names that
//! it gave to queries of its own at its head. Nothing else, wherever ClickHouse would read a table.

use super::tokens::{Token, What};

/// Functions that take a keyword FROM between their arguments.
const WITH_FROM: [&str; 3] = ["extract", "substring", "trim"];
/// Functions that read a table, a file or another server by a text, or only waste time.
const READING: [&str; 6] = ["joinget", "joingetornull", "file", "catboostevaluate", "sleep", "sleepeachrow"];
/// Databases that no report names.
const FOREIGN: [&str; 4] = ["dw", "system", "information_schema", "default"];
/// Words behind which `array JOIN` would be a name and a join.
const BEFORE_A_NAME: [&str; 20] = [
    "as", "using", "on", "and", "or", "not", "in", "like", "between", "by", "then", "when", "else", "case", "is",
    "select", "where", "having", "distinct", "with",
];
/// Words that end the sources of a query.
const ENDS: [&str; 10] =
    ["WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "WINDOW", "QUALIFY"];

/// Line and sentence of what may not be read.
pub type Refusal = (usize, String);

/// `is_open` tells a view that holds nothing of any dealer.
pub fn check(tokens: &[Token<'_>], is_open: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
    if !tokens.first().is_some_and(|first| first.is_word("SELECT") || first.is_word("WITH")) {
        return Err((1, "a query begins with SELECT or WITH.".to_owned()));
    }
    let mut reader = Reader { tokens, is_open, levels: vec![Level::default()], named: Vec::new() };
    for (index, token) in tokens.iter().enumerate() {
        reader.token(index).map_err(|problem| (token.line, problem))?;
    }
    match reader.levels.len() {
        1 => Ok(()),
        _ => Err((tokens.last().map_or(1, |last| last.line), "a bracket is not closed.".to_owned())),
    }
}

/// One open bracket, or the query itself.
#[derive(Default)]
struct Level<'a> {
    /// Its brackets hold the arguments of a function that takes a FROM.
    may_hold_from: bool,
    /// That FROM has come.
    holds_from: bool,
    is_query: bool,
    /// Behind FROM, where a comma would join tables.
    is_in_sources: bool,
    /// Behind WITH, before SELECT.
    is_in_with: bool,
    /// The name that the query in these brackets gets.
    name: Option<&'a str>,
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    is_open: &'t dyn Fn(&str) -> bool,
    levels: Vec<Level<'a>>,
    /// Names of queries that have ended: a query may read those before it.
    named: Vec<&'a str>,
}

impl<'a> Reader<'_, 'a> {
    fn what(&self, index: usize) -> Option<What<'a>> {
        self.tokens.get(index).map(|token| token.what)
    }

    /// The word there, or nothing.
    fn word(&self, index: Option<usize>) -> &'a str {
        match index.and_then(|index| self.what(index)) {
            Some(What::Word(word)) => word,
            _ => "",
        }
    }

    fn is_symbol(&self, index: usize, symbol: char) -> bool {
        self.what(index) == Some(What::Symbol(symbol))
    }

    fn level(&mut self) -> &mut Level<'a> {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn token(&mut self, index: usize) -> Result<(), String> {
        match self.tokens[index].what {
            What::Symbol('(' | '[') => self.open(index),
            What::Symbol(')' | ']') => {
                if self.levels.len() < 2 {
                    return Err("a bracket closes that was not opened.".to_owned());
                }
                let name = self.levels.pop().and_then(|level| level.name);
                self.named.extend(name);
                Ok(())
            }
            What::Symbol(',') if self.levels.last().is_some_and(|level| level.is_in_sources) => {
                Err("a comma joins tables here: write JOIN.".to_owned())
            }
            What::Word(word) => self.a_word(index, word),
            _ => Ok(()),
        }
    }

    /// Brackets, and whether they hold a query with a name.
    fn open(&mut self, index: usize) -> Result<(), String> {
        let before = index.checked_sub(1);
        let function = self.word(before).to_ascii_lowercase();
        let is_as = function == "as";
        let mut level = Level { may_hold_from: WITH_FROM.contains(&function.as_str()), ..Level::default() };
        let next = self.word(Some(index + 1)).to_ascii_uppercase();
        if ["EXPLAIN", "DESCRIBE", "DESC", "SHOW"].contains(&next.as_str()) {
            return Err(format!("{next} does not belong into a report: leave it out."));
        }
        if is_as && self.levels.last().is_some_and(|level| level.is_in_with) {
            let name = self.word(index.checked_sub(2));
            let comes_first = index
                .checked_sub(3)
                .is_some_and(|index| self.tokens[index].is_word("WITH") || self.tokens[index].is_symbol(','));
            if comes_first && !name.is_empty() && ["SELECT", "WITH"].contains(&next.as_str()) {
                if self.levels.len() > 1 {
                    return Err(format!("name the query {name} at the head of the file, not in brackets."));
                }
                if self.named.contains(&name) {
                    return Err(format!("two queries are named {name}: rename one."));
                }
                level.name = Some(name);
            }
        }
        self.levels.push(level);
        Ok(())
    }

    fn a_word(&mut self, index: usize, word: &'a str) -> Result<(), String> {
        if self.is_symbol(index + 1, '.') {
            self.qualified(index, word)?;
        }
        if self.is_symbol(index + 1, '(') {
            let function = word.to_ascii_lowercase();
            if function.starts_with("dict") || READING.contains(&function.as_str()) {
                return Err(format!("{word} reads past the dealers: leave it out."));
            }
        }
        match word.to_ascii_uppercase().as_str() {
            "SELECT" => self.select(),
            "WITH" => {
                // Also WITH TIES, WITH FILL, WITH TOTALS, behind which no SELECT follows.
                self.level().is_in_with = true;
                Ok(())
            }
            "RECURSIVE" if self.word(index.checked_sub(1)).eq_ignore_ascii_case("WITH") => {
                Err("a query that names itself is not read here.".to_owned())
            }
            "FROM" => self.from(index),
            "JOIN" => self.join(index),
            "ARRAY" if self.word(Some(index + 1)).eq_ignore_ascii_case("JOIN") => {
                let before = self.word(index.checked_sub(1)).to_ascii_lowercase();
                let is_named = index > 0
                    && (BEFORE_A_NAME.contains(&before.as_str())
                        || matches!(self.what(index - 1), Some(What::Symbol(symbol)) if symbol != ')' && symbol != ']'));
                if is_named { Err("nothing may be named array: take another word.".to_owned()) } else { Ok(()) }
            }
            "IN" => self.within(index),
            end if ENDS.contains(&end) => {
                self.level().is_in_sources = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `name.` is a source's own column, or a view behind FROM and JOIN.
    fn qualified(&self, index: usize, word: &str) -> Result<(), String> {
        let before = self.word(index.checked_sub(1));
        let is_source = before.eq_ignore_ascii_case("FROM") || before.eq_ignore_ascii_case("JOIN");
        let word = word.to_ascii_lowercase();
        if FOREIGN.contains(&word.as_str()) {
            return Err("reports read views of report.* only: name one after FROM.".to_owned());
        }
        if word == "report" && !is_source {
            return Err("views of report are read after FROM or JOIN only.".to_owned());
        }
        Ok(())
    }

    fn select(&mut self) -> Result<(), String> {
        let level = self.level();
        if level.holds_from {
            return Err("a query among the arguments of a function needs brackets of its own.".to_owned());
        }
        level.is_query = true;
        level.is_in_sources = false;
        level.is_in_with = false;
        Ok(())
    }

    fn from(&mut self, index: usize) -> Result<(), String> {
        let is_first = index.checked_sub(1).is_none_or(|index| self.is_symbol(index, '('));
        let level = self.level();
        if level.may_hold_from && !level.is_query && !is_first {
            level.holds_from = true;
            return Ok(());
        }
        level.is_in_sources = true;
        self.source(index + 1)
    }

    fn join(&mut self, index: usize) -> Result<(), String> {
        if self.word(index.checked_sub(1)).eq_ignore_ascii_case("ARRAY") {
            // Arrays follow, and a comma between two of them joins nothing.
            self.level().is_in_sources = false;
            return Ok(());
        }
        self.level().is_in_sources = true;
        self.source(index + 1)
    }

    /// What follows FROM or JOIN.
    fn source(&self, index: usize) -> Result<(), String> {
        if self.is_symbol(index, '(') {
            return self.brackets(index + 1);
        }
        let word = self.word(Some(index));
        let is_bare = !self.is_symbol(index + 1, '.') && !self.is_symbol(index + 1, '(');
        if is_bare && self.named.contains(&word) {
            return Ok(());
        }
        if word != "report" || !self.is_symbol(index + 1, '.') {
            return Err("reports read views of report.* only: name one after FROM.".to_owned());
        }
        let view = self.word(Some(index + 2));
        if !self.is_symbol(index + 3, '(') {
            let open = (self.is_open)(view).then_some(());
            return open.ok_or_else(|| missing_dealers(view));
        }
        self.parameters(index + 4, view)
    }

    /// Brackets behind FROM hold a query, not a table's name in brackets.
    fn brackets(&self, mut index: usize) -> Result<(), String> {
        while self.is_symbol(index, '(') {
            index += 1;
        }
        let word = self.word(Some(index)).to_ascii_uppercase();
        if word == "SELECT" || word == "WITH" {
            return Ok(());
        }
        Err("brackets behind FROM or JOIN hold a query: write SELECT in them.".to_owned())
    }

    /// `dealers = {dealers:Array(UUID)}` once, and further parameters with a parameter of ours or a plain value.
    fn parameters(&self, mut index: usize, view: &str) -> Result<(), String> {
        let mut names: Vec<&str> = Vec::new();
        loop {
            let name = self.word(Some(index));
            let value = self.what(index + 2);
            let of_dealers = matches!(value, Some(What::Parameter { name, .. }) if name == "dealers");
            let is_plain = match value {
                Some(What::Parameter { .. } | What::Literal) => true,
                Some(What::Word(word)) => word.bytes().all(|byte| byte.is_ascii_digit()),
                _ => false,
            };
            if name.is_empty() || !self.is_symbol(index + 1, '=') || !is_plain || (name == "dealers") != of_dealers {
                return Err(missing_dealers(view));
            }
            if names.contains(&name) {
                return Err(format!("{name} is given twice to report.{view}: leave one out."));
            }
            names.push(name);
            match self.what(index + 3) {
                Some(What::Symbol(',')) => index += 4,
                Some(What::Symbol(')')) => break,
                _ => return Err(missing_dealers(view)),
            }
        }
        if names.contains(&"dealers") || (self.is_open)(view) { Ok(()) } else { Err(missing_dealers(view)) }
    }

    /// Behind IN a table's name would be read as a table.
    fn within(&self, index: usize) -> Result<(), String> {
        let refused = || Err("write IN (SELECT … FROM …), or a list.".to_owned());
        match self.what(index + 1) {
            Some(What::Literal | What::Parameter { .. } | What::Symbol('[')) => Ok(()),
            Some(What::Symbol('(')) => {
                let mut inside = index + 1;
                while self.is_symbol(inside, '(') {
                    inside += 1;
                }
                let word = self.word(Some(inside));
                let is_name = word.starts_with(|first: char| !first.is_ascii_digit());
                if is_name && self.is_symbol(inside + 1, ')') && !self.named.contains(&word) {
                    return refused();
                }
                Ok(())
            }
            Some(What::Word(word)) => {
                let is_bare = !self.is_symbol(index + 2, '.') && !self.is_symbol(index + 2, '(');
                if is_bare && self.named.contains(&word) { Ok(()) } else { refused() }
            }
            _ => refused(),
        }
    }
}

fn missing_dealers(view: &str) -> String {
    format!(
        "give the dealers: write report.{view}(dealers = {{dealers:Array(UUID)}}), behind a comma further parameters \
         with a parameter or a value each."
    )
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::check;

    fn checked(sql: &str) -> Result<(), String> {
        let found = tokens(sql).map_err(|(_, problem)| problem)?;
        check(&found, &|view| view == "group_tree").map_err(|(_, problem)| problem)
    }

    const SALE: &str = "report.sale(dealers = {dealers:Array(UUID)})";

    #[test]
    fn what_reports_need_is_read() {
        for sql in [
            "SELECT a FROM SALE AS s WHERE a IN (SELECT group_id FROM report.group_tree)",
            "SELECT a FROM report.stock(dealers = {dealers:Array(UUID)}, as_of = {as_of:Date32}, kind = 'retail', n = 3)",
            "SELECT a FROM report.stock(as_of = {as_of:Date32}, dealers = {dealers:Array(UUID)})",
            "WITH x AS (SELECT a, b FROM SALE), y AS (SELECT a FROM x) SELECT x.a FROM x JOIN y ON x.a = y.a WHERE a IN y",
            "WITH x AS (SELECT a FROM SALE) SELECT a FROM (SELECT a FROM x) UNION ALL SELECT a FROM x",
            "WITH (SELECT max(a) FROM SALE) AS most, a + 1 AS next SELECT a, most, next FROM SALE",
            "SELECT a, m FROM SALE ARRAY JOIN [1, 2] AS m, [3, 4] AS n WHERE a > 1",
            "SELECT a FROM SALE AS s LEFT ARRAY JOIN s.parts AS part LEFT ANY JOIN SALE AS t ON t.a = s.a",
            "SELECT extract(YEAR FROM sold_on), substring(name FROM 2 FOR 3), trim(BOTH ' ' FROM name) FROM SALE",
            "SELECT a FROM SALE WHERE a IN (1, 2) AND b IN {search:Array(String)} AND c NOT IN ('x') AND d IN ['y']",
            "SELECT a FROM SALE ORDER BY a LIMIT 1 BY b, c",
            "SELECT a FROM (SELECT a FROM SALE EXCEPT SELECT a, b FROM SALE)",
            "SELECT sum(a) OVER w FROM SALE WINDOW w AS (PARTITION BY b, c ORDER BY d)",
        ] {
            let sql = sql.replace("SALE", SALE);
            assert_eq!(checked(&sql), Ok(()), "{sql}");
        }
    }

    /// Each of these would read past the dealers, had the second lock not stood behind this one.
    #[test]
    fn every_way_around_the_dealers_is_refused() {
        let ways = [
            // Plain, and where one does not look.
            "SELECT a FROM dw.sale",
            "SELECT a FROM sale",
            "SELECT a FROM system.tables",
            "SELECT a FROM report.sale",
            "SELECT a FROM report.sale()",
            "SELECT a FROM report.sale(dealers = ['x'])",
            "SELECT a FROM report.sale(dealers = {search:Array(String)})",
            "SELECT a FROM report.sale(as_of = {dealers:Array(UUID)})",
            "SELECT a FROM report.sale(dealers = {dealers:Array(UUID)}, dealers = {dealers:Array(UUID)})",
            "SELECT a FROM report.sale(dealers = {dealers:Array(UUID)}, as_of = (SELECT max(d) FROM dw.sale))",
            "SELECT a FROM report.sale(dealers = {dealers:Array(UUID)}, as_of = today())",
            "SELECT a FROM SALE UNION ALL SELECT a FROM dw.sale",
            "SELECT a FROM SALE WHERE a IN (SELECT a FROM dw.sale)",
            "SELECT (SELECT max(a) FROM dw.sale) FROM SALE",
            // A table that is joined without JOIN, also behind ON and USING.
            "SELECT a FROM SALE AS s, sale",
            "SELECT a FROM SALE AS s JOIN SALE AS t ON s.a = t.a, sale",
            "SELECT a FROM SALE AS s JOIN SALE AS t USING a, sale",
            "SELECT a FROM SALE AS s CROSS JOIN sale",
            // ARRAY JOIN that is none.
            "SELECT a FROM SALE AS array JOIN sale ON 1",
            "SELECT a FROM SALE AS s JOIN SALE AS t USING array JOIN sale ON 1",
            "SELECT a FROM SALE AS s JOIN SALE AS t ON s.a = t.array JOIN sale ON 1",
            "SELECT a FROM SALE ARRAY JOIN [1] AS m JOIN sale ON 1",
            "SELECT a FROM SALE ARRAY JOIN [1] AS m JOIN dw.sale ON 1",
            // FROM among arguments that is none.
            "SELECT extract(SELECT a FROM dw.sale) FROM SALE",
            "SELECT extract(YEAR FROM dw.sale SELECT a) FROM SALE",
            "SELECT extract(FROM sale SELECT a) FROM SALE",
            "SELECT extract(YEAR FROM (SELECT max(d) FROM sale)) FROM SALE",
            "SELECT trim(BOTH ' ' FROM (SELECT max(d) FROM dw.sale)) FROM SALE",
            "SELECT max(YEAR FROM sale) FROM SALE",
            // Names: before they are given, beyond their brackets, given twice, given to no query, given to a table.
            "WITH y AS (SELECT a FROM x), x AS (SELECT a FROM SALE) SELECT a FROM y",
            "WITH x AS (SELECT a FROM x) SELECT a FROM x",
            "WITH RECURSIVE x AS (SELECT a FROM SALE) SELECT a FROM x",
            "WITH x AS (SELECT a FROM SALE), x AS (SELECT b FROM SALE) SELECT a FROM x",
            "WITH (SELECT max(a) FROM SALE) AS x SELECT a FROM x",
            "WITH a AS x SELECT a FROM x",
            "WITH x AS (a) SELECT a FROM x",
            "WITH x AS (SELECT a FROM SALE) SELECT a FROM x.y",
            "WITH x AS (SELECT a FROM SALE) SELECT a FROM x('y')",
            "SELECT a FROM (WITH x AS (SELECT a FROM SALE) SELECT a FROM x)",
            "SELECT a FROM (WITH x AS (SELECT a FROM dw.sale) SELECT a FROM x)",
            "SELECT a, x AS (SELECT 1) FROM x",
            // Tables where a list is read.
            "SELECT a FROM SALE WHERE a IN dw.sale",
            "SELECT a FROM SALE WHERE a IN sale",
            "SELECT a FROM SALE WHERE a IN (sale)",
            "SELECT a FROM SALE WHERE a GLOBAL NOT IN ((sale))",
            "SELECT a FROM SALE WHERE a IN remote('127.0.0.1', 'dw', 'sale')",
            "SELECT a FROM SALE WHERE a IN (dw.sale)",
            // Table functions, dictionaries, files.
            "SELECT a FROM url('http://x', 'CSV')",
            "SELECT a FROM numbers(10)",
            "SELECT a FROM merge('dw', 'sale')",
            "SELECT a FROM SALE JOIN view(SELECT a FROM dw.sale) ON 1",
            "SELECT dictGet('dw.product', 'name', a) FROM SALE",
            "SELECT joinGet('dw.x', 'name', a) FROM SALE",
            "SELECT file('/etc/passwd') FROM SALE",
            // Brackets.
            "SELECT a FROM (sale)",
            "SELECT a FROM ((sale))",
            "SELECT a FROM (FROM sale SELECT a)",
            "SELECT a FROM (SHOW TABLES)",
            "SELECT a FROM (EXPLAIN SELECT a FROM SALE)",
            "SELECT (a FROM SALE",
            "SELECT a) FROM SALE",
            "SELECT 1) AS r UNION ALL SELECT * FROM (SELECT 1",
            // No query.
            "DESCRIBE TABLE dw.sale",
            "",
        ];
        let open: Vec<&str> = ways.into_iter().filter(|way| checked(&way.replace("SALE", SALE)).is_ok()).collect();
        assert_eq!(open, Vec::<&str>::new());
    }
}
