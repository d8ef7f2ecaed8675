//! Holds the map of `docs/architecture.md`: who may use whom, and where each library is at home.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::package;

/// The modules; each uses only what stands before it.
const ORDER: [&str; 16] = [
    "domain",
    "config",
    "telemetry",
    "pages",
    "edition",
    "store",
    "sessions",
    "legacy",
    "mail",
    "app",
    "web",
    "portal",
    "console",
    "proxy",
    "demo",
    "cli",
];

/// Libraries that only some modules may speak to.
const HOMES: [(&str, &[&str]); 16] = [
    ("sqlx", &["store"]),
    ("redis", &["sessions"]),
    ("pingora", &["proxy", "cli"]),
    ("pingora_core", &["proxy", "cli"]),
    ("pingora_proxy", &["proxy", "cli"]),
    ("pingora_http", &["proxy", "cli"]),
    ("lettre", &["mail"]),
    ("handlebars", &["pages"]),
    ("fluent_bundle", &["pages"]),
    ("include_dir", &["pages"]),
    ("argon2", &["app"]),
    ("scraper", &["legacy", "config"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("mimalloc", &["main"]),
    ("mail_parser", &["mail", "demo"]),
];

/// What a pure module cannot hold.
const IMPURE: [&str; 9] = [
    "async fn",
    "tokio::",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "SystemTime",
    "Instant::now",
    "rand::rng",
    ".await",
];

/// The longest file that is still read from the top.
const LONG: usize = 600;

/// A source file without its tests and comments.
struct Source {
    path: PathBuf,
    module: String,
    /// How many modules deep it is; `src/app/mod.rs` is 1.
    depth: usize,
    /// Line number and text.
    lines: Vec<(usize, String)>,
}

#[test]
fn each_module_uses_only_what_stands_before_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(rank) = ORDER.iter().position(|module| *module == source.module) else { continue };
        for (line, used) in source.uses() {
            let above = ORDER.iter().position(|module| *module == used);
            if above.is_some_and(|above| above > rank) {
                wrong.push(format!("{}:{line}: {} uses {used}", source.path.display(), source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "against the direction of docs/architecture.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    for source in sources() {
        let known = ORDER.contains(&source.module.as_str()) || matches!(source.module.as_str(), "main" | "lib");
        assert!(known, "{} is in no module of docs/architecture.md", source.path.display());
    }
}

#[test]
fn each_library_is_spoken_to_at_home_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, homes) in HOMES {
            if homes.contains(&source.module.as_str()) {
                continue;
            }
            let found = source.lines.iter().filter(|(_, text)| mentions(text, library));
            wrong.extend(
                found.map(|(line, _)| format!("{}:{line}: {library} is not at home here", source.path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What only `sessions` asks the store: no use case may know where sessions live.
const OF_SESSIONS: [&str; 18] = [
    ".insert_session(",
    ".session_by_cookie(",
    ".touch_session(",
    ".replace_cookie(",
    ".end_session(",
    ".remove_sessions_of(",
    ".forget_agency_cookies(",
    ".insert_agency_cookie(",
    ".agency_cookie(",
    "tx.session(",
    "tx.sessions_of(",
    "tx.jar(",
    "tx.jars(",
    "tx.put_jar(",
    "tx.keep_jar(",
    ".raise_session_epoch(",
    ".raise_generation(",
    ".mark_ended(",
];

#[test]
fn no_use_case_knows_where_sessions_live() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !matches!(source.module.as_str(), "store" | "sessions")) {
        let found = source.lines.iter().filter(|(_, text)| OF_SESSIONS.iter().any(|asked| text.contains(asked)));
        wrong.extend(found.map(|(line, text)| format!("{}:{line}: {}", source.path.display(), text.trim())));
    }
    assert!(wrong.is_empty(), "sessions are asked by way of `Sessions`:\n{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module == "domain") {
        for (line, text) in &source.lines {
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|impure| text.contains(**impure))
                    .map(|impure| format!("{}:{line}: {impure}", source.path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "no async, no input or output, no clock, no chance in the domain:\n{}", wrong.join("\n"));
}

#[test]
fn the_sample_extranets_know_nothing_of_the_gateway() {
    let mut wrong = Vec::new();
    // `setup.rs` writes the configuration of the demo's gateway and is no extranet.
    for source in sources().iter().filter(|source| source.module == "demo" && !source.path.ends_with("setup.rs")) {
        let foreign = source.uses().into_iter().filter(|(_, used)| used != "demo");
        wrong.extend(foreign.map(|(line, used)| format!("{}:{line}: uses {used}", source.path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_proxys_table_of_contents_stays_short() {
    for source in sources() {
        let Some(start) = source.lines.iter().position(|(_, text)| text.contains("impl ProxyHttp for")) else {
            continue;
        };
        let end = source.lines[start..].iter().position(|(_, text)| text == "}").expect("the end of the impl");
        assert!(end < 150, "{}: `impl ProxyHttp` has {end} lines", source.path.display());
    }
}

#[test]
fn long_files_are_told() {
    for source in sources() {
        if source.lines.len() > LONG {
            println!("{} has {} lines without tests and comments", source.path.display(), source.lines.len());
        }
    }
}

#[test]
fn pages_hold_no_script_of_their_own() {
    let mut wrong = Vec::new();
    for file in files(&package().join("pages"), "hbs") {
        let text = fs::read_to_string(&file).expect("a template");
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_ascii_lowercase();
            let script = lower.match_indices("<script").any(|(at, _)| !lower[at..].starts_with("<script src="));
            let handler = lower.split_whitespace().any(|word| {
                word.strip_prefix("on")
                    .and_then(|rest| rest.split_once('='))
                    .is_some_and(|(event, _)| !event.is_empty() && event.bytes().all(|byte| byte.is_ascii_lowercase()))
            });
            let letter = file.components().any(|part| part.as_os_str() == "mail")
                || file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("letter"));
            let style = !letter && lower.contains(" style=");
            if script || handler || style || lower.contains("javascript:") {
                wrong.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "inline script or style, which the pages' policy forbids:\n{}", wrong.join("\n"));
}

#[test]
fn every_language_has_the_same_sentences() {
    let keys = |language: &str| -> BTreeSet<String> {
        let files = files(&package().join("pages/locales").join(language), "ftl");
        let texts = files.iter().map(|file| fs::read_to_string(file).expect("a translation"));
        let all: String = texts.collect();
        let lines = all.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned())).collect()
    };
    let (french, english) = (keys("fr"), keys("en"));
    let difference: Vec<_> = french.symmetric_difference(&english).collect();
    assert!(difference.is_empty(), "only in one language: {difference:?}");
}

/// What has to be held of the reliability rows (`docs/faults.md`).
const FAULTS: [u16; 34] = [
    1, 2, 3, 5, 9, 10, 14, 15, 16, 17, 21, 22, 23, 24, 27, 28, 30, 31, 32, 33, 35, 37, 38, 39, 40, 42, 43, 47, 48, 49,
    50, 55, 57, 71,
];

#[test]
fn every_fault_is_held_by_what_the_list_of_faults_says() {
    let list = fs::read_to_string(package().join("docs/faults.md")).expect("the list of faults");
    let mut wrong = Vec::new();
    for number in FAULTS {
        let id = format!("REL-{number:03}");
        let Some(line) = list.lines().find(|line| line.starts_with(&format!("| {id} |"))) else {
            wrong.push(format!("{id} is not in the list"));
            continue;
        };
        let name = format!("rel_{number:03}");
        let holders: Vec<&str> =
            line.split('`').filter(|part| Path::new(part).extension().is_some() || *part == "make faults").collect();
        if holders.is_empty() {
            wrong.push(format!("{id} is held by nothing"));
        }
        for holder in holders {
            let files = if holder == "make faults" {
                files(&package().join("tests/faults"), "rs")
            } else {
                vec![package().join(holder)]
            };
            let holds = |path: &PathBuf| {
                let text = fs::read_to_string(path).unwrap_or_default();
                if holder == "make faults" { text.contains(&format!("id: \"{id}\"")) } else { text.contains(&name) }
            };
            if !files.iter().any(holds) {
                wrong.push(format!("{id} does not stand in {holder}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Source {
    fn read(path: &Path, root: &Path) -> Self {
        let relative = path.strip_prefix(root).expect("a file below src");
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let module = parts[0].trim_end_matches(".rs").to_owned();
        let depth = if parts.last().is_some_and(|name| name == "mod.rs") { parts.len() - 1 } else { parts.len() };
        let text = fs::read_to_string(path).expect("a source file");
        Self { path: relative.to_owned(), module, depth, lines: without_tests(&text) }
    }

    /// Each module of the crate that is named, with the line.
    fn uses(&self) -> Vec<(usize, String)> {
        let mut uses = Vec::new();
        let climb = "super::".repeat(self.depth);
        for (at, (line, text)) in self.lines.iter().enumerate() {
            for root in ["crate::", climb.as_str()] {
                for (found, _) in text.match_indices(root) {
                    let before = text[..found].chars().next_back();
                    if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                        continue;
                    }
                    let after = &text[found + root.len()..];
                    if after.starts_with('{') {
                        let rest: Vec<&str> = self.lines[at + 1..].iter().map(|(_, text)| text.as_str()).collect();
                        uses.extend(
                            group(&format!("{after}\n{}", rest.join("\n"))).into_iter().map(|name| (*line, name)),
                        );
                    } else {
                        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                        uses.push((*line, name));
                    }
                }
            }
        }
        uses
    }
}

/// The first names of a `{a::b, c::{d, e}}`.
fn group(text: &str) -> Vec<String> {
    let (mut depth, mut names, mut name) = (0_u32, Vec::new(), String::new());
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => {
                names.push(std::mem::take(&mut name));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(std::mem::take(&mut name)),
            c if depth == 1 => name.push(c),
            _ => {}
        }
    }
    let first = |name: &String| name.trim().split([':', ' ']).next().unwrap_or_default().to_owned();
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

/// Whether a path of this library stands in the line.
fn mentions(text: &str, library: &str) -> bool {
    text.match_indices(library).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let apart = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '"' | '-'));
        let after = &text[at + library.len()..];
        let imported = text.trim_start().starts_with("use ") && after.starts_with(';');
        apart && (after.starts_with("::") || imported)
    })
}

/// The lines outside `#[cfg(test)]` blocks, without comments.
fn without_tests(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut skipping, mut pending) = (Vec::new(), false, false);
    for (number, line) in text.lines().enumerate() {
        if skipping {
            skipping = line != "}";
            continue;
        }
        if line.starts_with("#[cfg(test)]") {
            pending = true;
            continue;
        }
        if pending && !line.starts_with("#[") {
            pending = false;
            skipping = line.ends_with('{');
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        if !code.trim().is_empty() {
            lines.push((number + 1, code.trim_end().to_owned()));
        }
    }
    lines
}

fn sources() -> Vec<Source> {
    let root = package().join("src");
    let of_tests = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().is_some_and(|folder| folder.ends_with("tests") || folder.ends_with("testing"));
        !folder && !matches!(name.as_str(), "tests" | "testing") && !name.ends_with("_tests")
    };
    files(&root, "rs").into_iter().filter(of_tests).map(|path| Source::read(&path, &root)).collect()
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.extension().is_some_and(|extension| extension == end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_reader_of_paths_finds_groups_and_climbs() {
    assert_eq!(group("{domain::{a, b}, store, self}"), ["domain", "store", "self"]);
    assert!(mentions("use sqlx::Row;", "sqlx") && mentions("    sqlx::query(x)", "sqlx"));
    assert!(!mentions("use crate::sqlx::Row;", "sqlx") && !mentions("let sqlx = 1;", "sqlx"));
    let source = Source {
        path: PathBuf::new(),
        module: "app".to_owned(),
        depth: 2,
        lines: vec![
            (1, "use super::super::proxy::X;".to_owned()),
            (2, "use crate::{".to_owned()),
            (3, "cli::A,".to_owned()),
            (4, "};".to_owned()),
        ],
    };
    assert_eq!(source.uses(), [(1, "proxy".to_owned()), (2, "cli".to_owned())]);
}
