//! What people read, from `assets/locales/` (Fluent), one bundle per language, compiled in; in development files of
//! `PORTAL_ASSETS_DIR` stand in their place.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

use crate::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A file's path below `assets/`, and what it says.
type Source = (&'static str, &'static str);

macro_rules! sources {
    ($language:literal) => {
        &[
            sources!($language, "shell"),
            sources!($language, "errors"),
            sources!($language, "reports"),
            sources!($language, "home"),
            sources!($language, "api"),
            sources!($language, "exports"),
            sources!($language, "operations"),
            sources!($language, "deliveries"),
            sources!($language, "mail"),
        ]
    };
    ($language:literal, $name:literal) => {
        (
            concat!("locales/", $language, "/", $name, ".ftl"),
            include_str!(concat!("../../../assets/locales/", $language, "/", $name, ".ftl")),
        )
    };
}

const RU: &[Source] = sources!("ru");
const EN: &[Source] = sources!("en");

/// Would the files of this folder do in place of the compiled ones? If not, the sentence names the file and the mend.
pub fn check(folder: &Path) -> Result<(), String> {
    for (path, compiled) in RU.iter().chain(EN) {
        let Some(source) = crate::assets::read_text(Some(folder), path) else { continue };
        if let Err((_, errors)) = FluentResource::try_new(source.clone()) {
            let Some(error) = errors.first() else { continue };
            let line = source.get(..error.pos.start).unwrap_or_default().lines().count().max(1);
            return Err(format!("{path}, line {line}: {error}. Mend it there."));
        }
        let defined: HashSet<&str> = message_names(&source).collect();
        if let Some(missing) = message_names(compiled).find(|name| !defined.contains(name)) {
            return Err(format!("{path} has no text {missing}, which the portal asks for. Add it there."));
        }
    }
    Ok(())
}

/// The texts of one language. Copy it freely: it is a reference.
#[derive(Clone, Copy)]
pub struct Text(&'static Texts);

struct Texts {
    language: Language,
    /// Messages without variables, formatted once.
    plain: HashMap<String, String>,
    bundle: FluentBundle<FluentResource>,
}

static TEXTS: LazyLock<[Texts; 2]> = LazyLock::new(|| [Texts::read(Language::Ru, RU), Texts::read(Language::En, EN)]);

impl Text {
    pub fn of(language: Language) -> Self {
        let [ru, en] = &*TEXTS;
        Self(match language {
            Language::Ru => ru,
            Language::En => en,
        })
    }

    pub fn language(self) -> Language {
        self.0.language
    }

    /// A message without variables. An unknown name is shown as it is: a test looks for those.
    pub fn get(self, name: &'static str) -> &'static str {
        self.0.plain.get(name).map_or(name, String::as_str)
    }

    /// A message with variables, such as `$count`; plural forms follow the language.
    pub fn with(self, name: &'static str, variables: &[(&'static str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.0.bundle.get_message(name).and_then(|message| message.value()) else {
            return name.to_owned();
        };
        let mut args = FluentArgs::with_capacity(variables.len());
        for (variable, value) in variables {
            args.set(*variable, value.clone());
        }
        self.0.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

impl Texts {
    fn read(language: Language, sources: &[Source]) -> Self {
        let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // Marks around variables would stand in titles, files and attributes too.
        bundle.set_use_isolating(false);
        let mut names = Vec::new();
        for (path, compiled) in sources {
            let source = crate::assets::read_text(crate::assets::folder(), path);
            let source = source.unwrap_or_else(|| (*compiled).to_owned());
            names.extend(message_names(&source).map(str::to_owned));
            // What does not parse is left out here and found by the test below.
            let resource = FluentResource::try_new(source).unwrap_or_else(|(readable, _)| readable);
            bundle.add_resource_overriding(resource);
        }
        let mut plain = HashMap::new();
        for name in names {
            let Some(pattern) = bundle.get_message(&name).and_then(|message| message.value()) else { continue };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
            if errors.is_empty() {
                plain.insert(name, text);
            }
        }
        Self { language, plain, bundle }
    }
}

/// The names that a source defines: what stands before `=` at the start of a line.
fn message_names(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase())).filter_map(|line| {
        let (name, _) = line.split_once('=')?;
        Some(name.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::{EN, RU, Source, Text, Texts, check, message_names};
    use crate::language::Language;
    use fluent_bundle::FluentResource;
    use std::collections::BTreeSet;

    #[test]
    fn both_languages_are_complete_and_parse() {
        for (_, source) in RU.iter().chain(EN) {
            FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| errors).unwrap();
        }
        let names =
            |sources: &[Source]| -> BTreeSet<&str> { sources.iter().flat_map(|(_, s)| message_names(s)).collect() };
        assert_eq!(names(RU), names(EN));
        let count = RU.iter().map(|(_, source)| message_names(source).count()).sum::<usize>();
        assert_eq!(count, names(RU).len(), "a name is defined twice");
        Texts::read(Language::Ru, RU);
    }

    #[test]
    fn a_broken_file_of_the_folder_is_named_with_its_line_and_one_that_lacks_a_text_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("locales/ru")).unwrap();
        assert_eq!(check(folder.path()), Ok(()));
        let (path, compiled) = RU[1];
        std::fs::write(folder.path().join(path), compiled).unwrap();
        assert_eq!(check(folder.path()), Ok(()));
        std::fs::write(folder.path().join(path), format!("{compiled}\nbroken = {{ $a")).unwrap();
        let told = check(folder.path()).unwrap_err();
        let line = compiled.lines().count() + 1;
        assert!(told.starts_with("locales/ru/errors.ftl, line ") && !told.contains("line 1:"), "{told} ({line})");
        std::fs::write(folder.path().join(path), compiled.replacen("error-not-found =", "error-found =", 1)).unwrap();
        assert!(check(folder.path()).unwrap_err().contains("has no text error-not-found"));
    }

    #[test]
    fn plural_forms_follow_the_language() {
        let (ru, en) = (Text::of(Language::Ru), Text::of(Language::En));
        for (seconds, in_russian, in_english) in
            [(1, "1 секунду", "1 second."), (3, "3 секунды", "3 seconds."), (5, "5 секунд.", "5 seconds.")]
        {
            let variables = [("seconds", seconds.into())];
            assert!(ru.with("error-too-many-text", &variables).contains(in_russian));
            assert!(en.with("error-too-many-text", &variables).contains(in_english));
        }
    }

    /// Every name that the sources ask for exists.
    #[test]
    fn every_text_in_use_is_defined() {
        let known: BTreeSet<&str> = RU.iter().flat_map(|(_, source)| message_names(source)).collect();
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut folders = vec![root.join("shared/src"), root.join("portal/src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    for asked in ["text.get(\"", "text.with(\"", "text.with(\n"] {
                        for rest in source.split(asked).skip(1) {
                            let name = rest.trim_start_matches([' ', '"']).split('"').next().unwrap();
                            assert!(known.contains(name), "{} asks for {name}", path.display());
                        }
                    }
                }
            }
        }
    }
}
