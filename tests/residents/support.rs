//! What an operator sees of a resident at the command line, and does, beside a gateway that runs.

use std::process::Output;
use std::time::Duration;

use super::{REFUSED, cookies_at_a, cookies_at_portal, masked, opens_a, opens_account};
use crate::support::{
    eventually,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, migrate_up_to_proof, try_sign_in},
};

/// How long a notice by Redis to the nodes that run may take; what they remember they would keep for a minute.
const AT_ONCE: Duration = Duration::from_secs(3);

on_every_stage! {
    e11_support_is_told_why_somebody_is_locked_out_and_takes_the_lock_away,
    e11_the_letter_that_somebody_waits_for_is_sent_again_with_a_new_secret,
    e11_a_reset_is_sent_again_and_the_older_link_dies,
    e11_an_account_that_is_taken_from_its_person_opens_nothing_and_can_be_attached_again,
    e11_whose_access_is_withdrawn_is_out_at_once_and_told_what_somebody_unknown_is_told,
    e11_whose_access_is_withdrawn_cannot_attach_another_account_by_password,
    e11_who_is_not_found_is_told_with_a_way_out,
}

fn town(stage: Stage) -> Town {
    Town::build_with(|site| site.on(stage).set("server.cache_seconds", 60))
}

/// What the running gateway remembered of these cookies is forgotten: with the command's end, or, where there are others, when
/// its notice has come.
fn is_forgotten(town: &Town, stage: Stage, cookies: &str) {
    if stage.nodes() > 1 {
        let is_out = || (0..stage.nodes()).all(|_| !opens_a(town, cookies));
        eventually("each node to forget what it remembered", AT_ONCE, || is_out().then_some(()));
    }
    assert!(!opens_a(town, cookies), "what the running gateway remembered is forgotten at once");
}

/// Runs `vestibule person`.
fn person(town: &Town, arguments: &[&str]) -> Output {
    town.gateway.run("person", arguments)
}

/// Runs it and gives what it said; it has to succeed.
fn said(town: &Town, arguments: &[&str]) -> String {
    let done = person(town, arguments);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{arguments:?}: {out}{}", String::from_utf8_lossy(&done.stderr));
    for secret in [ALICE.password, BOB.password, CAROL.password, CHOSEN, "$argon2"] {
        assert!(!out.contains(secret), "{arguments:?} shows a secret:\n{out}");
    }
    out
}

/// Runs it and gives why it failed.
fn refused(town: &Town, arguments: &[&str]) -> String {
    let done = person(town, arguments);
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&done.stdout));
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn e11_support_is_told_why_somebody_is_locked_out_and_takes_the_lock_away(stage: Stage) {
    let town = town(stage);
    town.alice();
    let mut elsewhere = Person::new(&town.gateway);
    for _ in 0..6 {
        try_sign_in(&mut elsewhere, "a", ALICE.email, "Not-the-one-1");
        elsewhere.see(REFUSED);
    }
    let told = said(&town, &["show", ALICE.email]);
    for words in ["Locked until", "not known", "alice-77 of CA/SA", "Agence du Port", "the last try", "confirm-address"]
    {
        assert!(told.to_lowercase().contains(&words.to_lowercase()), "{words} is not told:\n{told}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&said(&town, &["show", "alice-77@ca/sa", "--json"])).expect("JSON");
    assert_eq!(json["hindrances"][0]["hindrance"], "locked", "{json}");
    assert_eq!(json["known"]["person"]["email"], ALICE.email);
    let id = json["known"]["person"]["id"].as_str().expect("an id").to_owned();
    assert!(said(&town, &["show", &id]).contains(ALICE.email));

    let why = ["--reason", "called, knew her file number"];
    assert!(refused(&town, &[&["unlock", ALICE.email][..], &why].concat()).contains("say --yes"));
    let without = person(&town, &["unlock", ALICE.email, "--yes"]);
    assert!(!without.status.success(), "a reason is wanted");
    assert!(said(&town, &[&["unlock", ALICE.email, "--yes"][..], &why].concat()).contains("unlocked"));
    town.sign_in(&mut elsewhere, "a", ALICE.email, CHOSEN);
    let told = said(&town, &["show", ALICE.email]);
    assert!(told.contains("Nothing that is known hinders") && told.contains("unlocked from command line"), "{told}");
    assert!(told.contains("called, knew her file number"), "{told}");
}

fn e11_the_letter_that_somebody_waits_for_is_sent_again_with_a_new_secret(stage: Stage) {
    let town = town(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let first = town.gateway.letter_to(CAROL.email).code();
    let told = said(&town, &["show", CAROL.email]);
    assert!(told.contains("carol-3 of CA/SA is not finished: the letter to carol@residents.example of"), "{told}");
    assert!(!told.contains(&first), "a code is shown:\n{told}");
    let resent = said(&town, &["resend", "carol-3@CA/SA", "--yes", "--reason", "the letter did not come"]);
    assert!(resent.contains("confirm-address") && resent.contains(CAROL.email), "{resent}");
    let second = town.gateway.letter_to(CAROL.email).code();
    carol.fill("code", &first).press("Valider").miss("Votre compte est à jour");
    carol.fill("code", &second).press("Valider").see("Votre compte est à jour");
    let nothing = refused(&town, &["resend", CAROL.email, "--yes", "--reason", "once more"]);
    assert!(nothing.contains("waits for no letter") && nothing.contains("hint"), "{nothing}");
    assert_eq!(town.gateway.traced("letter-sent-again"), 1);
}

fn e11_a_reset_is_sent_again_and_the_older_link_dies(stage: Stage) {
    let town = town(stage);
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let is_reset = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let older = town.gateway.letters().wait_for(ALICE.email, is_reset).link();
    said(&town, &["resend", ALICE.email, "--yes", "--reason", "deleted by mistake"]);
    let newer = town.gateway.letters().wait_for(ALICE.email, is_reset).link();
    alice.open(&older).miss("Choisissez un nouveau mot de passe");
    alice.open(&newer).see("Choisissez un nouveau mot de passe");
}

fn e11_an_account_that_is_taken_from_its_person_opens_nothing_and_can_be_attached_again(stage: Stage) {
    let town = town(stage);
    let mut bob = town.resident(BOB);
    let cookies = cookies_at_a(&town, &bob);
    assert!(opens_a(&town, &cookies));
    let why = ["--yes", "--reason", "the extranet gave him another password"];
    let done = said(&town, &[&["unlink", "ca/sa", "BOB-12"][..], &why].concat());
    assert!(done.contains("belongs to nobody"), "{done}");
    is_forgotten(&town, stage, &cookies);
    assert!(said(&town, &["show", BOB.email]).contains("No account is attached"));
    assert!(refused(&town, &[&["unlink", "CA/SA", "bob-12"][..], &why].concat()).contains("nobody has the account"));
    assert_eq!(town.gateway.traced("account-unlinked"), 1);

    bob.open("/account").press("Se déconnecter");
    try_sign_in(&mut bob, "a", BOB.login, BOB.password);
    bob.press("Étape suivante");
    if bob.here().text().contains("name=\"email\"") {
        bob.follow("J'ai déjà un compte").fill("email", BOB.email);
    }
    bob.fill("password", CHOSEN).press("Connexion").see("Compte associé");
    town.sign_in(&mut bob, "a", BOB.email, CHOSEN);
}

fn e11_whose_access_is_withdrawn_is_out_at_once_and_told_what_somebody_unknown_is_told(stage: Stage) {
    let town = town(stage);
    let alice = town.alice();
    let (at_a, at_portal) = (cookies_at_a(&town, &alice), cookies_at_portal(&town, &alice));
    let mut asking = Person::new(&town.gateway);
    asking.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let asked = asking.words();
    let is_reset = |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
    let link = town.gateway.letters().wait_for(ALICE.email, is_reset).link();

    let done = said(&town, &["disable", ALICE.email, "--yes", "--reason", "sold her flat"]);
    assert!(done.contains("1 sign-ins ended"), "{done}");
    is_forgotten(&town, stage, &at_a);
    assert!(!opens_account(&town, &at_portal));
    asking.open(&link).miss("Choisissez un nouveau mot de passe");
    let shown = |login: &str, password: &str| {
        let mut somebody = Person::new(&town.gateway);
        try_sign_in(&mut somebody, "a", login, password);
        masked(somebody.here(), login)
    };
    let unknown = shown("nobody@residents.example", CHOSEN);
    assert!(unknown.2.contains(&REFUSED.replace('\'', "&#x27;")) || unknown.2.contains("inconnu"), "{}", unknown.2);
    assert_eq!(shown(ALICE.email, CHOSEN), unknown, "the new credentials");
    assert_eq!(shown(ALICE.login, ALICE.password), shown("nobody-9", CHOSEN), "the old credentials");
    asking.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    assert_eq!(asking.words(), asked);
    let told = said(&town, &["show", ALICE.email]);
    assert!(told.contains("An operator withdrew the access") && told.contains("the access is withdrawn"), "{told}");
    assert!(refused(&town, &["resend", ALICE.email, "--yes", "--reason", "asked for it"]).contains("disabled"));
    assert!(refused(&town, &["disable", ALICE.email, "--yes", "--reason", "twice"]).contains("already"));
    assert!(town.gateway.letters().look(ALICE.email).is_none(), "no letter goes to whose access is withdrawn");

    said(&town, &["enable", ALICE.email, "--yes", "--reason", "it was her mother's flat"]);
    asking.open(&link).miss("Choisissez un nouveau mot de passe");
    said(&town, &["unlock", ALICE.email, "--yes", "--reason", "tried while it was closed"]);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
}

fn e11_whose_access_is_withdrawn_cannot_attach_another_account_by_password(stage: Stage) {
    let town = town(stage);
    town.alice();
    said(&town, &["disable", ALICE.email, "--yes", "--reason", "by order of the agency"]);
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", DORA.login, DORA.password);
    alice.press("Étape suivante").follow("J'ai déjà un compte");
    alice.fill("email", ALICE.email).fill("password", CHOSEN).press("Connexion").miss("Compte associé");
    assert!(said(&town, &["show", "dora-9@CA/SA"]).contains("Nobody has migrated this account"));
}

fn e11_who_is_not_found_is_told_with_a_way_out(stage: Stage) {
    let town = town(stage);
    for (who, words) in [
        ("nobody@residents.example", "try IDENTIFIER@CLIENT/SOCIETE"),
        ("not a person", "give an e-mail address"),
        ("durand@XX/99", "the configuration has no agency XX/99; it has: CA/SA, CB/SB"),
    ] {
        let told = refused(&town, &["show", who]);
        assert!(told.contains(words), "{who}: {told}");
    }
    let unmigrated = refused(&town, &["disable", "carol-3@CA/SA", "--yes", "--reason", "left the house"]);
    assert!(unmigrated.contains("nobody has migrated") && unmigrated.contains("hint"), "{unmigrated}");
    assert!(said(&town, &["show", "carol-3@CA/SA"]).contains("Nothing is known here of carol-3"));
}
