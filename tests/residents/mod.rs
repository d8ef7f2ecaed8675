//! What residents are promised, use case by use case; a test carries the id of the promise that it holds.

mod accept_terms;
mod account;
mod account_hosts;
mod address_requests;
mod answered;
mod asking;
mod clock;
mod cookies;
mod detach;
mod drawn;
mod erasing;
mod filled;
mod frames;
mod home;
mod import_roster;
mod kept_identifier;
mod languages;
mod late_forms;
mod migrate;
mod not_me;
mod one_person;
mod own_password;
mod passwords;
mod recover;
mod recover_by_code;
mod recover_by_identifier;
mod session_over;
mod several_accounts;
mod shared_host;
mod sign_in;
mod slips;
mod start;
mod support;
mod trace;
mod trouble;
mod waiting;
mod way_back;
mod way_out;
mod well_known;
mod whose_page;

use crate::support::{
    page,
    person::{Answer, Person, Request},
    town::Town,
};

/// What every refused sign-in says.
const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";

/// A password that nobody has yet.
const OTHER: &str = "Cerisier-31-mur";

/// Status, header names and page of an answer, without what differs for every visitor.
fn masked(answer: &Answer, typed: &str) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let token = page::attribute(&answer.text(), "input[name=csrf]", "value").unwrap_or_default();
    (answer.status, names, answer.text().replace(&token, "TOKEN").replace(typed, "LOGIN"))
}

/// Opens an account by its button on the account page, to the end; what the browser is told to clear on the way.
fn clears_on_opening(person: &mut Person, account: &str) -> Vec<String> {
    person.open("/account");
    let form = person.form_into(account);
    let mut answer = person.ask(person.request_of(&form));
    let mut said = Vec::new();
    while let Some(next) = answer.redirect() {
        answer = person.ask(Request::get(next));
        said.extend(answer.headers.get("clear-site-data").map(|value| value.to_str().expect("text").to_owned()));
    }
    assert_eq!(answer.status, 200);
    said
}

/// Whether agency A's extranet opens to a browser with these cookies.
fn opens_a(town: &Town, cookies: &str) -> bool {
    let request = Request::get(town.gateway.agency("agence-a", "/membre/x")).header("cookie", cookies);
    Person::new(&town.gateway).ask(request).status == 200
}

/// Whether the account page opens to a browser with these cookies.
pub fn opens_account(town: &Town, cookies: &str) -> bool {
    let request = Request::get(town.gateway.portal("/account")).header("cookie", cookies);
    Person::new(&town.gateway).ask(request).status == 200
}

/// What this person's browser holds for agency A.
fn cookies_at_a(town: &Town, person: &Person) -> String {
    person.cookie_line(&town.gateway.agency("agence-a", "/"))
}

/// What this person's browser holds for the portal.
pub fn cookies_at_portal(town: &Town, person: &Person) -> String {
    person.cookie_line(&town.gateway.portal("/"))
}
