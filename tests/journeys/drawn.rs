//! The index of drawn pages, opened from disk.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
};

use tempfile::TempDir;

use crate::support::{
    browser::{Browser, Device},
    gateway::{program, words},
};

fn drawn() -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let done = program().arg("pages").arg(folder.path()).output().expect("the program starts");
    assert!(done.status.success(), "{}", words(&done));
    let index = format!("file://{}", folder.path().join("index.html").display());
    (folder, index)
}

#[test]
fn h02_who_looks_finds_a_page_by_its_words_and_sees_it_on_a_phone_and_a_desk() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::Desktop, "drawn");
    browser.open(&index).screenshot("index");
    let all = browser.count(".state:not([hidden])");
    browser.fill("Chercher", "etape SUIVANTE disponible").see("Page d'information");
    let found = browser.count(".state:not([hidden])");
    assert!(found > 0 && found < 10 && all > 200, "{found} of {all}");
    browser.see("Bouton pressé trop tôt").screenshot("found");
    assert_eq!(browser.count("#notice-calm [data-views] iframe"), 2, "phone and desk");
    browser.fill("Chercher", "letter-confirm-address-title").see("Confirmer l'adresse email").see("86991277");
    browser.fill("Chercher", "zzz").see("Rien n'a été trouvé");
    browser.follow("English").see("Pages and letters");
    assert!(!browser.scrolls_sideways());
}

#[test]
fn h02_a_drawn_page_can_be_filled_in_and_followed_and_sends_nothing() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::Phone, "drawn");
    browser.open(index.replace("index.html", "fr/sign_in-calm.html"));
    browser
        .fill("Email ou identifiant", "durand")
        .fill("Mot de passe", "x")
        .press("Connexion")
        .see("Mot de passe oublié ?");
    assert!(browser.url().ends_with("fr/sign_in-calm.html"), "nothing is sent: {}", browser.url());
    browser.press("Mot de passe oublié ?");
    assert!(browser.url().ends_with("fr/sign_in-calm.html"), "nor by another button: {}", browser.url());
    browser.follow("Vos données personnelles").see("Qui est responsable ?").screenshot("a-page");
}

#[test]
fn h02_without_javascript_the_index_is_a_list_of_links() {
    let (_folder, index) = drawn();
    let mut browser = Browser::start(Device::WithoutJavaScript, "drawn");
    browser.open(&index).see("Pages et lettres").miss("Chercher").see("Cas ordinaire").screenshot("index");
    assert_eq!(browser.count("iframe"), 0);
    assert!(browser.count(".links a[href^=fr]") > 200);
}

/// Every state of every page at once, as it is laid out on two phones, a small window and a desk: nothing scrolls sideways,
/// header, card and foot end on the same lines, what is pressed is large enough for a thumb, no address breaks but behind its
/// `@` and dots, and no page leaves by itself.
#[test]
fn residents_14_every_page_is_laid_out_for_thumbs_and_reading_glasses() {
    const MEASURE: &str = include_str!("drawn.js");
    let (folder, _) = drawn();
    let origin = serve(folder.path().to_owned());
    let pages = fs::read_dir(folder.path().join("fr")).expect("pages");
    let names = pages.map(|page| page.expect("a page").file_name().into_string().expect("a name"));
    let is_page = |name: &String| name.strip_suffix(".html").is_some_and(|name| !name.starts_with("letter-"));
    let mut names: Vec<String> = names.filter(is_page).collect();
    names.sort();
    assert!(names.len() > 200, "{}", names.len());
    let mut browser = Browser::start(Device::Desktop, "drawn");
    browser.open(format!("{origin}/assets/vestibule.css"));
    let mut faults = Vec::new();
    for some in names.chunks(15) {
        let script = format!("{MEASURE}\nreturn measure({});", serde_json::to_string(some).expect("JSON"));
        let found = browser.script(&script);
        faults.extend(found.as_array().expect("a list").iter().map(ToString::to_string));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The drawn files from a port, so that a page can look into another one.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            thread::spawn(move || answer(stream, &folder));
        }
    });
    origin
}

fn answer(mut stream: TcpStream, folder: &Path) {
    let mut head = [0; 4096];
    let read = stream.read(&mut head).unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..read]);
    let path = head.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/").trim_start_matches('/');
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        _ => "image/svg+xml",
    };
    let (status, body) = fs::read(folder.join(path)).map_or((404, Vec::new()), |body| (200, body));
    let head = format!("HTTP/1.0 {status} x\r\ncontent-type: {kind}\r\ncache-control: max-age=600\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
