//! Where one stands after signing in without having asked for a page (F2, case 29, decision 63).

use crate::support::{
    person::Person,
    town::{ALICE, CHOSEN, Town, try_sign_in},
};

/// Signs in anew, without a page to come back to; where that has led.
fn lands(town: &Town) -> String {
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    again.see("\"who\":\"alice-77\"");
    again.here().url.path().to_owned()
}

#[test]
fn f2_without_a_page_to_come_back_to_one_stands_where_the_extranets_own_login_leads() {
    let town = Town::build();
    let mut alice = town.alice();
    assert_eq!(lands(&town), "/membre/accueil");
    // Pressed twice: what came of the first press never arrived, and its sign-in serves the second one.
    alice.open(town.at_a("/.vestibule/begin?return=%2F"));
    assert_eq!(alice.here().url.path(), "/membre/accueil");
    let mut twice = Person::new(&town.gateway);
    for url in [town.gateway.portal("/"), town.gateway.agency("agence-a", "/")] {
        for (name, value) in alice.cookies(&url).into_iter().filter(|(name, _)| name.starts_with("vestibule")) {
            twice.plant(&url, &name, &value);
        }
    }
    let signed_in = town.a.sign_ins();
    twice.open(town.at_a("/.vestibule/begin")).see("\"who\":\"alice-77\"");
    assert_eq!((twice.here().url.path(), town.a.sign_ins()), ("/membre/accueil", signed_in), "one sign-in for both");
    // The extranet's own login leads there, too, and a page that was asked for is come back to.
    assert_eq!(alice.open(town.at_a("/identification")).here().url.path(), "/membre/accueil");
    let mut other = Person::new(&town.gateway);
    other.open(town.at_a("/membre/dossiers?n=2")).fill("login", ALICE.email).fill("password", CHOSEN);
    other.press("Connexion").see("\"who\":\"alice-77\"");
    assert_eq!(other.here().url.path(), "/membre/dossiers");
    town.a.expire_sessions();
    assert_eq!(other.open(town.at_a("/membre/lettres")).here().url.path(), "/membre/lettres", "a renewal leads back");
}

#[test]
fn f2_a_declared_start_page_goes_before_where_the_login_leads() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("start", "/membre/dossiers?vue=tous"));
    town.alice();
    assert_eq!(lands(&town), "/membre/dossiers");
    assert_eq!(town.a.last().target, "/membre/dossiers?vue=tous");
}
