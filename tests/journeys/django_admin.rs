//! A real application, unmodified, entered through the gateway with nothing but the agency file of the examples.

use std::fs;

use crate::support::{
    gateway::Gateway,
    legacy_app::LegacyApp,
    package,
    person::Person,
    site::{Agency, Site},
    stage::Stage,
};

const EMAIL: &str = "amelie@residents.example";
const CHOSEN: &str = "Platane-58-vert";

#[test]
fn a_resident_works_in_the_django_admin_behind_the_gateway() {
    django_admin(Stage::Sqlite);
}

#[test]
fn a_resident_works_in_the_django_admin_behind_two_nodes_with_redis() {
    django_admin(Stage::TwoNodesWithRedis);
}

fn django_admin(stage: Stage) {
    let Some(app) = LegacyApp::start("djangoadmin") else { return };
    let file = fs::read_to_string(package().join("config/examples/django-admin.toml")).expect("the example");
    let settings: toml::Table = file.parse().expect("the example is TOML");
    let code = |name: &str| settings[name].as_str().expect("a code").to_owned();
    let login = format!("/login?client={}&societe={}", code("client"), code("societe"));
    let agency = Agency::from_toml("agence-a", &file).set("upstream.url", app.origin()).without("terms");
    let gateway = Gateway::start(&Site::new().on(stage).agency(agency));
    let mut amelie = Person::new(&gateway);

    // The application's own credentials open the wizard.
    amelie.open(&login).fill("login", "adufour").fill("password", "faux").press("Connexion");
    amelie.see("Ce couple identifiant et mot de passe est inconnu");
    amelie.fill("login", "adufour").fill("password", "Locataire-2019").press("Connexion").see("évolue");
    amelie.press("Étape suivante").fill("email", EMAIL).press("Continuer");
    amelie.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to(EMAIL).code();
    amelie.fill("code", &code).press("Valider").see("Votre compte est à jour");

    // The new ones enter it, with the person's name, links and forms.
    amelie.open(format!("{login}&return=/admin/")).fill("login", EMAIL).fill("password", CHOSEN).press("Connexion");
    amelie.see("Amélie").follow("Groupes").see("groupe").open(gateway.agency("agence-a", "/admin/auth/group/add/"));
    amelie.fill("name", "Conseil syndical").press("Enregistrer").see("Conseil syndical");
    assert!(!amelie.here().text().contains(&app.origin()), "the application's own address stays inside");

    // A session that is over upstream is renewed without a word.
    app.expire_sessions();
    gateway.let_pass(1);
    amelie.open(gateway.agency("agence-a", "/admin/auth/group/")).see("Conseil syndical").see("Amélie");

    // The application's own login never answers; its own logout button is the gateway's.
    amelie.open(gateway.agency("agence-a", "/admin/login/"));
    assert!(amelie.here().url.path() != "/admin/login/", "not the application's own login: {}", amelie.here().url);
    amelie.open(gateway.agency("agence-a", "/admin/")).press("Déconnexion");
    if !amelie.sees("Vous êtes déconnecté") {
        amelie.press("Se déconnecter").see("Vous êtes déconnecté");
    }
    amelie.open(gateway.agency("agence-a", "/admin/")).miss("Amélie").see("Connexion");
}
