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

/// It takes some seconds, which are not waited for in vain.
fn read_the_notice(person: &mut Person) {
    person.see("Étape 1 sur 4");
    eventually("the next step", Duration::from_mins(1), || {
        (!person.press("Étape suivante").sees("Étape 1 sur 4")).then_some(())
    });
}

#[test]
fn the_demos_guide_leads_through_the_migration_and_to_the_second_agency_and_tells_what_is_used_up() {
    const EMAIL: &str = "amelie.dufour@courriel.example";
    let folder = TempDir::new().expect("a folder");
    let port = free_ports(5);
    let demo = Demo::start(folder.path(), port);
    assert!(demo.line("durand").contains("Syndic-2019") && !demo.line("durand").contains("used up"), "{}", demo.guide);
    assert!(
        demo.guide.contains(&format!("http://www.localhost:{port}/login?client=SPI31&societe=01")),
        "{}",
        demo.guide
    );
    let portal = Url::parse(&format!("http://www.localhost:{port}/")).expect("an address");
    let mut amelie = Person::at(portal, 1);
    amelie.open("/login?client=SPI31&societe=01").fill("login", "durand").fill("password", "Syndic-2019");
    amelie.press("Connexion");
    read_the_notice(&mut amelie);
    amelie.fill("email", EMAIL).press("Continuer");
    amelie.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let letter = Letters::new(folder.path().join("letters")).next(EMAIL);
    amelie.open(format!("http://courrier.localhost:{}/", port + 3)).see(EMAIL);
    amelie.open("/migration/proof").fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
    amelie.open("/login?client=SPI31&societe=01").fill("login", EMAIL).fill("password", CHOSEN).press("Connexion");
    amelie.tick("accept").press("Continuer").see("Bonjour Amélie Dufour");
    amelie.open("/login?client=TILLEUL&societe=02").fill("login", "L2001").fill("password", "Gare-4471");
    amelie.press("Connexion");
    read_the_notice(&mut amelie);
    amelie.see("pour rattacher vos comptes").fill("password", CHOSEN).press("Connexion").see("Compte associé ✓");
    amelie.press("Continuer").see("Bonjour Amélie Dufour (Propriétaire)");
    let last = demo.end();
    assert!(last.contains("kept in"), "{last}");
    let again = Demo::start(folder.path(), port);
    let used_up = format!("(used up: {EMAIL} and the new password)");
    assert!(again.line("durand").contains(&used_up), "{}", again.guide);
    assert!(again.line("L2001").contains(&used_up), "{}", again.guide);
    assert!(!again.line("C10023").contains("used up"));
    amelie.open("/account").see(EMAIL);
    again.end();
}
