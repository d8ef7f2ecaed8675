//! What an operator sees: health, logs, a stop, the commands.

use std::{fs, time::Duration};

use crate::support::{
    eventually,
    gateway::program,
    person::Person,
    town::{ALICE, CHOSEN, Town},
};

#[test]
fn e09_health_is_told_on_a_listener_of_its_own() {
    let town = Town::build();
    assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200));
    assert_eq!(town.gateway.health("/readyz").map(|(status, _)| status), Some(200));
    let mut person = Person::new(&town.gateway);
    assert_ne!(person.get(town.gateway.portal("/readyz"), &[]).status, 200, "not on the residents' listener");
}

#[test]
fn e09_a_container_engine_asks_the_program_itself() {
    let mut town = Town::build();
    for arguments in [&[][..], &["--alive"]] {
        let asked = town.gateway.run("health", arguments);
        assert!(asked.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&asked.stderr));
    }
    town.gateway.stop();
    let asked = town.gateway.run("health", &[]);
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(asked.status.code() == Some(1) && told.contains("is the gateway running?"), "{told}");
}

#[test]
fn what_was_done_before_a_restart_is_still_there() {
    let mut town = Town::build();
    let mut alice = town.alice();
    town.gateway.restart();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    assert!(town.gateway.stop().success(), "an operator's stop is no failure");
}

#[test]
fn an_error_page_and_the_log_share_a_request_id_and_the_log_holds_no_secret() {
    let mut town = Town::build();
    let mut alice = town.alice();
    town.a = crate::support::echo::Echo::start(Vec::new());
    alice.open(town.at_a("/membre/x?secret=in-the-query"));
    let page = alice.here().text();
    let id = page.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap_or_default().to_owned();
    assert!(id.len() >= 8, "a reference to tell: {page}");
    let log = eventually(&format!("{id} in the log"), Duration::from_secs(5), || {
        Some(town.gateway.log()).filter(|log| log.contains(&id))
    });
    for secret in [ALICE.password, CHOSEN, "in-the-query", ALICE.email] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    for line in log.lines().filter(|line| line.starts_with('{')) {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    }
}

#[test]
fn check_tells_what_is_set_and_where_it_is_wrong() {
    let town = Town::build();
    let checked = town.gateway.run("check", &[]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
    let file = town.gateway.folder().join("agencies/agence-a.toml");
    let text = fs::read_to_string(&file).expect("the agency");
    fs::write(&file, format!("colour = \"red\"\n{}", text.replace("form-replay", "form-repaly"))).expect("a mistake");
    let checked = town.gateway.run("check", &[]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(!checked.status.success(), "{said}");
    assert!(said.contains("agence-a.toml") && said.contains("colour"), "{said}");
}

#[test]
fn help_teaches_every_command() {
    let help = program().arg("--help").output().expect("the program");
    let said = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.status.success());
    for command in ["serve", "demo", "check", "reload", "status", "import", "health", "person", "mail"] {
        assert!(said.contains(command), "{command} is not in:\n{said}");
        let of = program().args([command, "--help"]).output().expect("the program");
        assert!(of.status.success() && of.stdout.len() > 200, "{command} --help says little");
    }
}

#[test]
fn a_reader_that_goes_away_ends_no_command_with_a_panic() {
    let town = Town::build();
    for arguments in [&["check", "--offline"][..], &["person", "show", "alice-77@CA/SA", "--json"], &["--help"]] {
        let mut command = program();
        command.args(arguments);
        if arguments.len() > 1 {
            command.arg("--config").arg(town.gateway.folder().join("vestibule.toml"));
        }
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let done = command.stdout(writer).stderr(std::process::Stdio::piped()).output().expect("the program");
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && !told.contains("panicked"), "{arguments:?}: {} {told}", done.status);
    }
}
