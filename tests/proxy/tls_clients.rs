//! Who comes by TLS: by names of many certificates, through balancers, across an upgrade, in a real browser (e13).

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use toml::Value;

use super::tls::{Authority, Https};
use crate::support::{
    browser::{Browser, Device},
    free_port,
    raw::Raw,
    site::Agency,
    town::{BOB, CHOSEN, Town, Who},
    wait,
};

/// A connection as `a.agences.localhost` that begins with these bytes in the clear.
async fn connect(https: &Https, port: u16, before: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let file = https.folder.path().join("ca.pem");
    roots.add(CertificateDer::from_pem_file(file).expect("the authority")).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    stream.write_all(before).await.expect("to write");
    let name = ServerName::try_from("a.agences.localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

/// The status of a public page, asked for on a connection that is closed afterwards.
async fn ask(https: &Https, mut stream: TlsStream<TcpStream>) -> String {
    let host = format!("a.agences.localhost:{}", https.port);
    let request = format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("to write");
    let mut answer = String::new();
    // Not every end says good-bye.
    let _ = stream.read_to_string(&mut answer).await;
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn e13_names_that_nobody_has_are_shown_the_default_where_that_is_wished_for() {
    let https = Https::start_as(|site, _| site.set("tls.unknown_name", "default"), &[], |agency| agency);
    let strangers = [format!("https://nobody.localhost:{}/", https.port), format!("https://127.0.0.1:{}/", https.port)];
    for stranger in &strangers {
        let (done, said) = https.curl_to(stranger, &[]);
        assert!(!done && said.contains("curl: (60)"), "shown one, which is not for that name: {said}");
        let (done, said) = https.curl_to(stranger, &["-k"]);
        assert!(done && said.contains(" 421"), "and there is no house: {said}");
    }
    https.town.a.assert_untouched("requests for nobody's name");
    let (done, said) = https.curl("/public/x", &[]);
    assert!(done && said.ends_with(" 200"), "{said}");
}

#[test]
fn e13_of_several_certificates_the_exact_name_wins_over_the_wildcard_which_covers_one_label() {
    // The exact one is of an authority of its own, so that curl tells which was shown.
    let more = |folder: &Path| {
        let other = Authority::new("Another authority");
        other.write(&folder.join("other.pem"));
        other.give_out(folder, "exact", &["a.agences.localhost"], 2999);
        let pair = |name: &str| {
            let file = |end: &str| Value::from(folder.join(format!("{name}.{end}")).to_str().expect("a path"));
            Value::Table([("cert".to_owned(), file("crt")), ("key".to_owned(), file("key"))].into_iter().collect())
        };
        vec![pair("certificates/agencies"), pair("exact"), pair("certificates/portal")]
    };
    let https = Https::start_listing(more);
    let at = |host: &str| format!("https://{host}:{}/public/x", https.port);
    let other = https.folder.path().join("other.pem");
    let other = other.to_str().expect("a path");
    for (host, authority, told) in [
        ("a.agences.localhost", Some(other), " 200"),
        ("A.Agences.localhost", Some(other), " 200"),
        ("a.agences.localhost", None, "curl: (60)"),
        ("b.agences.localhost", None, " 421"),
        ("www.localhost", None, " 404"),
        ("x.y.agences.localhost", None, "curl: (35)"),
        ("agences.localhost", None, "curl: (35)"),
    ] {
        let arguments: Vec<&str> = authority.into_iter().flat_map(|authority| ["--cacert", authority]).collect();
        let (_, said) = https.curl_to(&at(host), &arguments);
        assert!(said.contains(told), "{host} by {authority:?}: {said}");
    }
}

#[test]
fn e13_a_balancer_tells_the_clients_address_in_front_of_tls_and_of_ipv6_too() {
    let plain = free_port();
    let listen = |port: u16| vec![Value::from(format!("127.0.0.1:{port}"))];
    let https = Https::start_as(
        |site, port| {
            site.set("server.listen", listen(plain))
                .set("proxy_protocol.listen", [listen(port), listen(plain)].concat())
                .set("proxy_protocol.from", vec!["127.0.0.1/32"])
        },
        &[],
        |agency| agency,
    );
    let behind = https.port;
    let version_2 = |source: [u8; 16]| {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24".to_vec();
        header.extend(source);
        header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9, 1, 187]);
        header
    };
    let of = |address: &str| address.parse::<std::net::Ipv6Addr>().expect("an address").octets();
    for (header, client) in [
        (b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n".to_vec(), "203.0.113.9"),
        (b"PROXY TCP6 2001:db8::9 2001:db8::2 4711 443\r\n".to_vec(), "2001:db8::9"),
        (version_2(of("2001:db8::a")), "2001:db8::a"),
        (version_2(of("::ffff:203.0.113.7")), "203.0.113.7"),
    ] {
        https.town.forget();
        let status = wait(async { ask(&https, connect(&https, behind, &header).await).await });
        assert_eq!(status, "200", "{client}");
        assert_eq!(https.town.a.last().folded("X-Forwarded-For"), [client]);
        assert_eq!(https.town.a.last().folded("X-Forwarded-Proto"), ["https"]);
        let mut socket = Raw::connect(plain);
        let host = format!("a.agences.localhost:{}", https.port);
        socket.send(&header).send(format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(socket.answer().map(|answer| answer.status), Some(200), "{client}");
        assert_eq!(https.town.a.last().folded("X-Forwarded-For"), [client], "in the clear");
    }
    https.town.forget();
    let mut socket = Raw::connect(behind);
    assert!(socket.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\0\0\0").is_closed(), "TLS without a header");
    https.town.a.assert_untouched("a balancer that does not say who is there");
}

#[test]
fn rel_001_no_handshake_is_refused_and_no_answer_cut_while_a_new_process_takes_tls_listeners_over() {
    let slow = |agency: Agency| agency.set("paths.public", vec!["/public/", "/slow"]);
    let mut https = Https::start_as(|site, _| site, &[], slow);
    let over = AtomicBool::new(false);
    let (told, wrong) = (Mutex::new(0_u32), Mutex::new(Vec::new()));
    let (port, folder) = (https.port, https.folder.path().to_owned());
    thread::scope(|scope| {
        for version in ["--http2", "--http1.1", "--http2"] {
            let (over, told, wrong, folder) = (&over, &told, &wrong, &folder);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // The second of the two goes over the connection of the first, whoever it belongs to by then.
                    let url = format!("https://a.agences.localhost:{port}/slow?ms=150");
                    let (done, said) = super::tls::curl(folder, &[port], &[version, &url], &url);
                    if done && said.matches(" 200").count() >= 2 {
                        *told.lock().expect("a count") += 1;
                    } else {
                        wrong.lock().expect("a list").push(said);
                    }
                }
            });
        }
        let gateway = &mut https.town.gateway;
        for _ in 0..3 {
            let before = *told.lock().expect("a count");
            gateway.upgrade();
            crate::support::eventually("answers of the new process", std::time::Duration::from_secs(20), || {
                (*told.lock().expect("a count") > before + 6).then_some(())
            });
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(wrong.lock().expect("a list").is_empty(), "{wrong:?}");
    assert!(https.town.gateway.earlier_end(), "an old process ends well");
}

#[test]
fn e13_a24_in_a_real_browser_a_sign_in_on_an_accounts_own_host_and_a_websocket_go_over_https() {
    let labels = |agency: Agency| agency.set("accounts", "labels");
    let https = Https::start_as(|site, _| site, &["*.a.agences.localhost"], labels);
    let mut browser = Browser::start(Device::Desktop, "https");
    let portal = format!("https://www.localhost:{}/login?client=CA&societe=SA", https.port);
    migrate(&https.town, &mut browser, &portal, BOB);
    browser.open(&portal);
    sign_in(&mut browser, BOB.email, CHOSEN);
    browser.see("\"who\":\"bob-12\"");
    let host = browser.url();
    let label = host.strip_prefix("https://").and_then(|rest| rest.split_once(".a.agences.localhost:"));
    assert!(label.is_some_and(|(label, _)| !label.is_empty() && !label.contains('.')), "his account's own: {host}");
    let cookies = browser.cookies();
    let ours: Vec<_> = cookies.iter().filter(|name| name.contains("vestibule")).collect();
    assert!(!ours.is_empty() && ours.iter().all(|name| name.starts_with("__Host-")), "{cookies:?}");
    let seen = https.town.a.last();
    assert_eq!(seen.folded("X-Forwarded-Proto"), ["https"]);
    assert!(!seen.cookies().iter().any(|name| name.contains("vestibule")), "{seen:?}");

    browser.script(
        "const socket = new WebSocket(`wss://${location.host}/membre/socket`);
         socket.onopen = () => socket.send('Bonjour à tous');
         socket.onmessage = (event) => { document.body.textContent = `heard ${event.data}`; };
         socket.onerror = () => { document.body.textContent = 'refused'; };",
    );
    browser.see("heard Bonjour à tous");
    assert_eq!(https.town.a.last().folded("X-Extranet-User"), ["bob-12"]);

    // The account page, and out: the browser has nothing of ours for this host any more.
    browser.open(format!("https://www.localhost:{}/account", https.port)).see("Agence du Port");
    let cookies = browser.cookies();
    assert!(cookies.iter().any(|name| name == "__Host-vestibule"), "{cookies:?}");
    browser.press("Se déconnecter").see("Vous êtes déconnecté");
    browser.open(&host).see("Connexion");
}

fn migrate(town: &Town, browser: &mut Browser, portal: &str, who: Who) {
    browser.open(portal);
    sign_in(browser, who.login, who.password);
    browser.see("évolue").press("Étape suivante").see("Adresse email").press("Continuer");
    browser.fill("Nouveau mot de passe", CHOSEN).fill("Confirmez le nouveau mot de passe", CHOSEN);
    browser.press("Créer mon compte").see("Vérifiez votre boîte mail");
    let letter = town.gateway.letter_to(who.email);
    assert!(letter.link().starts_with("https://www.localhost:"), "{}", letter.link());
    browser.open(letter.link()).press("Confirmer mon adresse").see("Votre compte est à jour");
}

fn sign_in(browser: &mut Browser, login: &str, password: &str) {
    browser.fill("Email ou identifiant", login).fill("Mot de passe", password).press("Connexion");
}
