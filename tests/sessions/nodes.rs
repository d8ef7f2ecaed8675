//! Two nodes on one database, with and without Redis: what is begun on one goes on at the other, and what ends on one
//! has ended at both.

use std::time::{Duration, Instant};

use crate::support::{
    eventually,
    person::{Answer, Person},
    raw::Raw,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, MALLORY, Town, login_path, migrate_up_to_proof, try_sign_in},
};

/// A notice takes milliseconds; the cache would take half a minute.
const AT_ONCE: Duration = Duration::from_secs(3);
const OTHER: &str = "Cerisier-31-mur";
const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";

#[test]
fn rel_003_what_was_begun_on_a_node_goes_on_after_its_sudden_end() {
    goes_on_after_kill_9(Stage::TwoNodesWithRedis);
}

#[test]
fn rel_003_what_was_begun_on_a_node_goes_on_after_its_sudden_end_without_redis() {
    goes_on_after_kill_9(Stage::TwoNodes);
}

fn goes_on_after_kill_9(stage: Stage) {
    let mut town = Town::on(stage);
    town.gateway.balancer().lead_to(0);
    let mut alice = town.alice();
    town.migrate(&mut Person::new(&town.gateway), "a", BOB, BOB.email);
    // A code that waits for its answer.
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    // A page of the wizard whose form was made by the first node.
    let mut dora = Person::new(&town.gateway);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.see("évolue").press("Étape suivante").see("Votre adresse email").fill("email", DORA.email);
    // A forgotten password.
    let mut bob = Person::new(&town.gateway);
    bob.open("/forgotten?client=CA&societe=SA").fill("login", BOB.email).press("Recevoir l'e-mail");
    let is_it = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let reset = town.gateway.letters().wait_for(BOB.email, is_it).link();
    // Four wrong passwords of five.
    let mut mallory = Person::new(&town.gateway);
    for guess in 0..4 {
        try_sign_in(&mut mallory, "a", MALLORY.login, &format!("wrong-{guess}"));
        mallory.see(REFUSED);
    }

    town.gateway.kill(0);
    town.gateway.balancer().in_turn();
    assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 200, "the session");
    alice.open("/account").see(ALICE.email);
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    dora.press("Continuer").see("Votre nouveau mot de passe");
    bob.open(reset).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    bob.see("Mot de passe réinitialisé");
    try_sign_in(&mut mallory, "a", MALLORY.login, "wrong-4");
    try_sign_in(&mut mallory, "a", MALLORY.login, MALLORY.password);
    mallory.see(REFUSED);
    assert!(!mallory.sees("évolue"), "the fifth wrong one locked, on whichever node");
}

#[test]
fn rel_003_a_connection_fails_once_at_most_when_its_node_ends() {
    let mut town = Town::on(Stage::TwoNodesWithRedis);
    let alice = town.alice();
    let port = town.gateway.port();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let request = format!("GET /membre/x HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n");
    let asked = |socket: &mut Raw| socket.send(&request).answer().map(|answer| answer.status);
    let mut sockets: Vec<Raw> = (0..12).map(|_| Raw::connect(port)).collect();
    assert!(sockets.iter_mut().all(|socket| asked(socket) == Some(200)), "kept connections to either node");
    town.gateway.kill(0);
    let mut failed = 0;
    for socket in &mut sockets {
        if asked(socket) != Some(200) {
            failed += 1;
            *socket = Raw::connect(port);
            assert_eq!(asked(socket), Some(200), "the next request of the same client");
        }
    }
    assert!((1..12).contains(&failed), "{failed} of twelve were the dead node's");
}

#[test]
fn g01_what_is_revoked_on_one_node_is_refused_at_the_other() {
    revoked_on_one(Stage::TwoNodesWithRedis);
}

#[test]
fn g01_what_is_revoked_on_one_node_is_refused_at_the_other_without_redis() {
    revoked_on_one(Stage::TwoNodes);
}

fn revoked_on_one(stage: Stage) {
    let town = Town::on(stage);
    let inside = |person: &mut Person, node: usize| {
        town.gateway.balancer().lead_to(node);
        let_in(&person.get(town.at_a("/membre/x"), &[]))
    };
    // A sign-out.
    let mut alice = town.alice();
    assert!(inside(&mut alice, 0) && inside(&mut alice, 1), "both nodes know her now");
    let held = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    town.gateway.balancer().lead_to(1);
    alice.open("/logout").press("Se déconnecter").see("Vous êtes déconnecté");
    let mut thief = Person::new(&town.gateway);
    let mut opens = |node: usize| {
        town.gateway.balancer().lead_to(node);
        let_in(&thief.get(town.at_a("/membre/x"), &[("cookie", &held)]))
    };
    assert!(!opens(1));
    eventually("the other node to refuse her", AT_ONCE, || (!opens(0)).then_some(()));

    // A changed password ends every other session.
    let mut here = Person::new(&town.gateway);
    town.sign_in(&mut here, "a", ALICE.email, CHOSEN);
    let mut there = Person::new(&town.gateway);
    town.sign_in(&mut there, "a", ALICE.email, CHOSEN);
    assert!(inside(&mut there, 0) && inside(&mut there, 1));
    town.gateway.balancer().lead_to(1);
    here.open("/account/password").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    here.press("Enregistrer").see("Votre mot de passe a été modifié");
    assert!(!inside(&mut there, 1));
    eventually("the other node to refuse the other browser", AT_ONCE, || (!inside(&mut there, 0)).then_some(()));
    here.open(town.at_a("/membre/x"));
    assert!(inside(&mut here, 0) && inside(&mut here, 1), "the browser in which it was changed goes on");
}

#[test]
fn g01_where_notices_are_cut_off_the_age_of_the_cache_refuses() {
    let town = Town::build_with(|site| site.on(Stage::TwoNodesWithRedis).set("server.cache_seconds", 4));
    let relay = town.gateway.ground().relay.as_ref().expect("a line to the database");
    let mut alice = town.alice();
    relay.cut_notices();
    let held = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let mut browser = Person::new(&town.gateway);
    let mut opens = |node: usize| {
        town.gateway.balancer().lead_to(node);
        let_in(&browser.get(town.at_a("/membre/x"), &[("cookie", &held)]))
    };
    // Known to both from this moment on.
    assert!(opens(0) && opens(1));
    let known = Instant::now();
    town.gateway.balancer().lead_to(1);
    alice.open("/logout").press("Se déconnecter").see("Vous êtes déconnecté");
    assert!(!opens(1), "where she signed out");
    let mut still = false;
    eventually("the other node to refuse her", Duration::from_secs(6), || {
        let open = opens(0);
        still |= open;
        (!open).then_some(())
    });
    assert!(still, "nothing was heard: the other node went on at first");
    assert!(known.elapsed() < Duration::from_secs(6), "refused within the age of the cache");
    relay.let_notices_through();
}

/// Whether the gateway let somebody pass; after a sign-out the extranet itself lets nobody in.
fn let_in(answer: &Answer) -> bool {
    answer.status == 200 || answer.header("location").contains("/.vestibule/renew")
}

#[test]
fn rel_003_requests_that_come_to_either_node_see_one_session() {
    let town = Town::on(Stage::TwoNodesWithRedis);
    let mut alice = town.alice();
    for _ in 0..10 {
        assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 200);
        alice.open("/account").see(ALICE.email);
    }
    alice.open(login_path("b")).see("Pas de compte dans cette agence").see(ALICE.email);
}
