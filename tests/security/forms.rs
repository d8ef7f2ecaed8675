//! Forms change things; links do not. What somebody typed stays text.

use super::flows::forged;
use crate::support::{
    browser::{Browser, Device},
    echo::{Account, Echo},
    gateway::Gateway,
    page,
    person::{Person, Request},
    site::Site,
    town::{self, ALICE, CAROL, CHOSEN, Town, login_path, try_sign_in},
};

/// Every address of the portal that takes a form.
const POSTS: [&str; 27] = [
    "/login",
    "/forgotten",
    "/forgotten/code",
    "/forgotten/resend",
    "/reset",
    "/confirm",
    "/confirm/disown",
    "/not-me",
    "/not-me/undo",
    "/terms",
    "/logout",
    "/language",
    "/account/password",
    "/account/own-password",
    "/account/email",
    "/account/email/proof",
    "/account/email/proof/resend",
    "/account/email/cancel",
    "/migration/notice",
    "/migration/email",
    "/migration/password",
    "/migration/proof",
    "/migration/proof/resend",
    "/migration/email/change",
    "/migration/restart",
    "/migration/join",
    "/migration/others",
];

#[test]
fn sec_070_opening_every_link_changes_nothing() {
    let town = Town::build();
    let mut alice = town.alice();
    let (mut open, mut seen) = (vec![town.gateway.portal("/account")], Vec::new());
    while let Some(url) = open.pop() {
        let ours = url.origin() == town.gateway.portal("/").origin();
        if !ours || seen.contains(&url) || seen.len() > 60 {
            continue;
        }
        seen.push(url.clone());
        let answer = alice.visit(Request::get(url));
        open.extend(page::links(&answer.text(), &answer.url));
    }
    for path in POSTS.into_iter().chain(["/account/email/proof/resend"]) {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let request = Request::get(town.gateway.portal(path)).method(method);
            alice.ask(request);
        }
    }
    alice.get(town.at_a("/.vestibule/logout"), &[]);
    alice.open("/account").see(ALICE.email);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    let mut again = Person::new(&town.gateway);
    town.sign_in(&mut again, "a", ALICE.email, CHOSEN);
}

#[test]
fn sec_070_a_new_password_needs_the_current_one() {
    let town = Town::build();
    let mut alice = town.alice();
    for current in ["", "pas-celui-ci"] {
        alice.open("/account/password").fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur");
        alice.fill("current", current).press("Enregistrer").miss("a été modifié");
        alice.open("/account/email").fill("email", "m@x.example").fill("confirmation", "m@x.example");
        alice.fill("current", current).press("Valider").miss("Vérifiez votre boîte mail");
    }
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

#[test]
fn sec_072_what_was_typed_stays_text_on_pages() {
    let town = Town::build();
    let attack = "\"><svg onload=alert(1)>";
    let mut person = Person::new(&town.gateway);
    for attack in [attack, "{{191*977}}", "'><script>alert(1)</script>", "javascript:alert(1)", "${191*977}"] {
        let query: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        for path in [
            format!("/login?client={query}&societe={query}"),
            format!("/login?client=CA&societe=SA&return={query}&error={query}&message={query}"),
            format!("/forgotten?client={query}&societe=SA"),
            format!("/confirm?s={query}"),
            format!("/reset?s={query}"),
            format!("/{query}"),
        ] {
            person.open(&path);
            assert_clean(&person, &path);
        }
        try_sign_in(&mut person, "a", attack, attack);
        assert_clean(&person, attack);
    }
}

#[test]
fn sec_072_what_an_extranet_or_a_resident_wrote_stays_text_in_the_wizard_and_in_letters() {
    let name = "\"><svg onload=alert(1)> {{191*977}}";
    let echo = Echo::start(vec![Account::new("<svg/onload=alert(1)>", "Old-2019", name, "\"><svg@x.example")]);
    let agency = town::agency("agence-a", "CA", "SA", "<svg onload=alert(2)> Agence {{191*977}}", &echo);
    let town = Town { gateway: Gateway::start(&Site::new().agency(agency)), a: echo, b: Echo::start(Vec::new()) };
    let mut person = Person::new(&town.gateway);
    try_sign_in(&mut person, "a", "<svg/onload=alert(1)>", "Old-2019");
    assert_clean(&person, "the notice");
    person.press("Étape suivante");
    assert_clean(&person, "the address");
    person.fill("email", "\"<svg onload=alert(3)>\"@x.example").press("Continuer");
    assert_clean(&person, "a strange address");
    person.open("/migration/email").fill("email", "x+{{191*977}}@x.example").press("Continuer");
    assert_clean(&person, "the password");
    person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    assert_clean(&person, "the proof");
    let letter = town.gateway.letter_to("x+{{191*977}}@x.example");
    assert_eq!(page::count(&letter.html, "svg, script, [onload]"), 0, "{}", letter.html);
    assert!(!letter.text.contains("186607"), "nothing calculates: {}", letter.text);
    assert!(!letter.subject.contains('\n'), "{}", letter.subject);
    person.open(letter.link());
    assert_clean(&person, "the confirmation");
}

#[test]
fn sec_072_nothing_that_was_written_into_an_account_runs_in_a_browser() {
    const MARK: &str = "document.documentElement.dataset.ran='yes';document.title='ran'";
    let attack = format!("\"><svg onload=\"{MARK}\"><img src=x onerror=\"{MARK}\">");
    let login = "\"><svg/onload=document.title='ran'>";
    let email = "\"><svg/onload=document.title='ran'>@x.example";
    let echo = Echo::start(vec![Account::new(login, "Old-2019", &attack, email)]);
    let agency = town::agency("agence-a", "CA", "SA", &format!("Agence {attack}"), &echo);
    let gateway = Gateway::start(&Site::new().agency(agency));
    let mut browser = Browser::start(Device::Desktop, "injection");
    let query: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
    for path in [
        format!("/login?client={query}&societe={query}"),
        format!("/login?client=CA&societe=SA&return=/{query}&notice={query}&error={query}"),
        format!("/confirm?s={query}"),
        format!("/{query}"),
    ] {
        browser.open(gateway.portal(&path));
        assert_calm(&mut browser, &path);
    }
    browser.open(gateway.portal(&login_path("a"))).fill("Email ou identifiant", login);
    browser.fill("Mot de passe", "pas-celui-ci").press("Connexion").see("est inconnu");
    assert_calm(&mut browser, "a refused sign-in");
    browser.fill("Email ou identifiant", login).fill("Mot de passe", "Old-2019").press("Connexion").see("évolue");
    assert_calm(&mut browser, "the notice");
    browser.press("Étape suivante").see("Votre adresse email");
    assert_calm(&mut browser, "the address");
    // Without the browser's own check, as an attacker would have it.
    browser.script("document.querySelectorAll('form').forEach((form) => { form.noValidate = true })");
    browser.fill("Adresse email", email).press("Continuer").see("pas la bonne forme");
    assert_calm(&mut browser, "a refused address");
    browser.fill("Adresse email", "x@x.example").press("Continuer").see("Votre nouveau mot de passe");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    assert_calm(&mut browser, "the proof");
    let letter = gateway.letter_to("x@x.example");
    browser.open(letter.link()).see("Confirmez votre adresse email");
    assert_calm(&mut browser, "the confirmation");
    browser.press("Confirmer mon adresse").see("Votre compte est à jour");
    browser.fill("Email ou identifiant", "x@x.example").fill("Mot de passe", CHOSEN).press("Connexion").see("\"who\"");
    browser.open(gateway.portal("/account")).see("Connexion et sécurité");
    assert_calm(&mut browser, "the account");
    // A mailbox without any policy of its own.
    let shown = data_encoding::BASE64.encode(letter.html.as_bytes());
    browser.open(format!("data:text/html;charset=utf-8;base64,{shown}")).see("Agence");
    assert_calm(&mut browser, "the letter");
}

/// Nothing ran, and nothing that could run is there.
fn assert_calm(browser: &mut Browser, what: &str) {
    let ran = browser.script("return document.title === 'ran' || document.documentElement.dataset.ran === 'yes'");
    assert_eq!(ran, false, "{what}: a script of somebody else's ran");
    assert_eq!(browser.count("svg, img[src=x], [onload], [onerror]"), 0, "{what}: markup of somebody else's");
}

/// No markup of an attacker, and a policy that would not run it.
fn assert_clean(person: &Person, what: &str) {
    let here = person.here();
    let text = here.text();
    assert_eq!(page::count(&text, "svg, [onload], [onerror], script:not([src])"), 0, "{what}:\n{text}");
    assert!(!text.contains("alert(1)</script>") && !text.contains("186607"), "{what}:\n{text}");
    assert!(!text.contains("href=\"javascript:"), "{what}:\n{text}");
    let policy = here.header("content-security-policy");
    let scripts = policy.split(';').map(str::trim).find(|rule| rule.starts_with("script-src"));
    let scripts = scripts.or_else(|| policy.split(';').map(str::trim).find(|rule| rule.starts_with("default-src")));
    let scripts = scripts.unwrap_or_else(|| panic!("{what}: no policy for scripts: {policy}"));
    assert!(!scripts.contains("unsafe-inline") && !scripts.contains('*'), "{what}: {policy}");
    assert_eq!(here.header("x-content-type-options"), "nosniff", "{what}");
}

#[test]
fn sec_078_a_form_from_elsewhere_is_refused() {
    let town = Town::build();
    let mut alice = town.alice();
    let mut stranger = Person::new(&town.gateway);
    stranger.open(login_path("a"));
    for path in POSTS {
        alice.open("/account");
        let right = forged(&alice, path, &[]);
        let foreign = forged(&stranger, path, &[]).value("csrf").expect("a token").to_owned();
        let (mut without, mut others, mut cut) = (right.clone(), right.clone(), right.clone());
        without.remove("csrf");
        others.fields = vec![("csrf".to_owned(), foreign)];
        let token = right.value("csrf").expect("a token");
        cut.fields = vec![("csrf".to_owned(), token[..token.len() - 1].to_owned())];
        let honest = alice.request_of(&right);
        let attempts = [
            ("no token", alice.request_of(&without)),
            ("another browser's token", alice.request_of(&others)),
            ("a shortened token", alice.request_of(&cut)),
            ("another origin", honest.clone().header("origin", "https://evil.tld")),
            ("an agency's origin", honest.clone().header("origin", town.at_a("").trim_end_matches('/'))),
            ("no origin at all", honest.clone().header("origin", "null")),
            ("a cross-site page", honest.clone().without("origin").header("sec-fetch-site", "cross-site")),
            ("plain text", honest.clone().header("content-type", "text/plain")),
        ];
        for (what, request) in attempts {
            let answer = alice.ask(request);
            assert!(matches!(answer.status, 400 | 403 | 415), "{path} with {what}: {}", answer.status);
        }
    }
    alice.open("/account").see(ALICE.email);
}

#[test]
fn sec_078_nobody_is_signed_in_by_somebody_elses_form() {
    let town = Town::build();
    town.alice();
    let mut victim = Person::new(&town.gateway);
    victim.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
    let form = victim.form("Connexion");
    let mut bare = form.clone();
    bare.remove("csrf");
    for request in [
        victim.request_of(&form).header("origin", "https://evil.tld").header("sec-fetch-site", "cross-site"),
        victim.request_of(&form).header("origin", "null"),
        victim.request_of(&bare),
    ] {
        let answer = victim.ask(request);
        assert_eq!(answer.status, 403);
    }
    victim.open("/account").miss(ALICE.email);
    // The page that refuses shows a way on, and what was typed in other fields is not asked of a stranger.
    try_sign_in(&mut victim, "a", CAROL.login, CAROL.password);
    victim.see("évolue");
}
