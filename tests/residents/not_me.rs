//! « Ce n'est pas moi »: who has only a letter can hold, and nothing else; who has the password from before can undo.

use super::{OTHER, REFUSED};
use crate::support::{
    letters::Letter,
    person::Person,
    site::Agency,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
};

const NEW: &str = "alice.martin@courriel.example";
const PHONE: &str = "04 91 00 00 00";
const DAY: i64 = 24 * 60;

on_every_stage! {
    att_18_who_has_only_the_link_of_a_letter_ends_nothing,
    att_18_a_hold_lapses_unattended,
    att_18_a_change_of_address_is_held_and_its_code_wins,
    review_b14_a_letter_that_was_replaced_holds_nothing,
    law_006_the_address_from_before_is_told_by_the_agency_and_can_undo_the_change,
    law_006_a_reset_at_a_fresh_address_waits,
    law_006_a_fresh_address_that_is_held_waits_longer,
    law_006_the_password_from_before_is_the_only_way_to_undo_and_works_once,
    sec_042_the_owners_own_browser_asks_for_the_password_too,
    c09_who_did_not_change_the_password_keeps_the_address_and_is_led_to_a_new_one,
}

/// An agency that can be called and written to.
fn reachable(agency: Agency) -> Agency {
    agency.set("brand.support_phone", PHONE).set("brand.support_email", "accueil@port.example")
}

fn town_on(stage: Stage) -> Town {
    Town::build_with_agency(|site| site.on(stage), reachable)
}

fn att_18_who_has_only_the_link_of_a_letter_ends_nothing(stage: Stage) {
    const ELSEWHERE: &str = "carol.petit@courriel.example";
    let town = town_on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, ELSEWHERE);
    let letter = town.gateway.letter_to(ELSEWHERE);
    // A scanner presses whatever it finds, twice.
    let mut scanner = Person::new(&town.gateway);
    for _ in 0..2 {
        scanner.open(letter.link());
        if scanner.sees("Confirmer mon adresse") {
            scanner.press("Ce n'est pas moi").see("Ce n'est pas vous ?");
            let form = scanner.form("Ce n'est pas moi");
            scanner.press("Ce n'est pas moi").see("La demande est mise en attente");
            scanner.send(&form);
        }
    }
    // With the right password, but elsewhere: it waits.
    scanner.open(letter.link()).see("Cette demande est en attente").miss("Confirmer mon adresse");
    for address in [ELSEWHERE, CAROL.email] {
        let told = held_letter(&town, address);
        assert!(told.text.contains("Ce n'est pas moi") && told.text.contains("Agence du Port"), "{}", told.text);
        assert!(told.text.contains("/forgotten?client=CA&societe=SA"), "leads on to a reset: {}", told.text);
        assert!(!told.text.contains(CAROL.login), "masked: {}", told.text);
    }
    assert_eq!(town.gateway.traced("migration-disowned"), 1);
    carol.open("/migration/proof").see("a répondu « Ce n'est pas moi »");
    carol.fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut carol, "a", ELSEWHERE, CHOSEN);
}

fn att_18_a_hold_lapses_unattended(stage: Stage) {
    let town = town_on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let mut elsewhere = Person::new(&town.gateway);
    elsewhere.open(town.gateway.letter_to(CAROL.email).link()).press("Ce n'est pas moi").press("Ce n'est pas moi");
    held_letter(&town, CAROL.email);
    town.gateway.let_pass(2);
    carol.open("/migration/proof").press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
    let letter = town.gateway.letters().wait_for(CAROL.email, |letter| letter.subject.contains("confirmez"));
    elsewhere.open(letter.link()).see("Cette demande est en attente");
    town.gateway.let_pass(DAY);
    carol.open("/migration/proof").miss("a répondu").press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
    let letter = town.gateway.letters().wait_for(CAROL.email, |letter| letter.subject.contains("confirmez"));
    elsewhere.open(letter.link()).fill("password", CHOSEN).press("Confirmer mon adresse");
    elsewhere.see("Adresse email confirmée");
}

fn att_18_a_change_of_address_is_held_and_its_code_wins(stage: Stage) {
    let town = town_on(stage);
    let mut alice = town.alice();
    ask(&mut alice, NEW);
    let letter = town.gateway.letter_to(NEW);
    let mut stranger = Person::new(&town.gateway);
    stranger.open(letter.link()).press("Ce n'est pas moi").see("Quelqu'un demande à remplacer");
    stranger.press("Ce n'est pas moi").see("La demande est mise en attente");
    for address in [NEW, ALICE.email] {
        held_letter(&town, address);
    }
    stranger.open(letter.link()).see("Cette demande est en attente");
    alice.open("/account/email/proof").fill("code", &letter.code()).press("Valider");
    alice.see("Votre adresse email a été modifiée");
}

fn review_b14_a_letter_that_was_replaced_holds_nothing(stage: Stage) {
    let town = town_on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, "carol@faute.example");
    let mut stranger = Person::new(&town.gateway);
    stranger.open(town.gateway.letter_to("carol@faute.example").link()).press("Ce n'est pas moi");
    let late = stranger.form("Ce n'est pas moi");
    carol.press("Modifier l'adresse").fill("email", CAROL.email).press("Continuer");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let confirms = |letter: &Letter| letter.text.contains("s=");
    let letter = town.gateway.letters().wait_for(CAROL.email, confirms);
    assert_eq!(stranger.send(&late).status, 410);
    assert_eq!(town.gateway.traced("migration-disowned"), 0);
    let mut phone = Person::new(&town.gateway);
    phone.open(letter.link()).fill("password", CHOSEN).press("Confirmer mon adresse").see("Adresse email confirmée");
}

fn law_006_the_address_from_before_is_told_by_the_agency_and_can_undo_the_change(stage: Stage) {
    let town = town_on(stage);
    let mut thief = town.alice();
    change(&town, &mut thief, NEW);
    let letter = told(&town);
    assert!(letter.subject.starts_with("Agence du Port"), "{}", letter.subject);
    assert!(letter.text.contains(PHONE), "{}", letter.text);
    assert!(letter.raw.contains("Reply-To: accueil@port.example"), "it can be answered: {}", letter.raw);
    let mut alice = Person::new(&town.gateway);
    alice.open(letter.link()).see("L'adresse email de votre compte a été remplacée").see(PHONE).miss(NEW);
    // Looking changes nothing, and holding changes nothing either.
    alice.press("Ce n'est pas moi").see("La demande est mise en attente");
    for address in [NEW, ALICE.email] {
        held_letter(&town, address);
    }
    thief.open("/account").see(NEW);
    alice.fill("password", CHOSEN).press("Rétablir mon adresse").see("Votre adresse est rétablie");
    for address in [NEW, ALICE.email] {
        let restored = |letter: &Letter| letter.subject.contains("est rétablie");
        town.gateway.letters().wait_for(address, restored);
    }
    thief.open("/account").see("Email ou identifiant").miss(NEW);
    try_sign_in(&mut thief, "a", NEW, CHOSEN);
    thief.see(REFUSED);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert_eq!(town.gateway.traced("email-change-undone"), 1);
}

fn law_006_a_reset_at_a_fresh_address_waits(stage: Stage) {
    let town = town_on(stage);
    let mut thief = town.alice();
    change(&town, &mut thief, NEW);
    thief.open("/forgotten?client=CA&societe=SA").fill("login", NEW).press("Recevoir l'e-mail");
    thief.see("Si un compte existe");
    let letter = reset_letter(&town, NEW);
    assert!(letter.text.contains("ne fonctionnera qu'à partir du"), "{}", letter.text);
    thief.open(letter.link()).see("Ce lien fonctionnera plus tard").see("à partir du").miss("Enregistrer");
    town.gateway.let_pass(DAY - 1);
    thief.open(letter.link()).see("Ce lien fonctionnera plus tard");
    town.gateway.let_pass(2);
    thief.open(letter.link()).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    thief.see("Mot de passe réinitialisé");
    // And its own time counts from there: the next one is as any other.
    thief.open("/forgotten?client=CA&societe=SA").fill("login", NEW).press("Recevoir l'e-mail");
    let letter = reset_letter(&town, NEW);
    assert!(!letter.text.contains("à partir du"), "{}", letter.text);
    thief.open(letter.link()).see("Choisissez un nouveau mot de passe");
}

fn law_006_a_fresh_address_that_is_held_waits_longer(stage: Stage) {
    let town = town_on(stage);
    let mut thief = town.alice();
    change(&town, &mut thief, NEW);
    thief.open("/forgotten?client=CA&societe=SA").fill("login", NEW).press("Recevoir l'e-mail");
    let letter = reset_letter(&town, NEW);
    town.gateway.let_pass(DAY - 5);
    let mut alice = Person::new(&town.gateway);
    alice.open(told(&town).link()).press("Ce n'est pas moi").see("La demande est mise en attente");
    town.gateway.let_pass(10);
    thief.open(letter.link()).see("Ce lien fonctionnera plus tard");
    // No other address meanwhile.
    thief.open("/account/email").fill("email", "m@elsewhere.example").fill("confirmation", "m@elsewhere.example");
    thief.fill("current", CHOSEN).press("Valider").see("ne peut pas être changée pour le moment");
    town.gateway.let_pass(DAY);
    thief.open(letter.link()).see("Choisissez un nouveau mot de passe");
}

fn law_006_the_password_from_before_is_the_only_way_to_undo_and_works_once(stage: Stage) {
    let town = town_on(stage);
    let mut thief = town.alice();
    change(&town, &mut thief, NEW);
    let letter = told(&town);
    // A password that was chosen after the address opens nothing here.
    thief.open("/account/password").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    thief.press("Enregistrer").see("Votre mot de passe a été modifié");
    let mut alice = Person::new(&town.gateway);
    alice.open(letter.link()).press("Rétablir mon adresse").see("Saisissez votre mot de passe.");
    for wrong in [OTHER, "pas-celui-ci"] {
        alice.open(letter.link()).fill("password", wrong).press("Rétablir mon adresse").miss("est rétablie");
    }
    alice.fill("password", CHOSEN);
    let again = alice.form("Rétablir mon adresse");
    assert_eq!(alice.send(&again).status, 200);
    assert_eq!(alice.send(&again).status, 410, "once");
    alice.open(letter.link()).see("Ce lien a déjà été utilisé");
    try_sign_in(&mut thief, "a", ALICE.email, OTHER);
    thief.see(REFUSED);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
}

fn sec_042_the_owners_own_browser_asks_for_the_password_too(stage: Stage) {
    let town = town_on(stage);
    let mut alice = town.alice();
    ask(&mut alice, NEW);
    let letter = town.gateway.letter_to(NEW);
    for mut browser in [alice, Person::new(&town.gateway)] {
        browser.open(letter.link()).see("Mot de passe").see(NEW);
        let form = browser.form("Confirmer mon adresse");
        for password in ["", OTHER] {
            let mut form = form.clone();
            form.set("password", password);
            assert_eq!(browser.send(&form).status, 422, "{password}");
        }
        browser.open("/account").miss(&format!("Adresse email {NEW}"));
    }
    let mut elsewhere = Person::new(&town.gateway);
    try_sign_in(&mut elsewhere, "a", NEW, CHOSEN);
    elsewhere.see(REFUSED);
    elsewhere.open(letter.link()).fill("password", CHOSEN).press("Confirmer mon adresse");
    elsewhere.see("Adresse email confirmée");
}

fn c09_who_did_not_change_the_password_keeps_the_address_and_is_led_to_a_new_one(stage: Stage) {
    let town = town_on(stage);
    let mut thief = town.alice();
    thief.open("/account/password").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    thief.press("Enregistrer").see("Votre mot de passe a été modifié");
    let changed = |letter: &Letter| letter.subject.contains("votre mot de passe a changé");
    let letter = town.gateway.letters().wait_for(ALICE.email, changed);
    assert!(letter.text.contains("/forgotten?client=CA&societe=SA"), "{}", letter.text);
    let mut alice = Person::new(&town.gateway);
    alice.open(letter.link()).see("Le mot de passe de votre compte a été changé");
    alice.press("Ce n'est pas moi").see("La demande est mise en attente");
    thief.open("/account/email").fill("email", NEW).fill("confirmation", NEW).fill("current", OTHER);
    thief.press("Valider").see("ne peut pas être changée pour le moment");
    alice
        .follow("Choisir un nouveau mot de passe")
        .see("Agence du Port")
        .fill("login", ALICE.email)
        .press("Recevoir l'e-mail");
    let reset = reset_letter(&town, ALICE.email);
    alice.open(reset.link()).fill("password", "Tilleul-77-banc").fill("confirmation", "Tilleul-77-banc");
    alice.press("Enregistrer").see("Mot de passe réinitialisé");
    thief.open("/account").see("Email ou identifiant");
    // The owner is not held any more.
    town.sign_in(&mut alice, "a", ALICE.email, "Tilleul-77-banc");
    alice.open("/account/email").fill("email", NEW).fill("confirmation", NEW).fill("current", "Tilleul-77-banc");
    alice.press("Valider").see("Vérifiez votre boîte mail");
}

#[test]
fn law_006_an_agency_that_wants_no_wait_has_none() {
    let change_policy = |agency: Agency| reachable(agency).set("policy.fresh_address_hours", 0);
    let town = Town::build_with_agency(|site| site, change_policy);
    let mut alice = town.alice();
    change(&town, &mut alice, NEW);
    let letter = told(&town);
    assert!(letter.links().iter().all(|link| !link.contains("s=")), "{}", letter.text);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", NEW).press("Recevoir l'e-mail");
    let reset = reset_letter(&town, NEW);
    alice.open(reset.link()).see("Choisissez un nouveau mot de passe");
}

fn ask(person: &mut Person, email: &str) {
    person.open("/account/email").fill("email", email).fill("confirmation", email).fill("current", CHOSEN);
    person.press("Valider").see("Vérifiez votre boîte mail");
}

fn change(town: &Town, person: &mut Person, email: &str) {
    ask(person, email);
    let code = town.gateway.letter_to(email).code();
    person.fill("code", &code).press("Valider").see("Votre adresse email a été modifiée");
}

/// The letter that the address from before gets.
fn told(town: &Town) -> Letter {
    town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("votre adresse email a changé"))
}

fn held_letter(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("mise en attente"))
}

fn reset_letter(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("nouveau mot de passe"))
}
