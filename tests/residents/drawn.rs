//! Pages and letters as files to look at, before a resident sees them (`vestibule pages`).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use tempfile::TempDir;

use crate::support::{
    gateway::{program, words},
    package,
};

/// A folder of somebody who prepares an agency: its configuration, own pages, and where pages are drawn.
struct Desk(TempDir);

impl Desk {
    /// With the sample configuration and own pages, and without any of its secrets.
    fn new() -> Self {
        let desk = Self(TempDir::new().expect("a folder"));
        for file in
            ["vestibule.toml", "agencies/form-login.toml", "agencies/trusted-headers.toml", "terms/sample-fr.txt"]
        {
            let text = fs::read_to_string(package().join("config").join(file)).expect("a sample");
            desk.write(&format!("config/{file}"), &text);
        }
        let main = fs::read_to_string(desk.path("config/vestibule.toml")).expect("the sample");
        desk.write("config/vestibule.toml", &format!("{main}\n[pages]\nfolder = \"../own\"\n"));
        desk.write("own/locales/fr/own.ftl", "own-words = Bienvenue chez nous");
        desk.write("own/locales/en/own.ftl", "own-words = Welcome");
        desk
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a written file");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Draws into the folder `drawn`.
    fn draw(&self, arguments: &[&str]) -> Output {
        let mut command = program();
        for name in ["VESTIBULE_DATABASE_URL", "VESTIBULE_VAULT_KEY", "VESTIBULE_SMTP_PASSWORD"] {
            command.env_remove(name);
        }
        command.args(["pages", "drawn"]).args(arguments).current_dir(&self.0).output().expect("the program starts")
    }

    fn draw_own(&self, agency: &str) -> Output {
        self.draw(&["--config", "config/vestibule.toml", "--agency", agency])
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry.display().to_string()) }
    }
    found.sort();
    found
}

#[test]
fn h01_every_page_and_letter_is_drawn_in_both_languages_without_any_configuration() {
    let desk = Desk::new();
    let done = desk.draw(&[]);
    assert_eq!(done.status.code(), Some(0), "{}", words(&done));
    let said = String::from_utf8_lossy(&done.stdout);
    let last = said.lines().last().expect("a line");
    assert!(last.contains("states of pages and") && last.contains("of letters, each in 2 languages"), "{last}");
    let index = desk.path("drawn/index.html").canonicalize().expect("an index");
    assert!(last.ends_with(&format!("open {} in a browser", index.display())), "{last}");
    assert!(desk.read("drawn/fr/sign_in-calm.html").contains("Connexion à votre espace client"));
    assert!(desk.read("drawn/en/sign_in-calm.html").contains("<html lang=\"en\">"));
    assert!(desk.read("drawn/fr/letter-confirm_address-code.txt").contains("86991277"));
    assert!(desk.read("drawn/index.html").contains("Pages et lettres"));
    assert!(desk.read("drawn/index.en.html").contains("Pages and letters"));
    assert!(desk.path("drawn/assets/vestibule.css").exists());
    assert_eq!(String::from_utf8_lossy(&done.stderr), "", "no progress into a file");
}

#[test]
fn h02_an_agency_sees_its_own_brand_sentences_and_times_and_needs_no_secret_for_it() {
    let desk = Desk::new();
    desk.write("own/portal/joined.hbs", "{{#> layout title=(t \"own-words\")}}<h1>{{t \"own-words\"}}</h1>{{/layout}}");
    let done = desk.draw_own("SPI31/01");
    assert_eq!(done.status.code(), Some(0), "{}", words(&done));
    assert!(words(&done).contains("what is in order is used"), "{}", words(&done));
    assert!(desk.read("drawn/fr/sign_in-calm.html").contains("Agence du Port"));
    assert!(desk.read("drawn/fr/joined-calm.html").contains("Bienvenue chez nous"));
    assert!(desk.read("drawn/fr/letter-reset_password-both.txt").contains("Agence du Port"));
    let index = desk.read("drawn/index.html");
    assert!(
        index.contains("Réglages de cette agence\u{a0}: Agence du Port") && index.contains("own-words"),
        "settings and sentences"
    );
}

#[test]
fn h02_a_broken_page_of_ones_own_is_told_with_file_and_line_and_nothing_is_drawn() {
    for (file, text, told) in [
        ("own/portal/joined.hbs", "<p>\n{{page.agencee}}</p>", "portal/joined.hbs:2: "),
        (
            "own/portal/joined.hbs",
            "<p>\n\n{{t \"no-such-words\"}}</p>",
            "portal/joined.hbs:3: no sentence `no-such-words`",
        ),
        ("own/portal/joined.hbs", "<p>\n{{#if page.agency}}</p>", "portal/joined.hbs:2: "),
        ("own/parts/csrf.hbs", "\n{{#if page.nothing}}{{/if}}", "parts/csrf.hbs:2: no field `page.nothing`"),
        ("own/parts/letter.txt.hbs", "\n\n{{nobody}}", "parts/letter.txt.hbs:3: "),
        ("own/mail/account_attached.subject.hbs", "{{nobody}}", "mail/account_attached.subject.hbs:1: "),
        ("own/locales/fr/own.ftl", "own-words = x\nother = { $", "locales/fr/own.ftl:2: "),
    ] {
        let desk = Desk::new();
        assert_eq!(desk.draw(&[]).status.code(), Some(0));
        let before = files(&desk.path("drawn"));
        desk.write(file, text);
        let done = desk.draw_own("SPI31/01");
        assert_eq!(done.status.code(), Some(2), "{file}: {}", words(&done));
        let said = words(&done);
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with(told)).collect();
        let each: BTreeSet<&str> = lines.iter().copied().collect();
        assert!(!lines.is_empty() && each.len() == lines.len(), "{file}, {told}: {said}");
        assert_eq!(files(&desk.path("drawn")), before, "{file}");
    }
}

#[test]
fn an_agency_that_is_not_there_is_told_with_those_that_are() {
    let desk = Desk::new();
    for (agency, told) in
        [("SPI31/99", "no agency SPI31/99 (hint: there are GESTIM/A, SPI31/01)"), ("x", "\"x\" is not")]
    {
        let done = desk.draw_own(agency);
        assert_eq!(done.status.code(), Some(2), "{}", words(&done));
        assert!(words(&done).contains(told), "{}", words(&done));
        assert!(!desk.path("drawn").exists());
    }
}

#[test]
fn a_folder_of_somebody_elses_is_left_alone() {
    let desk = Desk::new();
    desk.write("drawn/notes.txt", "to be kept");
    for arguments in [&[][..], &["--config", "config/vestibule.toml"]] {
        let done = desk.draw(arguments);
        assert_eq!(done.status.code(), Some(1), "{}", words(&done));
        assert!(words(&done).contains("holds something else") && words(&done).contains("hint: "), "{}", words(&done));
        assert_eq!(files(&desk.path("drawn")).len(), 1);
    }
    fs::remove_dir_all(desk.path("drawn")).expect("it goes");
    desk.write("drawn", "a file, no folder");
    let done = desk.draw(&[]);
    assert_eq!(done.status.code(), Some(1), "{}", words(&done));
    assert_eq!(desk.read("drawn"), "a file, no folder");
}

#[test]
fn what_an_earlier_run_has_drawn_is_replaced_and_what_others_put_beside_it_stays() {
    let desk = Desk::new();
    assert_eq!(desk.draw(&[]).status.code(), Some(0));
    let first = files(&desk.path("drawn"));
    desk.write("drawn/notes.txt", "to be kept");
    desk.write("drawn/fr/notes.txt", "to be kept");
    desk.write("drawn/fr/sign_in-calm.html", "scribbled over");
    desk.write("outside.txt", "to be kept");
    let list = desk.read("drawn/vestibule-pages.txt");
    desk.write("drawn/fr/old.html", "of an older version");
    desk.write("drawn/vestibule-pages.txt", &format!("{list}fr/old.html\n../outside.txt\n/etc/hostname\n"));
    let again = desk.draw(&[]);
    assert_eq!(again.status.code(), Some(0), "{}", words(&again));
    assert!(desk.read("drawn/fr/sign_in-calm.html").contains("Connexion"));
    assert!(!desk.path("drawn/fr/old.html").exists(), "what is not drawn any more goes");
    for kept in ["drawn/notes.txt", "drawn/fr/notes.txt", "outside.txt"] {
        assert_eq!(desk.read(kept), "to be kept");
    }
    assert_eq!(desk.read("drawn/vestibule-pages.txt"), list);
    assert_eq!(files(&desk.path("drawn")).len(), first.len() + 2);
}

#[test]
fn a_file_or_a_link_in_the_way_of_a_page_is_neither_written_over_nor_followed() {
    let desk = Desk::new();
    assert_eq!(desk.draw(&[]).status.code(), Some(0));
    let list = desk.read("drawn/vestibule-pages.txt");
    // As if an older version had not drawn this page, and somebody has put one there.
    desk.write("drawn/vestibule-pages.txt", &list.replace("fr/sign_in-calm.html\n", ""));
    desk.write("drawn/fr/sign_in-calm.html", "to be kept");
    let done = desk.draw(&[]);
    assert_eq!(done.status.code(), Some(1), "{}", words(&done));
    assert!(words(&done).contains("fr/sign_in-calm.html is there"), "{}", words(&done));
    assert_eq!(desk.read("drawn/fr/sign_in-calm.html"), "to be kept");
    desk.write("drawn/vestibule-pages.txt", &list);

    desk.write("elsewhere/sign_in-calm.html", "to be kept");
    fs::remove_dir_all(desk.path("drawn/fr")).expect("it goes");
    std::os::unix::fs::symlink(desk.path("elsewhere"), desk.path("drawn/fr")).expect("a link");
    let done = desk.draw(&[]);
    assert_eq!(done.status.code(), Some(1), "{}", words(&done));
    assert_eq!(desk.read("elsewhere/sign_in-calm.html"), "to be kept");
    fs::remove_file(desk.path("drawn/fr")).expect("it goes");

    desk.write("secret.txt", "to be kept");
    fs::create_dir(desk.path("drawn/fr")).expect("a folder");
    std::os::unix::fs::symlink(desk.path("secret.txt"), desk.path("drawn/fr/sign_in-calm.html")).expect("a link");
    let done = desk.draw(&[]);
    assert_eq!(done.status.code(), Some(0), "{}", words(&done));
    assert_eq!(desk.read("secret.txt"), "to be kept");
}
