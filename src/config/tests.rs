//! Files as operators write them, and what they are told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::load::{Loaded, load_with};
use super::*;
use crate::domain::adapter::{Adapter, Verifier};
use crate::domain::agency::AgencyMode;
use crate::domain::policy::{AgencyPolicy, Identifier, ProofMethod};
use crate::domain::upstream::{LogoutCall, Rule};

mod files;
mod meaning;

const GATEWAY: &str = r#"
[portal]
url = "http://www.localhost:8080"
name = "Mon compte"
[database]
url = "sqlite:vestibule.db"
[vault]
key_env = "KEY"
[mail]
from = "Mon compte <ne-pas-repondre@moncompte.example>"
transport = "folder"
folder = "letters"
"#;

const TRUSTING: &str = r#"
client = "SPI31"
societe = "01"
name = "Agence du Port"
url = "http://agence-a.localhost:8080"
[upstream]
url = "http://127.0.0.1:9001"
[sign_in]
adapter = "trusted-headers"
verifier = "roster"
[[headers]]
name = "X-Extranet-User"
value = "{login}"
"#;

const AGENCY: &str = r#"
client = "SPI31"
societe = "01"
name = "Agence du Port"
url = "http://agence-a.localhost:8080"
[upstream]
url = "http://127.0.0.1:9001"
[sign_in]
adapter = "form-replay"
[sign_in.form]
page = "/identification.php"
login_field = "identifiant"
password_field = "motdepasse"
success = [{ redirect = "/accueil.php" }]
failure = [{ element = "div.erreur" }]
"#;

/// A folder with files, as an operator would have it.
struct Installation(TempDir);

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("agencies")).expect("a folder");
        let installation = Self(folder);
        installation.write("vestibule.toml", GATEWAY).write("agencies/a.toml", AGENCY)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).expect("a file");
        self
    }

    /// Replaces a part of a file, which has to be there.
    fn edit(self, name: &str, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.path(name)).expect("a file");
        assert!(text.contains(from), "{from} is not in {name}");
        self.write(name, &text.replacen(from, to, 1))
    }

    fn mode(self, name: &str, mode: u32) -> Self {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    fn load(&self) -> Result<Loaded, Problems> {
        load_with(&self.path("vestibule.toml"), &environment)
    }

    fn settings(&self) -> Settings {
        self.load().unwrap_or_else(|problems| panic!("{problems}")).settings
    }

    /// Every problem, with the paths as the operator would write them.
    fn problems(&self) -> Vec<String> {
        let problems = match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(Problems(problems)) => problems,
        };
        let folder = format!("{}/", self.0.path().display());
        problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }

    /// The only problem begins so.
    #[track_caller]
    fn is_told(&self, start: &str) {
        let problems = self.problems();
        assert!(problems.len() == 1 && problems[0].starts_with(start), "not only {start}\n{}", problems.join("\n"));
    }
}

fn environment(name: &str) -> Option<String> {
    match name {
        "KEY" | "VESTIBULE_VAULT_KEY" => Some("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned()),
        "VESTIBULE_DATABASE_URL" => Some("postgres://localhost/vestibule".to_owned()),
        "VESTIBULE_SMTP_PASSWORD" => Some("hunter2".to_owned()),
        _ => None,
    }
}

/// An agency's file with one part replaced tells this, and only this.
#[track_caller]
fn agency_is_told(from: &str, to: &str, start: &str) {
    Installation::new().edit("agencies/a.toml", from, to).is_told(start);
}

/// `vestibule.toml` with one part replaced tells this, and only this.
#[track_caller]
fn gateway_is_told(from: &str, to: &str, start: &str) {
    Installation::new().edit("vestibule.toml", from, to).is_told(start);
}

#[test]
fn e01_a_small_file_is_enough_and_everything_else_has_a_default() {
    let settings = Installation::new().settings();
    assert_eq!(settings.server.listen, ["127.0.0.1:8080".parse().expect("an address")]);
    assert!(settings.server.trusted_proxies.is_empty() && settings.server.workers >= 1);
    assert_eq!(settings.server.cache_age.as_secs(), 30);
    let [agency] = settings.agencies.as_slice() else { panic!("one agency") };
    assert_eq!((agency.mode, agency.verifier), (AgencyMode::Require, Verifier::Form));
    assert_eq!(agency.brand.colour, settings.portal.colour);
    assert_eq!(agency.upstream.host_header, "127.0.0.1:9001");
    assert!(agency.session_over.login_redirect && agency.session_over.statuses == [401]);
    let Adapter::FormReplay(form) = &agency.adapter else { panic!("a form") };
    assert_eq!((form.timeout_ms, &form.success[0]), (10_000, &Rule::Redirect("/accueil.php".into())));
    assert_eq!(settings.vault.expect("a key").current.id.len(), 8);
}

#[test]
fn e01_the_table_of_keys_has_the_defaults_of_the_domain() {
    let settings = Installation::new().settings();
    assert_eq!(settings.agencies[0].policy, AgencyPolicy::default());
    let written: String = settings
        .origins
        .iter()
        .filter_map(|origin| Some(format!("{} = {}\n", origin.key.strip_prefix("policy.")?, origin.value)))
        .collect();
    let spelled_out = Installation::new().edit("vestibule.toml", "[mail]", &format!("[policy]\n{written}\n[mail]"));
    assert_eq!(spelled_out.settings().agencies[0].policy, AgencyPolicy::default());
}

#[test]
fn e01_the_samples_load() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let Loaded { settings, warnings } =
        load_with(&config.join("vestibule.toml"), &environment).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(warnings, []);
    let codes: Vec<String> = settings.agencies.iter().map(|agency| agency.code.to_string()).collect();
    assert_eq!(codes, ["GESTIM/A", "SPI31/01"]);
    assert_eq!(settings.agencies[1].policy.keep_days, 14);
    assert!(settings.agencies[1].terms.is_some());

    let example = std::fs::read_to_string(config.join("examples/django-admin.toml")).expect("the example");
    let settings = Installation::new().write("agencies/a.toml", &example).settings();
    let Adapter::FormReplay(form) = &settings.agencies[0].adapter else { panic!("a form") };
    assert_eq!(form.success, [Rule::Cookie("sessionid".into())]);
    let logout = LogoutCall::Form {
        page: "/admin/".into(),
        path: "/admin/logout/".into(),
        fields: Vec::new(),
        extra: Vec::new(),
    };
    assert_eq!(form.logout.as_ref(), Some(&logout));
    // Where one address is everything, its login page is many pages, and that is told.
    let many = "shares its path with other pages";
    for (name, told) in [
        ("form-inline", &[][..]),
        ("webdav", &[]),
        ("basic-session", &[]),
        ("form-servlet", &["a redirect back to", many]),
        ("form-token", &[]),
        ("script-logout", &[]),
        ("front-controller", &[many]),
        ("routes-by-query", &[many]),
        ("link", &[]),
        ("merge", &[]),
        ("code", &[]),
        ("lockout", &[]),
    ] {
        let example = std::fs::read_to_string(config.join(format!("examples/{name}.toml"))).expect("the example");
        let installation = Installation::new().write("agencies/a.toml", &example);
        std::fs::create_dir(installation.path("terms")).expect("a folder");
        let installation = installation.write("terms/sample-fr.txt", "Conditions");
        let Loaded { settings, warnings } = installation.load().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!((settings.agencies.len(), warnings.len()), (1, told.len()), "{name}: {warnings:?}");
        for (warning, told) in warnings.iter().zip(told) {
            assert!(warning.to_string().contains(told), "{name}: {warning}");
        }
    }
}

#[test]
fn e01_relative_paths_are_relative_to_the_file_they_stand_in() {
    let installation = Installation::new().write("terms.txt", "Conditions");
    let installation =
        installation.edit("agencies/a.toml", "[upstream]", "[terms]\nversion = '1'\nfile = '../terms.txt'\n[upstream]");
    let settings = installation.settings();
    assert_eq!(settings.agencies[0].terms.as_ref().map(|terms| terms.text.as_str()), Some("Conditions"));
    let database = format!("sqlite:{}", installation.path("vestibule.db").display());
    assert_eq!(settings.database_url.expose(), database);
    assert!(
        matches!(settings.mail.transport, TransportSettings::Folder(folder) if folder == installation.path("letters"))
    );
}

#[test]
fn e01_layers_are_folded_and_each_value_tells_its_origin() {
    let installation = Installation::new()
        .edit("vestibule.toml", "[portal]", "[policy]\nkeep_days = 20\nlink_minutes = 90\n[clients.spi31]\nkeep_days = 10\nconfirmation = 'link'\n[portal]")
        .edit("agencies/a.toml", "[upstream]", "[policy]\nidentifier = 'email'\nconfirmation = 'code'\n[upstream]");
    let settings = installation.settings();
    let policy = &settings.agencies[0].policy;
    assert_eq!((policy.keep_days, policy.link_minutes), (10, 90));
    assert_eq!((policy.identifier, policy.confirmation), (Identifier::Email, ProofMethod::Code));
    let described = describe(&settings).replace(&format!("{}/", installation.0.path().display()), "");
    let lines: Vec<String> =
        described.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "policy.keep_days 10 vestibule.toml:6",
        "policy.link_minutes 90 vestibule.toml:4",
        "policy.confirmation \"code\" agencies/a.toml:8",
        "policy.identifier \"email\" agencies/a.toml:7",
        "policy.code_minutes 10 default",
        "paths.login [\"/identification.php\"] sign_in.form.page added",
        "sign_in.verifier \"form\" from sign_in.adapter",
        "brand.colour \"#1f4f8b\" the portal's colour",
        "database.url (secret) vestibule.toml:12",
    ] {
        assert!(lines.iter().any(|described| described == line), "{line} is not in\n{described}");
    }
}

#[test]
fn sec_260_no_secret_is_shown() {
    let installation = Installation::new().edit("vestibule.toml", "sqlite:vestibule.db", "postgres://u:hunter2@h/d");
    let settings = installation.settings();
    assert!(!format!("{settings:?}{}", describe(&settings)).contains("hunter2"));
    gateway_is_told(
        "\"sqlite:vestibule.db\"",
        "\"mysql://u:hunter2@h\"",
        "vestibule.toml:5: database: the URL begins with neither",
    );
    let problems = Installation::new().edit("vestibule.toml", "\"sqlite:vestibule.db\"", "[\"hunter2\"]").problems();
    assert!(!problems.join("\n").contains("hunter2"), "{problems:?}");
}

#[test]
fn sec_260_a_secret_that_others_can_open_is_refused_and_a_wide_group_is_a_warning() {
    let installation = |mode| {
        let key = environment("KEY").expect("a key");
        Installation::new().write("vault.key", &format!("{key}\n")).mode("vault.key", mode).edit(
            "vestibule.toml",
            "key_env = \"KEY\"",
            "key_file = \"vault.key\"",
        )
    };
    assert_eq!(installation(0o640).problems(), Vec::<String>::new());
    let careless = "vestibule.toml:8: warning: vault.key_file: more people than need to can open";
    installation(0o660).is_told(careless);
    assert!(installation(0o660).load().is_ok());
    // A trial on this machine starts all the same.
    installation(0o644).is_told(careless);
    let real = installation(0o644)
        .edit("vestibule.toml", "http://www.localhost:8080", "https://www.moncompte.example")
        .edit("vestibule.toml", "[database]", "[server]\ntrusted_proxies = ['127.0.0.1']\n[database]");
    real.is_told("vestibule.toml:10: vault.key_file: everybody on this machine can open");
    assert!(real.load().is_err());
}

#[test]
fn e02_secrets_that_are_missing_empty_or_malformed_are_told() {
    let told = |to: &str, start: &str| gateway_is_told("key_env = \"KEY\"", to, start);
    told("key_env = 'NOBODY'", "vestibule.toml:8: vault.key_env: the environment variable NOBODY is not set");
    told("key_env = 'VESTIBULE_SMTP_PASSWORD'", "vestibule.toml:8: vault.key_env: this is not 32 bytes in base64");
    told("key_file = 'nowhere'", "vestibule.toml:8: vault.key_file: nowhere cannot be read");
    told("", "vestibule.toml:7: vault: missing; expected one of key_file, key_env");
    told("key_env = 'KEY'\nkey_file = 'x'", "vestibule.toml:8: vault.key_env: only one of key_file, key_env");
    gateway_is_told(
        "[vault]\nkey_env = \"KEY\"",
        "",
        "vestibule.toml: vault: missing; old passwords that are replayed",
    );
    let trusting = || {
        Installation::new().edit("vestibule.toml", "[vault]\nkey_env = \"KEY\"", "").write("agencies/a.toml", TRUSTING)
    };
    trusting().is_told("vestibule.toml: vault: missing; codes are kept as digests under a key");
    let by_link = trusting().edit("agencies/a.toml", "[upstream]", "[policy]\nconfirmation = 'link'\n[upstream]");
    assert!(by_link.load().is_ok(), "without codes and old passwords there is nothing to keep");
}

#[test]
fn e02_every_problem_of_every_file_is_told_at_once_by_file_and_line() {
    let installation = Installation::new()
        .edit("vestibule.toml", "name =", "nmae =")
        .edit("vestibule.toml", "\"folder\"", "\"foldr\"")
        .edit("agencies/a.toml", "name = \"Agence du Port\"\n", "")
        .edit(
            "agencies/a.toml",
            "success = [{ redirect = \"/accueil.php\" }]",
            "success = [{ redirct = '/' }]\ntimeout_ms = '5'",
        )
        .write("agencies/b.toml", "client = \"SPI31\nsociete = =\n");
    let problems = installation.problems();
    let expected = [
        "agencies/a.toml: name: missing; expected a text in quotes",
        "agencies/a.toml:13: sign_in.form.success[0]: a rule is exactly one of cookie, redirect",
        "agencies/a.toml:13: sign_in.form.success[0].redirct: unknown key (hint: did you mean `redirect`?)",
        "agencies/a.toml:14: sign_in.form.timeout_ms: expected a number from 100 to 120000, found \"5\"",
        "agencies/b.toml:1: not TOML",
        "agencies/b.toml:2: not TOML",
        "vestibule.toml:2: portal.name: missing; expected a text in quotes",
        "vestibule.toml:4: portal.nmae: unknown key (hint: did you mean `name`?)",
        "vestibule.toml:11: mail.transport: expected one of \"folder\", \"smtp\", found \"foldr\" (hint: did you mean \"folder\"?)",
    ];
    for start in expected {
        assert!(
            problems.iter().any(|problem| problem.starts_with(start)),
            "{start} is not in\n{}",
            problems.join("\n")
        );
    }
    let mut sorted = problems.clone();
    sorted.sort_by_key(|problem| {
        let mut parts = problem.splitn(3, ':');
        (parts.next().map(str::to_owned), parts.next().and_then(|line| line.parse::<usize>().ok()))
    });
    assert_eq!(problems, sorted);
}

#[test]
fn e02_a_table_in_a_values_place_is_told_as_such() {
    gateway_is_told(
        "url = \"sqlite:vestibule.db\"",
        "url = 5",
        "vestibule.toml:6: database.url: expected a text in quotes, found a value",
    );
    let portal = Installation::new().edit("vestibule.toml", "[portal]", "portal = 3\n[log]").problems();
    assert!(portal.contains(&"vestibule.toml:2: portal: expected a table, found 3".to_owned()), "{portal:?}");
    assert!(portal.iter().all(|problem| !problem.contains("missing")), "{portal:?}");
    gateway_is_told("[portal]", "policy = 3\n[portal]", "vestibule.toml:2: policy: expected a table, found 3");
    gateway_is_told(
        "[portal]",
        "clients.X = 3\n[portal]",
        "vestibule.toml:2: clients: expected a table for each client, found 3",
    );
    agency_is_told(
        "[upstream]",
        "headers = ['X']\n[upstream]",
        "agencies/a.toml:6: headers: expected a list of tables, found \"X\"",
    );
}

#[test]
fn e02_whatever_happens_to_a_file_is_told_and_breaks_nothing() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    for (sample, name) in [("vestibule.toml", "vestibule.toml"), ("agencies/form-login.toml", "agencies/a.toml")] {
        let text = std::fs::read_to_string(config.join(sample)).expect("a sample");
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let key = lines[at].split('=').next().unwrap_or_default();
            for instead in
                [String::new(), format!("{key} = 5"), format!("{key} = {{ é = [[]] }}"), lines[at].replace('"', "")]
            {
                let mut damaged: Vec<&str> = lines.clone();
                damaged[at] = &instead;
                drop(Installation::new().write(name, &damaged.join("\n")).load());
            }
            drop(Installation::new().write(name, &lines[..at].join("\n")).load());
        }
    }
}

#[test]
fn e02_files_that_are_not_there_are_told() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let Err(Problems(problems)) = load(&nowhere.path().join("vestibule.toml")) else { panic!("there is no file") };
    assert!(problems.len() == 1 && problems[0].message.starts_with("cannot be read"), "{problems:?}");
    gateway_is_told(
        "[portal]",
        "agencies = 'nowhere'\n[portal]",
        "vestibule.toml:2: agencies: the folder nowhere cannot be read",
    );
}
