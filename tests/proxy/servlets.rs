//! The whole road through an extranet in a servlet container.

use reqwest::Method;

use crate::support::{
    page,
    person::{Person, Request},
    servlets::Servlets,
    town::{ALICE, CHOSEN, Town, try_sign_in},
};

const HOME: &str = "/gestion/prive/accueil.jsp";

/// Goes on from a page of ours that leads on, as a browser does by itself.
fn go_on(person: &mut Person) -> &mut Person {
    if person.sees("Continuer / Continue") {
        person.follow("Continuer / Continue");
    }
    person
}

/// What the page's own form is sent to.
fn sent(town: &Town, person: &Person, body: Vec<u8>) -> Request {
    let action = page::attribute(&person.here().text(), "form", "action").expect("a form");
    let url = person.here().url.join(&action).expect("an address");
    let origin = town.gateway.agency("agence-a", "/").origin().ascii_serialization();
    let request = Request::get(url).method(Method::POST).header("origin", &origin);
    request.header("sec-fetch-site", "same-origin").header("content-type", "application/pdf").body(body)
}

#[test]
fn a_resident_works_in_a_servlet_container_from_the_wizard_to_its_logout() {
    for cookies in ["relay", "jar"] {
        let servlets = Servlets::start();
        let at_a = |_| servlets.agency("agence-a").set("cookies", cookies);
        let town = Town::build_with_agency(|site| site, at_a);
        let mut alice = Person::new(&town.gateway);
        try_sign_in(&mut alice, "a", ALICE.login, "faux");
        alice.see("Ce couple identifiant et mot de passe est inconnu");
        town.migrate(&mut alice, "a", ALICE, ALICE.email);
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        go_on(&mut alice).see("Bonjour alice-77");
        assert_eq!(alice.here().url, town.gateway.agency("agence-a", HOME), "{cookies}");

        // Links and forms name the session in their paths; what is sent comes back byte for byte.
        alice.follow("Accueil").see("Bonjour alice-77");
        let piece: Vec<u8> = (0..300_000_u32).map(|n| u8::try_from(n % 251).expect("a byte")).collect();
        let request = sent(&town, &alice, piece.clone());
        assert!(alice.visit(request).text().contains("300000 octets"), "{cookies}");
        let down = alice.visit(Request::get(town.gateway.agency("agence-a", "/gestion/prive/piece.pdf")));
        assert!(down.body == piece, "{cookies}: {} bytes", down.body.len());

        // A session that is over: a page is renewed, what was sent is told not to have been.
        let before = servlets.sign_ins();
        servlets.expire_sessions();
        go_on(alice.open(town.at_a(HOME)));
        go_on(&mut alice).see("Bonjour alice-77");
        assert_eq!(servlets.sign_ins() - before, 1, "{cookies}");
        town.gateway.let_pass(1);
        let request = sent(&town, &alice, b"perdu".to_vec());
        servlets.expire_sessions();
        let mut answer = alice.visit(request);
        if let Some(to) = page::attribute(&answer.text(), "meta[http-equiv=refresh]", "content") {
            let to = to.split_once("url=").expect("where it leads").1.to_owned();
            answer = alice.visit(Request::get(answer.url.join(&to).expect("an address")));
        }
        assert!(page::words(&answer.text()).contains("n'a pas été envoyé"), "{cookies}: {}", answer.text());
        go_on(alice.open(town.at_a(HOME)));
        go_on(&mut alice).see("Bonjour alice-77, 300000 octets");

        // Old credentials are of no use in there, and its own logout ends both sessions.
        alice.follow("Quitter").press("Se déconnecter").see("Vous êtes déconnecté");
        assert!(servlets.signed_in().is_empty(), "{cookies}: {:?}", servlets.signed_in());
        let before = servlets.sign_ins();
        alice.open(town.at_a(HOME)).see("Email ou identifiant");
        assert_eq!(servlets.sign_ins(), before, "nobody is signed in again unseen, {cookies}");
    }
}
