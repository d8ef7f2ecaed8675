//! Our own listeners: TLS with certificates by name, HTTP/2, the way from http to https, the PROXY protocol (e13).

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::support::{
    eventually, free_port,
    gateway::words,
    raw::Raw,
    site::{Agency, Site},
    town::Town,
};

/// Somebody who gives out certificates.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A town whose portal and agency A are reached by https.
pub(super) struct Https {
    pub(super) town: Town,
    pub(super) folder: TempDir,
    pub(super) port: u16,
    redirect: u16,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Another name than those it gives out: curl would take them for signed by themselves.
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    /// Writes a certificate and its key as `NAME.crt` and `NAME.key`.
    pub(super) fn give_out(&self, folder: &Path, name: &str, hosts: &[&str], last_year: i32) {
        self.give_out_until(folder, name, hosts, (last_year, 1, 1));
    }

    fn give_out_until(&self, folder: &Path, name: &str, hosts: &[&str], until: (i32, u8, u8)) {
        self.give_out_between(folder, name, hosts, 2020, until);
    }

    fn give_out_between(
        &self,
        folder: &Path,
        name: &str,
        hosts: &[&str],
        first_year: i32,
        (year, month, day): (i32, u8, u8),
    ) {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).expect("names");
        params.not_before = date_time_ymd(first_year, 1, 1);
        params.not_after = date_time_ymd(year, month, day);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &*self.issuer).expect("a certificate");
        fs::write(folder.join(format!("{name}.crt")), certificate.pem()).expect("a file");
        let file = folder.join(format!("{name}.key"));
        fs::write(&file, key.serialize_pem()).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a key that nobody else reads");
    }

    pub(super) fn write(&self, file: &Path) {
        fs::write(file, self.issuer.pem()).expect("a file");
    }
}

impl Https {
    pub(super) fn start() -> Self {
        Self::start_with(&[], |agency| agency)
    }

    /// The same, with more hosts in the agencies' certificate and an agency A that differs.
    fn start_with(more: &[&str], at_a: impl FnOnce(Agency) -> Agency) -> Self {
        Self::start_as(|site, _| site, more, at_a)
    }

    /// The same, with a site that differs.
    pub(super) fn start_as(
        change: impl FnOnce(Site, u16) -> Site,
        more: &[&str],
        at_a: impl FnOnce(Agency) -> Agency,
    ) -> Self {
        let in_folder = |site: Site, folder: &Path, port: u16| {
            change(site.set("tls.folder", folder.join("certificates").to_str().expect("a path")), port)
        };
        Self::build(in_folder, more, at_a)
    }

    /// With certificates that are listed one by one; they may be those of the folder.
    pub(super) fn start_listing(list: impl FnOnce(&Path) -> Vec<toml::Value>) -> Self {
        Self::build(|site, folder, _| site.set("tls.certificates", list(folder)), &[], |agency| agency)
    }

    fn build(
        change: impl FnOnce(Site, &Path, u16) -> Site,
        more: &[&str],
        at_a: impl FnOnce(Agency) -> Agency,
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        let authority = Authority::new("An authority");
        authority.write(&folder.path().join("ca.pem"));
        let certificates = folder.path().join("certificates");
        fs::create_dir(&certificates).expect("a folder");
        authority.give_out(&certificates, "agencies", &[&["*.agences.localhost"], more].concat(), 2999);
        authority.give_out(&certificates, "portal", &["www.localhost"], 2999);
        let (port, redirect) = (free_port(), free_port());
        let site = |site: Site| {
            let site = site
                .set("portal.url", format!("https://www.localhost:{port}"))
                .set("tls.listen", vec![format!("127.0.0.1:{port}")])
                .set("tls.redirect", vec![format!("127.0.0.1:{redirect}")]);
            change(site, folder.path(), port)
        };
        let at_a = |agency: Agency| at_a(agency.set("url", format!("https://a.agences.localhost:{port}")));
        let town = Town::build_with_agency(site, at_a);
        Self { town, folder, port, redirect }
    }

    /// What curl gives of a path at agency A: the version and status, then the head and the body.
    pub(super) fn curl(&self, path: &str, arguments: &[&str]) -> (bool, String) {
        self.curl_to(&format!("https://a.agences.localhost:{}{path}", self.port), arguments)
    }

    pub(super) fn curl_to(&self, url: &str, arguments: &[&str]) -> (bool, String) {
        curl(self.folder.path(), &[self.port, self.redirect], arguments, url)
    }
}

/// What curl gives of an address, whose host is here whatever its name.
pub(super) fn curl(folder: &Path, ports: &[u16], arguments: &[&str], url: &str) -> (bool, String) {
    let output = Command::new("curl")
        .args(["-sSi", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_version} %{http_code}", "--cacert"])
        .arg(folder.join("ca.pem"))
        .args(ports.iter().flat_map(|port| ["--resolve".to_owned(), format!("*:{port}:127.0.0.1")]))
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn e13_residents_come_by_tls_and_http_2_or_1() {
    let https = Https::start();
    for (arguments, told) in [
        (["--http2"].as_slice(), "2 200"),
        (&["--http1.1"], "1.1 200"),
        (&["--http2", "--tlsv1.3"], "2 200"),
        (&["--http2", "--tls-max", "1.2"], "2 200"),
    ] {
        let (done, said) = https.curl("/public/x?y=1", arguments);
        assert!(done && said.ends_with(told), "{arguments:?}: {said}");
        assert!(said.to_ascii_lowercase().contains("strict-transport-security: max-age=31536000"), "{said}");
        let seen = https.town.a.last();
        assert_eq!(seen.target, "/public/x?y=1");
        assert_eq!(seen.folded("X-Forwarded-Proto"), ["https"]);
        assert_eq!(seen.folded("X-Forwarded-Host"), [format!("a.agences.localhost:{}", https.port)]);
        assert_eq!(seen.values("Host").len(), 1);
    }
    let (done, said) = https.curl("/public/x", &["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]);
    assert!(!done, "an old version: {said}");
    let (done, said) = https.curl_to(&format!("https://www.localhost:{}/login", https.port), &["--http2"]);
    assert!(done && said.ends_with("2 200") && said.contains("__Host-"), "the portal: {said}");
    assert!(said.to_ascii_lowercase().contains("strict-transport-security"), "{said}");
    let upload = https.folder.path().join("upload");
    fs::write(&upload, vec![7; 3_000_000]).expect("a file");
    let data = format!("@{}", upload.display());
    let (done, said) = https.curl("/public/x", &["--http2", "--data-binary", &data, "-H", "Content-Type: a/b"]);
    assert!(done && said.contains("\"body_length\":3000000"), "{said}");
    let (done, said) = https.curl("/private", &["--http2"]);
    assert!(done && said.contains("2 303") && said.contains("/login?client=CA"), "{said}");
}

#[test]
fn e13_each_name_has_its_certificate_and_a_connection_its_house() {
    let https = Https::start();
    let (done, said) = https.curl_to(&format!("https://nobody.localhost:{}/", https.port), &[]);
    assert!(!done && said.contains("curl: (35)"), "refused in the handshake: {said}");
    for version in ["--http2", "--http1.1"] {
        let other = format!("Host: www.localhost:{}", https.port);
        let (done, said) = https.curl("/public/x", &[version, "-H", &other]);
        assert!(done && said.contains(" 421"), "another house on this connection: {said}");
    }
    https.town.a.assert_untouched("requests for another house");
}

#[test]
fn e13_a24_the_hosts_of_accounts_have_tls_as_their_agency() {
    let labels = |agency: Agency| agency.set("accounts", "labels");
    let https = Https::start_with(&["*.a.agences.localhost"], labels);
    let host = "abcdefghijkl.a.agences.localhost";
    for (version, told) in [("--http2", "2 200"), ("--http1.1", "1.1 200")] {
        let (done, said) = https.curl_to(&format!("https://{host}:{}/public/x", https.port), &[version]);
        assert!(done && said.ends_with(told), "{version}: {said}");
        assert!(said.to_ascii_lowercase().contains("strict-transport-security: max-age=31536000"), "{said}");
        let seen = https.town.a.last();
        assert_eq!(seen.folded("X-Forwarded-Proto"), ["https"]);
        assert_eq!(seen.folded("X-Forwarded-Host"), [format!("{host}:{}", https.port)]);
    }
    let (_, said) = https.curl_to(&format!("http://{host}:{}/public/x?y=1", https.redirect), &[]);
    let told = format!("location: https://{host}:{}/public/x?y=1", https.port);
    assert!(said.contains(" 301") && said.to_ascii_lowercase().contains(&told), "{said}");
    let warned = |https: &Https| {
        let output = https.town.gateway.run("check", &[]);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).contains("*.a.agences.localhost")
    };
    assert!(!warned(&https), "there is one");
    assert!(warned(&Https::start_with(&[], labels)), "without a certificate for them");
}

#[test]
fn e13_http_leads_to_https() {
    let https = Https::start();
    let at = |path: &str| format!("http://a.agences.localhost:{}{path}", https.redirect);
    let (done, said) = https.curl_to(&at("/public/x?y=1"), &[]);
    let told = format!("location: https://a.agences.localhost:{}/public/x?y=1", https.port);
    assert!(done && said.contains(" 301") && said.to_ascii_lowercase().contains(&told), "{said}");
    assert!(!said.to_ascii_lowercase().contains("strict-transport-security"), "not in the clear: {said}");
    let (_, said) = https.curl_to(&at("/public/x"), &["--data", "password=in-the-clear"]);
    assert!(said.contains(" 403"), "{said}");
    let (_, said) = https.curl_to(&format!("http://nobody.localhost:{}/", https.redirect), &[]);
    assert!(said.contains(" 421"), "{said}");
    https.town.a.assert_untouched("requests that were led elsewhere");
}

#[test]
fn e13_certificates_are_renewed_by_a_reload_and_a_bad_one_is_told_with_its_line() {
    let https = Https::start();
    let certificates = https.folder.path().join("certificates");
    let (done, said) = https.curl("/public/x", &[]);
    assert!(done, "{said}");
    let renewed = Authority::new("Another authority");
    renewed.give_out(&certificates, "agencies", &["*.agences.localhost"], 2999);
    assert!(https.town.gateway.run("reload", &[]).status.success());
    let (done, said) = https.curl("/public/x", &[]);
    assert!(!done && said.contains("curl: (60)"), "the new authority is not known yet: {said}");
    renewed.write(&https.folder.path().join("ca.pem"));
    let (done, said) = https.curl("/public/x", &[]);
    assert!(done, "{said}");
    let mistakes: [(&str, &dyn Fn()); 4] = [
        ("2021-01-01", &|| renewed.give_out(&certificates, "old", &["www.localhost"], 2021)),
        ("does not belong", &|| {
            renewed.give_out(&certificates, "old", &["www.localhost"], 2999);
            fs::copy(certificates.join("portal.key"), certificates.join("old.key")).expect("another key");
        }),
        ("no certificate in it", &|| fs::write(certificates.join("old.crt"), "rubbish").expect("a file")),
        ("no private key", &|| {
            renewed.give_out(&certificates, "old", &["www.localhost"], 2999);
            fs::write(certificates.join("old.key"), "rubbish").expect("a file");
        }),
    ];
    for (told, mistake) in mistakes {
        mistake();
        for command in ["reload", "check"] {
            let output = https.town.gateway.run(command, &[]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let is_told = said.contains(told) && said.contains("vestibule.toml:") && said.contains("tls.folder");
            assert!(!output.status.success() && is_told, "{command}, {told}: {said}");
        }
        let (done, said) = https.curl("/public/x", &[]);
        assert!(done, "what was in force stays: {said}");
    }
}

/// A certificate that is not good: what it is called, how it comes to be, what is told of it, and whether the agency's host
/// is served with a good one after a start, with one that browsers warn of, or not at all.
type Bad<'b> = (&'b str, Box<dyn Fn() + 'b>, &'b str, Shown);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Good,
    Warned,
    Nothing,
}

#[test]
fn walk_3_a_bad_certificate_stops_no_start_and_no_upgrade_and_a_reload_is_refused() {
    let mut https = Https::start();
    let authority = Authority::new("A new authority");
    let certificates = https.folder.path().join("certificates");
    let give = |name: &str, hosts: &[&str], from: i32, to: i32| {
        authority.give_out_between(&certificates, name, hosts, from, (to, 1, 1));
    };
    let spoil = |name: &str| fs::write(certificates.join(name), "rubbish").expect("a file");
    let host = "a.agences.localhost";
    let is_over = "which is not now";
    let kinds: Vec<Bad<'_>> = vec![
        (
            "over, and another is for its names",
            Box::new(|| give("a", &["*.agences.localhost"], 2020, 2021)),
            is_over,
            Shown::Good,
        ),
        ("over, by name beside a wildcard", Box::new(|| give("a", &[host], 2020, 2021)), is_over, Shown::Good),
        (
            "over, and the only one",
            Box::new(|| give("agencies", &["*.agences.localhost"], 2020, 2021)),
            is_over,
            Shown::Warned,
        ),
        (
            "not yet valid, and another is for its names",
            Box::new(|| give("a", &[host], 2990, 2999)),
            is_over,
            Shown::Good,
        ),
        ("not yet valid, and the only one", Box::new(|| give("agencies", &[host], 2990, 2999)), is_over, Shown::Warned),
        (
            "with another key, and another is for its names",
            Box::new(|| {
                give("a", &[host], 2020, 2999);
                fs::copy(certificates.join("portal.key"), certificates.join("a.key")).expect("another key");
            }),
            "does not belong",
            Shown::Good,
        ),
        (
            "without a certificate in it",
            Box::new(|| {
                give("a", &[host], 2020, 2999);
                spoil("a.crt");
            }),
            "no certificate in it",
            Shown::Good,
        ),
        (
            "without a key in it",
            Box::new(|| {
                give("a", &[host], 2020, 2999);
                spoil("a.key");
            }),
            "no private key",
            Shown::Good,
        ),
        ("broken, and the only one", Box::new(|| spoil("agencies.key")), "no private key", Shown::Nothing),
    ];
    for (kind, happens, told, shown) in kinds {
        for file in fs::read_dir(&certificates).expect("a folder") {
            fs::remove_file(file.expect("a file").path()).expect("a file goes");
        }
        give("agencies", &["*.agences.localhost"], 2020, 2999);
        give("portal", &["www.localhost"], 2020, 2999);
        authority.write(&https.folder.path().join("ca.pem"));
        let mended = https.town.gateway.run("reload", &[]);
        assert!(mended.status.success(), "{kind}: {}", words(&mended));
        is_flawed(&https, 0, kind);
        happens();
        for command in ["reload", "check"] {
            let output = https.town.gateway.run(command, &[]);
            let said = words(&output);
            assert_eq!(output.status.code(), Some(1), "{kind}, {command}: {said}");
            assert!(
                said.contains(told) && said.contains("vestibule.toml:") && said.contains("tls.folder"),
                "{kind}: {said}"
            );
        }
        assert!(https.curl("/public/x", &[]).0, "{kind}: what was in force stays");
        https.town.gateway.stop();
        https.town.gateway.start_again(0);
        is_shown(&https, shown, &format!("{kind}, after a start"));
        is_flawed(&https, 1, kind);
        let status = words(&https.town.gateway.run("status", &[]));
        assert!(status.contains("started all the same") && status.contains(told), "{kind}: {status}");
        let log = https.town.gateway.log();
        assert!(log.lines().any(|line| line.contains(r#""level":"WARN""#) && line.contains(told)), "{kind}: {log}");
        https.town.gateway.upgrade();
        is_shown(&https, shown, &format!("{kind}, after an upgrade"));
        is_flawed(&https, 1, kind);
        let reloaded = https.town.gateway.run("reload", &[]);
        assert_eq!(reloaded.status.code(), Some(1), "{kind}: {}", words(&reloaded));
        is_shown(&https, shown, &format!("{kind}, after a reload"));
    }
}

#[test]
fn walk_3_without_any_certificate_that_can_be_read_nobody_would_be_served_and_nothing_is_started() {
    let mut https = Https::start();
    let certificates = https.folder.path().join("certificates");
    https.town.gateway.stop();
    for file in fs::read_dir(&certificates).expect("a folder") {
        fs::write(file.expect("a file").path(), "rubbish").expect("a file");
    }
    let served = https.town.gateway.run("serve", &[]);
    assert!(served.status.code() == Some(2) && words(&served).contains("no certificate is left"), "{}", words(&served));
}

#[test]
fn walk_3_an_upgrade_takes_no_good_certificate_away_unasked_and_a_bad_one_is_told_again() {
    let mut https = Https::start_as(
        |site, _| site.with_settable_clock().set("server.reload_on_change", false),
        &[],
        |agency| agency,
    );
    let certificates = https.folder.path().join("certificates");
    Authority::new("Another").give_out(&certificates, "agencies", &["*.agences.localhost"], 2021);
    let upgraded = https.town.gateway.run("upgrade", &[]);
    let said = words(&upgraded);
    assert!(upgraded.status.code() == Some(1) && said.contains("no certificate would be left for a.agences"), "{said}");
    https.town.gateway.stop();
    https.town.gateway.start_again(0);
    let told = || https.town.gateway.log().matches("which is not now").count();
    for hours in 1..3 {
        let before = told();
        https.town.gateway.shift_clock(hours * 3600);
        eventually("it to be told again", SOON, || (told() > before).then_some(()));
    }
}

fn is_flawed(https: &Https, flaws: usize, kind: &str) {
    let (_, metrics) = https.town.gateway.health("/metrics").expect("metrics");
    let line = format!("vestibule_configuration_flaws {flaws}");
    assert!(metrics.lines().any(|told| told == line), "{kind}: {line} is not in {metrics}");
}

fn is_shown(https: &Https, shown: Shown, when: &str) {
    let (is_good, said) = https.curl("/public/x", &[]);
    assert_eq!(is_good, shown == Shown::Good, "{when}: {said}");
    let (is_served, said) = https.curl("/public/x", &["--insecure"]);
    assert_eq!(is_served, shown != Shown::Nothing, "{when}: {said}");
    let (is_served, said) = https.curl_to(&format!("https://www.localhost:{}/", https.port), &[]);
    assert!(is_served, "{when}: the portal has a good one: {said}");
}

#[test]
fn e13_a_balancer_tells_the_clients_address_and_nobody_else_may() {
    let behind = free_port();
    let address = || vec![format!("127.0.0.1:{behind}")];
    let town = Town::build_with(|site| {
        site.set("server.listen", address())
            .set("proxy_protocol.listen", address())
            .set("proxy_protocol.from", vec!["127.0.0.1/32"])
    });
    let request = format!(
        "GET /public/x HTTP/1.1\r\nHost: agence-a.localhost:{}\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
        town.gateway.port()
    );
    let version_1 = b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n".to_vec();
    let version_2 =
        [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".as_slice(), &[203, 0, 113, 10, 192, 0, 2, 1, 9, 9, 0, 80]].concat();
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00".to_vec();
    for (header, client) in [(version_1, "203.0.113.9"), (version_2, "203.0.113.10"), (local, "127.0.0.1")] {
        let mut socket = Raw::connect(behind);
        let answer = socket.send(&header).send(&request).answer().expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(town.a.last().folded("X-Forwarded-For"), [client]);
        assert_eq!(socket.send(&request).answer().map(|answer| answer.status), Some(200), "and so on");
    }
    town.forget();
    for wrong in [
        "",
        "PROXY TCP4 rubbish\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 4711 80 and more than there may be, up to the end of the line and beyond\r\n",
    ] {
        let mut socket = Raw::connect(behind);
        assert!(socket.send(wrong).send(&request).is_closed(), "{wrong}");
    }
    let mut socket = Raw::connect(town.gateway.port());
    socket.send("PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n").send(&request);
    assert_eq!(socket.answer().map(|answer| answer.status), Some(400), "not where nobody is in front");
    town.a.assert_untouched("connections that are not what they should be");
}

#[test]
fn beyond_the_limit_connections_wait_and_are_not_refused() {
    // Listeners that nobody comes to take no place away.
    let idle: Vec<String> = (0..3).map(|_| format!("127.0.0.1:{}", free_port())).collect();
    let town = Town::build_with(|site| site.set("server.max_connections", 16).set("server.listen", idle));
    let port = town.gateway.port();
    let request = format!("GET /public/x HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\n\r\n");
    let mut kept: Vec<Raw> = (0..16).map(|_| Raw::connect(port)).collect();
    for socket in &mut kept {
        assert_eq!(socket.send(&request).answer().map(|answer| answer.status), Some(200));
    }
    let mut waits = Raw::connect(port);
    waits.send(&request);
    town.forget();
    // What others ask meanwhile is all that the extranet hears.
    for _ in 0..20 {
        assert_eq!(kept[0].send(&request).answer().map(|answer| answer.status), Some(200));
    }
    assert_eq!(town.a.seen().len(), 20, "the one beyond the limit is not served");
    drop(kept.pop());
    assert_eq!(waits.answer().map(|answer| answer.status), Some(200), "as soon as one has gone");
}

/// The longest that a line of the log may take.
const SOON: std::time::Duration = std::time::Duration::from_secs(5);

#[test]
fn a11_a_certificate_that_ages_is_a_warning_at_each_reload_and_its_end_a_metric() {
    let https = Https::start();
    let certificates = https.folder.path().join("certificates");
    let gateway = &https.town.gateway;
    let end = jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(6));
    let until = (end.year().into(), end.month().try_into().expect("a month"), end.day().try_into().expect("a day"));
    Authority::new("Renewed").give_out_until(&certificates, "portal", &["www.localhost"], until);
    let warned = || {
        let is_one = |line: &&str| line.contains(r#""level":"WARN""#) && line.contains("the certificate ends");
        gateway.log().lines().filter(is_one).count()
    };
    for times in 1..3 {
        assert!(gateway.run("reload", &[]).status.success());
        eventually("a warning at each reload", SOON, || (warned() >= times).then_some(()));
    }
    let (_, metrics) = gateway.health("/metrics").expect("an answer");
    let told = metrics.lines().find_map(|line| {
        line.strip_prefix("vestibule_certificate_not_after_seconds{name=\"www.localhost\"} ")?.parse::<i64>().ok()
    });
    let left = told.expect("a metric") - jiff::Timestamp::now().as_second();
    assert!((4 * 86400..=6 * 86400).contains(&left), "{left} s are left");
    // In a reload that is refused the warning stays one, beside what is wrong.
    let before = warned();
    std::fs::write(certificates.join("old.crt"), "rubbish").expect("a file");
    std::fs::write(certificates.join("old.key"), "rubbish").expect("a file");
    assert!(!gateway.run("reload", &[]).status.success());
    eventually("a warning beside what is wrong", SOON, || (warned() > before).then_some(()));
    let log = gateway.log();
    let is_error = |line: &&str| line.contains(r#""level":"ERROR""#) && line.contains("the certificate ends");
    assert_eq!(log.lines().filter(is_error).count(), 0, "a warning is no error");
}

#[test]
fn a16_whoever_connects_and_says_nothing_is_no_trouble_of_ours() {
    let https = Https::start();
    let gateway = &https.town.gateway;
    for port in [gateway.port(), https.port, https.redirect] {
        for sent in [&b""[..], b"\r\n", b"\x16\x03\x01", b"GET / HT", b"\x00\x00\x00\x00"] {
            let mut probe = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            std::io::Write::write_all(&mut probe, sent).expect("to send");
        }
    }
    let folder = https.folder.path();
    for protocol in ["http/1.1", "h2"] {
        let shaken = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{}", https.port), "-servername", "www.localhost"])
            .args(["-alpn", protocol])
            .arg("-CAfile")
            .arg(folder.join("ca.pem"))
            .stdin(std::process::Stdio::null())
            .output()
            .expect("openssl");
        assert!(String::from_utf8_lossy(&shaken.stdout).contains("BEGIN CERTIFICATE"), "{shaken:?}");
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    let log = gateway.log();
    let troubles = log.lines().filter(|line| line.contains(r#""WARN""#) || line.contains(r#""ERROR""#));
    let troubles: Vec<&str> = troubles
        .filter(|line| !line.contains("not every connection") && !line.contains("a new, empty database"))
        .collect();
    assert_eq!(troubles, [""; 0], "{}", troubles.join("\n"));
}
