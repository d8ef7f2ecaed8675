//! What the tests of use cases share with those from outside, and the settings that they stand on.

#[path = "../../../tests/support/redis.rs"]
#[expect(dead_code, clippy::disallowed_macros, reason = "tests from outside need more of it, and may speak")]
pub(super) mod redis;

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::config::{self, Settings};

/// A portal and two agencies, as an operator would have written them.
pub(super) fn settings() -> Settings {
    let folder = tempfile::tempdir().expect("a folder");
    let agencies = folder.path().join("agencies");
    fs::create_dir(&agencies).expect("a folder for the agencies");
    let main = folder.path().join("vestibule.toml");
    fs::write(&main, GATEWAY).expect("a file");
    fs::write(folder.path().join("vault.key"), data_encoding::BASE64.encode(&[7; 32])).expect("a key");
    fs::write(agencies.join("a.toml"), AGENCY).expect("a file");
    fs::write(agencies.join("b.toml"), TRUSTING).expect("a file");
    config::load(&main).unwrap_or_else(|problems| panic!("{problems:?}")).settings
}

const GATEWAY: &str = r#"
    agencies = "agencies"
    [server]
    listen = ["127.0.0.1:8080"]
    [portal]
    url = "http://www.localhost:8080"
    name = "Mon compte immobilier"
    [database]
    url = "sqlite:vestibule.db"
    [vault]
    key_file = "vault.key"
    [mail]
    from = "Mon compte <ne-pas-repondre@moncompte.example>"
    transport = "folder"
    folder = "letters"
"#;

const AGENCY: &str = r#"
    client = "CA"
    societe = "SA"
    name = "Agence du Port"
    url = "http://agence-a.localhost:8080"
    [upstream]
    url = "http://127.0.0.1:9"
    [brand]
    support_phone = "04 91 00 00 00"
    [sign_in]
    adapter = "form-replay"
    [sign_in.form]
    page = "/identification"
    login_field = "identifiant"
    password_field = "motdepasse"
    success = [{ redirect = "/membre/" }]
    failure = [{ element = "div.erreur" }]
    [paths]
    login = ["/identification"]
    [policy]
    password_scope = "per-account"
"#;

const TRUSTING: &str = r#"
    client = "CB"
    societe = "SB"
    name = "Agence de la Gare"
    url = "http://agence-b.localhost:8080"
    [upstream]
    url = "http://127.0.0.1:9"
    [brand]
    support_phone = "04 91 00 00 01"
    [sign_in]
    adapter = "trusted-headers"
    verifier = "roster"
    [[headers]]
    name = "X-Extranet-User"
    value = "{login}"
"#;

fn eventually<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    #[expect(clippy::disallowed_methods, reason = "how long a test waits for a server of its own")]
    let now = Instant::now;
    let begun = now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now().duration_since(begun) < within, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(15));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}
