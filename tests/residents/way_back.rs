//! The way back in the wizard: each step has its address, shows what was typed, and is gone on from; what an old tab sends is
//! named where it is not taken (residents 5, 6).

use crate::support::{
    page,
    person::{Answer, Person},
    site::Agency,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, try_sign_in},
};

const OTHER: &str = "Cerisier-31-mur";

on_every_stage! {
    residents_5_each_step_has_its_address_and_the_way_back_leads_to_the_one_before,
    residents_5_what_an_old_tab_sends_is_named_where_it_is_not_taken,
}

fn at(person: &mut Person, path: &str, words: &str) {
    person.see(words);
    assert_eq!(person.here().url.path(), path, "{words}");
}

fn typed(person: &Person) -> String {
    page::attribute(&person.here().text(), "#email", "value").expect("the address")
}

fn letters(town: &Town) -> i64 {
    town.gateway.number("SELECT COUNT(*) FROM letters")
}

const BACK: &str = "Revenir à l'étape précédente";

fn residents_5_each_step_has_its_address_and_the_way_back_leads_to_the_one_before(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    at(&mut carol, "/migration/notice", "Les prochaines étapes");
    carol.miss(BACK).open("/migration/proof");
    at(&mut carol, "/migration/notice", "Les prochaines étapes");
    carol.press("Étape suivante");
    at(&mut carol, "/migration/email", "Veuillez saisir");
    carol.fill("email", "carol@faute.example").press("Continuer");
    at(&mut carol, "/migration/password", "Ce mot de passe sera");

    // Back twice, and forward again: the address is there as it was typed.
    carol.see("carol@faute.example").follow(BACK);
    at(&mut carol, "/migration/email", "Veuillez saisir");
    assert_eq!(typed(&carol), "carol@faute.example");
    carol.follow(BACK);
    at(&mut carol, "/migration/notice", "Les prochaines étapes");
    carol.press("Étape suivante");
    at(&mut carol, "/migration/email", "Veuillez saisir");
    carol.press("Continuer");
    at(&mut carol, "/migration/password", "carol@faute.example");

    // What is wrong there is said there, and nothing is lost.
    carol.follow("Corriger l'adresse").fill("email", "carol sans arobase").press("Continuer");
    assert_eq!((carol.here().status, typed(&carol)), (422, "carol sans arobase".to_owned()));
    carol.fill("email", "carol@gmial.com").press("Continuer").see("Vouliez-vous écrire carol@gmail.com");
    carol.fill("email", CAROL.email).press("Continuer");
    at(&mut carol, "/migration/password", CAROL.email);
    assert_eq!(letters(&town), 0, "no letter has gone to a wrong address");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    at(&mut carol, "/migration/proof", "Vérifiez votre boîte mail");
    let first = town.gateway.letter_to(CAROL.email).code();

    // From the letter back to the password: another one replaces it, and the letter is the same. Passwords are never shown.
    carol.follow(BACK);
    at(&mut carol, "/migration/password", "Votre mot de passe est déjà choisi");
    assert!(!carol.here().text().contains(CHOSEN));
    carol.fill("password", "court").fill("confirmation", "court").press("Créer mon compte");
    at(&mut carol, "/migration/password", "trop court");
    carol.fill("password", OTHER).fill("confirmation", OTHER).press("Créer mon compte");
    at(&mut carol, "/migration/proof", "Vérifiez votre boîte mail");
    carol.follow(BACK).follow("Garder le mot de passe déjà choisi");
    at(&mut carol, "/migration/proof", "Vérifiez votre boîte mail");

    // Further back, and on with the same address: no second letter. By another way round, « J'ai déjà un compte » is looked at.
    carol.open("/migration/email").follow("J'ai déjà un compte");
    at(&mut carol, "/migration/join", "Rattacher votre compte");
    carol.fill("email", ALICE.email).fill("password", "faux").press("Connexion");
    at(&mut carol, "/migration/join", "n'est pas le bon");
    assert_eq!(typed(&carol), ALICE.email);
    carol.follow(BACK).press("Continuer");
    at(&mut carol, "/migration/proof", CAROL.email);
    assert_eq!(letters(&town), 1);

    // On another device the run goes on where it stood, with the same way back.
    let mut phone = Person::new(&town.gateway);
    try_sign_in(&mut phone, "a", CAROL.login, CAROL.password);
    at(&mut phone, "/migration/proof", "Vérifiez votre boîte mail");
    carol.open("/migration/email").see("Reprenons au début");
    phone.follow(BACK).follow(BACK);
    at(&mut phone, "/migration/email", "Veuillez saisir");
    phone.press("Continuer").fill("code", &first).press("Valider").see("Votre compte est à jour");

    // Behind the end nothing is gone back to.
    for path in ["notice", "email", "password", "proof", "join"] {
        phone.open(format!("/migration/{path}")).see("Votre compte est à jour");
    }
    let mut after = Person::new(&town.gateway);
    try_sign_in(&mut after, "a", CAROL.email, CHOSEN);
    after.see("est inconnu");
    town.sign_in(&mut after, "a", CAROL.email, OTHER);
}

/// A form of this page, as a second tab has it.
fn tab(person: &mut Person, button: &str, fields: &[(&str, &str)]) -> page::Form {
    for (field, value) in fields {
        person.fill(field, value);
    }
    person.form(button)
}

fn words(answer: &Answer) -> String {
    page::words(&answer.text())
}

fn residents_5_what_an_old_tab_sends_is_named_where_it_is_not_taken(stage: Stage) {
    let town = Town::on(stage);
    let mut bob = Person::new(&town.gateway);
    try_sign_in(&mut bob, "a", BOB.login, BOB.password);
    bob.press("Étape suivante");
    let old_email = tab(&mut bob, "Continuer", &[("email", "tab@ailleurs.example")]);
    bob.fill("email", "faux@ailleurs.example").press("Continuer");
    let old_password = tab(&mut bob, "Créer mon compte", &[("password", OTHER), ("confirmation", OTHER)]);

    // Before a letter has gone the address of the old tab is taken, and shown: Back may have kept that page as it was.
    let told = words(&bob.send(&old_email));
    assert!(told.contains("tab@ailleurs.example") && told.contains("Corriger l'adresse"), "{told}");
    let dropped = "L'adresse tab@ailleurs.example n'a pas été prise en compte";
    assert!(!told.contains(dropped));

    // Corrected: a password typed for the address before is not one for this.
    bob.follow("Corriger l'adresse").fill("email", BOB.email).press("Continuer");
    let told = words(&bob.send(&old_password));
    assert!(told.contains("Le mot de passe que vous venez de saisir n'a pas été pris en compte"), "{told}");
    assert!(told.contains(BOB.email));
    let again = tab(&mut bob, "Créer mon compte", &[("password", CHOSEN), ("confirmation", CHOSEN)]);
    assert!(words(&bob.send(&again)).contains("Vérifiez votre boîte mail"));
    // The second press of the same button is no second password; another one is.
    assert!(!words(&bob.send(&again)).contains("pris en compte"));
    let told = words(&bob.send(&old_password));
    assert!(told.contains("pris en compte") && told.contains("Vérifiez votre boîte mail"), "{told}");
    let told = words(&bob.send(&old_email));
    assert!(told.contains(dropped) && told.contains("Vérifiez votre boîte mail"), "{told}");
    assert_eq!(letters(&town), 1);

    // Given up: nothing is lost, and it is said what is typed. An old tab finds the beginning.
    bob.open("/migration").press("Revenir à la 1re étape");
    bob.see("Rien n'est perdu").see("l'identifiant et le mot de passe donnés par votre agence");
    assert!(words(&bob.send(&old_email)).contains("Reprenons au début"));

    // Where the address is proven, an old tab changes nothing of it.
    let town = Town::build_with_agency(
        |site| site.on(stage),
        |agency: Agency| agency.set("policy.order", "proof-first").set("policy.confirmation", "code"),
    );
    let mut dora = Person::new(&town.gateway);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.press("Étape suivante");
    let old_email = tab(&mut dora, "Suivant", &[("email", "tab@ailleurs.example")]);
    dora.fill("email", DORA.email).press("Suivant");
    at(&mut dora, "/migration/proof", "2 - Authentification");
    let code = town.gateway.letter_to(DORA.email).code();
    dora.fill("code", &code).press("Suivant");
    at(&mut dora, "/migration/password", "3 - Votre nouveau mot de passe");
    dora.miss(BACK).miss("Corriger l'adresse").open("/migration/email");
    at(&mut dora, "/migration/password", "3 - Votre nouveau mot de passe");
    let told = words(&dora.send(&old_email));
    assert!(told.contains(dropped) && told.contains("l'adresse est confirmée"), "{told}");
    dora.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer").see("Votre compte est à jour");
}
