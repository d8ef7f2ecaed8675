//! A browser that keeps no cookies is told so, and is not sent in circles (REL-065).

use crate::support::{
    person::{Answer, Person},
    town::{ALICE, CHOSEN, Town, login_path},
};

const REFUSES: &str = "Votre navigateur refuse les cookies";

/// Sends the form of a page whose cookies are gone; whether the browser keeps those that come with the answer.
fn send_without_cookies(person: &mut Person, page: &str, button: &str, keeps: bool) -> Answer {
    person.open(page).fill("login", ALICE.email);
    let request = {
        let form = person.form(button);
        person.request_of(&form)
    };
    person.forget_cookies();
    let mut answer = person.ask(request);
    while let Some(next) = answer.redirect() {
        if !keeps {
            person.forget_cookies();
        }
        answer = person.get(next, &[]);
    }
    answer
}

#[test]
fn rel_065_a_browser_that_refuses_cookies_is_told_so_with_the_agencys_help_and_an_old_page_is_told_from_it() {
    let town = Town::build();
    let forgotten = login_path("a").replace("/login", "/forgotten");
    for (page, button, knows_agency) in [
        ("/", "Connexion", false),
        (&login_path("a"), "Connexion", true),
        (&forgotten, "Recevoir l'e-mail", true),
        ("/forgotten?by=email", "Recevoir l'e-mail", false),
    ] {
        for keeps in [false, true] {
            let mut person = Person::new(&town.gateway);
            let answer = send_without_cookies(&mut person, page, button, keeps);
            let text = answer.text();
            assert_eq!((answer.status, text.contains(REFUSES)), (403, !keeps), "{page}, keeps: {keeps}");
            assert_eq!(text.contains("Agence du Port"), knows_agency, "{page}, keeps: {keeps}");
            // The way back is the page of the form, and works where cookies are kept.
            let back = format!("href=\"{}\"", page.replace('&', "&amp;"));
            assert!(text.contains(&back) || text.contains(&back.replace('=', "&#x3D;")), "{page}: {text}");
        }
    }
    let mut alice = town.alice();
    alice.open("/account").press("Se déconnecter");
    assert_eq!(send_without_cookies(&mut alice, &login_path("a"), "Connexion", true).status, 403);
    alice.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN).press("Connexion").see("alice-77");
}
