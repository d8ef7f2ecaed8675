//! What a password may be, and that it opens however it is composed (SEC-204, SEC-205).

use super::{OTHER, REFUSED};
use crate::support::{
    person::Person,
    site::Agency,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, Town, login_path, try_sign_in},
};

/// « Bélier-42 forêt » as a phone writes it, as a Mac does, and with what comes along when it is pasted.
const COMPOSED: &str = "Bélier-42 forêt";
const SPELLINGS: [&str; 4] =
    ["Be\u{301}lier-42 fore\u{302}t", "Bélier-42\u{a0}forêt", " Bélier-42 forêt", "Be\u{301}lier-42 forêt\u{a0}"];

on_every_stage! {
    sec_204_a_password_opens_every_door_however_it_is_composed,
    review_residents_11_the_present_password_is_no_new_one,
    review_residents_11_neither_the_old_password_nor_ones_own_name_is_a_new_one,
    sec_205_the_extranets_password_is_no_new_one_after_the_wizard_either,
    sec_205_the_extranets_password_is_the_one_that_it_takes_now,
}

fn sec_204_a_password_opens_every_door_however_it_is_composed(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    // Two entries may come from two keyboards.
    alice.open("/account/password").fill("current", CHOSEN).fill("password", SPELLINGS[0]);
    alice.fill("confirmation", COMPOSED).press("Enregistrer").see("Votre mot de passe a été modifié");
    for typed in SPELLINGS.iter().chain([&COMPOSED]) {
        town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, typed);
    }
    for wrong in ["Belier-42 foret", "bélier-42 forêt", "Bélier-42forêt"] {
        let mut again = Person::new(&town.gateway);
        try_sign_in(&mut again, "a", ALICE.email, wrong);
        again.see(REFUSED);
    }
    // Attaching, changing and detaching ask for it as well.
    let mut bob = Person::new(&town.gateway);
    bob.open(login_path("a")).fill("login", BOB.login).fill("password", BOB.password).press("Connexion");
    bob.press("Étape suivante").follow("J'ai déjà un compte");
    bob.fill("email", ALICE.email).fill("password", SPELLINGS[1]).press("Connexion").see("Compte associé");
    alice.open("/account").follow("Détacher Agence du Port bob-12");
    alice.fill("password", SPELLINGS[2]).press("Détacher ce compte").see("a été détaché");
    alice.open("/account/password").fill("current", SPELLINGS[3]).fill("password", OTHER);
    alice.fill("confirmation", OTHER).press("Enregistrer").see("Votre mot de passe a été modifié");
}

fn review_residents_11_the_present_password_is_no_new_one(stage: Stage) {
    const SAID: &str = "Ce mot de passe est déjà le vôtre";
    let town = Town::on(stage);
    let mut alice = town.alice();
    alice.open("/account/password").fill("current", CHOSEN).fill("password", CHOSEN).fill("confirmation", CHOSEN);
    alice.press("Enregistrer").see(SAID).miss("trop courant");
    alice.fill("current", CHOSEN).fill("password", COMPOSED).fill("confirmation", COMPOSED);
    alice.press("Enregistrer").see("Votre mot de passe a été modifié");
    for same in SPELLINGS.iter().chain([&COMPOSED]) {
        alice.open("/account/password").fill("current", COMPOSED).fill("password", same).fill("confirmation", same);
        alice.press("Enregistrer").see(SAID);
    }
    // Who has forgotten it, and types it all the same, is told; the link stays open.
    let mut forgetful = Person::new(&town.gateway);
    forgetful.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let link =
        town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe")).link();
    forgetful.open(&link).fill("password", SPELLINGS[0]).fill("confirmation", SPELLINGS[0]);
    forgetful.press("Enregistrer").see(SAID);
    forgetful.fill("password", "Alice-77!").fill("confirmation", "Alice-77!");
    forgetful.press("Enregistrer").see("Ce mot de passe ressemble trop à votre nom");
    forgetful.fill("password", OTHER).fill("confirmation", OTHER);
    forgetful.press("Enregistrer").see("Mot de passe réinitialisé");
    town.sign_in(&mut forgetful, "a", ALICE.email, OTHER);
}

fn review_residents_11_neither_the_old_password_nor_ones_own_name_is_a_new_one(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    carol.open(login_path("a")).fill("login", CAROL.login).fill("password", CAROL.password).press("Connexion");
    carol.press("Étape suivante").fill("email", "petite.fleur@residents.example").press("Continuer");
    let personal = "Ce mot de passe ressemble trop à votre nom";
    for (password, said) in [
        // The extranet's profile page says « Carol Petit ».
        ("Carol-Petit1", personal),
        ("CarolPetit-2026", personal),
        ("Petite.Fleur1", personal),
        ("C4rol-3!", personal),
        ("Agence du Port 1", "trop courant"),
        ("Copropriete2026!", "trop courant"),
        ("Carol-2020", personal),
    ] {
        carol.fill("password", password).fill("confirmation", password).press("Créer mon compte").see(said);
    }
    // The old password of somebody whom it does not name.
    let mut bob = Person::new(&town.gateway);
    bob.open(login_path("a")).fill("login", BOB.login).fill("password", BOB.password).press("Connexion");
    bob.press("Étape suivante").fill("email", BOB.email).press("Continuer");
    bob.fill("password", BOB.password).fill("confirmation", BOB.password).press("Créer mon compte");
    bob.see("C'est votre ancien mot de passe");
    bob.fill("password", "Soleil-de-Brest-29").fill("confirmation", "Soleil-de-Brest-29").press("Créer mon compte");
    bob.see("Vérifiez votre boîte mail");
}

/// A password of an extranet, as it is and as it may be composed and pasted.
const EXTRANETS: [&str; 4] =
    ["Bouleau 42-vert", "Bouleau\u{a0}42-vert", "Bouleau \u{ff14}\u{ff12}-vert", " Bouleau 42-vert "];
const OLD: &str = "C'est votre ancien mot de passe";

fn sec_205_the_extranets_password_is_no_new_one_after_the_wizard_either(stage: Stage) {
    // Agency A keeps it for its extranet's form; agency B trusts headers, and only a digest is left of it.
    let b = |agency: Agency| agency.set("sign_in.adapter", "trusted-headers");
    let town = Town::build_with_agencies(|site| site.on(stage), |agency| agency, b);
    town.a.make_anew(BOB.login, EXTRANETS[0]);
    let roster = town.gateway.folder().join("roster.csv");
    std::fs::write(&roster, format!("login,password\nB-10,{}\n", EXTRANETS[0])).expect("a roster");
    let imported = town.gateway.run("import", &["--agency", "CB/SB", roster.to_str().expect("a path in UTF-8")]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    for (agency, login, email) in [("a", BOB.login, BOB.email), ("b", "B-10", "loic@residents.example")] {
        let mut person = Person::new(&town.gateway);
        town.migrate_named(&mut person, agency, login, EXTRANETS[0], email);
        try_sign_in(&mut person, agency, email, CHOSEN);
        for same in EXTRANETS {
            is_no_new_one(&mut person, same);
        }
        let mut forgetful = Person::new(&town.gateway);
        let codes = if agency == "a" { "client=CA&societe=SA" } else { "client=CB&societe=SB" };
        forgetful.open(format!("/forgotten?{codes}")).fill("login", email).press("Recevoir l'e-mail");
        let letters = town.gateway.letters();
        let link = letters.wait_for(email, |letter| letter.subject.contains("nouveau mot de passe")).link();
        for same in EXTRANETS {
            forgetful.open(&link).fill("password", same).fill("confirmation", same).press("Enregistrer").see(OLD);
        }
        forgetful.fill("password", OTHER).fill("confirmation", OTHER);
        forgetful.press("Enregistrer").see("Mot de passe réinitialisé");
    }
}

fn sec_205_the_extranets_password_is_the_one_that_it_takes_now(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    town.a.make_anew(ALICE.login, EXTRANETS[0]);
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client");
    alice.fill("password", EXTRANETS[0]).press("Enregistrer et continuer");
    is_no_new_one(&mut alice, EXTRANETS[0]);
    alice.open("/account/password").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    alice.press("Enregistrer").see("Votre mot de passe a été modifié");
}

fn is_no_new_one(person: &mut Person, password: &str) {
    person.open("/account/password").fill("current", CHOSEN).fill("password", password);
    person.fill("confirmation", password).press("Enregistrer").see(OLD);
}
