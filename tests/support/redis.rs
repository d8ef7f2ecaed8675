//! Real Redis servers: one, one with TLS and a password, some with Sentinels, a cluster.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{eventually, free_port};

/// The longest that a server may take to answer, or a cluster to come together.
const READY: Duration = Duration::from_secs(30);

/// A server on a port of its own; it ends with this value, and with the tests however they end.
pub struct Redis {
    port: u16,
    arguments: Vec<String>,
    /// What `redis-cli` is told besides the port.
    access: Vec<String>,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    pid: Pid,
    keeper: Child,
    held: ChildStdin,
}

/// Ends the server when its own standard input ends.
const KEEPER: &str = r#"
"$@" >server.log 2>&1 </dev/null &
echo $!
cat >/dev/null
kill -KILL $! 2>/dev/null
wait
"#;

impl Redis {
    /// Starts a server that keeps nothing on the disk by itself.
    pub fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// The same, with further arguments, and what `redis-cli` needs because of them.
    pub fn start_with(arguments: &[&str], access: &[&str]) -> Self {
        Self::start_on(free_port(), arguments, access)
    }

    fn start_on(port: u16, arguments: &[&str], access: &[&str]) -> Self {
        let port_text = port.to_string();
        let kept = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--protected-mode", "no"];
        let port_arguments: &[&str] =
            if arguments.contains(&"--tls-port") { &["--port", "0"] } else { &["--port", &port_text] };
        let all = port_arguments.iter().chain(&kept).chain(arguments).map(|word| (*word).to_owned()).collect();
        Self::run(port, all, access)
    }

    /// A server that speaks TLS only, to one user with a password who may do no more than needed.
    pub fn start_closed(papers: &Papers, user: &str, password: &str) -> Self {
        let port = free_port();
        let shown = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        let (ca, certificate, key) = (shown(&papers.ca), shown(&papers.certificate), shown(&papers.key));
        let word = format!(">{password}");
        let mut arguments = vec!["--tls-port"];
        let port_text = port.to_string();
        arguments.push(&port_text);
        arguments.extend(["--tls-ca-cert-file", &ca, "--tls-cert-file", &certificate, "--tls-key-file", &key]);
        arguments.extend(["--tls-auth-clients", "no", "--user", "default", "off"]);
        arguments.extend(["--user", user, "on", &word, "~vestibule:*"]);
        arguments.extend(["+get", "+set", "+del", "+eval", "+zadd", "+zrem", "+zrange", "+zremrangebyscore"]);
        arguments.extend(["+hget", "+hset", "+hdel", "+hgetall", "+pttl", "+pexpire", "+pexpireat"]);
        arguments.extend(["+ping", "+select"]);
        Self::start_on(port, &arguments, &["--tls", "--cacert", &ca, "--user", user, "--pass", password])
    }

    /// A Sentinel that watches a server by the name `vestibule`; two of them agree on a failover.
    pub fn sentinel_of(master: &Self) -> Self {
        let (port, of) = (free_port(), master.port);
        let folder = TempDir::new().expect("a folder");
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor vestibule 127.0.0.1 {of} 2\n\
             sentinel down-after-milliseconds vestibule 1000\nsentinel failover-timeout vestibule 5000\n"
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, text).expect("a file");
        let arguments = vec![file.display().to_string(), "--sentinel".to_owned()];
        let mut sentinel = Self { port, arguments, access: Vec::new(), folder, running: None };
        sentinel.start_again();
        sentinel
    }

    /// Three masters that share the slots.
    pub fn cluster() -> Vec<Self> {
        let nodes: Vec<Self> = std::iter::repeat_with(|| {
            // The nodes speak to each other on a port of their own.
            let bus = free_port().to_string();
            Self::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus], &[])
        })
        .take(3)
        .collect();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create", "--cluster-yes"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        let done = create.output().expect("redis-cli can be started");
        assert!(done.status.success(), "the cluster: {}", String::from_utf8_lossy(&done.stdout));
        for node in &nodes {
            eventually("the cluster to come together", READY, || {
                node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok").then_some(())
            });
        }
        nodes
    }

    fn run(port: u16, arguments: Vec<String>, access: &[&str]) -> Self {
        let access = access.iter().map(|word| (*word).to_owned()).collect();
        let folder = TempDir::new().expect("a folder");
        let mut server = Self { port, arguments, access, folder, running: None };
        server.start_again();
        server
    }

    /// Starts it again with what was saved.
    pub fn start_again(&mut self) {
        self.start_without_waiting();
        eventually("Redis to answer", READY, || self.cli(&["PING"]).contains("PONG").then_some(()));
    }

    /// Starts it again; it may not answer yet.
    pub fn start_without_waiting(&mut self) {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", "redis-server"])
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let held = keeper.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("a pipe")).read_line(&mut line).expect("the server's number");
        let pid = Pid::from_raw(line.trim().parse().expect("a number")).expect("a process");
        self.running = Some(Running { pid, keeper, held });
    }

    /// Ends it at once (`kill -9`); what was not saved is lost.
    pub fn kill(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let _ = kill_process(running.pid, Signal::KILL);
        drop(running.held);
        let _ = running.keeper.wait();
    }

    /// Lets it hang: connections stay open, and nothing is answered.
    pub fn hang(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`Redis::hang`].
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("a running server");
        kill_process(running.pid, signal).expect("a signal to our own server");
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it keeps what it saves.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `redis-cli` says to a command.
    pub fn cli(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-p", &self.port.to_string(), "--no-auth-warning"]).args(&self.access).args(command);
        let done = cli.output().expect("redis-cli can be started");
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
    }

    /// Every key.
    pub fn keys(&self) -> Vec<String> {
        self.cli(&["--scan"]).lines().map(str::to_owned).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
            eprintln!("---- Redis on port {}, which says {:?} ----\n{log}", self.port, self.cli(&["PING"]));
        }
        self.kill();
    }
}

/// A certificate authority of the test, a server's certificate for `localhost` and `127.0.0.1`, and its key, as files.
pub struct Papers {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Papers {
    /// Writes them into a folder.
    pub fn write(folder: &Path) -> Self {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("a name");
        // With the same name as the server's, OpenSSL takes that one for signed by itself.
        authority.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let authority_certificate = authority.self_signed(&authority_key).expect("a certificate");
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate =
            rcgen::CertificateParams::new(names).expect("names").signed_by(&key, &issuer).expect("a certificate");
        let papers =
            Self { ca: folder.join("ca.pem"), certificate: folder.join("redis.pem"), key: folder.join("redis.key") };
        fs::write(&papers.ca, authority_certificate.pem()).expect("a file");
        fs::write(&papers.certificate, certificate.pem()).expect("a file");
        fs::write(&papers.key, key.serialize_pem()).expect("a file");
        papers
    }
}
