//! The contenders as processes: what each is made of, how it is started on its core, what it used.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::certificate::Certificate;
use crate::residents::Resident;
use crate::{Failed, IDENTITY_HEADER, TEST_CORE, residents, session_lookup};

/// Longest wait until a process listens.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a process that was asked to end is looked at, 20 milliseconds apart, before it is ended.
const GOODBYES: u32 = 250;
/// Ticks of `/proc/PID/stat` in a second: `USER_HZ`, part of Linux's promise to programs.
pub const TICKS: u64 = 100;

/// What is measured.
pub struct Contender {
    /// As the table names it.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether each request has to reach the extranet with its resident's header.
    pub identifies: bool,
    processes: Vec<Process>,
}

/// What stands around every contender.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The gateway's program.
    pub program: &'a Path,
    /// How many agencies there are.
    pub agencies: usize,
    /// How long it keeps what it has decided.
    pub cache_seconds: u32,
    /// Further lines of its file.
    pub more: &'a str,
    /// The extranet.
    pub extranet: SocketAddr,
    /// The gateway's database, with the residents in it.
    pub database: &'a Path,
    /// The residents.
    pub residents: &'a [Resident],
    /// With which certificate it listens; without TLS where there is none.
    pub certificate: Option<&'a Certificate>,
}

/// A process that ends with its value.
pub struct Process(Child);

impl Process {
    /// Starts a program on a core, with its errors (and nginx's and the gateway's log lines) in a file.
    pub fn start(core: &str, program: impl AsRef<Path>, arguments: &[&str], log: &Path) -> Result<Self, Failed> {
        let child = Command::new("taskset")
            .args(["-c", core])
            .arg(program.as_ref())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(log)?)
            .spawn()?;
        Ok(Self(child))
    }

    /// This program itself, in another part.
    pub fn of_ours(core: &str, arguments: &[&str], log: &Path) -> Result<Self, Failed> {
        Self::start(core, std::env::current_exe()?, arguments, log)
    }

    /// It, and the processes that it has started (nginx's worker).
    fn ids(&self) -> Result<Vec<u32>, Failed> {
        let id = self.0.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        let children = children.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        Ok([vec![id], children].concat())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked, because nginx has to end its worker; as by Ctrl-C, at which pingora does not wait for its connections.
        let _ = kill_process(Pid::from_child(&self.0), Signal::INT);
        for _ in 0..GOODBYES {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // In the background of a shell, whoever has no handler of its own ignores INT.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Contender {
    fn new(name: &'static str, address: SocketAddr, identifies: bool, processes: Vec<Process>) -> Result<Self, Failed> {
        wait_for(address)?;
        Ok(Self { name, address, identifies, processes })
    }

    /// The gateway; `level` is its log's.
    pub fn gateway(name: &'static str, folder: &Path, setting: &Setting<'_>, level: &str) -> Result<Self, Failed> {
        let (address, health) = (free_address()?, free_address()?);
        let folder = folder.join(name.replace([',', ' '], "-"));
        let config = configure(&folder, setting, address, health, level)?.to_string_lossy().into_owned();
        let log = folder.join("log");
        let process = Process::start(TEST_CORE, setting.program, &["serve", "--config", &config], &log)?;
        Self::new(name, address, true, vec![process])
    }

    /// The bare pingora proxy.
    pub fn bare(name: &'static str, folder: &Path, setting: &Setting<'_>) -> Result<Self, Failed> {
        let address = free_address()?;
        let (listen, upstream) = (address.to_string(), setting.extranet.to_string());
        let mut arguments = vec!["bare-proxy".to_owned(), listen, upstream];
        if let Some(Certificate { cert, key, .. }) = setting.certificate {
            arguments.extend([cert, key].map(|file| file.to_string_lossy().into_owned()));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = Process::of_ours(TEST_CORE, &arguments, &folder.join("bare.log"))?;
        Self::new(name, address, false, vec![process])
    }

    /// nginx as a plain proxy.
    pub fn nginx(name: &'static str, folder: &Path, setting: &Setting<'_>) -> Result<Self, Failed> {
        let address = free_address()?;
        let process = nginx(&folder.join("plain"), address, setting, "", "")?;
        Self::new(name, address, false, vec![process])
    }

    /// nginx with `auth_request`, the backend that it asks, and Redis with every resident's session.
    pub fn reference(name: &'static str, folder: &Path, setting: &Setting<'_>) -> Result<Self, Failed> {
        let (address, lookup, redis) = (free_address()?, free_address()?, free_address()?);
        let store = redis_server(folder, redis, setting.residents)?;
        let arguments = ["session-lookup", &lookup.to_string(), &redis.to_string()];
        let backend = Process::of_ours(TEST_CORE, &arguments, &folder.join("lookup.log"))?;
        wait_for(lookup)?;
        let upstream = format!("upstream lookup {{ server {lookup}; keepalive 256; keepalive_requests 100000000; }}");
        let more = format!(
            r#"auth_request /.lookup;
            auth_request_set $resident $upstream_http_x_resident;
            proxy_set_header {IDENTITY_HEADER} $resident;
        }}
        location = /.lookup {{
            internal;
            proxy_pass http://lookup;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Connection "";
            proxy_http_version 1.1;"#
        );
        let front = nginx(&folder.join("reference"), address, setting, &upstream, &more)?;
        Self::new(name, address, true, vec![front, backend, store])
    }

    /// Processor time that all its processes have used, user and system.
    pub fn processor_time(&self) -> Result<Duration, Failed> {
        let mut ticks = 0;
        for id in self.ids()? {
            let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
            // The name, in brackets, may hold blanks; utime and stime are the 12th and 13th after it.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let (user, system) = (fields.get(11).ok_or("utime")?, fields.get(12).ok_or("stime")?);
            ticks += user.parse::<u64>()? + system.parse::<u64>()?;
        }
        Ok(Duration::from_millis(ticks * 1000 / TICKS))
    }

    /// Memory of all its processes that is in RAM, KiB.
    pub fn memory_kib(&self) -> Result<f64, Failed> {
        let mut memory = 0.0;
        for id in self.ids()? {
            let status = fs::read_to_string(format!("/proc/{id}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS")?;
            memory += line.trim_end_matches("kB").trim().parse::<f64>()?;
        }
        Ok(memory)
    }

    fn ids(&self) -> Result<Vec<u32>, Failed> {
        Ok(self.processes.iter().map(Process::ids).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// Writes a gateway's files; where they begin.
pub fn configure(
    folder: &Path,
    setting: &Setting<'_>,
    listen: SocketAddr,
    health: SocketAddr,
    level: &str,
) -> Result<PathBuf, Failed> {
    let Setting { extranet, database, agencies, cache_seconds, more, certificate, .. } = setting;
    let files = folder.join("agencies");
    fs::create_dir_all(&files)?;
    let config = folder.join("vestibule.toml");
    // Nothing of the bench is ever sealed with it.
    let key = folder.join("vault.key");
    fs::write(&key, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    let (scheme, plain, tls) = match certificate {
        None => ("http", format!("\"{listen}\""), String::new()),
        Some(Certificate { folder, .. }) => {
            ("https", String::new(), format!("[tls]\nlisten = [\"{listen}\"]\nfolder = \"{}\"\n", folder.display()))
        }
    };
    fs::write(
        &config,
        format!(
            r#"[server]
listen = [{plain}]
health = "{health}"
workers = 1
cache_seconds = {cache_seconds}
{tls}[portal]
url = "{scheme}://www.localhost"
name = "Bench"
[database]
url = "sqlite:{}"
[vault]
key_file = "vault.key"
[mail]
from = "Bench <bench@example.org>"
transport = "folder"
folder = "letters"
[log]
level = "{level}"
{more}
"#,
            database.display()
        ),
    )?;
    for number in 0..*agencies {
        let (code, host) = (residents::agency(number)?, residents::host(number));
        fs::write(
            files.join(format!("agency-{number}.toml")),
            format!(
                r#"client = "{}"
societe = "{}"
name = "Agence {number}"
url = "{scheme}://{host}"
[upstream]
url = "http://{extranet}"
[sign_in]
adapter = "trusted-headers"
verifier = "roster"
[[headers]]
name = "{IDENTITY_HEADER}"
value = "{{login}}"
[paths]
public = ["/public/"]
login = ["/login"]
logout = ["/logout"]
account = ["/password"]
"#,
                code.client(),
                code.societe()
            ),
        )?;
    }
    Ok(config)
}

/// nginx with one worker; `upstreams` and `more` are its configuration's further parts.
fn nginx(
    folder: &Path,
    listen: SocketAddr,
    setting: &Setting<'_>,
    upstreams: &str,
    more: &str,
) -> Result<Process, Failed> {
    fs::create_dir_all(folder)?;
    let (at, extranet) = (folder.display(), setting.extranet);
    let (ssl, certificate) = match setting.certificate {
        None => ("", String::new()),
        Some(Certificate { cert, key, .. }) => {
            let files = format!("ssl_certificate {}; ssl_certificate_key {};", cert.display(), key.display());
            ("ssl http2", format!("{files} ssl_protocols TLSv1.2 TLSv1.3;"))
        }
    };
    let config = format!(
        r#"worker_processes 1;
daemon off;
pid {at}/pid;
error_log stderr error;
user root;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    access_log {at}/access.log;
    client_body_temp_path {at}/body;
    proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi;
    scgi_temp_path {at}/scgi;
    keepalive_requests 100000000;
    keepalive_timeout 60s;
    tcp_nodelay on;
    upstream extranet {{ server {extranet}; keepalive 256; keepalive_requests 100000000; }}
    {upstreams}
    server {{
        listen {listen} {ssl} backlog=4096;
        {certificate}
        location / {{
            proxy_pass http://extranet;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
            {more}
        }}
    }}
}}
"#
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config)?;
    let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    Process::start(TEST_CORE, program, &["-c", &file.to_string_lossy()], &folder.join("log"))
}

/// Redis in memory only, with every resident's session.
pub fn redis_server(folder: &Path, listen: SocketAddr, residents: &[Resident]) -> Result<Process, Failed> {
    let (port, dir) = (listen.port().to_string(), folder.to_string_lossy());
    let arguments = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--dir", &dir];
    let process = Process::start(TEST_CORE, "redis-server", &arguments, &folder.join("redis.log"))?;
    wait_for(listen)?;
    let mut connection = redis::Client::open(format!("redis://{listen}"))?.get_connection()?;
    for resident in residents {
        redis::cmd("SET").arg(session_lookup::key(&resident.cookie)).arg(&resident.login).exec(&mut connection)?;
    }
    Ok(process)
}

/// A port that nobody listens on at this moment.
pub fn free_address() -> Result<SocketAddr, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits until somebody listens there.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub fn wait_for(address: SocketAddr) -> Result<(), Failed> {
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if start.elapsed() > PATIENCE {
            return Err(format!("nobody listens on {address}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
