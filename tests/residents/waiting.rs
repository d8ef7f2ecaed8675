//! The page that waits for a letter: in every state the one thing that helps is on top (residents 14).

use crate::support::{
    page,
    person::Person,
    site::Agency,
    stage::Stage,
    town::{CAROL, CHOSEN, DORA, Town, migrate_up_to_proof},
};

on_every_stage! {
    residents_14_in_every_state_the_one_thing_that_helps_is_on_top_and_a_dead_field_is_gone,
    residents_14_who_has_not_opened_the_link_yet_is_told_so,
}

/// Where the first form of the page leads, and whether a code can be typed.
fn on_top(person: &Person) -> (String, bool) {
    let html = person.here().text();
    (page::attribute(&html, "main form", "action").expect("a form"), page::count(&html, "#code") > 0)
}

fn top(action: &str, code: bool) -> (String, bool) {
    (action.to_owned(), code)
}

const WIZARD: &str = "/migration/proof";

fn residents_14_in_every_state_the_one_thing_that_helps_is_on_top_and_a_dead_field_is_gone(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    carol.see("Un e-mail vient d'être envoyé à");
    assert_eq!(on_top(&carol), top(WIZARD, true));
    town.gateway.letter_to(CAROL.email);
    town.gateway.let_pass(5);
    carol.open(WIZARD).see("il y a 5 minutes").miss("vient d'être envoyé");

    // Tried too often: another letter, and nothing to type.
    for guess in 0..5 {
        assert_eq!(on_top(&carol), top(WIZARD, true), "{guess}");
        carol.fill("code", &format!("1234567{guess}")).press("Valider");
    }
    carol.see("essayé trop de fois").miss("Code de vérification");
    assert_eq!((carol.here().status, on_top(&carol)), (422, top("/migration/proof/resend", false)));
    carol.open(WIZARD).see("essayé trop de fois").see("J'ai ouvert le lien");
    assert_eq!((carol.here().status, on_top(&carol)), (200, top("/migration/proof/resend", false)));
    carol.press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
    assert_eq!(on_top(&carol), top(WIZARD, true));

    // Past its time: the code first, the link later; told to who only looks, too.
    town.gateway.letter_to(CAROL.email);
    for (minutes, link) in [(11, true), (50, false)] {
        town.gateway.let_pass(minutes);
        carol.open(WIZARD).see("Le délai est dépassé");
        assert_eq!(on_top(&carol), top("/migration/proof/resend", false), "after {minutes}");
        assert_eq!(carol.sees("J'ai ouvert le lien"), link, "after {minutes}");
    }

    // No more letters: from the beginning.
    for _ in 0..3 {
        carol.press("Renvoyer l'e-mail").see("Un nouvel e-mail est en route");
        town.gateway.letter_to(CAROL.email);
        town.gateway.let_pass(61);
        carol.open(WIZARD);
    }
    carol.see("le nombre maximal d'e-mails a été envoyé").miss("Renvoyer l'e-mail");
    assert_eq!(on_top(&carol), top("/migration/restart", false));
    carol.press("Revenir à la 1re étape").see("Rien n'est perdu");

    // The same where an address is changed, and nothing there is lost by closing the page.
    let mut alice = town.alice();
    alice.open("/account/email").fill("email", "alice@nouvelle.example").fill("confirmation", "alice@nouvelle.example");
    alice.fill("current", CHOSEN).press("Valider").see("vient d'être envoyé").miss("Ne fermez pas cette page");
    town.gateway.letter_to("alice@nouvelle.example");
    town.gateway.let_pass(11);
    alice.open("/account/email/proof").see("Le délai est dépassé");
    assert_eq!(on_top(&alice), top("/account/email/proof/resend", false));
}

fn residents_14_who_has_not_opened_the_link_yet_is_told_so(stage: Stage) {
    let by_link = |agency: Agency| agency.set("policy.confirmation", "link");
    let town = Town::build_with_agency(|site| site.on(stage), by_link);
    let mut dora = Person::new(&town.gateway);
    migrate_up_to_proof(&mut dora, "a", DORA, DORA.email);
    dora.see("Vérifiez votre boîte mail").miss("n'a pas encore été ouvert");
    dora.follow("J'ai ouvert le lien : continuer").see("Le lien n'a pas encore été ouvert");
    assert_eq!(dora.here().status, 200);
    let link = town.gateway.letter_to(DORA.email).link();
    dora.open(&link).press("Confirmer mon adresse").see("Votre compte est à jour");
    dora.open("/migration/proof?opened=1").see("Votre compte est à jour");
}
