//! A step is only taken from the step before it, by the person who took that one.

use crate::support::{
    page::{self, Form},
    person::{Answer, Person},
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, MALLORY, Town, login_path, migrate_up_to_proof, try_sign_in},
};

const OTHER: &str = "Cerisier-31-mur";

/// Every form of the wizard, the account and the recovery, with fields as an attacker would send them.
const STEPS: [(&str, &[(&str, &str)]); 19] = [
    ("/migration/notice", &[]),
    ("/migration/email", &[("email", "mallory@elsewhere.example")]),
    ("/migration/password", &[("password", OTHER), ("confirmation", OTHER)]),
    ("/migration/proof", &[("code", "12345678")]),
    ("/migration/proof/resend", &[]),
    ("/migration/email/change", &[]),
    ("/migration/restart", &[]),
    ("/migration/others", &[("account", "bob-34"), ("password", OTHER)]),
    ("/migration/join", &[("email", "alice@residents.example"), ("password", CHOSEN)]),
    ("/confirm", &[("secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ("password", OTHER)]),
    ("/reset", &[("secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ("password", OTHER), ("confirmation", OTHER)]),
    ("/forgotten/code", &[("by", "email"), ("login", ALICE.email), ("code", "12345678")]),
    ("/forgotten/resend", &[("by", "email"), ("login", CAROL.email)]),
    ("/account/password", &[("current", CHOSEN), ("password", OTHER), ("confirmation", OTHER)]),
    ("/account/own-password", &[("account", "aaaaaaaaaaaa"), ("current", CHOSEN), ("password", OTHER)]),
    ("/account/email", &[("email", "m@x.example"), ("confirmation", "m@x.example"), ("current", CHOSEN)]),
    ("/account/email/proof", &[("code", "12345678")]),
    ("/account/email/proof/resend", &[]),
    ("/terms", &[("client", "CA"), ("societe", "SA"), ("accept", "on"), ("return", "/")]),
];

/// A form that the page does not show, with the page's own token: as a script of an attacker's own making would.
pub(super) fn forged(person: &Person, path: &str, fields: &[(&str, &str)]) -> Form {
    let here = person.here();
    let text = here.text();
    let mut form = page::form_to(&text, &here.url, "/language")
        .or_else(|| page::form_to(&text, &here.url, "/login"))
        .expect("a page of the portal has a form with a token");
    let token = form.value("csrf").expect("a token").to_owned();
    form.action.set_path(path);
    form.action.set_query(None);
    form.fields = vec![("csrf".to_owned(), token)];
    form.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

fn still_works(town: &Town, login: &str, password: &str) {
    let mut person = Person::new(&town.gateway);
    town.sign_in(&mut person, "a", login, password);
}

on_every_stage! {
    sec_034_a_fresh_browser_takes_no_later_step,
    sec_034_a_browser_in_its_own_wizard_takes_no_step_too_many_and_none_of_anothers,
    sec_035_an_empty_form_takes_no_step,
    sec_036_a_reset_link_changes_the_password_of_its_own_person_only,
    sec_040_a_victims_click_gives_the_attacker_nothing_of_an_account_that_exists,
    sec_040_the_link_alone_confirms_nothing_on_another_device,
}

fn sec_034_a_fresh_browser_takes_no_later_step(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    for (path, fields) in STEPS {
        let mut mallory = Person::new(&town.gateway);
        mallory.open(login_path("a"));
        let form = forged(&mallory, path, fields);
        let answer = mallory.send(&form);
        assert_nothing_gained(&answer, path);
    }
    still_works(&town, ALICE.email, CHOSEN);
    town.b.assert_untouched("steps out of order");
}

fn sec_034_a_browser_in_its_own_wizard_takes_no_step_too_many_and_none_of_anothers(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    for (path, fields) in STEPS {
        let mut mallory = Person::new(&town.gateway);
        // Whoever comes again is where she was; some of these steps are hers to take by then.
        try_sign_in(&mut mallory, "a", MALLORY.login, MALLORY.password);
        let form = forged(&mallory, path, fields);
        let answer = mallory.send(&form);
        let words = page::words(&answer.text());
        assert!(!words.contains("Votre compte est à jour") && !words.contains("Compte associé"), "{path}: {words}");
        assert!(!words.contains(ALICE.email) || path == "/migration/join", "{path}: {words}");
        assert!(answer.status < 500, "{path}: {}", answer.status);
    }
    // The one who is at the first step cannot have become anybody.
    let mut mallory = Person::new(&town.gateway);
    try_sign_in(&mut mallory, "a", "mallory@elsewhere.example", OTHER);
    mallory.see("Ce couple identifiant et mot de passe est inconnu");
    still_works(&town, ALICE.email, CHOSEN);
}

fn sec_035_an_empty_form_takes_no_step(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue").press("Étape suivante").see("Votre adresse email");
    stays(&mut carol, "/migration/email", "Votre adresse email");
    carol.fill("email", CAROL.email).press("Continuer").see("Votre nouveau mot de passe");
    stays(&mut carol, "/migration/password", "Votre nouveau mot de passe");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    carol.see("Vérifiez votre boîte mail");
    stays(&mut carol, "/migration/proof", "Vérifiez votre boîte mail");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
}

/// Sends a step without its fields, and without any body, and as something else than a form.
fn stays(person: &mut Person, path: &str, page_title: &str) {
    let empty = forged(person, path, &[]);
    let answer = person.send(&empty);
    assert!(page::words(&answer.text()).contains(page_title), "{path} without fields: {}", page::words(&answer.text()));
    assert!(answer.status < 500, "{path}: {}", answer.status);
    for (kind, body) in [("application/x-www-form-urlencoded", ""), ("application/json", "{}"), ("text/plain", "a=b")] {
        let request = person.request_of(&empty).header("content-type", kind).body(body);
        let answer = person.ask(request);
        assert!((400..500).contains(&answer.status), "{path} with {kind} {body:?}: {}", answer.status);
    }
    let url = person.here().url.clone();
    person.open(url).see(page_title);
}

fn sec_036_a_reset_link_changes_the_password_of_its_own_person_only(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    alice.open(letter.link()).fill("password", OTHER).fill("confirmation", OTHER);
    let mut form = alice.form("Enregistrer");
    for (name, value) in [("email", BOB.email), ("login", BOB.email), ("username", BOB.email), ("user_id", "1")] {
        form.fields.push((name.to_owned(), value.to_owned()));
    }
    alice.send(&form);
    still_works(&town, BOB.email, CHOSEN);
    let mut thief = Person::new(&town.gateway);
    try_sign_in(&mut thief, "a", BOB.email, OTHER);
    thief.see("Ce couple identifiant et mot de passe est inconnu");
}

fn sec_040_a_victims_click_gives_the_attacker_nothing_of_an_account_that_exists(stage: Stage) {
    let town = Town::on(stage);
    let mut victim = town.resident(BOB);
    // Mallory runs the wizard of her own old account with Bob's address.
    let mut mallory = Person::new(&town.gateway);
    migrate_up_to_proof(&mut mallory, "a", MALLORY, BOB.email);
    let letter = town.gateway.letters().wait_for(BOB.email, |letter| letter.subject.contains("déjà un compte"));
    assert!(letter.text.contains("Agence du Port"), "the letter names the agency: {}", letter.text);
    assert!(!letter.text.contains(MALLORY.login), "the old account is masked: {}", letter.text);
    // Bob opens the link where he is: on another device.
    victim.open(letter.link()).see("Agence du Port").see("Ce n'est pas moi").miss(MALLORY.login);
    victim.fill("password", "Cerisier-31-mur").press("Confirmer mon adresse").see("Ce mot de passe n'est pas le bon");
    mallory.open("/migration/proof").miss("Votre compte est à jour").miss(BOB.login);
    victim.open(letter.link()).press("Ce n'est pas moi").see("Ce n'est pas vous ?").press("Ce n'est pas moi");
    victim.see("La demande est mise en attente");
    victim.open(letter.link()).see("Cette demande est en attente");
    // The attempt waits; nothing of Bob has changed, and Mallory is nobody.
    mallory.open("/migration/proof").miss("Votre compte est à jour");
    mallory.open(town.at_a("/membre/x")).see("Connexion");
    still_works(&town, BOB.email, CHOSEN);
    let mut account = Person::new(&town.gateway);
    town.sign_in(&mut account, "a", BOB.email, CHOSEN);
    account.open("/account");
    assert_eq!(page::count(&account.here().text(), "ul.accounts li"), 1, "no foreign account is attached");
}

fn sec_040_the_link_alone_confirms_nothing_on_another_device(stage: Stage) {
    let town = Town::on(stage);
    let address = "victim@residents.example";
    let mut mallory = Person::new(&town.gateway);
    migrate_up_to_proof(&mut mallory, "a", MALLORY, address);
    let letter = town.gateway.letter_to(address);
    let mut victim = Person::new(&town.gateway);
    victim.open(letter.link()).see("Agence du Port").see("Ce n'est pas moi");
    let mut form = victim.form("Confirmer mon adresse");
    for guess in ["", "Cerisier-31-mur"] {
        form.set("password", guess);
        let answer = victim.send(&form);
        assert!(
            !page::words(&answer.text()).contains("Adresse email confirmée"),
            "without the password that was chosen"
        );
    }
    mallory.open("/migration/proof").see("Vérifiez votre boîte mail");
}

fn assert_nothing_gained(answer: &Answer, path: &str) {
    let words = page::words(&answer.text());
    let shut = (400..500).contains(&answer.status)
        || ["Reprenons au début", "Connexion", "n'est pas valable", "connexion"]
            .iter()
            .any(|text| words.contains(text));
    assert!(shut, "{path}: {} {words}", answer.status);
    let words = words.replace("Rien n'a été modifié", "");
    for gained in ["Votre compte est à jour", "Compte associé", "a été modifié", ALICE.email] {
        assert!(!words.contains(gained), "{path}: {words}");
    }
}
