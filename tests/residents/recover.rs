//! « Mot de passe oublié ? »

use super::{OTHER, REFUSED};
use crate::support::{
    page,
    person::Person,
    stage::Stage,
    town::{ALICE, CHOSEN, Town, try_sign_in},
};

const THIRD: &str = "Tilleul-77-banc";

on_every_stage! {
    c12_without_codes_one_is_asked_for_them_first,
    review_b0_a_link_asked_for_before_the_password_changed_is_still_the_owners_way_back,
    sec_046_a_link_sent_to_the_old_address_is_worth_nothing_at_the_new_one,
}

fn c12_without_codes_one_is_asked_for_them_first(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut alice = Person::new(&town.gateway);
    for path in ["/forgotten", "/forgotten?client=CA", "/forgotten?client=CA&societe=XX"] {
        alice.open(path).see("Trouver votre agence").miss("Recevoir l'e-mail");
    }
    alice.see("Ces codes ne correspondent à aucune agence");
    alice.fill("Code client", "ca").fill("Code société", "SA").press("Continuer");
    alice.see("Mot de passe oublié").see("Agence du Port");
    alice.fill("login", ALICE.login);
    let mut without_codes = alice.form("Recevoir l'e-mail");
    without_codes.set("client", "");
    without_codes.set("societe", "");
    assert!(page::words(&alice.send(&without_codes).text()).contains("Trouver votre agence"));
    alice.fill("login", ALICE.login).press("Recevoir l'e-mail").see("Si un compte existe");
    alice.open(reset_link(&town, ALICE.email)).fill("password", OTHER).fill("confirmation", OTHER);
    alice.press("Enregistrer").see("Mot de passe réinitialisé").follow("Se connecter");
    // Who they are is known (residents 13), for a while and by this link only; it stands in no address.
    let typed = |person: &Person| page::attribute(&person.here().text(), "#login", "value").unwrap_or_default();
    let here = alice.here().url.clone();
    assert_eq!(typed(&alice), ALICE.email);
    assert!(!here.as_str().contains("alice"), "{here}");
    let at_home = format!("/?{}", here.query().expect("a query"));
    assert_eq!(typed(Person::new(&town.gateway).open(at_home)), ALICE.email, "where no agency is asked for");
    town.gateway.rewrite("UPDATE recoveries SET used_at = used_at - 1860000");
    assert_eq!(typed(alice.open(&here)), "");
    assert_eq!(typed(alice.open("/login?client=CA&societe=SA&reset=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), "");
    town.sign_in(&mut alice, "a", ALICE.email, OTHER);
}

fn review_b0_a_link_asked_for_before_the_password_changed_is_still_the_owners_way_back(stage: Stage) {
    let town = Town::on(stage);
    let mut thief = town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let link = reset_link(&town, ALICE.email);
    // Whoever knows the password changes it again and again: the letter opens all the same, and ends that.
    for (current, password) in [(CHOSEN, OTHER), (OTHER, CHOSEN), (CHOSEN, OTHER)] {
        thief.open("/account/password").fill("current", current).fill("password", password);
        thief.fill("confirmation", password).press("Enregistrer").see("Votre mot de passe a été modifié");
    }
    thief.open("/account/password").fill("current", OTHER).fill("password", CHOSEN).fill("confirmation", CHOSEN);
    let late = thief.form("Enregistrer");
    alice.open(&link).fill("password", THIRD).fill("confirmation", THIRD);
    let form = alice.form("Enregistrer");
    assert!(page::words(&alice.send(&form).text()).contains("Mot de passe réinitialisé"));
    let told = page::words(&thief.send(&late).text());
    assert!(told.contains("Votre session a pris fin") && !told.contains("Votre mot de passe a été modifié"), "{told}");
    assert!(!page::words(&alice.send(&form).text()).contains("Mot de passe réinitialisé"), "once");
    for password in [CHOSEN, OTHER] {
        try_sign_in(&mut thief, "a", ALICE.email, password);
        thief.see(REFUSED);
    }
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, THIRD);
}

fn sec_046_a_link_sent_to_the_old_address_is_worth_nothing_at_the_new_one(stage: Stage) {
    const NEW: &str = "alice.martin@courriel.example";
    let town = Town::on(stage);
    let mut alice = town.alice();
    let mut mallory = Person::new(&town.gateway);
    mallory.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let link = reset_link(&town, ALICE.email);
    mallory.open(&link).fill("password", THIRD).fill("confirmation", THIRD);
    let open_form = mallory.form("Enregistrer");
    alice.open("/account/email").fill("email", NEW).fill("confirmation", NEW).fill("current", CHOSEN);
    alice.press("Valider").see("Vérifiez votre boîte mail");
    let code = town.gateway.letter_to(NEW).code();
    alice.fill("code", &code).press("Valider").see("Votre adresse email a été modifiée");
    mallory.open(&link).miss("Choisissez un nouveau mot de passe");
    assert!(!page::words(&mallory.send(&open_form).text()).contains("Mot de passe réinitialisé"));
    for (login, password) in [(NEW, THIRD), (ALICE.email, THIRD), (ALICE.email, CHOSEN)] {
        try_sign_in(&mut mallory, "a", login, password);
        mallory.see(REFUSED);
    }
    town.sign_in(&mut Person::new(&town.gateway), "a", NEW, CHOSEN);
}

fn reset_link(town: &Town, address: &str) -> String {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("nouveau mot de passe")).link()
}
