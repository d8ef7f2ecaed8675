//! Identifiers that an agency gives to somebody else (SEC-017).

use std::{fs, time::Duration};

use crate::support::{
    eventually,
    gateway::Gateway,
    page,
    person::Person,
    samples::Samples,
    site::Site,
    town::{ALICE, CHOSEN, Town, try_given_anew, try_sign_in},
};

#[test]
fn sec_017_who_has_an_identifier_now_gets_it_and_who_had_it_is_told() {
    let town = Town::build();
    town.alice();
    town.a.make_anew(ALICE.login, "Albert-2026");
    let mut albert = Person::new(&town.gateway);
    try_given_anew(&mut albert, "a", ALICE.login, "Albert-2026");
    albert.see("évolue").press("Étape suivante").fill("email", "albert@residents.example").press("Continuer");
    albert.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = town.gateway.letter_to("albert@residents.example").code();
    albert.fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut albert, "a", "albert@residents.example", CHOSEN);
    albert.see("\"who\":\"alice-77\"");
    let letter =
        town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("n'est plus accessible"));
    assert!(!letter.text.contains("albert") && !letter.text.contains(ALICE.login), "{}", letter.text);
    assert_eq!(town.gateway.traced("account-withdrawn"), 1);
    // Alice is still a person of her own, without that account.
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    alice.see("Pas de compte dans cette agence").open("/account").see("Aucun compte d'agence n'est associé");
}

#[test]
fn sec_017_the_same_person_takes_a_password_that_the_agency_gave_out_anew() {
    let town = Town::build();
    let mut alice = town.alice();
    town.a.make_anew(ALICE.login, "Alice-2026");
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).see("ne reconnaît plus le mot de passe");
    alice.open("/login?client=CA&societe=SA&attach=1").fill("login", ALICE.login).fill("password", "Alice-2026");
    alice.press("Continuer").see("Mon agence m'a donné un nouveau mot de passe");
    alice.fill("login", ALICE.login).fill("password", "Alice-2026").press("Vérifier auprès de mon agence");
    alice.press("Étape suivante").see("rattacher vos comptes");
    alice.fill("password", CHOSEN).press("Connexion").see("Compte associé").press("Continuer");
    alice.see("\"who\":\"alice-77\"").open("/account");
    assert_eq!(page::count(&alice.here().text(), "ul.accounts li"), 1);
}

#[test]
fn sec_017_behind_headers_a_roster_with_another_holder_or_a_closed_account_takes_it_away() {
    for (case, roster, arguments) in [
        ("another holder", "login,password,name,since\nL2002,Neuf-1234-x,Nadia Benali,2026-11-01\n", &[][..]),
        ("closed", "login,closed\nL2002,oui\n", &[]),
        ("not in the whole roster", "login\nL2001\n", &["--replace"]),
    ] {
        let samples = Samples::start();
        let gateway = Gateway::start(&Site::new().set("server.cache_seconds", 1).agency(samples.agency_b()));
        import(&gateway, "login,password,name,since\nL2002,Pont-9028,Loïc Kervella,2019-03-01\n", &[]);
        let mut loic = resident(&gateway);
        // The same line again takes nothing away.
        import(&gateway, "login,password,name,since\nL2002,Pont-9028,Loïc Kervella,2019-03-01\n", &[]);
        loic.open(gateway.agency("agence-b", "/")).see("Bonjour Loïc Kervella");
        import(&gateway, roster, arguments);
        eventually(case, Duration::from_secs(20), || {
            (!loic.open(gateway.agency("agence-b", "/")).sees("Bonjour")).then_some(())
        });
        loic.open("/account").see("Aucun compte d'agence n'est associé");
        gateway.letters().wait_for("loic@ailleurs.example", |letter| letter.subject.contains("n'est plus accessible"));
        // Created again for somebody else: it is not Loïc's.
        import(&gateway, "login,password,name,since\nL2002,Neuf-1234-x,Nadia Benali,2026-11-01\n", &[]);
        loic.open(gateway.agency("agence-b", "/")).miss("Bonjour").miss("Nadia");
        let mut nadia = Person::new(&gateway);
        nadia.open("/login?client=SPI31&societe=02").fill("login", "L2002").fill("password", "Neuf-1234-x");
        nadia.press("Connexion").see("évolue").miss("loic");
    }
}

#[test]
fn sec_017_a_whole_roster_with_a_bad_line_or_none_closes_nothing() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_b()));
    import(&gateway, "login,password\nL2002,Pont-9028\n", &[]);
    for (roster, reason) in [("login,kind\nL2001,roi\n", "every line has to be good"), ("login\n", "an empty roster")] {
        let file = gateway.folder().join("whole.csv");
        fs::write(&file, roster).expect("a roster");
        let path = file.to_str().expect("a path in UTF-8");
        let done = gateway.run("import", &["--agency", "SPI31/02", "--replace", path]);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && told.contains(reason), "{told}");
    }
    Person::new(&gateway)
        .open("/login?client=SPI31&societe=02")
        .fill("login", "L2002")
        .fill("password", "Pont-9028")
        .press("Connexion")
        .see("évolue");
}

fn import(gateway: &Gateway, roster: &str, more: &[&str]) {
    let file = gateway.folder().join("roster.csv");
    fs::write(&file, roster).expect("a roster");
    let mut arguments = vec!["--agency", "SPI31/02", "--yes"];
    arguments.extend(more);
    arguments.push(file.to_str().expect("a path in UTF-8"));
    let done = gateway.run("import", &arguments);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}

/// Loïc, signed in at the agency that trusts headers.
fn resident(gateway: &Gateway) -> Person {
    let mut loic = Person::new(gateway);
    loic.open("/login?client=SPI31&societe=02").fill("login", "L2002").fill("password", "Pont-9028").press("Connexion");
    loic.press("Étape suivante").fill("email", "loic@ailleurs.example").press("Continuer");
    loic.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to("loic@ailleurs.example").code();
    loic.fill("code", &code).press("Valider").see("Votre compte est à jour");
    loic.fill("login", "loic@ailleurs.example").fill("password", CHOSEN).press("Connexion").see("Bonjour Loïc");
    loic
}
