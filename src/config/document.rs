//! One file as written: its tables with their lines, checked against the table of keys.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::de::value::{Error as NoChoice, StrDeserializer};
use toml::de::{DeTable, DeValue};

use super::keys::{
    At, Choice, Fallback, Fields, Flag, Key, Keys, Layer, Layers, Number, Numbers, OneText, Row, Rows, Table, Tables,
    Text, Texts, Whole,
};
use super::origins::Source;
use super::problems::{Problem, Severity, Wrong};
use super::sources::Sources;

/// Where problems are gathered while files are read, and which files and folders those are.
#[derive(Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    files: RefCell<Vec<PathBuf>>,
    /// The same, to be found among many.
    known: RefCell<HashSet<PathBuf>>,
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

    /// Whether something was noted that a start goes on with, and a reload does not.
    pub(super) fn has_flaws(&self) -> bool {
        self.problems.borrow().iter().any(|problem| problem.severity == Severity::Flaw)
    }

    /// Notes that what was read depends on this file, or on everything in this folder. What lies in a folder that is noted is
    /// looked at with it; a path that only begins with its name may lead out of it again.
    pub(super) fn depends_on(&self, file: &Path) {
        let mut known = self.known.borrow_mut();
        let lies_in = file.file_name().and(file.parent());
        if !lies_in.is_some_and(|folder| known.contains(folder)) && known.insert(file.to_owned()) {
            self.files.borrow_mut().push(file.to_owned());
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
    pub(super) fn root<'s, K: Keys>(&'s self, notes: &'s Notes) -> Section<'s, K> {
        Section {
            document: self,
            notes,
            rows: K::ROWS,
            table: Some(&self.table),
            path: String::new(),
            line: None,
            is_layer: false,
            keys: PhantomData,
        }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        1 + self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
    }
}

/// A table of a file, or the empty one in its place where it is not written; `K` has its keys.
///
/// Getters that take a parser note what is wrong; the others rely on the table of keys, against which the file was
/// checked: where they give None, the problem has been told.
#[derive(Clone)]
pub(super) struct Section<'s, K> {
    pub(super) document: &'s Document<'s>,
    pub(super) notes: &'s Notes,
    pub(super) rows: Rows,
    pub(super) table: Option<&'s DeTable<'s>>,
    pub(super) path: String,
    line: Option<usize>,
    /// Whether what is not written is left to another layer, and has no default here.
    is_layer: bool,
    keys: PhantomData<K>,
}

impl<'s, K> Section<'s, K> {
    /// Whether the key is written.
    pub(super) fn has(&self, at: impl Into<At<K>>) -> bool {
        self.written(at.into().name).is_some()
    }

    /// A text.
    pub(super) fn text<F: OneText>(&self, key: Key<K, F>) -> Option<String> {
        Some(self.value(key.row)?.as_str()?.to_owned())
    }

    /// A text that is read further; what is wrong with it is noted.
    pub(super) fn parsed<T>(&self, key: Key<K, Text>, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let text = self.text(key)?;
        parse(&text).map_err(|wrong| self.error(key, wrong)).ok()
    }

    /// A list of texts that are read further; what is wrong with each is noted at its own line.
    pub(super) fn list<T>(&self, key: Key<K, Texts>, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let value = self.value(key.row);
        let items = value.as_deref().and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        items
            .filter_map(|item| {
                let text = item.get_ref().as_str()?;
                parse(text).map_err(|wrong| self.error_at(key.row.name, &item.span(), wrong)).ok()
            })
            .collect()
    }

    /// A number, within the range that its form gives.
    pub(super) fn number<N: Whole, const FROM: u64, const TO: u64>(
        &self,
        key: Key<K, Number<N, FROM, TO>>,
    ) -> Option<N> {
        N::try_from(as_number(self.value(key.row)?.as_ref())?).ok()
    }

    /// A list of numbers.
    pub(super) fn numbers<N: Whole, const FROM: u64, const TO: u64>(
        &self,
        key: Key<K, Numbers<N, FROM, TO>>,
    ) -> Vec<N> {
        let value = self.value(key.row);
        let items = value.as_deref().and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        items.filter_map(|item| N::try_from(as_number(item.get_ref())?).ok()).collect()
    }

    /// A truth value.
    pub(super) fn flag(&self, key: Key<K, Flag>) -> Option<bool> {
        self.value(key.row)?.as_bool()
    }

    /// One of the names of an enum.
    pub(super) fn choice<T: DeserializeOwned>(&self, key: Key<K, Choice<T>>) -> Option<T> {
        let value = self.value(key.row)?;
        T::deserialize(StrDeserializer::<NoChoice>::new(value.as_str()?)).ok()
    }

    /// Texts under free names.
    pub(super) fn fields(&self, key: Key<K, Fields>) -> Vec<(String, String)> {
        let table = self.written(key.row.name).and_then(DeValue::as_table);
        let entries = table.into_iter().flat_map(DeTable::iter);
        entries
            .filter_map(|(key, value)| Some((key.get_ref().clone().into_owned(), value.get_ref().as_str()?.into())))
            .collect()
    }

    /// A table below; None where it is not written and need not be, and where something else is written in its place.
    pub(super) fn section<B: Keys>(&self, key: Key<K, Table<B>>) -> Option<Section<'s, B>> {
        self.table(key.row, B::ROWS)
    }

    /// The tables of a list of tables.
    pub(super) fn sections<B: Keys>(&self, key: Key<K, Tables<B>>) -> Vec<Section<'s, B>> {
        self.tables(key.row, B::ROWS)
    }

    /// A layer, if it is written.
    pub(super) fn layer<B: Keys>(&self, key: Key<K, Layer<B>>) -> Option<Section<'s, B>> {
        Some(Section { is_layer: true, ..self.table(key.row, B::ROWS)? })
    }

    /// The layers under free names.
    pub(super) fn layers<B: Keys>(&self, key: Key<K, Layers<B>>) -> Vec<(String, Section<'s, B>)> {
        self.named_tables(key.row, B::ROWS)
    }

    /// [`Self::section`], for whoever walks over the rows.
    pub(super) fn table<B>(&self, row: &Row, rows: Rows) -> Option<Section<'s, B>> {
        let table = match self.written(row.name) {
            Some(value) => Some(value.as_table()?),
            None if row.fallback == Fallback::Nothing => return None,
            None => None,
        };
        Some(self.below(rows, table, self.dotted(row.name), self.line_of(row.name)))
    }

    /// [`Self::sections`], for whoever walks over the rows.
    pub(super) fn tables<B>(&self, row: &Row, rows: Rows) -> Vec<Section<'s, B>> {
        let items = self.written(row.name).and_then(DeValue::as_array).map(|array| array.iter()).into_iter().flatten();
        let tables =
            items.enumerate().filter_map(|(index, item)| Some((index, item.get_ref().as_table()?, item.span())));
        tables
            .map(|(index, table, span)| {
                let path = format!("{}[{index}]", self.dotted(row.name));
                self.below(rows, Some(table), path, Some(self.document.line(&span)))
            })
            .collect()
    }

    /// [`Self::layers`], for whoever walks over the rows.
    pub(super) fn named_tables<B>(&self, row: &Row, rows: Rows) -> Vec<(String, Section<'s, B>)> {
        let table = self.written(row.name).and_then(DeValue::as_table);
        let entries = table.into_iter().flat_map(DeTable::iter);
        let tables = entries.filter_map(|(key, value)| Some((key, value.get_ref().as_table()?)));
        tables
            .map(|(key, table)| {
                let path = format!("{}.{}", self.dotted(row.name), key.get_ref());
                let below = self.below(rows, Some(table), path, Some(self.document.line(&key.span())));
                (key.get_ref().clone().into_owned(), Section { is_layer: true, ..below })
            })
            .collect()
    }

    fn below<B>(
        &self,
        rows: Rows,
        table: Option<&'s DeTable<'s>>,
        path: String,
        line: Option<usize>,
    ) -> Section<'s, B> {
        let Self { document, notes, .. } = *self;
        Section { document, notes, rows, table, path, line, is_layer: false, keys: PhantomData }
    }

    /// Notes an error at a key, or at the table.
    pub(super) fn error(&self, at: impl Into<At<K>>, wrong: Wrong) {
        self.note(Severity::Error, at.into().name, None, wrong);
    }

    /// Notes at a key what a start goes on with, and a reload does not.
    pub(super) fn flaw(&self, at: impl Into<At<K>>, wrong: Wrong) {
        self.note(Severity::Flaw, at.into().name, None, wrong);
    }

    /// Notes a warning at a key, or at the table.
    pub(super) fn warning(&self, at: impl Into<At<K>>, wrong: Wrong) {
        self.note(Severity::Warning, at.into().name, None, wrong);
    }

    /// Notes an error at a place within the file, under whatever name is written there.
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
    fn line_of(&self, name: &str) -> Option<usize> {
        let written = self.table.and_then(|table| table.get_key_value(name));
        written.map(|(key, _)| self.document.line(&key.span())).or(self.line)
    }

    /// Where the value of a key comes from.
    pub(super) fn source_of(&self, at: impl Into<At<K>>) -> Source {
        let name = at.into().name;
        match self.line_of(name) {
            Some(line) if self.written(name).is_some() => Source::Line { file: self.document.file.to_owned(), line },
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

    /// A file or folder that is read, relative to the file that names it: a change of it is a change of the configuration.
    pub(super) fn path(&self, key: Key<K, Text>) -> Option<PathBuf> {
        let path = self.place(key)?;
        self.notes.depends_on(&path);
        Some(path)
    }

    /// Where the gateway makes something itself, relative to the file that names it.
    pub(super) fn place(&self, key: Key<K, Text>) -> Option<PathBuf> {
        Some(self.folder().join(self.text(key)?))
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
    pub(super) fn value(&self, row: &Row) -> Option<Cow<'s, DeValue<'s>>> {
        if let Some(written) = self.written(row.name) {
            return Some(Cow::Borrowed(written));
        }
        match row.fallback {
            Fallback::Is(default) if !self.is_layer => {
                DeValue::parse(default).ok().map(|value| Cow::Owned(value.into_inner()))
            }
            Fallback::Is(_) | Fallback::Required | Fallback::Nothing => None,
        }
    }
}

/// A whole number that is not negative.
pub(super) fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
