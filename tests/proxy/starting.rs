//! A start whose files have lost agencies knows which, on every node, and says so until they are back or an operator has
//! spoken (decision 79).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use crate::support::{
    eventually,
    gateway::{Gateway, program},
    person::Person,
    site::rewrite,
    stage::Stage,
    town::Town,
};

/// How long a change may take to be noticed without anybody telling.
const NOTICED: Duration = Duration::from_secs(20);

const FILES: [&str; 2] = ["agence-a.toml", "agence-b.toml"];

on_every_database! {
    walk_2_a_start_without_any_agency_of_before_says_so_everywhere_and_takes_them_up_when_they_are_back,
    walk_2_a_removal_that_an_operator_has_meant_is_remembered_over_starts,
    walk_2_check_fails_without_any_agency_and_names_those_of_before,
    walk_2_an_upgrade_misses_what_the_start_missed_and_forgets_what_was_agreed_to,
    walk_3_an_agency_that_has_gone_by_itself_is_missed_over_starts_and_upgrades_until_an_operator_speaks,
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Takes agencies' files away; where they are then.
fn take_away(gateway: &Gateway, files: &[&str]) -> PathBuf {
    let away = gateway.folder().join("away");
    fs::create_dir_all(&away).expect("a folder");
    for file in files {
        fs::rename(gateway.folder().join("agencies").join(file), away.join(file)).expect("a file goes");
    }
    away
}

fn bring_back(gateway: &Gateway, away: &Path, files: &[&str]) {
    for file in files {
        fs::rename(away.join(file), gateway.folder().join("agencies").join(file)).expect("a file comes back");
    }
}

fn is_counted(gateway: &Gateway, line: &str) {
    let (_, metrics) = gateway.health("/metrics").expect("metrics");
    assert!(metrics.lines().any(|told| told == format!("vestibule_{line}")), "{line} is not in\n{metrics}");
}

/// How many warnings of starts there are that name these agencies.
fn warnings(gateway: &Gateway, gone: &str) -> usize {
    let (log, gone) = (gateway.log(), format!("\"gone\":\"{gone}\""));
    log.lines()
        .filter(|line| line.contains("WARN") && line.contains("before this start") && line.contains(&gone))
        .count()
}

fn is_warned(gateway: &Gateway, gone: &str, times: usize) {
    eventually("the warning in the log", NOTICED, || (warnings(gateway, gone) >= times).then_some(()));
    assert_eq!(warnings(gateway, gone), times, "{}", gateway.log());
}

fn walk_2_a_start_without_any_agency_of_before_says_so_everywhere_and_takes_them_up_when_they_are_back(stage: Stage) {
    let mut town = Town::on(stage);
    let mut alice = town.alice();
    town.gateway.stop();
    let away = take_away(&town.gateway, &FILES);
    town.gateway.start_again_unready(0);
    let (code, health) = town.gateway.health("/readyz").expect("an answer");
    assert_eq!(code, 503, "it serves nobody: {health}");
    for word in [
        "\"ready\":false",
        "\"gateway\":\"without agencies\"",
        "\"configuration\":\"agencies are missing\"",
        "\"agencies_missing\":2",
    ] {
        assert!(health.contains(word), "{word} is not in {health}");
    }
    is_counted(&town.gateway, "agencies_missing 2");
    is_counted(&town.gateway, "agencies 0");
    is_counted(&town.gateway, "ready{part=\"gateway\"} 0");
    let status = told(&town.gateway.run("status", &[]));
    assert!(status.contains("gateway: without agencies"), "{status}");
    assert!(status.contains("2 agencies that were in force before: CA/SA, CB/SB"), "{status}");
    assert!(status.contains("vestibule reload"), "what to type next: {status}");
    assert!(!town.gateway.run("health", &[]).status.success());
    is_warned(&town.gateway, "CA/SA, CB/SB", 1);
    // One comes back, and then the other.
    bring_back(&town.gateway, &away, &FILES[..1]);
    let health = eventually("one to be in force", NOTICED, || {
        town.gateway
            .health("/readyz")
            .filter(|(code, said)| *code == 200 && said.contains("\"agencies\":1"))
            .map(|(_, said)| said)
    });
    assert!(health.contains("agencies are missing") && health.contains("\"agencies_missing\":1"), "{health}");
    bring_back(&town.gateway, &away, &FILES[1..]);
    eventually("both to be in force", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"configuration\":\"ready\"")).map(drop)
    });
    is_counted(&town.gateway, "agencies_missing 0");
    alice.open(town.at_a("/membre/x")).see("alice-77");
    town.gateway.restart();
    assert_eq!(town.gateway.log().matches("before this start are not in its files").count(), 1);
}

fn walk_2_a_removal_that_an_operator_has_meant_is_remembered_over_starts(stage: Stage) {
    let mut town = Town::on(stage);
    town.gateway.stop();
    take_away(&town.gateway, &FILES[1..]);
    // One of two: the rest is served, and it is told all the same.
    town.gateway.start_again(0);
    let (_, health) = town.gateway.health("/readyz").expect("an answer");
    assert!(health.contains("\"ready\":true") && health.contains("agencies are missing"), "{health}");
    is_warned(&town.gateway, "CB/SB", 1);
    let reload = town.gateway.run("reload", &["--yes"]);
    assert!(reload.status.success() && told(&reload).contains("removed: CB/SB"), "{}", told(&reload));
    assert!(town.gateway.health("/readyz").expect("an answer").1.contains("\"agencies_missing\":0"));
    town.gateway.restart();
    is_warned(&town.gateway, "CB/SB", 1);
    // The last one: nobody is asked without a terminal, and it stays missed.
    town.gateway.stop();
    take_away(&town.gateway, &FILES[..1]);
    town.gateway.start_again_unready(0);
    is_warned(&town.gateway, "CA/SA", 1);
    let asked = town.gateway.run("reload", &[]);
    let said = told(&asked);
    assert!(asked.status.success(), "{said}");
    assert!(said.contains("1 agencies that were in force before: CA/SA") && said.contains("--yes"), "{said}");
    assert!(town.gateway.health("/readyz").expect("an answer").1.contains("\"agencies_missing\":1"), "once, not twice");
    let agreed = town.gateway.run("reload", &["--yes"]);
    assert!(agreed.status.success(), "{}", told(&agreed));
    // A machine whose agencies were all taken out starts, and is well.
    town.gateway.restart();
    let (code, health) = town.gateway.health("/readyz").expect("an answer");
    assert!(code == 200 && health.contains("\"configuration\":\"ready\""), "{health}");
    is_warned(&town.gateway, "CA/SA", 1);
}

fn walk_2_check_fails_without_any_agency_and_names_those_of_before(stage: Stage) {
    let mut town = Town::on(stage);
    let away = take_away(&town.gateway, &FILES);
    for runs in [true, false] {
        if !runs {
            town.gateway.stop();
        }
        for arguments in [&[][..], &["--offline"]] {
            let checked = town.gateway.run("check", arguments);
            let said = told(&checked);
            assert_eq!(checked.status.code(), Some(1), "{arguments:?}, runs: {runs}: {said}");
            assert!(said.contains("without any agency"), "{said}");
            let names = said.contains("2 agencies that were in force last are not in the files: CA/SA, CB/SB");
            // Without a gateway, the database would have to be asked.
            assert_eq!(names, runs || arguments.is_empty(), "{arguments:?}, runs: {runs}: {said}");
        }
    }
    bring_back(&town.gateway, &away, &FILES[..1]);
    let checked = town.gateway.run("check", &[]);
    let said = told(&checked);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("warning: 1 agencies that were in force last are not in the files: CB/SB"), "{said}");
}

fn walk_2_an_upgrade_misses_what_the_start_missed_and_forgets_what_was_agreed_to(stage: Stage) {
    let mut town = Town::on(stage);
    town.gateway.stop();
    take_away(&town.gateway, &FILES[1..]);
    town.gateway.start_again(0);
    let upgraded = town.gateway.run("upgrade", &[]);
    assert!(upgraded.status.success(), "{}", told(&upgraded));
    let status = told(&town.gateway.run("status", &[]));
    assert!(status.contains("were in force before: CB/SB"), "{status}");
    take_away(&town.gateway, &FILES[..1]);
    let asked = town.gateway.run("upgrade", &[]);
    assert!(!asked.status.success() && told(&asked).contains("agencies would be removed: CA/SA"), "{}", told(&asked));
    let agreed = town.gateway.run("upgrade", &["--yes"]);
    assert!(agreed.status.success(), "{}", told(&agreed));
    let (code, health) = town.gateway.health("/readyz").expect("an answer");
    assert!(code == 200 && health.contains("\"agencies_missing\":0"), "{health}");
    stop_successor(&town);
}

/// Whatever there is that says who is missing, says that this one is, or that nobody is.
fn is_missed(gateway: &Gateway, who: Option<&str>, when: &str) {
    let (code, health) = gateway.health("/readyz").expect("an answer");
    let count = usize::from(who.is_some());
    assert_eq!(code, 200, "{when}: the others are served: {health}");
    assert_eq!(health.contains("\"configuration\":\"agencies are missing\""), who.is_some(), "{when}: {health}");
    assert!(health.contains(&format!("\"agencies_missing\":{count}")), "{when}: {health}");
    is_counted(gateway, &format!("agencies_missing {count}"));
    is_counted(gateway, &format!("agencies_gone {count}"));
    let agency = who.unwrap_or("CB/SB");
    let status = told(&gateway.run("status", &[]));
    let missing = format!("missing: 1 agencies that were in force before: {agency}");
    assert_eq!(status.contains(&missing), who.is_some(), "{when}: {status}");
    let checked = told(&gateway.run("check", &[]));
    assert_eq!(checked.contains(&format!("are not in the files: {agency}")), who.is_some(), "{when}: {checked}");
    if who.is_some() {
        let erased = gateway.run("agency erase", &[agency, "--reason", "test", "--yes"]);
        assert_eq!(erased.status.code(), Some(1), "{when}: {}", told(&erased));
        assert!(told(&erased).contains("nobody has said that it is to go"), "{when}: {}", told(&erased));
    }
}

fn walk_3_an_agency_that_has_gone_by_itself_is_missed_over_starts_and_upgrades_until_an_operator_speaks(stage: Stage) {
    let mut town = Town::on(stage);
    let away = take_away(&town.gateway, &FILES[1..]);
    eventually("it to go by itself", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"agencies\":1,")).map(drop)
    });
    is_missed(&town.gateway, Some("CB/SB"), "gone by itself");
    town.gateway.restart();
    is_missed(&town.gateway, Some("CB/SB"), "after a start");
    town.gateway.signal(rustix::process::Signal::HUP);
    eventually("the signal", NOTICED, || town.gateway.log().contains("\"why\":\"SIGHUP\"").then_some(()));
    is_missed(&town.gateway, Some("CB/SB"), "after SIGHUP");
    // As `systemctl reload` does, or a hook that has renewed a certificate.
    let reloaded = town.gateway.run("reload", &[]);
    let said = told(&reloaded);
    assert!(reloaded.status.success(), "what else there is, is in force: {said}");
    for word in ["is in force", "missing: 1 agencies", "CB/SB", "warning: ", "stay missed", "--yes"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
    is_missed(&town.gateway, Some("CB/SB"), "after a reload that nobody was there to be asked about");
    town.gateway.upgrade();
    is_missed(&town.gateway, Some("CB/SB"), "after an upgrade");
    bring_back(&town.gateway, &away, &FILES[1..]);
    eventually("it to be back", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"agencies\":2,")).map(drop)
    });
    is_missed(&town.gateway, None, "back");
    take_away(&town.gateway, &FILES[1..]);
    eventually("it to go again", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"agencies\":1,")).map(drop)
    });
    is_missed(&town.gateway, Some("CB/SB"), "gone again");
    let meant = town.gateway.run("reload", &["--yes"]);
    assert!(meant.status.success() && told(&meant).contains("removed: CB/SB"), "{}", told(&meant));
    is_missed(&town.gateway, None, "by an operator's word");
    town.gateway.restart();
    is_missed(&town.gateway, None, "after a start that follows the word");
    let erased = town.gateway.run("agency erase", &["CB/SB", "--reason", "test", "--yes"]);
    assert!(erased.status.success(), "{}", told(&erased));
}

#[test]
fn walk_3_what_another_node_still_serves_is_not_erased_by_one_nodes_word() {
    let mut town = Town::on(Stage::TwoNodes);
    let folder = town.gateway.folder().to_owned();
    let own = folder.join("agencies-0");
    fs::create_dir(&own).expect("a folder");
    for file in FILES {
        fs::copy(folder.join("agencies").join(file), own.join(file)).expect("a file");
    }
    rewrite(&folder.join("node-0.toml"), "agencies", "agencies-0");
    town.gateway.kill(0);
    town.gateway.start_again(0);
    let of_the_first = |command: &[&str]| {
        let config = folder.join("node-0.toml");
        let done = program().args(command).arg("--config").arg(config).output().expect("the program");
        (done.status.code(), told(&done))
    };
    fs::remove_file(own.join("agence-b.toml")).expect("a file goes");
    eventually("it to go by itself", NOTICED, || {
        town.gateway.health("/readyz").filter(|(_, said)| said.contains("\"agencies\":1,")).map(drop)
    });
    let erase = ["agency", "erase", "CB/SB", "--reason", "test", "--yes"];
    assert_eq!(of_the_first(&erase).0, Some(1), "nobody has said that it is to go");
    assert_eq!(of_the_first(&["reload", "--yes"]).0, Some(0));
    // The other node serves it, and says so again.
    eventually("the other node to be heard", Duration::from_secs(40), || {
        (town.gateway.number("SELECT COUNT(*) FROM agencies_in_force WHERE agency = 'CB/SB'") == 1).then_some(())
    });
    let (code, said) = of_the_first(&erase);
    assert_eq!(code, Some(1), "{said}");
}

/// Ends a process that the gateway itself has started.
fn stop_successor(town: &Town) {
    let status = told(&town.gateway.run("status", &[]));
    let process = status.split("process ").nth(1).and_then(|rest| rest.lines().next()).expect("a process");
    let process = rustix::process::Pid::from_raw(process.parse().expect("a number"));
    rustix::process::kill_process(process.expect("a process"), rustix::process::Signal::TERM).expect("a process");
}

#[test]
fn walk_2_nodes_with_other_files_know_of_each_others_agencies() {
    let mut town = Town::on(Stage::TwoNodes);
    let folder = town.gateway.folder().to_owned();
    // The first node has files of its own.
    let own = folder.join("agencies-0");
    fs::create_dir(&own).expect("a folder");
    fs::copy(folder.join("agencies/agence-a.toml"), own.join("agence-a.toml")).expect("a file");
    rewrite(&folder.join("node-0.toml"), "agencies", "agencies-0");
    let reload = |node: usize| {
        let config = folder.join(format!("node-{node}.toml"));
        let done = program().args(["reload", "--yes", "--config"]).arg(config).output().expect("the program");
        assert!(done.status.success(), "{}", told(&done));
    };
    town.gateway.kill(0);
    town.gateway.start_again(0);
    is_warned(&town.gateway, "CB/SB", 1);
    reload(0);
    assert!(town.gateway.health("/readyz").expect("an answer").1.contains("\"agencies_missing\":0"));
    town.gateway.kill(0);
    town.gateway.start_again(0);
    is_warned(&town.gateway, "CB/SB", 1);
    // Where it is served still, it is told again.
    town.gateway.kill(1);
    town.gateway.start_again(1);
    town.gateway.kill(0);
    town.gateway.start_again(0);
    is_warned(&town.gateway, "CB/SB", 2);
    // Once it has gone everywhere, nobody misses it.
    fs::remove_file(folder.join("agencies/agence-b.toml")).expect("a file goes");
    (0..2).for_each(reload);
    for node in 0..2 {
        town.gateway.kill(node);
        town.gateway.start_again(node);
    }
    is_warned(&town.gateway, "CB/SB", 2);
    Person::new(&town.gateway).open(town.at_a("/public/x"));
}
