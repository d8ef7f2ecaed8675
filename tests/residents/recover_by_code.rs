//! « Mot de passe oublié ? » by a code that is typed in the page that asked for it (document 004, c11).

use super::{OTHER, REFUSED, masked};
use crate::support::{
    browser::{Browser, Device},
    letters::Letter,
    page,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, Town, Who, migrate_up_to_proof, try_sign_in},
};

const ASK: &str = "/forgotten?client=CA&societe=SA";
const REFUSED_CODE: &str = "Ce code n'est pas valable, ou ne l'est plus. Vérifiez-le, ou demandez-en un nouveau.";
/// Whom the table of answers is about; nobody knows this one.
const NOBODY: &str = "personne@residents.example";

on_every_stage! {
    c11_a_forgotten_password_is_reset_with_the_code_that_the_letter_has_and_no_link,
    c11_where_both_are_sent_either_of_them_resets_and_once,
    c11_where_links_are_sent_there_is_no_form_and_no_code,
    c11_without_an_agency_the_letter_goes_by_the_persons_own_and_the_page_is_true_for_each,
    c11_another_code_kills_the_one_before_and_none_is_sent_while_a_letter_is_on_its_way,
    c11_a_code_is_worth_nothing_in_another_browser_or_beside_another_name,
    c11_five_wrong_codes_kill_the_right_one_and_what_is_no_code_costs_no_try,
    c11_a_code_asked_for_before_the_password_changed_is_still_the_owners_way_back,
    c11_support_sends_a_letter_that_opens_where_the_page_waits_and_where_it_was_closed,
    f03_a_code_that_opens_nothing_is_answered_alike_for_everybody,
    f02_no_stranger_keeps_the_owner_from_typing_a_code_on_a_known_device,
}

fn c11_a_forgotten_password_is_reset_with_the_code_that_the_letter_has_and_no_link(stage: Stage) {
    let town = by(stage, "code", 12);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    alice.see("Si un compte existe avec ces informations").see("Ne fermez pas cette page").see("nouvel onglet");
    alice.see("Code de vérification").see("12 minutes").see("Recevoir un nouveau code").miss("le lien");
    let letter = reset_letter(&town, ALICE.email);
    assert!(
        letter.text.contains("12 minutes") && letter.text.contains("Ne donnez ce code à personne"),
        "{}",
        letter.text
    );
    assert!(!letter.text.contains("s="), "no link: {}", letter.text);
    alice.fill("code", &grouped(&letter.code())).press("Suivant").see("Choisissez un nouveau mot de passe");
    alice.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("Mot de passe réinitialisé");
    town.sign_in(&mut alice, "a", ALICE.email, OTHER);
    try_sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

fn c11_where_both_are_sent_either_of_them_resets_and_once(stage: Stage) {
    let town = by(stage, "both", 10);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    alice.see("ouvrir le lien").see("10 minutes");
    let letter = reset_letter(&town, ALICE.email);
    // Typed twice, in two tabs, and opened on the telephone as well: the first to choose a password has chosen it.
    let waiting = alice.fill("code", &letter.code()).form("Suivant");
    let by_code = alice.send(&waiting);
    assert!(page::words(&by_code.text()).contains("Choisissez un nouveau mot de passe"));
    alice.open(&by_code.url).fill("password", OTHER).fill("confirmation", OTHER);
    let first = alice.form("Enregistrer");
    let second_link = alice.send(&waiting).url;
    assert_ne!(second_link, by_code.url);
    let mut phone = Person::new(&town.gateway);
    phone.open(letter.link()).see("Choisissez un nouveau mot de passe");
    assert!(page::words(&alice.send(&first).text()).contains("Mot de passe réinitialisé"));
    phone.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Enregistrer").miss("réinitialisé");
    alice.open(&second_link).miss("Choisissez un nouveau mot de passe");
    let late = alice.send(&waiting);
    assert_eq!((late.status, page::words(&late.text()).contains(REFUSED_CODE)), (422, true));
    town.sign_in(&mut alice, "a", ALICE.email, OTHER);
}

fn c11_where_links_are_sent_there_is_no_form_and_no_code(stage: Stage) {
    let town = by(stage, "link", 10);
    migrate_by_link(&town, "a", ALICE);
    let mut alice = asked(&town, ALICE.email);
    alice.see("cliquez sur le lien").miss("Code de vérification").miss("Recevoir un nouveau code");
    let letter = reset_letter(&town, ALICE.email);
    assert!(!letter.text.contains("code"), "{}", letter.text);
    alice.open(letter.link()).see("Choisissez un nouveau mot de passe");
}

fn c11_without_an_agency_the_letter_goes_by_the_persons_own_and_the_page_is_true_for_each(stage: Stage) {
    let at_a = |agency: crate::support::site::Agency| agency.set("policy.confirmation", "code");
    let at_b = |agency: crate::support::site::Agency| agency.set("policy.confirmation", "link");
    let town = Town::build_with_agencies(|site| site.on(stage), at_a, at_b);
    town.alice();
    migrate_by_link(&town, "b", BOB_AT_B);
    let ask = |login: &str| {
        let mut person = Person::new(&town.gateway);
        person.open("/forgotten?by=email").fill("login", login).press("Recevoir l'e-mail");
        person.see("Si un compte existe").see("S'il contient un code").see("S'il contient un lien").miss("minutes)");
        person
    };
    let mut alice = ask(ALICE.email);
    let letter = reset_letter(&town, ALICE.email);
    assert!(!letter.text.contains("s="), "{}", letter.text);
    alice.fill("code", &letter.code()).press("Suivant").see("Choisissez un nouveau mot de passe");
    alice.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("Mot de passe réinitialisé");
    let mut bob = ask(BOB_AT_B.email);
    let letter = reset_letter(&town, BOB_AT_B.email);
    assert!(!letter.text.contains("code"), "{}", letter.text);
    bob.fill("code", "12345678").press("Suivant").see(REFUSED_CODE);
    bob.open(letter.link()).see("Choisissez un nouveau mot de passe");
    let pages = [ALICE.email, BOB_AT_B.email, NOBODY].map(|login| masked(ask(login).here(), login));
    assert_eq!((&pages[0], &pages[0]), (&pages[1], &pages[2]));
}

fn c11_another_code_kills_the_one_before_and_none_is_sent_while_a_letter_is_on_its_way(stage: Stage) {
    let town = by(stage, "code", 10);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    let first = reset_letter(&town, ALICE.email).code();
    let letters = town.gateway.number("SELECT COUNT(*) FROM letters");
    alice.press("Recevoir un nouveau code").see("un e-mail est en route");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM letters"), letters, "the one before is still on its way");
    town.gateway.let_pass(2);
    alice.press("Recevoir un nouveau code").see("un e-mail est en route").see("10 minutes");
    let second = reset_letter(&town, ALICE.email).code();
    alice.fill("code", &first).press("Suivant").see(REFUSED_CODE);
    town.gateway.let_pass(9);
    alice.fill("code", &second).press("Suivant").see("Choisissez un nouveau mot de passe");

    let mut late = asked(&town, ALICE.email);
    let third = reset_letter(&town, ALICE.email).code();
    town.gateway.let_pass(11);
    late.fill("code", &third).press("Suivant").see(REFUSED_CODE);
    late.press("Recevoir un nouveau code");
    late.fill("code", &reset_letter(&town, ALICE.email).code()).press("Suivant").see("Choisissez un nouveau");
}

fn c11_a_code_is_worth_nothing_in_another_browser_or_beside_another_name(stage: Stage) {
    let town = by(stage, "code", 10);
    town.alice();
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    let mut alice = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    let mut mallory = asked(&town, NOBODY);
    let form = mallory.fill("code", &code).form("Suivant");
    for (login, client, societe, by) in [
        (NOBODY, "CA", "SA", ""),
        (ALICE.email, "CA", "SA", ""),
        (ALICE.login, "CA", "SA", ""),
        (ALICE.email, "CB", "SB", ""),
        (ALICE.email, "", "", "email"),
        (BOB.email, "CA", "SA", ""),
    ] {
        let mut form = form.clone();
        for (field, value) in [("login", login), ("client", client), ("societe", societe), ("by", by)] {
            form.remove(field);
            form.fields.push((field.to_owned(), value.to_owned()));
        }
        let answer = mallory.send(&form);
        assert_eq!(answer.status, 422, "{login} {client} {by}");
        assert!(page::words(&answer.text()).contains(REFUSED_CODE), "{login} {client} {by}");
    }
    // In the browser that asked, beside another name: nor is that one's code Alice's.
    let mut other = alice.fill("code", &code).form("Suivant");
    other.set("login", BOB.email);
    assert_eq!(alice.send(&other).status, 422);
    alice.fill("code", &code).press("Suivant").see("Choisissez un nouveau mot de passe");
}

fn c11_five_wrong_codes_kill_the_right_one_and_what_is_no_code_costs_no_try(stage: Stage) {
    let town = by(stage, "code", 10);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    alice.press("Suivant").see("Saisissez les 8 chiffres");
    for no_code in ["1234567", "bonjour", "86991277 11112222", "123456789", "é"] {
        alice.fill("code", no_code).press("Suivant").see(REFUSED_CODE);
    }
    assert_eq!(town.gateway.number("SELECT CAST(SUM(tries) AS BIGINT) FROM recoveries"), 0);
    for _ in 0..5 {
        alice.fill("code", &other_than(&code)).press("Suivant").see(REFUSED_CODE);
    }
    alice.fill("code", &code).press("Suivant").see(REFUSED_CODE);
    town.gateway.let_pass(2);
    alice.press("Recevoir un nouveau code");
    let code = reset_letter(&town, ALICE.email).code();
    for _ in 0..4 {
        alice.fill("code", &other_than(&code)).press("Suivant").see(REFUSED_CODE);
    }
    alice.fill("code", &code).press("Suivant").see("Choisissez un nouveau mot de passe");
}

fn c11_a_code_asked_for_before_the_password_changed_is_still_the_owners_way_back(stage: Stage) {
    let town = by(stage, "code", 10);
    let mut thief = town.alice();
    let mut alice = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    thief.open("/account/password").fill("current", CHOSEN).fill("password", OTHER).fill("confirmation", OTHER);
    thief.press("Enregistrer").see("Votre mot de passe a été modifié");
    alice.fill("code", &code).press("Suivant").fill("password", CHOSEN).fill("confirmation", CHOSEN);
    alice.press("Enregistrer").see("Mot de passe réinitialisé");
    try_sign_in(&mut thief, "a", ALICE.email, OTHER);
    thief.see(REFUSED);
}

fn c11_support_sends_a_letter_that_opens_where_the_page_waits_and_where_it_was_closed(stage: Stage) {
    let town = by(stage, "code", 10);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    let lost = reset_letter(&town, ALICE.email).code();
    let done = town.gateway.run("person", &["resend", ALICE.email, "--reason", "she called", "--yes"]);
    assert!(done.status.success(), "{done:?}");
    let letter = reset_letter(&town, ALICE.email);
    Person::new(&town.gateway).open(letter.link()).see("Choisissez un nouveau mot de passe");
    alice.fill("code", &lost).press("Suivant").see(REFUSED_CODE);
    alice.fill("code", &letter.code()).press("Suivant").see("Choisissez un nouveau mot de passe");
}

/// Known, not known, not migrated, disabled, locked; and of a known one: expired, dead, superseded, used.
fn f03_a_code_that_opens_nothing_is_answered_alike_for_everybody(stage: Stage) {
    let town = by(stage, "code", 10);
    town.alice();
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "a", BOB, BOB.email);
    let mut answers = Vec::new();
    let mut answered = |who: &'static str, person: &mut Person, login: &str, code: &str| {
        let form = person.fill("code", code).form("Suivant");
        answers.push((who, masked(&person.send(&form), login)));
    };
    for (who, login) in [("unknown", NOBODY), ("not migrated", CAROL.login), ("no address", "x@")] {
        answered(who, &mut asked(&town, login), login, "12345678");
    }
    let mut alice = asked(&town, ALICE.email);
    let superseded = reset_letter(&town, ALICE.email).code();
    answered("no code", &mut alice, ALICE.email, "pas un code");
    answered("wrong", &mut alice, ALICE.email, &other_than(&superseded));
    let mut elsewhere = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    answered("superseded", &mut alice, ALICE.email, &superseded);
    for _ in 0..5 {
        answered("wrong, and once more", &mut elsewhere, ALICE.email, &other_than(&code));
    }
    answered("dead", &mut elsewhere, ALICE.email, &code);
    let mut alice = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    town.gateway.let_pass(11);
    answered("expired", &mut alice, ALICE.email, &code);
    let mut bob = asked(&town, BOB.email);
    let code = reset_letter(&town, BOB.email).code();
    let again = bob.fill("code", &code).form("Suivant");
    bob.fill("code", &code)
        .press("Suivant")
        .fill("password", OTHER)
        .fill("confirmation", OTHER)
        .press("Enregistrer")
        .see("réinitialisé");
    answers.push(("used", masked(&bob.send(&again), BOB.email)));
    let locked = "UPDATE throttles SET today = 25 WHERE subject LIKE 'code:%'";
    town.gateway.rewrite(locked);
    answers.push(("used, and locked", masked(&bob.send(&again), BOB.email)));
    let form = alice.fill("code", &code).form("Suivant");
    answers.push(("expired, and locked", masked(&alice.send(&form), ALICE.email)));
    let disabled = town.gateway.run("person", &["disable", BOB.email, "--reason", "by order", "--yes"]);
    assert!(disabled.status.success(), "{disabled:?}");
    answers.push(("disabled", masked(&bob.send(&again), BOB.email)));
    assert!(page::words(&answers[0].1.2).contains(REFUSED_CODE), "{}", answers[0].1.2);
    for (who, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{who} is answered otherwise than {}", answers[0].0);
    }
}

fn f02_no_stranger_keeps_the_owner_from_typing_a_code_on_a_known_device(stage: Stage) {
    let town = by(stage, "code", 10);
    let mut alice = town.alice();
    let mut mallory = asked(&town, ALICE.email);
    reset_letter(&town, ALICE.email);
    mallory.fill("code", "12345678").press("Suivant").see(REFUSED_CODE);
    town.gateway.rewrite("UPDATE throttles SET today = 25, streak = 25 WHERE subject LIKE 'code:%'");
    alice.open("/account").press("Se déconnecter");
    alice.open(ASK).fill("login", ALICE.email).press("Recevoir l'e-mail");
    let code = reset_letter(&town, ALICE.email).code();
    alice.fill("code", &code).press("Suivant").see("Choisissez un nouveau mot de passe");
}

#[test]
fn f03_a_code_that_opens_nothing_takes_the_same_time_for_everybody() {
    const FLOOR: std::time::Duration = std::time::Duration::from_millis(600);
    let at_a = |agency: crate::support::site::Agency| agency.set("policy.confirmation", "code");
    let town = Town::build_with_agency(|site| site.set("server.failure_floor_ms", 600), at_a);
    town.alice();
    for login in [ALICE.email, NOBODY] {
        let mut person = asked(&town, login);
        for code in ["12345678", "pas un code"] {
            let form = person.fill("code", code).form("Suivant");
            let begun = std::time::Instant::now();
            assert_eq!(person.send(&form).status, 422);
            let taken = begun.elapsed();
            assert!(taken >= FLOOR && taken < FLOOR * 3, "{login} {code:?}: {taken:?}");
        }
    }
}

#[test]
fn c11_a_code_is_over_when_the_clock_says_so() {
    let at_a = |agency: crate::support::site::Agency| {
        agency.set("policy.confirmation", "code").set("policy.reset_code_minutes", 5)
    };
    let town = Town::build_with_agency(crate::support::site::Site::with_settable_clock, at_a);
    town.alice();
    let mut alice = asked(&town, ALICE.email);
    let code = reset_letter(&town, ALICE.email).code();
    town.gateway.set_clock(5 * 60 + 10);
    alice.see("5 minutes").fill("code", &code).press("Suivant").see(REFUSED_CODE);
    town.gateway.set_clock(0);
    alice.fill("code", &code).press("Suivant").see("Choisissez un nouveau mot de passe");
}

/// The document's order and labels, with and without JavaScript.
#[test]
fn c11_in_a_browser_a_forgotten_password_is_reset_as_document_004_tells_it() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("policy.confirmation", "code"));
    town.alice();
    let passwords = [OTHER, CHOSEN, "Tilleul-77-banc"];
    for (device, password) in [Device::Desktop, Device::Phone, Device::WithoutJavaScript].into_iter().zip(passwords) {
        let mut browser = Browser::start(device, "reset-by-code");
        browser.open(town.gateway.portal("/login?client=CA&societe=SA")).see("Mot de passe oublié ?");
        browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", "pas celui-ci");
        browser.press("Mot de passe oublié ?");
        browser.see("Saisissez votre adresse email ou votre identifiant");
        assert_eq!(browser.value("Email ou identifiant"), ALICE.email, "taken along, without a script, too");
        assert!(!browser.url().contains("alice"), "no address of anybody's stands in an address");
        browser.fill("Email ou identifiant", ALICE.email).press("Recevoir l'e-mail");
        browser.see("Saisissez le code reçu par e-mail").see("Si un compte existe").see("10 minutes");
        assert!(!browser.scrolls_sideways());
        browser.screenshot("sent");
        let code = reset_letter(&town, ALICE.email).code();
        browser.send_code(&other_than(&code), "Suivant").see(REFUSED_CODE);
        browser.screenshot("refused");
        browser.send_code(&grouped(&code), "Suivant").see("Choisissez un nouveau mot de passe");
        browser.fill("Nouveau mot de passe", password).fill("Confirmez le nouveau mot de passe", password);
        browser.press("Enregistrer").see("Mot de passe réinitialisé");
    }
    let mut browser = Browser::start(Device::Phone, "reset-by-email");
    browser.open(town.gateway.portal("/forgotten?by=email")).fill("Adresse email", NOBODY).press("Recevoir l'e-mail");
    browser.see("Ouvrez votre boîte mail").see("S'il contient un lien").screenshot("by-email");
}

/// A town whose agency A confirms that way, with codes for resets that live so long.
fn by(stage: Stage, confirmation: &'static str, minutes: i64) -> Town {
    Town::build_with_agency(
        |site| site.on(stage),
        |agency| agency.set("policy.confirmation", confirmation).set("policy.reset_code_minutes", minutes),
    )
}

fn migrate_by_link(town: &Town, agency: &str, who: Who) {
    let mut person = Person::new(&town.gateway);
    migrate_up_to_proof(&mut person, agency, who, who.email);
    let link = town.gateway.letter_to(who.email).link();
    person.open(link).press("Confirmer mon adresse").see("Votre compte est à jour");
}

/// Somebody in a new browser who has asked for a letter.
fn asked(town: &Town, login: &str) -> Person {
    let mut person = Person::new(&town.gateway);
    person.open(ASK).fill("login", login).press("Recevoir l'e-mail").see("Si un compte existe");
    person
}

fn reset_letter(town: &Town, address: &str) -> Letter {
    town.gateway.letters().wait_for(address, |letter| letter.subject.contains("nouveau mot de passe"))
}

/// « 8699 1277 », as a letter's reader may write it down.
fn grouped(code: &str) -> String {
    format!("{} {}", &code[..4], &code[4..])
}

fn other_than(code: &str) -> String {
    let number: u32 = code.parse().expect("eight digits");
    format!("{:08}", (number + 1) % 100_000_000)
}
