use std::future::pending;

use super::*;
use crate::demo::testing::{browser, listen, run};

const CONFIRM: &str = "From: Vestibule <ne-pas-repondre@moncompte.example>\r\n\
    To: =?utf-8?q?Am=C3=A9lie?= <amelie@courriel.example>\r\n\
    Subject: =?utf-8?q?Confirmez_votre_adresse_=3Cvite=3E?=\r\n\
    Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVotre code : 86991277 & <rien>\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p title=\"x\">Votre code : <b>86991277</b></p>\r\n--b--\r\n";

const PLAIN: &str = "From: a@b.example\r\nTo: c@d.example\r\nSubject: Second\r\n\
    Date: Sun, 22 Nov 2026 10:00:01 +0100\r\n\r\nBonjour\r\n";

/// A mailbox with two letters, and what lies around it.
async fn mailbox() -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("letters");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("1 é.eml"), CONFIRM).unwrap();
    std::fs::write(folder.join("2.eml"), PLAIN).unwrap();
    std::fs::write(folder.join("2.json"), "{}").unwrap();
    std::fs::write(place.path().join("secret.eml"), PLAIN).unwrap();
    let (listener, address) = listen().await;
    run(Mailbox::new(folder).serve(listener, pending()));
    (place, format!("http://{address}"))
}

async fn get(url: String) -> (u16, String) {
    let answer = browser().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_newest_letter_stands_first() {
    let (_place, origin) = mailbox().await;
    let (_, list) = get(format!("{origin}/")).await;
    assert!(!list.contains("http-equiv") && list.contains("<a href=\"/\">Relever les messages</a>"));
    assert!(list.contains("Amélie &lt;amelie@courriel.example&gt;"));
    assert!(list.contains("22/11/2026 09:00:00 UTC"));
    assert!(list.find("Second").unwrap() < list.find("Confirmez votre adresse &lt;vite&gt;").unwrap());
}

#[tokio::test]
async fn a_letter_shows_both_its_versions_and_its_html_can_do_nothing() {
    let (_place, origin) = mailbox().await;
    let (status, letter) = get(format!("{origin}/1%20%C3%A9.eml")).await;
    assert_eq!(status, 200);
    assert!(letter.contains("srcdoc=\"&lt;base target=&quot;_blank&quot;&gt;&lt;p title=&quot;x&quot;&gt;"));
    assert!(letter.contains("sandbox=\"allow-popups "));
    assert!(!letter.contains("allow-scripts") && !letter.contains("http-equiv"));
    assert!(letter.contains("<pre>Votre code : 86991277 &amp; &lt;rien&gt;"));
}

#[tokio::test]
async fn only_letters_of_the_folder_can_be_asked_for() {
    let (_place, origin) = mailbox().await;
    for path in ["2.json", "3.eml", "..%2Fsecret.eml", "%2e%2e%2fsecret.eml", ".%2F2.eml", "..%5Csecret.eml"] {
        assert_eq!(get(format!("{origin}/{path}")).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_test_reads_the_letters_as_data() {
    let (_place, origin) = mailbox().await;
    let (_, letters) = get(format!("{origin}/api/letters")).await;
    let letters: serde_json::Value = serde_json::from_str(&letters).unwrap();
    assert_eq!(letters[0]["name"], "2.eml");
    assert_eq!(letters[0]["text"].as_str().unwrap().trim(), "Bonjour");
    assert!(letters[0]["html"].is_null());
    assert_eq!(letters[1]["subject"], "Confirmez votre adresse <vite>");
    assert_eq!(letters[1]["to"], "Amélie <amelie@courriel.example>");
    assert!(letters[1]["html"].as_str().unwrap().contains("<b>86991277</b>"));
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet_is_an_empty_mailbox() {
    let place = tempfile::tempdir().unwrap();
    let (listener, address) = listen().await;
    run(Mailbox::new(place.path().join("later")).serve(listener, pending()));
    assert!(get(format!("http://{address}/")).await.1.contains("Aucun message"));
}

#[tokio::test]
async fn below_the_letters_stands_what_to_try_with_links_that_open_beside_them() {
    let place = tempfile::tempdir().unwrap();
    let (listener, address) = listen().await;
    let mailbox = Mailbox::new(place.path().to_path_buf()).beside("http://www.localhost:8080".to_owned());
    run(mailbox.serve(listener, pending()));
    let (_, page) = get(format!("http://{address}/")).await;
    for way in WAYS {
        let link = way.sign_in("http://www.localhost:8080").replace('&', "&amp;");
        assert!(page.contains(&format!("<a href=\"{link}\" target=\"_blank\">{}</a>", way.name)), "{page}");
        for tried in way.tries {
            let cells = format!("<code>{}</code></td><td><code>{}</code>", tried.login, way.password(tried.login));
            assert!(page.contains(&cells), "{page}");
        }
    }
}
