//! As it is installed: the shipped unit, image, sample and compose file, with the program that was built.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{eventually, gateway::program, load::Load, package, raw::RawAnswer, town::Town};

/// A round of replacing a process.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn review_a3_the_unit_reloads_and_upgrades_as_its_own_user_and_the_image_lives_with_a_mistake() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can emulate what the unit and the image say: sudo make unit-check image-check");
        return;
    }
    for script in ["dist/try-unit.py", "dist/try-image.sh"] {
        let mut trial = Command::new(package().join(script));
        let done = trial.arg(program().get_program()).output().expect("a trial");
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}: {said}");
    }
}

#[test]
fn review_a3_sample_unit_and_compose_name_a_control_socket_that_the_service_can_make() {
    let control = |file: &str| {
        let text = fs::read_to_string(package().join(file)).expect("a configuration");
        let settings: toml::Table = text.parse().expect("TOML");
        let control = settings["server"].get("control").and_then(toml::Value::as_str).map(PathBuf::from);
        control.unwrap_or_else(|| panic!("{file} names no control socket"))
    };
    let unit = fs::read_to_string(package().join("dist/vestibule.service")).expect("the unit");
    let folder = unit.lines().find_map(|line| line.strip_prefix("RuntimeDirectory=")).expect("a folder of the unit's");
    let sample = control("config/vestibule.toml");
    assert_eq!(sample.parent(), Some(Path::new("/run").join(folder).as_path()), "what the unit makes");
    let image = fs::read_to_string(package().join("Dockerfile")).expect("the image");
    let volume = image.lines().find_map(|line| line.strip_prefix("VOLUME [\"")?.strip_suffix("\"]")).expect("a volume");
    assert_eq!(control("dist/compose/vestibule.toml").parent(), Some(Path::new(volume)), "what can be written");
    assert!(image.contains(&format!("ENV RUNTIME_DIRECTORY={volume}\n")), "also where the file names none");
}

#[test]
fn review_a3_without_a_word_the_control_socket_is_in_the_folder_that_systemd_gives() {
    let town = Town::build();
    let folder = town.gateway.folder();
    let config = folder.join("vestibule.toml");
    let said = |variable: Option<&Path>| {
        let mut check = program();
        check.args(["check", "--offline", "--config"]).arg(&config);
        variable.map(|folder| check.env("RUNTIME_DIRECTORY", folder));
        String::from_utf8_lossy(&check.output().expect("the program").stdout).into_owned()
    };
    let given = folder.join("runtime");
    fs::create_dir(&given).expect("a folder");
    assert!(said(Some(&given)).contains(&format!("the control socket is {}/vestibule.sock", given.display())));
    assert!(said(None).contains(&format!("the control socket is {}/vestibule.sock", folder.display())));
    // Where nobody can make it, that is told.
    let text = fs::read_to_string(&config).expect("a file");
    fs::write(&config, text.replace("[server]", "[server]\ncontrol = \"/nowhere/v.sock\"")).expect("a file");
    let checked = town.gateway.run("check", &["--offline"]);
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(told.contains("cannot write in /nowhere") && told.contains("RuntimeDirectory=vestibule"), "{told}");
}

#[test]
fn review_a3_another_gateways_control_socket_is_not_spoken_to() {
    let (one, mut other) = (Town::build(), Town::build());
    other.gateway.stop();
    let folder = |town: &Town| town.gateway.folder().to_owned();
    // The other one is down, and the folder that its users look into is that of the one.
    let mut status = program();
    status.args(["status", "--config"]).arg(folder(&other).join("vestibule.toml"));
    let done = status.env("RUNTIME_DIRECTORY", folder(&one)).output().expect("the program");
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("is the gateway running"), "{told}");
}

#[test]
fn review_a7_the_gateway_starts_its_successor_and_no_request_is_refused() {
    let town = Town::build();
    let mut alice = town.alice();
    let port = town.gateway.port();
    let fine = |answer: &RawAnswer| if answer.status == 200 { Ok(()) } else { Err(answer.status.to_string()) };
    let load = Load::start(4, port, "agence-a.localhost", "/public/x", fine);
    let mut last = Last { pid: town.gateway.pid(), first: town.gateway.pid() };
    for _ in 0..2 {
        load.wait_for(50);
        let upgraded = town.gateway.run("upgrade", &[]);
        let said = String::from_utf8_lossy(&upgraded.stdout).into_owned();
        assert!(upgraded.status.success() && said.contains("has taken over"), "{upgraded:?}");
        let pid = eventually("the new process to answer", PATIENCE, || {
            let status = String::from_utf8_lossy(&town.gateway.run("status", &[]).stdout).into_owned();
            let pid = status.lines().next()?.rsplit_once("process ")?.1.parse().ok()?;
            (pid != last.pid).then_some(pid)
        });
        assert!(said.contains(&format!("process {pid} has taken over")), "{said}");
        last.pid = pid;
        load.wait_for(50);
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
    let (answers, wrong) = load.end();
    assert_eq!((answers > 200, wrong), (true, Vec::new()));
    fs::write(town.gateway.folder().join("agencies/new.toml"), "x = \"").expect("a mistake");
    let refused = town.gateway.run("upgrade", &[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("new.toml:1"), "{said}");
    alice.open(town.at_a("/membre/x")).see("alice-77");
}

#[test]
fn review_a14_a_new_key_is_the_folders_groups_or_it_is_said_what_to_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let is_root = rustix::process::geteuid().is_root();
    let new_key = |name: &str| {
        let file = folder.path().join(name);
        let done = program().args(["vault", "new-key"]).arg(&file).output().expect("the program");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{done:?}");
        let metadata = fs::metadata(&file).expect("a key");
        (metadata.permissions().mode() & 0o777, metadata.gid(), said)
    };
    let (mode, _, said) = new_key("one.key");
    assert!(mode == 0o600 && said.contains("one.key && ") && said.contains("chmod 0640"), "{mode:o} {said}");
    if is_root {
        std::os::unix::fs::chown(folder.path(), None, Some(64_321)).expect("a group");
        let (mode, group, said) = new_key("two.key");
        assert_eq!((mode, group), (0o640, 64_321), "{said}");
    }
}

#[test]
fn review_a14_check_tells_which_files_the_services_user_cannot_read() {
    let town = Town::build();
    let checked = |user: &str| {
        let done = town.gateway.run("check", &["--offline", "--user", user]);
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    // The folder of a test is its owner's only.
    let (code, told) = checked("nobody");
    let group = Command::new("id").args(["-gn", "nobody"]).output().expect("id").stdout;
    let group = String::from_utf8_lossy(&group).trim().to_owned();
    let words = format!("vault.key: the user nobody cannot read it (hint: chgrp {group} ");
    assert!(code == Some(1) && told.contains(&words), "{words}: {told}");
    fs::set_permissions(town.gateway.folder(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let (code, told) = checked("nobody");
    assert!(code == Some(1) && told.contains("vault.key && chmod 0640"), "the key alone is closed: {told}");
    assert!(!told.contains("agence-a.toml"), "{told}");
    let (code, told) = checked("nobody-of-this-name");
    assert!(code == Some(1) && told.contains("there is no user nobody-of-this-name"), "{told}");
}

/// The process that was started last by another one than the test; it ends with this value.
struct Last {
    pid: u32,
    first: u32,
}

impl Drop for Last {
    fn drop(&mut self) {
        if self.pid != self.first
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw)
        {
            // It may have ended already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}
