//! What browsers and password managers ask every host for.

use crate::support::{
    person::{Person, Request},
    stage::Stage,
    town::{ALICE, CHOSEN, Town},
};

const CHANGE_PASSWORD: &str = "/.well-known/change-password";

on_every_stage! {
    c08_a_password_manager_finds_the_page_where_the_password_is_changed_from_every_host,
}

fn c08_a_password_manager_finds_the_page_where_the_password_is_changed_from_every_host(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    for host in [town.gateway.portal(CHANGE_PASSWORD), town.gateway.agency("agence-a", CHANGE_PASSWORD)] {
        alice.open(host.as_str()).see("Mot de passe actuel");
        assert_eq!(alice.here().url, town.gateway.portal("/account/password"), "{host}");
        // Who is nobody signs in first, and comes to that page.
        let mut stranger = Person::new(&town.gateway);
        stranger.open(host.as_str()).fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion");
        stranger.see("Mot de passe actuel");
        // It is believed of a host only that does not have just anything.
        let missing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
        assert_eq!(Person::new(&town.gateway).visit(Request::get(host.join(missing).expect("an address"))).status, 404);
    }
}

#[test]
fn a_browser_has_a_picture_for_the_portal_and_a_search_engine_is_told_that_there_is_nothing() {
    let town = Town::build();
    let mut person = Person::new(&town.gateway);
    for (path, kind) in [
        ("/favicon.ico", "image/x-icon"),
        ("/apple-touch-icon.png", "image/png"),
        ("/apple-touch-icon-precomposed.png", "image/png"),
    ] {
        let answer = person.get(town.gateway.portal(path), &[]);
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}");
        let etag = answer.header("etag").to_owned();
        assert_eq!(person.get(town.gateway.portal(path), &[("if-none-match", &etag)]).status, 304, "{path}");
    }
    let robots = person.get(town.gateway.portal("/robots.txt"), &[]);
    assert_eq!((robots.status, robots.text().as_str()), (200, "User-agent: *\nDisallow: /\n"));
}
