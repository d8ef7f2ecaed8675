//! The sentences in `pages/locales`, one Fluent bundle for each language.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use super::files::Files;
use crate::domain::language::Language;

/// Every sentence in every language.
pub(super) struct Translations(Vec<(Language, FluentBundle<FluentResource>)>);

impl Translations {
    /// Reads `locales/<code>/*.ftl`; a key that one language lacks is a problem, like a sentence that does not parse.
    pub(super) fn read(files: &Files) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut bundles = Vec::new();
        let mut keys: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for language in Language::ALL {
            let (bundle, found) = read_language(language, files, &mut problems);
            keys.insert(language.code(), found);
            bundles.push((language, bundle));
        }
        let all: BTreeSet<&String> = keys.values().flatten().collect();
        for (code, found) in &keys {
            for key in all.iter().filter(|key| !found.contains(**key)) {
                problems.push(format!("locales/{code}: the key `{key}` is missing"));
            }
        }
        (Self(bundles), problems)
    }

    /// The sentence of this key, with its variables put in.
    pub(super) fn format(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Result<String, String> {
        let code = language.code();
        let bundle = self.0.iter().find(|(spoken, _)| *spoken == language).map(|(_, bundle)| bundle);
        let pattern = bundle
            .and_then(|bundle| bundle.get_message(key))
            .and_then(|message| message.value())
            .ok_or_else(|| format!("no sentence `{key}` in `{code}`"))?;
        let mut errors = Vec::new();
        let text = bundle.map(|bundle| bundle.format_pattern(pattern, Some(args), &mut errors).into_owned());
        match (text, errors.first()) {
            (Some(text), None) => Ok(text),
            (_, error) => Err(format!("the sentence `{key}` in `{code}`: {error:?}")),
        }
    }
}

/// What stands around the name of a sentence in its place.
pub(super) const NAMED: (&str, &str) = ("\u{27e6}", "\u{27e7}");

/// The same files with the name of each sentence in its place, and its variables behind: some are sentences themselves.
pub(super) fn named(files: &Files) -> Files {
    let (open, close) = NAMED;
    let mut named = files.clone();
    for (_, content) in named.iter_mut().filter(|(path, _)| is_of_sentences(path)) {
        let text = String::from_utf8_lossy(content);
        let mut sentences = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(key) = message_key(line) {
                sentences.extend(["\n", key, " = ", open, key, close]);
            }
            for variable in line.split('$').skip(1) {
                let end = variable.find(|sign: char| !sign.is_ascii_alphanumeric() && !matches!(sign, '-' | '_'));
                sentences.extend(["{ $", end.map_or(variable, |end| &variable[..end]), " }"]);
            }
        }
        *content = Cow::Owned(sentences.into_bytes());
    }
    named
}

/// The file of each sentence, below its language's folder.
pub(super) fn homes(files: &Files) -> BTreeMap<String, String> {
    let mut homes = BTreeMap::new();
    for (path, content) in files.iter().filter(|(path, _)| is_of_sentences(path)) {
        let file = path.rsplit('/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(content);
        homes.extend(text.lines().filter_map(message_key).map(|key| (key.to_owned(), file.to_owned())));
    }
    homes
}

fn is_of_sentences(path: &str) -> bool {
    path.starts_with("locales/") && path.strip_suffix(".ftl").is_some()
}

fn read_language(
    language: Language,
    files: &Files,
    problems: &mut Vec<String>,
) -> (FluentBundle<FluentResource>, BTreeSet<String>) {
    let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // The isolation marks would stand in addresses that people copy.
    bundle.set_use_isolating(false);
    if language == Language::Fr {
        bundle.set_transform(Some(french_spaces));
    }
    let mut keys = BTreeSet::new();
    let folder = format!("locales/{}/", language.code());
    for (path, content) in
        files.iter().filter(|(path, _)| path.strip_prefix(&folder).and_then(|name| name.strip_suffix(".ftl")).is_some())
    {
        let Ok(text) = std::str::from_utf8(content) else {
            problems.push(format!("{path}: not UTF-8"));
            continue;
        };
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, errors)| {
            problems.extend(errors.iter().map(|error| {
                let line = text.get(..error.pos.start).unwrap_or_default().lines().count();
                format!("{path}:{line}: {error}")
            }));
            resource
        });
        keys.extend(text.lines().filter_map(message_key).map(str::to_owned));
        if let Err(errors) = bundle.add_resource(resource) {
            problems.extend(errors.iter().map(|error| format!("{path}: {error}")));
        }
    }
    (bundle, keys)
}

/// A message begins at the start of a line; everything that belongs to it is indented (Fluent's own rule).
fn message_key(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim_end();
    let known = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    (key.starts_with(|first: char| first.is_ascii_alphabetic()) && key.chars().all(known)).then_some(key)
}

/// French sets no-break spaces inside guillemets and before high punctuation; files are written with ordinary ones.
pub(super) fn french_spaces(text: &str) -> Cow<'_, str> {
    const RULES: [(&str, &str); 6] = [
        (" :", "\u{a0}:"),
        (" ;", "\u{202f};"),
        (" !", "\u{202f}!"),
        (" ?", "\u{202f}?"),
        ("« ", "«\u{a0}"),
        (" »", "\u{a0}»"),
    ];
    if !RULES.iter().any(|(plain, _)| text.contains(plain)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(RULES.iter().fold(text.to_owned(), |text, (plain, set)| text.replace(plain, set)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(french: &'static str, english: &'static str) -> Files {
        [("locales/fr/a.ftl", french), ("locales/en/a.ftl", english)]
            .into_iter()
            .map(|(path, text)| (path.to_owned(), Cow::Borrowed(text.as_bytes())))
            .collect()
    }

    #[test]
    fn a_key_that_one_language_lacks_is_a_problem() {
        let (_, problems) = Translations::read(&files("hello = Bonjour\nbye = Adieu", "hello = Hello"));
        assert_eq!(problems, ["locales/en: the key `bye` is missing"]);
    }

    #[test]
    fn a_sentence_that_does_not_parse_is_told_with_its_line() {
        let (_, problems) = Translations::read(&files("hello = Bonjour\nbye = { $", "hello = Hello\nbye = Bye"));
        assert!(problems.iter().any(|problem| problem.starts_with("locales/fr/a.ftl:2: ")), "{problems:?}");
    }

    #[test]
    fn french_gets_its_no_break_spaces_and_variables_are_left_alone() {
        let (translations, problems) = Translations::read(&files("a = « { $x } » : oui ?", "a = { $x }: yes?"));
        assert_eq!(problems, Vec::<String>::new());
        let mut args = FluentArgs::new();
        args.set("x", "b ?");
        let text = translations.format(Language::Fr, "a", &args).unwrap();
        assert_eq!(text, "«\u{a0}b ?\u{a0}»\u{a0}: oui\u{202f}?");
    }

    #[test]
    fn a_missing_variable_or_key_is_an_error() {
        let (translations, _) = Translations::read(&files("a = { $x }", "a = { $x }"));
        assert!(translations.format(Language::Fr, "a", &FluentArgs::new()).is_err());
        assert!(translations.format(Language::Fr, "b", &FluentArgs::new()).is_err());
    }
}
