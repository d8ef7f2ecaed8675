//! « Mot de passe oublié ? » where the identifier is kept: by it and the address that is linked with it (document 004, c11).

use super::{OTHER, REFUSED, masked};
use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    letters::Letter,
    page,
    person::Person,
    samples::Samples,
    site::{Agency, Site},
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, DORA, Town, login_path, try_sign_in},
};

const ASK: &str = "/forgotten?client=CA&societe=SA";
const NOBODY: &str = "personne@residents.example";
/// The key that sends a form off from one of its fields.
const ENTER: &str = "\u{e007}";

on_every_stage! {
    c11_an_identifier_and_the_address_that_is_linked_with_it_ask_for_a_reset_and_no_other_pair_does,
    c11_a_code_counts_beside_the_identifier_and_the_address_that_asked_for_it,
    b18_of_two_at_one_mailbox_each_is_meant_by_the_own_identifier,
    c13_who_has_not_migrated_is_led_on_by_a_letter_where_the_agency_knows_an_address,
    c11_what_was_typed_at_the_sign_in_is_taken_along_and_the_password_is_not,
}

/// Agency A as document 004 has it, agency B as the others are; Alice keeps her identifier.
fn town(stage: Stage) -> Town {
    let at_a = |agency: Agency| {
        agency.set("policy.identifier", "legacy").set("policy.order", "proof-first").set("policy.confirmation", "code")
    };
    let town = Town::build_with_agency(|site| site.on(stage), at_a);
    migrate(&town, ALICE.login, ALICE.password, ALICE.email);
    town
}

fn migrate(town: &Town, login: &str, password: &str, email: &str) {
    let mut person = Person::new(&town.gateway);
    try_sign_in(&mut person, "a", login, password);
    person.press("Étape suivante").fill("email", email).press("Suivant");
    person.fill("code", &town.gateway.letter_to(email).code()).press("Suivant");
    if person.sees("Nous sommes deux à cette adresse") {
        person.press("Nous sommes deux à cette adresse");
    }
    person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer").see("Votre compte est à jour");
}

fn ask(town: &Town, login: &str, email: &str) -> Person {
    let mut person = Person::new(&town.gateway);
    person.open(ASK).see("Identifiant").see("associée à votre compte").see("Vous allez recevoir un code");
    person.fill("login", login).fill("email", email).press("Valider");
    person
}

fn resets(town: &Town) -> i64 {
    town.gateway.number("SELECT COUNT(*) FROM recoveries")
}

fn reset_letter(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("choisissez un nouveau"))
}

fn c11_an_identifier_and_the_address_that_is_linked_with_it_ask_for_a_reset_and_no_other_pair_does(stage: Stage) {
    let town = town(stage);
    migrate(&town, BOB.login, BOB.password, BOB.email);
    // Bob signs in with his address elsewhere.
    let mut at_b = Person::new(&town.gateway);
    town.migrate(&mut at_b, "b", BOB_AT_B, "bob@ailleurs.example");
    let mut answers = Vec::new();
    for (login, email, is_meant) in [
        (ALICE.login, ALICE.email, true),
        (" ALICE\u{2011}77\u{a0}", "\u{200b}Alice@Residents.example ", true),
        ("", ALICE.email, true),
        (ALICE.email, ALICE.email, true),
        (ALICE.login, BOB.email, false),
        (BOB.login, ALICE.email, false),
        (ALICE.login, "alice@residents.exemple", false),
        (BOB.email, ALICE.email, false),
        (BOB_AT_B.login, "bob@ailleurs.example", false),
        ("bob@ailleurs.example", BOB.email, false),
        (CAROL.login, NOBODY, false),
        ("C99999", ALICE.email, false),
        ("", NOBODY, false),
        (NOBODY, NOBODY, false),
        ("bob@ailleurs.example", "bob@ailleurs.example", true),
    ] {
        // An hour later no letter of before counts.
        town.gateway.let_pass(61);
        let before = resets(&town);
        let person = ask(&town, login, email);
        assert_eq!(resets(&town) - before, i64::from(is_meant), "{login:?} {email:?}");
        if !login.is_empty() {
            let (status, names, page) = masked(person.here(), login);
            answers.push((login, email, (status, names, page.replace(email, "LOGIN"))));
        }
    }
    assert!(answers[0].2.2.contains("Si un compte existe"), "{}", answers[0].2.2);
    for (login, email, answer) in &answers {
        assert_eq!(answer, &answers[0].2, "{login:?} {email:?} is answered otherwise");
    }
    // Who leaves the address out is told so, whoever it is.
    for (email, told) in [("", "Saisissez votre adresse email"), ("alice", "n'a pas la bonne forme")] {
        for login in [ALICE.login, "C99999", ""] {
            let before = resets(&town);
            let mut person = ask(&town, login, email);
            person.see(told).see("Valider");
            assert_eq!(page::attribute(&person.here().text(), "#login", "value").as_deref(), Some(login));
            assert_eq!((person.here().status, resets(&town)), (422, before), "{login:?}");
        }
    }
}

fn c11_a_code_counts_beside_the_identifier_and_the_address_that_asked_for_it(stage: Stage) {
    let town = town(stage);
    let mut alice = ask(&town, ALICE.login, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    let right = alice.fill("code", &code).form("Suivant");
    for (field, value) in [("email", NOBODY), ("email", ""), ("login", ""), ("login", "C99999"), ("login", CAROL.login)]
    {
        let mut other = right.clone();
        other.set(field, value);
        assert_eq!(alice.send(&other).status, 422, "{field} {value:?}");
    }
    assert_eq!(Person::new(&town.gateway).open(ASK).here().status, 200);
    let second = alice.press("Recevoir un nouveau code").see("un e-mail est en route").form("Suivant");
    assert_eq!((second.value("login"), second.value("email")), (Some(ALICE.login), Some(ALICE.email)));
    alice.fill("code", &code).press("Suivant").see("Choisissez un nouveau mot de passe");
    alice.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("réinitialisé");
    town.sign_in(&mut alice, "a", ALICE.login, OTHER);
}

fn b18_of_two_at_one_mailbox_each_is_meant_by_the_own_identifier(stage: Stage) {
    let town = town(stage);
    migrate(&town, CAROL.login, CAROL.password, ALICE.email);
    let mut either = ask(&town, "", ALICE.email);
    either.see("Si un compte existe").miss(CAROL.login).fill("code", &reset_letter(&town, ALICE.email).code());
    either.press("Suivant").see("De quel compte s'agit-il ?").see(ALICE.login).see(CAROL.login);
    town.gateway.let_pass(61);
    let mut carol = ask(&town, CAROL.login, ALICE.email);
    carol.fill("code", &reset_letter(&town, ALICE.email).code()).press("Suivant");
    carol.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("réinitialisé");
    town.sign_in(&mut carol, "a", CAROL.login, OTHER);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.login, CHOSEN);
}

fn c11_what_was_typed_at_the_sign_in_is_taken_along_and_the_password_is_not(stage: Stage) {
    let town = town(stage);
    for (page, typed, login, email) in [
        (login_path("a").as_str(), DORA.login, DORA.login, Some("")),
        (login_path("a").as_str(), " dora 9\u{a0}", " dora 9\u{a0}", Some("")),
        (login_path("a").as_str(), DORA.email, "", Some(DORA.email)),
        (login_path("a").as_str(), "", "", Some("")),
        (login_path("b").as_str(), DORA.login, DORA.login, None),
        (login_path("b").as_str(), DORA.email, DORA.email, None),
        (login_path("b").as_str(), "\"><svg onload=alert(1)>", "\"><svg onload=alert(1)>", None),
        ("/", DORA.email, DORA.email, None),
        ("/?back=/account/password", DORA.login, DORA.login, None),
    ] {
        let mut person = Person::new(&town.gateway);
        let (asked, counted) = (town.a.seen().len(), town.gateway.number("SELECT COUNT(*) FROM throttles"));
        person.open(page).fill("login", typed).fill("password", "pas-celui-ci").press("Mot de passe oublié ?");
        let here = person.here();
        let address = here.url.to_string();
        assert!(here.status == 200 && (login.is_empty() || !address.contains(login)), "{typed:?} is in {address}");
        let text = here.text();
        assert!(!text.contains("pas-celui-ci"), "{text}");
        assert_eq!(page::attribute(&text, "#login", "value").as_deref(), Some(login), "{page} {typed:?}");
        assert_eq!(page::attribute(&text, "#email", "value").as_deref(), email, "{page} {typed:?}");
        let now = (town.a.seen().len(), town.gateway.number("SELECT COUNT(*) FROM throttles"));
        assert_eq!(now, (asked, counted), "{page}: nobody is asked, nothing is counted");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM recoveries"), 0);
        person.follow("Revenir à la connexion").see("Connexion");
    }
    // Also after a refusal.
    let mut person = Person::new(&town.gateway);
    try_sign_in(&mut person, "a", ALICE.login, "pas-celui-ci");
    person.see(REFUSED).press("Mot de passe oublié ?");
    assert_eq!(page::attribute(&person.here().text(), "#login", "value").as_deref(), Some(ALICE.login));
    // Whoever opens that address again is asked for the agency.
    person.open("/forgotten/begin").see("Trouver votre agence");
}

/// Whoever has no account here yet gets a letter where the agency's roster has an address, and the same page as everybody.
fn c13_who_has_not_migrated_is_led_on_by_a_letter_where_the_agency_knows_an_address(stage: Stage) {
    const TOLD: &str = "SELECT COUNT(*) FROM letters WHERE kind LIKE '%first-sign-in%'";
    let samples = Samples::start();
    let kept = samples.agency_that_keeps_identifiers();
    let site = Site::new().on(stage).agency(kept).agency(samples.agency_b());
    let gateway = Gateway::start(&site);
    samples.import_roster_of("COPRO/01", &gateway);
    samples.import_roster(&gateway);
    let (loic, amelie) = ("loic.kervella@courriel.example", "amelie.dufour@courriel.example");
    let (at_kept, at_b) = ("/forgotten?client=COPRO&societe=01", "/forgotten?client=SPI31&societe=02");
    let mut pages = Vec::new();
    for (page, login, email, to) in [
        (at_kept, "L2002", loic, Some(loic)),
        (at_kept, " l2002\u{a0}", "Loic.Kervella@Courriel.example", Some(loic)),
        (at_kept, "", amelie, Some(amelie)),
        (at_kept, "L2002", amelie, None),
        (at_kept, "L2003", amelie, None),
        (at_kept, "L9999", NOBODY, None),
        (at_b, "L2001", "", Some(amelie)),
        (at_b, amelie, "", Some(amelie)),
        (at_b, "L2003", "", None),
        (at_b, "L9999", "", None),
        ("/forgotten?by=email", amelie, "", Some(amelie)),
        ("/forgotten?by=email", NOBODY, "", None),
    ] {
        // An hour later nobody's letters of before count.
        gateway.let_pass(61);
        let before = gateway.number(TOLD);
        let mut person = Person::new(&gateway);
        person.open(page).fill("login", login);
        let button = if page == at_kept { "Valider" } else { "Recevoir l'e-mail" };
        if page == at_kept {
            person.fill("email", email);
        }
        person.press(button).see("Si un compte existe").see("Vous n'avez pas encore mis à jour votre compte ?");
        assert_eq!(gateway.number(TOLD) - before, i64::from(to.is_some()), "{page} {login:?} {email:?}");
        if let Some(to) = to {
            let letter = gateway.letter_to(to);
            assert!(letter.subject.contains("votre première connexion"), "{}", letter.subject);
            assert!(!letter.text.contains("s=") && !letter.text.contains("Pont-9028"), "{}", letter.text);
        }
        let (status, _, text) = masked(person.here(), "nothing of this");
        let typed = [login, email].into_iter().filter(|typed| !typed.is_empty());
        let text = typed.fold(text, |text, typed| text.replace(&format!("value=\"{typed}\""), "value=\"LOGIN\""));
        pages.push((page, login, (status, text)));
    }
    for (page, login, shown) in &pages {
        let of_all = pages.iter().filter(|(other, ..)| other == page).map(|(.., shown)| shown).next().expect("one");
        assert!(login.is_empty() || shown == of_all, "{page} {login:?} is answered otherwise");
    }
    // Who has migrated gets a reset, and no such letter.
    let mut migrated = Person::new(&gateway);
    migrated.open("/login?client=COPRO&societe=01").fill("login", "L2002").fill("password", "Pont-9028");
    migrated.press("Connexion").press("Étape suivante").fill("email", loic).press("Suivant");
    let code = gateway.letter_to(loic).code();
    migrated.fill("code", &code).press("Suivant").tick("noted").fill("password", CHOSEN).fill("confirmation", CHOSEN);
    migrated.press("Terminer").see("Votre compte est à jour");
    gateway.let_pass(61);
    let before = gateway.number(TOLD);
    migrated.open(at_kept).fill("login", "L2002").fill("email", loic).press("Valider");
    gateway.letters().wait_for(loic, |letter| letter.subject.contains("choisissez un nouveau"));
    assert_eq!(gateway.number(TOLD), before);
}

#[test]
fn f03_an_identifier_and_an_address_are_answered_after_the_same_time_whoever_is_meant() {
    const FLOOR: std::time::Duration = std::time::Duration::from_millis(600);
    let at_a = |agency: Agency| agency.set("policy.identifier", "legacy").set("policy.order", "proof-first");
    let town = Town::build_with_agency(|site| site.set("server.failure_floor_ms", 600), at_a);
    migrate(&town, ALICE.login, ALICE.password, ALICE.email);
    for (login, email) in [(ALICE.login, ALICE.email), (ALICE.login, NOBODY), ("C99999", NOBODY), ("", ALICE.email)] {
        let mut person = Person::new(&town.gateway);
        let form = person.open(ASK).fill("login", login).fill("email", email).form("Valider");
        let begun = std::time::Instant::now();
        assert_eq!(person.send(&form).status, 200);
        let taken = begun.elapsed();
        assert!(taken >= FLOOR && taken < FLOOR * 3, "{login} {email:?}: {taken:?}");
    }
}

/// The form has two buttons: Enter is the first one's.
#[test]
fn c01_in_a_browser_enter_signs_in_and_forgotten_takes_the_identifier_along() {
    let town = town(Stage::Sqlite);
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "forgotten-by-identifier");
        browser.open(town.gateway.portal(&login_path("a"))).fill("Identifiant", ALICE.login);
        browser.write("#password", "pas-celui-ci").write("#password", ENTER).see(REFUSED).screenshot("refused");
        assert!(!browser.scrolls_sideways());
        browser.fill("Mot de passe", "ni-celui-la").press("Mot de passe oublié ?");
        browser.see("Vous allez recevoir un code").screenshot("forgotten");
        assert_eq!(browser.value("Identifiant"), ALICE.login);
        // No bubble of the browser's: the page says it.
        browser.press("Valider").see("Saisissez votre adresse email.");
        browser.fill("Adresse email associée", ALICE.email).write("#email", ENTER);
        browser.see("Saisissez le code reçu par e-mail").screenshot("sent");
        reset_letter(&town, ALICE.email);
    }
}
