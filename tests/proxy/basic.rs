//! An extranet that takes HTTP Basic: each request carries the account's own identifier and password (a06).

use std::fs;

use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    person::{Person, Request},
    site::{Agency, Site},
    town::{self, ALICE, BOB, CHOSEN, Town, login_path, try_sign_in},
};

/// Agency A, whose extranet takes HTTP Basic.
fn agency(a: &Echo, page: &str, charset: &str) -> Agency {
    let text = r#"
        [sign_in]
        adapter = "http-basic"
        [[headers]]
        name = "X-Extranet-User"
        value = "{login}"
        [paths]
        public = ["/public/"]
    "#;
    Agency::from_toml("agence-a", text)
        .set("client", "CA")
        .set("societe", "SA")
        .set("name", "Agence du Port")
        .set("upstream.url", a.origin())
        .set("sign_in.basic.page", page)
        .set("sign_in.basic.charset", charset)
}

fn town(page: &str, charset: &str) -> Town {
    let account = |who: town::Who| Account::new(who.login, who.password, "", who.email);
    let a = Echo::start(vec![account(ALICE), account(BOB), Account::new("old", "c:d", "", "")]);
    let gateway = Gateway::start(&Site::new().agency(agency(&a, page, charset)));
    Town { gateway, a, b: Echo::start(Vec::new()) }
}

/// The credentials of a request, as the extranet reads them.
fn credentials(town: &Town) -> Vec<u8> {
    let seen = town.a.last();
    let [value] = seen.values("authorization")[..] else { panic!("one Authorization: {:?}", seen.headers) };
    data_encoding::BASE64.decode(value.strip_prefix("Basic ").expect("Basic").as_bytes()).expect("base64")
}

#[test]
fn a06_each_request_carries_the_accounts_own_credentials_in_the_declared_charset() {
    for (page, charset) in [("/basic/moi", "utf-8"), ("/basic/latin/moi", "iso-8859-1")] {
        let town = town(page, charset);
        let mut bob = town.resident(BOB);
        let at = |path: &str| town.gateway.agency("agence-a", path);
        let answer = bob.visit(Request::get(at(page)));
        assert_eq!(answer.status, 200, "{charset}: {}", answer.text());
        let text = format!("{}:{}", BOB.login, BOB.password);
        let wanted = if charset == "utf-8" {
            text.into_bytes()
        } else {
            text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a letter of ISO-8859-1")).collect()
        };
        assert_eq!(credentials(&town), wanted, "{charset}");
        // What the browser says of itself does not count, and who is nobody has no credentials.
        bob.visit(Request::get(at(page)).header("authorization", "Basic bWFsbG9yeTp4"));
        assert_eq!(credentials(&town), wanted);
        assert_eq!(town.a.last().folded("authorization").len(), 1);
        bob.visit(Request::get(at("/public/x")).header("authorization", "Basic bWFsbG9yeTp4"));
        assert!(town.a.last().values("authorization").is_empty(), "no identity on public paths");
        for place in [town.gateway.log(), database(&town)] {
            let encoded = data_encoding::BASE64.encode(&wanted);
            assert!(!place.contains(BOB.password) && !place.contains(&encoded), "the password is written nowhere");
        }
    }
}

fn database(town: &Town) -> String {
    let read = |name: &str| fs::read(town.gateway.folder().join(name)).unwrap_or_default();
    String::from_utf8_lossy(&[read("vestibule.db"), read("vestibule.db-wal")].concat()).into_owned()
}

#[test]
fn a06_old_credentials_are_judged_by_the_declared_page() {
    let town = town("/basic/moi", "utf-8");
    let mut alice = Person::new(&town.gateway);
    // Wrong; with a colon that would end the identifier; and right with another one's password: nobody.
    for (login, password) in [(ALICE.login, "faux"), ("old:c", "d"), (ALICE.login, BOB.password)] {
        try_sign_in(&mut alice, "a", login, password);
        alice.see("Ce couple identifiant et mot de passe est inconnu");
    }
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("évolue");
    // A page that is open to everybody says nothing about anybody.
    let open = town_with_open_page();
    let mut alice = Person::new(&open.gateway);
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("ne répond pas").miss("évolue");
}

fn town_with_open_page() -> Town {
    town("/public/moi", "utf-8")
}

#[test]
fn a11_a_password_that_the_extranet_refuses_is_sent_no_more_and_asked_for_once() {
    let town = town("/basic/moi", "utf-8");
    let mut alice = town.resident(ALICE);
    alice.open(town.at_a("/basic/moi"));
    assert_eq!(alice.here().status, 200);
    // A page that refuses only itself costs nobody a password.
    let refused = alice.visit(Request::get(town.gateway.agency("agence-a", "/basic/closed")));
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.headers.get("www-authenticate").is_none(), "the browser must not ask for a password by itself");
    alice.open(town.at_a("/basic/moi"));
    assert_eq!(alice.here().status, 200);

    town.a.make_anew(ALICE.login, "Nouveau-2027");
    let before = town.a.attempts(ALICE.login);
    alice.open(town.at_a("/basic/moi?page=2")).see("Le mot de passe de votre espace client").see(ALICE.login);
    for _ in 0..3 {
        alice.open(town.at_a("/basic/moi?page=2")).see("Le mot de passe de votre espace client");
    }
    let part = Request::get(town.gateway.agency("agence-a", "/basic/logo.png")).header("sec-fetch-mode", "no-cors");
    assert_eq!(alice.ask(part).status, 401);
    assert_eq!(town.a.attempts(ALICE.login), before + 2, "the request, and one question more: then it is known");
    assert_eq!(town.gateway.traced("upstream-sign-in-refused"), 1);

    alice.fill("password", "faux").press("Enregistrer et continuer").see("n'est pas le bon");
    alice.fill("password", "Nouveau-2027").press("Enregistrer et continuer");
    assert_eq!(alice.here().url.to_string(), town.at_a("/basic/moi?page=2"), "{}", alice.words());
    assert_eq!(credentials(&town), format!("{}:Nouveau-2027", ALICE.login).into_bytes());
    // The person's own password is what it was.
    let mut again = Person::new(&town.gateway);
    again.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
    again.open(town.at_a("/basic/moi"));
    assert_eq!(again.here().status, 200);
}

#[test]
fn a11_a_password_that_is_refused_for_a_while_is_not_forgotten() {
    let town = town("/basic/moi", "utf-8");
    let mut alice = town.resident(ALICE);
    alice.open(town.at_a("/basic/moi"));
    town.a.make_anew(ALICE.login, "the directory is away");
    alice.open(town.at_a("/basic/moi?page=2")).see("C'est peut-être une panne passagère");
    let before = town.a.attempts(ALICE.login);
    for _ in 0..3 {
        alice.open(town.at_a("/basic/moi?page=2")).see("Vous pouvez réessayer maintenant");
    }
    alice.follow("Réessayer").see("Réessayez dans un quart d'heure");
    alice.open(town.at_a("/basic/moi")).see("Réessayez dans un quart d'heure");
    assert_eq!(town.a.attempts(ALICE.login), before + 1, "once more, where she asks for it");
    town.a.make_anew(ALICE.login, ALICE.password);
    town.gateway.let_pass(15);
    alice.open(town.at_a("/basic/moi?page=2")).follow("Réessayer");
    assert_eq!((alice.here().status, alice.here().url.query()), (200, Some("page=2")), "{}", alice.words());
    // Twice, long enough apart: it is over.
    town.a.make_anew(ALICE.login, "Nouveau-2027");
    alice.open(town.at_a("/basic/moi")).see("C'est peut-être une panne passagère");
    town.gateway.let_pass(15);
    alice.follow("Réessayer").see("l'agence l'a sans doute changé").miss("panne passagère");
    assert_eq!(town.gateway.traced("upstream-secret-dropped"), 1);
}

#[test]
fn f11_an_extranet_that_asks_for_another_kind_of_sign_in_costs_nobody_a_password() {
    let town = town("/basic/moi", "utf-8");
    let mut alice = town.resident(ALICE);
    town.a.offer("Digest realm=\"Espace\", nonce=\"x\"");
    town.a.make_anew(ALICE.login, "whatever");
    let answer = alice.visit(Request::get(town.gateway.agency("agence-a", "/basic/moi")));
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(town.gateway.traced("upstream-sign-in-refused"), 0);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM legacy_secrets WHERE refused_at IS NULL"), 1);
    // Nor is anybody told that credentials are wrong.
    let mut bob = Person::new(&town.gateway);
    try_sign_in(&mut bob, "a", BOB.login, BOB.password);
    bob.see("ne répond pas").miss("inconnu");
}

/// Agency A, whose extranet opens a session for who shows credentials at one address.
fn town_of_sessions(cookies: &str, change: impl FnOnce(Agency) -> Agency) -> Town {
    let account = |who: town::Who| Account::new(who.login, who.password, "", who.email);
    let a = Echo::start(vec![account(ALICE), account(BOB)]);
    let agency = agency(&a, "/entree", "utf-8")
        .set("sign_in.basic.session", true)
        .set("sign_in.basic.logout.get", "/deconnexion")
        .set("session_over.statuses", vec![401, 403])
        .set("cookies", cookies);
    let gateway = Gateway::start(&Site::new().agency(change(agency)));
    Town { gateway, a, b: Echo::start(Vec::new()) }
}

#[test]
fn f10_credentials_at_one_address_open_a_session_and_go_nowhere_else() {
    for cookies in ["relay", "jar"] {
        let town = town_of_sessions(cookies, |agency| agency);
        let mut alice = Person::new(&town.gateway);
        try_sign_in(&mut alice, "a", ALICE.login, "faux");
        alice.see("Ce couple identifiant et mot de passe est inconnu");
        let mut alice = town.alice();
        town.forget();
        alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
        assert_eq!(
            (town.a.last().values("authorization").len(), town.a.last().cookies()),
            (0, vec!["USESSION".into()])
        );
        // The end of a session that shows as 403 is renewed, for a page and for a part of one.
        for mode in ["navigate", "no-cors"] {
            let before = town.a.sign_ins();
            town.a.expire_sessions();
            let mut url = town.gateway.agency("agence-a", "/over/x");
            url.query_pairs_mut().append_pair("status", "403");
            let answer = alice.visit(Request::get(url).header("sec-fetch-mode", mode));
            assert!(answer.text().contains("alice-77"), "{cookies}, {mode}: {}", answer.text());
            assert_eq!(town.a.sign_ins() - before, 1, "{cookies}, {mode}");
        }
        let authorized = town.a.seen().into_iter().filter(|seen| !seen.values("authorization").is_empty());
        assert!(authorized.into_iter().all(|seen| seen.target == "/entree"), "the credentials go to one address");
        alice.open("/account").press("Se déconnecter").see("Vous êtes déconnecté");
        assert_eq!(town.a.live_sessions(), 0, "{cookies}");
    }
}

#[test]
fn f10_what_an_answer_to_credentials_says_can_be_declared() {
    let rule = |text: &str| vec![text.parse::<toml::Table>().expect("TOML")];
    // A refusal that is no 401.
    let town = town_of_sessions("relay", |agency| agency.set("sign_in.basic.failure", rule("redirect = '/membre/'")));
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("Ce couple identifiant et mot de passe est inconnu");
    // An answer that fits nothing is no verdict.
    let town = town_of_sessions("relay", |agency| agency.set("sign_in.basic.success", rule("redirect = '/ailleurs'")));
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.see("ne répond pas").miss("inconnu");
    // A server that wants another kind of sign-in one day drops nobody's password.
    let town = town_of_sessions("relay", |agency| agency);
    let mut alice = town.alice();
    town.a.offer("Digest realm=\"Espace\", nonce=\"x\"");
    town.a.make_anew(ALICE.login, "whatever");
    town.gateway.let_pass(1);
    alice.open(town.at_a("/over/x?status=403"));
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM legacy_secrets WHERE refused_at IS NULL"), 1);
}

#[test]
fn f11_check_tells_of_an_extranet_that_does_not_offer_basic() {
    for (page, offer, told) in [
        ("/basic/moi", "Digest realm=\"Basic\", nonce=\"x\"", "asks for another kind of sign-in than HTTP Basic"),
        ("/basic/moi", "Bearer", "asks for another kind of sign-in than HTTP Basic"),
        ("/public/x", "Basic", "answers 200 to who shows no credentials"),
        ("/basic/moi", "Negotiate, Basic realm=\"x\"", ""),
    ] {
        let town = town(page, "utf-8");
        town.a.offer(offer);
        let done = town.gateway.run("check", &[]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.success(), told.is_empty(), "{offer}: {said}");
        assert!(said.contains(told), "{offer}: {said}");
    }
}

#[test]
fn a06_an_identifier_that_cannot_be_sent_is_told_where_the_roster_is_read() {
    let town = town("/basic/moi", "utf-8");
    let roster = town.gateway.folder().join("roster.csv");
    fs::write(&roster, "login,password\nold:c,d\nfine,d\n").expect("the roster");
    let done = town.gateway.run("import", &["--agency", "CA/SA", roster.to_str().expect("a path")]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert!(
        told.contains("roster.csv:2: an identifier with a colon cannot be sent") && told.contains("1 accounts taken"),
        "{told}"
    );
}
