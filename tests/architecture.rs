//! Holds the map of `docs/architecture.md`: who may use whom, and where each library is at home.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use house::{House, Stop};

use crate::support::package;

mod house;
mod sentences;
mod ways_round;

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

/// Libraries that the domain may speak to: what they do needs no clock, no chance, no input and no output.
const PURE: [&str; 14] = [
    "data_encoding",
    "hmac",
    "ipnet",
    "jiff",
    "percent_encoding",
    "serde",
    "serde_json",
    "sha2",
    "subtle",
    "thiserror",
    "unicode_normalization",
    "unicode_properties",
    "url",
    "zeroize",
];

/// What of the standard library a pure module cannot hold.
const IMPURE: [&str; 9] = [
    "std::fs",
    "std::env",
    "std::io",
    "std::os",
    "std::process",
    "std::thread",
    "std::net::Tcp",
    "std::time::SystemTime",
    "std::time::Instant",
];

/// The most lines of code that a file has, without its tests and comments, to be read from the top.
const LONG: usize = 600;

/// The circles of files that are still open; one that is gone goes from here too.
const STILL_OPEN: &[&[&str]] = &[];

#[test]
fn each_module_uses_only_what_stands_before_it() {
    nothing(&against_the_direction(house()), "against the direction of docs/architecture.md");
}

#[test]
fn every_module_is_on_the_map() {
    for module in house().modules() {
        let known = ORDER.contains(&module.layer()) || matches!(module.layer(), "main" | "lib");
        assert!(known, "{} is in no module of docs/architecture.md", module.file);
    }
}

#[test]
fn each_library_is_spoken_to_at_home_only() {
    nothing(&away_from_home(house()), "spoken to elsewhere than at home");
}

#[test]
fn nothing_stands_where_this_reader_cannot_look() {
    nothing(&house().hidden, "cannot be looked through");
    let manifest = fs::read_to_string(package().join("Cargo.toml")).expect("the manifest");
    assert!(!manifest.contains("package ="), "a library by another name passes the list of homes");
}

/// What only `sessions` asks the store: no use case may know where sessions live.
const OF_SESSIONS: [&str; 18] = [
    "insert_session",
    "session_by_cookie",
    "touch_session",
    "replace_cookie",
    "end_session",
    "remove_sessions_of",
    "forget_agency_cookies",
    "insert_agency_cookie",
    "agency_cookie",
    "session",
    "sessions_of",
    "jar",
    "jars",
    "put_jar",
    "keep_jar",
    "raise_session_epoch",
    "raise_generation",
    "mark_ended",
];

#[test]
fn no_use_case_knows_where_sessions_live() {
    nothing(&past_sessions(house()), "sessions are asked by way of `Sessions`");
}

#[test]
fn one_file_fills_the_outbox() {
    let mut filled = Vec::new();
    for module in house().modules().filter(|module| module.layer() != "store") {
        let calls = module.calls.iter().filter(|(_, _, call)| call == "enqueue");
        filled.extend(calls.map(|_| module.file.clone()));
    }
    assert_eq!(filled, ["app/letters.rs"], "where no letter forgets its limit");
}

#[test]
fn the_domain_is_pure() {
    nothing(&impure(house()), "no async, no input or output, no clock, no chance in the domain");
}

#[test]
fn the_sample_extranets_know_nothing_of_the_gateway() {
    let house = house();
    let mut wrong = Vec::new();
    for arrow in house.arrows() {
        let (from, Stop::Module(to)) = (house.module(arrow.from), arrow.to) else { continue };
        // `setup.rs` writes the configuration of the demo's gateway and is no extranet.
        let bound = from.layer() == "demo" && from.file != "demo/setup.rs";
        if bound && house.module(to).layer() != "demo" {
            wrong.push(format!("{}:{}: uses {}", from.file, arrow.line, house.module(to).file));
        }
    }
    nothing(&wrong, "the demo's extranets stand for programs that know nothing of the gateway");
}

#[test]
fn the_proxys_table_of_contents_stays_short() {
    let house = house();
    let impls = house.modules().flat_map(|module| &module.impls);
    let tables: Vec<usize> = impls.filter(|(of, _)| of == "ProxyHttp").map(|(_, lines)| *lines).collect();
    assert!(!tables.is_empty() && tables.iter().all(|lines| *lines < 152), "`impl ProxyHttp` has {tables:?} lines");
}

#[test]
fn no_file_is_too_long_to_be_read_from_the_top() {
    nothing(&too_long(house()), "too long");
}

#[test]
fn no_circle_of_files_is_new() {
    let benches = benches();
    let found = [house().circles(), benches.circles()].concat();
    let new: Vec<_> = found.iter().filter(|circle| !STILL_OPEN.contains(&circle.as_slice())).collect();
    let gone: Vec<_> = STILL_OPEN.iter().filter(|circle| !found.iter().any(|found| found == *circle)).collect();
    assert!(new.is_empty(), "files that lead to one another in a circle: {new:?}");
    assert!(gone.is_empty(), "still listed, and no circle any more: {gone:?}");
}

/// The gateway's sources, read once.
fn house() -> &'static House {
    static HOUSE: LazyLock<House> = LazyLock::new(read);
    &HOUSE
}

fn read() -> House {
    let manifest: toml::Table =
        fs::read_to_string(package().join("Cargo.toml")).expect("the manifest").parse().expect("TOML");
    let libraries = manifest["dependencies"].as_table().expect("a table").keys().map(|name| name.replace('-', "_"));
    House::read(&package().join("src"), &["lib.rs", "main.rs"], &libraries.collect::<Vec<_>>())
}

fn benches() -> House {
    House::read(&package().join("benches/proxies"), &["main.rs"], &[])
}

fn nothing(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

fn rank(layer: &str) -> usize {
    ORDER.iter().position(|module| *module == layer).unwrap_or(if layer == "lib" { 0 } else { ORDER.len() })
}

fn against_the_direction(house: &House) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for arrow in house.arrows() {
        let Stop::Module(to) = arrow.to else { continue };
        let (from, to) = (house.module(arrow.from), house.module(to));
        if rank(to.layer()) > rank(from.layer()) {
            wrong.insert(format!("{}:{}: {} uses {}", from.file, arrow.line, from.layer(), to.layer()));
        }
    }
    wrong.into_iter().collect()
}

fn away_from_home(house: &House) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for arrow in house.arrows() {
        let Stop::Library(path) = &arrow.to else { continue };
        let from = house.module(arrow.from);
        let at_home = |(library, homes): &(&str, &[&str])| *library != path[0] || homes.contains(&from.layer());
        if !HOMES.iter().all(at_home) {
            wrong.insert(format!("{}:{}: {} is not at home here", from.file, arrow.line, path[0]));
        }
    }
    wrong.into_iter().collect()
}

fn past_sessions(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    let elsewhere = |layer: &str| !matches!(layer, "store" | "sessions");
    for module in house.modules().filter(|module| elsewhere(module.layer())) {
        for (line, of, call) in &module.calls {
            let asked =
                OF_SESSIONS.contains(&call.as_str()) && of != "sessions" && !(call == "session" && of == "guest");
            if asked {
                wrong.push(format!("{}:{line}: {of}.{call}", module.file));
            }
        }
    }
    for arrow in house.arrows() {
        let (from, Stop::Module(to)) = (house.module(arrow.from), arrow.to) else { continue };
        let name = arrow.path.last().map(String::as_str).unwrap_or_default();
        if elsewhere(from.layer()) && house.module(to).layer() == "store" && OF_SESSIONS.contains(&name) {
            wrong.push(format!("{}:{}: {}", from.file, arrow.line, arrow.path.join("::")));
        }
    }
    wrong
}

fn impure(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in house.modules().filter(|module| module.layer() == "domain") {
        let slow = module.words.iter().filter(|(_, word)| matches!(word.as_str(), "async" | "await"));
        wrong.extend(slow.map(|(line, word)| format!("{}:{line}: {word}", module.file)));
    }
    for arrow in house.arrows() {
        let (from, Stop::Library(path)) = (house.module(arrow.from), &arrow.to) else { continue };
        if from.layer() != "domain" {
            continue;
        }
        let path_text = path.join("::");
        let standard = matches!(path[0].as_str(), "std" | "core" | "alloc");
        let pure = if standard {
            !IMPURE.iter().any(|part| path_text.starts_with(part))
        } else {
            PURE.contains(&path[0].as_str())
        };
        if !pure || path.last().is_some_and(|last| last == "now") {
            wrong.push(format!("{}:{}: {path_text}", from.file, arrow.line));
        }
    }
    wrong
}

fn too_long(house: &House) -> Vec<String> {
    let long = house.lengths().into_iter().filter(|(_, lines)| *lines > LONG);
    long.map(|(file, lines)| format!("{file} has {lines} lines of code")).collect()
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
