//! The login page: one answer for every refusal, and one session for one person in one browser.

use super::{OTHER, REFUSED, cookies_at_a, cookies_at_portal, masked, opens_a, opens_account};
use crate::support::{
    browser::{Browser, Device},
    gateway::Gateway,
    page,
    person::{Answer, Person},
    samples::Samples,
    site::Site,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, DORA, Town, login_path, try_sign_in},
};

on_every_stage! {
    f03_unknown_wrong_locked_and_not_migrated_are_answered_alike_at_the_login,
    f03_whoever_forgot_a_password_is_answered_alike,
    c01_the_login_page_has_what_a_resident_looks_for,
    c01_only_who_asks_for_it_stays_signed_in_and_for_thirty_days_at_most,
    review_b9_what_was_ticked_counts_and_not_how_long_a_session_is,
    f01_wrong_guesses_stay_counted_while_the_extranet_is_silent,
    sec_057_who_signs_in_where_somebody_else_is_ends_that_session,
}

fn f03_unknown_wrong_locked_and_not_migrated_are_answered_alike_at_the_login(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let mut stranger = Person::new(&town.gateway);
    for login in [BOB.email, CAROL.login] {
        for number in 0..6 {
            try_sign_in(&mut stranger, "a", login, &format!("pas-celui-ci-{number}"));
        }
    }
    let tries = [
        ("unknown address", "nobody@residents.example", "pas-celui-ci"),
        ("unknown identifier", "nobody-1", "pas-celui-ci"),
        ("wrong password", ALICE.email, "pas-celui-ci"),
        ("wrong old password of who migrated", ALICE.login, "pas-celui-ci"),
        ("locked, with the right password", BOB.email, CHOSEN),
        ("not migrated", DORA.login, "pas-celui-ci"),
        ("not migrated and locked, with the right password", CAROL.login, CAROL.password),
    ];
    let mut answers = Vec::new();
    for (who, login, password) in tries {
        let mut person = Person::new(&town.gateway);
        person.open(login_path("a")).fill("login", login).fill("password", password);
        let form = person.form("Connexion");
        let answer = person.send(&form);
        assert!(page::words(&answer.text()).contains(REFUSED), "{who}: {}", page::words(&answer.text()));
        answers.push((who, masked(&answer, login)));
    }
    for (who, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{who} is answered otherwise than {}", answers[0].0);
    }
}

fn f03_whoever_forgot_a_password_is_answered_alike(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.resident(BOB);
    let mut stranger = Person::new(&town.gateway);
    for number in 0..6 {
        try_sign_in(&mut stranger, "a", BOB.email, &format!("pas-celui-ci-{number}"));
    }
    let logins = [
        ("unknown", "nobody@residents.example"),
        ("unknown identifier", "nobody-1"),
        ("known", ALICE.email),
        ("known by the old identifier", ALICE.login),
        ("locked", BOB.email),
        ("not migrated", CAROL.login),
        ("not migrated, by address", CAROL.email),
    ];
    let mut answers = Vec::new();
    for (who, login) in logins {
        let mut person = Person::new(&town.gateway);
        person.open("/forgotten?client=CA&societe=SA").fill("login", login);
        let form = person.form("Recevoir l'e-mail");
        let answer = person.send(&form);
        assert!(page::words(&answer.text()).contains("Si un compte existe"), "{who}");
        answers.push((who, masked(&answer, login)));
    }
    for (who, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{who} is answered otherwise than {}", answers[0].0);
    }
}

fn c01_the_login_page_has_what_a_resident_looks_for(stage: Stage) {
    let town = Town::on(stage);
    let mut person = Person::new(&town.gateway);
    person.open(login_path("a")).see("Agence du Port").see("Vous ne parvenez pas à vous connecter ?");
    person.fill("Email ou identifiant", "x").fill("Mot de passe", "y").tick("Garder ma session active");
    let form = person.form("Connexion");
    assert_eq!((form.value("login"), form.value("password"), form.value("keep")), (Some("x"), Some("y"), Some("on")));
    let text = person.here().text();
    assert_eq!(page::attribute(&text, "#password", "type").as_deref(), Some("password"));
    assert_eq!(page::attribute(&text, "#password", "autocomplete").as_deref(), Some("current-password"));
    // The eye is of no use without a script, so only the script shows it.
    assert_eq!(page::count(&text, "button[data-eye=password][type=button][hidden]"), 1);
    person.press("Mot de passe oublié ?").see("Mot de passe oublié").see("Agence du Port");
}

fn c01_only_who_asks_for_it_stays_signed_in_and_for_thirty_days_at_most(stage: Stage) {
    const DAY: i64 = 24 * 3600;
    let town = Town::on(stage);
    town.alice();
    let sign_in = |keep: bool| {
        let mut alice = Person::new(&town.gateway);
        alice.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
        if keep {
            alice.tick("Garder ma session active");
        }
        let form = alice.form("Connexion");
        let request = alice.request_of(&form);
        session_cookie(&alice.ask(request))
    };
    let until_closed = sign_in(false);
    assert!(!until_closed.contains("Max-Age") && !until_closed.contains("Expires"), "{until_closed}");
    let kept = sign_in(true);
    let seconds = kept.split("Max-Age=").nth(1).and_then(|rest| rest.split(';').next()?.parse::<i64>().ok());
    let seconds = seconds.unwrap_or_else(|| panic!("a session that is kept has an age: {kept}"));
    assert!(seconds > DAY && seconds <= 30 * DAY, "{seconds} s");
}

fn review_b9_what_was_ticked_counts_and_not_how_long_a_session_is(stage: Stage) {
    let papers = tempfile::TempDir::new().expect("a folder");
    let file = papers.path().join("cgu.txt");
    std::fs::write(&file, "Conditions\n").expect("the terms");
    for (idle, hours) in [(60, 1), (1440, 24), (1440, 1)] {
        let town = Town::build_with_agency(
            |site| site.on(stage),
            |agency| {
                let agency = agency.set("policy.idle_minutes", idle).set("policy.session_hours", hours);
                agency.with_terms(&file)
            },
        );
        let mut alice = Person::new(&town.gateway);
        town.migrate(&mut alice, "a", ALICE, ALICE.email);
        for keep in [true, false] {
            let mut alice = Person::new(&town.gateway);
            alice.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
            if keep {
                alice.tick("Garder ma session active");
            }
            let form = alice.form("Connexion");
            let request = alice.request_of(&form);
            let mut cookies = vec![session_cookie(&alice.ask(request))];
            // A new cookie for the same session, as it is kept.
            if town.gateway.traced("terms-accepted") == 0 {
                alice.open(login_path("a")).tick("accept");
                let form = alice.form("Continuer");
                let request = alice.request_of(&form);
                cookies.push(session_cookie(&alice.ask(request)));
            }
            for cookie in cookies {
                assert_eq!(cookie.contains("Max-Age"), keep, "{idle} minutes, {hours} hours: {cookie}");
            }
            if keep && idle == 60 {
                town.gateway.rewrite("DELETE FROM acceptances");
            }
        }
    }
}

fn session_cookie(answer: &Answer) -> String {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let lines: Vec<_> = lines.filter(|line| line.starts_with("vestibule=")).collect();
    assert_eq!(lines.len(), 1, "one session: {lines:?}");
    lines[0].to_owned()
}

fn f01_wrong_guesses_stay_counted_while_the_extranet_is_silent(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    town.a.break_login(true);
    let mut stranger = Person::new(&town.gateway);
    for number in 0..5 {
        try_sign_in(&mut stranger, "a", ALICE.email, &format!("pas-celui-ci-{number}"));
        stranger.miss(ALICE.login);
    }
    town.a.break_login(false);
    try_sign_in(&mut stranger, "a", ALICE.email, CHOSEN);
    stranger.see(REFUSED);
}

fn sec_057_who_signs_in_where_somebody_else_is_ends_that_session(stage: Stage) {
    let town = Town::on(stage);
    town.resident(BOB);
    let mut browser = town.alice();
    let alices = (cookies_at_portal(&town, &browser), cookies_at_a(&town, &browser));
    assert!(opens_account(&town, &alices.0) && opens_a(&town, &alices.1), "Alice is signed in");
    // Alice has no account at B, and Bob signs in there: from the login page that he had open before she came.
    let mut form = browser.open("/account").form("Se déconnecter");
    form.action = town.gateway.portal("/login");
    let typed = [("client", "CB"), ("societe", "SB"), ("login", BOB.email), ("password", CHOSEN)];
    form.fields.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    browser.send(&form);
    browser.open("/account").see(BOB.email).miss(ALICE.email);
    assert!(!opens_account(&town, &alices.0), "her session on the portal is over");
    assert!(!opens_a(&town, &alices.1), "and so is the one on her agency's host");
    browser.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"");
}

#[test]
fn b20_provisional_credentials_that_are_over_say_so_only_to_who_knows_them() {
    for by in ["expires_at", "used_at"] {
        let samples = Samples::start();
        let gateway = Gateway::start(&Site::new().agency(samples.agency_b()));
        samples.import_roster(&gateway);
        gateway.end_provisional_passwords(by);
        let mut tenant = Person::new(&gateway);
        for (login, password) in [("L2002", OTHER), ("nobody-1", "Pont-9028"), ("L2001", "Pont-9028")] {
            tenant.open("/login?client=SPI31&societe=02").fill("login", login).fill("password", password);
            tenant.press("Connexion").see(REFUSED).miss("identifiants provisoires");
        }
        tenant.open("/login?client=SPI31&societe=02").fill("login", "L2002").fill("password", "Pont-9028");
        tenant.press("Connexion").see("Vos identifiants provisoires ne sont plus valables").miss("évolue");
    }
}

#[test]
fn review_b6_the_form_for_the_agencys_password_unfolds_below_the_refusal() {
    for device in [Device::Desktop, Device::Phone] {
        let town = Town::build();
        let mut browser = Browser::start(device, "given");
        browser.open(town.gateway.portal(&login_path("a"))).fill("Email ou identifiant", ALICE.login);
        browser.fill("Mot de passe", "pas-celui-ci").press("Connexion").see(REFUSED);
        browser.see("Mon agence m'a donné un nouveau mot de passe").miss("Vérifier auprès de mon agence");
        browser.screenshot("folded").script(
            "const given = document.querySelector('details.given'); given.firstElementChild.click(); given.scrollIntoView()",
        );
        browser.see("Vérifier auprès de mon agence").screenshot("unfolded");
        assert_eq!(browser.value("Identifiant donné par votre agence"), ALICE.login);
        browser.fill("Mot de passe donné par votre agence", ALICE.password).press("Vérifier auprès de mon agence");
        browser.see("évolue");
    }
}
