//! One password for each account, by choice (document 004: « vous pourrez définir un mot de passe différent pour chacun »).

use std::time::Duration;

use super::{OTHER, REFUSED};
use crate::support::{
    eventually,
    letters::Letter,
    page,
    person::Person,
    site::Site,
    stage::Stage,
    town::{BOB, BOB_AGAIN, CHOSEN, Town, login_path, try_given_anew, try_sign_in},
};

on_every_stage! {
    b19_an_account_with_a_password_of_its_own_is_opened_by_that_alone_and_it_opens_nothing_else,
    b19_what_is_the_whole_persons_is_none_of_an_accounts_own_password,
    b19_a_forgotten_own_password_is_asked_for_by_the_identifier_and_the_one_for_all_by_the_address,
    b19_back_to_the_one_for_all_and_what_ends_with_a_person_ends_for_every_password,
}

const LINK: &str = "Définir un mot de passe différent pour ce compte Agence du Port bob-34";
const BACK: &str = "Revenir au mot de passe commun Agence du Port bob-34";

/// Bob has two accounts at an agency that lets him choose.
fn bob(stage: Stage, site: impl FnOnce(Site) -> Site) -> (Town, Person) {
    let town = Town::build_with(|of| site(of.on(stage)).set("policy.password_scope", "per-account"));
    let mut bob = town.resident(BOB);
    bob.open("/account").miss("mot de passe différent").follow("Associer un autre compte : Agence du Port");
    bob.fill("login", BOB_AGAIN.login).fill("password", BOB_AGAIN.password).press("Continuer");
    bob.press("Étape suivante").fill("password", CHOSEN).press("Connexion").see("Compte associé");
    (town, bob)
}

fn set_apart(bob: &mut Person) {
    bob.open("/account").follow(LINK).see("bob-34");
    bob.fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    bob.see("Ce compte a désormais son propre mot de passe");
}

fn enters(town: &Town, login: &str, password: &str) -> Option<Person> {
    let mut person = Person::new(&town.gateway);
    try_sign_in(&mut person, "a", login, password);
    (!person.sees(REFUSED)).then_some(person)
}

/// 004.46
fn b19_an_account_with_a_password_of_its_own_is_opened_by_that_alone_and_it_opens_nothing_else(stage: Stage) {
    let (town, mut bob) = bob(stage, |site| site.set("policy.confirm_noted", true));
    bob.open("/account").enter("Agence du Port bob-34").see("\"who\":\"bob-34\"");
    bob.open("/account").follow(LINK);
    // The present one, the rules, both entries, and the box.
    for (current, password, confirmation, ticked, said) in [
        ("", OTHER, OTHER, true, "Saisissez votre mot de passe actuel"),
        ("pas-celui-ci", OTHER, OTHER, true, "mot de passe"),
        (CHOSEN, OTHER, OTHER, false, "Cochez"),
        (CHOSEN, "court", "court", true, "mot de passe"),
        (CHOSEN, OTHER, "autre-chose-1A", true, "mot de passe"),
        (CHOSEN, CHOSEN, CHOSEN, true, "mot de passe"),
        (CHOSEN, BOB_AGAIN.password, BOB_AGAIN.password, true, "mot de passe"),
    ] {
        bob.fill("current", current).fill("password", password).fill("confirmation", confirmation);
        if ticked {
            bob.tick("noted");
        }
        bob.press("Enregistrer").see(said);
        assert_eq!(bob.here().status, 422, "{password}");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM identities"), 1, "{password}");
    }
    bob.tick("noted").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    bob.press("Enregistrer").see("Ce compte a désormais son propre mot de passe");
    bob.see("Comptes qui ont leur propre mot de passe").see("bob-34");
    town.gateway.letters().wait_for(BOB.email, |letter| letter.text.contains("a désormais son propre mot de passe"));
    // Where it was open, it is no more.
    assert!(!bob.open(town.at_a("/membre/x")).sees("\"who\":\"bob-34\""));
    // What each password opens, by what is typed with it.
    for (login, password, opened) in [
        ("bob-34", OTHER, Some("bob-34")),
        (BOB.email, CHOSEN, Some("bob-12")),
        ("bob-34", CHOSEN, None),
        (BOB.email, OTHER, None),
        ("bob-12", OTHER, None),
    ] {
        match (enters(&town, login, password), opened) {
            (Some(mut person), Some(opened)) => {
                person.see(&format!("\"who\":\"{opened}\""));
                let other = if opened == "bob-34" { "bob-12" } else { "bob-34" };
                person.open("/accounts?client=CA&societe=SA").see(opened).miss(other);
            }
            (None, None) => {}
            (entered, _) => panic!("{login} {password}: {}", entered.is_some()),
        }
    }
    let mut bare = Person::new(&town.gateway);
    bare.open("/").fill("login", BOB.email).fill("password", OTHER).press("Connexion").see(REFUSED);
    // The one for all is no less ours where it opens nothing: it goes to no extranet, whatever is said of it; the old one explains itself.
    let before = town.a.attempts("bob-34");
    try_given_anew(&mut Person::new(&town.gateway), "a", "bob-34", CHOSEN);
    assert_eq!(town.a.attempts("bob-34"), before, "asked of nobody");
    let mut old = Person::new(&town.gateway);
    try_sign_in(&mut old, "a", "bob-34", BOB_AGAIN.password);
    old.see("Votre ancien mot de passe a été remplacé");
}

fn b19_what_is_the_whole_persons_is_none_of_an_accounts_own_password(stage: Stage) {
    let (town, mut bob) = bob(stage, |site| site);
    set_apart(&mut bob);
    let mut one = enters(&town, "bob-34", OTHER).expect("it opens its account");
    let html = one.open("/account").see("le mot de passe de ce seul compte").miss("bob-12").here().text();
    assert!(!page::links(&html, &one.here().url).iter().any(|link| link.path() == "/account/email"));
    one.miss("Détacher").miss("Associer un autre compte");
    // Forms that no page shows.
    let label = page::attribute(&html, "ul.accounts input[name=account]", "value").expect("a label");
    for (path, fields) in [
        ("/account/email", vec![("email", "m@x.example"), ("confirmation", "m@x.example"), ("current", OTHER)]),
        ("/account/detach", vec![("account", label.as_str()), ("password", OTHER)]),
        ("/account/own-password", vec![("account", label.as_str()), ("current", OTHER)]),
    ] {
        let mut form = page::form_to(&html, &one.here().url, "/logout").expect("a form with a token");
        form.action.set_path(path);
        form.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        one.send(&form);
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 2);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM email_changes"), 0);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM identities WHERE part_of IS NOT NULL"), 1);
    // Nothing is attached to it.
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", "carol-3", "Carol-2020");
    carol.press("Étape suivante").follow("J'ai déjà un compte");
    carol.fill("email", "bob-34").fill("password", OTHER).press("Connexion").miss("Compte associé");
    // Its own is changed by itself, and nobody else's.
    one.open("/account/password")
        .fill("current", OTHER)
        .fill("password", "Sapin-64-toit")
        .fill("confirmation", "Sapin-64-toit");
    one.press("Enregistrer").see("Votre mot de passe a été modifié");
    assert!(enters(&town, "bob-34", OTHER).is_none() && enters(&town, "bob-34", "Sapin-64-toit").is_some());
    assert!(enters(&town, BOB.email, CHOSEN).is_some());
    // The address is everybody's: a change of it takes it along.
    bob.open("/account/email").fill("email", "bob@ailleurs.example").fill("confirmation", "bob@ailleurs.example");
    bob.fill("current", CHOSEN).press("Valider");
    bob.fill("code", &town.gateway.letter_to("bob@ailleurs.example").code())
        .press("Valider")
        .see("bob@ailleurs.example");
    assert_eq!(town.gateway.texts("SELECT DISTINCT email FROM credentials"), ["bob@ailleurs.example"]);
}

fn b19_a_forgotten_own_password_is_asked_for_by_the_identifier_and_the_one_for_all_by_the_address(stage: Stage) {
    let (town, mut bob) = bob(stage, |site| site);
    set_apart(&mut bob);
    let mut opened = Vec::new();
    for (typed, new) in [("bob-34", "Sapin-64-toit"), (BOB.email, "Noisetier-27-pont")] {
        let is_reset = |letter: &Letter| letter.subject.contains("nouveau mot de passe");
        let mut lost = Person::new(&town.gateway);
        lost.open("/forgotten?client=CA&societe=SA").fill("login", typed).press("Recevoir l'e-mail");
        let link = eventually("the letter", Duration::from_secs(10), || {
            let letters = town.gateway.letters().all();
            letters.iter().filter(|letter| is_reset(letter)).map(Letter::link).find(|link| !opened.contains(link))
        });
        lost.open(&link).fill("password", new).fill("confirmation", new).press("Enregistrer");
        lost.see("Mot de passe réinitialisé");
        opened.push(link);
    }
    for (login, password, opens) in [
        ("bob-34", "Sapin-64-toit", true),
        ("bob-34", "Noisetier-27-pont", false),
        ("bob-34", OTHER, false),
        (BOB.email, "Noisetier-27-pont", true),
        (BOB.email, CHOSEN, false),
        (BOB.email, "Sapin-64-toit", false),
    ] {
        assert_eq!(enters(&town, login, password).is_some(), opens, "{login} {password}");
    }
    bob.open("/account").miss("bob-12");
}

fn b19_back_to_the_one_for_all_and_what_ends_with_a_person_ends_for_every_password(stage: Stage) {
    let (town, mut bob) = bob(stage, |site| site);
    set_apart(&mut bob);
    let mut one = enters(&town, "bob-34", OTHER).expect("it opens its account");
    let shown = town.gateway.run("person", &["show", "bob-34@CA/SA"]);
    let said = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(said.contains("with a password of its own") && said.contains("bob-12"), "{said}");
    // Back, with the password for all.
    bob.open("/account").follow(BACK).fill("current", OTHER).press("Revenir au mot de passe commun");
    assert_eq!(bob.here().status, 422);
    bob.fill("current", CHOSEN).press("Revenir au mot de passe commun").see("s'ouvre à nouveau");
    town.gateway
        .letters()
        .wait_for(BOB.email, |letter| letter.text.contains("à nouveau avec votre mot de passe commun"));
    eventually("the own password's sign-in to be over", Duration::from_secs(20), || {
        (!one.open(town.at_a("/membre/x")).sees("\"who\":\"bob-34\"")).then_some(())
    });
    one.open("/account").miss("bob-34");
    assert!(enters(&town, "bob-34", OTHER).is_none());
    bob.open("/account").enter("Agence du Port bob-34").see("\"who\":\"bob-34\"");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM credentials"), 1);
    // Disabled, given back, erased: all of it.
    set_apart(&mut bob);
    let act = |arguments: &[&str]| {
        let done = town.gateway.run("person", &[arguments, &["--yes", "--reason", "by order"]].concat());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    act(&["disable", "bob-34@CA/SA"]);
    for (login, password) in [("bob-34", OTHER), (BOB.email, CHOSEN)] {
        assert!(enters(&town, login, password).is_none(), "{login}");
    }
    act(&["enable", BOB.email]);
    for (login, password) in [("bob-34", OTHER), (BOB.email, CHOSEN)] {
        assert!(enters(&town, login, password).is_some(), "{login}");
    }
    act(&["erase", BOB.email]);
    for table in ["identities", "credentials", "links"] {
        assert_eq!(town.gateway.number(&format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    let mut nobody = Person::new(&town.gateway);
    nobody.open(login_path("a"));
}
