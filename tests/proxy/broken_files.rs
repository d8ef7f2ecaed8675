//! A broken file on disk stops no tool: every command beside a gateway that runs well (decision 71).

use std::{fs, path::Path, process::Output};

use crate::support::town::{ALICE, Town};

/// A way in which a file is broken.
type Breaks = (&'static str, fn(&Path));

/// A command with its arguments, and what it says where it works.
type Works = (&'static str, &'static [&'static str], &'static str);

const BROKEN: &[Breaks] = &[
    ("a new agency's file is no TOML", |folder| write(folder, "agencies/new.toml", "x = \"")),
    ("a new agency's file is empty", |folder| write(folder, "agencies/new.toml", "")),
    ("the agency's own file is no TOML", |folder| append(folder, "agencies/agence-a.toml", "\n[[")),
    ("the agency's own file has an unknown key", |folder| prepend(folder, "agencies/agence-a.toml", "colur = 1\n")),
    ("the agency's own file is half written", |folder| half(folder, "agencies/agence-a.toml")),
    ("all agencies are gone", |folder| {
        for entry in fs::read_dir(folder.join("agencies")).expect("a folder") {
            fs::remove_file(entry.expect("an entry").path()).expect("a file goes");
        }
    }),
    ("the folder of agencies is gone", |folder| {
        fs::remove_dir_all(folder.join("agencies")).expect("a folder goes");
    }),
    ("the main file is no TOML in its last line", |folder| append(folder, "vestibule.toml", "\nx = \"")),
    ("the main file is no TOML in its first line", |folder| prepend(folder, "vestibule.toml", "x = \"\n")),
    ("the main file has an unknown key", |folder| prepend(folder, "vestibule.toml", "colur = 1\n")),
    ("the main file has a wrong value", |folder| replace(folder, "vestibule.toml", "workers = 2", "workers = \"two\"")),
    ("the main file is half written", |folder| half(folder, "vestibule.toml")),
    ("the main file is empty", |folder| write(folder, "vestibule.toml", "")),
    ("the main file is gone", |folder| fs::remove_file(folder.join("vestibule.toml")).expect("a file goes")),
    ("the vault's key is gone", |folder| fs::remove_file(folder.join("vault.key")).expect("a file goes")),
    ("the vault's key is empty", |folder| write(folder, "vault.key", "")),
    ("a page of one's own is broken", |folder| {
        fs::create_dir_all(folder.join("pages/portal")).expect("a folder");
        write(folder, "pages/portal/message.hbs", "{{of_nothing}}");
        append(folder, "vestibule.toml", "\n[pages]\nfolder = \"pages\"\n");
    }),
    ("a certificate is missing", |folder| {
        append(folder, "vestibule.toml", "\n[tls]\nlisten = [\"127.0.0.1:1\"]\nfolder = \"certificates\"\n");
    }),
    ("the mail server's password is missing", |folder| {
        append(
            folder,
            "vestibule.toml",
            "\n[mail.smtp]\nhost = \"x\"\nusername = \"u\"\npassword_file = \"nowhere\"\n",
        );
    }),
    ("the health listener is another one on disk", |folder| {
        let text = fs::read_to_string(folder.join("vestibule.toml")).expect("a file");
        let line = text.lines().find(|line| line.starts_with("health = ")).expect("a health listener").to_owned();
        write(folder, "vestibule.toml", &text.replace(&line, "health = \"127.0.0.1:1\""));
    }),
];

const TOOLS: &[Works] = &[
    ("health", &[], "\"ready\":true"),
    ("health", &["--alive"], "alive"),
    ("status", &[], "gateway: ready"),
    ("mail list", &[], "sent"),
    ("mail dns", &[], "v=spf1"),
    ("mail resend", &["--waiting"], "0 letters are due now"),
    ("person show", &["alice@residents.example"], "alice"),
    ("person show", &["alice-77@CA/SA"], "alice"),
    ("person unlock", &["alice@residents.example", "--reason", "test", "--yes"], "alice"),
];

#[test]
fn review_a2_a_broken_file_on_disk_stops_no_tool() {
    let town = Town::build_with(|site| site.set("server.reload_on_change", false));
    let mut alice = town.alice();
    let folder = town.gateway.folder().to_owned();
    let keep = Kept::of(&folder);
    let mut failed = Vec::new();
    for (what, breaks) in BROKEN {
        breaks(&folder);
        for (command, arguments, says) in TOOLS {
            let done = town.gateway.run(command, arguments);
            let said = told(&done);
            if !done.status.success() || !said.contains(says) {
                failed.push(format!("{what}: {command} {arguments:?}: {}\n{said}", done.status));
            }
        }
        keep.restore(&folder);
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), BROKEN.len() * TOOLS.len(), failed.join("\n"));
    assert!(town.gateway.run("reload", &[]).status.success(), "everything is as it was");
    alice.open(town.at_a("/membre/x")).see(ALICE.login);
}

#[test]
fn review_a2_rosters_are_imported_and_secrets_sealed_anew_beside_a_file_with_a_mistake() {
    let town = Town::build_with(|site| site.set("server.reload_on_change", false));
    let folder = town.gateway.folder().to_owned();
    let roster = folder.join("roster.csv");
    fs::write(&roster, "login,name\ndora-9,Dora\n").expect("a roster");
    let roster = roster.to_str().expect("a path").to_owned();
    let keep = Kept::of(&folder);
    for (what, breaks) in BROKEN.iter().filter(|(what, _)| !what.contains("vault's key")) {
        breaks(&folder);
        let imported = town.gateway.run("import", &["--agency", "CA/SA", &roster]);
        assert!(imported.status.success(), "{what}: {}", told(&imported));
        let rotated = town.gateway.run("vault rotate", &[]);
        assert!(rotated.status.success(), "{what}: {}", told(&rotated));
        keep.restore(&folder);
    }
    fs::write(folder.join("vault.key"), "").expect("an empty key");
    let rotated = town.gateway.run("vault rotate", &[]);
    assert_eq!(rotated.status.code(), Some(2), "what is needed has to be in order: {}", told(&rotated));
    assert!(told(&rotated).contains("vault.key is empty"), "{}", told(&rotated));
}

#[test]
fn review_a2_where_no_gateway_runs_a_mistake_elsewhere_stops_no_tool() {
    let mut town = Town::build();
    drop(town.alice());
    town.gateway.stop();
    let folder = town.gateway.folder().to_owned();
    let keep = Kept::of(&folder);
    for (what, breaks) in BROKEN.iter().filter(|(what, _)| !what.contains("main file")) {
        breaks(&folder);
        for (command, arguments, says) in &TOOLS[3..7] {
            let is_elsewhere = !what.contains("mail server") || *command != "mail dns";
            let done = town.gateway.run(command, arguments);
            let said = told(&done);
            assert!(!is_elsewhere || done.status.success() && said.contains(says), "{what}: {command}: {said}");
        }
        keep.restore(&folder);
    }
    append(&folder, "vestibule.toml", "\nx = \"");
    let done = town.gateway.run("person show", &["alice@residents.example"]);
    assert_eq!(done.status.code(), Some(2), "nobody knows the database: {}", told(&done));
    assert!(told(&done).contains("vestibule.toml:"), "{}", told(&done));
}

/// The files of a folder as they were.
struct Kept(Vec<(std::path::PathBuf, Vec<u8>)>);

impl Kept {
    fn of(folder: &Path) -> Self {
        let agencies = fs::read_dir(folder.join("agencies")).expect("a folder");
        let agencies = agencies.map(|entry| entry.expect("an entry").path());
        let files = agencies.chain([folder.join("vestibule.toml"), folder.join("vault.key")]);
        Self(files.map(|file| (file.clone(), fs::read(&file).expect("a file"))).collect())
    }

    fn restore(&self, folder: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(folder.join("agencies")).expect("a folder");
        for entry in fs::read_dir(folder.join("agencies")).expect("a folder") {
            fs::remove_file(entry.expect("an entry").path()).expect("a file goes");
        }
        for (file, text) in &self.0 {
            fs::write(file, text).expect("the file as it was");
        }
        fs::set_permissions(folder.join("vault.key"), fs::Permissions::from_mode(0o600)).expect("a mode");
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

fn append(folder: &Path, name: &str, text: &str) {
    let before = fs::read_to_string(folder.join(name)).expect("a file");
    write(folder, name, &(before + text));
}

fn prepend(folder: &Path, name: &str, text: &str) {
    let before = fs::read_to_string(folder.join(name)).expect("a file");
    write(folder, name, &(text.to_owned() + &before));
}

fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let before = fs::read_to_string(folder.join(name)).expect("a file");
    assert!(before.contains(from), "{from} is not in {before}");
    write(folder, name, &before.replace(from, to));
}

fn half(folder: &Path, name: &str) {
    let before = fs::read_to_string(folder.join(name)).expect("a file");
    write(folder, name, &before[..=before.len() / 2]);
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
