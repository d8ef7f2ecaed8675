//! Whose an identifier is that differs from another one in its spelling only: its extranet decides, and is asked once
//! (ATT-25, decision 1 of who a person is).

use std::thread;

use super::taken_back::{guarded, imported};
use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    person::Person,
    site::{Agency, Site},
    stage::Stage,
    town::{
        self, ALICE, BOB, CHOSEN, MALLORY, Town, Who, login_path, migrate_up_to_proof, try_given_anew, try_sign_in,
    },
};

on_every_database! {
    decision_1_two_people_whose_identifiers_differ_in_case_stay_two,
    decision_1_two_spellings_of_one_account_stay_one_and_go_on_where_they_were,
    decision_1_a_neighbour_pays_with_one_wrong_try_once,
    decision_1_a_neighbour_pays_with_one_wrong_try_however_many_come_at_once,
    decision_1_where_the_extranet_does_not_say_nothing_opens,
    decision_1_what_the_file_says_is_not_asked,
    decision_1_the_new_link_bears_the_spelling_that_was_typed,
    att_25_switched_off_credentials_open_nothing_under_any_spelling,
    att_25_a_run_of_another_spelling_does_not_end_with_the_account,
    att_25_guesses_under_every_spelling_share_one_budget,
    decision_1_two_spellings_at_once_do_not_both_get_in,
    decision_1_our_password_goes_nowhere_under_another_spelling,
    decision_1_a_roster_is_read_by_the_spelling_first,
}

const MR: Who = Who { login: "Martin", password: "Vx7-port-grue", email: "paul@residents.example" };
const MRS: Who = Who { login: "martin", password: "Qz3-quai-lune", email: "lise@residents.example" };
const UNCLE: Who = Who { login: "MARTIN", password: "Rk9-mole-vent", email: "jean@residents.example" };
const STRASS: Who = Who { login: "strass-alice", password: "Strass-2019-x", email: "alice@residents.example" };
const ANEW: &str = "Neuf-1234-x";
const SWITCHED_OFF: &str = "Vos anciens identifiants ont été remplacés";
const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
const SPELLINGS: [&str; 11] = [
    "STRASS-ALICE",
    "straß-alice",
    "STRAẞ-ALICE",
    "ｓtrass-alice",
    "strass-ａlice",
    "strass-alice\u{200b}",
    "strass-\u{ad}alice",
    "ﬆrass-alice",
    "stra\u{17f}\u{17f}-alice",
    "strâss-alice",
    "strass\u{2011}alice",
];

/// Agency A with these people, by its form.
fn town(stage: Stage, people: &[Who], change: impl FnOnce(Agency) -> Agency) -> Town {
    let accounts = people.iter().map(|who| Account::new(who.login, who.password, who.login, ""));
    let a = Echo::start(accounts.collect());
    let agency = change(town::agency("agence-a", "CA", "SA", "Agence du Port", &a));
    let gateway = Gateway::start(&Site::new().on(stage).agency(agency));
    Town { gateway, a, b: Echo::start(Vec::new()) }
}

fn learnt(town: &Town, told: &str) -> bool {
    town.gateway.number(&format!("SELECT COUNT(*) FROM identifier_cases WHERE told = '{told}'")) == 1
}

fn decision_1_two_people_whose_identifiers_differ_in_case_stay_two(stage: Stage) {
    let town = town(stage, &[MR, MRS, UNCLE], |agency| agency);
    let (mut his, mut hers) = (Person::new(&town.gateway), Person::new(&town.gateway));
    try_sign_in(&mut his, "a", MR.login, MR.password);
    his.press("Étape suivante").fill("email", MR.email).press("Continuer");
    try_sign_in(&mut hers, "a", MRS.login, MRS.password);
    hers.see("évolue").miss(MR.email).press("Étape suivante").see("Votre adresse email");
    his.open("/migration").see(MR.email);
    assert!(learnt(&town, "apart"));
    town.gateway.rewrite("DELETE FROM flows");
    for who in [MR, MRS, UNCLE] {
        let mut person = town.resident(who);
        person.open(town.at_a("/membre/x")).see(&format!("\"who\":\"{}\"", who.login));
        assert_eq!(town.a.last().values("x-extranet-user"), [who.login]);
    }
    // Each is still who it was.
    town.sign_in(&mut Person::new(&town.gateway), "a", MR.email, CHOSEN);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 3);
    for (command, more) in [("status", &[][..]), ("check", &["--offline"])] {
        let said = town.gateway.run(command, more);
        let said = String::from_utf8_lossy(&said.stdout);
        assert!(said.contains("CA/SA: identifiers that differ in capitals"), "{command}: {said}");
    }
}

fn decision_1_two_spellings_of_one_account_stay_one_and_go_on_where_they_were(stage: Stage) {
    let town = town(stage, &[STRASS], |agency| agency);
    town.a.fold_identifiers();
    let mut pc = Person::new(&town.gateway);
    migrate_up_to_proof(&mut pc, "a", STRASS, STRASS.email);
    let mut phone = Person::new(&town.gateway);
    try_sign_in(&mut phone, "a", "Strass-Alice", STRASS.password);
    phone.see("Vérifiez votre boîte mail");
    assert!(learnt(&town, "alike"));
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 1);
    let code = town.gateway.letter_to(STRASS.email).code();
    phone.fill("code", &code).press("Valider").see("Votre compte est à jour");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links WHERE login = 'strass-alice'"), 1);
}

fn decision_1_a_neighbour_pays_with_one_wrong_try_once(stage: Stage) {
    let town = town(stage, &[MR, MRS, UNCLE], |agency| agency);
    town.resident(MR);
    let before = town.a.attempts(MR.login);
    for who in [MRS, UNCLE, MRS] {
        let mut person = Person::new(&town.gateway);
        try_sign_in(&mut person, "a", who.login, who.password);
        person.see("évolue");
    }
    assert_eq!(town.a.attempts(MR.login), before + 1);
}

fn decision_1_a_neighbour_pays_with_one_wrong_try_however_many_come_at_once(stage: Stage) {
    let mut gate = None;
    let town = town(stage, &[MR, MRS], |agency| guarded(agency, &mut gate));
    let gate = gate.expect("a gate");
    town.resident(MR);
    let before = town.a.attempts(MR.login);
    let forms: Vec<_> = (0..4)
        .map(|_| {
            let mut hers = Person::new(&town.gateway);
            hers.open(login_path("a")).fill("login", MRS.login).fill("password", MRS.password);
            (hers.form("Connexion"), hers)
        })
        .collect();
    gate.close();
    let statuses = thread::scope(|scope| {
        let asked: Vec<_> =
            forms.into_iter().map(|(form, mut hers)| scope.spawn(move || hers.send(&form).status)).collect();
        gate.open_once_held(4);
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<_>>()
    });
    // Who is too early is told to come again, and nothing is opened for anybody who is not her.
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert_eq!(town.a.attempts(MR.login), before + 1);
    assert!(learnt(&town, "apart"));
}

fn decision_1_where_the_extranet_does_not_say_nothing_opens(stage: Stage) {
    let town = town(stage, &[MR, MRS], |agency| agency);
    town.resident(MR);
    town.a.be_silent_to(MR.login);
    let mut hers = Person::new(&town.gateway);
    for _ in 0..7 {
        try_sign_in(&mut hers, "a", MRS.login, MRS.password);
        hers.miss("évolue").miss(REFUSED);
    }
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 0);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM identifier_cases WHERE told IS NOT NULL"), 0);
    town.a.be_silent_to_nobody();
    // Nothing was counted, and who asks again is told.
    try_sign_in(&mut hers, "a", MRS.login, MRS.password);
    hers.see("évolue");
}

fn decision_1_what_the_file_says_is_not_asked(stage: Stage) {
    for (case, opens) in [("exact", true), ("ignore", false)] {
        let town = town(stage, &[MR, MRS], |agency| agency.set("sign_in.identifier_case", case));
        town.resident(MR);
        let before = (town.a.attempts(MR.login), town.a.attempts(MRS.login));
        let mut hers = Person::new(&town.gateway);
        try_sign_in(&mut hers, "a", MRS.login, MRS.password);
        assert_eq!(hers.sees("évolue"), opens, "{case}: {}", hers.words());
        assert_eq!(town.a.attempts(MR.login), before.0, "{case}");
        // Where spellings are one, it is the account that has migrated: its extranet is not asked.
        assert_eq!(town.a.attempts(MRS.login) - before.1, u32::from(opens), "{case}");
    }
}

fn decision_1_the_new_link_bears_the_spelling_that_was_typed(stage: Stage) {
    let town = town(stage, &[STRASS], |agency| agency);
    town.a.fold_identifiers();
    town.resident(STRASS);
    town.a.make_anew(STRASS.login, ANEW);
    let mut anew = Person::new(&town.gateway);
    // As under the spelling that is known: by the form for it only.
    try_sign_in(&mut anew, "a", "Straß-Alice", ANEW);
    anew.see(REFUSED);
    assert!(learnt(&town, "alike"));
    try_given_anew(&mut anew, "a", "Straß-Alice", ANEW);
    anew.see("évolue").press("Étape suivante").fill("email", "anew@residents.example").press("Continuer");
    anew.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = town.gateway.letter_to("anew@residents.example").code();
    anew.fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut anew, "a", "anew@residents.example", CHOSEN);
    anew.open(town.at_a("/membre/x"));
    assert_eq!(town.a.last().values("x-extranet-user"), ["Stra%C3%9F-Alice"]);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1, "who had it gave way");
    town.gateway.letters().wait_for(STRASS.email, |letter| letter.subject.contains("n'est plus accessible"));
}

fn att_25_switched_off_credentials_open_nothing_under_any_spelling(stage: Stage) {
    for folds in [true, false] {
        let town = town(stage, &[STRASS, MALLORY], |agency| agency);
        if folds {
            town.a.fold_identifiers();
        }
        town.resident(STRASS);
        for spelling in SPELLINGS {
            let mut mallory = Person::new(&town.gateway);
            try_sign_in(&mut mallory, "a", spelling, STRASS.password);
            mallory.see(SWITCHED_OFF).see("Mon agence m'a donné un nouveau mot de passe");
            mallory.fill("login", spelling).fill("password", STRASS.password);
            mallory.press("Vérifier auprès de mon agence").see(SWITCHED_OFF);
            town.a.assert_untouched(spelling);
        }
        // Nor where somebody who is signed in attaches an account.
        let mut mallory = town.resident(MALLORY);
        for spelling in SPELLINGS {
            mallory.open("/login?client=CA&societe=SA&attach=1").fill("login", spelling);
            mallory.fill("password", STRASS.password).press("Continuer").see("Ce compte d'agence est déjà associé");
        }
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 0);
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 2);
    }
}

fn att_25_a_run_of_another_spelling_does_not_end_with_the_account(stage: Stage) {
    for told in ["NULL", "'alike'"] {
        let town = town(stage, &[STRASS], |agency| agency);
        town.a.fold_identifiers();
        // Both were begun while nobody knew of the other: as two nodes could, or while the file said "exact".
        town.gateway.rewrite("INSERT INTO identifier_cases (agency, told) VALUES ('CA/SA', 'apart')");
        let mut mallory = Person::new(&town.gateway);
        let other = Who { login: "straß-alice", email: MALLORY.email, ..STRASS };
        migrate_up_to_proof(&mut mallory, "a", other, other.email);
        let code = town.gateway.letter_to(other.email).code();
        town.resident(STRASS);
        town.gateway.rewrite(&format!("UPDATE identifier_cases SET told = {told}"));
        mallory.fill("code", &code).press("Valider").miss("Votre compte est à jour").miss("Une erreur");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1, "{told}");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links WHERE login = 'strass-alice'"), 1, "{told}");
    }
}

fn att_25_guesses_under_every_spelling_share_one_budget(stage: Stage) {
    let town = town(stage, &[STRASS], |agency| agency);
    town.a.fold_identifiers();
    for (number, spelling) in SPELLINGS.into_iter().enumerate() {
        let mut mallory = Person::new(&town.gateway);
        try_sign_in(&mut mallory, "a", spelling, &format!("pas-celui-ci-{number}"));
        mallory.see(REFUSED);
    }
    let tried: u32 = town.a.seen().iter().filter(|seen| seen.method == "POST").count().try_into().expect("few");
    assert!(tried <= 5, "{tried} guesses reached the extranet");
}

fn decision_1_two_spellings_at_once_do_not_both_get_in(stage: Stage) {
    let mut gate = None;
    let town = town(stage, &[STRASS], |agency| guarded(agency, &mut gate));
    let gate = gate.expect("a gate");
    town.a.fold_identifiers();
    gate.close();
    let answers = thread::scope(|scope| {
        let asked: Vec<_> = ["strass-alice", "Strass-Alice"]
            .map(|login| {
                let mut person = Person::new(&town.gateway);
                person.open(login_path("a")).fill("login", login).fill("password", STRASS.password);
                let form = person.form("Connexion");
                scope.spawn(move || person.send(&form))
            })
            .into_iter()
            .collect();
        gate.open_once_held(2);
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<_>>()
    });
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(matches!(statuses[..], [200, 503] | [503, 200]), "{statuses:?}");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 1);
    // Who was too late is told at the next try that it is one account.
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", "STRASS-alice", STRASS.password);
    again.see("évolue");
    assert!(learnt(&town, "alike"));
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 1);
}

fn decision_1_our_password_goes_nowhere_under_another_spelling(stage: Stage) {
    let town = town(stage, &[STRASS, BOB], |agency| agency);
    town.resident(STRASS);
    for spelling in SPELLINGS {
        for by_form in [false, true] {
            let mut person = Person::new(&town.gateway);
            if by_form {
                try_given_anew(&mut person, "a", spelling, CHOSEN);
            } else {
                try_sign_in(&mut person, "a", spelling, CHOSEN);
            }
            person.see(REFUSED);
            town.a.assert_untouched(spelling);
            town.gateway.rewrite("DELETE FROM throttles");
        }
    }
}

fn decision_1_a_roster_is_read_by_the_spelling_first(stage: Stage) {
    let headers = |agency: Agency| agency.set("sign_in.adapter", "trusted-headers");
    let town = town(stage, &[], |agency| headers(agency).without("sign_in.form"));
    let first = "login,password,name\nDurand,Prov-10001,Paul\nMOREL,Prov-10003,Jean\nmorel,Prov-10004,Jean\n";
    let said = imported(&town.gateway, "CA/SA", first, &[]);
    assert!(said.contains(":4: the identifier stands in line 3 already"), "{said}");
    let said = imported(&town.gateway, "CA/SA", "login,password,name\ndurand,Prov-10002,Lise\n", &[]);
    assert!(said.contains("\"Durand\" and \"durand\" differ in capitals"), "{said}");
    for (login, password, opens) in [
        ("Durand", "Prov-10001", true),
        ("durand", "Prov-10002", true),
        ("durand", "Prov-10001", false),
        ("DURAND", "Prov-10001", false),
        ("DURAND", "Prov-10002", false),
        ("morel", "Prov-10003", true),
        ("Môrel", "Prov-10003", true),
    ] {
        let mut person = Person::new(&town.gateway);
        try_sign_in(&mut person, "a", login, password);
        assert_eq!(person.sees("évolue"), opens, "{login} {password}: {}", person.words());
        town.gateway.rewrite("DELETE FROM throttles");
    }
    // The only line that folds so is the account, as the roster spells it.
    town.migrate_named(&mut Person::new(&town.gateway), "a", "morel", "Prov-10003", ALICE.email);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links WHERE login = 'MOREL'"), 1);
    let mut person = Person::new(&town.gateway);
    try_sign_in(&mut person, "a", "Morel", "Prov-10003");
    person.see(SWITCHED_OFF);
    // A whole roster that spells it otherwise takes nothing away.
    let said = imported(&town.gateway, "CA/SA", "login,name\nMorel,Jean\nDurand,Paul\n", &["--replace"]);
    assert!(
        said.contains("1 not in the file, and closed: durand\n") && said.contains("none of them is anybody's"),
        "{said}"
    );
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM roster"), 2);
    imported(&town.gateway, "CA/SA", "login,closed\nmorel,oui\n", &[]);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 0);
}
