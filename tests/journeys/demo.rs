//! `vestibule demo`, as its own guide leads through it.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use url::Url;

use crate::support::{eventually, free_ports, gateway::program, letters::Letters, person::Person, town::CHOSEN};

const AMELIE: &str = "amelie.dufour@courriel.example";
const FAMILY: &str = "famille.garcon@courriel.example";
const LOIC: &str = "loic.kervella@courriel.example";
const MAELLE: &str = "maelle.abgrall@courriel.example";
const BASTIEN: &str = "bastien.roux@courriel.example";
const OTHER: &str = "Cerisier-31-mur";

/// A demo that is open, and what it said.
struct Demo {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    guide: String,
}

impl Demo {
    fn start(folder: &Path, port: u16) -> Self {
        let mut process = program()
            .args(["demo", "--port", &port.to_string(), "--folder"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut guide = String::new();
        while !guide.contains("to start afresh") {
            assert!(output.read_line(&mut guide).expect("a line") > 0, "it ended: {guide}");
        }
        Self { process, output, guide }
    }

    /// The line about one account.
    fn line(&self, login: &str) -> &str {
        self.guide.lines().find(|line| line.trim_start().starts_with(login)).expect("a line")
    }

    /// Ctrl-C, and what it says then.
    fn end(mut self) -> String {
        kill_process(Pid::from_child(&self.process), Signal::INT).expect("it runs");
        let mut last = String::new();
        self.output.read_to_string(&mut last).expect("text");
        assert!(self.process.wait().expect("its end").success(), "{last}");
        last
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Types the credentials that a line of the guide gives, at its agency.
fn try_line(demo: &Demo, person: &mut Person, login: &str) {
    let mut link = "";
    for line in demo.guide.lines() {
        link = line.split_whitespace().find(|word| word.contains("/login?client=")).unwrap_or(link);
        let mut words = line.split_whitespace();
        if words.next() == Some(login) {
            let password = words.next().expect("a password");
            person.open(link);
            // Who is signed in at another agency attaches this account.
            let attaches = person.sees("Pas de compte dans cette agence");
            if attaches {
                person.follow("Associer mon compte de cette agence");
            }
            let button = if attaches { "Continuer" } else { "Connexion" };
            person.fill("login", login).fill("password", password).press(button);
            return;
        }
    }
    panic!("{login} is not in the guide:\n{}", demo.guide);
}

/// The notice takes some seconds, which are not waited for in vain.
fn read_the_notice(person: &mut Person) {
    person.see("Étape suivante");
    eventually("the next step", Duration::from_mins(1), || {
        (!person.press("Étape suivante").sees("Prenez le temps")).then_some(())
    });
}

fn choose(person: &mut Person, password: &str, button: &str) {
    person.fill("password", password).fill("confirmation", password).press(button);
}

/// What somebody does who sees the gateway for the first time: each line of the guide, one after the other.
#[test]
fn each_line_of_the_demos_guide_shows_what_it_promises_and_tells_what_is_used_up() {
    let folder = TempDir::new().expect("a folder");
    let port = free_ports(7);
    let demo = Demo::start(folder.path(), port);
    let lines: Vec<&str> = demo.guide.trim_matches('\n').lines().collect();
    assert!(lines.len() <= 32 && lines.iter().all(|line| line.chars().count() <= 118), "one screen:\n{}", demo.guide);
    assert!(!demo.guide.contains("used up"), "{}", demo.guide);
    let portal = Url::parse(&format!("http://www.localhost:{port}/")).expect("an address");
    let letters = Letters::new(folder.path().join("letters"));
    let somebody = |login: &str| {
        let mut person = Person::at(portal.clone(), 1);
        try_line(&demo, &mut person, login);
        person
    };
    // All of them read at once, since that takes its time.
    let [mut durand, mut her, mut him] = ["durand", "C10041", "C10042"].map(somebody);
    let [mut loic, mut maelle, mut yann, mut bastien] = ["L2002", "E5512", "E5513", "P301"].map(somebody);

    link(&mut durand, &letters, port);
    two_at_one_address([&mut her, &mut him], &letters);
    try_line(&demo, &mut durand, "L2001");
    read_the_notice(&mut durand);
    durand.see("pour rattacher vos comptes").fill("password", CHOSEN).press("Connexion").see("Compte associé ✓");
    durand.press("Continuer").see("Bonjour Amélie Dufour (Propriétaire)");
    two_contracts(&demo, &mut loic, &letters);
    kept_identifier(&demo, &mut maelle, &letters);
    read_the_notice(&mut yann);
    let mut elsewhere = somebody("E5513");
    elsewhere.see("1 - Votre adresse email").miss("Étape suivante");
    locked_out(&demo, &mut bastien, &letters);

    let last = demo.end();
    assert!(last.contains("kept in"), "{last}");
    let again = Demo::start(folder.path(), port);
    for (login, now) in [
        ("durand", AMELIE),
        ("C10041", FAMILY),
        ("C10042", "C10042"),
        ("L2001", AMELIE),
        ("L2004", LOIC),
        ("E5512", "E5512"),
        ("P301", BASTIEN),
    ] {
        let told = format!("(used up: {now} and the new password)");
        assert!(again.line(login).contains(&told), "{login}: {}", again.guide);
    }
    assert!(!again.line("E5513").contains("used up"));
    durand.open("/account").see(AMELIE);
    again.end();
}

/// « Begin here »: four steps, the letter's link, the terms, the old extranet.
fn link(person: &mut Person, letters: &Letters, port: u16) {
    read_the_notice(person);
    person.fill("email", AMELIE).press("Continuer");
    choose(person, CHOSEN, "Créer mon compte");
    let letter = letters.next(AMELIE);
    person.open(format!("http://courrier.localhost:{}/", port + 5)).see(AMELIE).see("Commencez ici");
    person.open(letter.link()).press("Confirmer mon adresse").see("Votre compte est à jour");
    sign_in(person, "LINK", AMELIE, CHOSEN);
    person.tick("accept").press("Continuer").see("Bonjour Amélie Dufour");
}

/// Two people at one mailbox stay two.
fn two_at_one_address([her, him]: [&mut Person; 2], letters: &Letters) {
    read_the_notice(her);
    her.fill("email", FAMILY).press("Continuer");
    choose(her, CHOSEN, "Créer mon compte");
    her.open(letters.next(FAMILY).link()).press("Confirmer mon adresse").see("Votre compte est à jour");
    read_the_notice(him);
    him.fill("email", FAMILY).press("Continuer");
    choose(him, OTHER, "Créer mon compte");
    him.open(letters.next(FAMILY).link()).press("Confirmer mon adresse").see("Nous sommes deux à cette adresse");
    him.press("Nous sommes deux à cette adresse");
    choose(him, OTHER, "Terminer");
    him.see("votre identifiant, qui n'a pas changé");
}

/// A code typed, and a second contract of the same person at the same agency.
fn two_contracts(demo: &Demo, loic: &mut Person, letters: &Letters) {
    read_the_notice(loic);
    loic.fill("email", LOIC).press("Continuer");
    choose(loic, CHOSEN, "Créer mon compte");
    loic.fill("code", &letters.next(LOIC).code()).press("Valider").see("Votre compte est à jour");
    sign_in(loic, "MERGE", LOIC, CHOSEN);
    loic.see("Bonjour Loïc Kervella (Locataire)");
    assert!(demo.line("L2004").contains("at /account « Associer un autre compte »"));
    loic.open("/account").follow("Associer un autre compte").fill("login", "L2004").fill("password", "Digue-3307");
    loic.press("Continuer");
    read_the_notice(loic);
    loic.see("pour rattacher vos comptes").fill("password", CHOSEN).press("Connexion").see("Compte associé ✓");
    loic.open("/accounts").see("L2002").see("L2004");
}

/// Three steps, and a sign-in with the identifier as before.
fn kept_identifier(demo: &Demo, maelle: &mut Person, letters: &Letters) {
    read_the_notice(maelle);
    maelle.see("1 - Votre adresse email").fill("email", MAELLE).press("Suivant");
    maelle.fill("code", &letters.next(MAELLE).code()).press("Suivant").tick("noted");
    choose(maelle, CHOSEN, "Terminer");
    maelle.see("votre identifiant, qui n'a pas changé");
    try_line(demo, maelle, "E5512");
    maelle.see("Votre ancien mot de passe a été remplacé");
    sign_in(maelle, "CODE", "E5512", CHOSEN);
    maelle.see("Bonjour Maëlle Abgrall");
}

/// Five wrong passwords, and the way out by a letter.
fn locked_out(demo: &Demo, bastien: &mut Person, letters: &Letters) {
    read_the_notice(bastien);
    bastien.fill("email", BASTIEN).press("Continuer");
    choose(bastien, CHOSEN, "Créer mon compte");
    bastien.open(letters.next(BASTIEN).link()).press("Confirmer mon adresse").see("Votre compte est à jour");
    sign_in(bastien, "LOCKOUT", BASTIEN, CHOSEN);
    bastien.see("Bonjour Bastien Roux").open("/logout").press("Se déconnecter");
    for _ in 0..5 {
        sign_in(bastien, "LOCKOUT", BASTIEN, "pas-celui-ci");
    }
    sign_in(bastien, "LOCKOUT", BASTIEN, CHOSEN);
    bastien.miss("Bonjour Bastien Roux");
    assert!(demo.line("P301").contains("Mot de passe oublié"));
    bastien.open("/forgotten?client=DEMO&societe=LOCKOUT").fill("login", BASTIEN).press("Recevoir l'e-mail");
    let letter = letters.wait_for(BASTIEN, |letter| letter.subject.contains("nouveau mot de passe"));
    bastien.open(letter.link());
    choose(bastien, OTHER, "Enregistrer");
    bastien.see("Mot de passe réinitialisé");
    sign_in(bastien, "LOCKOUT", BASTIEN, OTHER);
    bastien.see("Bonjour Bastien Roux");
}

fn sign_in(person: &mut Person, societe: &str, login: &str, password: &str) {
    person.open(format!("/login?client=DEMO&societe={societe}")).fill("login", login).fill("password", password);
    person.press("Connexion");
}
