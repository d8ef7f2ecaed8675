//! Which house a request is for is said by its host, and by what the gateway has stored.

use super::{cookies_at_a, get_at_a, raw};
use crate::support::{
    person::Person,
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, try_sign_in},
};

#[test]
fn sec_014_no_letter_links_to_a_host_that_a_request_named() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.forget_cookies();
    let port = town.gateway.port();
    let ours = format!("http://www.localhost:{port}/");
    let honest = format!("Host: www.localhost:{port}\r\n");
    for lines in [
        "Host: evil.tld\r\n".to_owned(),
        format!("{honest}Forwarded: host=evil.tld;proto=http\r\n"),
        format!("{honest}X-Forwarded-Host: evil.tld\r\nX-Forwarded-Proto: https\r\n"),
        format!("Host: www.localhost:{port}@evil.tld\r\n"),
        format!("Host: evil.tld\r\n{honest}"),
        format!("{honest}Host: evil.tld\r\n"),
        format!("{honest}X-Host: evil.tld\r\nX-Original-Host: evil.tld\r\n"),
    ] {
        alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email);
        let form = alice.form("Recevoir l'e-mail");
        let body = alice.request_of(&form).body.expect("a body");
        let head = format!(
            "POST /forgotten HTTP/1.1\r\n{lines}Cookie: {}\r\nOrigin: http://www.localhost:{port}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
            alice.cookie_line(&town.gateway.portal("/")),
            body.len(),
            String::from_utf8(body).expect("text"),
        );
        let answer = raw(&town, head).unwrap_or_else(|| panic!("{lines}: no answer"));
        assert!(answer.status < 500, "{lines}: {}", answer.status);
        assert!(!answer.header("location").unwrap_or_default().contains("evil"), "{lines}");
    }
    // The honest request at the end makes sure that what was asked before had its time.
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let asked_at_last = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("mot de passe"));
    assert!(asked_at_last.link().starts_with(&ours));
    for letter in town.gateway.letters().all() {
        assert!(!letter.raw.contains("evil"), "{}", letter.raw);
        assert!(letter.links().iter().all(|link| link.starts_with(&ours)), "{:?}", letter.links());
    }
}

#[test]
fn sec_015_no_spelling_of_a_host_opens_a_looser_door() {
    let town = Town::build();
    let port = town.gateway.port();
    for host in [
        format!("AGENCE-A.LOCALHOST:{port}"),
        format!("agence-a.localhost.:{port}"),
        "agence-a.localhost:443".to_owned(),
        "agence-a.localhost:8443".to_owned(),
        "agence-a.localhost".to_owned(),
        format!("x.agence-a.localhost:{port}"),
        format!("agence-a.localhost:{port}:80"),
        "127.0.0.1".to_owned(),
        String::new(),
    ] {
        let answer = raw(&town, format!("GET /membre/x HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n"));
        super::assert_shut(&town, answer.as_ref(), &format!("Host: {host}"));
    }
    let answer = raw(&town, "GET /membre/x HTTP/1.1\r\nAccept: text/html\r\n\r\n");
    super::assert_shut(&town, answer.as_ref(), "no Host");
    let answer = raw(
        &town,
        format!("GET http://agence-b.localhost:{port}/membre/x HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\n\r\n"),
    );
    super::assert_shut(&town, answer.as_ref(), "an absolute target of another host");
    town.b.assert_untouched("an absolute target of another host");
}

#[test]
fn sec_017_who_has_an_account_at_one_agency_does_not_enter_another() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_b("/membre/x"));
    assert!(!alice.here().text().contains("\"target\""), "not the other extranet: {}", alice.words());
    town.b.assert_untouched("alice at B's host");
    alice.open("/login?client=CB&societe=SB");
    town.b.assert_untouched("alice with B's codes");
    // A's cookie at B's host.
    let cookies = cookies_at_a(&town, &alice);
    let head = format!(
        "GET /membre/x HTTP/1.1\r\nHost: agence-b.localhost:{}\r\nCookie: {cookies}\r\n\r\n",
        town.gateway.port()
    );
    let answer = raw(&town, head).expect("an answer");
    assert_ne!(answer.status, 200, "A's cookie is worth nothing at B");
    town.b.assert_untouched("A's cookie at B's host");
    // What the client says of codes is not what the extranet gets.
    town.forget();
    get_at_a(&town, "/membre/x?client=CB&societe=SB", &cookies, &[]).expect("an answer");
    assert_eq!(town.a.last().folded("X-Extranet-Agency"), ["CA-SA"]);
    assert_eq!(town.a.last().folded("X-Extranet-User"), [ALICE.login]);
}

#[test]
fn sec_017_the_page_says_that_there_is_no_account_here() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    // By a link of the agency's, on its host, after a sign-in there: signed in as whom, and the ways on.
    let mut elsewhere = Person::new(&town.gateway);
    try_sign_in(&mut elsewhere, "b", BOB.email, CHOSEN);
    elsewhere.see("Pas de compte dans cette agence");
    for link in ["/login?client=CB&societe=SB&return=%2Fmembre%2F7", &town.at_b("/membre/7")] {
        bob.open(link).see("Pas de compte dans cette agence").see(&format!("Vous êtes connecté avec {}", BOB.email));
        bob.see("Aucun de vos comptes n'est associé à Agence de la Gare").miss("Mot de passe oublié");
        bob.follow("Associer mon compte de cette agence").see("que Agence de la Gare vous a remis");
        bob.follow("Revenir à « Mon compte »").see(BOB.email);
    }
    town.b.assert_untouched("a refusal");
    // Somebody else at the same computer signs in there instead, and comes to the page that was asked for.
    bob.open(town.at_b("/membre/7")).press("Changer de compte").see("Vous êtes déconnecté").see("Agence de la Gare");
    assert_eq!(bob.form("Connexion").value("return"), Some("/membre/7"));
    bob.open("/account").see("Connexion").miss(BOB.email);
}

/// Who has given an account a password of its own signs in with that, where they are signed in with the one for all.
#[test]
fn sec_017_an_account_with_a_password_of_its_own_is_not_said_to_be_missing() {
    let town = Town::build_with(|site| site.set("policy.password_scope", "per-account"));
    let mut bob = town.resident(BOB);
    bob.open("/login?client=CB&societe=SB&attach=1").fill("login", BOB_AT_B.login).fill("password", BOB_AT_B.password);
    bob.press("Continuer").press("Étape suivante").fill("password", CHOSEN).press("Connexion").see("Compte associé");
    bob.open("/account").follow("Définir un mot de passe différent pour ce compte Agence de la Gare B-4412");
    bob.fill("current", CHOSEN).fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur");
    bob.press("Enregistrer").see("son propre mot de passe");
    bob.open(town.at_b("/membre/7")).miss("Pas de compte").fill("login", BOB_AT_B.login);
    bob.fill("password", "Cerisier-31-mur").press("Connexion").see("\"who\":\"B-4412\"");
    // With that password alone, nothing is attached to the whole person.
    bob.open("/login?client=CA&societe=SA").see("Pas de compte dans cette agence").miss("Associer mon compte");
    bob.see("le mot de passe de ce seul compte").press("Changer de compte").see("Agence du Port");
}

#[test]
fn sec_017_an_identifier_that_was_given_to_somebody_else_does_not_open_to_who_had_it() {
    let town = Town::build();
    let mut before = town.alice();
    before.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    town.a.make_anew(ALICE.login, "Albert-2026");
    town.gateway.let_pass(1);
    before.open(town.at_a("/membre/x")).see("ne reconnaît plus le mot de passe").miss("\"who\"");
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    again.see("ne reconnaît plus le mot de passe").miss("\"who\"");
    // And who has it now does not become the person who had it.
    let mut albert = Person::new(&town.gateway);
    try_sign_in(&mut albert, "a", ALICE.login, "Albert-2026");
    albert.miss(ALICE.email).miss("\"who\"");
    albert.open("/account").miss(ALICE.email);
}
