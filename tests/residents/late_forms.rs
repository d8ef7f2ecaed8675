//! A form of the extranet that was sent too late: after the session's end, with terms owed, or into an extranet whose own
//! session had ended (a19, LAW-017).

use std::fs;

use reqwest::Method;
use tempfile::TempDir;
use url::Url;

use crate::support::{
    browser::{Browser, Device},
    page,
    person::{Answer, Person, Request},
    site::Agency,
    town::{ALICE, BOB, CHOSEN, Town, try_sign_in},
};

const FORM: &str = "application/x-www-form-urlencoded";
const TITLE: &str = "Votre formulaire n'a pas été envoyé";
const BODY: &str = "objet=Fuite+d%27eau&texte=Bonjour%2C%0D%0A%3Cb%3Eil+pleut%3C%2Fb%3E&motdepasse=Alice-2019";

/// A form of a page of this host, as a browser sends it.
fn form(at: &str) -> Request {
    let url = Url::parse(at).expect("an address");
    let origin = url.origin().ascii_serialization();
    Request::get(url)
        .method(Method::POST)
        .header("origin", &origin)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", FORM)
        .header("referer", &format!("{origin}/membre/formulaire?no=7"))
        .body(BODY)
}

/// The page that tells of it, with where it was sent from as the way back.
fn told(answer: &Answer, status: u16, action: &str) -> String {
    let words = page::words(&answer.text());
    assert_eq!((answer.status, answer.url.path()), (status, "/.vestibule/not-sent"), "{words}");
    assert!(words.contains(TITLE) && words.contains("Agence du Port"), "{words}");
    let way = page::link(&answer.text(), &answer.url, action).unwrap_or_else(|| panic!("no « {action} »: {words}"));
    way.to_string()
}

/// Every way in which a session can be gone for a form.
fn without_a_session(town: &Town) -> Vec<(&'static str, Person)> {
    let mut signed_out = town.alice();
    signed_out.open("/account").press("Se déconnecter");
    let mut cookie_gone = Person::new(&town.gateway);
    try_sign_in(&mut cookie_gone, "a", ALICE.email, CHOSEN);
    let at_portal = cookie_gone.cookies(&town.gateway.portal("/"));
    cookie_gone.forget_cookies();
    for (name, value) in at_portal {
        cookie_gone.plant(&town.gateway.portal("/"), &name, &value);
    }
    vec![
        ("signed out elsewhere", signed_out),
        ("only this host's cookie gone", cookie_gone),
        ("never signed in", Person::new(&town.gateway)),
    ]
}

#[test]
fn a19_a_form_after_the_sessions_end_is_told_calmly_and_what_was_written_is_there_to_be_copied() {
    let town = Town::build();
    for (what, mut person) in without_a_session(&town) {
        town.forget();
        let answer = person.visit(form(&town.at_a("/membre/message")));
        let way = told(&answer, 401, "Se connecter");
        assert!(way.contains("/login?client=CA&societe=SA") && way.contains("return=%2Fmembre%2Fformulaire"), "{way}");
        let text = answer.text();
        assert!(text.contains("Fuite d&#39;eau") && text.contains("&lt;b&gt;il pleut&lt;/b&gt;"), "{what}: {text}");
        assert!(!text.contains("Alice-2019") && text.contains("Les mots de passe ne sont pas affichés"), "{what}");
        town.a.assert_untouched(what);
        // Signed in, one is back where the form is.
        person.open(&way);
        if person.sees("Email ou identifiant") {
            person.fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
        }
        assert_eq!(person.here().url.to_string(), town.at_a("/membre/formulaire?no=7"), "{what}: {}", person.words());
        person.see("alice-77");
    }
    for place in
        [town.gateway.log(), fs::read_to_string(town.gateway.folder().join("vestibule.db")).unwrap_or_default()]
    {
        assert!(!place.contains("il pleut"), "it is kept nowhere");
    }
}

#[test]
fn a19_what_was_written_is_shown_where_the_extranet_answers_with_its_login_form_too() {
    for cookies in ["relay", "jar"] {
        let set = |agency: Agency| agency.set("session_over.element", "form#connexion").set("cookies", cookies);
        let town = Town::build_with_agency(|site| site, set);
        let mut alice = town.alice();
        let shows = "/over/x?content-type=text/html;charset=iso-8859-1&body=%3Cform%20id=connexion%3E%3C/form%3E";
        for (kind, body) in [
            (FORM, BODY),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"objet\"\r\n\r\nFuite d'eau\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"texte\"\r\n\r\nBonjour,\r\n<b>il pleut</b>\r\n--x--\r\n",
            ),
        ] {
            town.a.expire_sessions();
            let mut request = form(&town.at_a(shows)).body(body);
            request.headers.retain(|(name, _)| name != "content-type");
            let answer = alice.visit(request.header("content-type", kind));
            assert!(!answer.text().contains("Alice-2019") && !answer.text().contains("refresh"), "{}", answer.text());
            let next = page::form_with_button(&answer.text(), &answer.url, "Continuer / Continue").expect("a way on");
            let mut next = alice.request_of(&next);
            next.headers.push(("origin".to_owned(), answer.url.origin().ascii_serialization()));
            next.headers.push(("sec-fetch-site".to_owned(), "same-origin".to_owned()));
            let answer = alice.visit(next);
            told(&answer, 409, "Revenir au formulaire");
            let text = answer.text();
            assert!(text.contains("Fuite d&#39;eau") && text.contains("&lt;b&gt;il pleut&lt;/b&gt;"), "{kind}: {text}");
            assert!(!text.contains("Alice-2019"), "{kind}");
            alice.open(town.at_a("/membre/x")).see("alice-77");
        }
    }
}

#[test]
fn a19_page_loads_get_the_page_and_scripts_a_line_that_they_can_read() {
    let town = Town::build();
    let multipart = "multipart/form-data; boundary=x";
    let of = |kind: &str| match kind {
        "multipart/form-data; boundary=x" => {
            "--x\r\nContent-Disposition: form-data; name=\"texte\"\r\n\r\nil pleut\r\n\
             --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\nJFIF\r\n--x--\r\n"
        }
        FORM => "texte=il+pleut",
        _ => "il pleut",
    };
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for kind in [FORM, multipart, "text/plain", "application/json"] {
            for (mode, accept, more, is_page) in [
                (Some("navigate"), "text/html,*/*;q=0.8", None, true),
                (None, "text/html,application/xhtml+xml,*/*;q=0.8", None, true),
                (Some("cors"), "*/*", None, false),
                (Some("same-origin"), "text/html", None, false),
                (Some("no-cors"), "*/*", None, false),
                (None, "*/*", None, false),
                (None, "application/json", None, false),
                (None, "text/html", Some(("x-requested-with", "XMLHttpRequest")), false),
            ] {
                let mut request = form(&town.at_a("/membre/message")).method(method.clone());
                request.as_browser = false;
                request.headers.retain(|(name, _)| name != "content-type");
                request = request.header("content-type", kind).header("accept", accept).body(of(kind));
                if let Some(mode) = mode {
                    request = request.header("sec-fetch-mode", mode);
                }
                if let Some((name, value)) = more {
                    request = request.header(name, value);
                }
                // No form has another method; calendars do.
                let is_page = is_page && method == Method::POST;
                let what = format!("{method} {kind} {mode:?} {accept} {more:?}");
                let mut stranger = Person::new(&town.gateway);
                let mut answer = stranger.ask(request.clone());
                if is_page {
                    let keeps = answer.status == 307;
                    assert_eq!(keeps, kind.contains("form"), "{what}: {}", answer.status);
                    let mut next = if keeps { request } else { Request::get(answer.url.clone()) };
                    next.url = answer.redirect().expect("a way on");
                    answer = stranger.ask(next);
                    told(&answer, 401, "Se connecter");
                    assert_eq!(answer.text().contains("il pleut"), keeps, "{what}");
                } else if accept.contains("json") || accept == "*/*" {
                    assert_eq!(
                        (answer.status, answer.json()["error"].as_str()),
                        (401, Some("sign_in_required")),
                        "{what}"
                    );
                } else {
                    assert!(answer.status == 401 && answer.text().len() < 300, "{what}: {}", answer.text());
                }
            }
        }
    }
    town.a.assert_untouched("forms of nobody");
}

#[test]
fn a19_what_another_site_sends_is_never_shown_here() {
    let town = Town::build();
    let foreign: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[],
    ];
    for lines in foreign {
        for path in ["/.vestibule/not-sent", "/membre/message"] {
            let mut request = form(&town.at_a(path));
            request.headers.retain(|(name, _)| name == "content-type");
            for (name, value) in lines {
                request = request.header(name, value);
            }
            if lines.is_empty() {
                request.as_browser = false;
            }
            let answer = Person::new(&town.gateway).visit(request);
            assert!(!answer.text().contains("il pleut"), "{lines:?} {path}: {}", answer.text());
        }
    }
    // Large ones are told without their text; what is larger than any form is not read.
    for size in [64 * 1024 + 1, 3 * 1024 * 1024] {
        let large = form(&town.at_a("/membre/message")).body(format!("texte=il+pleut{}", "x".repeat(size)));
        let answer = Person::new(&town.gateway).visit(large);
        told(&answer, 401, "Se connecter");
        assert!(!answer.text().contains("il pleut"));
    }
}

#[test]
fn a19_nothing_of_a_login_or_of_a_page_for_passwords_is_shown() {
    let town = Town::build();
    for (path, body) in [
        ("/ailleurs", "identifiant=alice-77&motdepasse=Alice-2019&valider=Entrer"),
        ("/motdepasse", "a=Alice-2019&b=Neuf-2026"),
    ] {
        let answer = Person::new(&town.gateway).visit(form(&town.at_a(path)).body(body));
        assert_eq!(answer.status, 401);
        for secret in ["Alice-2019", "Neuf-2026", "alice-77"] {
            assert!(!answer.text().contains(secret), "{path}: {}", answer.text());
        }
    }
    let login = Person::new(&town.gateway).visit(form(&town.at_a("/identification")));
    assert_eq!(login.status, 403, "the extranet's own login answers nobody");
}

#[test]
fn a19_into_an_extranet_whose_session_ended_a_form_is_told_with_what_was_written() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    let answer = alice.visit(form(&town.at_a("/membre/message")));
    let way = told(&answer, 409, "Revenir au formulaire");
    assert_eq!(way, town.at_a("/membre/formulaire?no=7"));
    assert!(answer.text().contains("Fuite d&#39;eau") && !answer.text().contains("Alice-2019"));
    assert_eq!(alice.visit(form(&town.at_a("/membre/message"))).status, 200, "it is renewed");
    // A script is told in a line, and not led to a page.
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    let mut script = form(&town.at_a("/membre/message")).header("accept", "*/*");
    script = script.header("sec-fetch-mode", "cors");
    let answer = alice.ask(script);
    assert_eq!(answer.status, 303);
    let next = Request::get(answer.redirect().expect("a way")).header("accept", "*/*");
    let answer = alice.ask(next.header("sec-fetch-mode", "cors"));
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("form_not_sent")), "{}", answer.text());
}

#[test]
fn law_017_whoever_owes_the_terms_is_told_so_and_may_go_or_read_on() {
    let papers = TempDir::new().expect("a folder");
    let file = papers.path().join("cgu.txt");
    fs::write(&file, "Conditions\n\nArticle 1 - Objet\n").expect("the terms");
    let mut town = Town::build_with_agency(|site| site, |agency| agency.with_terms(&file));
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    alice.tick("accept").press("Continuer").see("alice-77");
    fs::write(&file, "Conditions\n\nArticle 1 - Autre\n").expect("the terms");
    town.gateway.restart();
    let answer = alice.visit(form(&town.at_a("/membre/message")));
    let way = told(&answer, 403, "Lire les conditions");
    assert!(answer.text().contains("Fuite d&#39;eau"));
    // Refused: the way out, the account and the page about data are open, nothing of the extranet is.
    alice.open(&way).see("Article 1 - Autre");
    alice.open("/account").see(ALICE.email).open("/privacy").see("données");
    let mut leaving = form(&town.at_a("/deconnexion"));
    leaving.body = Some(Vec::new());
    let mut other = Person::new(&town.gateway);
    try_sign_in(&mut other, "a", ALICE.email, CHOSEN);
    other.see("Article 1 - Autre");
    assert_eq!(alice.get(town.at_a("/deconnexion"), &[]).header("location"), "/.vestibule/logout");
    // Accepted: back at the form.
    alice.open(&way).tick("accept").press("Continuer");
    assert_eq!(alice.here().url.to_string(), town.at_a("/membre/formulaire?no=7"));
    // The same by the extranet's own button, with terms owed again.
    fs::write(&file, "Conditions\n\nArticle 1 - Encore\n").expect("the terms");
    town.gateway.restart();
    let answer = alice.visit(leaving);
    assert!(answer.url.path() == "/login" && page::words(&answer.text()).contains("déconnecté"), "{}", answer.text());
    alice.open(town.at_a("/membre/x?y=1")).fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
    alice.see("Article 1 - Encore").tick("accept").press("Continuer");
    assert_eq!(alice.here().url.to_string(), town.at_a("/membre/x?y=1"), "a deep link goes on where it led");
}

#[test]
fn a19_on_a_shared_host_of_which_nothing_is_known_the_form_is_told_too() {
    let town = Town::on_one_host(|site| site);
    let at = town.gateway.agency("extranets", "/membre/message").to_string();
    let answer = Person::new(&town.gateway).visit(form(&at));
    let words = page::words(&answer.text());
    assert!(answer.status == 401 && words.contains(TITLE), "{words}");
    assert!(answer.text().contains("Fuite d&#39;eau"));
    let way = page::link(&answer.text(), &answer.url, "Se connecter").expect("a way").to_string();
    assert!(way.contains("/login?host=extranets.localhost&return=%2Fmembre%2Fformulaire"), "{way}");
}

#[test]
fn a19_in_a_browser_the_text_is_there_to_be_copied_and_back_shows_the_form() {
    let town = Town::build();
    town.resident(BOB);
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "late-form");
        let form = "<form method=post action=/membre/message><label for=t>Message</label>\
                    <textarea id=t name=texte></textarea><label for=m>Mot de passe</label>\
                    <input id=m name=mdp type=password><button>Envoyer</button></form>";
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("content-type", "text/html; charset=utf-8")
            .append_pair("body", form)
            .finish();
        browser.open(town.at_a(&format!("/answer?{query}")));
        browser.fill("Email ou identifiant", BOB.email).fill("Mot de passe", CHOSEN).press("Connexion");
        browser.fill("Message", "Bonjour, il pleut chez moi.").fill("Mot de passe", "tres-secret");
        browser.open_in_new_tab(town.gateway.portal("/account")).press("Se déconnecter").see("déconnecté").close_tab();
        browser.press("Envoyer").see(TITLE);
        assert_eq!(browser.value("texte"), "Bonjour, il pleut chez moi.");
        browser.miss("tres-secret").screenshot("told");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.follow("Se connecter").see("Email ou identifiant");
    }
}
