//! Several accounts of one person at one agency, which the roster says are one person's (document 004: « Votre mot de passe est
//! appliqué à tous vos comptes »).

use std::fs;

use super::OTHER;
use crate::support::{
    page::{self, Form},
    person::Person,
    site::Agency,
    stage::Stage,
    town::{ALICE, BOB, BOB_AGAIN, CAROL, CHOSEN, Town, try_sign_in},
};

on_every_stage! {
    document_004_45_where_headers_are_trusted_the_accounts_of_one_person_come_with_the_first_one_and_a_letter_tells_which,
    document_004_45_what_is_closed_used_somebodys_or_another_persons_does_not_come_along,
    document_004_45_at_another_agency_the_same_words_mean_nothing,
    document_004_45_a_roster_that_says_otherwise_later_neither_attaches_nor_detaches,
    document_004_45_where_the_extranet_wants_old_passwords_the_others_are_offered_each_with_its_own,
}

/// The form with other values.
fn with(form: &Form, values: &[(&str, &str)]) -> Form {
    let mut form = form.clone();
    form.fields.retain(|(name, _)| !values.iter().any(|(other, _)| name == other));
    form.fields.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

const EMAIL: &str = "louise@residents.example";

/// Agency B trusts headers, and its roster is this; agency A is as ever, and has a roster too.
fn town(stage: Stage, b: &str) -> Town {
    let headers = |agency: Agency| agency.set("sign_in.adapter", "trusted-headers");
    let town = Town::build_with_agencies(|site| site.on(stage), |agency| agency, headers);
    import(&town, "CB/SB", b);
    town
}

fn import(town: &Town, agency: &str, roster: &str) {
    let file = town.gateway.folder().join("roster.csv");
    fs::write(&file, roster).expect("a roster");
    let done = town.gateway.run("import", &["--agency", agency, "--yes", file.to_str().expect("a path in UTF-8")]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Which accounts of agency B are whose, by the address of each.
fn attached(town: &Town) -> Vec<String> {
    town.gateway.texts(
        "SELECT c.email || ' ' || l.login FROM links l JOIN credentials c ON c.identity_id = l.identity_id
         WHERE l.agency = 'CB/SB' ORDER BY l.login",
    )
}

fn migrate(town: &Town, login: &str, email: &str) -> Person {
    let mut person = Person::new(&town.gateway);
    town.migrate_named(&mut person, "b", login, &format!("Prov-{login}-x"), email);
    person
}

/// 004.45
fn document_004_45_where_headers_are_trusted_the_accounts_of_one_person_come_with_the_first_one_and_a_letter_tells_which(
    stage: Stage,
) {
    let town = town(
        stage,
        "identifiant;mot de passe;nom;type;courriel;personne\n\
         L-1;Prov-L-1-x;Louise Ferrand;Propriétaire;louise@residents.example;P17\n\
         L-2;Prov-L-2-x;Louise Ferrand;Locataire;autre@residents.example; P17\u{a0}\n\
         L-3;;Louise Ferrand;;;P17\n\
         L-4;Prov-L-4-x;Marc Ferrand;;;P18\n\
         L-5;Prov-L-5-x;;;;\n\
         L-6;Prov-L-6-x;;;;\n",
    );
    let mut louise = migrate(&town, "L-1", EMAIL);
    let hers = ["L-1", "L-2", "L-3"].map(|login| format!("{EMAIL} {login}"));
    assert_eq!(attached(&town), hers, "and nobody's of other words, or of none");
    let letter = town.gateway.letters().wait_for(EMAIL, |letter| letter.subject.contains("vos comptes sont réunis"));
    assert!(letter.text.contains("appliqué à tous vos comptes"), "{}", letter.text);
    assert_eq!(letter.text.lines().filter(|line| line.starts_with("- ")).count(), 2, "{}", letter.text);
    // Whoever the agency knows for one of them is told that another address was chosen.
    town.gateway.letters().wait_for("autre@residents.example", |_| true);
    let traced = "SELECT login FROM audit WHERE event = 'account-attached' AND actor_kind = 'gateway'
                  AND identity_id IS NOT NULL ORDER BY login";
    assert_eq!(town.gateway.texts(traced), ["L-2", "L-3"]);
    // One password for all of them, and the provisional ones are over.
    try_sign_in(&mut louise, "b", EMAIL, CHOSEN);
    louise.see("Quel compte voulez-vous ouvrir ?").see("L-1").see("L-2").see("L-3").miss("L-4");
    louise.press("Ouvrir Agence de la Gare L-2").see("[\"x-extranet-user\",\"L-2\"]");
    let mut late = Person::new(&town.gateway);
    try_sign_in(&mut late, "b", "L-2", "Prov-L-2-x");
    late.see("Vos anciens identifiants ont été remplacés").miss("évolue");
    migrate(&town, "L-5", "seul@residents.example");
    assert!(
        town.gateway.letters().look("seul@residents.example").is_none_or(|letter| !letter.subject.contains("réunis"))
    );
    assert_eq!(attached(&town).len(), 4, "an empty column is nobody's name");
}

fn document_004_45_what_is_closed_used_somebodys_or_another_persons_does_not_come_along(stage: Stage) {
    let town = town(
        stage,
        "login,password,closed,personne\nL-1,Prov-L-1-x,,P\nL-2,Prov-L-2-x,,P\nL-3,Prov-L-3-x,,P\nL-4,Prov-L-4-x,,P\n\
         L-5,Prov-L-5-x,,P\nL-6,Prov-L-6-x,,P\nL-7,Prov-L-7-x,,p\nL-8,Prov-L-8-x,,P\n",
    );
    // Closed; used, and given up since by an operator's act; over; somebody's; about to be somebody's.
    import(&town, "CB/SB", "login,closed\nL-2,oui\n");
    town.gateway.rewrite("UPDATE roster SET used_at = 1 WHERE login = 'L-3'");
    town.gateway.rewrite("UPDATE roster SET expires_at = 1 WHERE login = 'L-4'");
    town.gateway.rewrite("UPDATE roster SET person = NULL WHERE login = 'L-5'");
    migrate(&town, "L-5", "marc@residents.example");
    town.gateway.rewrite("UPDATE roster SET person = 'P' WHERE login = 'L-5'");
    let mut about_to = Person::new(&town.gateway);
    try_sign_in(&mut about_to, "b", "L-6", "Prov-L-6-x");
    about_to.see("évolue");
    migrate(&town, "L-1", EMAIL);
    assert_eq!(
        attached(&town),
        [format!("{EMAIL} L-1"), "marc@residents.example L-5".to_owned(), format!("{EMAIL} L-8")]
    );
    // Who was about to get it goes on; to whom it belongs is that one's password to say.
    about_to.press("Étape suivante").fill("email", "six@residents.example").press("Continuer");
    about_to.fill("password", OTHER).fill("confirmation", OTHER).press("Créer mon compte");
    about_to.fill("code", &town.gateway.letter_to("six@residents.example").code()).press("Valider");
    about_to.see("Votre compte est à jour");
    assert_eq!(attached(&town).len(), 4);
    // Where more bear the same words than anybody has accounts, a column is wrong.
    let many: Vec<String> = (0..25).map(|number| format!("M-{number},Prov-M-{number}-x,locataire\n")).collect();
    let many = many.concat();
    import(&town, "CB/SB", &format!("login,password,personne\n{many}"));
    migrate(&town, "M-0", "m@residents.example");
    assert_eq!(attached(&town).len(), 5, "that one alone");
}

fn document_004_45_at_another_agency_the_same_words_mean_nothing(stage: Stage) {
    let town = town(stage, "login,password,personne\nL-1,Prov-L-1-x,P17\n");
    import(&town, "CA/SA", "login,personne\nalice-77,P17\nbob-12,P17\n");
    migrate(&town, "L-1", EMAIL);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM links"), 1);
}

fn document_004_45_a_roster_that_says_otherwise_later_neither_attaches_nor_detaches(stage: Stage) {
    let town = town(stage, "login,password,personne\nL-1,Prov-L-1-x,P\nL-2,Prov-L-2-x,P\nL-3,Prov-L-3-x,Q\n");
    migrate(&town, "L-1", EMAIL);
    let both = ["L-1", "L-2"].map(|login| format!("{EMAIL} {login}"));
    assert_eq!(attached(&town), both);
    import(&town, "CB/SB", "login,personne\nL-1,P\nL-2,Q\nL-3,P\n");
    assert_eq!(attached(&town), both, "what changes in a column gives and takes nothing");
    let undone = town.gateway.run("import", &["--agency", "CB/SB", "--undo", "--yes"]);
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(attached(&town), both);
    assert_eq!(town.gateway.texts("SELECT person FROM roster ORDER BY login"), ["P", "P", "Q"], "as it was");
    // Whoever migrates the third one is somebody else, or joins.
    migrate(&town, "L-3", "marc@residents.example");
    assert_eq!(attached(&town).len(), 3);
    // A file without the column says nothing of persons any more.
    import(&town, "CB/SB", "login\nL-1\n");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM roster WHERE person IS NULL"), 1);
}

/// 004.45
fn document_004_45_where_the_extranet_wants_old_passwords_the_others_are_offered_each_with_its_own(stage: Stage) {
    let town = Town::on(stage);
    import(
        &town,
        "CA/SA",
        "login,type,personne\nbob-12,propriétaire,P17\nbob-34,locataire,P17\ncarol-3,,P17\nalice-77,,P18\n",
    );
    let mut bob = Person::new(&town.gateway);
    crate::support::town::migrate_up_to_proof(&mut bob, "a", BOB, BOB.email);
    bob.fill("code", &town.gateway.letter_to(BOB.email).code()).press("Valider");
    bob.see("Votre compte est à jour").see("Vous avez d'autres comptes dans cette agence");
    bob.see("bob-34").see("carol-3").miss("alice-77");
    let links = || town.gateway.texts("SELECT login FROM links ORDER BY login");
    assert_eq!(links(), ["bob-12"], "nothing comes by itself");
    // A wrong one counts as any; the others stay as they are.
    let form = bob.form("Ajouter ce compte bob-34");
    let refused = bob.send(&with(&form, &[("password", "pas-celui-ci")]));
    let said = page::words(&refused.text());
    assert!(said.contains("Ce mot de passe n'est pas celui de ce compte"), "{said}");
    let empty = bob.send(&with(&form, &[("password", "")]));
    let said = page::words(&empty.text());
    assert!(empty.status == 422 && said.contains("Saisissez l'ancien mot de passe de ce compte"), "{said}");
    // An account that is not offered is nobody's to add, with whatever password.
    for (account, password) in [(ALICE.login, ALICE.password), ("bob-12", BOB.password), ("", "")] {
        bob.send(&with(&form, &[("account", account), ("password", password)]));
        assert_eq!(links(), ["bob-12"], "{account}");
    }
    let mut elsewhere = Person::new(&town.gateway);
    elsewhere.open("/login?client=CA&societe=SA");
    assert_eq!(links(), ["bob-12"]);
    bob.send(&with(&form, &[("password", BOB_AGAIN.password)]));
    bob.open("/migration").see("Compte associé").see("carol-3").miss("bob-34");
    assert_eq!(links(), ["bob-12", "bob-34"]);
    town.gateway.letters().wait_for(BOB.email, |letter| letter.subject.contains("un compte a été associé"));
    bob.press("Plus tard").see("Connexion");
    try_sign_in(&mut bob, "a", BOB.email, CHOSEN);
    bob.press("Ouvrir Agence du Port bob-34").see("\"who\":\"bob-34\"");
    // What is offered counts for half an hour, and in that browser only.
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue");
    town.gateway.rewrite("UPDATE links SET created_at = created_at - 1860000");
    bob.open("/migration").miss("Vous avez d'autres comptes");
}
