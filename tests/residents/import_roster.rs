//! An agency's roster at the command line, and what its residents find afterwards.

use std::fs;

use super::OTHER;
use crate::support::{gateway::Gateway, person::Person, samples::Samples, site::Site};

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
    assert!(done.status.success() && out.contains("2 accounts taken, 4 lines refused"), "{out}{told}");
    for line in
        [":3: the identifier is missing", ":4: \"roi\" is not a kind", ":5: \"pas-une-adresse\"", ":6: the ident"]
    {
        assert!(told.contains(line), "{line} is not told:\n{told}");
    }
    let kept = fs::read_to_string(&refused).expect("the refused lines");
    assert_eq!(kept.lines().count(), 5, "headings and four lines:\n{kept}");
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
    for (agency, reason) in [("SPI31/02", "there is no column \"login\""), ("SPI31/99", "there is no agency SPI31/99")]
    {
        let done = gateway.run("import", &["--agency", agency, roster]);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && told.contains(reason), "{told}");
    }
}
