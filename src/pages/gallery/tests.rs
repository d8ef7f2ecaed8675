//! What the gallery shows is all that a resident can see: every branch of every template, every sentence, every message.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{DrawnFor, Gallery, Known, draw, file_of, sentences};
use crate::domain::language::Language;
use crate::pages::files::{self, Files};
use crate::pages::portal::{Alert, FieldError};
use crate::pages::{Brand, Pages, Sample, letters, portal, translations};

/// Branches that no sample draws, each with the reason.
const NOT_DRAWN: &[(&str, &str)] = &[
    // No agency can have a logo yet.
    ("parts/layout", "{{#if frame.brand.logo_url}}"),
    // Whether a link leads out of the frame or stays in it cannot be seen.
    ("portal/not_sent", "{{#if frame.in_a_frame}}"),
    ("portal/others", "{{#each page.accounts}} else"),
    ("portal/not_sent", "{{#if (eq page.why \"renewed\")}}"),
    ("portal/not_sent", "{{#if (eq page.why \"renewed\")}} else"),
    // What is around such a list is left out, too, where it is empty; and nobody chooses among no agencies.
    ("mail/accounts_attached.html", "{{#each letter.accounts}} else"),
    ("mail/accounts_attached.txt", "{{#each letter.accounts}} else"),
    ("parts/account_list", "{{#each page.accounts}} else"),
    ("parts/criteria", "{{#each page.criteria}} else"),
    ("parts/letter_also", "{{#each letter.agencies}} else"),
    ("parts/letter_also.txt", "{{#each letter.agencies}} else"),
    ("portal/account", "{{#each page.devices}} else"),
    ("portal/account", "{{#each page.own}} else"),
    ("portal/attach", "{{#each page.theirs}} else"),
    ("portal/choose_agency", "{{#each page.agencies}} else"),
    ("portal/address_request", "{{#each page.agencies}} else"),
    ("portal/privacy", "{{#each page.cookies}} else"),
    ("portal/not_sent", "{{#each page.fields}} else"),
    ("portal/again", "{{#each page.typed}} else"),
    ("parts/notices", "{{#each several}} else"),
    ("mail/reset_password.html", "{{#each letter.whose}} else"),
    ("mail/reset_password.txt", "{{#each letter.whose}} else"),
    ("portal/reset", "{{#each page.accounts}} else"),
    ("portal/reset_which", "{{#each page.readers}} else"),
    ("portal/reset_which", "{{#each accounts}} else"),
];

/// The agency of the samples, two that are reached in one way only, and one that nobody reaches.
fn several() -> [DrawnFor; 4] {
    let usual = DrawnFor::default();
    let by_mail = Brand { support_phone: None, support_url: None, old_password_hint: None, ..usual.agency.clone() };
    let by_phone = Brand { answers: false, support_email: None, support_url: None, ..usual.agency.clone() };
    let by_nothing = Brand { answers: false, support_phone: None, ..by_mail.clone() };
    let by_nothing = Brand { support_email: None, ..by_nothing };
    let of = |agency| DrawnFor { agency, ..usual.clone() };
    [of(by_mail), of(by_phone), of(by_nothing), usual.clone()]
}

fn samples() -> impl Iterator<Item = Sample> {
    portal::samples().into_iter().chain(letters::samples())
}

/// Everything that the gallery draws with these files, for the eyes of a test.
fn drawn_with(files: &Files) -> String {
    let (pages, problems) = Pages::from_files(files);
    assert_eq!(problems, Vec::<String>::new());
    let mut drawn = String::new();
    for (language, whose) in Language::ALL.into_iter().flat_map(|language| several().map(|whose| (language, whose))) {
        for sample in samples() {
            if sample.template.starts_with("mail/") {
                let letter = whose.letter(&pages, language, &sample).unwrap();
                drawn += &[letter.subject, letter.text, letter.html].concat();
            } else {
                drawn += &whose.page(&pages, language, &sample).unwrap();
            }
        }
    }
    drawn
}

/// The templates with a mark in each branch, and the marks with where they stand.
fn marked() -> (Files, Vec<(String, String)>) {
    let mut files = files::read(None).unwrap();
    let mut branches = Vec::new();
    let of_residents = |path: &str| path.strip_suffix(".hbs").is_some() && !path.starts_with("gallery/");
    for (path, content) in files.iter_mut().filter(|(path, _)| of_residents(path)) {
        let text = String::from_utf8(content.to_vec()).unwrap();
        *content = Cow::Owned(mark(&text, path.trim_end_matches(".hbs"), &mut branches).into_bytes());
    }
    (files, branches)
}

fn mark_of(branch: usize) -> String {
    format!("⟦branch {branch}⟧")
}

/// Marks the branches of one template.
fn mark(text: &str, template: &str, branches: &mut Vec<(String, String)>) -> String {
    let mut marked = String::new();
    let mut open: Vec<(String, bool)> = Vec::new();
    let mut put = |marked: &mut String, what: String| {
        marked.push_str(&mark_of(branches.len()));
        branches.push((template.to_owned(), what));
    };
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let length = rest[at..].find("}}").unwrap() + 2;
        let (before, tag) = (&rest[..at], &rest[at..at + length]);
        rest = &rest[at + length..];
        marked += before;
        let is_block = ["{{#if ", "{{#unless ", "{{#each "].iter().any(|block| tag.starts_with(block));
        let closes = ["{{/if}}", "{{/unless}}", "{{/each}}"].contains(&tag);
        if is_block {
            marked += tag;
            put(&mut marked, tag.to_owned());
            open.push((tag.to_owned(), false));
        } else if tag == "{{else}}" {
            marked += tag;
            let (block, has_else) = open.last_mut().unwrap();
            *has_else = true;
            let what = format!("{block} else");
            put(&mut marked, what);
        } else if closes {
            let (block, has_else) = open.pop().unwrap();
            if !has_else {
                marked += "{{else}}";
                put(&mut marked, format!("{block} else"));
            }
            marked += tag;
        } else {
            assert!(!tag.starts_with("{{else"), "{template}: {tag} is a branch that this test does not know");
            marked += tag;
        }
    }
    marked + rest
}

#[test]
fn h02_every_branch_of_every_template_is_drawn_by_a_sample() {
    let (files, branches) = marked();
    let drawn = drawn_with(&files);
    let mut missing = BTreeSet::new();
    for (number, (template, branch)) in branches.iter().enumerate() {
        if !drawn.contains(&mark_of(number)) {
            missing.insert((template.as_str(), branch.as_str()));
        }
    }
    let known: BTreeSet<(&str, &str)> = NOT_DRAWN.iter().copied().collect();
    assert!(branches.len() > 100, "{} branches", branches.len());
    assert_eq!(missing, known, "branches that no sample draws, and those that are known");
}

#[test]
fn h01_every_sentence_is_drawn_by_a_sample() {
    let files = files::read(None).unwrap();
    let said = sentences(&drawn_with(&translations::named(&files)));
    let homes = translations::homes(&files);
    let missing: BTreeSet<&str> = homes
        .iter()
        .filter(|(name, file)| file.as_str() != "gallery.ftl" && !said.contains(name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(missing, BTreeSet::new(), "sentences that no sample draws");
}

#[test]
fn every_sentence_of_the_index_is_said_there() {
    let files = files::read(None).unwrap();
    let known = Known {
        settings: SETTINGS
            .iter()
            .flat_map(|(key, values)| values.iter().map(|value| (*key, (*value).to_owned())))
            .collect(),
        ..Known::default()
    };
    let (named, _) = Pages::from_files(&translations::named(&files));
    let mut said = BTreeSet::new();
    for known in [None, Some(known)] {
        let context = index(&named, &DrawnFor { known, ..DrawnFor::default() });
        said.extend(sentences(&named.filled("gallery/index", &context).unwrap()));
    }
    let homes = translations::homes(&files);
    let unsaid: Vec<&String> = homes
        .iter()
        .filter(|(name, file)| *file == "gallery.ftl" && !said.contains(*name))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(unsaid, Vec::<&String>::new());
}

/// Every key that is told, with all that it can be.
const SETTINGS: &[(&str, &[&str])] = &[
    ("sign_in.adapter", &["form-replay", "http-basic", "trusted-headers"]),
    ("sign_in.verifier", &["form", "basic", "roster"]),
    ("policy.order", &["password-first", "proof-first"]),
    ("policy.identifier", &["email", "legacy"]),
    ("policy.confirmation", &["link", "code", "both"]),
    ("policy.confirm_noted", &["true", "false"]),
    ("policy.email_change", &["self", "agency"]),
    ("policy.password_scope", &["one", "per-account"]),
    ("accounts", &["one-at-a-time", "labels", "shared-host"]),
];

/// What the index shows of all samples.
fn index(pages: &Pages, whose: &DrawnFor) -> Value {
    let homes = std::collections::BTreeMap::new();
    let mut index = super::Index::new(Language::Fr, whose, &homes);
    for sample in samples() {
        let drawn = super::Drawn { words: String::new(), sentences: BTreeSet::from(["x".to_owned()]) };
        if sample.template.starts_with("mail/") {
            index.letter(&sample, drawn, &whose.letter(pages, Language::Fr, &sample).unwrap());
        } else {
            index.page(&sample, drawn);
        }
    }
    index.into_context()
}

#[test]
fn every_message_and_every_mistake_stands_on_some_page() {
    let samples = portal::samples();
    let shown = |pointer: &str, name: &str| {
        samples.iter().any(|sample| sample.context.pointer(pointer).and_then(Value::as_str) == Some(name))
    };
    for (_, alert) in Alert::each() {
        let kind = json!(alert)["kind"].as_str().unwrap().to_owned();
        assert!(shown("/alert/kind", &kind), "{kind} stands on no page");
    }
    for name in FieldError::NAMES {
        assert!((0..3).any(|n| shown(&format!("/alert/wrong/{n}/name"), name)), "{name} stands on no page");
    }
}

#[test]
fn each_page_and_letter_has_an_ordinary_state_before_the_harmful_one() {
    let all: Vec<Sample> = samples().collect();
    for sample in &all {
        let first = all.iter().find(|other| other.template == sample.template).unwrap();
        assert!(!first.is_awkward(), "{} shows harm first", sample.template);
    }
}

fn gallery() -> Gallery {
    draw(None, &DrawnFor::default(), |_, _| {}).unwrap()
}

fn text(gallery: &Gallery, path: &str) -> String {
    String::from_utf8(gallery.files[path].clone()).unwrap_or_else(|_| panic!("{path}"))
}

#[test]
fn h02_a_drawn_page_asks_nothing_of_a_server_and_leads_only_to_files_that_are_there() {
    let elsewhere = DrawnFor { origin: "https://compte.canal.example".to_owned(), ..DrawnFor::default() };
    for whose in [DrawnFor::default(), elsewhere] {
        leads_only_to_files_that_are_there(&draw(None, &whose, |_, _| {}).unwrap(), &whose.origin);
    }
}

fn leads_only_to_files_that_are_there(gallery: &Gallery, origin: &str) {
    for (path, _) in gallery.files.iter().filter(|(path, _)| path.strip_suffix(".html").is_some()) {
        let html = scraper::Html::parse_document(&text(gallery, path));
        let select = |css: &str| scraper::Selector::parse(css).unwrap();
        for form in html.select(&select("form")) {
            assert_eq!((form.attr("method"), form.attr("action")), (Some("dialog"), None), "{path}");
        }
        assert_eq!(html.select(&select("meta[http-equiv], base, [autofocus], [target=_top]")).count(), 0, "{path}");
        for name in ["href", "src"] {
            for element in html.select(&select(&format!("[{name}]"))) {
                let address = element.attr(name).unwrap();
                let (file, anchor) = address.split_once('#').unwrap_or((address, ""));
                let elsewhere = ["https://", "mailto:", "tel:"].iter().any(|scheme| file.starts_with(scheme));
                if elsewhere {
                    assert!(
                        !file.starts_with(origin) && !file.starts_with(crate::pages::sample::PORTAL),
                        "{path}: {address}"
                    );
                    continue;
                }
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let to = match file.strip_prefix("../") {
                    Some(beside) => beside.to_owned(),
                    None if file.is_empty() => path.clone(),
                    None if folder.is_empty() => file.to_owned(),
                    None => format!("{folder}/{file}"),
                };
                assert!(gallery.files.contains_key(&to), "{path}: {address} leads to {to}, which is not there");
                let is_here = anchor.is_empty() || to != *path;
                assert!(is_here || text(gallery, path).contains(&format!("id=\"{anchor}\"")), "{path}: {address}");
            }
        }
    }
}

#[test]
fn h02_the_index_of_each_language_names_every_state_once() {
    let gallery = gallery();
    for language in Language::ALL {
        let index = text(&gallery, super::index_file(language));
        for sample in samples() {
            let file = file_of(&sample);
            assert!(gallery.files.contains_key(&format!("{}/{file}.html", language.code())), "{file}");
            assert_eq!(index.matches(&format!(" id=\"{file}\"")).count(), 1, "{file}");
        }
    }
}

#[test]
fn h02_what_an_agency_has_set_stands_in_its_pages_and_letters() {
    let values = json!({
        "code_minutes": 23,
        "notice_seconds": 17,
        "text": "<p>Nos conditions</p>",
        "version": "2026-11",
        "criteria": [{ "name": "length", "number": 19 }],
    });
    let known = Known {
        code: "TILLEUL/02".to_owned(),
        settings: vec![("policy.confirmation", "code".to_owned())],
        values: values.as_object().unwrap().clone(),
    };
    let brand = Brand { name: "Agence du Canal".to_owned(), ..DrawnFor::default().agency };
    let origin = "https://compte.canal.example".to_owned();
    let whose = DrawnFor { agency: brand, origin, known: Some(known), ..DrawnFor::default() };
    let gallery = draw(None, &whose, |_, _| {}).unwrap();
    assert!(text(&gallery, "fr/proof-code.html").contains("valable 23 minutes"));
    assert!(text(&gallery, "fr/letter-confirm_address-code.txt").contains("valable 23 minutes"));
    assert!(text(&gallery, "fr/letter-reset_password-both.txt").contains("https://compte.canal.example/confirm/"));
    assert!(text(&gallery, "fr/notice-calm.html").contains("17 secondes"));
    assert!(text(&gallery, "fr/notice-calm.html").contains("compte.canal.example"));
    assert!(text(&gallery, "fr/notice-open.html").contains("type=\"submit\">Étape suivante"), "a wait that is over");
    assert!(text(&gallery, "fr/terms-calm.html").contains("<p>Nos conditions</p>"));
    assert!(text(&gallery, "fr/password-calm.html").contains("Au moins 19 caractères"));
    assert!(text(&gallery, "fr/joined-calm.html").contains("Agence du Canal"));
    assert!(!text(&gallery, "fr/joined-awkward.html").contains("<b>"));
    let index = text(&gallery, "index.html");
    let state = |id: &str| index.split(&format!(" id=\"{id}\"")).next().unwrap().rsplit('<').next().unwrap().to_owned();
    assert!(state("proof-link").contains("unseen"), "{}", state("proof-link"));
    assert!(!state("proof-code").contains("unseen"), "{}", state("proof-code"));
}

#[test]
fn h01_times_of_samples_are_written_as_each_language_writes_them() {
    use crate::pages::{sample, written, written_day};
    assert_eq!(written(super::SAMPLE_TIME, Language::Fr), sample::WRITTEN);
    assert_eq!(written_day(super::SAMPLE_DAY, Language::Fr), sample::DAY);
    let gallery = gallery();
    assert!(text(&gallery, "fr/letter-email_changed-calm.txt").contains("le 22 novembre 2026 à 9 h 30"));
    assert!(text(&gallery, "en/letter-email_changed-calm.txt").contains("on 22 November 2026 at 09:30"));
    assert!(text(&gallery, "en/account-calm.html").contains("15 July 2026"));
}
