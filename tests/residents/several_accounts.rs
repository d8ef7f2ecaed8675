//! Several contracts and several agencies under one sign-in: the list, the question which one, and opening another one.

use super::{clears_on_opening, cookies_at_a, cookies_at_portal, opens_a};
use crate::support::{
    page,
    person::Person,
    town::{ALICE, BOB, BOB_AGAIN, BOB_AT_B, CHOSEN, Town, Who},
};

const FIRST: &str = "Agence du Port bob-12";
const SECOND: &str = "Agence du Port bob-34";

#[test]
fn b16_a_second_contract_at_the_same_agency_is_attached_from_the_account_page() {
    // 001.14
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open("/account").follow("Associer un autre compte : Agence du Port");
    bob.see("Saisissez l'identifiant et le mot de passe que Agence du Port vous a remis");
    attach(&mut bob, BOB_AGAIN);
    bob.see("Agence du Port").press("Continuer");
    // The first contract is still open: nothing is closed by going on.
    bob.see("Quel compte voulez-vous ouvrir ?").see("bob-12").see("bob-34").enter(SECOND);
    bob.see("\"who\":\"bob-34\"");
    bob.open("/account");
    assert_eq!(page::count(&bob.here().text(), "ul.accounts li"), 2);
}

/// Who attaches an account stays who they are, whatever is typed there, and is asked for nothing that belongs to a sign-in.
#[test]
fn b16_whoever_attaches_an_account_stays_signed_in_whatever_is_typed_there() {
    const WAY: &str = "/login?client=CA&societe=SA&attach=1";
    let town = Town::build();
    town.alice();
    let mut bob = town.resident(BOB);
    let before = cookies_at_portal(&town, &bob);
    let session = |cookies: &str| cookies.split("; ").find(|line| line.starts_with("vestibule=")).map(str::to_owned);
    for (login, password, told) in [
        ("", "", "Saisissez l'identifiant donné par votre agence"),
        (BOB_AGAIN.login, "pas-celui-ci", "ne sont pas connus de l'agence"),
        (BOB_AGAIN.email, BOB_AGAIN.password, "ne sont pas connus de l'agence"),
        // What was chosen here, by themselves and by somebody else, signs nobody in.
        (BOB.email, CHOSEN, "une adresse email et un mot de passe choisis ici"),
        (ALICE.email, CHOSEN, "une adresse email et un mot de passe choisis ici"),
        // What is attached already, to themselves and to somebody else.
        (BOB.login, BOB.password, "est déjà associé"),
        (ALICE.login, ALICE.password, "est déjà associé"),
    ] {
        bob.open(WAY).see("Associer un autre compte").see(&format!("Vous restez connecté avec {}", BOB.email));
        bob.see("Votre compte bob-12 y est déjà associé").see("Identifiants d'agence perdus ?");
        for not_here in ["Garder ma session active", "Mot de passe oublié", "Email ou identifiant"] {
            bob.miss(not_here);
        }
        bob.fill("login", login)
            .fill("password", password)
            .press("Continuer")
            .see(told)
            .see("Associer un autre compte");
        bob.miss("Mot de passe oublié").see(BOB.email).follow("Revenir à « Mon compte »").see(BOB.email);
        assert_eq!(session(&cookies_at_portal(&town, &bob)), session(&before), "{login} {password}");
        bob.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"");
    }
    // What the agency gave out anew is asked for there, too, and whoever turns back on the way is who they were.
    bob.open(WAY).fill("login", BOB_AGAIN.login).fill("password", "x").press("Continuer");
    bob.fill("login", BOB_AGAIN.login).fill("password", BOB_AGAIN.password).press("Vérifier auprès de mon agence");
    bob.see("évolue").open("/account").see(BOB.email).see("bob-12").miss("bob-34");
    // Codes that nobody has are asked for again, with the way back.
    bob.open("/login?attach=1").fill("client", "ZZ").fill("societe", "ZZ").press("Continuer");
    bob.see("ne correspondent à aucune agence").see("Quelle est l'agence de ce compte ?").miss("J'ai déjà un compte");
    bob.fill("client", "CB").fill("societe", "SB").press("Continuer").see("que Agence de la Gare vous a remis");
    // Who is not signed in any more is told so, and comes back to where accounts are attached.
    bob.fill("login", BOB_AT_B.login).fill("password", BOB_AT_B.password);
    let form = bob.form("Continuer");
    town.gateway.rewrite("DELETE FROM sessions");
    let answer = bob.send(&form);
    assert_eq!(answer.status, 401);
    let way = page::link(&answer.text(), &answer.url, "Se connecter").expect("a way on");
    bob.open(way).fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    bob.see("Vous avez un autre compte d'agence ?");
}

#[test]
fn b16_another_agencys_account_is_attached_by_its_codes() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open("/account").follow("Associer un compte d'une autre agence").see("Quelle est l'agence de ce compte ?");
    bob.fill("Code client", "CB").fill("Code société", "SB").press("Continuer");
    attach(&mut bob, BOB_AT_B);
    bob.see("Agence de la Gare").press("Continuer").see("\"who\":\"B-4412\"");
}

#[test]
fn c17_the_list_tells_agency_identifier_and_what_is_open() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    bob.open("/account").see("Agence du Port").see("Agence de la Gare").see("bob-12").see("bob-34").see("B-4412");
    let html = bob.here().text();
    assert_eq!(page::count(&html, "ul.accounts li"), 3);
    assert_eq!(page::count(&html, "ul.accounts img.mark"), 3, "something to recognise each agency by");
    let mark = page::attribute(&html, "ul.accounts img.mark", "src").expect("a picture");
    let picture = bob.open(mark).here().clone();
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    bob.open("/account").enter(SECOND).see("\"who\":\"bob-34\"");
    bob.open("/account");
    let open = page::attribute(&bob.here().text(), "li.accounts-open input[name=account]", "value");
    assert!(open.is_some(), "the account that is open is marked");
}

#[test]
fn b17_all_accounts_are_read_together_and_each_button_says_what_it_does() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    // From the sign-in at the bare address, and from there again whenever it is come back to.
    bob.open("/").see("Quel compte voulez-vous ouvrir ?").see("vos comptes y sont réunis");
    let html = bob.here().text();
    assert_eq!(page::count(&html, "ul.accounts li"), 3);
    let [port, gare] = ["Agence du Port", "Agence de la Gare"].map(|agency| html.find(agency).expect("there"));
    assert!(gare < port, "those of one agency together");
    bob.enter(FIRST).see("\"who\":\"bob-12\"");
    // The one that is open, the one that would close it, and the one on another host.
    bob.open("/").see("« Ouvrir à la place » le ferme");
    for button in ["Y retourner Agence du Port bob-12", "Ouvrir à la place Agence du Port bob-34"] {
        bob.form(button);
    }
    bob.press("Ouvrir Agence de la Gare B-4412").see("B-4412");
    bob.open("/").press("Y retourner Agence du Port bob-12").see("\"who\":\"bob-12\"");
    assert_eq!(town.gateway.traced("account-switched"), 0, "coming back closes nothing");
    bob.open("/").press("Ouvrir à la place Agence du Port bob-34").see("\"who\":\"bob-34\"");
    assert_eq!(town.gateway.traced("account-switched"), 1);
    // The last visit, in words.
    bob.open("/accounts").see("Ouvert pour la dernière fois aujourd'hui").see("Ouvert en ce moment");
    let older = "UPDATE links SET visited_at = visited_at - 345600000 WHERE login = 'bob-12'";
    town.gateway.rewrite(older);
    bob.open("/accounts").see("Ouvert pour la dernière fois il y a 4 jours");
    bob.see("Espace client au nom de Bob N'Guessan");
    // What the resident is, where only the roster says so.
    let roster = town.gateway.folder().join("roster.csv");
    std::fs::write(&roster, "login,kind\nbob-12,locataire\nbob-34,copropriétaire\n").expect("a roster");
    let file = roster.to_str().expect("a path in UTF-8");
    assert!(town.gateway.run("import", &["--agency", "CA/SA", file]).status.success());
    bob.open("/accounts").see("Locataire").see("Copropriétaire");
    // Who has one account is not asked among one.
    let mut alice = town.alice();
    alice.open("/accounts").see("Connexion et sécurité");
}

#[test]
fn b17_from_within_one_extranet_the_others_are_found_without_knowing_an_address() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    bob.open("/account").enter(FIRST).see("\"who\":\"bob-12\"");
    // By the extranet's own way out, which asks before it ends anything.
    bob.open(town.at_a("/deconnexion")).see("Voulez-vous vous déconnecter ?");
    bob.follow("Voir mes autres comptes").see("Quel compte voulez-vous ouvrir ?").see("bob-34").see("B-4412");
    bob.enter(SECOND).see("\"who\":\"bob-34\"");
    // By an address that the agency can put into its pages.
    bob.open(town.at_a("/.vestibule/accounts")).enter("Agence de la Gare B-4412").see("B-4412");
    bob.open(town.at_b("/deconnexion")).follow("Voir mes autres comptes").enter(SECOND).see("\"who\":\"bob-34\"");
    // Who has no other is offered none.
    let mut alice = town.alice();
    alice.open(town.at_a("/deconnexion")).see("Voulez-vous vous déconnecter ?").miss("autres comptes");
    alice.open(town.at_a("/.vestibule/accounts")).see("Connexion et sécurité");
    // Who is signed out meanwhile comes back to the list.
    bob.forget_cookies();
    bob.open(town.at_a("/.vestibule/accounts")).fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    bob.see("Quel compte voulez-vous ouvrir ?").see("B-4412");
}

#[test]
fn a11_of_two_contracts_the_one_that_is_open_is_asked_for_its_new_password() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    bob.open("/account").enter(FIRST).see("bob-12");
    for who in [BOB, BOB_AGAIN] {
        town.a.make_anew(who.login, "somebody-changed-it");
    }
    town.gateway.let_pass(1);
    bob.open(town.at_a("/membre/x")).see("Le mot de passe de votre espace client").see("bob-12").miss("bob-34");
    bob.open("/account").enter(SECOND).see("Le mot de passe de votre espace client").see("bob-34").miss("bob-12");
    bob.fill("password", "somebody-changed-it").press("Enregistrer et continuer").see("\"who\":\"bob-34\"");
}

#[test]
fn b17_who_enters_with_two_contracts_is_asked_which_and_comes_to_the_page_that_was_wanted() {
    let town = Town::build();
    with_three_accounts(&town);
    // 001.15
    let mut bob = Person::new(&town.gateway);
    bob.open(town.at_a("/membre/x?page=2")).see("Connexion");
    bob.fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    bob.see("Quel compte voulez-vous ouvrir ?").miss("B-4412");
    town.forget();
    bob.enter(SECOND).see("\"who\":\"bob-34\"").see("/membre/x?page=2");
    assert_eq!(town.a.last().folded("X-Extranet-User"), ["bob-34"]);
    // Once chosen, it is not asked again; and the other agency, with one account, never asks.
    bob.open(town.at_a("/membre/y")).see("\"who\":\"bob-34\"");
    bob.open("/login?client=CA&societe=SA").see("\"who\":\"bob-34\"");
    bob.open(town.at_b("/membre/x")).see("\"who\":\"B-4412\"");
}

#[test]
fn c17_opening_another_account_closes_the_first_one_here_and_in_its_extranet() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    bob.open("/account").enter(FIRST).see("\"who\":\"bob-12\"");
    // What the extranet gave the first account's browser besides its session.
    bob.get(town.at_a("/answer?set-cookie=dossier%3Dbob-12%3B+Path%3D%2F"), &[]);
    let before = cookies_at_a(&town, &bob);
    assert!(before.contains("dossier=bob-12") && opens_a(&town, &before), "{before}");
    let live = town.a.live_sessions();
    town.forget();
    bob.open("/account").enter(SECOND).see("\"who\":\"bob-34\"");
    assert!(town.a.seen().iter().any(|seen| seen.target == "/deconnexion"), "the first account is signed out upstream");
    assert_eq!(town.a.live_sessions(), live, "one session ended, one began");
    assert!(!opens_a(&town, &before), "the first account's cookie is worth nothing");
    let after = cookies_at_a(&town, &bob);
    assert!(!after.contains("dossier"), "nothing of the first account is left in the browser: {after}");
    // A tab of the first account now shows the second one, and nothing between the two.
    town.forget();
    bob.open(town.at_a("/membre/old-tab")).see("\"who\":\"bob-34\"");
    assert_eq!(town.a.last().folded("X-Extranet-User"), ["bob-34"]);
    assert_eq!(town.gateway.traced("account-switched"), 1);
}

#[test]
fn c17_the_browser_is_told_to_forget_pages_and_storage_when_another_account_comes() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    for (button, clears) in [(FIRST, false), (SECOND, true), (SECOND, false), (FIRST, true)] {
        let said = clears_on_opening(&mut bob, button);
        assert_eq!(said.len(), usize::from(clears), "{button}: {said:?}");
        assert!(said.iter().all(|value| value == "\"cache\", \"storage\""), "never the whole site's cookies: {said:?}");
    }
}

#[test]
fn c17_following_a_link_to_another_account_closes_nothing() {
    let town = Town::build();
    let mut bob = with_three_accounts(&town);
    bob.open("/account");
    let second = bob.form_into(SECOND).value("account").expect("a label").to_owned();
    bob.enter(FIRST).see("\"who\":\"bob-12\"");
    let before = cookies_at_a(&town, &bob);
    bob.open(town.at_a(&format!("/.vestibule/begin?account={second}"))).see("Quel compte voulez-vous ouvrir ?");
    bob.see("Un compte est déjà ouvert");
    assert!(opens_a(&town, &before), "the first account is still open");
    bob.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"");
    // And somebody else's account is nobody's here.
    let mut alice = town.alice();
    alice.open("/account");
    let mut form = alice.form_into("Agence du Port alice-77");
    form.set("account", &second);
    alice.send(&form);
    alice.open(town.at_a(&format!("/.vestibule/begin?account={second}"))).miss("bob");
}

#[test]
fn b17_the_next_person_at_a_browser_finds_nothing_of_the_one_before() {
    let town = Town::build();
    town.resident(BOB);
    let mut person = town.alice();
    person.get(town.at_a("/answer?set-cookie=dossier%3Dalice%3B+Path%3D%2F"), &[]);
    // Alice leaves by the portal: the agency's host was not there to take its cookies away.
    person.open("/account").press("Se déconnecter");
    town.sign_in(&mut person, "a", BOB.email, CHOSEN);
    let held = cookies_at_a(&town, &person);
    assert!(!held.contains("dossier"), "{held}");
}

/// Bob, who has migrated two contracts at A and one at B, in a browser where he is signed in and has opened nothing.
fn with_three_accounts(town: &Town) -> Person {
    let mut bob = town.resident(BOB);
    for (agency, who) in [("CA&societe=SA", BOB_AGAIN), ("CB&societe=SB", BOB_AT_B)] {
        bob.open(format!("/login?client={agency}&attach=1"));
        attach(&mut bob, who);
    }
    let mut again = Person::new(&town.gateway);
    again.open("/login?client=CA&societe=SA").fill("login", BOB.email).fill("password", CHOSEN).press("Connexion");
    again.see("Quel compte voulez-vous ouvrir ?");
    town.forget();
    again
}

/// Where an account is attached: the old credentials of another account, and the password of the person.
fn attach(person: &mut Person, who: Who) {
    person.fill("login", who.login).fill("password", who.password).press("Continuer");
    person.press("Étape suivante").see("Veuillez saisir votre mot de passe pour rattacher vos comptes");
    person.fill("password", CHOSEN).press("Connexion").see("Compte associé ✓").see("a bien été associé");
}
