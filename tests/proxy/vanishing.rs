//! Files that vanish take nobody's extranet down: what goes for good goes by an operator's word (decision 70).

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use super::tls::Https;
use crate::support::{
    eventually,
    gateway::{Gateway, program},
    person::Person,
    site::Site,
    town::Town,
};

/// How long a change may take to be noticed without anybody telling.
const NOTICED: Duration = Duration::from_secs(20);

#[test]
fn review_a1_files_that_vanish_by_themselves_take_no_agency_down() {
    let town = Town::build();
    let mut alice = town.alice();
    let agencies = town.gateway.folder().join("agencies");
    let away = town.gateway.folder().join("away");
    let files = ["agence-a.toml", "agence-b.toml"];
    fs::create_dir(&away).expect("a folder");
    for file in files {
        fs::rename(agencies.join(file), away.join(file)).expect("a file goes");
    }
    let health = refused(&town.gateway);
    assert!(health.contains("\"agencies_missing\":2") && health.contains("\"agencies\":2"), "{health}");
    alice.open(town.at_a("/membre/x")).see("alice-77");
    let said = told(&town.gateway.run("status", &[]));
    assert!(said.contains("edition 1 ") && said.contains("2 of 2 agencies would be removed: CA/SA, CB/SB"), "{said}");
    assert!(said.contains("vestibule reload"), "what to type next: {said}");
    for (name, value) in [("agencies", 2), ("agencies_missing", 2), ("configuration_refused", 1)] {
        is_counted(&town.gateway, name, value);
    }
    let asked = town.gateway.run("health", &[]);
    assert!(asked.status.success(), "who is served well is not called ill: {}", told(&asked));
    eventually("the line in the log", NOTICED, || {
        town.gateway.log().lines().any(|line| line.contains("ERROR") && line.contains("CA/SA, CB/SB")).then_some(())
    });
    let checked = town.gateway.run("check", &["--offline"]);
    let said = told(&checked);
    assert!(said.contains("there is no agency's file") && said.contains("without any agency"), "{said}");
    for file in files {
        fs::rename(away.join(file), agencies.join(file)).expect("a file comes back");
    }
    eventually("the files to be in order again", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"configuration\":\"ready\"")).map(drop)
    });
    is_counted(&town.gateway, "configuration_refused", 0);
    is_counted(&town.gateway, "agencies_missing", 0);
    alice.open(town.at_a("/membre/x")).see("alice-77");
}

#[test]
fn review_a1_whatever_is_half_done_in_the_files_leaves_what_is_in_force() {
    let town = Town::build();
    let mut alice = town.alice();
    let folder = town.gateway.folder().to_owned();
    let (main, agencies) = (folder.join("vestibule.toml"), folder.join("agencies"));
    let (a, b) = (agencies.join("agence-a.toml"), agencies.join("agence-b.toml"));
    let kept: Vec<(PathBuf, String)> =
        [&main, &a, &b].map(|file| (file.clone(), fs::read_to_string(file).expect("a file"))).to_vec();
    let half = |file: &Path| {
        let text = fs::read_to_string(file).expect("a file");
        fs::write(file, &text[..=text.len() / 2]).expect("half a file");
    };
    let empty = |file: &Path| fs::write(file, "").expect("an empty file");
    let gone = |file: &Path| fs::remove_file(file).expect("a file goes");
    let ways: [(&str, &dyn Fn()); 9] = [
        ("the folder is not mounted: it is empty", &|| [&a, &b].into_iter().for_each(|file| gone(file))),
        ("the folder is gone", &|| fs::rename(&agencies, folder.join("moved")).expect("a folder goes")),
        ("a file is in place of the folder", &|| {
            fs::rename(&agencies, folder.join("moved")).expect("a folder goes");
            empty(&agencies);
        }),
        ("an agency's file is half written", &|| half(&a)),
        ("an agency's file is empty", &|| empty(&a)),
        ("the main file is half written", &|| half(&main)),
        ("the main file is empty", &|| empty(&main)),
        ("the main file is gone", &|| gone(&main)),
        ("the main file names an empty folder", &|| {
            fs::create_dir_all(folder.join("nobody")).expect("a folder");
            let text = fs::read_to_string(&main).expect("a file").replace("\"agencies\"", "\"nobody\"");
            fs::write(&main, text).expect("a file");
        }),
    ];
    for (way, happens) in ways {
        happens();
        let reload = town.gateway.run("reload", &[]);
        assert_eq!(reload.status.code(), Some(1), "{way}: {}", told(&reload));
        let (code, health) = town.gateway.health("/readyz").expect("an answer");
        assert!(code == 200 && health.contains("last reload refused"), "{way}: {health}");
        let status = told(&town.gateway.run("status", &[]));
        assert!(status.contains("failed, the one before stays in force"), "{way}: {status}");
        alice.open(town.at_a("/membre/x")).see("alice-77");
        Person::new(&town.gateway).open(town.at_b("/public/x"));
        let _ = fs::remove_file(&agencies);
        let _ = fs::rename(folder.join("moved"), &agencies);
        for (file, text) in &kept {
            fs::write(file, text).expect("the file as it was");
        }
        let reload = town.gateway.run("reload", &[]);
        assert!(reload.status.success(), "{way} is over: {}", told(&reload));
    }
}

#[test]
fn review_a1_a_few_agencies_may_go_by_themselves_and_one_after_the_other_they_are_counted_together() {
    let town = Town::build();
    more_agencies(&town, 6);
    let agencies = town.gateway.folder().join("agencies");
    for at in 0..3 {
        fs::remove_file(agencies.join(format!("more-{at}.toml"))).expect("a file goes");
        let left = 7 - at;
        eventually(&format!("{left} agencies"), NOTICED, || {
            told(&town.gateway.run("status", &[])).contains(&format!("{left} agencies\n")).then_some(())
        });
    }
    eventually("a warning for each of them", NOTICED, || {
        let log = town.gateway.log();
        let warns = |line: &&str| line.contains("WARN") && line.contains("agencies were removed");
        (log.lines().filter(warns).count() == 3 && log.contains("\"gone\":\"M0/S\"")).then_some(())
    });
    fs::remove_file(agencies.join("more-3.toml")).expect("a file goes");
    let health = refused(&town.gateway);
    // Three of them are missed, and one is in force all the same.
    assert!(health.contains("\"agencies\":5") && health.contains("\"agencies_missing\":4"), "{health}");
    town.gateway.signal(rustix::process::Signal::HUP);
    eventually("the signal in the log", NOTICED, || town.gateway.log().contains("\"why\":\"SIGHUP\"").then_some(()));
    is_counted(&town.gateway, "agencies", 5);
    is_counted(&town.gateway, "agencies_gone", 3);
    is_counted(&town.gateway, "agencies_removed_total{by=\"itself\"}", 3);
    is_counted(&town.gateway, "agencies_removed_total{by=\"operator\"}", 0);
    let reload = town.gateway.run("reload", &["--yes"]);
    assert!(reload.status.success() && told(&reload).contains("removed: M0/S, M1/S, M2/S, M3/S"), "{}", told(&reload));
    // By this word those are meant, too, that went by themselves.
    is_counted(&town.gateway, "agencies_gone", 0);
    is_counted(&town.gateway, "agencies_removed_total{by=\"operator\"}", 4);
    fs::remove_file(agencies.join("more-4.toml")).expect("a file goes");
    eventually("an agency to go by itself again", NOTICED, || {
        told(&town.gateway.run("status", &[])).contains(" 3 agencies\n").then_some(())
    });
}

/// Nobody but an operator reloads from now on.
fn only_operators_reload(town: &Town) {
    let main = town.gateway.folder().join("vestibule.toml");
    let text = fs::read_to_string(&main).expect("a file");
    fs::write(&main, text.replace("[server]", "[server]\nreload_on_change = false")).expect("a file");
    assert!(town.gateway.run("reload", &[]).status.success());
}

#[test]
fn review_a1_who_reloads_is_told_what_would_go_and_asked() {
    let town = Town::build();
    more_agencies(&town, 6);
    let agencies = town.gateway.folder().join("agencies");
    only_operators_reload(&town);
    for at in 0..5 {
        fs::remove_file(agencies.join(format!("more-{at}.toml"))).expect("a file goes");
    }
    let unasked = town.gateway.run("reload", &[]);
    let said = told(&unasked);
    assert_eq!(unasked.status.code(), Some(1), "{said}");
    for told in ["5 of 8 agencies would be removed: M0/S, M1/S", "--yes", "stays in force"] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    let declined = at_a_terminal(&town.gateway, "reload", "n\n");
    assert!(declined.contains("Are they to go? [y/N]") && declined.contains("nothing was changed"), "{declined}");
    is_counted(&town.gateway, "agencies", 8);
    let agreed = at_a_terminal(&town.gateway, "reload", "y\n");
    assert!(agreed.contains("5 removed") && agreed.contains("removed: M0/S"), "{agreed}");
    is_counted(&town.gateway, "agencies", 3);
}

#[test]
fn walk_3_who_reloads_at_a_terminal_is_asked_about_one_agency_too_and_about_those_that_are_missed() {
    let town = Town::build();
    more_agencies(&town, 6);
    let agencies = town.gateway.folder().join("agencies");
    only_operators_reload(&town);
    fs::remove_file(agencies.join("more-0.toml")).expect("a file goes");
    let declined = at_a_terminal(&town.gateway, "reload", "n\n");
    assert!(declined.contains("1 of 8 agencies would be removed: M0/S"), "{declined}");
    assert!(declined.contains("Are they to go? [y/N]") && declined.contains("nothing was changed"), "{declined}");
    is_counted(&town.gateway, "agencies", 8);
    is_counted(&town.gateway, "configuration_refused", 0);
    // A few may go where nobody is there to be asked, and are missed then.
    let unasked = town.gateway.run("reload", &[]);
    assert!(unasked.status.success() && told(&unasked).contains("stay missed"), "{}", told(&unasked));
    is_counted(&town.gateway, "agencies", 7);
    is_counted(&town.gateway, "agencies_gone", 1);
    let declined = at_a_terminal(&town.gateway, "reload", "n\n");
    assert!(declined.contains("missing: 1 agencies") && declined.contains("stay missed"), "{declined}");
    is_counted(&town.gateway, "agencies_gone", 1);
    // The word is about all of them.
    fs::remove_file(agencies.join("more-1.toml")).expect("a file goes");
    let agreed = at_a_terminal(&town.gateway, "reload", "y\n");
    assert!(agreed.contains("2 of 8 agencies would be removed: M0/S, M1/S"), "{agreed}");
    is_counted(&town.gateway, "agencies_gone", 0);
    is_counted(&town.gateway, "agencies_removed_total{by=\"operator\"}", 2);
}

#[test]
fn walk_3_agencies_that_are_missed_are_told_again_and_keep_no_certificate_from_being_renewed() {
    let town = Town::build_with(Site::with_settable_clock);
    fs::remove_file(town.gateway.folder().join("agencies/agence-b.toml")).expect("a file goes");
    let again = || {
        let log = town.gateway.log();
        log.lines().filter(|line| line.contains("are not in the files") && line.contains("CB/SB")).count()
    };
    eventually("it to go by itself", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("agencies are missing")).map(drop)
    });
    for hours in 1..3 {
        town.gateway.shift_clock(hours * 3600);
        eventually("it to be told again", NOTICED, || (again() >= usize::try_from(hours).ok()?).then_some(()));
    }
    let main = town.gateway.folder().join("vestibule.toml");
    let text = fs::read_to_string(&main).expect("a file");
    fs::write(&main, text + "\n").expect("a file");
    let reloaded = town.gateway.run("reload", &[]);
    assert!(reloaded.status.success() && told(&reloaded).contains("is in force: 1 agencies"), "{}", told(&reloaded));
}

#[test]
fn review_a1_a_refused_configuration_is_told_again_while_it_lasts() {
    let town = Town::build_with(Site::with_settable_clock);
    fs::write(town.gateway.folder().join("agencies/new.toml"), "x = \"\n").expect("a mistake");
    refused(&town.gateway);
    let again = || town.gateway.log().matches("is still not the one in force").count();
    assert_eq!(again(), 0);
    for hours in 1..3 {
        town.gateway.shift_clock(hours * 3600);
        eventually("it to be told again", NOTICED, || (again() >= usize::try_from(hours).ok()?).then_some(()));
    }
    let log = town.gateway.log();
    let line = log.lines().find(|line| line.contains("still not the one in force")).unwrap_or_default();
    assert!(line.contains("WARN") && line.contains("new.toml:1"), "{line}");
}

#[test]
fn review_a1_an_upgrade_takes_no_more_away_by_itself_than_a_reload() {
    let mut town = Town::build_with(|site| site.set("server.reload_on_change", false));
    let mut alice = town.alice();
    for file in ["agence-a.toml", "agence-b.toml"] {
        fs::remove_file(town.gateway.folder().join("agencies").join(file)).expect("a file goes");
    }
    for command in ["serve --upgrade", "upgrade"] {
        let refused = town.gateway.run(command, &[]);
        let said = told(&refused);
        assert_eq!(refused.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("2 of 2 agencies would be removed: CA/SA, CB/SB") && said.contains("--yes"), "{said}");
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
    assert_eq!(town.gateway.health("/readyz").map(|(code, _)| code), Some(200));
    town.gateway.stop();
}

#[test]
fn review_a1_a_host_that_is_served_keeps_its_certificate_when_its_key_vanishes() {
    let https = Https::start();
    let key = https.folder.path().join("certificates/agencies.key");
    fs::rename(&key, key.with_extension("away")).expect("a file goes");
    refused(&https.town.gateway);
    let status = told(&https.town.gateway.run("status", &[]));
    assert!(status.contains("no certificate would be left for a.agences.localhost"), "{status}");
    let (is_served, said) = https.curl("/public/x", &[]);
    assert!(is_served && said.contains(" 200"), "{said}");
    fs::rename(key.with_extension("away"), &key).expect("a file comes back");
    let reload = https.town.gateway.run("reload", &[]);
    assert!(reload.status.success(), "{}", told(&reload));
}

/// Waits until a reload is refused; what `/readyz` says then, with 200.
fn refused(gateway: &Gateway) -> String {
    let (code, said) = eventually("a reload to be refused", NOTICED, || {
        gateway.health("/readyz").filter(|(_, said)| said.contains("last reload refused"))
    });
    assert_eq!(code, 200, "residents are served all the same: {said}");
    said
}

/// Adds agencies that are like the town's second, and puts them in force.
fn more_agencies(town: &Town, count: usize) {
    let agencies = town.gateway.folder().join("agencies");
    let model = fs::read_to_string(agencies.join("agence-b.toml")).expect("the second agency");
    for at in 0..count {
        let text = model.replace("\"CB\"", &format!("\"M{at}\"")).replace("\"SB\"", "\"S\"");
        let text = text.replace("//agence-b.localhost", &format!("//more-{at}.localhost"));
        fs::write(agencies.join(format!("more-{at}.toml")), text).expect("another agency");
    }
    let reload = town.gateway.run("reload", &[]);
    assert!(reload.status.success(), "{}", told(&reload));
}

/// What an operator sees who types this.
fn at_a_terminal(gateway: &Gateway, command: &str, answer: &str) -> String {
    let config = gateway.folder().join("vestibule.toml");
    let line = format!("{} {command} --config {}", program().get_program().display(), config.display());
    let mut child = Command::new("script")
        .args(["--quiet", "--echo", "never", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a terminal");
    child.stdin.take().expect("a keyboard").write_all(answer.as_bytes()).expect("an answer");
    String::from_utf8_lossy(&child.wait_with_output().expect("an end").stdout).into_owned()
}

fn is_counted(gateway: &Gateway, name: &str, value: u64) {
    let (_, metrics) = gateway.health("/metrics").expect("metrics");
    let line = format!("vestibule_{name} {value}");
    assert!(metrics.lines().any(|told| told == line), "{line} is not in\n{metrics}");
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
