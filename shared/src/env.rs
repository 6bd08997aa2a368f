//! Environment variables, or an error that names the one to mend. Nothing else in the product reads the environment.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

/// A variable that is missing or does not fit. The text is one sentence that names the variable and the mend.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}")]
pub struct EnvError {
    name: String,
    problem: String,
}

impl EnvError {
    pub fn new(name: &str, problem: impl Display) -> Self {
        Self { name: name.to_owned(), problem: problem.to_string() }
    }
}

/// The variable's text, if it is set to more than white space.
pub fn optional(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the environment")]
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

pub fn required(name: &str) -> Result<String, EnvError> {
    optional(name).ok_or_else(|| EnvError::new(name, "is not set: give it a value and start again."))
}

pub fn or(name: &str, default: &str) -> String {
    optional(name).unwrap_or_else(|| default.to_owned())
}

/// The variable parsed, or `default` where it is not set.
pub fn parsed<T>(name: &str, default: T) -> Result<T, EnvError>
where
    T: FromStr,
    T::Err: Display,
{
    match optional(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|cause| EnvError::new(name, format!("is {text:?}, which does not fit: {cause}.")))
        }
    }
}

/// A secret from `NAME`, or from the file that `NAME_FILE` names (as Kubernetes mounts it). Its value is never shown.
pub fn secret(name: &str) -> Result<SecretString, EnvError> {
    optional_secret(name)?
        .ok_or_else(|| EnvError::new(name, format!("is not set: give {name} or {name}_FILE a value.")))
}

/// The same where none is an answer too.
pub fn optional_secret(name: &str) -> Result<Option<SecretString>, EnvError> {
    if let Some(value) = optional(name) {
        return Ok(Some(SecretString::from(value)));
    }
    let file_variable = format!("{name}_FILE");
    let Some(path) = optional(&file_variable) else { return Ok(None) };
    let text = std::fs::read_to_string(&path)
        .map_err(|cause| EnvError::new(&file_variable, format!("names {path}, which cannot be read: {cause}.")))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(EnvError::new(&file_variable, format!("names {path}, which is empty."))),
        secret => Ok(Some(SecretString::from(secret.to_owned()))),
    }
}

/// The same as `http_url` where none is an answer too.
pub fn optional_http_url(name: &str) -> Result<Option<String>, EnvError> {
    optional(name).map(|_| http_url(name)).transpose()
}

/// A folder, which must be there: one that is not would quietly be read as empty.
pub fn optional_folder(name: &str) -> Result<Option<PathBuf>, EnvError> {
    match optional(name).map(PathBuf::from) {
        Some(folder) if !folder.is_dir() => {
            Err(EnvError::new(name, format!("is {}, which is no folder.", folder.display())))
        }
        folder => Ok(folder),
    }
}

/// An http or https address without a trailing slash.
pub fn http_url(name: &str) -> Result<String, EnvError> {
    let text = required(name)?;
    match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        // What stands before an @ may be a password.
        _ if text.contains('@') => Err(EnvError::new(name, "is no http or https address.")),
        _ => Err(EnvError::new(name, format!("is {text:?}, which is no http or https address."))),
    }
}
