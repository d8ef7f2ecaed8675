//! Several nodes whose clocks differ: what they share is judged by one clock, the database's (B17, REL-056).

use std::time::Duration;

use crate::support::{
    eventually,
    person::Person,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, DORA, Town, login_path, migrate_up_to_proof, try_sign_in},
};

const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
const HOUR: i64 = 3600;

fn town() -> Town {
    Town::build_with(|site| site.on(Stage::TwoNodes).with_settable_clock())
}

#[test]
fn rel_056_a_hand_over_between_nodes_ninety_seconds_apart_works_both_ways() {
    let town = town();
    town.alice();
    town.gateway.set_clock_of(1, 90);
    for (from, to) in [(0, 1), (1, 0)] {
        town.gateway.balancer().lead_to(from);
        let mut alice = Person::new(&town.gateway);
        alice.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
        let form = alice.form("Connexion");
        let request = alice.request_of(&form);
        let mut answer = alice.ask(request);
        let enter = loop {
            let next = answer.redirect().expect("the way on");
            if next.path() == "/.vestibule/enter" {
                break next;
            }
            answer = alice.ask(crate::support::person::Request::get(next));
        };
        town.gateway.balancer().lead_to(to);
        let cookies = alice.cookie_line(&enter);
        let entered = Person::new(&town.gateway).get(&enter, &[("cookie", &cookies)]);
        assert_eq!(entered.status, 303, "from node {from} to node {to}: {}", entered.text());
        assert!(entered.headers.get_all("set-cookie").iter().count() > 0, "a session there");
    }
}

#[test]
fn review_b17_a_node_whose_clock_jumps_ends_no_lock_and_no_code_of_the_others() {
    let town = town();
    town.gateway.balancer().lead_to(0);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let mut dora = Person::new(&town.gateway);
    for guess in 0..5 {
        try_sign_in(&mut dora, "a", DORA.login, &format!("pas-celui-ci-{guess}"));
    }
    let kept = "SELECT CAST(SUM(last_at) + SUM(day_start) AS BIGINT) FROM throttles WHERE subject LIKE 'account:%'";
    let sent = "SELECT CAST(SUM(sent_at) AS BIGINT) FROM challenge_codes";
    let before = (town.gateway.number(kept), town.gateway.number(sent));
    for seconds in [-HOUR, 400 * 24 * HOUR] {
        let said = town.gateway.log().matches("the clock was set").count();
        town.gateway.set_clock_of(1, seconds);
        eventually("the node to notice", Duration::from_secs(20), || {
            (town.gateway.log().matches("the clock was set").count() > said).then_some(())
        });
        assert_eq!((town.gateway.number(kept), town.gateway.number(sent)), before, "nothing ages by {seconds} s");
        for node in [1, 0] {
            town.gateway.balancer().lead_to(node);
            let mut dora = Person::new(&town.gateway);
            try_sign_in(&mut dora, "a", DORA.login, DORA.password);
            dora.see(REFUSED);
        }
    }
    assert_eq!((town.gateway.number(kept), town.gateway.number(sent)), before);
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
}
