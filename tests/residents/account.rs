//! « Connexion et sécurité »: what is shown, and how a password is changed.

use super::{OTHER, REFUSED, cookies_at_a, cookies_at_portal, opens_a, opens_account};
use crate::support::{
    page,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, login_path, try_sign_in},
};

on_every_stage! {
    c05_the_account_page_shows_address_hidden_password_and_accounts,
    c08_a_new_password_needs_the_current_one_the_rules_and_two_equal_entries,
    c08_an_agency_that_does_not_ask_for_it_shows_no_such_box,
    c09_the_owner_is_told_of_a_new_password_and_every_other_session_ends,
    sec_058_after_a_new_password_the_agencys_host_gives_a_new_cookie_without_a_word,
    b17_accounts_at_two_agencies_stand_under_one_sign_in,
    sec_058_attaching_an_account_begins_a_new_session,
}

fn c05_the_account_page_shows_address_hidden_password_and_accounts(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    alice.open("/account").see("Connexion et sécurité").see(ALICE.email).see("********").see("Agence du Port");
    alice.see(ALICE.login).miss(CHOSEN).miss(ALICE.password);
    let here = alice.here().clone();
    let leads: Vec<_> = page::links(&here.text(), &here.url).into_iter().map(|url| url.path().to_owned()).collect();
    for path in ["/account/email", "/account/password", "/account/detach"] {
        assert!(leads.iter().any(|lead| lead == path), "a link to {path}: {leads:?}");
    }
    assert_eq!(page::count(&here.text(), "ul.accounts li"), 1);
    alice.follow("Modifier l'adresse email").see("Modification de l'adresse email");
    alice.open("/account").follow("Modifier le mot de passe").see("Modification du mot de passe");
    alice.open("/account").enter("Agence du Port alice-77").see("\"who\":\"alice-77\"");
}

fn c08_a_new_password_needs_the_current_one_the_rules_and_two_equal_entries(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    for (current, password, confirmation, said) in [
        ("pas-celui-ci", OTHER, OTHER, "Ce mot de passe n'est pas le bon"),
        (CHOSEN, "Plat-8", "Plat-8", "trop court"),
        (CHOSEN, "toutenminuscules", "toutenminuscules", "ne respecte pas tous les critères"),
        (CHOSEN, OTHER, "Cerisier-31-mvr", "ne sont pas identiques"),
        // 000.63
        (CHOSEN, CHOSEN, CHOSEN, "est déjà le vôtre"),
    ] {
        alice.open("/account/password").fill("Mot de passe actuel", current).fill("Nouveau mot de passe", password);
        alice.fill("Confirmez le nouveau mot de passe", confirmation).press("Enregistrer").see(said);
        let text = alice.here().text();
        for typed in [current, password, confirmation] {
            assert!(!text.contains(typed), "no password is written back: {typed}");
        }
    }
    change(&mut alice, CHOSEN, OTHER);
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    again.see(REFUSED);
    town.sign_in(&mut again, "a", ALICE.email, OTHER);
}

#[test]
fn c08_where_the_agency_wants_it_the_password_has_to_be_noted() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("policy.confirm_noted", true));
    let mut alice = town.alice();
    alice.open("/account/password").see("J'ai noté ce mot de passe en lieu sûr");
    alice.fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer");
    alice.see("Cochez la case lorsque vous avez noté votre mot de passe");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    alice.fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    alice.tick("J'ai noté ce mot de passe en lieu sûr").press("Enregistrer").see("Votre mot de passe a été modifié");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, OTHER);
}

fn c08_an_agency_that_does_not_ask_for_it_shows_no_such_box(stage: Stage) {
    let town = Town::on(stage);
    town.alice().open("/account/password").miss("J'ai noté");
}

fn c09_the_owner_is_told_of_a_new_password_and_every_other_session_ends(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    let mut elsewhere = Person::new(&town.gateway);
    town.sign_in(&mut elsewhere, "a", ALICE.email, CHOSEN);
    let others = (cookies_at_portal(&town, &elsewhere), cookies_at_a(&town, &elsewhere));
    assert!(opens_account(&town, &others.0) && opens_a(&town, &others.1), "signed in elsewhere too");
    change(&mut alice, CHOSEN, OTHER);
    let letter = town.gateway.letters().wait_for(ALICE.email, |l| l.subject.contains("votre mot de passe a changé"));
    assert!(!letter.text.contains(OTHER) && !letter.html.contains(OTHER), "no letter carries a password");
    assert!(!opens_account(&town, &others.0), "the other session on the portal is over");
    assert!(!opens_a(&town, &others.1), "the other session on the agency's host is over");
    elsewhere.open(town.at_a("/membre/x")).see("Connexion").miss("alice-77");
    alice.open("/account").see(ALICE.email);
}

fn sec_058_after_a_new_password_the_agencys_host_gives_a_new_cookie_without_a_word(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    let before = (cookies_at_portal(&town, &alice), cookies_at_a(&town, &alice));
    change(&mut alice, CHOSEN, OTHER);
    assert!(!opens_account(&town, &before.0) && !opens_a(&town, &before.1), "what was known before is worth nothing");
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    assert_eq!(alice.here().url.as_str(), town.at_a("/membre/x"), "the very page");
    let after = cookies_at_a(&town, &alice);
    assert_ne!(after, before.1);
    assert!(opens_a(&town, &after));
}

fn b17_accounts_at_two_agencies_stand_under_one_sign_in(stage: Stage) {
    let town = Town::on(stage);
    let mut bob = town.resident(BOB);
    attach_at_b(&mut bob);
    let letter = town.gateway.letters().wait_for(BOB.email, |l| l.subject.contains("un compte a été associé"));
    assert!(!letter.text.contains(BOB_AT_B.login), "masked: {}", letter.text);
    // Any other browser, by either agency.
    for (agency, at_a, at_b) in [("a", "bob-12", "B-4412"), ("b", "bob-12", "B-4412")] {
        let mut elsewhere = Person::new(&town.gateway);
        town.sign_in(&mut elsewhere, agency, BOB.email, CHOSEN);
        elsewhere.open("/account").see("Agence du Port").see("Agence de la Gare");
        assert_eq!(page::count(&elsewhere.here().text(), "ul.accounts li"), 2);
        elsewhere.open(town.at_a("/membre/x")).see(&format!("\"who\":\"{at_a}\""));
        elsewhere.open(town.at_b("/membre/x")).see(&format!("\"who\":\"{at_b}\""));
    }
}

fn sec_058_attaching_an_account_begins_a_new_session(stage: Stage) {
    let town = Town::on(stage);
    let mut bob = town.resident(BOB);
    let before = (cookies_at_portal(&town, &bob), cookies_at_a(&town, &bob));
    attach_at_b(&mut bob);
    assert!(!opens_account(&town, &before.0), "the portal's session has a new cookie");
    assert!(!opens_a(&town, &before.1), "and so has the agency's host");
    bob.open("/account").see(BOB.email);
    bob.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"").open(town.at_b("/membre/x")).see("\"who\":\"B-4412\"");
}

fn change(person: &mut Person, current: &str, password: &str) {
    person.open("/account/password").fill("current", current).fill("password", password);
    person.fill("confirmation", password).press("Enregistrer").see("Votre mot de passe a été modifié");
}

/// Bob, signed in, attaches his account at agency B.
fn attach_at_b(bob: &mut Person) {
    bob.open(login_path("b")).see("Pas de compte dans cette agence").follow("Associer mon compte de cette agence");
    bob.fill("login", BOB_AT_B.login).fill("password", BOB_AT_B.password).press("Continuer");
    bob.press("Étape suivante").see("rattacher vos comptes");
    bob.fill("password", CHOSEN).press("Connexion").see("Compte associé");
}
