//! `accounts = "shared-host"`: two agencies on one public host, one account open there at a time (a24).

use reqwest::Method;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};
use url::Url;

use super::clears_on_opening;
use crate::support::{
    person::{Answer, Person, Request},
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, Who, try_sign_in},
    wait,
};

const AT_A: &str = "Agence du Port bob-12";
const AT_B: &str = "Agence de la Gare B-4412";

on_every_stage! { a24_one_persons_accounts_at_two_agencies_are_opened_in_turn_on_one_host }

fn a24_one_persons_accounts_at_two_agencies_are_opened_in_turn_on_one_host(stage: Stage) {
    let town = Town::on_one_host(|site| site.on(stage));
    let mut bob = with_two_accounts(&town);
    for (button, who) in [(AT_A, "bob-12"), (AT_B, "B-4412"), (AT_A, "bob-12")] {
        bob.open("/account").enter(button).see(&format!("\"who\":\"{who}\""));
        town.forget();
        bob.open(at(&town, "/membre/x")).see(&format!("\"who\":\"{who}\""));
        let (asked, other, codes) =
            if who == "bob-12" { (&town.a, &town.b, "CA-SA") } else { (&town.b, &town.a, "CB-SB") };
        let seen = asked.last();
        assert_eq!(seen.folded("X-Extranet-User"), [who]);
        assert_eq!(seen.folded("X-Extranet-Agency"), [codes]);
        assert_eq!(seen.values("X-Forwarded-Host"), [host(&town)]);
        other.assert_untouched("the other agency");
        // A form, and an address of its own, are translated for the extranet that is open.
        let origin = at(&town, "/").origin().ascii_serialization();
        let form = Request::get(at(&town, "/membre/form")).method(Method::POST).header("origin", &origin);
        assert_eq!(bob.ask(form).status, 200);
        assert_eq!(asked.last().values("Origin"), [asked.origin()]);
        let inner = page_encoded(&format!("{}/membre/y", asked.origin()));
        let answer = bob.get(at(&town, &format!("/answer?status=302&location={inner}")), &[]);
        assert_eq!(answer.header("location"), at(&town, "/membre/y").as_str());
    }
    assert_eq!(town.gateway.traced("account-switched"), 2);
    bob.open(at(&town, "/deconnexion")).follow("Voir mes autres comptes").see("« Ouvrir à la place » le ferme");
    bob.form("Y retourner Agence du Port bob-12");
    bob.form("Ouvrir à la place Agence de la Gare B-4412");
    bob.open("/account").see("Ouvert");
    assert_eq!(crate::support::page::count(&bob.here().text(), "li.accounts-open"), 1, "one at a time");
}

#[test]
fn a24_nothing_of_one_agencys_extranet_reaches_the_others() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"");
    bob.get(at(&town, "/answer?set-cookie=dossier%3Dbob-12%3B+Path%3D%2F"), &[]);
    bob.plant(&at(&town, "/"), "script", "of-a");
    bob.open(at(&town, "/membre/x"));
    let mut names = town.a.last().cookies();
    names.sort();
    assert_eq!(names, ["USESSION", "dossier"], "its jar, and nothing that a script left");
    let before = bob.cookie_line(&at(&town, "/"));
    assert!(!before.contains("USESSION") && !before.contains("dossier"), "{before}");
    let live = town.a.live_sessions();
    town.forget();
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    bob.open(at(&town, "/membre/x")).see("\"who\":\"B-4412\"");
    for seen in town.b.seen() {
        let sent = seen.values("cookie").join("; ");
        assert!(!sent.contains("dossier") && !sent.contains("script") && !sent.contains("vestibule"), "{sent}");
    }
    // And looked at where that leads, to see that it is over.
    let told: Vec<String> = town.a.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(told, ["/deconnexion", "/identification"], "A is only told the end");
    assert_eq!(town.a.live_sessions(), live - 1, "and its session ends");
    let after = bob.cookie_line(&at(&town, "/"));
    assert!(!after.contains("script"), "what a script of A left is gone: {after}");
    // What was A's cookie opens neither: not A, and not B.
    town.forget();
    let answer = Person::new(&town.gateway).ask(Request::get(at(&town, "/membre/x")).header("cookie", &before));
    assert_eq!(answer.status, 303);
    town.a.assert_untouched("a cookie of the account that was closed");
    town.b.assert_untouched("a cookie of the account that was closed");
    // Back at A, a new session of A's, and nothing of before.
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"");
    bob.open(at(&town, "/membre/x"));
    assert_eq!(town.a.last().cookies(), ["USESSION"]);
}

#[test]
fn a24_each_switch_clears_what_the_browser_keeps_and_spares_our_own_cookies() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account");
    for (button, clears) in [(AT_A, true), (AT_B, true), (AT_B, false), (AT_A, true)] {
        let said = clears_on_opening(&mut bob, button);
        let wanted = if clears { vec!["\"cache\", \"storage\"".to_owned()] } else { Vec::new() };
        assert_eq!(said, wanted, "{button}; never the whole site's cookies");
        let held = bob.cookie_line(&at(&town, "/"));
        assert!(held.contains("vestibule=") && held.contains("vestibule-account="), "{held}");
        // What the browser caches all the same is cached for this account.
        let answer = bob.get(at(&town, "/answer?cache-control=max-age%3D600&body=style"), &[]);
        assert_eq!(answer.header("vary"), "Cookie");
    }
}

#[test]
fn a24_an_old_tab_shows_the_account_that_is_open_now_or_asks_and_nothing_of_both() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"");
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    town.forget();
    let answer = bob.get(at(&town, "/membre/of-a-s-tab"), &[]);
    assert_eq!(answer.json()["who"].as_str(), Some("B-4412"));
    assert_eq!(town.b.last().folded("X-Extranet-User"), ["B-4412"]);
    // « Ouvrir » is pressed, and the browser never comes back to the host: A's tab is nobody's now.
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"").open("/account");
    let form = bob.form_into(AT_B);
    let request = bob.request_of(&form);
    assert_eq!(bob.ask(request).status, 303);
    town.forget();
    bob.open(at(&town, "/membre/of-a-s-tab")).see("Quel compte voulez-vous ouvrir ?").see("Un compte est déjà ouvert");
    town.a.assert_untouched("an account that is closed");
    let part = Request::get(at(&town, "/membre/part")).header("sec-fetch-mode", "cors");
    assert_eq!(bob.ask(part).status, 401);
    // The page that was wanted belongs to A: at B, there is only the way in.
    bob.enter(AT_B).see("\"who\":\"B-4412\"").miss("of-a-s-tab");
    assert_eq!(bob.here().url.path(), "/membre/accueil");
    bob.open(at(&town, "/membre/x")).see("\"who\":\"B-4412\"");
}

#[test]
fn a24_a_closed_accounts_tab_comes_back_to_its_page_once_its_account_is_opened_again() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"").open("/account");
    let form = bob.form_into(AT_B);
    let request = bob.request_of(&form);
    assert_eq!(bob.ask(request).status, 303);
    bob.open(at(&town, "/membre/of-a-s-tab?page=2")).see("Quel compte voulez-vous ouvrir ?").enter(AT_A);
    bob.see("\"who\":\"bob-12\"").see("/membre/of-a-s-tab?page=2");
}

#[test]
fn a24_a_stranger_says_which_agency_and_comes_to_the_page_that_was_wanted() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    // Signed in on the portal, with nothing open: the person's own accounts.
    bob.open(at(&town, "/membre/w")).see("Quel compte voulez-vous ouvrir ?").see("Vous avez plusieurs comptes");
    bob.enter(AT_B).see("\"who\":\"B-4412\"").see("/membre/w");
    // Not signed in: the agencies.
    bob.forget_cookies();
    town.forget();
    let foreign = Request::get(at(&town, "/membre/x")).method(Method::POST).header("origin", "http://evil.example");
    assert_eq!(bob.ask(foreign).status, 403);
    bob.open(at(&town, "/membre/x?page=2")).see("Quelle est votre agence ?").see("Agence de la Gare");
    bob.follow("Continuer Agence du Port").see("Agence du Port");
    bob.fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    bob.see("\"who\":\"bob-12\"").see("/membre/x?page=2");
    town.b.assert_untouched("the other agency");
    // Who is signed in on the portal and has nothing open is asked among the accounts.
    let mut again = Person::new(&town.gateway);
    again.open("/login?client=CA&societe=SA").fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    again.see("\"who\":\"bob-12\"");
    // The session is over on the host alone: the portal knows which account is open there, and leads back.
    let held = again.cookies(&at(&town, "/"));
    again.plant(&at(&town, "/"), "vestibule", "over");
    again.open(at(&town, "/membre/y")).see("\"who\":\"bob-12\"").see("/membre/y");
    // The same where the browser does not even know whose it was.
    for (name, _) in held {
        again.plant(&at(&town, "/"), &name, "nothing");
    }
    again.open(at(&town, "/membre/z")).see("\"who\":\"bob-12\"").see("/membre/z");
    // Parts of pages get 401, with the way to the sign-in.
    let mut nobody = Person::new(&town.gateway);
    let part =
        Request::get(at(&town, "/membre/x")).header("sec-fetch-mode", "cors").header("accept", "application/json");
    let answer = nobody.ask(part);
    let login = answer.json()["login"].as_str().map(str::to_owned).expect("an address");
    assert_eq!(answer.status, 401);
    nobody.open(&login).see("Quelle est votre agence ?");
    // A host that nobody shares asks for the codes, as ever.
    for other in ["www.localhost", "agence-a.localhost", "evil.example", "%22%3E%3Csvg"] {
        nobody.open(format!("/login?host={other}")).see("Trouver votre agence").miss("Agence du Port");
    }
}

#[test]
fn a24_who_has_one_account_there_is_never_asked_which() {
    let town = town();
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    alice.see("\"who\":\"alice-77\"");
    // Signed in on the portal, and a browser that knows nothing of the host.
    for (name, _) in alice.cookies(&at(&town, "/")) {
        alice.plant(&at(&town, "/"), &name, "nothing");
    }
    alice.open(at(&town, "/membre/x")).see("\"who\":\"alice-77\"").see("/membre/x");
    // The other agency of the host is not hers (SEC-017).
    town.forget();
    alice.open("/login?client=CB&societe=SB").see("Pas de compte dans cette agence").miss("\"who\"");
    alice.open(at(&town, "/.vestibule/begin?client=CB&societe=SB")).see("Pas de compte dans cette agence");
    town.b.assert_untouched("alice at B");
    alice.open(at(&town, "/membre/x?client=CB&societe=SB")).see("\"who\":\"alice-77\"");
    assert_eq!(town.a.last().folded("X-Extranet-Agency"), ["CA-SA"]);
    town.b.assert_untouched("alice with B's codes");
}

#[test]
fn a24_two_people_at_two_agencies_use_one_host_in_two_browsers() {
    let town = town();
    let (mut alice, mut bob) = (Person::new(&town.gateway), Person::new(&town.gateway));
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    town.migrate(&mut bob, "b", BOB_AT_B, BOB_AT_B.email);
    try_sign_in(&mut bob, "b", BOB_AT_B.email, CHOSEN);
    for _ in 0..3 {
        for (person, who) in [(&mut alice, "alice-77"), (&mut bob, "B-4412")] {
            let answer = person.get(at(&town, "/membre/x"), &[]);
            assert_eq!((answer.status, answer.json()["who"].as_str()), (200, Some(who)));
        }
    }
    // Alice leaves through her extranet, and Bob stays.
    alice.open(at(&town, "/deconnexion")).press("Se déconnecter").see("Vous êtes déconnecté").see("Agence du Port");
    alice.open(at(&town, "/membre/x")).see("Quelle est votre agence ?").miss("\"who\"");
    bob.open(at(&town, "/membre/x")).see("\"who\":\"B-4412\"");
    // And the next one at her browser finds nothing of hers.
    alice.plant(&at(&town, "/"), "script", "of-alice");
    try_sign_in(&mut alice, "b", BOB_AT_B.email, CHOSEN);
    alice.see("\"who\":\"B-4412\"");
    assert!(!alice.cookie_line(&at(&town, "/")).contains("script"));
}

#[test]
fn a24_who_comes_to_a_browser_where_another_agency_was_open_chooses_their_own() {
    let town = town();
    let mut browser = Person::new(&town.gateway);
    town.migrate(&mut browser, "a", ALICE, ALICE.email);
    try_sign_in(&mut browser, "a", ALICE.email, CHOSEN);
    browser.see("\"who\":\"alice-77\"").open("/account").press("Se déconnecter");
    let mut elsewhere = Person::new(&town.gateway);
    town.migrate(&mut elsewhere, "b", BOB_AT_B, BOB_AT_B.email);
    town.forget();
    browser.open(at(&town, "/membre/of-a")).see("Agence du Port").follow("Choisir une autre agence");
    browser.follow("Continuer Agence de la Gare").fill("login", BOB_AT_B.email).fill("password", CHOSEN);
    browser.press("Connexion").see("\"who\":\"B-4412\"");
    assert_eq!(browser.here().url.path(), "/membre/accueil", "the page that was wanted was A's");
    town.a.assert_untouched("an agency that was not chosen");
    // Where nobody shares the host, there is nothing to choose.
    let alone = Town::build();
    Person::new(&alone.gateway).open("/login?client=CA&societe=SA").see("Connexion").miss("autre agence");
}

#[test]
fn a24_the_extranets_own_addresses_and_public_pages_are_those_of_the_agency_that_is_open_or_was_last() {
    let town = Town::build_with_agencies(
        |site| site,
        |agency| agency.sharing("extranets").set("paths.public", vec!["/public/", "/seulement-a/"]),
        |agency| {
            let agency = agency.sharing("extranets").set("paths.logout", vec!["/quitter"]);
            agency.set("paths.account", vec!["/mon-mot-de-passe"])
        },
    );
    let mut nobody = Person::new(&town.gateway);
    assert_eq!(nobody.get(at(&town, "/public/x"), &[]).status, 303, "nobody knows whose page it is");
    town.a.assert_untouched("a stranger");
    town.b.assert_untouched("a stranger");
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    bob.open(at(&town, "/public/x")).see("/public/x");
    assert_eq!(town.b.last().target, "/public/x");
    assert!(town.b.last().folded("X-Extranet-User").is_empty(), "without identity");
    // B's own: what is A's page for the password is a page like any other there.
    bob.open(at(&town, "/motdepasse")).see("\"target\":\"/motdepasse\"");
    bob.open(at(&town, "/mon-mot-de-passe")).see("Connexion et sécurité");
    bob.open("/account").enter(AT_B).open(at(&town, "/quitter")).press("Se déconnecter").see("Agence de la Gare");
    // The extranet's own login belongs to whoever was there last, and never answers.
    try_sign_in(&mut bob, "a", BOB.email, CHOSEN);
    bob.see("\"who\":\"bob-12\"").open("/account").press("Se déconnecter");
    town.forget();
    bob.open(at(&town, "/seulement-a/x")).see("/seulement-a/x");
    assert_eq!(town.a.last().target, "/seulement-a/x");
    bob.open(at(&town, "/identification")).see("Agence du Port").see("Connexion");
    let origin = at(&town, "/").origin().ascii_serialization();
    let post = Request::get(at(&town, "/identification")).method(Method::POST).header("origin", &origin);
    assert_eq!(bob.ask(post).status, 403);
    town.b.assert_untouched("a browser of A's");
}

#[test]
fn a24_a_websocket_stays_with_the_account_that_opened_it_and_a_foreign_origin_opens_none() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    let url = at(&town, "/membre/socket");
    let ask = |origin: &str, cookies: &str| {
        let mut request = url.as_str().replace("http://", "ws://").into_client_request().expect("a request");
        request.headers_mut().insert("cookie", HeaderValue::from_str(cookies).expect("cookies"));
        request.headers_mut().insert("origin", HeaderValue::from_str(origin).expect("an origin"));
        wait(async {
            let stream = TcpStream::connect(("127.0.0.1", town.gateway.port())).await.expect("a connection");
            client_async(request, stream).await.is_ok()
        })
    };
    let origin = url.origin().ascii_serialization();
    let cookies = bob.cookie_line(&url);
    town.forget();
    assert!(ask(&origin, &cookies), "a socket of B's");
    assert_eq!(town.b.last().folded("X-Extranet-User"), ["B-4412"]);
    for (origin, cookies) in [("http://evil.example", cookies.as_str()), (&origin, ""), (town.a.origin(), &cookies)] {
        town.forget();
        assert!(!ask(origin, cookies), "{origin}");
        town.a.assert_untouched("no socket");
        town.b.assert_untouched("no socket");
    }
}

#[test]
fn a24_no_service_worker_of_one_extranet_stands_before_the_others_pages() {
    let town = town();
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"");
    town.forget();
    for path in ["/membre/sw.js", "/public/sw.js"] {
        let script = Request::get(at(&town, path)).header("service-worker", "script").header("sec-fetch-mode", "cors");
        assert_eq!(bob.ask(script).status, 403, "{path}");
    }
    town.a.assert_untouched("a service worker");
}

#[test]
fn a24_an_agency_comes_to_a_shared_host_and_goes_while_the_gateway_runs() {
    let town = town();
    let file = town.gateway.folder().join("agencies/agence-b.toml");
    let text = std::fs::read_to_string(&file).expect("a file");
    let reload = || assert!(town.gateway.run("reload", &[]).status.success(), "the reload");
    let mut bob = with_two_accounts(&town);
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    std::fs::remove_file(&file).expect("an agency less");
    reload();
    town.forget();
    let answer = bob.visit(Request::get(at(&town, "/membre/x")));
    town.b.assert_untouched("an agency that has gone");
    assert!(!answer.text().contains("B-4412"), "{}", answer.text());
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"");
    // Alone on the host, A is meant by everybody.
    let mut nobody = Person::new(&town.gateway);
    nobody.open(at(&town, "/membre/x")).see("Connexion").see("Agence du Port");
    nobody.open(at(&town, "/public/x")).see("/public/x");
    std::fs::write(&file, &text).expect("the agency comes back");
    reload();
    bob.open(at(&town, "/membre/x")).see("\"who\":\"bob-12\"");
    bob.open("/account").enter(AT_B).see("\"who\":\"B-4412\"");
    nobody.open(at(&town, "/membre/x")).see("Quelle est votre agence ?");
    // B gets a host of its own, and each is open on its own now.
    let moved = text.replace("extranets.localhost", "agence-b.localhost").replace("accounts = \"shared-host\"\n", "");
    assert_ne!(moved, text);
    std::fs::write(&file, moved).expect("another host");
    reload();
    assert!(!bob.visit(Request::get(at(&town, "/membre/x"))).text().contains("B-4412"));
    bob.open("/account").enter(AT_A).see("\"who\":\"bob-12\"").open("/account").enter(AT_B);
    bob.see("\"who\":\"B-4412\"").open(at(&town, "/membre/x")).see("\"who\":\"bob-12\"");
    bob.open(town.at_b("/membre/x")).see("\"who\":\"B-4412\"");
}

fn town() -> Town {
    Town::on_one_host(|site| site)
}

/// An address on the shared host.
fn at(town: &Town, path: &str) -> Url {
    town.gateway.agency("extranets", path)
}

fn host(town: &Town) -> String {
    format!("extranets.localhost:{}", town.gateway.port())
}

/// Bob, who has migrated one account at A and one at B, in a browser where he is signed in and has opened nothing.
fn with_two_accounts(town: &Town) -> Person {
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    try_sign_in(&mut bob, "a", BOB.email, CHOSEN);
    bob.see("\"who\":\"bob-12\"").open("/login?client=CB&societe=SB&attach=1");
    attach(&mut bob, BOB_AT_B);
    let mut again = Person::new(&town.gateway);
    again.open("/login?client=CA&societe=SA").fill("login", BOB.email).fill("password", CHOSEN);
    let form = again.form("Connexion");
    let answer: Answer = again.ask(again.request_of(&form));
    assert_eq!(answer.status, 303, "signed in on the portal, and not on the way into an extranet");
    town.forget();
    again
}

/// On the login page: the old credentials of another account, and the password of the person.
fn attach(person: &mut Person, who: Who) {
    person.fill("login", who.login).fill("password", who.password).press("Continuer");
    person.press("Étape suivante").see("Veuillez saisir votre mot de passe pour rattacher vos comptes");
    person.fill("password", CHOSEN).press("Connexion").see("Compte associé ✓");
}

fn page_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
