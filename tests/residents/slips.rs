//! An address in which a slip of the finger is likely is asked about once, before any letter leaves (document 004, b06).

use crate::support::{
    letters::Letter,
    page,
    person::Person,
    site::{Agency, Site},
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, Town, try_sign_in},
};

on_every_stage! {
    b06_a_likely_slip_in_an_address_is_asked_about_once_and_no_letter_leaves_before,
}

fn letters(town: &Town) -> i64 {
    town.gateway.number("SELECT COUNT(*) FROM letters")
}

fn confirming(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("confirmez"))
}

fn b06_a_likely_slip_in_an_address_is_asked_about_once_and_no_letter_leaves_before(stage: Stage) {
    let proof_first = |agency: Agency| agency.set("policy.order", "proof-first");
    let town = Town::build_with_agency(|site: Site| site.on(stage), proof_first);
    // In the wizard: corrected by the button, sent again as it was, and corrected by hand.
    for (who, press, address) in [
        (ALICE, "Utiliser alice@gmail.com", "alice@gmail.com"),
        (BOB, "Suivant", "alice@gmial.com"),
        (CAROL, "Suivant", "carol@free.fr"),
    ] {
        let (mut person, before) = (Person::new(&town.gateway), letters(&town));
        try_sign_in(&mut person, "a", who.login, who.password);
        person.press("Étape suivante").fill("email", " alice@gmial.com\u{200b}");
        person.press("Suivant").see("Vouliez-vous écrire alice@gmail.com");
        assert_eq!((person.here().status, letters(&town)), (422, before), "{press}");
        if address == "carol@free.fr" {
            // Another slip is another question.
            person.fill("email", "carol@fre.fr").press("Suivant").see("Vouliez-vous écrire carol@free.fr");
            person.fill("email", address);
        }
        person.press(press).see("2 - Authentification").see(address);
        confirming(&town, address);
    }
    // Where the address is changed: the password is not shown again, and asked for again.
    let mut bob = Person::new(&town.gateway);
    try_sign_in(&mut bob, "a", BOB.login, BOB.password);
    bob.see("2 - Authentification").press("Modifier l'adresse").fill("email", BOB.email).press("Suivant");
    bob.fill("code", &confirming(&town, BOB.email).code()).press("Suivant");
    bob.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer");
    town.sign_in(&mut bob, "a", BOB.email, CHOSEN);
    let before = letters(&town);
    bob.open("/account/email")
        .fill("email", "bob@orage.fr")
        .fill("confirmation", "bob@orage.fr")
        .fill("current", CHOSEN);
    bob.press("Valider").see("Vouliez-vous écrire bob@orange.fr");
    assert_eq!((bob.here().status, letters(&town)), (422, before));
    assert!(!bob.here().text().contains(CHOSEN));
    assert_eq!(page::attribute(&bob.here().text(), "#confirmation", "value").as_deref(), Some("bob@orage.fr"));
    bob.fill("current", CHOSEN).press("Valider").see("Vérifiez votre boîte mail");
    confirming(&town, "bob@orage.fr");
}
