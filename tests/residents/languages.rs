//! French first, English for who wants it, from the first page to the last letter.

use crate::support::{
    person::Person,
    town::{CAROL, CHOSEN, Town, login_path},
};

/// Words of the French pages that an English page would not have.
const FRENCH: [&str; 8] =
    ["Connexion", "Mot de passe", "adresse", "Étape", "Continuer", "agence ", "Vérifiez", "Vos données"];

#[test]
fn h01_who_chooses_english_reads_english_to_the_end() {
    let town = Town::build();
    let mut carol = Person::new(&town.gateway);
    carol.open(login_path("a")).see("Connexion à votre espace client").press("English");
    reads_english(&carol);
    carol.fill("login", CAROL.login).fill("password", CAROL.password).press("Sign in");
    reads_english(&carol);
    carol.press("Next step");
    reads_english(&carol);
    carol.fill("email", CAROL.email).press("Continue");
    reads_english(&carol);
    carol.fill("password", "short").fill("confirmation", "short").press("Create my account");
    reads_english(&carol);
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Create my account");
    reads_english(&carol);
    let letter = town.gateway.letter_to(CAROL.email);
    for word in ["Bonjour", "Cordialement", "adresse", "valable"] {
        assert!(!letter.text.contains(word) && !letter.html.contains(word), "{word}: {}", letter.text);
    }
    carol.fill("code", &letter.code()).press("Confirm");
    reads_english(&carol);
    carol.fill("login", CAROL.email).fill("password", CHOSEN).press("Sign in").see("\"who\":\"carol-3\"");
    for page in ["/account", "/account/password", "/account/email", "/confirm?s=x", "/nowhere", "/privacy"] {
        carol.open(page);
        reads_english(&carol);
    }
    carol.open("/account").press("Français").see("Connexion et sécurité");
}

fn reads_english(person: &Person) {
    let words = person.words();
    let french: Vec<_> = FRENCH.iter().filter(|word| words.contains(**word)).collect();
    assert!(french.is_empty(), "{french:?} on {}:\n{words}", person.here().url);
    assert!(person.here().text().contains("<html lang=\"en\""), "{}", person.here().url);
}
