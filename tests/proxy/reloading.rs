//! A changed configuration is put in force while the gateway runs, all of it or nothing (e05).

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use crate::support::{
    eventually,
    gateway::Gateway,
    load::Load,
    person::Person,
    raw::RawAnswer,
    town::{BOB_AT_B, CHOSEN, Town, login_path},
};

/// How long a change may take to be noticed without anybody telling.
const NOTICED: Duration = Duration::from_secs(20);

#[test]
fn e05_a_reload_puts_every_change_in_force_and_ends_no_session() {
    let town = Town::build();
    let mut alice = town.alice();
    rewrite(&file(&town, "a"), |text| {
        text.replace("Agence du Port", "Agence du Phare").replace("{login}", "id-{login}")
    });
    assert_eq!(reload(&town.gateway), Ok(()));
    alice.open(town.at_a("/membre/x")).see("alice-77");
    assert_eq!(town.a.last().folded("X-Extranet-User"), ["id-alice-77"], "no header of before");
    Person::new(&town.gateway).open(login_path("a")).see("Agence du Phare").miss("Agence du Port");
    let said = status(&town.gateway);
    assert!(said.contains("edition 2") && said.contains("2 agencies") && said.contains("done"), "{said}");
    let path = town.gateway.folder().join("vestibule.sock");
    let mode = fs::metadata(&path).expect("the control socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only the gateway's own user asks");
}

#[test]
fn e05_sighup_reloads_and_so_does_a_change_of_a_file_by_itself() {
    let town = Town::build();
    let named = |name: &str| {
        eventually(name, NOTICED, || Person::new(&town.gateway).open(login_path("a")).sees(name).then_some(()));
    };
    rewrite(&file(&town, "a"), |text| text.replace("Agence du Port", "Agence du Phare"));
    named("Agence du Phare");
    rewrite(&main(&town), |text| text.replace("[server]", "[server]\nreload_on_change = false"));
    eventually("edition 3", NOTICED, || status(&town.gateway).contains("edition 3").then_some(()));
    rewrite(&file(&town, "a"), |text| text.replace("Agence du Phare", "Agence du Môle"));
    town.gateway.signal(rustix::process::Signal::HUP);
    named("Agence du Môle");
}

#[test]
fn rel_009_a_bad_file_keeps_the_old_configuration_and_is_told_with_its_line() {
    let town = Town::build();
    let mut alice = town.alice();
    let (a, main) = (file(&town, "a"), main(&town));
    let (good_a, good_main) = (fs::read_to_string(&a).expect("a file"), fs::read_to_string(&main).expect("a file"));
    let pages = town.gateway.folder().join("pages");
    fs::create_dir_all(pages.join("portal")).expect("a folder for pages");
    fs::write(pages.join("portal/message.hbs"), "{{of_nothing}}").expect("a page with a mistake");
    let cases = [
        (&a, format!("{good_a}\n[["), "agence-a.toml:"),
        (&a, format!("colur = 1\n{good_a}"), "agence-a.toml:1: colur: unknown key"),
        (&a, good_a.replace("div.erreur", "div..["), "agence-a.toml:"),
        (&a, format!("{good_a}\n[terms]\nversion = \"1\"\nfile = \"none.md\"\n"), "none.md"),
        (&main, format!("{good_main}\n[pages]\nfolder = \"pages\"\n"), "portal/message"),
        (&main, good_main.replace("[server]", "[server]\nworkers = \"many\""), "vestibule.toml:"),
        (&main, format!("{good_main}\n= 1"), "vestibule.toml:"),
    ];
    for (file, bad, told) in cases {
        let good = if file == &a { &good_a } else { &good_main };
        fs::write(file, &bad).expect("a mistake");
        let said = reload(&town.gateway).err().unwrap_or_else(|| panic!("in force in spite of a mistake: {told}"));
        assert!(said.contains(told), "{told} is not told:\n{said}");
        let checked = town.gateway.run("check", &["--offline"]);
        let found = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success() && found.contains(told), "check finds the same:\n{found}");
        alice.open(town.at_a("/membre/x")).see("alice-77");
        fs::write(file, good).expect("the mistake is taken back");
    }
    fs::write(&a, format!("colur = 1\n{good_a}")).expect("a mistake");
    reload(&town.gateway).expect_err("a reload that is refused");
    let (code, health) = town.gateway.health("/readyz").expect("an answer");
    assert!(code == 200 && health.contains("refused"), "ready all the same, and it is told: {health}");
    let said = status(&town.gateway);
    assert!(said.contains("failed") && said.contains("agence-a.toml:1: colur"), "{said}");
    eventually("the line in the log", NOTICED, || town.gateway.log().contains("agence-a.toml:1: colur").then_some(()));
}

#[test]
fn what_needs_a_restart_is_told_by_name() {
    let town = Town::build_with(|site| site.set("server.control", "control.sock"));
    rewrite(&main(&town), |text| {
        let text = text.replace("workers = 2", "workers = 3").replace("vestibule.db", "another.db");
        text.replace("compte immobilier", "compte")
    });
    assert_eq!(reload(&town.gateway), Ok(()));
    let said = status(&town.gateway);
    assert!(said.contains("waits for a restart: database, server.workers"), "{said}");
    assert!(!said.contains("portal.name"), "that one is in force: {said}");
}

#[test]
fn rel_010_no_request_is_lost_or_goes_to_the_wrong_extranet_while_agencies_change() {
    let town = Town::build();
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "b", BOB_AT_B, BOB_AT_B.email);
    town.sign_in(&mut bob, "b", BOB_AT_B.email, CHOSEN);
    let port = town.gateway.port();
    let (a, b) = (town.a.port(), town.b.port());
    // Who answered stands in the `Host` that the extranet was sent.
    let from = |wanted: Vec<u16>| {
        move |answer: &RawAnswer| {
            let text = answer.text();
            let is_right =
                answer.status == 200 && wanted.iter().any(|port| text.contains(&format!("127.0.0.1:{port}\"")));
            if is_right { Ok(()) } else { Err(format!("{} {text}", answer.status)) }
        }
    };
    let at_a = Load::start(4, port, "agence-a.localhost", "/public/x", from(vec![a, b]));
    let at_b = Load::start(4, port, "agence-b.localhost", "/public/x", from(vec![b]));
    let file = file(&town, "a");
    for round in 0..10 {
        let (old, new) = if round % 2 == 0 { (a, b) } else { (b, a) };
        rewrite(&file, |text| text.replace(&format!("127.0.0.1:{old}"), &format!("127.0.0.1:{new}")));
        assert_eq!(reload(&town.gateway), Ok(()));
        let now = Load::start(1, port, "agence-a.localhost", "/public/x", from(vec![new]));
        now.wait_for(20);
        assert_eq!(now.end().1, Vec::<String>::new(), "what is asked after the reload goes to the new extranet");
    }
    let (answers, wrong) = at_a.end();
    assert_eq!((answers > 100, wrong), (true, Vec::new()));
    fs::remove_file(&file).expect("an agency less");
    assert_eq!(reload(&town.gateway), Ok(()));
    at_b.wait_for(50);
    let (answers, wrong) = at_b.end();
    assert_eq!((answers > 100, wrong), (true, Vec::new()));
    bob.open(town.at_b("/membre/x")).see("B-4412");
    let gone = bob.get(town.at_a("/membre/x"), &[]);
    assert_eq!(gone.status, 421);
    assert!(gone.text().contains("www.localhost"), "the way to the portal: {}", gone.text());
}

fn file(town: &Town, letter: &str) -> PathBuf {
    town.gateway.folder().join(format!("agencies/agence-{letter}.toml"))
}

fn main(town: &Town) -> PathBuf {
    town.gateway.folder().join("vestibule.toml")
}

fn rewrite(file: &PathBuf, change: impl Fn(String) -> String) {
    let before = fs::read_to_string(file).expect("a file");
    let after = change(before.clone());
    assert_ne!(before, after, "nothing was changed in {}", file.display());
    fs::write(file, after).expect("a file");
}

/// What `vestibule reload` says where it is refused.
fn reload(gateway: &Gateway) -> Result<(), String> {
    let reloaded = gateway.run("reload", &[]);
    if reloaded.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&reloaded.stderr).into_owned()) }
}

fn status(gateway: &Gateway) -> String {
    let told = gateway.run("status", &[]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).into_owned()
}
