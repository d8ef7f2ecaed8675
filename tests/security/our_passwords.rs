//! The password that somebody chose here is nobody else's to see, and what an agency gave out anew is asked of its extranet
//! by a form of its own (review B5, B6, B12).

use std::thread;

use super::{letters::at_once, taken_back::gated};
use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    page,
    person::Person,
    site::Site,
    stage::Stage,
    town::{self, ALICE, BOB, CAROL, CHOSEN, DORA, Town, migrate_up_to_proof, try_given_anew, try_sign_in},
};

const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
/// One letter short of what was chosen here.
const NEARLY: &str = "Platane-58-ver";
/// What the agency has given out.
const ANEW: &str = "Neuf-1234-x";
/// What is chosen by a reset.
const BY_RESET: &str = "Cerisier-31-mur";

on_every_database! {
    review_b6_what_is_typed_with_an_address_or_for_a_migrated_account_stays_here,
    review_b6_an_agency_whose_identifiers_are_addresses_says_so,
    review_b6_the_form_for_the_agencys_password_answers_everybody_alike,
    review_b6_the_form_for_the_agencys_password_does_not_send_ours,
    review_b6_the_page_for_the_extranets_new_password_does_not_send_ours,
    review_b0_the_extranets_password_is_kept_only_in_a_session_and_for_an_account_that_stand,
    review_b12_guesses_at_one_old_account_share_one_budget_wherever_they_are_made,
    review_b12_whoever_knows_the_extranets_password_clears_no_guesses_at_the_persons_own,
    review_b5_disabled_wins_over_right_credentials,
}

/// Somebody whose identifier is an address.
const ANNA: &str = "anna@agence.example";
/// The password of everybody whose identifier in the extranet is an address.
const BY_MAIL: &str = "Par-courriel-7";

/// Agency A by its form, or by HTTP Basic, with some identifiers that are addresses.
fn towns(stage: Stage, may_be_email: bool) -> [Town; 2] {
    ["form-replay", "http-basic"].map(|adapter| {
        let account = |login: &str, password: &str, email: &str| Account::new(login, password, "", email);
        let people = [ALICE, BOB, CAROL, DORA].map(|who| account(who.login, who.password, who.email));
        let by_mail = [ALICE.email, CAROL.email, ANNA].map(|email| account(email, BY_MAIL, email));
        let a = Echo::start(people.into_iter().chain(by_mail).collect());
        let agency = town::agency("agence-a", "CA", "SA", "Agence du Port", &a);
        let agency = agency.set("sign_in.may_be_email", may_be_email).set("sign_in.adapter", adapter);
        let agency = if adapter == "form-replay" { agency } else { agency.set("sign_in.basic.page", "/basic/moi") };
        let gateway = Gateway::start(&Site::new().on(stage).agency(agency));
        Town { gateway, a, b: Echo::start(Vec::new()) }
    })
}

fn review_b6_what_is_typed_with_an_address_or_for_a_migrated_account_stays_here(stage: Stage) {
    for town in towns(stage, false) {
        town.resident(ALICE);
        town.resident(BOB);
        disable(&town, BOB.email);
        town.forget();
        let typed = [
            ALICE.email,
            "ALICE@Residents.Example",
            "alice@residents,example",
            "alice@residents",
            "alice＠residents.example",
            "alice@residents.example\u{200b}",
            " alice @residents.example",
            "nobody@residents.example",
            BOB.email,
            ALICE.login,
            "ALICE-77",
            "\u{200b}alice-77 ",
            BOB.login,
        ];
        for login in typed {
            for (number, password) in [NEARLY, CHOSEN].into_iter().enumerate() {
                // Who is right is let in, and does not reach the extranet by what was typed either.
                let is_right = password == CHOSEN && login.to_lowercase().starts_with("alice@residents.example");
                // Another spelling may be somebody else: that is for the extranet to say (`spellings.rs`).
                let is_another = password == NEARLY && login == "ALICE-77";
                if is_right || is_another {
                    continue;
                }
                let mut person = Person::new(&town.gateway);
                try_sign_in(&mut person, "a", login, password);
                person.see(REFUSED).see("Mon agence m'a donné un nouveau mot de passe");
                town.a.assert_untouched(&format!("{login:?}, {number}"));
                town.gateway.rewrite("DELETE FROM throttles");
            }
            // Nor is an address by the form, where the agency has no such identifiers.
            if page::plain(login).contains(['@', '＠']) {
                let mut person = Person::new(&town.gateway);
                try_given_anew(&mut person, "a", login, NEARLY);
                person.see(REFUSED);
                town.a.assert_untouched(&format!("{login:?} by the form"));
                town.gateway.rewrite("DELETE FROM throttles");
            }
        }
        assert!(town.gateway.number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%not-asked%'") > 0);
    }
}

fn review_b6_an_agency_whose_identifiers_are_addresses_says_so(stage: Stage) {
    for town in towns(stage, true) {
        let mut anna = Person::new(&town.gateway);
        try_sign_in(&mut anna, "a", ANNA, BY_MAIL);
        anna.see("évolue");
        // An address that signs somebody in here is asked of the extranet by the form only.
        town.resident(ALICE);
        town.forget();
        let mut alice = Person::new(&town.gateway);
        try_sign_in(&mut alice, "a", ALICE.email, BY_MAIL);
        alice.see(REFUSED);
        town.a.assert_untouched("an address that signs in here");
        try_given_anew(&mut alice, "a", ALICE.email, BY_MAIL);
        alice.see("évolue");
    }
}

fn review_b6_the_form_for_the_agencys_password_answers_everybody_alike(stage: Stage) {
    let town = Town::on(stage);
    town.resident(ALICE);
    town.resident(BOB);
    disable(&town, BOB.email);
    town.a.make_anew(BOB.login, ANEW);
    let people = [
        ("unknown", "nobody-1", "pas-celui-ci"),
        ("not migrated", DORA.login, "pas-celui-ci"),
        ("migrated", ALICE.login, "pas-celui-ci"),
        ("migrated, with the password chosen here", ALICE.login, CHOSEN),
        ("unknown address", "nobody@residents.example", "pas-celui-ci"),
        ("known address", ALICE.email, "pas-celui-ci"),
        ("known address, with its password", ALICE.email, CHOSEN),
        ("withdrawn, with the extranet's password", BOB.login, ANEW),
        ("withdrawn, with the password chosen here", BOB.email, CHOSEN),
    ];
    let mut pages = Vec::new();
    for (who, login, password) in people {
        let mut person = Person::new(&town.gateway);
        try_sign_in(&mut person, "a", "nobody-2", "pas-celui-ci");
        person.fill("login", login).fill("password", password);
        let form = person.form("Vérifier auprès de mon agence");
        let answer = person.send(&form);
        let token = page::attribute(&answer.text(), "input[name=csrf]", "value").unwrap_or_default();
        pages.push((who, (answer.status, answer.text().replace(&token, "TOKEN").replace(login, "LOGIN"))));
        town.gateway.rewrite("DELETE FROM throttles");
    }
    for (who, page) in &pages {
        assert_eq!(page, &pages[0].1, "{who} is answered otherwise than {}", pages[0].0);
    }
}

fn review_b6_the_form_for_the_agencys_password_does_not_send_ours(stage: Stage) {
    for town in towns(stage, false) {
        town.resident(ALICE);
        town.forget();
        let mut alice = Person::new(&town.gateway);
        try_given_anew(&mut alice, "a", ALICE.login, CHOSEN);
        alice.see(REFUSED);
        town.a.assert_untouched("the password chosen here");
        // Nor the old one, which explains itself while the one that is kept is the same.
        try_given_anew(&mut alice, "a", ALICE.login, ALICE.password);
        alice.see("Vos anciens identifiants ont été remplacés");
        town.a.assert_untouched("the old password");
        town.a.make_anew(ALICE.login, ANEW);
        try_given_anew(&mut alice, "a", ALICE.login, ANEW);
        alice.see("évolue");
    }
}

fn review_b6_the_page_for_the_extranets_new_password_does_not_send_ours(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = asked_for_the_extranets(&town);
    let before = town.a.attempts(ALICE.login);
    alice.fill("password", CHOSEN).press("Enregistrer et continuer").see("n'est pas le bon");
    assert_eq!(town.a.attempts(ALICE.login), before, "the password chosen here");
    alice.fill("password", ANEW).press("Enregistrer et continuer").see("\"who\":\"alice-77\"");
}

fn review_b0_the_extranets_password_is_kept_only_in_a_session_and_for_an_account_that_stand(stage: Stage) {
    for (act, kept) in [("nothing", 1), ("reset", 0), ("sign-out", 0), ("disable", 0), ("unlink", 0)] {
        let (town, gate) = gated(stage);
        let mut alice = asked_for_the_extranets(&town);
        // What was kept before is not what this is about.
        town.gateway.rewrite("DELETE FROM legacy_secrets");
        alice.open("/account");
        let leave = alice.form("Se déconnecter");
        let (leave, cookies) = (alice.request_of(&leave), alice.cookie_line(&town.gateway.portal("/")));
        alice.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client").fill("password", ANEW);
        let form = alice.form("Enregistrer et continuer");
        let mut owner = Person::new(&town.gateway);
        if act == "reset" {
            owner.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
            let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot"));
            owner.open(letter.link()).fill("password", BY_RESET).fill("confirmation", BY_RESET);
        }
        gate.close();
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| alice.send(&form));
            gate.meanwhile(|| match act {
                "reset" => {
                    owner.press("Enregistrer").see("Mot de passe réinitialisé");
                }
                "sign-out" => assert_eq!(at_once(1, &town, &leave, &cookies), [303]),
                "disable" => disable(&town, ALICE.email),
                "unlink" => {
                    let why = ["unlink", "CA/SA", ALICE.login, "--yes", "--reason", "by order of the agency"];
                    assert!(town.gateway.run("person", &why).status.success());
                }
                _ => {}
            });
            asked.join().expect("an answer")
        });
        assert!(answer.status < 500, "{act}: {}", answer.text());
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM legacy_secrets"), kept, "{act}: {}", answer.text());
        assert_eq!(town.gateway.traced("upstream-secret-restored"), kept, "{act}");
    }
}

fn review_b12_guesses_at_one_old_account_share_one_budget_wherever_they_are_made(stage: Stage) {
    const SPELLINGS: [&str; 3] = ["alice-77", "ALICE-77", "àlice‑77"];
    // However the five free guesses are spread, the sixth is not made.
    for here in 0..=5 {
        let town = Town::on(stage);
        let mut alice = asked_for_the_extranets(&town);
        let attempts = || SPELLINGS.map(|login| town.a.attempts(login)).iter().sum::<u32>();
        let before = attempts();
        let mut stranger = Person::new(&town.gateway);
        try_sign_in(&mut stranger, "a", "nobody-1", "pas-celui-ci");
        for number in 0..here {
            stranger.fill("login", SPELLINGS[number % 3]).fill("password", "pas-celui-ci");
            stranger.press("Vérifier auprès de mon agence").see(REFUSED);
        }
        for _ in here..5 {
            alice.fill("password", "pas-celui-ci").press("Enregistrer et continuer").see("n'est pas le bon");
        }
        assert_eq!(attempts(), before + 5, "{here} by the form");
        alice.fill("password", ANEW).press("Enregistrer et continuer").see("n'est pas le bon");
        stranger.fill("login", ALICE.login).fill("password", ANEW).press("Vérifier auprès de mon agence").see(REFUSED);
        assert_eq!(attempts(), before + 5, "{here} by the form");
        let why = ["unlock", ALICE.email, "--yes", "--reason", "called, knew her file number"];
        assert!(town.gateway.run("person", &why).status.success());
        alice.fill("password", ANEW).press("Enregistrer et continuer").see("\"who\":\"alice-77\"");
    }
    // Guesses at the old identifier on the sign-in page are of the same budget, though they reach no extranet.
    let town = Town::on(stage);
    let mut alice = asked_for_the_extranets(&town);
    let mut stranger = Person::new(&town.gateway);
    for _ in 0..5 {
        try_sign_in(&mut stranger, "a", ALICE.login, "pas-celui-ci");
    }
    let before = town.a.attempts(ALICE.login);
    alice.fill("password", ANEW).press("Enregistrer et continuer").see("n'est pas le bon");
    assert_eq!(town.a.attempts(ALICE.login), before);
}

fn review_b12_whoever_knows_the_extranets_password_clears_no_guesses_at_the_persons_own(stage: Stage) {
    let town = Town::on(stage);
    town.resident(ALICE);
    town.a.make_anew(ALICE.login, ANEW);
    let mut mallory = Person::new(&town.gateway);
    for _ in 0..3 {
        try_sign_in(&mut mallory, "a", ALICE.login, "pas-celui-ci");
    }
    // The fourth is refused before the form is there.
    try_given_anew(&mut mallory, "a", ALICE.login, ANEW);
    mallory.see("évolue");
    for counter in ["person", "account"] {
        let streak = format!("SELECT streak FROM throttles WHERE subject LIKE '{counter}:%'");
        assert_eq!(town.gateway.number(&streak), 4, "{counter}");
    }
    // Of an account that is nobody's, right credentials end the row.
    try_sign_in(&mut mallory, "a", DORA.login, "pas-celui-ci");
    try_sign_in(&mut mallory, "a", DORA.login, DORA.password);
    mallory.see("évolue");
    assert_eq!(town.gateway.number("SELECT streak FROM throttles WHERE subject LIKE 'account:%dora%'"), 0);
}

fn review_b5_disabled_wins_over_right_credentials(stage: Stage) {
    for town in towns(stage, true) {
        town.resident(CAROL);
        // Somebody else's run waits for Carol's address; another one for her password.
        let mut dora = Person::new(&town.gateway);
        migrate_up_to_proof(&mut dora, "a", DORA, CAROL.email);
        let letter = town.gateway.letters().wait_for(CAROL.email, |letter| letter.subject.contains("déjà un compte"));
        let mut bob = Person::new(&town.gateway);
        try_sign_in(&mut bob, "a", BOB.login, BOB.password);
        bob.press("Étape suivante").follow("J'ai déjà un compte");
        disable(&town, CAROL.email);
        town.a.make_anew(CAROL.login, ANEW);

        let mut carol = Person::new(&town.gateway);
        for (login, password) in [
            (CAROL.login, ANEW),
            (CAROL.login, CAROL.password),
            (CAROL.email, BY_MAIL),
            (CAROL.email, CHOSEN),
            (CAROL.login, CHOSEN),
        ] {
            try_sign_in(&mut carol, "a", login, password);
            carol.see(REFUSED);
            town.gateway.rewrite("DELETE FROM throttles");
            try_given_anew(&mut carol, "a", login, password);
            carol.see(REFUSED);
            town.gateway.rewrite("DELETE FROM throttles");
        }
        Person::new(&town.gateway)
            .open(letter.link())
            .fill("password", CHOSEN)
            .press("Confirmer mon adresse")
            .see("n'est pas le bon");
        dora.fill("code", &letter.code()).press("Valider").fill("password", CHOSEN).press("Connexion");
        dora.miss("Compte associé");
        bob.fill("email", CAROL.email).fill("password", CHOSEN).press("Connexion").miss("Compte associé");
        let links = "SELECT COUNT(*) FROM links";
        assert_eq!(town.gateway.number(links), 1, "nothing was attached");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM credentials"), 1, "nobody was made");
        assert!(town.gateway.number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%\"disabled\"%'") >= 8);
        let shown = town.gateway.run("person", &["show", CAROL.email]);
        let told = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(told.contains("An operator withdrew") && told.contains("the access is withdrawn"), "{told}");
    }
}

/// Alice, whom the extranet refuses with the password that was kept, and who is asked for its new one.
fn asked_for_the_extranets(town: &Town) -> Person {
    let mut alice = town.resident(ALICE);
    town.a.make_anew(ALICE.login, ANEW);
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client");
    alice
}

fn disable(town: &Town, who: &str) {
    let done = town.gateway.run("person", &["disable", who, "--yes", "--reason", "by order of the agency"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
