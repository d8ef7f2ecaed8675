//! Every page and letter in every language: whole, escaped, usable; and what loading says about a broken one.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{ElementRef, Html, Selector};

use super::sample::{self, AWKWARD, Sample};
use super::{Brand, Frame, Pages, RenderedLetter, letters, portal};
use crate::domain::language::Language;

fn pages() -> Pages {
    Pages::load(None).unwrap()
}

/// Every sample in every language, in one brand's frame.
fn for_every_page(brand: &Brand, mut look: impl FnMut(&Sample, &Frame<'_>, &str)) {
    let pages = pages();
    for language in Language::ALL {
        for frame in sample::frames(language, brand) {
            for sample in portal::samples() {
                look(&sample, &frame, &pages.page(&frame, sample.template, &sample.context).unwrap());
            }
        }
    }
}

fn for_every_letter(mut look: impl FnMut(&Sample, RenderedLetter)) {
    let pages = pages();
    for language in Language::ALL {
        for brand in sample::brands() {
            for sample in letters::samples() {
                let letter = pages.parts(language, &brand, sample::PORTAL, sample.template, &sample.context);
                look(&sample, letter.unwrap());
            }
        }
    }
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

/// Nothing that an awkward value brought is markup, and no address runs a script.
fn nothing_is_injected(what: &str, html: &Html) {
    assert!(all(html, "svg, b").is_empty(), "{what}: an element was injected");
    for element in all(html, "*") {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on"), "{what}: a handler in {name}");
            let runs =
                matches!(name, "href" | "src" | "action") && value.trim().to_lowercase().starts_with("javascript");
            assert!(!runs, "{what}: {name}={value}");
        }
    }
}

#[test]
fn every_template_has_a_sample() {
    let sampled: BTreeSet<&str> =
        portal::samples().iter().chain(&letters::samples()).map(|sample| sample.template).collect();
    for path in super::files::read(None).unwrap().keys() {
        let Some(name) = path.strip_suffix(".hbs") else { continue };
        let name = name.split('.').next().unwrap();
        let is_a_page = !name.starts_with("parts/") && !name.starts_with("gallery/");
        assert!(!is_a_page || sampled.contains(name), "{name} has no sample");
    }
}

#[test]
fn every_state_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for sample in portal::samples().into_iter().chain(letters::samples()) {
        let name = format!("{}-{}", sample.template, sample.state);
        assert!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte)),
            "{name} names no file"
        );
        assert!(names.insert(name.clone()), "{name} twice");
    }
}

#[test]
fn every_page_is_whole_valid_html_in_both_languages() {
    for_every_page(&sample::brands()[0], |sample, frame, page| {
        let html = Html::parse_document(page);
        assert_eq!(html.errors, Vec::<String>::new(), "{}\n{page}", sample.template);
        assert!(page.contains(&format!("<html lang=\"{}\">", frame.language.code())));
        let typed = super::terms::escape(AWKWARD);
        assert!(!page.replace(&typed, "").contains("{{"), "{}: a template is left\n{page}", sample.template);
        assert_eq!(all(&html, "h1").len(), 1, "{}", sample.template);
    });
}

#[test]
fn awkward_values_are_shown_and_never_obeyed() {
    let [_, _, brand] = sample::brands();
    for_every_page(&brand, |sample, _, page| nothing_is_injected(sample.template, &Html::parse_document(page)));
    for_every_letter(|sample, letter| {
        nothing_is_injected(sample.template, &Html::parse_document(&letter.html));
        assert!(!letter.subject.contains(char::is_control), "{}", letter.subject);
    });
}

#[test]
fn text_parts_and_subjects_are_not_escaped() {
    let pages = pages();
    let [calm, _, _] = sample::brands();
    let brand = Brand { name: "Agence d'Ô & Fils".to_owned(), ..calm };
    let reset_url = "https://a.example/f?x=1&y=2".to_owned();
    let letter = letters::PasswordChanged { at: "hier".to_owned(), reset_url, not_me_url: None, agencies: Vec::new() };
    let letter = pages.letter(Language::Fr, &brand, sample::PORTAL, &letter).unwrap();
    assert!(letter.subject.starts_with("Agence d'Ô & Fils\u{a0}:"), "{}", letter.subject);
    assert!(letter.text.contains("https://a.example/f?x=1&y=2\n"), "{}", letter.text);
    assert!(letter.html.contains("href=\"https://a.example/f?x=1&amp;y=2\""), "{}", letter.html);
}

#[test]
fn residents_4_every_letter_names_its_agency_and_telephone_and_leads_on_and_those_that_warn_say_how_it_is_reached() {
    const WARN: [&str; 13] = [
        "account_attached",
        "account_detached",
        "account_withdrawn",
        "accounts_attached",
        "address_chosen",
        "address_requested",
        "already_account",
        "email_changed",
        "email_restored",
        "own_password",
        "password_changed",
        "request_held",
        "reset_password",
    ];
    let pages = pages();
    let [agency, bare, _] = sample::brands();
    let reached = bare.clone().or_reached_at(None);
    assert!(!reached.is_reachable());
    for (language, reach, answer) in
        [(Language::Fr, "Pour joindre", "répondre à cet e-mail"), (Language::En, "To reach", "reply to this e-mail")]
    {
        for sample in letters::samples() {
            let letter = pages.parts(language, &agency, sample::PORTAL, sample.template, &sample.context).unwrap();
            let name = sample.template.trim_start_matches("mail/");
            let what = format!("{name} {} {language:?}: {}", sample.state, letter.text);
            let is_staffs = name == "address_request";
            assert!(is_staffs || letter.subject.starts_with("Agence des Tilleuls"), "{what}");
            let words: String = Html::parse_document(&letter.html).root_element().text().collect();
            for (part, words) in [(&letter.text, &letter.text), (&letter.html, &words)] {
                assert!(words.contains("Agence des Tilleuls") && words.contains("05 61 00 00 00"), "{what}");
                assert!(part.contains(&format!("{}/trouble", sample::PORTAL)), "{what}");
                let warns = WARN.contains(&name);
                assert_eq!(words.contains(reach) && words.contains(answer), warns, "{what}");
            }
            // Nobody is promised an answer where none arrives.
            let letter = pages.parts(language, &bare, sample::PORTAL, sample.template, &sample.context).unwrap();
            assert!(!letter.text.contains(answer) && !letter.text.contains(reach), "{what}");
        }
    }
}

#[test]
fn both_parts_of_a_letter_have_the_same_link_and_code() {
    for_every_letter(|sample, letter| {
        let html = Html::parse_document(&letter.html);
        assert_eq!(html.errors, Vec::<String>::new(), "{}", sample.template);
        let links: BTreeSet<&str> = all(&html, "a").iter().filter_map(|link| link.value().attr("href")).collect();
        for name in ["link", "reset_url", "account_url"] {
            if let Some(link) = sample.context.get(name).and_then(serde_json::Value::as_str) {
                assert!(links.contains(link) && letter.text.contains(link), "{}: {link}", sample.template);
            }
        }
        if let Some(code) = sample.context.get("code").and_then(serde_json::Value::as_str) {
            assert!(letter.html.contains(code) && letter.text.lines().any(|line| line == code), "{}", letter.text);
        }
        assert!(!letter.text.contains("\n\n\n"), "{}:\n{}", sample.template, letter.text);
        assert!(letter.text.lines().all(|line| line.len() < 998));
    });
}

#[test]
fn every_field_has_its_label_and_every_form_its_token() {
    for_every_page(&sample::brands()[0], |sample, _, page| {
        let html = Html::parse_document(page);
        let mut ids = BTreeSet::new();
        for element in all(&html, "[id]") {
            assert!(ids.insert(element.attr("id").unwrap()), "{}: {:?} twice", sample.template, element.attr("id"));
        }
        for input in all(&html, "input:not([type=hidden]):not(.sr)") {
            let label = format!("label[for={}]", input.attr("id").unwrap());
            assert_eq!(all(&html, &label).len(), 1, "{}: {label}", sample.template);
            assert!(input.attr("autocomplete").is_some() || input.attr("type") == Some("checkbox"));
            assert!(input.attr("type") != Some("password") || input.attr("value").is_none());
            assert!(input.attr("aria-invalid").is_none() || input.attr("aria-describedby").is_some(), "{page}");
        }
        for reference in ["aria-describedby", "aria-controls", "aria-labelledby"] {
            for element in all(&html, &format!("[{reference}]")) {
                for id in element.attr(reference).unwrap().split_whitespace() {
                    assert!(ids.contains(id), "{}: {reference}={id}", sample.template);
                }
            }
        }
        for link in all(&html, "[data-summary] a") {
            assert!(ids.contains(&link.attr("href").unwrap()[1..]), "{}: {:?}", sample.template, link.attr("href"));
        }
        for form in all(&html, "form[method=post]") {
            let token = Selector::parse("input[type=hidden][name=csrf]").unwrap();
            assert_eq!(form.select(&token).count(), 1, "{}: {:?}", sample.template, form.attr("action"));
        }
        assert!(all(&html, "script:not([src]), style, [style]").is_empty(), "{}: inline", sample.template);
    });
}

#[test]
fn no_browser_judges_a_form_of_ours_in_its_own_language() {
    for_every_page(&sample::brands()[0], |sample, _, page| {
        let html = Html::parse_document(page);
        let wanted = Selector::parse("[required], [pattern], [minlength]").unwrap();
        for form in all(&html, "form") {
            let judged = form.select(&wanted).count() > 0 && form.attr("novalidate").is_none();
            assert!(!judged, "{}: {:?}", sample.template, form.attr("action"));
        }
        assert!(all(&html, "[data-missing='']").is_empty(), "{}: an empty field has its sentence", sample.template);
    });
}

#[test]
fn what_is_wrong_is_told_once_and_at_its_field() {
    for_every_page(&sample::brands()[0], |sample, _, page| {
        let what = format!("{} {}", sample.template, sample.state);
        let html = Html::parse_document(page);
        let words = |element: &ElementRef<'_>| element.text().collect::<String>().trim().to_owned();
        let invalid = all(&html, "[aria-invalid=true]");
        assert_eq!(all(&html, ".field.invalid, .check.invalid").len(), invalid.len(), "{what}");
        for field in &invalid {
            let id = field.attr("id").unwrap();
            let described = field.attr("aria-describedby").unwrap().split_whitespace();
            assert_eq!(described.clone().next(), Some(&*format!("{id}-error")), "{what}: what is wrong is read first");
            let said = words(&all(&html, &format!("#{id}-error"))[0]);
            assert!(!said.is_empty(), "{what}: {id}");
            let places = all(&html, ".field-error, [data-summary]");
            let told = places.iter().filter(|place| words(place).contains(&said)).count();
            assert!(told == 1 || invalid.len() > 1, "{what}: {said} is told {told} times");
        }
        let above = all(&html, "[data-summary]");
        let links: Vec<&str> =
            all(&html, "[data-summary] li a").iter().map(|link| link.attr("href").unwrap()).collect();
        let focused = all(&html, "[autofocus]");
        assert!(focused.len() == usize::from(!above.is_empty() || !invalid.is_empty()), "{what}: {}", focused.len());
        if above.is_empty() {
            assert!(invalid.len() <= 1, "{what}: several are listed");
            assert!(invalid.iter().all(|field| field.attr("autofocus").is_some()), "{what}");
        } else if !links.is_empty() {
            let ids: Vec<String> = invalid.iter().map(|field| format!("#{}", field.attr("id").unwrap())).collect();
            assert_eq!(links, ids, "{what}: in the order of the form");
        }
    });
}

/// Fields for what is typed once and kept by nobody: the agency's own passwords.
const KEPT_BY_NOBODY: [&str; 3] = ["given-password", "agency-password", "password-"];

#[test]
fn who_keeps_passwords_for_somebody_is_told_whose_each_of_them_is() {
    for_every_page(&sample::brands()[0], |sample, _, page| {
        let what = format!("{} {}", sample.template, sample.state);
        let html = Html::parse_document(page);
        let select = |css| Selector::parse(css).unwrap();
        for form in all(&html, "form") {
            let passwords: Vec<ElementRef<'_>> = form.select(&select("input[type=password]")).collect();
            if passwords.is_empty() {
                continue;
            }
            let names: Vec<ElementRef<'_>> = form.select(&select("input[autocomplete=username]")).collect();
            assert_eq!(names.len(), 1, "{what}: {:?}", form.attr("action"));
            let is_seen = !names[0].value().classes().any(|class| class == "sr");
            assert!(is_seen || names[0].attr("value").is_some_and(|value| !value.is_empty()), "{what}");
            for password in passwords {
                let (id, kept) = (password.attr("id").unwrap(), password.attr("autocomplete").unwrap());
                let expected = match id {
                    id if KEPT_BY_NOBODY.iter().any(|start| id.starts_with(start)) => "off",
                    "confirmation" => "new-password",
                    "password" if all(&html, "#confirmation[type=password]").len() == 1 => "new-password",
                    _ => "current-password",
                };
                assert_eq!(kept, expected, "{what}: {id}");
            }
        }
    });
}

#[test]
fn every_page_and_every_error_has_its_own_title() {
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    for_every_page(&sample::brands()[0], |sample, frame, page| {
        let html = Html::parse_document(page);
        let title: String = all(&html, "title")[0].text().collect();
        let erroneous = !all(&html, "[role=alert]").is_empty();
        let word = if frame.language == Language::Fr { "Erreur\u{a0}:" } else { "Error:" };
        assert_eq!(title.starts_with(word), erroneous, "{}: {title}", sample.template);
        let of = format!("{} {}", sample.template, sample.context.get("name").unwrap_or_default());
        let first = titles.entry(title.clone()).or_insert_with(|| of.clone());
        assert_eq!(*first, of, "{title}");
    });
}

#[test]
fn assets_are_named_with_their_version_and_served_with_their_kind() {
    let pages = pages();
    let css = pages.asset("vestibule.css").unwrap();
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    let version = css.etag.trim_matches('"').to_owned();
    for_every_page(&sample::brands()[0], |_, frame, page| {
        assert!(page.contains(&format!("{}/vestibule.css?v={version}", frame.assets)), "{page}");
    });
    assert!(pages.asset("../Cargo.toml").is_none());
}

/// Loads the built-in pages with one file of the operator's over them, and gives the problems.
fn problems_with(path: &str, content: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
    Pages::load(Some(folder.path())).map(|_| ()).map_or_else(|error| error.problems, |()| Vec::new())
}

#[test]
fn a_broken_template_is_told_when_it_is_loaded() {
    for broken in [
        "{{page.agencee}}",
        "{{t \"no-such-key\"}}",
        "{{#if page.nothing}}x{{/if}}",
        "{{> nowhere}}",
        "{{#if page.agency}}",
        "{{asset \"x.css\"}}",
    ] {
        let problems = problems_with("portal/joined.hbs", broken);
        assert!(problems.iter().any(|problem| problem.starts_with("portal/joined")), "{broken}: {problems:?}");
    }
    assert_eq!(problems_with("portal/joined.hbs", "{{page.agency}}"), Vec::<String>::new());
}

#[test]
fn a_missing_sentence_is_told_when_it_is_loaded() {
    let problems = problems_with("locales/en/extra.ftl", "only-here = Only here");
    assert_eq!(problems, ["locales/fr: the key `only-here` is missing"]);
    assert!(!problems_with("locales/fr/account.ftl", "account-title = Mon compte").is_empty());
}

#[test]
fn the_page_for_the_engines_own_failures_needs_nothing_and_escapes() {
    let page = Pages::fallback(AWKWARD);
    let html = Html::parse_document(&page);
    assert_eq!(html.errors, Vec::<String>::new());
    nothing_is_injected("fallback", &html);
}

#[test]
fn no_browser_refuses_an_address_that_was_pasted_with_signs_that_nobody_sees() {
    for_every_page(&sample::brands()[0], |sample, _, html| {
        let html = Html::parse_document(html);
        assert!(all(&html, "input[type=email]").is_empty(), "{}: the server judges addresses", sample.template);
        for field in all(&html, "input#email, input#confirmation[inputmode], input#login") {
            let says = |name: &str| field.value().attr(name);
            assert_eq!(says("inputmode"), Some("email"), "{}: a phone shows its keys", sample.template);
            assert!(says("autocomplete").is_some() && says("spellcheck") == Some("false"), "{}", sample.template);
        }
    });
}
