//! Which configuration a command takes, and that what it tells people to type works by the same one.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::support::{gateway::program, town::Town};

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a line as somebody types it who stands in a folder.
fn typed(line: &str, folder: &Path) -> Output {
    let line = line.replacen("vestibule", program().get_program().to_str().expect("a path in UTF-8"), 1);
    Command::new("sh").args(["-c", &line]).current_dir(folder).output().expect("a shell")
}

/// The same on a machine where the gateway is installed, with its configuration in this folder.
fn typed_where_it_is_installed(line: &str, (installed, stands): (&Path, &Path)) -> Output {
    let line = line.replacen("vestibule", program().get_program().to_str().expect("a path in UTF-8"), 1);
    let script = "mount -t tmpfs none /etc && ln -s \"$1\" /etc/vestibule && cd \"$2\" && eval \"$0\"";
    let mut namespace = Command::new("unshare");
    namespace.args(["--mount", "sh", "-c", script, &line]).args([installed, stands]).output().expect("a shell")
}

/// What stands behind these words until the line or the parenthesis ends.
fn command_in(told: &str, begins: &str) -> String {
    let rest = &told[told.find(begins).unwrap_or_else(|| panic!("{begins} is not in {told}"))..];
    rest.split([')', '\n', ';']).next().unwrap_or_default().trim_end_matches('.').to_owned()
}

const WHY: &str = "--yes --reason test";

#[test]
fn walk_3_what_a_command_tells_people_to_type_works_by_the_same_configuration() {
    let mut town = Town::build();
    drop(town.alice());
    let folder = town.gateway.folder().to_owned();
    // With a name that a shell would take apart.
    let config = folder.join("l'agence 1.toml");
    fs::copy(folder.join("vestibule.toml"), &config).expect("a copy");
    town.gateway.stop();
    let file = format!("'{}'", config.display().to_string().replace('\'', "'\\''"));
    let said = |words: &str| told(&typed(&format!("vestibule {words} --config {file}"), Path::new("/")));
    for (words, begins) in [
        (format!("person unlock dora-9@CA/SA {WHY}"), "vestibule person show dora-9@CA/SA"),
        (format!("person erase dora-9@CA/SA {WHY}"), "vestibule restore-check"),
        ("person show nobody-1@CA/SA".to_owned(), ""),
        ("restore-check --yes".to_owned(), ""),
        (format!("agency erase CA/SA {WHY}"), "vestibule reload"),
        ("health".to_owned(), ""),
    ] {
        let said = said(&words);
        // Each command that is told names the file, in whatever message.
        for (at, _) in said
            .match_indices("vestibule person")
            .chain(said.match_indices("vestibule mail"))
            .chain(said.match_indices("vestibule restore"))
            .chain(said.match_indices("vestibule reload"))
        {
            let line = said[at..].lines().next().unwrap_or_default();
            assert!(line.contains(&format!("--config {file}")), "{words}: {line}");
        }
        assert!(said.contains(begins), "{words}: {said}");
    }
    // Word by word as it stands there, from another folder.
    let show = command_in(&said(&format!("person unlock dora-9@CA/SA {WHY}")), "vestibule person show");
    let shown = typed(&show, Path::new("/"));
    assert!(shown.status.success() && told(&shown).contains("dora-9 of CA/SA"), "{show}: {}", told(&shown));
}

#[test]
fn walk_3_a_gateway_names_its_file_to_who_asks_from_anywhere() {
    let town = Town::build_with(|site| site.set("server.reload_on_change", false));
    for file in ["agence-a.toml", "agence-b.toml"] {
        fs::remove_file(town.gateway.folder().join("agencies").join(file)).expect("a file goes");
    }
    let refused = told(&town.gateway.run("reload", &[]));
    let reload = command_in(&refused, "vestibule reload");
    assert!(reload.contains("--config /"), "{refused}");
    let done = typed(&format!("{reload} --yes"), Path::new("/"));
    assert!(done.status.success() && told(&done).contains("2 removed"), "{}", told(&done));
}

#[test]
fn walk_3_without_a_word_the_file_here_is_taken_else_the_installed_one_and_else_that_is_told() {
    let town = Town::build();
    drop(town.alice());
    let folder = town.gateway.folder().to_owned();
    let elsewhere = folder.join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    if !Path::new("/etc/vestibule").exists() {
        for words in ["check", "status", "health", "reload", "person show alice-77@CA/SA", "mail list", "audit verify"]
        {
            let done = typed(&format!("vestibule {words}"), &elsewhere);
            let said = told(&done);
            assert_eq!(done.status.code(), Some(2), "{words}: {said}");
            assert!(
                said.contains("neither config/vestibule.toml in this folder nor /etc/vestibule/vestibule.toml"),
                "{said}"
            );
            assert!(said.contains("--config FILE"), "{said}");
        }
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can try it as if it were installed");
        return;
    }
    let (installed, here) = ("/etc/vestibule/vestibule.toml", "--config");
    let unlock = format!("vestibule person unlock dora-9@CA/SA {WHY}");
    for words in ["vestibule health", "vestibule status", "vestibule person show alice-77@CA/SA", "vestibule mail list"]
    {
        let done = typed_where_it_is_installed(words, (&folder, &elsewhere));
        let said = told(&done);
        assert!(done.status.success(), "{words}: {said}");
        let is_said = said.contains(&format!("by {installed}, for there is no config/vestibule.toml here"));
        assert_eq!(is_said, !words.contains("health"), "{words}: {said}");
    }
    let said = told(&typed_where_it_is_installed(&unlock, (&folder, &elsewhere)));
    assert!(said.contains(&format!("vestibule person show dora-9@CA/SA --config {installed}")), "{said}");
    // One that is here goes before it, and need not be named.
    std::os::unix::fs::symlink(&folder, elsewhere.join("config")).expect("a link");
    let said = told(&typed_where_it_is_installed(&unlock, (Path::new("/nowhere"), &elsewhere)));
    assert!(said.contains("vestibule person show dora-9@CA/SA\n") && !said.contains(here), "{said}");
}
