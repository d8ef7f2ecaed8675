//! The wizard: from the old credentials to the new ones, with interruptions.

use super::{OTHER, REFUSED};
use crate::support::{
    browser::{Browser, Device},
    page,
    person::{Person, Request},
    site::Agency,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, Town, login_path, migrate_up_to_proof, try_sign_in},
};

on_every_stage! {
    b01_old_credentials_are_asked_of_the_unchanged_form_once_on_behalf_of_the_resident,
    b10_a_link_that_scanners_open_changes_nothing_until_the_button_is_pressed,
    b12_back_to_the_first_step_means_the_old_credentials_again,
    b12_a_wizard_that_was_given_up_leaves_the_old_access_as_it_was,
    b21_an_interrupted_wizard_goes_on_at_its_step_in_another_browser_and_after_a_restart,
    b23_the_address_that_the_agency_knows_is_told_once_when_another_one_is_chosen,
    b23_whoever_joins_an_account_without_a_letter_has_the_agencys_address_told_too,
    b23_the_letter_to_the_agencys_address_is_one_a_day_and_none_of_its_own,
    b23_whoever_has_no_letters_left_has_the_agencys_address_told_all_the_same,
}

fn b01_old_credentials_are_asked_of_the_unchanged_form_once_on_behalf_of_the_resident(stage: Stage) {
    const HOME: &str = "203.0.113.9";
    let town = Town::build_with(|site| site.on(stage).set("server.trusted_proxies", vec!["127.0.0.1/32"]));
    let mut carol = Person::new(&town.gateway);
    carol.open(login_path("a")).fill("login", CAROL.login).fill("password", CAROL.password);
    let form = carol.form("Connexion");
    town.forget();
    let request = carol.request_of(&form).header("x-forwarded-for", HOME).header("x-forwarded-proto", "http");
    let answer = carol.ask(request);
    assert_eq!(answer.redirect().map(|url| url.path().to_owned()).as_deref(), Some("/migration"));
    assert_eq!(town.a.attempts(CAROL.login), 1, "asked once");
    let seen = town.a.seen();
    let posts: Vec<_> = seen.iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts.len(), 1);
    let body = String::from_utf8_lossy(&posts[0].body).into_owned();
    assert_eq!(posts[0].target, "/identification");
    assert!(body.contains("jeton=") && body.contains("valider=Entrer"), "the form as it stands: {body}");
    for seen in &seen {
        assert_eq!(seen.values("x-forwarded-for"), [HOME], "{} {}", seen.method, seen.target);
    }
    let others = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    assert!(others.into_iter().all(|line| !line.contains("USESSION")), "the extranet's session is not for the browser");
}

fn b10_a_link_that_scanners_open_changes_nothing_until_the_button_is_pressed(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let link = town.gateway.letter_to(CAROL.email).link();
    let url: url::Url = link.parse().expect("an address");
    for round in 0..10 {
        let method = if round % 2 == 0 { reqwest::Method::GET } else { reqwest::Method::HEAD };
        let scanner = Request::get(url.clone()).method(method).header("user-agent", "Mozilla/5.0 MailScanner");
        let answer = Person::new(&town.gateway).visit(scanner);
        assert_eq!(answer.status, 200, "round {round}");
    }
    carol.open("/migration/proof").see("Vérifiez votre boîte mail");
    try_sign_in(&mut Person::new(&town.gateway), "a", CAROL.email, CHOSEN);
    assert_eq!(town.gateway.traced("migrated"), 0, "nothing has happened yet");
    carol.open(&link).press("Confirmer mon adresse").see("Votre compte est à jour");
    assert_eq!(town.gateway.traced("migrated"), 1);
    carol.open(&link).see("Ce lien a déjà été utilisé");
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
}

fn b12_back_to_the_first_step_means_the_old_credentials_again(stage: Stage) {
    let town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let letter = town.gateway.letter_to(CAROL.email);
    carol.press("Revenir à la 1re étape").see("Connexion à votre espace client").see("Agence du Port");
    carol.open("/migration").see("Reprenons au début").miss(CAROL.email);
    carol.open(letter.link()).miss("Confirmer mon adresse");
    try_sign_in(&mut carol, "a", CAROL.login, OTHER);
    carol.see(REFUSED);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue").press("Étape suivante").see("Votre adresse email");
}

fn b12_a_wizard_that_was_given_up_leaves_the_old_access_as_it_was(stage: Stage) {
    let town = Town::on(stage);
    migrate_up_to_proof(&mut Person::new(&town.gateway), "a", CAROL, CAROL.email);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.email, CHOSEN);
    carol.see(REFUSED);
    let before = town.a.sign_ins();
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.miss(REFUSED).see("Vérifiez votre boîte mail");
    assert_eq!(town.a.sign_ins(), before + 1, "the extranet takes the old password as ever");
}

#[test]
fn b13_the_rules_on_the_page_are_the_servers_rules_and_need_no_script() {
    for (preset, good) in [("cnil-50", "Platane8"), ("cnil-80", "Platane-vert-58"), ("classic-8", "Platane8")] {
        let town = Town::build_with_agency(|site| site, |agency| agency.set("policy.password", preset));
        let mut carol = Person::new(&town.gateway);
        try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
        carol.press("Étape suivante").fill("email", CAROL.email).press("Continuer").see("Votre nouveau mot de passe");
        let text = carol.here().text();
        let rules = rules(&text);
        assert!(!rules.is_empty(), "{preset}: the page lists its rules");
        carol.see("Votre mot de passe doit respecter les critères suivants");
        assert_eq!(page::count(&text, "button[data-eye][hidden]"), 2, "an eye for each field, for who has scripts");
        let tries = [
            "platane",
            "platanes",
            "PLATANES",
            "Platanes",
            "platane8",
            "PLATANE8",
            "Platane",
            "Plat-8",
            "Platane-vert",
            "platane-vert-58",
            "PLATANE-VERT-58",
            "Platanevert58",
            "Platane-vert-x",
            "12345-67890-12",
        ];
        for password in tries.into_iter().filter(|password| !meets(&rules, password)) {
            carol.fill("password", password).fill("confirmation", password).press("Créer mon compte");
            carol.see("Ce mot de passe").miss("Vérifiez votre boîte mail");
        }
        assert!(meets(&rules, good), "{preset}: {rules:?}");
        carol.fill("password", good).fill("confirmation", good).press("Créer mon compte");
        carol.see("Vérifiez votre boîte mail");
    }
}

#[test]
fn b13_six_characters_are_enough_where_the_agency_has_taken_the_responsibility() {
    let six = |agency: Agency| agency.set("policy.password", "short-6").set("policy.accept_below_cnil", true);
    let town = Town::build_with_agency(|site| site, six);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.press("Étape suivante").fill("email", CAROL.email).press("Continuer");
    // 000.25
    carol.see("Au moins 6 caractères").see("une majuscule").see("une minuscule").see("un caractère spécial");
    for short in ["Plat-", "plat-x", "PLAT-X", "Platax"] {
        carol.fill("password", short).fill("confirmation", short).press("Créer mon compte");
        carol.see("Ce mot de passe");
    }
    carol.fill("password", "Plat-x").fill("confirmation", "Plat-x").press("Créer mon compte");
    carol.see("Vérifiez votre boîte mail");
}

#[test]
fn b13_the_eye_shows_what_is_typed_and_the_rules_tick_as_one_types() {
    let town = Town::build();
    let mut browser = Browser::start(Device::Desktop, "password");
    browser.open(town.gateway.portal(&login_path("a"))).fill("Email ou identifiant", CAROL.login);
    browser.fill("Mot de passe", CAROL.password).press("Connexion").press("Étape suivante");
    browser.fill("Adresse email", CAROL.email).press("Continuer").see("à respecter");
    let kind = "return document.getElementById('password').type";
    assert_eq!(browser.script(kind), "password");
    browser.fill("Nouveau mot de passe", CHOSEN).press("Afficher");
    assert_eq!(browser.script(kind), "text");
    browser.see("respecté").miss("à respecter").screenshot("shown");
}

/// Rules and their numbers, as the page lists them.
fn rules(html: &str) -> Vec<(String, usize)> {
    let document = scraper::Html::parse_document(html);
    let items = scraper::Selector::parse("[data-rule]").expect("a selector");
    let read = |item: scraper::ElementRef<'_>| {
        let number = item.value().attr("data-number").and_then(|number| number.parse().ok()).unwrap_or(0);
        (item.value().attr("data-rule").expect("a rule").to_owned(), number)
    };
    document.select(&items).map(read).collect()
}

/// What a person who reads the list would say.
fn meets(rules: &[(String, usize)], password: &str) -> bool {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let special = |c: char| !c.is_alphanumeric();
    let kinds = [has(char::is_uppercase), has(char::is_lowercase), has(char::is_numeric), has(special)];
    rules.iter().all(|(rule, number)| match rule.as_str() {
        "length" => password.chars().count() >= *number,
        "upper" => kinds[0],
        "lower" => kinds[1],
        "digit" => kinds[2],
        "special" => kinds[3],
        "kinds" => kinds.iter().filter(|kind| **kind).count() >= *number,
        other => panic!("an unknown rule: {other}"),
    })
}

fn b21_an_interrupted_wizard_goes_on_at_its_step_in_another_browser_and_after_a_restart(stage: Stage) {
    let mut town = Town::on(stage);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("Votre accès au portail");
    carol = moved(&mut town, &mut carol, "Votre accès au portail");
    carol.press("Étape suivante").see("Votre adresse email");
    carol = moved(&mut town, &mut carol, "vérifiez que votre boîte mail");
    carol.fill("email", CAROL.email).press("Continuer").see("Votre nouveau mot de passe");
    carol = moved(&mut town, &mut carol, "Ce mot de passe sera celui de votre compte");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    carol.see("Vérifiez votre boîte mail");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol = moved(&mut town, &mut carol, "Vérifiez votre boîte mail");
    carol.see(CAROL.email).fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut carol, "a", CAROL.email, CHOSEN);
}

/// The gateway is restarted, the old credentials are typed in a new browser, and the first one is told to start again.
fn moved(town: &mut Town, before: &mut Person, page: &str) -> Person {
    town.gateway.restart();
    let mut now = Person::new(&town.gateway);
    try_sign_in(&mut now, "a", CAROL.login, CAROL.password);
    now.see(page);
    before.open("/migration").see("Reprenons au début").miss(page).miss(CAROL.email);
    now
}

fn b23_the_address_that_the_agency_knows_is_told_once_when_another_one_is_chosen(stage: Stage) {
    let agency = |agency: Agency| agency.set("brand.support_phone", "05 61 00 00 23");
    let town = Town::build_with_agency(|site| site.on(stage), agency);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, "nouvelle@ailleurs.example");
    let letter = town.gateway.letter_to(CAROL.email);
    assert!(letter.subject.contains("Agence du Port : une autre adresse email a été choisie"), "{}", letter.subject);
    assert!(letter.text.contains("Agence du Port") && letter.text.contains("05 61 00 00 23"), "{}", letter.text);
    assert!(letter.text.contains("Contactez tout de suite"), "{}", letter.text);
    for secret in ["nouvelle", "ailleurs", CAROL.login, "s="] {
        assert!(!letter.text.contains(secret), "{secret}: {}", letter.text);
    }
    // Another address, the same run: the agency's knows already.
    carol.press("Modifier l'adresse").fill("email", "encore@ailleurs.example").press("Continuer");
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = town.gateway.letter_to("encore@ailleurs.example").code();
    carol.fill("code", &code).press("Valider").see("Votre compte est à jour");
    assert!(town.gateway.letters().look(CAROL.email).is_none(), "told once");
    // Who takes the address that the agency knows, in whatever case, is told nothing more.
    town.migrate(&mut Person::new(&town.gateway), "a", BOB, "BOB@Residents.Example");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM letters WHERE kind LIKE '%address-chosen%'"), 1);
}

fn b23_whoever_joins_an_account_without_a_letter_has_the_agencys_address_told_too(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut mallory = Person::new(&town.gateway);
    try_sign_in(&mut mallory, "a", CAROL.login, CAROL.password);
    mallory.press("Étape suivante").follow("J'ai déjà un compte").fill("email", ALICE.email).fill("password", CHOSEN);
    mallory.press("Connexion").see("Compte associé");
    let letter = town.gateway.letter_to(CAROL.email);
    assert!(letter.subject.contains("une autre adresse") && !letter.text.contains("alice"), "{}", letter.text);
}

const TOLD: &str = "SELECT COUNT(*) FROM letters WHERE kind LIKE '%address-chosen%'";

fn b23_the_letter_to_the_agencys_address_is_one_a_day_and_none_of_its_own(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("mail.limits.per_address", 1));
    for run in 0..5 {
        let mut stranger = Person::new(&town.gateway);
        migrate_up_to_proof(&mut stranger, "a", CAROL, &format!("nouvelle-{run}@ailleurs.example"));
        stranger.press("Revenir à la 1re étape");
    }
    town.gateway.letter_to(CAROL.email);
    assert_eq!(town.gateway.number(TOLD), 1);
    // The one letter of this hour is still hers.
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    town.gateway.letter_to(CAROL.email);
    carol.press("Revenir à la 1re étape");
    // The next day there is another one.
    town.gateway.rewrite("UPDATE letter_counts SET counted_at = counted_at - 86400001");
    let mut stranger = Person::new(&town.gateway);
    migrate_up_to_proof(&mut stranger, "a", CAROL, "encore@ailleurs.example");
    assert_eq!(town.gateway.number(TOLD), 2);
}

fn b23_whoever_has_no_letters_left_has_the_agencys_address_told_all_the_same(stage: Stage) {
    for limit in ["per_client", "per_agency", "per_hour"] {
        let town = Town::build_with(|site| site.on(stage).set(&format!("mail.limits.{limit}"), 5));
        town.alice();
        let mut mallory = Person::new(&town.gateway);
        for _ in 0..5 {
            mallory.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
        }
        try_sign_in(&mut mallory, "a", CAROL.login, CAROL.password);
        mallory
            .press("Étape suivante")
            .follow("J'ai déjà un compte")
            .fill("email", ALICE.email)
            .fill("password", CHOSEN);
        mallory.press("Connexion").see("Compte associé");
        assert_eq!(town.gateway.number(TOLD), 1, "{limit}");
    }
}
