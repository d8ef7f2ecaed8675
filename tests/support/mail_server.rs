//! A real mail server with TLS and sign-in (aiosmtpd), that does what a test tells it: refuses, waits, hangs up.

use std::{
    collections::HashSet,
    fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use super::{eventually, free_port, letters::Letter, package, site::Site, target};

/// The longest that a letter may take to be there.
const DELIVERY: Duration = Duration::from_secs(20);

/// A running mail server; it ends with this value.
pub struct MailServer {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    tls: Tls,
    read: Mutex<HashSet<PathBuf>>,
}

/// How it wants to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Upgraded,
    Wrapped,
    None,
}

/// A letter that it took, with its envelope.
#[derive(Debug, Clone)]
pub struct Received {
    pub envelope: Envelope,
    pub letter: Letter,
    pub file: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    pub from: String,
    pub to: Vec<String>,
    pub tls: bool,
    pub user: bool,
    pub at: f64,
}

/// One command that it heard.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    pub session: u32,
    pub verb: String,
    pub to: Option<String>,
}

impl MailServer {
    /// Starts one that wants STARTTLS and a name with password.
    pub fn start() -> Self {
        Self::start_with(Tls::Upgraded)
    }

    /// Starts one on a free port of this machine.
    pub fn start_with(tls: Tls) -> Self {
        let folder = TempDir::new().expect("a folder for the mail server");
        certificates(folder.path());
        let mut server = Self { child: None, folder, port: free_port(), tls, read: Mutex::default() };
        server.up();
        server
    }

    /// Starts it (again), with what it had.
    pub fn up(&mut self) {
        let tls = match self.tls {
            Tls::Upgraded => "starttls",
            Tls::Wrapped => "wrapped",
            Tls::None => "none",
        };
        let log = fs::File::create(self.folder.path().join("server.log")).expect("a log");
        let child = Command::new(python())
            .arg(package().join("tests/support/mail/server.py"))
            .arg(self.folder.path())
            .args([&self.port.to_string(), tls])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the mail server can be started");
        self.child = Some(child);
        eventually("the mail server", DELIVERY, || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    /// Ends it at once, as a machine that lost its power.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What it does from now on; see `server.py`.
    pub fn rules(&self, rules: &Value) {
        let beside = self.folder.path().join("rules.part");
        fs::write(&beside, rules.to_string()).expect("the rules");
        fs::rename(beside, self.folder.path().join("rules.json")).expect("the rules");
    }

    /// A site whose letters go to it, over TLS that is checked, signed in.
    pub fn serve(&self, site: Site) -> Site {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let site = site
            .set("mail.transport", "smtp")
            .set("mail.smtp.host", "localhost")
            .set("mail.smtp.port", i64::from(self.port))
            .set("mail.smtp.timeout_seconds", 5);
        match self.tls {
            Tls::None => site.set("mail.smtp.tls", "none"),
            tls => site
                .set("mail.smtp.tls", if tls == Tls::Wrapped { "tls" } else { "starttls" })
                .set("mail.smtp.ca_file", path("ca.pem"))
                .set("mail.smtp.username", "vestibule")
                .set("mail.smtp.password_file", path("password")),
        }
    }

    /// Waits for a letter to this address that was not read before.
    pub fn next(&self, to: &str) -> Received {
        eventually(&format!("a letter to {to} at the mail server"), DELIVERY, || {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let found = self.to(to).into_iter().find(|received| !read.contains(&received.file))?;
            read.insert(found.file.clone());
            Some(found)
        })
    }

    /// Every letter that it took for this address, in order.
    pub fn to(&self, to: &str) -> Vec<Received> {
        let mut all = self.received();
        all.retain(|received| received.envelope.to.iter().any(|address| address.eq_ignore_ascii_case(to)));
        all
    }

    /// Every letter that it took, in order.
    pub fn received(&self) -> Vec<Received> {
        let folder = fs::read_dir(self.folder.path().join("received"));
        let mut files: Vec<PathBuf> = folder.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        let read = |file: PathBuf| {
            let envelope = serde_json::from_slice(&fs::read(&file).ok()?).expect("an envelope");
            let file = file.with_extension("eml");
            Some(Received { envelope, letter: Letter::read(&file)?, file })
        };
        files.into_iter().filter_map(read).collect()
    }

    /// Every command that it heard.
    pub fn events(&self) -> Vec<Event> {
        let text = fs::read_to_string(self.folder.path().join("events")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// How often it heard a command.
    pub fn heard(&self, verb: &str) -> usize {
        self.events().iter().filter(|event| event.verb == verb).count()
    }

    /// How many connections have brought letters.
    pub fn connections(&self) -> usize {
        let events = self.events();
        let sessions = events.iter().filter(|event| event.verb == "DATA").map(|event| event.session);
        sessions.collect::<HashSet<_>>().len()
    }

    /// Waits until it has heard a command for somebody so often.
    pub fn wait_for(&self, verb: &str, to: &str, times: usize) {
        eventually(&format!("{verb} for {to}, {times} times"), DELIVERY, || {
            let of = |event: &Event| event.verb == verb && event.to.as_deref().unwrap_or_default().contains(to);
            (self.events().iter().filter(|event| of(event)).count() >= times).then_some(())
        });
    }

    /// A certificate that nobody has signed, and one for another name; for who must refuse them.
    pub fn with_certificate_for(name: &str) -> Self {
        let mut server = Self::start();
        server.down();
        let other = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        fs::write(server.folder.path().join("cert.pem"), other.cert.pem()).expect("a certificate");
        fs::write(server.folder.path().join("key.pem"), other.signing_key.serialize_pem()).expect("its key");
        if name != "localhost" {
            // Believed, but for another name.
            fs::write(server.folder.path().join("ca.pem"), other.cert.pem()).expect("an authority");
        }
        server.up();
        server
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.down();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
            eprintln!("---- the mail server's log ----\n{log}\n---- what it heard ----");
            for event in self.events().iter().rev().take(40).rev() {
                eprintln!("{event:?}");
            }
        }
    }
}

/// Whether dkimpy finds the signature of a letter good, with this record in the DNS.
pub fn is_signature_good(letter: &Path, name: &str, record: &str) -> bool {
    let done = Command::new(python())
        .arg(package().join("tests/support/mail/verify_dkim.py"))
        .arg(letter)
        .args([name, record])
        .output()
        .expect("python");
    let said = String::from_utf8_lossy(&done.stdout);
    match said.trim() {
        "good" => true,
        "bad" => false,
        _ => panic!("{said}{}", String::from_utf8_lossy(&done.stderr)),
    }
}

/// An authority, and a certificate of it for `localhost`.
fn certificates(folder: &Path) {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = authority.self_signed(&authority_key).expect("an authority");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    for (name, text) in [
        ("ca.pem", ca.pem()),
        ("cert.pem", leaf.pem()),
        ("key.pem", key.serialize_pem()),
        ("password", "péage-7\n".to_owned()),
    ] {
        let file = folder.join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
}

/// Python with what `requirements.txt` names, installed once for this package.
fn python() -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = package().join("tests/support/mail/requirements.txt");
    let folder = target().join("mail-tools");
    let (python, done) = (folder.join("bin/python"), folder.join("installed.txt"));
    let text = fs::read_to_string(&wanted).expect("the requirements");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == text) {
        return python;
    }
    let run = |command: &mut Command| {
        let output = command.output().expect("python3 can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {said}");
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted));
    fs::write(done, text).expect("a note");
    python
}
