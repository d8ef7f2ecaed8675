//! `accounts = "labels"`: each account has a host of its own below its agency's (a24).

use reqwest::Method;
use url::Url;

use crate::support::{
    page,
    person::{Person, Request},
    town::{ALICE, BOB, BOB_AGAIN, CHOSEN, Town, try_sign_in},
};

#[test]
fn a24_two_contracts_are_open_in_two_tabs_and_do_not_mix() {
    let town = with_labels();
    let mut bob = bob(&town);
    let first = enter(&mut bob, "bob-12");
    let second = enter(&mut bob, "bob-34");
    assert_ne!(first.host_str(), second.host_str());
    for host in [&first, &second] {
        let host = host.host_str().expect("a host");
        assert!(host.ends_with(".agence-a.localhost") && !host.contains("bob"), "{host}");
    }
    // Back and forth, with a form in between.
    for _ in 0..2 {
        for (home, who) in [(&first, "bob-12"), (&second, "bob-34")] {
            let at = home.join("/membre/x").expect("an address");
            let origin = home.origin().ascii_serialization();
            let form = Request::get(at.clone()).method(Method::POST).header("origin", &origin);
            town.forget();
            let answer = bob.ask(form);
            assert_eq!((answer.status, answer.json()["who"].as_str()), (200, Some(who)));
            let seen = town.a.last();
            assert_eq!(seen.folded("X-Extranet-User"), [who]);
            assert_eq!(
                seen.values("X-Forwarded-Host"),
                [home.origin().ascii_serialization().trim_start_matches("http://")]
            );
            assert_eq!(seen.values("Origin"), [town.a.origin()], "translated: it is this account's own host");
            assert_eq!(bob.get(&at, &[]).json()["who"].as_str(), Some(who));
        }
    }
    assert_eq!(town.gateway.traced("account-switched"), 0, "nothing was closed");
    bob.open("/account");
    assert_eq!(page::count(&bob.here().text(), "li.accounts-open"), 2);
    // Nothing would be closed: the list says so, and leads back to each.
    bob.open("/accounts?client=CA&societe=SA").miss("à la place").form("Y retourner Agence du Port bob-34");
    bob.open(second.join("/deconnexion").expect("an address")).follow("Voir mes autres comptes");
    bob.press("Y retourner Agence du Port bob-12").see("\"who\":\"bob-12\"");
}

#[test]
fn a24_what_is_one_accounts_is_nothing_on_another_host() {
    let town = with_labels();
    let mut bob = bob(&town);
    let (first, second) = (enter(&mut bob, "bob-12"), enter(&mut bob, "bob-34"));
    let cookies = bob.cookie_line(&first);
    assert!(cookies.contains("vestibule="), "{cookies}");
    town.forget();
    let stranger = || Person::new(&town.gateway);
    for host in [second.as_str(), &town.at_a("/")] {
        let at = Url::parse(host).and_then(|host| host.join("/membre/x")).expect("an address");
        let answer = stranger().ask(Request::get(at).header("cookie", &cookies));
        assert_eq!(answer.status, 303, "{host}: the way to the sign-in");
        let renew = Url::parse(host).and_then(|host| host.join("/.vestibule/renew")).expect("an address");
        let answer = stranger().ask(Request::get(renew).header("cookie", &cookies));
        assert!(answer.status == 303 && answer.header("location").contains("/login"), "{host}");
    }
    // A form from the one to the other is foreign.
    let at = second.join("/membre/x").expect("an address");
    let origin = first.origin().ascii_serialization();
    assert_eq!(bob.ask(Request::get(at).method(Method::POST).header("origin", &origin)).status, 403);
    // Nobody's label, and a label where there are none.
    let of = |host: &str| format!("http://{host}:{}/membre/x", town.gateway.port());
    assert_eq!(stranger().get(of("abcdefghijkl.agence-a.localhost"), &[]).status, 303);
    for host in ["abcdefghijkl.agence-b.localhost", "www.agence-a.localhost", "a.b.agence-a.localhost"] {
        assert_eq!(stranger().get(of(host), &[]).status, 421, "{host}");
    }
    town.a.assert_untouched("cookies and forms on other hosts");
    // Alice at Bob's host comes to her own.
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    alice.open(first.as_str()).fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
    alice.see("\"who\":\"alice-77\"");
    assert_ne!(alice.here().url.host_str(), first.host_str());
}

#[test]
fn a24_the_extranets_own_addresses_and_cookies_become_those_of_the_accounts_host() {
    let town = with_labels();
    let mut bob = bob(&town);
    let home = enter(&mut bob, "bob-34");
    let ask = |bob: &mut Person, target: &str| bob.get(home.join(target).expect("an address"), &[]);
    let inner = page_encoded(&format!("{}/membre/y", town.a.origin()));
    let answer = ask(&mut bob, &format!("/answer?status=302&location={inner}"));
    assert_eq!(answer.header("location"), home.join("/membre/y").expect("an address").as_str());
    let answer = ask(&mut bob, "/answer?set-cookie=dossier%3D1%3B+Domain%3D127.0.0.1%3B+Path%3D%2F");
    assert_eq!(answer.header("set-cookie"), "dossier=1; Path=/");
    assert!(!bob.cookie_line(&town.gateway.agency("agence-a", "/")).contains("dossier"), "this host's alone");
    // A session that is over upstream is renewed there, and the page that was wanted comes.
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    bob.open(home.join("/membre/late").expect("an address")).see("\"who\":\"bob-34\"");
    assert_eq!(bob.here().url.as_str(), home.join("/membre/late").expect("an address").as_str());
    // And the way out leads out.
    bob.open(home.join("/deconnexion").expect("an address")).press("Se déconnecter").see("Vous êtes déconnecté");
    bob.open(home.as_str()).see("Connexion").miss("\"who\"");
}

fn page_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn with_labels() -> Town {
    Town::build_with_agency(|site| site, |agency| agency.set("accounts", "labels"))
}

/// Bob with two contracts at A, signed in and nowhere yet.
fn bob(town: &Town) -> Person {
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    try_sign_in(&mut bob, "a", BOB.email, CHOSEN);
    bob.see("\"who\":\"bob-12\"").open("/account").follow("Associer un autre compte : Agence du Port");
    bob.fill("login", BOB_AGAIN.login).fill("password", BOB_AGAIN.password).press("Continuer");
    bob.press("Étape suivante").fill("password", CHOSEN).press("Connexion").see("Compte associé ✓");
    bob
}

/// Opens an account from the account page; where it is then.
fn enter(person: &mut Person, login: &str) -> Url {
    person.open("/account").enter(&format!("Agence du Port {login}")).see(&format!("\"who\":\"{login}\""));
    person.here().url.clone()
}
