//! The built gateway as a process of its own, with a configuration, a database and letters in a temporary folder.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use sqlx::Connection;
use tempfile::TempDir;
use url::Url;

use super::{
    eventually, free_port,
    letters::{Letter, Letters},
    site::Site,
    stage::Ground,
    wait,
};

/// The longest that a gateway may take to become ready.
const READY: Duration = Duration::from_secs(20);

/// A running gateway; it ends with this value.
pub struct Gateway {
    child: Child,
    folder: TempDir,
    config: PathBuf,
    port: u16,
    health: u16,
    letters: Letters,
    ground: Ground,
}

impl Gateway {
    /// Starts the gateway and returns when it says that it is ready.
    pub fn start(site: &Site) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, health) = (free_port(), free_port());
        let ground = Ground::prepare(site.stage(), folder.path());
        let config = site.write(folder.path(), port, health, &ground);
        let letters = Letters::new(folder.path().join("letters"));
        let child = spawn(&config, folder.path());
        // From here on the value's end prints the log where something fails.
        let mut gateway = Self { child, folder, config, port, health, letters, ground };
        gateway.wait_until_ready();
        gateway
    }

    /// Stops the process as an operator does and starts it again on the same folder and ports.
    pub fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.config, self.folder.path());
        self.wait_until_ready();
    }

    /// Ends the process with SIGTERM and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        // A process that has ended by itself is reaped below.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        eventually("the gateway to end", READY, || self.child.try_wait().expect("a child of ours"))
    }

    /// The port that residents speak to.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// An address on the portal.
    pub fn portal(&self, path: &str) -> Url {
        format!("http://www.localhost:{}{path}", self.port).parse().expect("an address")
    }

    /// An address on the host of an agency, by its label.
    pub fn agency(&self, label: &str, path: &str) -> Url {
        format!("http://{label}.localhost:{}{path}", self.port).parse().expect("an address")
    }

    /// The letters that it sent.
    pub const fn letters(&self) -> &Letters {
        &self.letters
    }

    /// Waits for a letter to this address that was not read before.
    pub fn letter_to(&self, address: &str) -> Letter {
        self.letters.next(address)
    }

    /// The folder with everything that it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("gateway.log")).unwrap_or_default()
    }

    /// Memory that it holds now (resident set), in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident set");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of KiB")
    }

    /// Status and body of a page of the separate listener (`/healthz`, `/readyz`), or none where nobody answers.
    pub fn health(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.health)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.health).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
    }

    /// Lets every letter and every sign-in upstream have been so many minutes earlier: time passes, and no job of the
    /// gateway's runs.
    pub fn let_pass(&self, minutes: i64) {
        let back = minutes * 60_000;
        for statement in [
            format!("UPDATE challenges SET sent_at = sent_at - {back}, requested_at = requested_at - {back}"),
            format!("UPDATE recoveries SET sent_at = sent_at - {back}, requested_at = requested_at - {back}"),
            format!("UPDATE upstream_cookies SET signed_in_at = signed_in_at - {back}"),
        ] {
            self.rewrite(&statement);
        }
    }

    /// Lets the time of every provisional password be over (`expires_at`), or lets each have been used (`used_at`).
    pub fn end_provisional_passwords(&self, by: &str) {
        self.rewrite(&format!("UPDATE roster SET {by} = 1"));
    }

    /// How many lines of the trace tell of this event.
    pub fn traced(&self, event: &str) -> i64 {
        wait(async {
            let query = sqlx::query_scalar("SELECT COUNT(*) FROM audit WHERE event = $1").bind(event);
            query.fetch_one(&mut self.database().await).await.expect("a count")
        })
    }

    fn rewrite(&self, statement: &str) {
        wait(async {
            sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
                .execute(&mut self.database().await)
                .await
                .expect("what is kept is older");
        });
    }

    /// The database, beside the gateway.
    async fn database(&self) -> sqlx::AnyConnection {
        sqlx::any::install_default_drivers();
        sqlx::AnyConnection::connect(self.ground.url()).await.expect("the database")
    }

    /// Runs another command of the program on the same configuration.
    pub fn run(&self, command: &str, arguments: &[&str]) -> std::process::Output {
        program()
            .arg(command)
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .output()
            .expect("the program can be started")
    }

    fn wait_until_ready(&mut self) {
        let ready = eventually("the gateway to become ready", READY, || {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return Some(Err(status));
            }
            self.health("/readyz").filter(|(status, _)| *status == 200).map(|_| Ok(()))
        });
        if let Err(status) = ready {
            panic!("the gateway ended at once with {status}");
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already; both are what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log();
            let start = log.char_indices().rev().nth(12_000).map_or(0, |(at, _)| at);
            eprintln!("---- the gateway's log ----\n{}\n---- end of the log ----", &log[start..]);
        }
    }
}

/// The program, with an environment that says nothing about colours or configuration.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.env("NO_COLOR", "1").env_remove("RUST_LOG");
    command
}

fn spawn(config: &Path, folder: &Path) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("gateway.log")).expect("a log file");
    program()
        .args(["serve", "--config"])
        .arg(config)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program can be started")
}
