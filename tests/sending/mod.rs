//! Letters over a real mail server: TLS, signatures, and everything that goes wrong on the way (g04).

mod commands;
mod conversation;
mod flood;
mod setbacks;

use crate::support::{
    gateway::Gateway,
    mail_server::MailServer,
    person::Person,
    town::{Town, Who, migrate_up_to_proof},
};

/// A town whose letters go over this mail server.
fn town(server: &MailServer) -> Town {
    Town::build_with(|site| server.serve(site))
}

/// Somebody who waits for the letter of the wizard.
fn waiting(town: &Town, who: Who, email: &str) -> Person {
    let mut person = Person::new(&town.gateway);
    migrate_up_to_proof(&mut person, "a", who, email);
    person
}

/// Lets somebody go through the whole wizard, with the code that the mail server took.
fn resident(town: &Town, server: &MailServer, who: Who) {
    let mut person = waiting(town, who, who.email);
    let code = server.next(who.email).letter.code();
    person.fill("code", &code).press("Valider").see("Votre compte est à jour");
}

/// The lines of `vestibule mail list` about this address.
fn listed(gateway: &Gateway, to: &str) -> Vec<String> {
    said(gateway, &["list"]).lines().filter(|line| line.contains(to)).map(str::to_owned).collect()
}

/// Everything that a command of `vestibule mail` says.
fn said(gateway: &Gateway, arguments: &[&str]) -> String {
    let done = gateway.run("mail", arguments);
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

/// The value of a field of a letter's head, unfolded.
fn field(raw: &str, name: &str) -> String {
    let head = raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n\t", " ").replace("\r\n ", " ");
    let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {head}")).split_once(':').expect("a value").1.trim().to_owned()
}
