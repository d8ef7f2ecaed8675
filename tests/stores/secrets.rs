//! Recognisable secrets go through a whole run, and afterwards nothing that the run left holds one of them (SEC-260).
//!
//! What may hold what: the folder for letters has the letters, with codes and links, and no password; the file of the
//! vault's key has the key; the database has digests of what is compared, and sealed bytes of what is sent again.

use std::{collections::BTreeSet, fs, os::unix::process::ExitStatusExt, process::Command};

use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use sha2::{Digest as _, Sha256};

use crate::support::{
    eventually,
    letters::Letter,
    memory,
    person::Person,
    postgres,
    stage::Stage,
    town::{ALICE, BOB, CHOSEN, Town, migrate_up_to_proof, try_sign_in},
};

const WRONG: &str = "Faux-mot-de-passe-91";
const RESET: &str = "Cerisier-31-mur";
const SMTP_PASSWORD: &str = "Facteur-77-velo";
/// As `Site` writes it.
const VAULT_KEY: [u8; 32] = [7; 32];

on_every_database! {
    sec_260_nothing_that_a_run_leaves_holds_a_secret_of_it,
}

/// Secrets by what they are; the same one is looked for in every spelling that a program might leave it in.
#[derive(Default)]
struct Planted(BTreeSet<(&'static str, Vec<u8>)>);

impl Planted {
    fn add(&mut self, what: &'static str, secret: &str) {
        let bytes = secret.as_bytes();
        self.0.extend([
            (what, bytes.to_vec()),
            (what, utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string().into_bytes()),
            (what, data_encoding::BASE64.encode(bytes).into_bytes()),
            (what, HEXLOWER.encode(bytes).into_bytes()),
        ]);
    }

    fn add_letter(&mut self, letter: &Letter) {
        let link: url::Url = letter.link().parse().expect("an address");
        self.add("link", &link.query_pairs().find(|(name, _)| name == "s").expect("a secret").1);
        if let Some(code) = letter.text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 8) {
            self.add("code", code);
        }
    }

    /// The cookies of a browser but those whose value is no secret.
    fn add_cookies(&mut self, town: &Town, person: &Person) {
        for url in [town.gateway.portal("/"), town.gateway.agency("agence-a", "/")] {
            for (_, value) in person.cookies(&url).into_iter().filter(|(_, value)| value.len() >= 16) {
                self.add("cookie", &value);
            }
        }
    }

    /// Who has the database alone and tries all codes finds none: the digest of none of them stands there.
    fn assert_no_code_can_be_found(&self, place: &str, bytes: &[u8]) {
        let codes = self.0.iter().filter(|(what, spelling)| *what == "code" && spelling.len() == 8);
        assert!(codes.clone().count() > 1, "codes went through this run");
        for (_, code) in codes {
            let digest = Sha256::digest(code);
            for spelling in [HEXLOWER.encode(&digest).into_bytes(), digest.to_vec()] {
                assert!(memchr::memmem::find(bytes, &spelling).is_none(), "{place} holds a plain digest of a code");
            }
        }
    }

    fn assert_absent(&self, place: &str, bytes: &[u8], but_for: &[&str]) {
        for (what, secret) in self.0.iter().filter(|(what, _)| !but_for.contains(what)) {
            let found = memchr::memmem::find_iter(bytes, secret).find(|at| {
                // Eight digits within a longer number are no code.
                let around = [at.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(at + secret.len())];
                !around.into_iter().flatten().any(u8::is_ascii_digit)
            });
            if let Some(at) = found {
                let near = &bytes[at.saturating_sub(120)..(at + secret.len() + 40).min(bytes.len())];
                panic!("{place} holds a {what}: … {} …", String::from_utf8_lossy(near));
            }
        }
    }
}

fn sec_260_nothing_that_a_run_leaves_holds_a_secret_of_it(stage: Stage) {
    let mut town = Town::build_with(|site| site.on(stage).set("log.level", "trace"));
    let mut planted = Planted::default();
    for (what, secret) in [
        ("old password", ALICE.password),
        ("old password", BOB.password),
        ("password", CHOSEN),
        ("password", RESET),
        ("wrong password", WRONG),
        ("mail server's password", SMTP_PASSWORD),
    ] {
        planted.add(what, secret);
    }
    let key = String::from_utf8_lossy(&VAULT_KEY).into_owned();
    planted.add("key", &key);
    let mut pages = String::new();
    let (mut alice, mut bob) = (Person::new(&town.gateway), Person::new(&town.gateway));

    // Into the extranet, with mistakes on the way.
    try_sign_in(&mut alice, "a", ALICE.login, WRONG);
    pages += &alice.here().text();
    migrate_up_to_proof(&mut alice, "a", ALICE, ALICE.email);
    let letter = town.gateway.letter_to(ALICE.email);
    planted.add_letter(&letter);
    planted.add_cookies(&town, &alice);
    alice.fill("code", "00000001").press("Valider");
    alice.fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
    try_sign_in(&mut alice, "a", ALICE.email, WRONG);
    pages += &alice.here().text();
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    migrate_up_to_proof(&mut bob, "a", BOB, BOB.email);
    planted.add_letter(&town.gateway.letter_to(BOB.email));
    planted.add_cookies(&town, &alice);
    planted.add_cookies(&town, &bob);
    for seen in town.a.seen() {
        for pair in seen.values("cookie").into_iter().flat_map(|line| line.split(';')) {
            let value = pair.split_once('=').map_or("", |(_, value)| value.trim());
            if value.len() >= 16 {
                planted.add("extranet's cookie", value);
            }
        }
    }

    // A forgotten password; errors of every kind.
    let mut elsewhere = Person::new(&town.gateway);
    elsewhere.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    let letter = town.gateway.letters().wait_for(ALICE.email, |letter| letter.subject.contains("nouveau mot de passe"));
    planted.add_letter(&letter);
    elsewhere.open(letter.link()).fill("password", RESET).fill("confirmation", RESET).press("Enregistrer");
    elsewhere.open(letter.link());
    pages += &elsewhere.here().text();
    town.sign_in(&mut elsewhere, "a", ALICE.email, RESET);
    planted.add_cookies(&town, &elsewhere);
    for url in [town.gateway.portal("/nowhere"), town.gateway.agency("agence-a", "/.vestibule/enter?code=x")] {
        let answer = elsewhere.get(url.as_str(), &[]);
        pages += &answer.text();
    }
    let mut form = elsewhere.open(town.gateway.portal("/account/password").as_str()).form("Enregistrer");
    for (field, value) in [("current", RESET), ("password", CHOSEN), ("confirmation", CHOSEN), ("csrf", "x")] {
        form.set(field, value);
    }
    pages += &elsewhere.send(&form).text();

    // A mail server that is not there, with a password for it.
    let file = town.gateway.folder().join("smtp.password");
    fs::write(&file, SMTP_PASSWORD).expect("the password");
    town.gateway.configure("mail.transport", "smtp");
    let smtp: toml::Table =
        "host = '127.0.0.1'\nport = 9\nusername = 'facteur'\npassword_file = 'smtp.password'".parse().expect("TOML");
    town.gateway.configure("mail.smtp", smtp);
    town.gateway.restart();
    elsewhere.open("/forgotten?client=CA&societe=SA").fill("login", BOB.email).press("Recevoir l'e-mail");
    elsewhere.open("/forgotten?client=CA&societe=SA").fill("login", ALICE.email).press("Recevoir l'e-mail");
    eventually("a mail server that is away", std::time::Duration::from_secs(20), || {
        town.gateway.log().contains("the mail server takes no letters").then_some(())
    });
    pages += &town.gateway.health("/readyz").expect("an answer").1;
    pages += &town.gateway.health("/metrics").unwrap_or_default().1;
    let limits = fs::read_to_string(format!("/proc/{}/limits", town.gateway.pid())).expect("a running process");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "no core is written: {core}");
    let arguments = fs::read(format!("/proc/{}/cmdline", town.gateway.pid())).expect("a running process");

    // What a core would hold; none is written. Keys in use are in memory, their text is not.
    let sealing = data_encoding::BASE64.encode(&VAULT_KEY);
    match memory::of(town.gateway.pid()) {
        Ok(held) => {
            assert!(held.len() > 1_000_000 && memchr::memmem::find(&held, b"Agence du Port").is_some());
            assert!(memchr::memmem::find(&held, sealing.as_bytes()).is_none(), "the text of the key's file");
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "who is not root sees nothing"),
    }
    assert!(!crashes_with_a_core(&mut town), "no core is written");
    let log = town.gateway.log();
    assert!(log.contains("\"level\":\"TRACE\"") || log.contains("\"level\":\"DEBUG\""), "it speaks at length");
    planted.assert_absent("the log", log.as_bytes(), &[]);
    planted.assert_absent("the arguments", &arguments, &[]);
    // The page behind a link leads back to itself, for who changes the language there.
    planted.assert_absent("a page", pages.as_bytes(), &["link"]);
    for letter in town.gateway.letters().all() {
        planted.assert_absent("a letter", letter.raw.as_bytes(), &["code", "link"]);
        planted.assert_absent("a letter", (letter.text + &letter.html).as_bytes(), &["code", "link"]);
    }
    for (name, dump) in dumps(&town, stage) {
        assert!(dump.len() > 1000 && planted_address_is_in(&dump), "{name} is the database");
        planted.assert_absent(&name, &dump, &[]);
        planted.assert_no_code_can_be_found(&name, &dump);
    }
    assert!(town.gateway.number("SELECT COUNT(*) FROM letters") > 0);
}

/// The database's files, or what `pg_dump` makes of it.
fn dumps(town: &Town, stage: Stage) -> Vec<(String, Vec<u8>)> {
    match stage {
        Stage::Sqlite | Stage::Redis => {
            let files = fs::read_dir(town.gateway.folder()).expect("the folder").filter_map(Result::ok);
            let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
            let all: Vec<u8> = names
                .filter(|name| name.starts_with("vestibule.db"))
                .flat_map(|name| fs::read(town.gateway.folder().join(name)).expect("a file"))
                .collect();
            vec![("vestibule.db".to_owned(), all)]
        }
        Stage::Postgres | Stage::TwoNodes | Stage::TwoNodesWithRedis => {
            let program = postgres::binaries().join("pg_dump");
            let dump = Command::new(program).arg(town.gateway.ground().url()).output().expect("pg_dump");
            vec![("the dump".to_owned(), dump.stdout)]
        }
    }
}

/// That the search finds what is there: an address is, in the clear.
fn planted_address_is_in(dump: &[u8]) -> bool {
    memchr::memmem::find(dump, ALICE.email.as_bytes()).is_some()
}

/// Ends the gateway by a crash, with every limit on cores lifted as far as the test may.
fn crashes_with_a_core(town: &mut Town) -> bool {
    let pid = i32::try_from(town.gateway.pid()).ok().and_then(Pid::from_raw).expect("a process");
    // Refused where the gateway has lowered it for good and the test may not do everything.
    let _ = prlimit(Some(pid), Resource::Core, Rlimit { current: None, maximum: None });
    town.gateway.signal(Signal::ABORT);
    town.gateway.ends().core_dumped()
}
