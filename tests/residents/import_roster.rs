//! An agency's roster at the command line, and what its residents find afterwards.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output, time::Duration};

use super::OTHER;
use crate::support::{
    eventually,
    gateway::Gateway,
    person::Person,
    samples::Samples,
    site::Site,
    stage::Stage,
    town::{ALICE, BOB, CAROL, CHOSEN, Town, try_sign_in},
};

on_every_database! {
    review_a4_a_roster_that_is_cut_short_is_told_refused_and_can_be_undone,
    review_a4_what_somebody_got_since_stays_when_an_import_is_undone,
    review_a4_an_import_that_is_undone_in_time_writes_to_nobody,
}

/// Three of agency A's residents and its roster of ten.
const WHOLE: &str = "login,name,since
alice-77,Alice,2019
bob-12,Bob,2020
carol-3,Carol,2021
n4,,
n5,,
n6,,
n7,,
n8,,
n9,,
n10,,
";

/// Semicolons, French headings and accents, as an old Windows program writes them; three lines are wrong.
const ROSTER: &str = "identifiant;mot de passe;nom;type;courriel
D100;Prov-4471-x;Hélène Garçon;Locataire;helene@exemple.example
;sans-identifiant;Personne;Locataire;
D101;Prov-9028-y;Loïc Kervella;roi;
D102;Prov-1350-z;Françoise N'Diaye;Copropriétaire;pas-une-adresse
d100;Prov-0000-w;Encore Elle;Locataire;
D103;Prov-7777-v;Aimé Œuvrard;Propriétaire;
";

#[test]
fn b02_good_lines_are_taken_and_bad_ones_are_told_with_their_number_and_kept_apart() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_b()));
    let folder = tempfile::tempdir().expect("a folder");
    let (roster, refused) = (folder.path().join("roster.csv"), folder.path().join("refused.csv"));
    fs::write(&roster, encoding_rs::WINDOWS_1252.encode(ROSTER).0).expect("the roster");
    let path = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let arguments = ["--agency", "SPI31/02", "--refused", &path(&refused), &path(&roster)];
    let done = gateway.run("import", &arguments);
    let (out, told) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.code() == Some(3) && out.contains("2 accounts taken, 4 lines refused"), "{out}{told}");
    for line in
        [":3: the identifier is missing", ":4: \"roi\" is not a kind", ":5: \"pas-une-adresse\"", ":6: the ident"]
    {
        assert!(told.contains(line), "{line} is not told:\n{told}");
    }
    let kept = fs::read_to_string(&refused).expect("the refused lines");
    assert_eq!(kept.lines().count(), 5, "headings and four lines:\n{kept}");
    let mode = fs::metadata(&refused).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "provisional passwords stand in it");
    assert!(kept.contains("Françoise N'Diaye") && kept.contains("is not an e-mail address"), "{kept}");

    let mut tenant = Person::new(&gateway);
    tenant.open("/login?client=SPI31&societe=02").fill("login", "d100").fill("password", "Prov-4471-x");
    tenant.press("Connexion").see("évolue");
    let mut other = Person::new(&gateway);
    other.open("/login?client=SPI31&societe=02").fill("login", "D102").fill("password", OTHER);
    other.press("Connexion").miss("évolue");
}

#[test]
fn an_import_that_cannot_begin_says_why_and_takes_nothing() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_b()));
    let folder = tempfile::tempdir().expect("a folder");
    let roster = folder.path().join("roster.csv");
    fs::write(&roster, "nom;type\nHélène;Locataire\n").expect("the roster");
    let roster = roster.to_str().expect("a path in UTF-8");
    for (agency, reason) in
        [("SPI31/02", "there is no column \"login\""), ("SPI31/99", "the configuration has no agency SPI31/99")]
    {
        let done = gateway.run("import", &["--agency", agency, roster]);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && told.contains(reason), "{told}");
    }
}

/// Imports into the town's agency A.
fn import(town: &Town, roster: &str, more: &[&str]) -> Output {
    let file = town.gateway.folder().join("roster.csv");
    fs::write(&file, roster).expect("a roster");
    let path = file.to_str().expect("a path in UTF-8").to_owned();
    town.gateway.run("import", &[&["--agency", "CA/SA"][..], more, &[&path]].concat())
}

fn taken(town: &Town, roster: &str, more: &[&str]) -> String {
    let done = import(town, roster, more);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{more:?}: {said}");
    said
}

fn refused(town: &Town, roster: &str, more: &[&str]) -> String {
    let done = import(town, roster, more);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{more:?}: {said}");
    said
}

/// What an undo would come to, which changes nothing; nobody is asked.
fn would_be_undone(town: &Town) -> String {
    let done = town.gateway.run("import", &["--agency", "CA/SA", "--undo", "--dry-run"]);
    assert!(done.status.success(), "{done:?}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn undone(town: &Town) -> String {
    let done = town.gateway.run("import", &["--agency", "CA/SA", "--undo", "--yes"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    said
}

fn is_in(town: &Town, person: &mut Person, login: &str) -> bool {
    person.open(town.at_a("/membre/x")).sees(&format!("\"who\":\"{login}\""))
}

/// Everything that is kept of rosters and attachments, but for times of imports.
fn kept(town: &Town) -> Vec<String> {
    let texts = |statement: &str| town.gateway.texts(statement);
    [
        texts(
            "SELECT login_key || ' ' || login || ' ' || COALESCE(name, '-') || ' ' || COALESCE(since, '-') || ' ' || holding
             FROM roster ORDER BY login_key",
        ),
        texts("SELECT login_key FROM closed_accounts ORDER BY login_key"),
        texts("SELECT id || ' ' || identity_id || ' ' || login_key FROM links ORDER BY id"),
        texts("SELECT link_id || ' ' || key_id FROM legacy_secrets ORDER BY link_id"),
        texts("SELECT login_key || ' ' || digest FROM old_digests ORDER BY login_key"),
    ]
    .concat()
}

fn review_a4_a_roster_that_is_cut_short_is_told_refused_and_can_be_undone(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("server.cache_seconds", 60));
    let (mut alice, mut bob) = (town.alice(), town.resident(BOB));
    taken(&town, WHOLE, &["--replace"]);
    let before = kept(&town);
    let short = "login\nalice-77\n";
    let whole = |since: &str| WHOLE.replace("bob-12,Bob,2020", &format!("bob-12,Bob,{since}"));
    // Cut short, a column of dates written otherwise, a column of closed accounts slipped in.
    for (case, roster, arguments) in [
        ("cut short", short.to_owned(), &["--replace"][..]),
        ("other dates", WHOLE.replace(",20", ",01/01/20"), &[]),
        (
            "all closed",
            WHOLE.replace("login,name,since", "login,nom,supprimé").replace(",20", ",oui,").replace(",,", ",oui,"),
            &[],
        ),
    ] {
        let dry = refused(&town, &roster, &[arguments, &["--dry-run"]].concat());
        let told = refused(&town, &roster, &[arguments, &["--yes"]].concat());
        for said in [&dry, &told] {
            assert!(said.contains("policy.roster_loss_percent (10 %) allows"), "{case}: {said}");
            assert!(said.contains("nothing was changed") && said.contains("--accept-loss"), "{case}: {said}");
        }
        assert_eq!(kept(&town), before, "{case}");
    }
    // One account is never too many, but asked for.
    let told = refused(&town, &whole("2026"), &[]);
    assert!(told.contains("1 given to somebody else: bob-12") && told.contains("say --yes"), "{told}");
    assert!(taken(&town, &whole("2026"), &["--dry-run"]).contains("nothing was changed"));
    assert!(refused(&town, short, &["--replace", "--yes", "--accept-loss", "8"]).contains("--accept-loss 8 allows"));
    assert_eq!(kept(&town), before);
    assert!(is_in(&town, &mut alice, "alice-77") && is_in(&town, &mut bob, "bob-12"));

    let done = taken(&town, short, &["--replace", "--yes", "--accept-loss", "9"]);
    assert!(done.contains("9 accounts closed") && done.contains("1 of them are somebody's"), "{done}");
    eventually("Bob to be out", Duration::from_secs(20), || (!is_in(&town, &mut bob, "bob-12")).then_some(()));
    town.gateway.letters().wait_for(BOB.email, |letter| letter.subject.contains("n'est plus accessible"));
    let asked = town.gateway.run("import", &["--agency", "CA/SA", "--undo"]);
    assert!(String::from_utf8_lossy(&asked.stderr).contains("1 letters have gone out"), "{asked:?}");
    assert!(!asked.status.success());
    let now = kept(&town);
    let said = would_be_undone(&town);
    for words in ["10 accounts would stand on the roster", "1 would be their persons' again", "nothing was changed"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert_eq!(kept(&town), now);
    let said = undone(&town);
    assert!(said.contains("10 accounts stand on the roster as before, 1 are their persons' again"), "{said}");
    assert_eq!(kept(&town), before);
    eventually("Bob to be in again", Duration::from_secs(20), || is_in(&town, &mut bob, "bob-12").then_some(()));
    assert!(is_in(&town, &mut alice, "alice-77"));
    // What came before it can be undone as well, and then there is nothing left.
    undone(&town);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM roster"), 0);
    let nothing = town.gateway.run("import", &["--agency", "CA/SA", "--undo", "--yes"]);
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no import of CA/SA can be undone"));
    assert!(is_in(&town, &mut bob, "bob-12"));
    assert_eq!(town.gateway.traced("roster-import-undone"), 2);
}

fn review_a4_what_somebody_got_since_stays_when_an_import_is_undone(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("policy.roster_loss_percent", 100));
    taken(&town, "login,since\nalice-77,2019\nbob-12,2020\n", &[]);
    town.alice();
    let mut carol = Person::new(&town.gateway);
    // A share of everything refuses nothing.
    taken(&town, "login,since\ncarol-3,2026\nalice-77,2026\n", &["--replace", "--yes"]);
    town.migrate(&mut carol, "a", CAROL, CAROL.email);
    let mut albert = Person::new(&town.gateway);
    town.migrate(&mut albert, "a", ALICE, "albert@residents.example");
    let said = would_be_undone(&town);
    assert!(said.contains("2 accounts would stay as they are"), "{said}");
    let said = undone(&town);
    assert!(said.contains("2 accounts stay as they are"), "{said}");
    for (person, email, login) in
        [(&mut carol, CAROL.email, "carol-3"), (&mut albert, "albert@residents.example", "alice-77")]
    {
        town.sign_in(person, "a", email, CHOSEN);
        assert!(is_in(&town, person, login));
    }
    assert_eq!(
        town.gateway.texts("SELECT login_key FROM roster ORDER BY login_key"),
        ["alice-77", "bob-12", "carol-3"]
    );
}

fn review_a4_an_import_that_is_undone_in_time_writes_to_nobody(stage: Stage) {
    let mut town = Town::on(stage);
    town.alice();
    taken(&town, "login\nalice-77\n", &[]);
    town.gateway.stop();
    let letters = town.gateway.letters().count();
    taken(&town, "login,closed\nalice-77,oui\n", &["--yes"]);
    let would = would_be_undone(&town);
    assert!(would.contains("1 would be their persons' again, 1 letters would not go out any more"), "{would}");
    assert!(undone(&town).contains("1 are their persons' again, 1 letters do not go out any more"));
    town.gateway.start_again(0);
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    assert_eq!(town.gateway.letters().count(), letters);
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM letters WHERE answer = 'undone'"), 1);
    // What it says is not true any more, so nobody sends it by the way, and it hinders nobody.
    let run = |command: &str, arguments: &[&str]| {
        let done = town.gateway.run(command, arguments);
        (done.status.code(), crate::support::gateway::words(&done))
    };
    let (code, said) = run("mail", &["resend", "--abandoned"]);
    assert!(code == Some(0) && said.contains("0 letters are due now"), "{said}");
    let id = town.gateway.texts("SELECT id FROM letters WHERE answer = 'undone'").remove(0);
    let (code, said) = run("mail", &["resend", &id]);
    assert!(code == Some(1) && said.contains("the import that it tells of was undone"), "{said}");
    let (_, said) = run("person show", &[ALICE.email]);
    assert!(said.contains("Nothing that is known hinders"), "{said}");
    assert_eq!(town.gateway.letters().count(), letters);
    let mut alice = Person::new(&town.gateway);
    try_sign_in(&mut alice, "a", ALICE.login, ALICE.password);
    alice.miss("évolue");
}

#[test]
fn walk_3_a_roster_of_which_no_line_is_good_ends_as_what_was_not_done() {
    let town = Town::build();
    let file = town.gateway.folder().join("roster.csv");
    let run = |text: &str, more: &[&str]| {
        fs::write(&file, text).expect("a roster");
        let arguments = [&["--agency", "CA/SA", file.to_str().expect("UTF-8")], more].concat();
        let done = town.gateway.run("import", &arguments);
        (done.status.code(), crate::support::gateway::words(&done))
    };
    let refused = town.gateway.folder().join("refused.csv");
    let refused = refused.to_str().expect("UTF-8");
    for more in [&[][..], &["--dry-run"], &["--refused", refused]] {
        let (code, said) = run("login,kind\nd-1,king\n,owner\n", more);
        assert!(code == Some(1) && said.contains("every line is refused"), "{more:?}: {said}");
        let (code, said) = run("login,kind\nd-1,king\nd-2,owner\n", more);
        assert_eq!(code, Some(3), "{more:?}: {said}");
    }
    assert!(fs::read_to_string(refused).expect("a file").contains("d-1"));
}
