//! Traces: through the gateway to the extranet, and to a collector.

use std::time::Duration;

use crate::support::{
    eventually,
    otlp::{Collector, Span},
    person::Person,
    town::{ALICE, CHOSEN, Town},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const FROM_OUTSIDE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A town whose gateway traces one request in so many.
fn town(collector: &Collector, one_in: i64, trusted: &[&str]) -> Town {
    let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
    Town::build_with(|site| {
        site.set("traces.endpoint", collector.endpoint())
            .set("traces.one_in", one_in)
            .set("server.trusted_proxies", trusted)
    })
}

/// Waits for a span with this attribute.
fn span(collector: &Collector, name: &str, key: &str, value: &str) -> Span {
    eventually(&format!("a span {name} with {key} = {value}"), Duration::from_secs(10), || {
        let spans = collector.spans();
        spans.into_iter().find(|span| span.name == name && span.attribute(key).as_deref() == Some(value))
    })
}

#[test]
fn e08_a_request_is_traced_to_the_extranet_and_nothing_in_it_is_personal() {
    let collector = Collector::start();
    let mut town = town(&collector, 1, &[]);
    town.migrate(&mut Person::new(&town.gateway), "a", ALICE, ALICE.email);
    town.forget();
    let mut alice = Person::new(&town.gateway);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let conversation: Vec<_> =
        town.a.seen().into_iter().filter(|seen| seen.target.starts_with("/identification")).collect();
    let page = alice.get(
        town.at_a("/membre/dossier-4711?secret=in-the-query"),
        &[("traceparent", FROM_OUTSIDE), ("tracestate", "spy=1")],
    );
    assert_eq!(page.status, 200);
    let seen = town.a.seen().pop().expect("a request");
    let told = seen.values("traceparent");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].contains(TRACE), "a stranger's trace is not continued");
    assert!(seen.values("tracestate").is_empty(), "nor its state passed on");
    let id = seen.values("x-request-id")[0].to_owned();
    let request = span(&collector, "request", "vestibule.request_id", &id);
    let parts: Vec<&str> = told[0].split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", &*request.trace, "01"));
    let upstream = collector.spans().into_iter().find(|span| span.id == parts[2]).expect("the extranet's span");
    assert_eq!((&*upstream.name, &*upstream.parent), ("extranet", &*request.id));
    assert_eq!(upstream.attribute("http.response.status_code").as_deref(), Some("200"));
    assert_eq!(request.attribute("vestibule.agency").as_deref(), Some("CA/SA"));
    assert_eq!(request.attribute("vestibule.decision").as_deref(), Some("signed-in"));
    assert!(request.parent.is_empty(), "{request:?}");
    let sign_in = span(&collector, "extranet sign-in", "vestibule.outcome", "accepted");
    let above = collector.spans().into_iter().find(|span| span.id == sign_in.parent).expect("its request");
    assert_eq!(above.trace, sign_in.trace);
    // The extranet hears of it in each request of a sign-in conversation.
    let told: Vec<_> = conversation.iter().map(|seen| seen.values("traceparent")).collect();
    assert!(told.len() >= 2 && told.iter().all(|each| each.len() == 1 && *each == told[0]), "{told:?}");
    let parts: Vec<&str> = told[0][0].split('-').collect();
    let spans = collector.spans();
    let of_sign_in = spans.iter().find(|span| span.id == parts[2]).expect("the span that the extranet was told of");
    assert_eq!((&*of_sign_in.name, &*of_sign_in.trace, parts[3]), ("extranet sign-in", parts[1], "01"));
    assert!(collector.spans().iter().any(|span| span.name == "store" && span.trace == above.trace));
    assert!(town.gateway.stop().success());
    let raw = collector.raw().to_lowercase();
    for personal in [
        "alice",
        ALICE.password,
        CHOSEN,
        "residents.example",
        "dossier",
        "membre",
        "secret",
        "127.0.0.1",
        "/connexion",
        "/login",
    ] {
        assert!(!raw.contains(&personal.to_lowercase()), "{personal} stands in the traces");
    }
}

#[test]
fn e08_a_trusted_proxys_trace_goes_on_and_its_word_on_sampling_holds() {
    let collector = Collector::start();
    let town = town(&collector, 1_000_000, &["127.0.0.1/32"]);
    let mut alice = town.alice();
    let headers = [("traceparent", FROM_OUTSIDE), ("tracestate", "rack=7"), ("x-forwarded-for", "203.0.113.9")];
    alice.get(town.at_a("/membre/x"), &headers);
    let seen = town.a.seen().pop().expect("a request");
    let told = seen.values("traceparent")[0].to_owned();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-01"), "{told}");
    assert!(!told.contains("b7ad6b7169203331"), "the parent is our span: {told}");
    assert_eq!(seen.values("tracestate"), ["rack=7"]);
    let request = span(&collector, "request", "vestibule.request_id", seen.values("x-request-id")[0]);
    assert_eq!((&*request.trace, &*request.parent), (TRACE, "b7ad6b7169203331"));
    // One that the proxy does not want traced is passed on, and not sent.
    alice.get(
        town.at_a("/membre/y"),
        &[("traceparent", &FROM_OUTSIDE.replace("-01", "-00")), ("x-forwarded-for", "203.0.113.9")],
    );
    let seen = town.a.seen().pop().expect("a request");
    assert!(seen.values("traceparent")[0].ends_with("-00"));
    alice.get(town.at_a("/membre/z"), &headers);
    let last = town.a.seen().pop().expect("a request");
    span(&collector, "request", "vestibule.request_id", last.values("x-request-id")[0]);
    let unwanted = seen.values("x-request-id")[0];
    assert!(collector.spans().iter().all(|span| span.attribute("vestibule.request_id").as_deref() != Some(unwanted)));
}

#[test]
fn e08_without_a_collector_nothing_is_traced_and_nobody_is_held_up_by_one_that_is_gone() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.get(town.at_a("/membre/x"), &[]);
    assert!(town.a.seen().pop().expect("a request").values("traceparent").is_empty());
    let gone = Town::build_with(|site| {
        site.set("traces.endpoint", format!("http://127.0.0.1:{}/v1/traces", crate::support::free_port()))
            .set("traces.one_in", 1)
    });
    let mut alice = gone.alice();
    let page = alice.get(gone.at_a("/membre/x"), &[]);
    assert_eq!(page.status, 200);
    eventually("the failure to be counted", Duration::from_secs(10), || {
        let (_, text) = gone.gateway.health("/metrics")?;
        text.contains("vestibule_trace_batches_total{outcome=\"failed\"}").then_some(())
    });
}
