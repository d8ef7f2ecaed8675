//! Another key for the vault, while residents come and go (f14).

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::support::{
    eventually,
    person::{Person, Request},
    site::Agency,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, login_path, migrate_up_to_proof},
};

on_every_database! {
    f14_everything_is_sealed_anew_under_load_and_the_old_key_is_then_worth_nothing,
    f14_a_secret_that_is_used_is_sealed_anew_at_once,
    walk_3_nothing_is_sealed_under_a_key_that_the_gateway_that_runs_does_not_have,
    walk_3_who_has_something_sealed_under_a_missing_key_is_told_to_support,
}

#[test]
fn f14_cookies_in_redis_are_sealed_anew_under_load_too() {
    let jar = |agency: Agency| agency.set("cookies", "jar");
    let mut town = Town::build_with_agency(|site| site.on(Stage::Redis), jar);
    let mut alice = town.alice();
    let mut residents: Vec<Person> = [BOB, CAROL, DORA].map(|who| town.resident(who)).into();
    turn_the_key(&mut town);
    let told = |said: &str, old: bool| {
        let line = said.lines().find(|line| line.contains("old key")).expect("the old key");
        assert_eq!(line.contains("not needed any more"), !old, "{said}");
    };

    // Whoever goes on has a jar that changes with every answer, and is none of the rotation's business.
    let over = AtomicBool::new(false);
    let rotated = thread::scope(|scope| {
        for resident in &mut residents {
            let (town, over) = (&town, &over);
            scope.spawn(move || {
                for number in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                    let url = town.gateway.agency("agence-a", &format!("/answer?set-cookie=n%3D{number}"));
                    assert_eq!(resident.ask(Request::get(url)).status, 200);
                    let url = town.gateway.agency("agence-a", "/membre/x");
                    assert_eq!(resident.ask(Request::get(url)).status, 200);
                }
            });
        }
        let rotated = rotate(&town);
        over.store(true, Ordering::Relaxed);
        rotated
    });
    let (done, said) = rotated;
    assert!(done && !said.starts_with("0 secrets"), "{said}");
    told(&said, false);
    // None signed in to the extranet again: each jar is the one from before, and opens.
    let begun = |town: &Town| town.a.seen().iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(begun(&town), 0, "{:?}", town.a.seen());

    town.gateway.configure("vault.old_key_files", Vec::<String>::new());
    let (done, said) = rotate(&town);
    assert!(done && said.starts_with("0 secrets sealed anew, 0 replaced by others meanwhile, 0 left alone"), "{said}");
    town.gateway.restart();
    for resident in residents.iter_mut().chain([&mut alice]) {
        let url = town.gateway.agency("agence-a", "/membre/x");
        assert_eq!(resident.ask(Request::get(url)).status, 200);
    }
    assert_eq!(begun(&town), 0, "the new key alone opens them all");

    // Who takes the old key out too early is told of the cookies as well, and the server is asked for them.
    turn_the_key_again(&mut town);
    town.gateway.configure("vault.old_key_files", Vec::<String>::new());
    let (done, said) = rotate(&town);
    let line = said.lines().find(|line| line.contains("not configured")).expect("the key");
    assert!(!done && line.split_whitespace().nth(3) == Some("4"), "{said}");
    town.gateway.redis().kill();
    let (done, said) = rotate(&town);
    assert!(!done && said.contains("Redis is not available") && said.contains("run this again"), "{said}");
}

#[test]
fn walk_1_a_key_that_is_not_the_one_that_has_sealed_is_told_before_anybody_meets_it() {
    for stage in [Stage::Sqlite, Stage::Postgres] {
        let mut town = Town::on(stage);
        drop(town.alice());
        let checked = town.gateway.run("check", &[]);
        assert!(checked.status.success(), "{stage:?}: {}", String::from_utf8_lossy(&checked.stderr));
        turn_the_key(&mut town);
        assert!(town.gateway.run("check", &[]).status.success(), "{stage:?}: the old key still opens");
        assert!(!town.gateway.log().contains("is not configured"), "{stage:?}");
        town.gateway.configure("vault.old_key_files", Vec::<String>::new());
        let checked = town.gateway.run("check", &[]);
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert_eq!(checked.status.code(), Some(1), "{stage:?}: {said}");
        assert!(said.contains("sealed under a key that is not configured") && said.contains("vault keys"), "{said}");
        town.gateway.restart();
        eventually("the log to tell it, too", Duration::from_secs(10), || {
            town.gateway.log().contains("sealed under a key that is not configured").then_some(())
        });
    }
}

/// Makes a new key the current one; the old one still opens.
fn turn_the_key(town: &mut Town) {
    turn_to(town, "new.key", "vault.key");
}

fn turn_the_key_again(town: &mut Town) {
    turn_to(town, "newer.key", "new.key");
}

fn turn_to(town: &mut Town, new: &str, old: &str) {
    let file = town.gateway.folder().join(new);
    let made = program(&["vault", "new-key", file.to_str().expect("UTF-8")]);
    assert!(made.0, "{}", made.1);
    let again = program(&["vault", "new-key", file.to_str().expect("UTF-8")]);
    assert!(!again.0, "a key that is there is not overwritten: {}", again.1);
    town.gateway.configure("vault.key_file", new);
    town.gateway.configure("vault.old_key_files", vec![old]);
    town.gateway.restart();
}

fn program(arguments: &[&str]) -> (bool, String) {
    let done = crate::support::gateway::program().args(arguments).output().expect("the program can be started");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), said)
}

fn rotate(town: &Town) -> (bool, String) {
    let done = town.gateway.run("vault rotate", &[]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), said)
}

fn f14_everything_is_sealed_anew_under_load_and_the_old_key_is_then_worth_nothing(stage: Stage) {
    let mut town = Town::on(stage);
    let mut alice = town.alice();
    for who in [BOB, DORA] {
        town.migrate(&mut Person::new(&town.gateway), "a", who, who.email);
    }
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    turn_the_key(&mut town);

    // Residents sign in again and again, and so into the extranet, while everything is sealed anew.
    let over = AtomicBool::new(false);
    let rotated = thread::scope(|scope| {
        for who in [BOB, DORA] {
            let (town, over) = (&town, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    town.sign_in(&mut Person::new(&town.gateway), "a", who.email, CHOSEN);
                }
            });
        }
        let rotated = [rotate(&town), rotate(&town)];
        over.store(true, Ordering::Relaxed);
        rotated
    });
    for (done, said) in &rotated {
        assert!(!*done && said.contains("an old key, needed as long as its codes live"), "{said}");
    }
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    let (done, said) = rotate(&town);
    assert!(done && said.contains("0 secrets sealed anew"), "{said}");
    assert!(said.contains("an old key, not needed any more"), "{said}");
    assert_eq!(town.gateway.number("SELECT COUNT(DISTINCT key_id) FROM legacy_secrets"), 1);
    assert!(town.gateway.traced("vault-rotated") >= 3);

    town.gateway.configure("vault.old_key_files", Vec::<String>::new());
    town.gateway.restart();
    for who in [ALICE, BOB, CAROL, DORA] {
        town.sign_in(&mut Person::new(&town.gateway), "a", who.email, CHOSEN);
    }
    // Her session, and the extranet's in it, is from the time of the old key.
    alice.open("/account").press("Se déconnecter").see("Vous êtes déconnecté");
}

fn f14_a_secret_that_is_used_is_sealed_anew_at_once(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let before = town.gateway.number("SELECT COUNT(*) FROM legacy_secrets");
    let keys = "SELECT COUNT(DISTINCT key_id) FROM legacy_secrets";
    turn_the_key(&mut town);
    let mut alice = Person::new(&town.gateway);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert_eq!((before, town.gateway.number(keys)), (2, 2), "hers is under the new key, his is not");

    // Who takes the old key out too early is told, and nobody's secret is lost.
    town.gateway.configure("vault.old_key_files", Vec::<String>::new());
    let (done, said) = rotate(&town);
    assert!(!done && said.contains("a key that is not configured") && said.contains("0 secrets sealed anew"), "{said}");
    town.gateway.restart();
    let mut bob = Person::new(&town.gateway);
    bob.open(login_path("a")).fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    assert_eq!(bob.here().status, 503, "{}", bob.here().url);
    town.gateway.configure("vault.old_key_files", vec!["vault.key"]);
    town.gateway.restart();
    town.sign_in(&mut Person::new(&town.gateway), "a", BOB.email, CHOSEN);
    assert_eq!(town.gateway.number(keys), 1);
}

/// What the configuration says is one thing, and what runs is another, until it is put in force.
fn walk_3_nothing_is_sealed_under_a_key_that_the_gateway_that_runs_does_not_have(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    let key = "SELECT COUNT(*) FROM legacy_secrets WHERE key_id = (SELECT MIN(key_id) FROM legacy_secrets)";
    let before = town.gateway.texts("SELECT DISTINCT key_id FROM legacy_secrets");
    let file = town.gateway.folder().join("new.key");
    assert!(program(&["vault", "new-key", file.to_str().expect("UTF-8")]).0);
    // The gateway has the new key not at all, or only opens with it: it would be gone with the old key's file.
    for (current, old) in [("new.key", "vault.key"), ("vault.key", "new.key")] {
        town.gateway.configure("vault.key_file", current);
        town.gateway.configure("vault.old_key_files", vec![old]);
        if current == "vault.key" {
            town.gateway.restart();
            town.gateway.configure("vault.key_file", "new.key");
            town.gateway.configure("vault.old_key_files", vec!["vault.key"]);
        }
        let (done, said) = rotate(&town);
        assert!(!done && said.contains("the gateway that runs") && said.contains("nothing was changed"), "{said}");
        assert!(said.contains("vestibule upgrade") && !said.contains("not needed any more"), "{said}");
        assert_eq!(town.gateway.texts("SELECT DISTINCT key_id FROM legacy_secrets"), before);
    }
    town.gateway.upgrade();
    assert!(town.gateway.earlier_end());
    let (done, said) = rotate(&town);
    assert!(done && said.contains("an old key, not needed any more"), "{said}");
    assert_ne!(town.gateway.texts("SELECT DISTINCT key_id FROM legacy_secrets"), before);
    assert_eq!(town.gateway.number(key), 1);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    town.gateway.stop();
    assert!(rotate(&town).0, "where nobody serves, the next start has the keys");
}

fn walk_3_who_has_something_sealed_under_a_missing_key_is_told_to_support(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    let asked = |town: &Town, command: &str, who: &[&str]| {
        let done = town.gateway.run(command, who);
        (done.status.code(), crate::support::gateway::words(&done))
    };
    let show = |town: &Town| asked(town, "person show", &[ALICE.email]).1;
    assert!(show(&town).contains("Nothing that is known hinders"), "{}", show(&town));
    // Rotated without the gateway: somebody said that it has the key, and it has not.
    town.gateway.rewrite("UPDATE legacy_secrets SET key_id = 'deadbeef'");
    let said = show(&town);
    assert!(said.contains("sealed under the key deadbeef") && !said.contains("Nothing that is known"), "{said}");
    let json = asked(&town, "person show", &[ALICE.email, "--json"]).1;
    assert!(json.contains("\"hindrance\": \"key-missing\""), "{json}");
    let (_, status) = asked(&town, "status", &[]);
    assert!(status.contains("1 secrets are sealed under a key"), "{status}");
    let (code, checked) = asked(&town, "check", &[]);
    assert!(code == Some(1) && checked.contains("1 secrets are sealed under a key"), "{checked}");
    // Of a gateway that does not run, the configuration tells.
    town.gateway.stop();
    assert!(show(&town).contains("sealed under the key deadbeef"));
}
