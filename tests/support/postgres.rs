//! A real `PostgreSQL` for a whole run of a test binary, with a database for each test.
//!
//! The store's own tests include this file too: it uses nothing but the standard library.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// A server with its data in a temporary folder; it ends with this process, however that ends.
pub struct Cluster {
    /// The port that it listens on, on 127.0.0.1.
    pub port: u16,
    binaries: PathBuf,
    watch: Watch,
}

/// A database of its own, which goes with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    port: u16,
    dropdb: PathBuf,
}

/// The server is stopped as soon as nobody holds the other end of this pipe.
struct Watch {
    held: Option<ChildStdin>,
    child: Child,
}

impl Watch {
    /// Ends the server and waits for that.
    fn end(&mut self) {
        drop(self.held.take());
        let _ = self.child.wait();
    }
}

/// Runs the server until its standard input ends: with the tests, also where they were killed.
const KEEPER: &str = r#"
set -eu
binaries=$1; port=$2; connections=$3 wal=minimal
if [ $# -gt 3 ]; then folder=$4 wal=replica; else
    folder=$(mktemp -d "${TMPDIR:-/tmp}/vestibule-postgres.XXXXXX")
    trap 'rm -rf "$folder"' EXIT
fi
cd "$folder"
[ -d data ] || "$binaries/initdb" -D data -U vestibule -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 || { cat initdb.log; exit 1; }
"$binaries/postgres" -D data -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=$wal -c max_wal_senders=0 \
    -c max_wal_size=128MB -c autovacuum=off -c max_connections=$connections </dev/null >server.log 2>&1 &
server=$!
until "$binaries/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    kill -0 $server 2>/dev/null || { cat server.log; exit 1; }
    sleep 0.05
done
echo ready
cat >/dev/null
kill -QUIT $server 2>/dev/null || true
wait $server || true
"#;

/// The server that the tests of this process share.
pub fn shared() -> &'static Cluster {
    static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);
    &SHARED
}

impl Cluster {
    /// Starts a server on a free port; another one where somebody was faster.
    pub fn start() -> Self {
        let binaries = binaries();
        let mut said = String::new();
        for _ in 0..3 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            match keep(&binaries, port, 400, None) {
                Ok(watch) => return Self { port, binaries, watch },
                Err(reason) => said = reason,
            }
        }
        panic!("PostgreSQL does not start: {said}");
    }

    /// Starts a server of its own that keeps everything in this folder, with so many connections at most.
    pub fn start_in(folder: &Path, connections: u32) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let binaries = binaries();
        let watch = keep(&binaries, port, connections, Some(folder)).expect("a server");
        Self { port, binaries, watch }
    }

    /// Ends it at once, as a crash does, and starts it again on what is in its folder.
    pub fn start_again_in(&mut self, folder: &Path, connections: u32) {
        self.watch.end();
        self.watch = keep(&self.binaries, self.port, connections, Some(folder)).expect("a server");
    }

    /// Ends it at once, as a crash does, until it is started again.
    pub fn stop(&mut self) {
        self.watch.end();
    }

    /// Makes an empty database.
    pub fn database(&self) -> Database {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let database = Database { name, port: self.port, dropdb: self.binaries.join("dropdb") };
        let createdb = self.binaries.join("createdb");
        call(Command::new(createdb).args(database.place()).arg(&database.name));
        database
    }
}

impl Database {
    /// Its URL, as in a configuration.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// Its URL by another port, behind which something forwards to the server.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://vestibule@127.0.0.1:{port}/{}", self.name)
    }

    fn place(&self) -> [String; 6] {
        ["-h", "127.0.0.1", "-U", "vestibule", "-p", &self.port.to_string()].map(str::to_owned)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server and its folder go with the process anyway; this only keeps the disk small while it runs.
        let _ = Command::new(&self.dropdb).args(self.place()).args(["--force", &self.name]).output();
    }
}

fn keep(binaries: &Path, port: u16, connections: u32, folder: Option<&Path>) -> Result<Watch, String> {
    // The server refuses to run as root.
    let mut keeper = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    keeper.args(["-c", KEEPER, "keeper"]).arg(binaries).args([port.to_string(), connections.to_string()]).args(folder);
    // Ctrl-C is for the tests; their end is then the server's.
    let mut child = keeper
        .process_group(0)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let held = child.stdin.take().ok_or("no pipe to the server's keeper")?;
    let lines = BufReader::new(child.stdout.take().ok_or("no pipe from the server's keeper")?).lines();
    let mut said = String::new();
    for line in lines.map_while(Result::ok) {
        if line == "ready" {
            return Ok(Watch { held: Some(held), child });
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(said)
}

fn call(command: &mut Command) {
    let done = command.output().expect("PostgreSQL's own programs can be started");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Where the newest server on this machine has its programs.
pub fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin"))).filter(|(_, folder)| folder.join("postgres").is_file())
        })
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed (make test-deps, or the Debian package postgresql)").1
}
