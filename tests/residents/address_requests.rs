//! An address that the agency alone changes, and the request for it (`email_change = "agency"`, 003).

use super::OTHER;
use crate::support::{
    browser::{Browser, Device},
    letters::Letter,
    person::{Person, Request},
    site::{Agency, Site},
    stage::Stage,
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, try_sign_in},
};

on_every_stage! {
    c06_an_address_that_the_agency_changes_is_asked_for_and_changed_by_nobody_else,
}

#[test]
fn c06_what_was_begun_before_the_agency_kept_it_to_itself_changes_nothing() {
    what_was_begun_before(Stage::Sqlite);
}

#[test]
fn c06_what_was_begun_before_the_agency_kept_it_to_itself_changes_nothing_on_postgresql() {
    what_was_begun_before(Stage::Postgres);
}

const CONTACT: &str = "contact@port.example";
const NEW: &str = "alice@ailleurs.example";

fn kept(agency: Agency) -> Agency {
    agency.set("policy.email_change", "agency").set("brand.support_email", CONTACT)
}

fn is_to_agency(letter: &Letter) -> bool {
    letter.subject.contains("changement d'adresse")
}

/// Every way in which a resident changes an address, with what it is sent.
const WAYS: [(&str, &[(&str, &str)]); 4] = [
    ("/account/email", &[("email", NEW), ("confirmation", NEW), ("current", CHOSEN)]),
    ("/account/email", &[]),
    ("/account/email/proof", &[("code", "12345678")]),
    ("/account/email/proof/resend", &[]),
];

/// Sends a form of the account page's to another path, as who writes it by hand does.
fn post(person: &mut Person, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    person.open("/account");
    let mut form = person.form("Se déconnecter");
    form.action.set_path(path);
    for (name, value) in fields {
        form.fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let answer = person.send(&form);
    (answer.status, answer.text())
}

fn c06_an_address_that_the_agency_changes_is_asked_for_and_changed_by_nobody_else(stage: Stage) {
    let town = Town::build_with_agency(|site: Site| site.on(stage), kept);
    let mut alice = town.alice();
    alice.open("/account").see("ne peut être modifiée que par votre agence : Agence du Port").see(ALICE.email);
    for (path, fields) in WAYS {
        let (status, text) = post(&mut alice, path, fields);
        assert_eq!(status, 403, "{path}");
        assert!(text.contains("Votre agence modifie cette adresse"), "{path}: {text}");
    }
    for path in ["/account/email", "/account/email/proof"] {
        alice.open(path).see("Rien n'a été changé").follow("Demander une modification").see("Adresse actuelle");
    }
    let letters = town.gateway.letters().count();
    // What is wrong is said, and nothing that was written is lost.
    alice.press("Envoyer la demande").see("Indiquez la nouvelle adresse, ou écrivez un message");
    alice.fill("email", "alice@ailleurs").fill("message", "Bonjour").press("Envoyer la demande").see("bonne forme");
    assert_eq!(alice.form("Envoyer la demande").value("message").map(str::trim), Some("Bonjour"));
    alice.fill("email", ALICE.email).press("Envoyer la demande").see("déjà la vôtre");
    alice
        .fill("email", "")
        .fill("message", &"a".repeat(1001))
        .press("Envoyer la demande")
        .see("1000 caractères au plus");
    assert_eq!(town.gateway.letters().count(), letters, "nothing was sent");
    alice.fill("email", NEW).fill("message", "Merci <b>d'avance</b>\r\nSubject: x").press("Envoyer la demande");
    alice.see("Votre demande est transmise");
    let asked = town.gateway.letters().wait_for(CONTACT, is_to_agency);
    for words in [ALICE.login, ALICE.email, NEW, "Merci <b>d'avance</b>", "Assurez-vous par un autre moyen"] {
        assert!(asked.text.contains(words), "{words}: {}", asked.text);
    }
    assert!(!asked.html.contains("<b>") && asked.html.contains("&lt;b&gt;"), "{}", asked.html);
    let told = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("demande est transmise"));
    assert!(!told.text.contains(NEW) && told.text.contains("Ce n'est pas vous ?"), "{}", told.text);
    assert_eq!(town.gateway.traced("email-change-requested"), 1);
    // Three a day, and no more.
    for _ in 0..2 {
        alice.open("/account/email/request").fill("message", "Encore").press("Envoyer la demande").see("transmise");
    }
    alice.open("/account/email/request").fill("message", "Encore").press("Envoyer la demande").see("nombre maximal");
    assert_eq!(town.gateway.traced("email-change-requested"), 3);
    let stays = town.gateway.texts("SELECT email FROM credentials");
    assert_eq!(stays, [ALICE.email]);
    // A reset goes on as ever.
    alice.open("/account/password").follow("Mot de passe oublié").see(ALICE.email);
}

fn what_was_begun_before(stage: Stage) {
    let town =
        Town::build_with_agency(|site: Site| site.on(stage), |agency| agency.set("brand.support_email", CONTACT));
    let mut alice = town.alice();
    alice.open("/account/email").fill("email", NEW).fill("confirmation", NEW).fill("current", CHOSEN).press("Valider");
    let letter = town.gateway.letter_to(NEW);
    let file = town.gateway.folder().join("agencies/agence-a.toml");
    let text = std::fs::read_to_string(&file).expect("the agency's file");
    std::fs::write(&file, format!("{text}\n[policy]\nemail_change = \"agency\"\n")).expect("a changed file");
    let done = town.gateway.run("reload", &["--yes"]);
    assert!(done.status.success(), "{done:?}");
    let code = letter.code();
    for (path, fields) in
        [("/account/email/proof", vec![("code", code.as_str())]), ("/account/email/proof/resend", vec![])]
    {
        assert_eq!(post(&mut alice, path, &fields).0, 403, "{path}");
    }
    alice.open("/account").miss(NEW).see("Demander une modification");
    for mut person in [Person::new(&town.gateway), alice] {
        person.open(letter.link()).see("Votre agence modifie cette adresse");
        assert_eq!(person.here().status, 403);
    }
    assert_eq!(town.gateway.texts("SELECT email FROM credentials"), [ALICE.email]);
    // It waits for its time: where the agency thinks better of it, the letter is good.
    std::fs::write(&file, text).expect("the file from before");
    assert!(town.gateway.run("reload", &["--yes"]).status.success());
    let mut anywhere = Person::new(&town.gateway);
    anywhere.open(letter.link()).fill("password", CHOSEN).press("Confirmer mon adresse").see("confirmée");
    assert_eq!(town.gateway.texts("SELECT email FROM credentials"), [NEW]);
}

#[test]
fn c06_of_a_person_at_several_agencies_the_strictest_holds_and_none_learns_of_another() {
    let town = Town::build_with_agencies(
        |site| site,
        |agency| agency,
        |agency| agency.set("policy.email_change", "agency").set("brand.support_phone", "05 61 00 00 00"),
    );
    let mut bob = town.resident(BOB);
    bob.open("/account").miss("Demander une modification").open("/account/email").see("Nouvelle adresse email");
    // Who changes the address alone has nothing to ask for.
    bob.open("/account/email/request").see("Modification de l'adresse email");
    bob.open("/account").press("Se déconnecter");
    try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.press("Étape suivante").follow("J'ai déjà un compte").fill("email", BOB.email).fill("password", CHOSEN);
    bob.press("Connexion").see("Compte associé");
    bob.open("/account").fill("login", BOB.email).fill("password", CHOSEN);
    if bob.sees("Mot de passe oublié") {
        bob.press("Connexion");
    }
    bob.open("/account")
        .see("modifiée que par votre agence : Agence de la Gare")
        .miss("Agence du Port, Agence de la Gare");
    let (status, _) = post(&mut bob, "/account/email", &[("email", NEW), ("confirmation", NEW), ("current", CHOSEN)]);
    assert_eq!(status, 403);
    // It has given no address to write to: there is its telephone, and no form.
    bob.open("/account/email/request")
        .see("05 61 00 00 00")
        .see("ne peut pas être envoyée d'ici")
        .miss("Envoyer la demande");
    let (status, text) = post(&mut bob, "/account/email/request", &[("message", "Bonjour")]);
    assert!(status == 200 && text.contains("05 61 00 00 00"), "{status}");
    assert_eq!(town.gateway.traced("email-change-requested"), 0);
}

#[test]
fn c06_a_request_wants_somebody_signed_in_and_is_erased_with_them() {
    let town = Town::build_with_agency(|site| site, kept);
    let mut stranger = Person::new(&town.gateway);
    stranger.open("/account/email/request").see("Connexion à votre espace client");
    let request = Request::get(town.gateway.portal("/account/email/request"));
    assert_eq!(Person::new(&town.gateway).ask(request).status, 303);
    let mut alice = town.alice();
    alice.open("/account/email/request").fill("message", "Bonjour").press("Envoyer la demande").see("transmise");
    town.gateway.letters().wait_for(CONTACT, is_to_agency);
    let erased = town.gateway.run("person", &["erase", ALICE.email, "--yes", "--reason", "asked for"]);
    assert!(erased.status.success(), "{erased:?}");
    let left = town.gateway.texts("SELECT kind FROM letters");
    assert!(left.iter().all(|kind| !kind.contains(ALICE.email)), "{left:?}");
    let counted = town.gateway.number("SELECT COUNT(*) FROM letter_counts WHERE subject LIKE 'request:%'");
    assert_eq!(counted, 0, "nor that there was a request");
}

#[test]
fn review_003_5_a_forgotten_password_is_asked_for_beside_the_present_one_and_leads_back() {
    let town = Town::build();
    let mut alice = town.alice();
    for page in ["Modifier l'adresse email", "Modifier le mot de passe", "Détacher Agence du Port alice-77"] {
        alice.open("/account").follow(page).follow("Mot de passe oublié").see(ALICE.email).see("Annuler");
        assert_eq!(alice.here().url.path(), "/account/forgotten", "{page}");
    }
    alice.press("Recevoir l'e-mail").see("Un e-mail est en route").see("8 chiffres");
    // Asked again at once, it is the same letter that is on its way.
    alice.press("Renvoyer l'e-mail").see("Un e-mail est en route");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    assert!(town.gateway.letters().look(ALICE.email).is_none_or(|letter| !letter.subject.contains("nouveau mot")));
    let wrong = if letter.code() == "00000000" { "00000001" } else { "00000000" };
    alice.fill("code", wrong).press("Suivant").see("Ce code n'est pas valable");
    alice.fill("code", &letter.code()).press("Suivant").see("Choisissez un nouveau mot de passe");
    alice.fill("password", OTHER).fill("confirmation", OTHER).press("Enregistrer").see("réinitialisé");
    alice.miss("Se déconnecter").follow("Se connecter").fill("login", ALICE.email).fill("password", OTHER);
    alice.press("Connexion").see("Mon compte").see("Connexion et sécurité");
    assert_eq!(alice.here().url.path(), "/account", "back where it began");
    // Nobody who is not signed in asks for it here.
    let mut stranger = Person::new(&town.gateway);
    stranger.open("/account/forgotten").see("Connexion à votre espace client").miss(ALICE.email);
}

#[test]
fn c06_in_a_browser_a_request_fits_and_is_sent() {
    let town = Town::build_with_agency(|site| site, kept);
    town.alice();
    for device in [Device::Desktop, Device::Phone, Device::WithoutJavaScript] {
        let mut browser = Browser::start(device, "address-request");
        browser.open(town.gateway.portal("/account")).fill("Adresse email", ALICE.email).fill("Mot de passe", CHOSEN);
        browser.press("Connexion").see("ne peut être modifiée que par votre agence").screenshot("account");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.follow("Demander une modification").see("Adresse actuelle").screenshot("request");
        assert!(!browser.scrolls_sideways(), "{device:?}");
        browser.press("Envoyer la demande").see("Indiquez la nouvelle adresse").screenshot("missing");
        browser
            .fill("Nouvelle adresse souhaitée (facultatif)", NEW)
            .fill("Votre message à l'agence", "Merci d'avance.");
        browser.press("Envoyer la demande").see("Votre demande est transmise").screenshot("sent");
        browser.follow("Modifier le mot de passe").screenshot("password").follow("Mot de passe oublié ?");
        browser.see(ALICE.email).screenshot("own-reset").press("Recevoir l'e-mail").see("Un e-mail est en route");
        browser.screenshot("own-reset-sent");
        assert!(!browser.scrolls_sideways(), "{device:?}");
    }
}
