//! What several journeys do in the same way.

use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    samples::Samples,
    site::Site,
    stage::Stage,
};

/// A gateway in front of both sample extranets; « Étape suivante » stays grey for a moment, as for residents.
pub fn gateway(samples: &Samples, stage: Stage) -> Gateway {
    let site =
        Site::new().on(stage).set("policy.notice_seconds", 2).agency(samples.agency_a()).agency(samples.agency_b());
    let gateway = Gateway::start(&site);
    samples.import_roster(&gateway);
    gateway
}

/// Types credentials on the sign-in page that is open.
pub fn sign_in(browser: &mut Browser, login: &str, password: &str) {
    browser.fill("Email ou identifiant", login).fill("Mot de passe", password).press("Connexion");
}

/// What the agency gave out for an account that is attached.
pub fn type_the_agencys(browser: &mut Browser, login: &str, password: &str) {
    browser.fill("Identifiant donné par votre agence", login).fill("Mot de passe donné par votre agence", password);
    browser.press("Continuer");
}

/// Reads the information page and goes on as soon as that is possible.
pub fn read_the_notice(browser: &mut Browser, device: Device) {
    // 000.5, 000.6, 000.7, 000.8, 000.9
    browser.see("Votre accès au portail").see("évolue !").see("Pour mieux protéger vos données").see("(RGPD)");
    browser.see("Vous êtes bien connecté avec vos identifiants habituels").see("Les prochaines étapes");
    // 000.10, 000.11, 000.12, 000.14, 000.15, 000.16
    browser.see("Un e-mail de confirmation").see("vous vous connecterez sur").see("depuis n'importe quel appareil");
    browser.see("Vos anciens identifiants seront désactivés").see("Votre espace client reste inchangé");
    browser.see("le lien « Mot de passe oublié ? »").see("vous pourrez l'associer de la même façon");
    browser.see("Étape suivante").screenshot("notice");
    // 000.17
    if device == Device::WithoutJavaScript {
        // Nothing can be grey without a script: who is too fast is told so, and tries again.
        browser.press("Étape suivante").see("Prenez le temps de lire cette page").screenshot("notice-too-early");
        while !browser.sees("Veuillez saisir") {
            if browser.sees("Étape suivante") {
                browser.press("Étape suivante");
            }
        }
    } else {
        assert!(!browser.can_press("Étape suivante"), "« Étape suivante » stays grey while one reads");
        browser.press("Étape suivante");
    }
}

/// Goes on to the page that asks for the password of the account that exists, and attaches to it.
pub fn attach(browser: &mut Browser, device: Device, email: &str, password: &str) {
    read_the_notice(browser, device);
    let (way, join) = ("J'ai déjà un compte", "Veuillez saisir votre mot de passe pour rattacher vos comptes");
    if browser.sees_first(way, join) {
        browser.follow(way);
    }
    // 000.46, 000.47
    browser.see(join).screenshot("join");
    if browser.count("input#email") > 0 {
        browser.fill("Adresse email", email);
    }
    browser.fill("Mot de passe de votre compte existant", password).press("Connexion");
    // 000.48, 000.49, 000.50, 000.51, 000.52
    browser
        .see("Compte associé ✓")
        .see("a bien été associé à votre nouveau compte")
        .see("suffisent pour tous vos comptes");
    browser.screenshot("joined").press("Continuer").see("Connexion");
    sign_in(browser, email, password);
}

/// Chooses a password, a bad one first.
pub fn choose_a_password(browser: &mut Browser, password: &str, device: Device, button: &str) {
    // 000.22, 000.24, 000.26, 000.27, 001.7
    browser.see("doit respecter les critères suivants").see("Au moins 8 caractères").see(button).screenshot("password");
    let eyes = browser.count("button[data-eye]:not([hidden])");
    assert_eq!(
        eyes,
        if device == Device::WithoutJavaScript { 0 } else { 2 },
        "an eye for each field, for who has scripts"
    );
    browser.fill("Nouveau mot de passe", "soleil").fill("Confirmez le nouveau mot de passe", "soleil");
    if device != Device::WithoutJavaScript {
        // 000.23
        browser.see("à respecter").screenshot("password-criteria");
    }
    browser.press(button).see("Ce mot de passe est trop").screenshot("password-too-short");
    browser.fill("Nouveau mot de passe", password).fill("Confirmez le nouveau mot de passe", password);
    if device != Device::WithoutJavaScript {
        browser.see("respecté").miss("à respecter").screenshot("password-good");
    }
    browser.press(button);
}

/// Reads the terms, prints them, accepts them.
pub fn accept_the_terms(browser: &mut Browser, device: Device) {
    // 000.37, 000.38, 000.41
    browser.see("Conditions Générales d'Utilisation").see("Article 2 - Votre compte").screenshot("terms");
    if device != Device::WithoutJavaScript {
        browser.script("window.print = () => { document.body.dataset.printed = 'yes' }");
        browser.press("Imprimer");
        assert_eq!(browser.script("return document.body.dataset.printed"), "yes", "« Imprimer » prints");
    }
    // 000.40, 000.42, 000.43
    browser.tick("J'ai lu et j'accepte les présentes conditions").press("Continuer");
}

/// Leaves through the extranet's own link or button.
pub fn leave(browser: &mut Browser) {
    browser.follow("Déconnexion").see("déconnect");
    if browser.can_press("Se déconnecter") {
        browser.screenshot("logout").press("Se déconnecter");
    }
    browser.see("Vous êtes déconnecté").screenshot("signed-out");
}

/// Fails where the page is wider than the screen.
pub fn fits(browser: &mut Browser, device: Device) {
    if device != Device::WithoutJavaScript {
        assert!(!browser.scrolls_sideways(), "{} is wider than the screen", browser.url());
    }
}
