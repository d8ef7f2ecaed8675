//! The net under the path rules: an old login's two fields go to no path of the extranet (S1, decision 57).

use tokio::io::AsyncWriteExt;

use super::{House, PathRule, RESIDENT, form_replay, read_to_end, request};

const URLENCODED: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

async fn house() -> House {
    let change = |agency: &mut super::Agency| {
        agency.adapter = form_replay();
        let mut paths = (*agency.paths).clone();
        paths.may_post_credentials = vec![PathRule::parse_opening("/users/").expect("a rule")];
        agency.paths = paths.into();
    };
    House::with(change, |_| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()).await
}

fn multipart(names: &[&str], file: usize) -> String {
    let field = |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\na\r\n");
    let file = format!(
        "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n{}\r\n--x--\r\n",
        "x".repeat(file)
    );
    names.iter().map(|name| field(name)).collect::<Vec<_>>().concat() + &file
}

#[tokio::test]
async fn s1_an_old_login_is_refused_at_any_path_by_any_method_for_anybody() {
    let house = house().await;
    let parts = multipart(&["login", "password"], 10);
    for path in ["/", "/a", "/index.php?route=/x", "/a/b.aspx;x=1", "/public/x", "/%61"] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "GET"] {
            for cookie in [RESIDENT, ""] {
                if cookie.is_empty() && path != "/public/x" {
                    continue;
                }
                for (kind, body) in [
                    (URLENCODED, "login=a&password=b"),
                    (URLENCODED, "x=1&LOGIN=a&y=2&Password=b&z"),
                    ("", "password=b;login=a"),
                    ("Content-Type: text/plain\r\n", "login=a\r\npassword=b\r\n"),
                    ("Content-Type: multipart/form-data; boundary=x\r\n", &parts),
                    (
                        "Content-Type: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                        "login&password",
                    ),
                ] {
                    let answer = house.send(request(method, path, &format!("{cookie}{kind}"), body)).await;
                    assert_eq!(answer.status, 403, "{method} {path} {kind} {body}");
                }
            }
        }
    }
    for target in ["/a?login=a&password=b", "/public/x?password=&login=", "/a?x&%6cogin=a&password"] {
        for method in ["GET", "POST", "HEAD"] {
            assert_eq!(house.send(request(method, target, RESIDENT, "")).await.status, 403, "{method} {target}");
        }
    }
    let split = house.send(request("POST", "/a?login=a", &format!("{RESIDENT}{URLENCODED}"), "password=b")).await;
    assert_eq!(split.status, 403, "servers put query and body together");
    assert_eq!(house.seen().len(), 0);
    assert!(house.access().contains("\"decision\":\"credentials-post\""));
}

#[tokio::test]
async fn s1_a_login_in_a_form_that_comes_in_pieces_ends_before_a_byte_of_it_is_sent() {
    let house = house().await;
    let fill = "x".repeat(60_000);
    let long = format!("login=a&fill={fill}&password=b");
    for (kind, body) in [
        (URLENCODED, "12\r\nlogin=a&password=b\r\n0\r\n\r\n".to_owned()),
        (URLENCODED, "9\r\nlogin=a&p\r\n9\r\nassword=b\r\n0\r\n\r\n".to_owned()),
        (URLENCODED, format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len())),
    ] {
        let head = format!(
            "POST /a HTTP/1.1\r\nHost: a.test:8080\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{kind}{RESIDENT}\r\n"
        );
        assert_eq!(house.send(format!("{head}{body}")).await.status, 403, "{}", &body[..20]);
    }
    // Longer than what is read before it goes on: the login stands in front.
    let parts = multipart(&["login", "password"], 200_000);
    let kind = "Content-Type: multipart/form-data; boundary=x\r\n";
    assert_eq!(house.send(request("POST", "/a", &format!("{kind}{RESIDENT}"), &parts)).await.status, 403);
    assert!(house.seen().iter().all(|seen| seen.body.is_empty()), "{:#?}", house.seen());
}

#[tokio::test]
async fn s1_other_bodies_go_on_as_they_came() {
    let house = house().await;
    let (short, long) = (multipart(&["login", "objet"], 1000), multipart(&["login", "objet"], 300_000));
    let beyond = format!("login=a&fill={}&password=b", "x".repeat(70_000));
    let parts = "Content-Type: multipart/form-data; boundary=x\r\n";
    for (path, kind, body) in [
        ("/a", URLENCODED, "login=a&pass=b"),
        ("/a", URLENCODED, "password=a&password2=b"),
        ("/a", parts, short.as_str()),
        ("/a", parts, &long),
        ("/a", "Content-Type: application/json\r\n", "{\"login\":1,\"password\":2}&login=a&password=b"),
        ("/a", "Content-Type: application/octet-stream\r\n", "login=a&password=b"),
        ("/a?login=a", URLENCODED, "passwort=b"),
        ("/a", URLENCODED, &beyond),
        ("/users/new", URLENCODED, "login=a&password=b"),
        ("/a", "", &"x".repeat(65_536)),
        ("/a", "", &"x".repeat(65_537)),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let known = house.seen().len();
            let mut stream = house.connect().await;
            stream
                .write_all(request("POST", path, &format!("{kind}{expect}{RESIDENT}"), body).as_bytes())
                .await
                .expect("to write");
            let answer = read_to_end(&mut stream).await;
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.ends_with("hello"), "{path} {kind}{expect}: {answer}");
            let seen = house.seen()[known].clone();
            assert!(seen.text() == body, "{path} {kind}{expect}: {} bytes of {}", seen.body.len(), body.len());
        }
    }
    for pieces in [&["login=a&pas", "s=b"][..], &["x", "", "y"], &["x".repeat(70_000).as_str(), "z"]] {
        let framed = pieces.iter().filter(|piece| !piece.is_empty());
        let chunks: Vec<String> = framed.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        let chunks = chunks.concat();
        let head = format!(
            "POST /a HTTP/1.1\r\nHost: a.test:8080\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{URLENCODED}{RESIDENT}\r\n"
        );
        let known = house.seen().len();
        assert_eq!(house.send(format!("{head}{chunks}0\r\n\r\n")).await.status, 200);
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        let sent = house.seen()[known].text();
        assert!(sent.len() >= bytes && sent.ends_with("0\r\n\r\n"), "{} of {bytes}", sent.len());
    }
}

#[tokio::test]
async fn s1_a_form_that_does_not_come_keeps_its_connection_for_itself() {
    let house = house().await;
    let mut slow = house.connect().await;
    let head = format!("POST /a HTTP/1.1\r\nHost: a.test:8080\r\nContent-Length: 10\r\n{URLENCODED}{RESIDENT}\r\nlog");
    slow.write_all(head.as_bytes()).await.expect("to write");
    assert_eq!(house.get("/a", RESIDENT).await.status, 200, "others are served meanwhile");
    drop(slow);
    assert_eq!(house.seen().len(), 1, "nothing of it was sent");
}

#[tokio::test]
async fn s1_the_fields_of_a_form_that_no_adapter_fills_in_are_refused_too() {
    use crate::domain::adapter::LoginNames;
    let names = || Some(LoginNames { login: "code client".into(), password: "secret".into() });
    for (names, refused) in [(names(), true), (None, false)] {
        let answer = |_: &super::Seen| b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec();
        let house = House::with(move |agency| agency.login_names = names, answer).await;
        for (target, body) in [
            ("/a", "CODE_client=a&secret=b"),
            ("/a?code+client=x", "secret=b"),
            ("/public/x", "secret=b&code.client=1"),
        ] {
            let answer = house.send(request("POST", target, &format!("{RESIDENT}{URLENCODED}"), body)).await;
            assert_eq!(answer.status == 403, refused, "{target} {body}");
        }
        let one = house.send(request("POST", "/a", &format!("{RESIDENT}{URLENCODED}"), "secret=b")).await;
        assert_eq!(one.status, 200);
    }
}
