//! Redis that is gone, slow, or answers something else (REL-014 to REL-016, REL-021).

use std::time::{Duration, Instant};

use crate::support::{
    eventually,
    outage::{Outage, Readers},
    page,
    person::{Answer, Person},
    redis::Redis,
    stage::Stage,
    town::{BOB, BOB_AT_B, CAROL, CHOSEN, Town, try_sign_in},
};

const SOON: Duration = Duration::from_secs(5);
const UNAVAILABLE: &str = "Service momentanément indisponible";

/// Half a second for Redis, and what a busy machine adds.
const BOUNDED: Duration = Duration::from_millis(1500);

#[test]
fn rel_014_while_redis_is_down_residents_go_on_for_a_while_then_wait_and_nobody_is_signed_out() {
    let mut town = Town::build_with(|site| site.on(Stage::Redis).set("server.cache_seconds", 2));
    let mut alice = town.alice();
    let inside = town.at_a("/membre/x");
    assert_eq!(alice.get(&inside, &[]).status, 200);
    assert!(town.gateway.health("/readyz").expect("an answer").1.contains(r#""redis":"ready""#));
    town.gateway.redis().cli(&["SAVE"]);
    assert_eq!(alice.get(&inside, &[]).status, 200);
    town.gateway.redis().kill();
    assert_eq!(alice.get(&inside, &[]).status, 200, "within the age of the cache");
    eventually("readiness to name Redis", SOON, || {
        let (status, said) = town.gateway.health("/readyz").expect("an answer");
        (status == 503 && said.contains(r#""redis":"failing""#)).then_some(())
    });
    assert_eq!(town.gateway.health("/healthz").expect("an answer").0, 200, "alive");
    let gone = eventually("the age of the cache to be over", SOON, || {
        Some(alice.get(&inside, &[])).filter(|answer| answer.status != 200)
    });
    asks_to_come_again(&gone);
    let account = alice.get("/account", &[]);
    asks_to_come_again(&account);
    let mut bob = Person::new(&town.gateway);
    try_sign_in(&mut bob, "a", "nobody", "wrong");
    bob.see("Un de nos services ne répond pas");
    assert_eq!((bob.here().status, typed(&bob, "login").as_str()), (503, "nobody"), "what was typed is not lost");
    told(&town, "Redis is not available; nobody");
    let times = town.gateway.log().matches("Redis is not available").count();
    assert!(times <= 4, "the operator is told once, and with the name of each page that could not be shown: {times}");

    town.gateway.redis().start_again();
    let back = eventually("Redis to be used again", SOON, || {
        Some(alice.get(&inside, &[])).filter(|answer| answer.status == 200)
    });
    assert!(!back.headers.contains_key("set-cookie"), "the session was never away");
    alice.open("/account").see("alice@residents.example");
    told(&town, "Redis answers again");
}

#[test]
fn review_a10_a_redis_that_goes_is_told_though_nobody_asks() {
    let mut town = Town::on(Stage::Redis);
    town.gateway.redis().kill();
    told(&town, "Redis is not available; nobody");
    town.gateway.redis().start_again();
    told(&town, "Redis answers again");
}

fn asks_to_come_again(answer: &Answer) {
    assert_eq!(answer.status, 503);
    assert!(!answer.header("retry-after").is_empty());
    let cleared = |value: &http::HeaderValue| value.to_str().is_ok_and(|cookie| cookie.contains("Max-Age=0"));
    assert!(!answer.headers.get_all("set-cookie").iter().any(cleared), "no cookie is taken away");
    assert!(answer.text().contains(UNAVAILABLE), "{}", answer.text());
}

#[test]
fn rel_015_the_wizard_needs_no_redis_up_to_the_letter_and_writes_one() {
    let mut town = Town::on(Stage::Redis);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue").press("Étape suivante").see("Votre adresse email");
    town.gateway.redis().cli(&["SAVE"]);
    town.gateway.redis().kill();
    carol.fill("email", CAROL.email).press("Continuer").see("Votre nouveau mot de passe");
    town.gateway.redis().start_again();
    carol.fill("password", "Platane-58-vert").fill("confirmation", "Platane-58-vert").press("Créer mon compte");
    carol.see("Vérifiez votre boîte mail");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &code);
    eventually("Redis to be used again", SOON, || {
        carol.fill("code", &code).press("Valider");
        carol.sees("Votre compte est à jour").then_some(())
    });
    assert!(town.gateway.letters().look(CAROL.email).is_none(), "no second letter");
}

#[test]
fn rel_015_a_step_that_redis_stops_keeps_the_typed_address_and_is_taken_later() {
    let mut town = Town::on(Stage::Redis);
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.see("évolue").press("Étape suivante").see("compte");
    if bob.sees("J'ai déjà un compte") {
        bob.follow("J'ai déjà un compte");
    }
    town.gateway.redis().kill();
    bob.fill("email", BOB.email).fill("password", CHOSEN).press("Connexion");
    assert_eq!(bob.here().status, 503);
    assert!(!bob.here().header("retry-after").is_empty());
    assert_eq!((typed(&bob, "email").as_str(), typed(&bob, "password").as_str()), (BOB.email, ""));
    town.gateway.redis().start_again();
    eventually("Redis to be used again", SOON, || {
        bob.fill("password", CHOSEN).press("Connexion");
        (bob.here().status != 503).then_some(())
    });
    bob.see("Compte associé");
    let letters = town.gateway.letters().all();
    let attached = letters.iter().filter(|letter| letter.subject.contains("associé"));
    assert!(attached.count() <= 1, "no letter twice");
}

/// What stands in a field of the page.
fn typed(person: &Person, field: &str) -> String {
    page::attribute(&person.here().text(), &format!("input[name={field}]"), "value").unwrap_or_default()
}

#[test]
fn rel_016_a_redis_that_hangs_is_waited_for_half_a_second_and_keeps_nobody_else_waiting() {
    let mut town = Town::build_with(|site| site.on(Stage::Redis).set("server.cache_seconds", 0));
    let mut alice = town.alice();
    let inside = town.at_a("/membre/x");
    town.gateway.redis().hang();
    let begin = Instant::now();
    assert_eq!(alice.get(&inside, &[]).status, 503);
    assert!(begin.elapsed() < BOUNDED, "bounded: {:?}", begin.elapsed());
    // Many at once: nothing piles up, and what needs no session is as fast as ever.
    let held = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..40)
            .map(|_| {
                let (mut browser, inside, held) = (Person::new(&town.gateway), &inside, &held);
                scope.spawn(move || {
                    let begin = Instant::now();
                    (browser.get(inside, &[("cookie", held)]).status, begin.elapsed())
                })
            })
            .collect();
        let mut stranger = Person::new(&town.gateway);
        let begin = Instant::now();
        assert_eq!(town.gateway.health("/healthz").expect("an answer").0, 200);
        stranger.open("/login?client=CA&societe=SA").see("Connexion");
        assert!(begin.elapsed() < BOUNDED, "other pages: {:?}", begin.elapsed());
        for one in asked {
            let (status, took) = one.join().expect("an answer");
            assert_eq!(status, 503);
            assert!(took < BOUNDED * 2, "{took:?}");
        }
    });
    town.gateway.redis().go_on();
    eventually("Redis to be used again", SOON, || (alice.get(&inside, &[]).status == 200).then_some(()));
}

#[test]
fn rel_021_what_is_no_answer_is_an_outage_that_is_told_and_tried_again() {
    let delay = ["--rdbcompression", "no", "--key-load-delay", "200000"];
    let often = ["--loading-process-events-interval-bytes", "1024"];
    let mut redis = Redis::start_with(&[delay.as_slice(), &often].concat(), &[]);
    let town = Town::build_with(|site| site.set("redis.urls", vec![redis.url()]).set("server.cache_seconds", 0));
    let mut alice = town.alice();
    let inside = town.at_a("/membre/x");
    let mut ask = || alice.get(&inside, &[]).status;
    assert_eq!(ask(), 200);

    // -READONLY: somebody made a replica of it.
    redis.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    told(&town, "it is a replica and takes no writes");
    eventually("nobody to be recognised", SOON, || (ask() == 503).then_some(()));
    redis.cli(&["REPLICAOF", "NO", "ONE"]);
    eventually("it to be used again", SOON, || (ask() == 200).then_some(()));

    // -NOAUTH: somebody gave it a password.
    redis.cli(&["CONFIG", "SET", "requirepass", "Redis-58-vert"]);
    redis.cli(&["-a", "Redis-58-vert", "CLIENT", "KILL", "TYPE", "normal"]);
    told(&town, "are redis.username and the password right?");
    eventually("nobody to be recognised", SOON, || (ask() == 503).then_some(()));
    redis.cli(&["-a", "Redis-58-vert", "CONFIG", "SET", "requirepass", ""]);
    eventually("it to be used again", SOON, || (ask() == 200).then_some(()));

    // -NOREPLICAS: nobody would keep what it takes, and somebody else may be the one that is asked.
    redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    told(&town, "NOREPLICAS");
    eventually("readiness to tell", SOON, || {
        town.gateway.health("/readyz").filter(|told| told.1.contains(r#""redis":"failing""#)).map(drop)
    });
    eventually("nobody to be recognised", SOON, || (ask() == 503).then_some(()));
    redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    eventually("it to be used again", SOON, || (ask() == 200).then_some(()));

    // -LOADING: it reads what it saved, slowly.
    for number in 0..8 {
        redis.cli(&["SET", &format!("ballast-{number}"), &"x".repeat(3000)]);
    }
    redis.cli(&["SAVE"]);
    redis.kill();
    redis.start_without_waiting();
    told(&town, "it is still reading its data from the disk");
    assert_eq!(ask(), 503);
    eventually("it to be used again", Duration::from_secs(20), || (ask() == 200).then_some(()));
}

/// -OOM: its memory is full. -MISCONF: it could not write what it holds to its disk.
#[test]
fn rel_021_a_redis_that_takes_no_writes_keeps_nobody_out_who_is_in() {
    // Where Redis would write.
    const FILE: &str = "dump.rdb";
    for fault in ["OOM", "MISCONF"] {
        let town = Town::build_with(|site| site.on(Stage::Redis).set("server.cache_seconds", 1));
        let redis = town.gateway.ground().redis.as_ref().expect("a server");
        let set = |name, value| redis.cli(&["CONFIG", "SET", name, value]);
        let save = |status: &str| {
            redis.cli(&["BGSAVE"]);
            let said = format!("rdb_last_bgsave_status:{status}");
            eventually(&said, SOON, || redis.cli(&["INFO", "persistence"]).contains(&said).then_some(()));
        };
        let mut outage = Outage::before(&town);
        if fault == "OOM" {
            set("maxmemory", "1");
        } else {
            std::fs::create_dir(redis.folder().join(FILE)).expect("something in the way");
            set("save", "3600 1000000");
            save("err");
        }
        outage.is_told(r#""redis":"failing""#, Readers::GoOn);
        told(&town, "Redis takes no writes");
        if fault == "OOM" {
            set("maxmemory", "0");
        } else {
            std::fs::remove_dir(redis.folder().join(FILE)).expect("nothing in the way");
            save("ok");
        }
        outage.ends();
        told(&town, "Redis takes writes again");
    }
}

fn told(town: &Town, reason: &str) {
    eventually(reason, SOON, || town.gateway.log().contains(reason).then_some(()));
}

#[test]
fn rel_021_check_says_what_is_wrong_with_redis() {
    // On one node's SQLite `check` refuses it (decision 75).
    let mut town = Town::on(Stage::TwoNodesWithRedis);
    let said = |town: &Town| {
        let done = town.gateway.run("check", &[]);
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        (done.status.success(), said)
    };
    let (good, words) = said(&town);
    assert!(good && words.contains("Redis answers at redis://127.0.0.1"), "{words}");
    town.gateway.redis().kill();
    let (good, words) = said(&town);
    assert!(!good && words.contains("Redis is not available: "), "{words}");
}
