//! Real, unmodified applications as the package registries have them; they end with their value.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tempfile::TempDir;

use super::{eventually, free_port, target};

/// The longest that an application may take to answer.
const READY: Duration = Duration::from_secs(30);

/// A running application.
pub struct RealApp {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// An account of DokuWiki: login, password, full name.
pub type WikiAccount = (&'static str, &'static str, &'static str);

impl RealApp {
    /// Debian's DokuWiki below `/dokuwiki/`, by PHP's own server. Only who is signed in may read and write.
    pub fn dokuwiki(accounts: &[WikiAccount]) -> Self {
        assert!(Path::new("/usr/share/dokuwiki/doku.php").is_file(), "DokuWiki is not installed: run `make test-deps`");
        let folder = TempDir::new().expect("a folder for the wiki");
        let at = |name: &str| folder.path().join(name);
        for name in ["attic", "cache", "index", "locks", "media", "media_attic", "media_meta", "meta", "tmp", "log"] {
            fs::create_dir_all(at("data").join(name)).expect("a folder of the wiki");
        }
        fs::create_dir_all(at("data/pages")).expect("a folder of the wiki");
        fs::create_dir_all(at("conf")).expect("a folder of the wiki");
        fs::create_dir_all(at("sessions")).expect("a folder for PHP");
        let write = |name: &str, text: String| fs::write(at(name), text).expect("a file of the wiki");
        let conf = at("conf/").display().to_string();
        write("site.php", format!("<?php if (!defined('DOKU_CONF')) {{ define('DOKU_CONF', '{conf}'); }}\n"));
        let data = at("data").display().to_string();
        write(
            "conf/local.php",
            format!(
                "<?php\n$conf['title'] = 'Wiki de la copropriété';\n$conf['lang'] = 'en';\n$conf['savedir'] = '{data}';\n\
                 $conf['useacl'] = 1;\n$conf['superuser'] = '@admin';\n$conf['disableactions'] = 'register,resendpwd';\n\
                 $conf['gzip_output'] = 1;\n$conf['updatecheck'] = 0;\n"
            ),
        );
        write("conf/acl.auth.php", "*\t@ALL\t0\n*\t@user\t8\n".to_owned());
        let mut users = String::new();
        for (login, password, name) in accounts {
            let line = format!("{login}:{}:{name}:{login}@example.org:user\n", bcrypt(password));
            users.push_str(&line);
        }
        write("conf/users.auth.php", users);
        write(
            "data/pages/start.txt",
            "====== Bienvenue ======\n\nEspace privé. [[reglement|Le règlement]]\n".to_owned(),
        );
        let port = free_port();
        let child = Command::new("php")
            .args(["-S", &format!("127.0.0.1:{port}"), "-t", "/usr/share"])
            .args(["-d", &format!("auto_prepend_file={}", at("site.php").display())])
            .args(["-d", &format!("session.save_path={}", at("sessions").display())])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("PHP cannot be started ({error}): run `make test-deps`"));
        Self { child, folder, port }.ready()
    }

    /// Radicale, which believes `X-Remote-User`.
    pub fn radicale() -> Self {
        let venv = venv("radicale", "radicale>=3,<4");
        let folder = TempDir::new().expect("a folder for the calendars");
        let port = free_port();
        let config = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = http_x_remote_user\n[rights]\ntype = owner_only\n\
             [storage]\nfilesystem_folder = {}\n[logging]\nlevel = warning\n",
            folder.path().join("data").display()
        );
        fs::write(folder.path().join("config"), config).expect("its configuration");
        let child = Command::new(venv.join("bin/radicale"))
            .arg("--config")
            .arg(folder.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Radicale can be started");
        Self { child, folder, port }.ready()
    }

    /// Where it is, for the gateway only.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Forgets every session of the wiki, and takes its worth from the cookie that signs in by itself.
    pub fn expire_wiki_sessions(&self) {
        for session in fs::read_dir(self.folder.path().join("sessions")).expect("the sessions").filter_map(Result::ok) {
            fs::remove_file(session.path()).expect("a session goes");
        }
        for salt in ["_htcookiesalt", "_htcookiesalt2"] {
            fs::write(self.folder.path().join("data/meta").join(salt), "another-salt-of-some-length").expect("a salt");
        }
    }

    /// What the wiki keeps of a page.
    pub fn wiki_page(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("data/pages/{name}.txt"))).unwrap_or_default()
    }

    fn ready(mut self) -> Self {
        let port = self.port;
        eventually("the application to answer", READY, || {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                panic!("the application ended at once with {status}");
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        self
    }
}

impl Drop for RealApp {
    fn drop(&mut self) {
        // It may have ended already; both are what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bcrypt(password: &str) -> String {
    let code = "echo password_hash($argv[1], PASSWORD_BCRYPT, ['cost' => 8]);";
    let done = Command::new("php").args(["-r", code, "--", password]).output();
    let done = done.unwrap_or_else(|error| panic!("PHP cannot be started ({error}): run `make test-deps`"));
    String::from_utf8(done.stdout).expect("a hash")
}

/// A Python environment with one package; it is kept, making it takes much longer than using it.
fn venv(name: &str, package: &str) -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let venv = target().join("real-apps").join(name);
    let made = venv.join("made");
    if !made.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", package]));
        fs::write(made, package).expect("a note");
    }
    venv
}

fn run(command: &mut Command) {
    let done = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started ({error}): run `make test-deps`"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
