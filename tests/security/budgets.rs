//! What refused tries cost, whom a client's budget stops, and who waits instead of being refused.

use super::{guessing::refused_in_locks, letters::at_once};
use crate::support::{
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, login_path, migrate_up_to_proof, try_sign_in},
};

const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
const LATER: &str = "Trop de codes inconnus";

on_every_stage! {
    review_b8_two_hundred_wrong_passwords_of_one_client_cost_a_line_each_up_to_the_lock_and_one_with_the_sum,
    att_24_sixteen_right_sign_ins_of_one_person_at_once_are_all_let_in,
    att_25_every_spelling_of_an_old_identifier_has_one_budget,
    review_b11_a_network_has_one_budget,
}

fn review_b8_two_hundred_wrong_passwords_of_one_client_cost_a_line_each_up_to_the_lock_and_one_with_the_sum(
    stage: Stage,
) {
    let mut town = Town::on(stage);
    town.alice();
    let mut stranger = Person::new(&town.gateway);
    stranger.open(login_path("a")).fill("login", ALICE.email).fill("password", "pas-celui-ci");
    let form = stranger.form("Connexion");
    let request = stranger.request_of(&form);
    let lines = "SELECT COUNT(*) FROM audit";
    let written = "SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM throttles";
    let cookies = stranger.cookie_line(&town.gateway.portal("/"));
    let (before, mut counted) = (town.gateway.number(lines), 0);
    for round in 0..10 {
        let answers = at_once(20, &town, &request, &cookies);
        assert!(answers.iter().all(|status| *status < 500), "{answers:?}");
        if round == 0 {
            counted = town.gateway.number(written);
        }
    }
    let after = town.gateway.number(lines) - before;
    assert!((5..=7).contains(&after), "{after} lines for two hundred tries");
    assert!(town.gateway.number(written) - counted <= 2, "refused tries are not written down one by one");
    town.gateway.stop();
    assert_eq!(after + refused_in_locks(&town), 200, "and none is missing");
}

fn att_24_sixteen_right_sign_ins_of_one_person_at_once_are_all_let_in(stage: Stage) {
    let town = Town::on(stage);
    town.resident(BOB);
    for _ in 0..2 {
        let mut bob = Person::new(&town.gateway);
        bob.open(login_path("a")).fill("login", BOB.email).fill("password", CHOSEN);
        let form = bob.form("Connexion");
        let request = bob.request_of(&form);
        let answers = at_once(16, &town, &request, &bob.cookie_line(&town.gateway.portal("/")));
        assert_eq!(answers, [303; 16], "nobody who is right is told otherwise");
    }
    // A crowd is asked to come again, calmly, and never told that it is wrong; nobody is locked by it.
    let mut bob = Person::new(&town.gateway);
    bob.open(login_path("a")).fill("login", BOB.email).fill("password", CHOSEN);
    let form = bob.form("Connexion");
    let request = bob.request_of(&form);
    let answers = at_once(50, &town, &request, &bob.cookie_line(&town.gateway.portal("/")));
    assert!(answers.iter().all(|status| matches!(status, 303 | 429)), "{answers:?}");
    town.sign_in(&mut Person::new(&town.gateway), "a", BOB.email, CHOSEN);
}

fn att_25_every_spelling_of_an_old_identifier_has_one_budget(stage: Stage) {
    let town = Town::on(stage);
    let spellings =
        ["dora-9", "DORA-9", "dóra-9", "ｄora-9", "dora\u{2011}9", "do\u{ad}ra-9", "dora-9\u{200b}", " dora-9 "];
    for (number, login) in spellings.into_iter().enumerate() {
        try_sign_in(&mut Person::new(&town.gateway), "a", login, &format!("pas-celui-ci-{number}"));
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM throttles WHERE subject LIKE 'account:%'"), 1);
    assert_eq!(town.gateway.traced("sign-in-refused"), 5, "the sixth was not looked at");
    let mut dora = Person::new(&town.gateway);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.see(REFUSED);
}

fn review_b11_a_network_has_one_budget(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("server.trusted_proxies", vec!["127.0.0.1/32"]));
    let from = |address: String, login: &str| {
        let mut person = Person::new(&town.gateway);
        person.open(login_path("a")).fill("login", login).fill("password", "pas-celui-ci");
        let form = person.form("Connexion");
        let request = person.request_of(&form).header("x-forwarded-for", &address).header("x-forwarded-proto", "http");
        assert_eq!(person.visit(request).status, 422, "{address}");
    };
    for number in 0..6 {
        from(format!("2001:db8:1:2:{number:x}::{number:x}"), &format!("nobody-{number}"));
    }
    let counters = "SELECT COUNT(*) FROM throttles WHERE subject LIKE 'client:%'";
    if stage == Stage::TwoNodesWithRedis {
        return;
    }
    assert_eq!(town.gateway.number(counters), 1);
    from("::ffff:203.0.113.7".to_owned(), "nobody-a");
    from("203.0.113.7".to_owned(), "nobody-b");
    assert_eq!(town.gateway.number(counters), 2);
    assert_eq!(town.gateway.number("SELECT streak FROM throttles WHERE subject = 'client:2001:db8:1:2::/64'"), 6);
}

#[test]
fn review_b8_a_client_that_is_locked_counts_at_nobody_and_a_known_device_there_goes_on() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open("/account").press("Se déconnecter");
    town.gateway.rewrite(
        "UPDATE throttles SET streak = 230, last_at = last_at + 1, version = version + 1 WHERE subject LIKE 'client:%'",
    );
    let mut stranger = Person::new(&town.gateway);
    try_sign_in(&mut stranger, "a", CAROL.login, CAROL.password);
    stranger.see(REFUSED);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM throttles WHERE subject LIKE 'account:%carol%'"), 0);
    let (_, metrics) = town.gateway.health("/metrics").expect("metrics");
    assert!(metrics.contains("vestibule_throttled_total{counter=\"client\"} 1"), "{metrics}");
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
}

#[test]
fn f02_a_known_device_has_twenty_five_failures_a_day_over_everybody_whom_it_knows() {
    let town = Town::build();
    let mut family = town.alice();
    family.open("/account").press("Se déconnecter");
    town.migrate(&mut family, "a", BOB, BOB.email);
    town.sign_in(&mut family, "a", BOB.email, CHOSEN);
    family.open("/account").press("Se déconnecter");
    try_sign_in(&mut family, "a", BOB.email, "pas-celui-ci");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM throttles WHERE subject LIKE 'device:%'"), 2, "one for all");
    town.gateway.rewrite(
        "UPDATE throttles SET today = 25, version = version + 1
         WHERE subject LIKE 'device:%' AND subject NOT LIKE 'device:%:%'",
    );
    try_sign_in(&mut family, "a", ALICE.email, CHOSEN);
    family.see(REFUSED);
}

#[test]
fn sec_019_whoever_looks_for_agencies_by_their_codes_is_held_up_and_learns_nothing() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open("/account").press("Se déconnecter");
    let mut seeker = Person::new(&town.gateway);
    let status = |person: &mut Person, target: String| person.get(town.gateway.portal(&target), &[]).status;
    for _ in 0..100 {
        assert_eq!(status(&mut seeker, "/login?client=OLD&societe=OLD".into()), 404, "one old letter, often followed");
    }
    let answers: Vec<u16> = (0..200).map(|n| status(&mut seeker, format!("/login?client=Q{n}&societe=R{n}"))).collect();
    assert_eq!(answers[..58], [404; 58]);
    assert_eq!(answers[60..], [429; 140]);
    for target in [login_path("a"), "/forgotten?client=CA&societe=SA".into(), "/login?client=Q&societe=R".into()] {
        seeker.open(&target).see(LATER);
        assert_eq!(seeker.here().status, 429, "{target}: known and unknown alike");
        assert!(!seeker.here().header("retry-after").is_empty());
    }
    seeker.open("/login").miss(LATER);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
}

#[test]
fn review_b8_resets_that_one_client_asks_for_without_end_are_not_written_down_without_end() {
    let town = Town::build();
    let ask = || {
        let mut person = Person::new(&town.gateway);
        person
            .open("/forgotten?client=CA&societe=SA")
            .fill("login", "nobody@residents.example")
            .press("Recevoir l'e-mail");
        person.see("e-mail");
    };
    ask();
    assert_eq!(town.gateway.traced("reset-asked"), 1);
    town.gateway.rewrite("UPDATE throttles SET streak = 230, version = version + 1 WHERE subject LIKE 'client:%'");
    (0..5).for_each(|_| ask());
    assert_eq!(town.gateway.traced("reset-asked"), 1, "answered alike, and nothing is written");
}

#[test]
fn f02_letters_of_a_network_have_one_budget() {
    let town = Town::build();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM letter_counts WHERE subject = 'client:127.0.0.1'"), 1);
}
