//! What a letter carries works once, in its time, and for the one who asked.

use std::thread;

use crate::support::{
    page::{self, Form},
    person::{Person, Request},
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, migrate_up_to_proof},
};

on_every_stage! {
    sec_044_a_secret_that_was_changed_anywhere_is_none,
    sec_044_a_secret_of_one_kind_opens_nothing_of_another,
    sec_045_a_letter_past_its_time_opens_nothing,
    sec_045_a_reset_link_past_its_time_opens_nothing,
    sec_046_a_link_works_exactly_once,
    sec_046_a_reset_link_works_exactly_once,
    sec_047_the_address_of_a_step_is_worth_nothing_in_another_browser,
    sec_048_a_code_that_was_guessed_at_is_dead_even_if_then_right,
    sec_048_another_letter_brings_no_new_budget,
    sec_048_beginning_again_brings_no_new_budget,
    sec_048_one_more_letter_helps_who_mistyped_a_few_times,
    sec_048_a_hundred_guesses_at_once_share_one_budget,
}

fn sec_044_a_secret_that_was_changed_anywhere_is_none(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let link = town.gateway.letter_to(CAROL.email).link();
    let (address, secret) = link.split_once("s=").expect("a secret");
    let flipped = (0..secret.len()).map(|at| {
        let other = if &secret[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &secret[..at], &secret[at + 1..])
    });
    let shorter = (1..=8).map(|cut| secret[..secret.len() - cut].to_owned());
    let longer = ["A", "AAAAAAAA", "%20", "=", "."].into_iter().map(|more| format!("{secret}{more}"));
    let swapped = {
        let half = secret.len() / 2;
        format!("{}{}", &secret[half..], &secret[..half])
    };
    let mut case = secret.to_owned();
    case.make_ascii_uppercase();
    let others = [swapped, String::new(), "%00".to_owned()].into_iter().chain((case != secret).then_some(case));
    for forged in flipped.chain(shorter).chain(longer).chain(others).filter(|forged| forged != secret) {
        // A blank at the end is what mail programs add; nothing else may be forgiven.
        if forged.trim_end_matches("%20") == secret {
            continue;
        }
        carol.open(format!("{address}s={forged}"));
        carol.see("Ce lien n'est pas valable").miss(CAROL.email);
    }
    for path in ["/reset?s=", "/confirm?s="] {
        carol.open(format!("{path}{}", "A".repeat(secret.len()))).see("Ce lien n'est pas valable");
    }
    carol.open(&link).press("Confirmer mon adresse").see("Votre compte est à jour");
}

fn sec_044_a_secret_of_one_kind_opens_nothing_of_another(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let link = town.gateway.letter_to(CAROL.email).link();
    let secret = link.split_once("s=").expect("a secret").1;
    carol.open(format!("/reset?s={secret}")).see("Ce lien n'est pas valable");
}

fn sec_045_a_letter_past_its_time_opens_nothing(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let letter = town.gateway.letter_to(CAROL.email);
    town.gateway.let_pass(11);
    carol.fill("code", &letter.code()).press("Valider").see("Le délai est dépassé");
    town.gateway.let_pass(50);
    carol.open(letter.link()).see("Ce lien n'est plus valable").see("Demander un nouvel e-mail");
    carol.open("/migration/proof").see("Vérifiez votre boîte mail").see("Renvoyer l'e-mail");
}

fn sec_045_a_reset_link_past_its_time_opens_nothing(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    alice.open(letter.link()).fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur");
    let form = alice.form("Enregistrer");
    town.gateway.let_pass(61);
    assert!(!page::words(&alice.send(&form).text()).contains("Mot de passe réinitialisé"), "too late");
    alice.open(letter.link()).see("Ce lien n'est plus valable").miss("Nouveau mot de passe");
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
}

fn sec_046_a_link_works_exactly_once(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let link = town.gateway.letter_to(CAROL.email).link();
    carol.open(&link);
    let form = carol.form("Confirmer mon adresse");
    let request = carol.request_of(&form);
    let cookies = carol.cookie_line(&town.gateway.portal("/"));
    let answers = at_once(50, &town, &request, &cookies);
    assert!(answers.iter().all(|status| *status < 500), "{answers:?}");
    carol.open(&link).see("Ce lien a déjà été utilisé").miss(CAROL.email);
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
    carol.open("/account");
    assert_eq!(page::count(&carol.here().text(), "ul.accounts li"), 1, "attached once");
}

fn sec_046_a_reset_link_works_exactly_once(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let link =
        town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe")).link();
    alice.open(&link).fill("password", "Cerisier-31-mur").fill("confirmation", "Cerisier-31-mur");
    let first = alice.form("Enregistrer");
    let mut second = first.clone();
    second.set("password", "Tilleul-77-banc");
    second.set("confirmation", "Tilleul-77-banc");
    alice.send(&first);
    let answer = alice.send(&second);
    assert!(!page::words(&answer.text()).contains("Mot de passe réinitialisé"), "a second time");
    alice.open(&link).miss("Choisissez un nouveau mot de passe");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, "Cerisier-31-mur");
}

fn sec_047_the_address_of_a_step_is_worth_nothing_in_another_browser(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    for path in ["/migration/notice", "/migration/email", "/migration/password", "/migration/proof", "/migration/join"]
    {
        let mut other = Person::new(&town.gateway);
        other.open(path).miss(CAROL.email).miss("Carol").miss(CAROL.login);
        assert!(other.sees("Reprenons au début") || other.sees("Connexion"), "{path}: {}", other.words());
    }
    let step = carol.here().url.clone();
    Person::new(&town.gateway).open(step).see("Reprenons au début").miss(CAROL.email);
}

fn sec_048_a_code_that_was_guessed_at_is_dead_even_if_then_right(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let form = carol.form("Valider");
    for guess in 0..10 {
        if !carol.sees("essayé trop de fois") {
            carol.fill("code", &format!("1234567{guess}")).press("Valider").miss("Votre compte est à jour");
        }
    }
    carol.see("essayé trop de fois");
    // The page has no field any more; whoever has kept it from before gets no further.
    let words = with_code(&mut carol, form, &code);
    assert!(words.contains("Vérifiez votre boîte mail") && !words.contains("Votre compte est à jour"), "{words}");
}

/// Sends a code in a form from a page that was shown before; the words of the answer.
fn with_code(person: &mut Person, mut form: Form, code: &str) -> String {
    form.set("code", code);
    page::words(&person.send(&form).text())
}

fn sec_048_another_letter_brings_no_new_budget(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let mut code = town.gateway.letter_to(CAROL.email).code();
    let form = carol.form("Valider");
    for letter in 0..4 {
        // Each letter alone would allow more than three.
        for guess in 0..3 {
            let words = with_code(&mut carol, form.clone(), &format!("{letter}234567{guess}"));
            assert!(!words.contains("Votre compte est à jour"), "{words}");
        }
        town.gateway.let_pass(2);
        carol.open("/migration/proof").press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
        code = town.gateway.letter_to(CAROL.email).code();
    }
    // The newest letter's own code, typed for the first time and in time.
    let words = with_code(&mut carol, form, &code);
    assert!(words.contains("n'est plus valable") && !words.contains("Votre compte est à jour"), "{words}");
}

fn sec_048_beginning_again_brings_no_new_budget(stage: Stage) {
    let town = Town::on(stage);
    for run in 0..5 {
        // Another address each time, or the letters to one would be over first.
        let address = format!("carol-{run}@residents.example");
        let mut carol = Person::new(&town.gateway);
        migrate_up_to_proof(&mut carol, "a", CAROL, &address);
        for guess in 0..5 {
            carol.fill("code", &format!("{run}234567{guess}")).press("Valider").miss("Votre compte est à jour");
        }
        carol.press("Revenir à la 1re étape");
    }
    let mut carol = Person::new(&town.gateway);
    // Her own, which was told that another one is chosen (b23), has all its letters.
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code =
        town.gateway.letters().wait_for(CAROL.email, |letter| !letter.subject.contains("une autre adresse")).code();
    carol.fill("code", &code).press("Valider").miss("Votre compte est à jour");
}

fn sec_048_one_more_letter_helps_who_mistyped_a_few_times(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    town.gateway.letter_to(CAROL.email);
    for guess in 0..5 {
        carol.fill("code", &format!("1234567{guess}")).press("Valider").miss("Votre compte est à jour");
    }
    carol.see("essayé trop de fois").press("Renvoyer l'e-mail").see("Vous pourrez en demander un autre dans");
    town.gateway.let_pass(2);
    carol.open("/migration/proof").press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
}

fn sec_048_a_hundred_guesses_at_once_share_one_budget(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", "00000000");
    let form = carol.form("Valider");
    let request = carol.request_of(&form);
    let answers = at_once(100, &town, &request, &carol.cookie_line(&town.gateway.portal("/")));
    assert!(answers.iter().all(|status| *status < 500), "{answers:?}");
    let words = with_code(&mut carol, form, &code);
    assert!(!words.contains("Votre compte est à jour"), "{words}");
    carol.open("/migration/proof").see("Vérifiez votre boîte mail");
}

/// Sends one request many times at once with these cookies; returns the statuses.
pub(super) fn at_once(times: usize, town: &Town, request: &Request, cookies: &str) -> Vec<u16> {
    thread::scope(|scope| {
        let senders: Vec<_> = (0..times)
            .map(|_| {
                let request = request.clone().header("cookie", cookies);
                scope.spawn(move || Person::new(&town.gateway).ask(request).status)
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().expect("an answer")).collect()
    })
}
