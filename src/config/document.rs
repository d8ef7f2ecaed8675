//! One file as written: its tables with their lines, checked against the table of keys.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::de::value::{Error as NoChoice, StrDeserializer};
use toml::de::{DeTable, DeValue};

use super::keys::{Fallback, Key, Kind};
use super::origins::Source;
use super::problems::{Problem, Severity, Wrong};
use super::sources::Sources;

/// Where problems are gathered while files are read, and which files and folders those are.
#[derive(Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    files: RefCell<Vec<PathBuf>>,
    /// What was read.
    pub(super) sources: RefCell<Sources>,
    /// What is read in place of the files.
    pub(super) in_force: Option<Sources>,
}

impl Notes {
    /// For a reading of these texts in place of the files.
    pub(super) fn of(in_force: Sources) -> Self {
        Self { in_force: Some(in_force), ..Self::default() }
    }

    pub(super) fn add(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Notes that what was read depends on this file, or on everything in this folder.
    pub(super) fn depends_on(&self, file: &Path) {
        let mut files = self.files.borrow_mut();
        if !files.iter().any(|known| file.starts_with(known)) {
            files.push(file.to_owned());
        }
    }

    /// The problems, the files and folders that were looked at, and the texts that were found.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<PathBuf>, Sources) {
        (self.problems.into_inner(), self.files.into_inner(), self.sources.into_inner())
    }
}

/// A file that could be parsed.
pub(super) struct Document<'a> {
    pub(super) file: &'a Path,
    text: &'a str,
    table: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Parses a file; None when it is not TOML, and then every syntax error has been noted.
    pub(super) fn parse(file: &'a Path, text: &'a str, notes: &Notes) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let document = Self { file, text, table: table.into_inner() };
        for error in &errors {
            notes.add(Problem {
                severity: Severity::Error,
                file: file.to_owned(),
                line: error.span().map(|span| document.line(&span)),
                key: String::new(),
                message: format!("not TOML: {}", error.message()),
                hint: None,
            });
        }
        errors.is_empty().then_some(document)
    }

    /// What can be made out of a file, whatever is wrong in it, and whether it is whole.
    pub(super) fn made_out(file: &'a Path, text: &'a str) -> (Self, bool) {
        let (table, errors) = DeTable::parse_recoverable(text);
        (Self { file, text, table: table.into_inner() }, errors.is_empty())
    }

    /// The whole file as a section with these keys.
    pub(super) fn root<'s>(&'s self, keys: &'static [Key], notes: &'s Notes) -> Section<'s> {
        Section { document: self, notes, keys, table: Some(&self.table), path: String::new(), line: None }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        1 + self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
    }
}

/// A table of a file, or the empty one in its place where it is not written.
///
/// Getters that take a parser note what is wrong; the others rely on the table of keys, against which the file was
/// checked: where they give None, the problem has been told.
#[derive(Clone)]
pub(super) struct Section<'s> {
    pub(super) document: &'s Document<'s>,
    pub(super) notes: &'s Notes,
    pub(super) keys: &'static [Key],
    pub(super) table: Option<&'s DeTable<'s>>,
    pub(super) path: String,
    pub(super) line: Option<usize>,
}

impl<'s> Section<'s> {
    /// Whether the key is written.
    pub(super) fn has(&self, name: &str) -> bool {
        self.written(name).is_some()
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        Some(self.value(name)?.as_str()?.to_owned())
    }

    /// A text that is read further; what is wrong with it is noted.
    pub(super) fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|wrong| self.error(name, wrong)).ok()
    }

    /// A list of texts that are read further; what is wrong with each is noted at its own line.
    pub(super) fn list<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let value = self.value(name);
        let items = value.as_deref().and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        items
            .filter_map(|item| {
                let text = item.get_ref().as_str()?;
                parse(text).map_err(|wrong| self.note(Severity::Error, name, Some(&item.span()), wrong)).ok()
            })
            .collect()
    }

    /// A number, within the range that the table of keys gives.
    pub(super) fn number<T: TryFrom<u64>>(&self, name: &str) -> Option<T> {
        T::try_from(as_number(self.value(name)?.as_ref())?).ok()
    }

    /// A list of numbers.
    pub(super) fn numbers<T: TryFrom<u64>>(&self, name: &str) -> Vec<T> {
        let value = self.value(name);
        let items = value.as_deref().and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        items.filter_map(|item| T::try_from(as_number(item.get_ref())?).ok()).collect()
    }

    /// A truth value.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// One of the choices of the table of keys, as the domain reads it.
    pub(super) fn choice<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(StrDeserializer::<NoChoice>::new(&self.text(name)?)).ok()
    }

    /// Texts under free names.
    pub(super) fn fields(&self, name: &str) -> Vec<(String, String)> {
        let table = self.written(name).and_then(DeValue::as_table);
        let entries = table.into_iter().flat_map(DeTable::iter);
        entries
            .filter_map(|(key, value)| Some((key.get_ref().clone().into_owned(), value.get_ref().as_str()?.into())))
            .collect()
    }

    /// A table below; None where it is not written and need not be, and where something else is written in its place.
    pub(super) fn section(&self, name: &str) -> Option<Self> {
        let keys = match self.key(name).kind {
            Kind::Table(keys) => keys,
            _ => super::keys::POLICY,
        };
        if self.key(name).fallback == Fallback::Nothing && !self.has(name) {
            return None;
        }
        let table = match self.written(name) {
            Some(value) => Some(value.as_table()?),
            None => None,
        };
        Some(Self { keys, table, path: self.dotted(name), line: self.line_of(name), ..self.clone() })
    }

    /// The tables of a list of tables.
    pub(super) fn sections(&self, name: &str) -> Vec<Self> {
        let Kind::Tables(keys) = self.key(name).kind else { return Vec::new() };
        let items = self.written(name).and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        let tables =
            items.enumerate().filter_map(|(index, item)| Some((index, item.get_ref().as_table()?, item.span())));
        tables
            .map(|(index, table, span)| Self {
                keys,
                table: Some(table),
                path: format!("{}[{index}]", self.dotted(name)),
                line: Some(self.document.line(&span)),
                ..self.clone()
            })
            .collect()
    }

    /// The policy layers under free names.
    pub(super) fn layers(&self, name: &str) -> Vec<(String, Self)> {
        let table = self.written(name).and_then(DeValue::as_table);
        let entries = table.into_iter().flat_map(DeTable::iter);
        let tables = entries.filter_map(|(key, value)| Some((key, value.get_ref().as_table()?)));
        tables
            .map(|(key, table)| {
                let section = Self {
                    keys: super::keys::POLICY,
                    table: Some(table),
                    path: format!("{}.{}", self.dotted(name), key.get_ref()),
                    line: Some(self.document.line(&key.span())),
                    ..self.clone()
                };
                (key.get_ref().clone().into_owned(), section)
            })
            .collect()
    }

    /// Notes an error at a key.
    pub(super) fn error(&self, name: &str, wrong: Wrong) {
        self.note(Severity::Error, name, None, wrong);
    }

    /// Notes a warning at a key.
    pub(super) fn warning(&self, name: &str, wrong: Wrong) {
        self.note(Severity::Warning, name, None, wrong);
    }

    /// Notes an error at a place within the file.
    pub(super) fn error_at(&self, name: &str, span: &Range<usize>, wrong: Wrong) {
        self.note(Severity::Error, name, Some(span), wrong);
    }

    fn note(&self, severity: Severity, name: &str, span: Option<&Range<usize>>, wrong: Wrong) {
        self.notes.add(Problem {
            severity,
            file: self.document.file.to_owned(),
            line: span.map(|span| self.document.line(span)).or_else(|| self.line_of(name)),
            key: self.dotted(name),
            message: wrong.message,
            hint: wrong.hint,
        });
    }

    /// The line of a key, or of its table where it is not written.
    pub(super) fn line_of(&self, name: &str) -> Option<usize> {
        let written = self.table.and_then(|table| table.get_key_value(name));
        written.map(|(key, _)| self.document.line(&key.span())).or(self.line)
    }

    /// Where the value of a key comes from.
    pub(super) fn source_of(&self, name: &str) -> Source {
        match self.line_of(name) {
            Some(line) if self.has(name) => Source::Line { file: self.document.file.to_owned(), line },
            _ => Source::Default,
        }
    }

    /// The key with its tables.
    pub(super) fn dotted(&self, name: &str) -> String {
        match (self.path.as_str(), name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        }
    }

    /// A path as written, relative to the file that it stands in.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder().join(self.text(name)?))
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> &'s Path {
        self.document.file.parent().unwrap_or(Path::new(""))
    }

    /// The value as written.
    pub(super) fn written(&self, name: &str) -> Option<&'s DeValue<'s>> {
        Some(self.table?.get(name)?.get_ref())
    }

    /// The value as written, or its default.
    pub(super) fn value(&self, name: &str) -> Option<Cow<'s, DeValue<'s>>> {
        if let Some(written) = self.written(name) {
            return Some(Cow::Borrowed(written));
        }
        match self.key(name).fallback {
            Fallback::Is(default) => DeValue::parse(default).ok().map(|value| Cow::Owned(value.into_inner())),
            Fallback::Required | Fallback::Nothing => None,
        }
    }

    fn key(&self, name: &str) -> &'static Key {
        self.keys.iter().find(|key| key.name == name).expect("only keys of the table are asked for")
    }
}

/// A whole number that is not negative.
pub(super) fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
