//! The configuration of the demo: written anew at each start, and read by the same code as any other.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::domain::secret::Dice;

/// The four ports of the demo, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The gateway.
    pub gateway: u16,
    /// The extranet with a login form.
    pub form: u16,
    /// The extranet that trusts headers.
    pub headers: u16,
    /// The page to read letters on.
    pub mailbox: u16,
    /// Liveness and readiness.
    pub health: u16,
}

impl Ports {
    /// Five ports from this one on; none where there are not so many above it.
    #[must_use]
    pub fn from(first: u16) -> Option<Self> {
        first.checked_add(4).map(|last| Self {
            gateway: first,
            form: first + 1,
            headers: first + 2,
            mailbox: first + 3,
            health: last,
        })
    }
}

/// The folder that letters are written to.
#[must_use]
pub fn letters(folder: &Path) -> PathBuf {
    folder.join("letters")
}

/// Writes the configuration; the vault's key only if there is none yet, since it opens what is in the database.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, ports: Ports, dice: &dyn Dice) -> io::Result<PathBuf> {
    let agencies = folder.join("agencies");
    std::fs::create_dir_all(&agencies)?;
    let key = folder.join("vault.key");
    if !key.exists() {
        write_key(&key, dice)?;
    }
    std::fs::write(folder.join("terms.txt"), include_str!("../../config/terms/sample-fr.txt"))?;
    std::fs::write(agencies.join("login-form.toml"), form_agency(ports))?;
    std::fs::write(agencies.join("trusted-headers.toml"), header_agency(ports))?;
    let main = folder.join("vestibule.toml");
    std::fs::write(&main, gateway(ports))?;
    Ok(main)
}

fn write_key(file: &Path, dice: &dyn Dice) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut key = [0; 32];
    dice.fill(&mut key);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(BASE64.encode(&key).as_bytes())
}

fn gateway(ports: Ports) -> String {
    let Ports { gateway, health, .. } = ports;
    format!(
        r##"# Written by `vestibule demo` at each start; changes are lost.
[server]
listen = ["127.0.0.1:{gateway}"]
health = "127.0.0.1:{health}"

[portal]
url = "http://www.localhost:{gateway}"
name = "Mon compte immobilier"
colour = "#1f4f8b"

[database]
url = "sqlite:vestibule.db"

[vault]
key_file = "vault.key"

[mail]
from = "Mon compte immobilier <ne-pas-repondre@moncompte.example>"
transport = "folder"
folder = "letters"

[log]
format = "text"
level = "warn"
"##
    )
}

fn form_agency(ports: Ports) -> String {
    let Ports { gateway, form, .. } = ports;
    format!(
        r##"# Written by `vestibule demo` at each start; changes are lost.
client = "SPI31"
societe = "01"
name = "Cabinet Vasseur & Fils"
url = "http://vasseur.localhost:{gateway}"

[brand]
colour = "#7a1f3d"
support_email = "contact@vasseur.example"
support_phone = "05 00 00 00 31"

[upstream]
url = "http://127.0.0.1:{form}"

[sign_in]
adapter = "form-replay"

[sign_in.form]
page = "/identification.php"
login_field = "identifiant"
password_field = "motdepasse"
success = [{{ redirect = "/accueil.php" }}]
failure = [{{ text = "Identifiant ou mot de passe incorrect" }}]
locked = [{{ text = "Compte bloqué" }}]

[sign_in.form.profile]
page = "/profil.php"
name = "table.fiche tr:nth-child(1) td"
email = "table.fiche tr:nth-child(4) td"

[sign_in.form.logout]
get = "/deconnexion.php"

[paths]
public = ["/static/", "/mentions.php"]
login = ["/identification.php"]
logout = ["/deconnexion.php"]
account = ["/motdepasse.php"]

[session_over]
login_redirect = true

[terms]
version = "2026-10"
file = "../terms.txt"
"##
    )
}

fn header_agency(ports: Ports) -> String {
    let Ports { gateway, headers, .. } = ports;
    format!(
        r##"# Written by `vestibule demo` at each start; changes are lost.
client = "TILLEUL"
societe = "02"
name = "Agence des Tilleuls"
url = "http://tilleuls.localhost:{gateway}"

[brand]
colour = "#2d5a27"
support_email = "accueil@tilleuls.example"

[upstream]
url = "http://127.0.0.1:{headers}"

[sign_in]
adapter = "trusted-headers"
verifier = "roster"

[[headers]]
name = "X-Extranet-User"
value = "{{login}}"

[[headers]]
name = "X-Extranet-Name"
value = "{{name}}"
encoding = "percent"

[[headers]]
name = "X-Extranet-Kind"
value = "{{kind}}"

[paths]
public = ["/public/"]
logout = ["/deconnexion"]
"##
    )
}
