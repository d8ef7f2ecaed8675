//! What operators rely on: names that are resolved, a reload, the access log.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::{House, RESIDENT, agency, origin, read_more};
use crate::domain::agency_code::AgencyCode;
use crate::domain::routing::Directory;
use crate::proxy::passage::extranets::Extranets;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// The port of an extranet that always says the same.
async fn extranet_saying(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(super::extranet(listener, Arc::default(), Arc::new(move |_: &super::Seen| answer.into())));
    port
}

#[tokio::test]
async fn an_extranet_with_a_name_is_resolved_and_each_of_its_addresses_is_tried() {
    let port = extranet_saying(HELLO).await;
    let named = |agency: &mut super::Agency| {
        Arc::make_mut(&mut agency.upstream).origin = origin(&format!("http://localhost:{port}"));
    };
    let house = House::in_front_of(port, named, Arc::default(), super::TrustedProxies::default()).await;
    assert_eq!(house.get("/a", RESIDENT).await.text(), "hello");
}

#[tokio::test]
async fn a_name_without_an_address_and_a_server_without_tls_are_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await;
        }
    });
    for upstream in [format!("http://nowhere.invalid:{port}"), format!("https://127.0.0.1:{port}")] {
        let change = |agency: &mut super::Agency| Arc::make_mut(&mut agency.upstream).origin = origin(&upstream);
        let house = House::in_front_of(port, change, Arc::default(), super::TrustedProxies::default()).await;
        let answer = house.get("/a", RESIDENT).await;
        assert_eq!(answer.status, 502, "{upstream}: {answer:?}");
    }
}

#[tokio::test]
async fn a_reload_is_seen_by_the_next_request_on_the_same_connection() {
    let house = House::plain().await;
    let elsewhere = extranet_saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmoved").await;
    let mut stream = house.connect().await;
    let head = format!("GET /a HTTP/1.1\r\nHost: a.test\r\n{RESIDENT}\r\n");
    for said in ["hello", "moved"] {
        stream.write_all(head.as_bytes()).await.expect("to write");
        let mut raw = Vec::new();
        while !raw.ends_with(said.as_bytes()) {
            tokio::time::timeout(super::PATIENCE, read_more(&mut stream, &mut raw))
                .await
                .expect("in time")
                .expect("more");
        }
        let directory = Directory::new(origin("https://www.test"), [agency(elsewhere)]);
        *house.directory.lock().expect("the directory") = Arc::new(directory);
    }
}

#[tokio::test]
async fn the_access_log_tells_the_decision_and_no_personal_data() {
    let house = House::plain().await;
    house.get("/dossier/durand?email=durand@example.fr", RESIDENT).await;
    house.get("/dossier/durand", "").await;
    house.get("/a/../b", RESIDENT).await;
    // An answer is there a moment before its line.
    let mut text = house.access();
    while text.lines().count() < 3 {
        tokio::task::yield_now().await;
        text = house.access();
    }
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["decision"].as_str(), line["status"].as_u64())).collect();
    assert_eq!(
        told,
        [(Some("signed-in"), Some(200)), (Some("not-signed-in"), Some(303)), (Some("bad-target"), Some(400))]
    );
    let line = &lines[0];
    assert_eq!(line["agency"], "SPI31/01");
    assert_eq!(line["bytes"], 5);
    assert!(line["upstream_ms"].is_u64() && line["duration_ms"].is_u64(), "{line}");
    assert_eq!(line["request_id"].as_str().map(str::len), Some(16));
    for personal in ["durand", "dossier", "127.0.0.1", "resident"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[test]
fn e05_agencies_on_one_server_share_what_is_known_of_it_and_keep_it_over_a_reload() {
    let numbered = |number: usize, port: u16| super::Agency {
        code: AgencyCode::parse("SPI31", &number.to_string()).expect("codes"),
        public: origin(&format!("http://agency-{number}.test")),
        ..agency(port)
    };
    let portal = origin("http://portal.test");
    let directory = Arc::new(Directory::new(portal.clone(), [numbered(1, 1), numbered(2, 1), numbered(3, 2)]));
    let extranets = Extranets::new(&directory);
    let backend = |directory: &Arc<Directory>, number: usize| {
        let agency = directory.agency(&numbered(number, 1).code).expect("an agency");
        (Arc::clone(&extranets.of(directory, agency).expect("an extranet").backend), Arc::clone(&agency.paths))
    };
    let [(one, paths), (two, same_paths), (three, _)] = [1, 2, 3].map(|number| backend(&directory, number));
    assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &three));
    assert!(Arc::ptr_eq(&paths, &same_paths), "rules that are equal are one value");

    let mut slower = numbered(2, 1);
    Arc::make_mut(&mut slower.upstream).read_timeout_ms += 1;
    let renamed = super::Agency { keep_authorization: true, ..numbered(1, 1) };
    let next = Arc::new(directory.renewed(portal, [renamed, slower, numbered(3, 2), numbered(4, 2)]));
    let [(still_one, _), (now_two, _), (_, _), (four, _)] = [1, 2, 3, 4].map(|number| backend(&next, number));
    assert!(Arc::ptr_eq(&one, &still_one), "the server is the same, whatever else of the agency has changed");
    assert!(!Arc::ptr_eq(&two, &now_two), "other timeouts are kept apart");
    assert!(Arc::ptr_eq(&three, &four), "a new agency finds the server that is known");
}
