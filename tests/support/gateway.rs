//! The built gateway as a process of its own, with a configuration, a database and letters in a temporary folder.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::Duration,
};

use sqlx::Connection;
use tempfile::TempDir;
use url::Url;

use super::{
    balancer::Balancer,
    clock, eventually, free_port,
    letters::{Letter, Letters},
    redis::Redis,
    site::{self, Site},
    stage::{Ground, Stage},
    wait,
};

/// The longest that a gateway may take to become ready.
const READY: Duration = Duration::from_secs(20);

/// A running gateway, of one node or several behind a balancer; it ends with this value.
pub struct Gateway {
    nodes: Vec<Node>,
    /// Processes that the first one has relieved.
    earlier: Vec<Child>,
    folder: TempDir,
    config: PathBuf,
    port: u16,
    letters: Letters,
    ground: Ground,
    balancer: Option<Balancer>,
}

/// One process.
struct Node {
    child: Child,
    config: PathBuf,
    health: u16,
}

impl Gateway {
    /// Starts the gateway and returns when it says that it is ready.
    pub fn start(site: &Site) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, health) = (free_port(), free_port());
        let ground = Ground::prepare_in(site.stage(), site.disk().unwrap_or(folder.path()), site.database());
        let config = site.write(folder.path(), port, health, &ground);
        let letters = Letters::new(folder.path().join("letters"));
        let mut nodes = vec![(config.clone(), port, health)];
        if site.stage().nodes() > 1 {
            nodes.clear();
            for number in 0..site.stage().nodes() {
                let (listen, health) = (free_port(), free_port());
                nodes.push((Site::write_node(&config, number, listen, health), listen, health));
            }
        }
        let ports: Vec<u16> = nodes.iter().map(|(_, listen, _)| *listen).collect();
        let balancer = (ports.len() > 1).then(|| Balancer::start(port, ports));
        let nodes = nodes.into_iter().map(|(config, _, health)| Node::start(config, folder.path(), health)).collect();
        // From here on the value's end prints the log where something fails.
        let mut gateway = Self { nodes, earlier: Vec::new(), folder, config, port, letters, ground, balancer };
        gateway.wait_until_ready();
        gateway
    }

    /// How many nodes it has.
    pub const fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The balancer in front of several nodes.
    pub const fn balancer(&self) -> &Balancer {
        self.balancer.as_ref().expect("a stage with several nodes")
    }

    /// What it stands on.
    pub const fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The Redis that it stands on.
    pub const fn redis(&mut self) -> &mut Redis {
        self.ground.redis.as_mut().expect("a stage with Redis")
    }

    /// Ends a node at once (`kill -9`).
    pub fn kill(&mut self, node: usize) {
        let child = &mut self.nodes[node].child;
        child.kill().expect("a child of ours");
        child.wait().expect("a child of ours");
    }

    /// Starts a node again that was ended.
    pub fn start_again(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.child = spawn(&node.config, self.folder.path(), &[]);
        self.wait_until_ready();
    }

    /// Starts a node again that was ended, and waits only until it tells its health, whatever that is.
    pub fn start_again_unready(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.child = spawn(&node.config, self.folder.path(), &[]);
        eventually("the gateway to tell its health", READY, || node.health("/readyz"));
    }

    /// Stops the process as an operator does and starts it again on the same folder and ports.
    pub fn restart(&mut self) {
        self.stop();
        for node in &mut self.nodes {
            node.child = spawn(&node.config, self.folder.path(), &[]);
        }
        self.wait_until_ready();
    }

    /// Sets a value of the configuration by its dotted path; it holds from the next start on.
    pub fn configure(&self, path: &str, value: impl Into<toml::Value>) {
        site::rewrite(&self.config, path, value);
    }

    /// Moves to another stage as an operator does: stop, copy, one line of configuration, start.
    pub fn settle_on(&mut self, stage: Stage) -> String {
        self.stop();
        let ground = Ground::prepare(stage, self.folder.path());
        let done = program().args(["store", "copy", "--from", self.ground.url(), "--to", ground.url()]).output();
        let done = done.expect("the program can be started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        self.configure("database.url", ground.url());
        self.ground = ground;
        self.start_again(0);
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Copies what is kept, while nobody serves from it, to where [`Gateway::bring_back`] finds it.
    pub fn back_up(&self, stage: Stage) -> Ground {
        let folder = self.folder.path().join("backup");
        fs::create_dir_all(&folder).expect("a folder");
        let backup = Ground::prepare(stage, &folder);
        let done = program().args(["store", "copy", "--from", self.ground.url(), "--to", backup.url()]).output();
        let done = done.expect("the program can be started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        backup
    }

    /// Lets the configuration lead to the backup, as if it had been brought back; gives the URL of the database from before.
    pub fn bring_back(&mut self, backup: Ground) -> String {
        self.configure("database.url", backup.url());
        self.ground.take_database(backup)
    }

    /// Ends the process with SIGTERM and waits for it.
    pub fn stop(&mut self) -> ExitStatus {
        let mut ended = Vec::new();
        for node in &mut self.nodes {
            let pid = rustix::process::Pid::from_child(&node.child);
            // A process that has ended by itself is reaped below.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            ended.push(node.ends());
        }
        ended.into_iter().next().expect("a node")
    }

    /// Waits for the process to end.
    pub fn ends(&mut self) -> ExitStatus {
        self.nodes[0].ends()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.nodes[0].child), signal)
            .expect("a process");
    }

    /// Sets the clock of a site that has a settable one to so many seconds after the right time, and waits until the
    /// gateway has noticed.
    pub fn set_clock(&self, seconds: i64) {
        const SAID: &str = "the clock was set";
        let before = self.log().matches(SAID).count();
        self.shift_clock(seconds);
        eventually("the gateway to notice the time", READY, || {
            (self.log().matches(SAID).count() > before).then_some(())
        });
    }

    /// Sets the clock of one of several nodes of such a site; when it notices is for the test to see.
    pub fn set_clock_of(&self, node: usize, seconds: i64) {
        clock::set_of(self.folder.path(), &self.nodes[node].config, seconds);
    }

    /// The same, by less than the gateway notices.
    pub fn shift_clock(&self, seconds: i64) {
        clock::set(self.folder.path(), seconds);
    }

    /// Starts the program anew, which takes the listeners over; the old process goes on with what is under way.
    pub fn upgrade(&mut self) {
        let process = |gateway: &Self| gateway.run("status", &[]).stdout;
        let old = process(self);
        let next = spawn(&self.config, self.folder.path(), &["--upgrade"]);
        self.earlier.push(std::mem::replace(&mut self.nodes[0].child, next));
        let id = format!("process {}\n", self.nodes[0].child.id());
        eventually("the new process to take over", READY, || {
            assert!(
                self.nodes[0].child.try_wait().expect("a child of ours").is_none(),
                "the new process ended at once"
            );
            let said = process(self);
            (said != old && String::from_utf8_lossy(&said).contains(&id)).then_some(())
        });
    }

    /// Waits for the processes that were relieved to end; whether each of them ended well.
    pub fn earlier_end(&mut self) -> bool {
        self.earlier.drain(..).all(|mut child| {
            eventually("an old process to end", READY, || child.try_wait().expect("a child of ours")).success()
        })
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

    /// The process.
    pub fn pid(&self) -> u32 {
        self.nodes[0].child.id()
    }

    /// The folder with everything that it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let logs = self.nodes.iter().map(|node| fs::read_to_string(log_of(&node.config)).unwrap_or_default());
        logs.collect()
    }

    /// Memory that it holds now (resident set), in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.nodes[0].child.id())).expect("a running process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident set");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of KiB")
    }

    /// Status and body of a page of the separate listener (`/healthz`, `/readyz`), or none where nobody answers.
    pub fn health(&self, path: &str) -> Option<(u16, String)> {
        self.nodes[0].health(path)
    }

    /// Lets every letter and every sign-in upstream have been so many minutes earlier: time passes, and no job of the
    /// gateway's runs.
    pub fn let_pass(&self, minutes: i64) {
        let back = minutes * 60_000;
        for statement in [
            format!("UPDATE challenges SET sent_at = sent_at - {back}, requested_at = requested_at - {back}"),
            format!("UPDATE recoveries SET sent_at = sent_at - {back}, requested_at = requested_at - {back}"),
            format!("UPDATE letters SET not_before = not_before - {back} WHERE state = 'queued'"),
            format!("UPDATE letters SET lease_until = lease_until - {back} WHERE lease_until > 0"),
            format!("UPDATE challenge_codes SET sent_at = sent_at - {back}"),
            format!("UPDATE challenge_links SET sent_at = sent_at - {back}"),
            format!("UPDATE recovery_codes SET sent_at = sent_at - {back}"),
            format!("UPDATE recovery_links SET sent_at = sent_at - {back}"),
            format!("UPDATE challenges SET held_at = held_at - {back} WHERE held_at IS NOT NULL"),
            format!("UPDATE warnings SET changed_at = changed_at - {back}, held_at = held_at - {back}"),
            format!("UPDATE warning_links SET sent_at = sent_at - {back}"),
            format!("UPDATE legacy_secrets SET refused_at = refused_at - {back}, tried_at = tried_at - {back}"),
            format!("UPDATE upstream_cookies SET signed_in_at = signed_in_at - {back}"),
        ] {
            self.rewrite(&statement);
        }
        self.ground.let_pass(minutes);
    }

    /// Lets the time of every provisional password be over (`expires_at`), or lets each have been used (`used_at`).
    pub fn end_provisional_passwords(&self, by: &str) {
        self.rewrite(&format!("UPDATE roster SET {by} = 1"));
    }

    /// How many lines of the trace tell of this event.
    pub fn traced(&self, event: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM audit WHERE event = '{event}'"))
    }

    /// A number from the database.
    pub fn number(&self, statement: &str) -> i64 {
        self.beside(async |database| {
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement.to_owned())).fetch_one(database).await.expect("a number")
        })
    }

    /// Texts from the database.
    pub fn texts(&self, statement: &str) -> Vec<String> {
        self.beside(async |database| {
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement.to_owned())).fetch_all(database).await.expect("texts")
        })
    }

    /// Changes what is kept, behind the gateway.
    pub fn rewrite(&self, statement: &str) {
        self.beside(async |database| {
            let query = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()));
            query.execute(database).await.expect("what is kept is older");
        });
    }

    /// Does something in the database, beside the gateway. The connection is closed before this returns: where the gateway
    /// is killed meanwhile, the last one to close a file of `SQLite` would take its log away.
    fn beside<T>(&self, work: impl AsyncFnOnce(&mut sqlx::AnyConnection) -> T) -> T {
        sqlx::any::install_default_drivers();
        let url = self.ground.url();
        // Tests may write where the gateway must not.
        let options =
            if url.starts_with("postgres") { "?options=-c%20default_transaction_read_only%3Doff" } else { "" };
        wait(async {
            let mut database = sqlx::AnyConnection::connect(&format!("{url}{options}")).await.expect("the database");
            let done = work(&mut database).await;
            database.close().await.expect("closed");
            done
        })
    }

    /// Runs another command of the program on the same configuration.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Output {
        program()
            .args(command.split(' '))
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .output()
            .expect("the program can be started")
    }

    fn wait_until_ready(&mut self) {
        for node in &mut self.nodes {
            let ready = eventually("the gateway to become ready", READY, || {
                if let Some(status) = node.child.try_wait().expect("a child of ours") {
                    return Some(Err(status));
                }
                node.health("/readyz").filter(|(status, _)| *status == 200).map(|_| Ok(()))
            });
            if let Err(status) = ready {
                panic!("the gateway ended at once with {status}");
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already; both are what we want.
        let earlier = self.earlier.iter_mut();
        for child in earlier.chain(self.nodes.iter_mut().map(|node| &mut node.child)) {
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            let log = self.log();
            let start = log.char_indices().rev().nth(12_000).map_or(0, |(at, _)| at);
            eprintln!("---- the gateway's log ----\n{}\n---- end of the log ----", &log[start..]);
        }
    }
}

impl Node {
    fn start(config: PathBuf, folder: &Path, health: u16) -> Self {
        Self { child: spawn(&config, folder, &[]), config, health }
    }

    /// Waits for the process to end.
    fn ends(&mut self) -> ExitStatus {
        eventually("the gateway to end", READY, || self.child.try_wait().expect("a child of ours"))
    }

    fn health(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.health)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.health).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
    }
}

/// Where the process with this configuration logs.
fn log_of(config: &Path) -> PathBuf {
    config.with_extension("log")
}

/// Everything that a command has said.
pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The program that was built with the tests, or another (`make faults` has the optimised one), with an environment that
/// says nothing about colours or configuration.
pub fn program() -> Command {
    let built = std::env::var_os("VESTIBULE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_vestibule").into());
    let mut command = Command::new(built);
    command.env("NO_COLOR", "1").env_remove("RUST_LOG");
    command
}

fn spawn(config: &Path, folder: &Path, arguments: &[&str]) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(log_of(config)).expect("a log file");
    let mut command = program();
    clock::lend(folder, config, &mut command);
    command
        .args(["serve", "--config"])
        .arg(config)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program can be started")
}
