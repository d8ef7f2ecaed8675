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
    assert!(said.contains("is posted to ") && said.contains(", by "), "how the login form would be sent: {said}");
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

#[test]
fn rel_008_the_health_listener_answers_where_clients_hold_every_descriptor() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let town = Town::build();
    let mut alice = town.alice();
    let pid = town.gateway.pid();
    let open = || fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors").count() as u64;
    // Within its life, so that no more connections are counted than are there.
    let limit = Rlimit { current: Some(open() + 20), maximum: Some(open() + 20) };
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process"));
    prlimit(pid, Resource::Nofile, limit).expect("a lower limit");
    let clients: Vec<_> = (0..100)
        .map(|_| std::net::TcpStream::connect(("127.0.0.1", town.gateway.port())).expect("a connection"))
        .collect();
    eventually("every descriptor to be in use", Duration::from_secs(5), || (open() >= limit.current?).then_some(()));
    for _ in 0..30 {
        assert_eq!(town.gateway.health("/healthz").map(|(status, _)| status), Some(200));
    }
    assert_eq!(town.gateway.health("/metrics").map(|(status, _)| status), Some(200));
    drop(clients);
    eventually("residents to be served again", Duration::from_secs(10), || {
        (alice.get(town.at_a("/membre/x"), &[]).status == 200).then_some(())
    });
    let log = town.gateway.log();
    assert!(log.lines().filter(|line| line.contains("accept failed")).count() <= 2, "{log}");
}

#[test]
fn rel_008_check_says_what_does_not_fit_into_the_limit_of_open_files() {
    let town = Town::build();
    let checked = |limit: &str| {
        let script = format!("ulimit -n {limit} && exec \"$0\" check --offline --config \"$1\"");
        let config = town.gateway.folder().join("vestibule.toml");
        let mut shell = std::process::Command::new("sh");
        let done = shell.args(["-c", &script]).arg(program().get_program()).arg(config).output().expect("a shell");
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let said = checked("256");
    assert!(said.contains("server.max_connections = 20000") && said.contains("256 open files"), "{said}");
}

#[test]
fn rel_072_an_extranet_that_is_down_does_not_fill_the_log() {
    let mut town = Town::build();
    let mut alice = town.alice();
    town.a = crate::support::echo::Echo::start(Vec::new());
    for _ in 0..100 {
        assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 502);
    }
    let (_, metrics) = town.gateway.health("/metrics").expect("metrics");
    assert!(metrics.lines().any(|line| line.contains("agency=\"CA/SA\"") && line.ends_with(" 100")), "{metrics}");
    let log = eventually("each of them in the access log", Duration::from_secs(5), || {
        Some(town.gateway.log()).filter(|log| log.matches("\"status\":502").count() >= 100)
    });
    let told = worth_a_look(&log);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("an extranet fails") && told[0].contains("ConnectRefused"), "{told:?}");
}

#[test]
fn rel_072_what_clients_send_that_is_malformed_has_no_line_but_its_access_line() {
    let town = Town::build();
    let port = town.gateway.port();
    let heads = [
        "rubbish\r\n\r\n",
        "GET / HTTP/1.1\nHost: www.localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHo",
        "POST /login HTTP/1.1\r\nHost: www.localhost\r\nTransfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: www.localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /login HTTP/1.1\r\nHost: www.localhost\r\nContent-Length: 10\r\n\r\nabc",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for head in heads {
        for _ in 0..20 {
            let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            let _ = std::io::Write::write_all(&mut client, head.as_bytes());
            let _ = client.shutdown(std::net::Shutdown::Write);
            let _ = std::io::Read::read_to_end(&mut client, &mut Vec::new());
        }
    }
    let log = town.gateway.log();
    let told = worth_a_look(&log);
    assert!(told.is_empty(), "{told:#?}");
}

/// Warnings and errors, but for what a first start says, and the machine's own limit of open files.
fn worth_a_look(log: &str) -> Vec<&str> {
    let looked_at = |line: &&str| line.contains("ERROR") || line.contains("WARN");
    let of_a_start = ["not every connection can be served", "a new, empty database was made"];
    log.lines().filter(looked_at).filter(|line| !of_a_start.iter().any(|known| line.contains(known))).collect()
}
