//! What a monitoring reads: `/metrics`, after real residents have come and gone.

use std::{fs, net::TcpStream, path::Path, process::Command, time::Duration};

use super::tls::Https;
use crate::support::{
    eventually,
    person::Person,
    stage::Stage,
    town::{ALICE, BOB_AT_B, CAROL, CHOSEN, Town, try_sign_in},
};

/// The value of a line, by its name with labels.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.parse().unwrap_or_else(|_| panic!("{name} is no number: {line}")))
}

fn metrics(town: &Town) -> String {
    let (status, text) = town.gateway.health("/metrics").expect("an answer");
    assert_eq!(status, 200);
    text
}

#[test]
fn e07_what_residents_do_is_counted_and_no_label_tells_who_they_are() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/dossier-4711?secret=in-the-query")).see(ALICE.login);
    try_sign_in(&mut Person::new(&town.gateway), "a", CAROL.login, "Wrong-1234");
    let page = Person::new(&town.gateway).get(town.at_a("/membre/x"), &[("user-agent", "Spy/1.0")]);
    assert_eq!(page.status, 303);
    let told = |name: &str| {
        eventually(&format!("{name} to be counted"), Duration::from_secs(5), || {
            value(&metrics(&town), name).filter(|value| *value > 0.0)
        })
    };
    for (name, least) in [
        ("vestibule_requests_total{agency=\"CA/SA\",decision=\"signed-in\",status=\"2xx\"}", 1.0),
        ("vestibule_requests_total{agency=\"CA/SA\",decision=\"not-signed-in\",status=\"3xx\"}", 1.0),
        ("vestibule_requests_total{agency=\"\",decision=\"portal\",status=\"2xx\"}", 4.0),
        ("vestibule_upstream_seconds_count{agency=\"CA/SA\"}", 1.0),
        ("vestibule_sign_ins_total{outcome=\"signed-in\"}", 1.0),
        ("vestibule_sign_ins_total{outcome=\"wrong-credentials\"}", 1.0),
        ("vestibule_wizard_steps_total{step=\"notice\"}", 1.0),
        ("vestibule_wizard_steps_total{step=\"proof\"}", 1.0),
        ("vestibule_wizard_steps_total{step=\"done\"}", 1.0),
        ("vestibule_upstream_sign_in_seconds_count{agency=\"CA/SA\",outcome=\"accepted\"}", 2.0),
        ("vestibule_upstream_sign_in_seconds_count{agency=\"CA/SA\",outcome=\"refused\"}", 1.0),
        ("vestibule_letters_total{outcome=\"sent\"}", 1.0),
        ("vestibule_events_total{event=\"migrated\"}", 1.0),
        ("vestibule_hashes_total{outcome=\"done\"}", 2.0),
        ("vestibule_cache_looks_total{outcome=\"missed\"}", 1.0),
        ("vestibule_cache_entries", 1.0),
        ("vestibule_agencies", 2.0),
        ("vestibule_build_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert!(told(name) >= least, "{name} is {}", told(name));
    }
    let text = metrics(&town);
    assert_eq!(value(&text, "vestibule_outbox_letters{state=\"queued\"}"), Some(0.0));
    assert_eq!(value(&text, "vestibule_outbox_oldest_seconds"), Some(0.0));
    assert_eq!(value(&text, "vestibule_hashes_waiting"), Some(0.0));
    for personal in [
        ALICE.login,
        ALICE.email,
        "alice",
        "residents.example",
        CAROL.login,
        "carol",
        CHOSEN,
        "dossier",
        "membre",
        "secret",
        "Spy",
        "127.0.0.1",
    ] {
        assert!(!text.to_lowercase().contains(&personal.to_lowercase()), "{personal} stands in\n{text}");
    }
    let mut seen = std::collections::HashSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = line.rsplit_once(' ').expect("a name and a value");
        assert!(number.parse::<f64>().is_ok() && name.starts_with("vestibule_"), "{line}");
        assert!(seen.insert(name.to_owned()), "{name} stands there twice");
    }
}

#[test]
fn e07_guesses_that_are_not_tried_any_more_are_counted() {
    let town = Town::build();
    for _ in 0..7 {
        try_sign_in(&mut Person::new(&town.gateway), "a", CAROL.login, "Wrong-1234");
    }
    let text = metrics(&town);
    assert!(value(&text, "vestibule_throttled_total{counter=\"account\"}").is_some_and(|count| count >= 1.0), "{text}");
    assert!(value(&text, "vestibule_sign_ins_total{outcome=\"throttled\"}").is_some(), "{text}");
    let log = town.gateway.log();
    assert!(!log.contains("Wrong-1234"));
}

#[test]
fn e07_metrics_are_not_on_the_residents_listener() {
    let town = Town::build();
    let mut person = Person::new(&town.gateway);
    assert_ne!(person.get(town.gateway.portal("/metrics"), &[]).status, 200);
    let inside = person.get(town.gateway.agency("agence-a", "/metrics"), &[]);
    assert_ne!(inside.status, 200, "on an agency's host it is a path of the extranet's");
}

#[test]
fn a24_on_a_shared_host_each_request_is_the_open_agencys_and_its_cookie_is_looked_up_once() {
    let town = Town::on_one_host(|site| site);
    let mut bob = Person::new(&town.gateway);
    town.migrate(&mut bob, "b", BOB_AT_B, BOB_AT_B.email);
    try_sign_in(&mut bob, "b", BOB_AT_B.email, CHOSEN);
    let here = town.gateway.agency("extranets", "/membre/x");
    assert_eq!(bob.get(&here, &[]).status, 200);
    let count = |name: &str| value(&metrics(&town), name).unwrap_or(0.0);
    let missed = count("vestibule_cache_looks_total{outcome=\"missed\"}");
    for _ in 0..5 {
        assert_eq!(bob.get(&here, &[]).status, 200);
    }
    assert_eq!(Person::new(&town.gateway).get(&here, &[]).status, 303);
    let signed_in = "vestibule_requests_total{agency=\"CB/SB\",decision=\"signed-in\",status=\"2xx\"}";
    let nobodys = "vestibule_requests_total{agency=\"\",decision=\"no-agency\",status=\"3xx\"}";
    eventually("the requests to be counted", Duration::from_secs(5), || {
        (count(signed_in) >= 6.0 && count(nobodys) >= 1.0).then_some(())
    });
    assert!((count("vestibule_cache_looks_total{outcome=\"missed\"}") - missed).abs() < 0.5, "looked up once");
    assert!(!metrics(&town).contains("agency=\"CA/SA\",decision=\"signed-in\""), "nobody was at the other agency");
}

/// Labels of closed lists, whose first event is to be a change and not the beginning of a series.
#[test]
fn a15_what_somebody_is_woken_for_stands_at_0_before_it_happens() {
    let town = Town::build();
    let text = metrics(&town);
    for name in [
        "vestibule_reloads_total{outcome=\"refused\"}",
        "vestibule_reloads_total{outcome=\"taken\"}",
        "vestibule_hashes_total{outcome=\"crowded\"}",
        "vestibule_letters_total{outcome=\"abandoned\"}",
        "vestibule_letters_total{outcome=\"sent\"}",
        "vestibule_throttled_total{counter=\"client\"}",
        "vestibule_sign_ins_total{outcome=\"wrong-credentials\"}",
        "vestibule_sign_ins_total{outcome=\"extranet-silent\"}",
        "vestibule_wizard_steps_total{step=\"done\"}",
        "vestibule_events_total{event=\"letter-given-up\"}",
        "vestibule_trace_batches_total{outcome=\"failed\"}",
        "vestibule_clock_set_total{to=\"back\"}",
        "vestibule_requests_total{agency=\"\",decision=\"portal\",status=\"5xx\"}",
        "vestibule_requests_total{agency=\"\",decision=\"sessions-unavailable\",status=\"5xx\"}",
    ] {
        assert_eq!(value(&text, name), Some(0.0), "{name}");
    }
    Person::new(&town.gateway).get(town.at_a("/public/x"), &[]);
    for decision in ["signed-in", "public-path", "session-over", "sessions-unavailable"] {
        let name = format!("vestibule_requests_total{{agency=\"CA/SA\",decision=\"{decision}\",status=\"5xx\"}}");
        let read = || value(&metrics(&town), &name);
        let first = eventually(&name, Duration::from_secs(5), read);
        assert_eq!(Some(first), Some(0.0), "from the agency's first request on");
    }
}

#[test]
fn e07_the_process_its_parts_and_its_limits_are_told() {
    let town =
        Town::build_with(|site| site.on(Stage::Redis).set("argon2.queue", 17).set("server.max_connections", 300));
    let text = metrics(&town);
    for (name, told) in [
        ("vestibule_ready{part=\"gateway\"}", 1.0),
        ("vestibule_ready{part=\"database\"}", 1.0),
        ("vestibule_ready{part=\"redis\"}", 1.0),
        ("vestibule_ready{part=\"mail\"}", 1.0),
        ("vestibule_hash_queue", 17.0),
        ("vestibule_connections_limit", 300.0),
        ("vestibule_connections", 0.0),
    ] {
        assert_eq!(value(&text, name), Some(told), "{name}");
    }
    let of = |name: &str| value(&metrics(&town), name).unwrap_or_else(|| panic!("{name} is missing"));
    assert!(of("vestibule_process_resident_memory_bytes") > 10e6);
    assert!((10.0..300.0).contains(&of("vestibule_process_open_fds")) && of("vestibule_process_max_fds") >= 300.0);
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    let up = now - of("vestibule_process_start_time_seconds");
    assert!((0.0..600.0).contains(&up), "{up}");
    let open = TcpStream::connect(("127.0.0.1", town.gateway.port())).expect("a connection");
    eventually("the connection to be counted", Duration::from_secs(5), || {
        (of("vestibule_connections") > 0.5).then_some(())
    });
    drop(open);
    let mut town = town;
    town.gateway.redis().kill();
    eventually("Redis to be told", Duration::from_secs(10), || {
        (value(&metrics(&town), "vestibule_ready{part=\"redis\"}") == Some(0.0)).then_some(())
    });
}

/// Prometheus reads the rules, they tell what they should, and what they ask for is there.
#[test]
fn the_alerts_are_tried_and_ask_for_what_is_counted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        let tried = Command::new("promtool").args(arguments).current_dir(&folder).output();
        let tried = tried.expect("promtool is installed (make test-deps, or the Debian package prometheus)");
        let said = [tried.stdout, tried.stderr].concat();
        assert!(tried.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
    let https = Https::start();
    https.curl("/public/x", &[]);
    let mut alice = Person::new(&https.town.gateway);
    alice.open("/login?client=CA&societe=SA");
    let text = metrics(&https.town);
    let rules = fs::read_to_string(folder.join("alerts.yml")).expect("the rules");
    let names =
        rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("vestibule_"));
    // What an extranet's sign-ins are counted by begins with the first of them.
    for name in names.filter(|name| *name != "vestibule_upstream_sign_in_seconds_count") {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is not among the metrics");
    }
}
