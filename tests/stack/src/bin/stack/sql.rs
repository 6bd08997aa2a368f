//! `./dev sql`: ClickHouse or PostgreSQL of the running stack, at a prompt or through a pipe.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use stack::parts::Parts;

use crate::place::{self, Variables};

#[derive(Debug, clap::Args)]
pub struct Options {
    #[arg(value_enum, default_value_t = Store::Clickhouse)]
    store: Store,
    /// The ClickHouse user: audit_ro reads everything, portal_ro what reports may read, migrator changes the schema.
    #[arg(long, default_value = "audit_ro")]
    user: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Store {
    Clickhouse,
    Postgres,
}

pub async fn run(options: Options) -> Result<ExitCode> {
    let variables = place::of_running_stack()?;
    match options.store {
        Store::Postgres => psql(&variables),
        Store::Clickhouse => clickhouse(&variables, &options.user).await,
    }
}

/// Becomes psql.
fn psql(variables: &Variables) -> Result<ExitCode> {
    let program = Parts::locate().postgres("psql");
    let error = Command::new(&program).arg(value(variables, "DATABASE_URL")?).exec();
    bail!("{} does not start: {error}", program.display())
}

async fn clickhouse(variables: &Variables, user: &str) -> Result<ExitCode> {
    let password = value(variables, &format!("CLICKHOUSE_{}_PASSWORD", user.to_uppercase()))
        .with_context(|| format!("The password of the ClickHouse user {user} is not known here"))?;
    let asker = Asker {
        http: stack::http()?,
        url: value(variables, "CLICKHOUSE_URL")?.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
    };
    let input = std::io::stdin();
    if !input.is_terminal() {
        let mut text = String::new();
        input.lock().read_to_string(&mut text)?;
        for statement in statements(&text) {
            match asker.ask(&statement).await? {
                Ok(answer) => print!("{answer}"),
                Err(refusal) => bail!("{refusal}"),
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("ClickHouse as {user}. A statement ends with a semicolon; Ctrl-D leaves.");
    let mut typed = String::new();
    loop {
        eprint!("{}", if typed.is_empty() { "> " } else { "… " });
        std::io::stderr().flush()?;
        if input.lock().read_line(&mut typed)? == 0 {
            eprintln!();
            return Ok(ExitCode::SUCCESS);
        }
        if typed.trim().is_empty() {
            typed.clear();
        } else if typed.trim_end().ends_with(';') {
            for statement in statements(&std::mem::take(&mut typed)) {
                match asker.ask(&statement).await? {
                    Ok(answer) => print!("{answer}"),
                    Err(refusal) => eprintln!("{refusal}"),
                }
            }
        }
    }
}

struct Asker {
    http: reqwest::Client,
    url: String,
    user: String,
    password: String,
}

impl Asker {
    /// What ClickHouse answers, or why it refuses.
    async fn ask(&self, statement: &str) -> Result<Result<String, String>> {
        let format = if std::io::stdout().is_terminal() { "PrettyCompact" } else { "TSV" };
        let request = self
            .http
            .post(&self.url)
            .query(&[("wait_end_of_query", "1")])
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .header("X-ClickHouse-Format", format)
            .timeout(std::time::Duration::from_secs(600))
            .body(statement.to_owned());
        let answer = request.send().await.context("ask ClickHouse")?;
        let succeeded = answer.status().is_success();
        let text = answer.text().await.context("read ClickHouse's answer")?;
        Ok(if succeeded { Ok(text) } else { Err(text.trim().to_owned()) })
    }
}

/// Statements parted by semicolons outside of quotes and comments.
fn statements(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut statement = String::new();
    let mut inside: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (inside, character) {
            (None, ';') => all.push(std::mem::take(&mut statement)),
            (None, '-') if characters.peek() == Some(&'-') => {
                for skipped in characters.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
                statement.push('\n');
            }
            (None, '\'' | '"' | '`') => {
                inside = Some(character);
                statement.push(character);
            }
            (Some(_), '\\') => {
                statement.push(character);
                statement.extend(characters.next());
            }
            (Some(quote), _) if quote == character => {
                inside = None;
                statement.push(character);
            }
            _ => statement.push(character),
        }
    }
    all.push(statement);
    all.into_iter().map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

fn value<'a>(variables: &'a Variables, name: &str) -> Result<&'a str> {
    let found = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    found.with_context(|| format!("{name} is not among the variables of the running stack."))
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn a_semicolon_in_a_text_or_a_comment_ends_no_statement() {
        let text = "SELECT ';', 'it\\'s;' -- not; here\nFROM `a;b`; SELECT 2;\n";
        assert_eq!(statements(text), ["SELECT ';', 'it\\'s;' \nFROM `a;b`", "SELECT 2"]);
    }
}
