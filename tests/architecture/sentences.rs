//! The list of the documents' sentences: which test shows each, read from the comments that cite their numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::files;
use crate::support::package;

/// How many sentences each document has.
const DOCUMENTS: [(&str, u16); 5] = [("000", 66), ("001", 28), ("002", 34), ("003", 32), ("004", 88)];

/// Why a sentence may be shown by no test.
const REASONS: [&str; 2] = ["leans on the extranet", "later: "];

/// Sentence numbers, and the functions whose source cites them.
type Cited = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_sentence_of_the_documents_is_in_the_list_once() {
    let list = list();
    let listed: Vec<_> = rows(&list).map(|cells| cells[0].to_owned()).collect();
    let known: Vec<_> =
        DOCUMENTS.iter().flat_map(|(document, last)| (1..=*last).map(move |n| format!("{document}.{n}"))).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_list_of_sentences_names_the_tests_that_cite_them() {
    let (list, cited) = (list(), cited());
    let known: BTreeSet<_> = rows(&list).map(|cells| cells[0].to_owned()).collect();
    let strange: Vec<_> = cited.iter().filter(|(number, _)| !known.contains(*number)).collect();
    assert!(strange.is_empty(), "cited, and no sentence of the documents: {strange:?}");
    let written: Vec<String> = list.lines().map(|line| with_tests(line, &cited)).collect();
    let written = written.join("\n") + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(package().join("docs/sentences.md"), &written).expect("the list");
        return;
    }
    let differ: Vec<_> = list.lines().zip(written.lines()).filter(|(is, should)| is != should).collect();
    assert!(differ.is_empty(), "UPDATE_DOCS=1 cargo test --test gateway architecture::sentences\n{differ:#?}");
}

#[test]
fn a_sentence_that_no_test_shows_says_why() {
    let (list, cited) = (list(), cited());
    for cells in rows(&list).filter(|cells| !cited.contains_key(cells[0])) {
        let reasoned = REASONS.iter().any(|reason| cells[3].starts_with(reason));
        assert!(reasoned, "{} is shown by no test, and says no reason: {}", cells[0], cells[3]);
    }
}

#[test]
fn numbers_are_read_from_comments_in_functions_only() {
    let text = "//! 000.1\nfn first() {\n    // 000.2, 004.7: why\n    call(); // 001.3–5\n    see(\"000.6\");\n}\n\n// 000.7\n\
                /// 000.8\nconst A: u8 = 1;\n    async fn second(\n    ) {\n        // 002.9 to 002.10, 1.5, 000.12.3 (000.9).\n    }\n\
                /// 003.1: a description\n#[test]\nfn third() {\n}\n";
    let mut cited = Cited::new();
    read("a::b", text, &mut cited);
    let found: Vec<_> = cited.iter().map(|(number, by)| (number.as_str(), by.first().expect("one").as_str())).collect();
    let (first, second, third) = ("a::b::first", "a::b::second", "a::b::third");
    assert_eq!(
        found,
        [
            ("000.2", first),
            ("000.9", second),
            ("001.3", first),
            ("001.4", first),
            ("001.5", first),
            ("002.10", second),
            ("002.9", second),
            ("003.1", third),
            ("004.7", first),
        ]
    );
}

fn list() -> String {
    fs::read_to_string(package().join("docs/sentences.md")).expect("the list")
}

/// Number, sentence, rows, and what shows it.
fn rows(list: &str) -> impl Iterator<Item = Vec<&str>> {
    list.lines().filter_map(cells)
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    (cells.len() == 4 && cells[0].starts_with("00")).then_some(cells)
}

/// The line of the list as it has to be: tests where some cite it, else the reason that stands there.
fn with_tests(line: &str, cited: &Cited) -> String {
    let Some(cells) = cells(line) else { return line.to_owned() };
    let shown = match cited.get(cells[0]) {
        Some(by) => by.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        None if cells[3].starts_with('`') => "nothing any more".to_owned(),
        None => cells[3].to_owned(),
    };
    format!("| {} | {} | {} | {shown} |", cells[0], cells[1], cells[2])
}

/// All that the tests from outside cite. A function among them that no test calls does not build: it is dead code.
fn cited() -> Cited {
    let root = package().join("tests");
    let mut cited = Cited::new();
    for file in files(&root, "rs") {
        let inside = file.strip_prefix(&root).expect("a file below tests");
        if inside.starts_with("architecture") || inside == Path::new("architecture.rs") {
            continue;
        }
        let module = inside.with_extension("").to_string_lossy().replace('/', "::");
        read(&module, &fs::read_to_string(&file).expect("a test"), &mut cited);
    }
    cited
}

/// Adds what one file cites: a number counts for the function that it stands in, or whose description it is part of, and elsewhere not
/// at all.
fn read(module: &str, text: &str, cited: &mut Cited) {
    let mut within: Option<(String, usize)> = None;
    let mut described: Vec<String> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start();
        let head = head.strip_prefix("pub ").unwrap_or(head);
        if let Some(name) = head.strip_prefix("async ").unwrap_or(head).strip_prefix("fn ") {
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let name = format!("{module}::{name}");
            for number in described.drain(..) {
                cited.entry(number).or_default().insert(name.clone());
            }
            within = Some((name, indent));
        } else if let Some(description) = head.strip_prefix("/// ") {
            described.extend(numbers(description));
            continue;
        } else if !head.starts_with("#[") {
            described.clear();
        }
        if within.as_ref().is_some_and(|(_, outer)| *outer == indent && head == "}") {
            within = None;
        }
        let Some((name, _)) = &within else { continue };
        let Some((_, comment)) = line.split_once("// ") else { continue };
        for number in numbers(comment) {
            cited.entry(number).or_default().insert(name.clone());
        }
    }
}

/// The sentence numbers of a comment: `004.19`, and from one to another `004.19–23`, `004.19 to 004.23`.
fn numbers(comment: &str) -> Vec<String> {
    let words: Vec<&str> =
        comment.split_whitespace().map(|word| word.trim_matches([',', ':', ';', '.', '(', ')'])).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (from, to) = word.split_once(['–', '-']).unwrap_or((word, ""));
        let Some((document, first)) = number(from) else { continue };
        let later = if words.get(at + 1) == Some(&"to") { words.get(at + 2).copied().unwrap_or_default() } else { to };
        let last = number(later).map(|(_, last)| last).or_else(|| later.parse().ok()).unwrap_or(first);
        found.extend((first..=last).map(|n| format!("{document}.{n}")));
    }
    found
}

fn number(word: &str) -> Option<(&str, u16)> {
    let (document, number) = word.trim_end_matches('.').split_once('.')?;
    let known = DOCUMENTS.iter().any(|(known, _)| *known == document);
    number.parse().ok().filter(|_| known).map(|number| (document, number))
}
