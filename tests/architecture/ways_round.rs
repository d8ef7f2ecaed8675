//! The ways round the map, each in a few lines of source: each must be caught, and what is allowed must not.

use std::collections::BTreeMap;

use super::{against_the_direction, away_from_home, house::House, impure, past_sessions, too_long};

const LIBRARIES: [&str; 5] = ["sqlx", "redis", "rand", "serde", "jiff"];

/// A crate of these modules, below a root that has them all.
fn crate_of(files: &[(&str, &str)]) -> House {
    let layers = ["domain", "telemetry", "store", "sessions", "app", "web", "proxy", "cli"];
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    all.insert("lib.rs".to_owned(), layers.map(|layer| format!("pub mod {layer};\n")).concat());
    all.insert("main.rs".to_owned(), "fn main() {}".to_owned());
    all.extend(layers.map(|layer| (format!("{layer}/mod.rs"), String::new())));
    for (name, text) in files {
        let root = if *name == "lib.rs" { all["lib.rs"].clone() } else { String::new() };
        all.insert((*name).to_owned(), format!("{root}{text}"));
    }
    House::of(&all, &["lib.rs", "main.rs"], &LIBRARIES.map(str::to_owned))
}

/// A crate whose `domain` holds this, where everything else can be named.
fn domain_of(text: &str, others: &[(&str, &str)]) -> House {
    crate_of(&[others, &[("domain/mod.rs", text)]].concat())
}

#[test]
fn no_way_of_naming_a_module_passes_the_direction() {
    let proxy = ("proxy/mod.rs", "pub mod inner; pub struct Gate; pub fn open() {}");
    let inner = ("proxy/inner.rs", "pub struct Deep;");
    for way in [
        "use crate::proxy::Gate;",
        "use crate::proxy::Gate as Door;",
        "use crate::{store, proxy::{self, inner::Deep}};",
        "use crate\n    ::proxy\n    ::Gate;",
        "use super::proxy::Gate;",
        "use vestibule::proxy::Gate;",
        "pub use crate::proxy::Gate;",
        "use crate as house; use house::proxy::Gate;",
        "extern crate self as house; use house::proxy::Gate;",
        "mod a { mod b { use super::super::super::proxy::Gate; } }",
        "mod a { pub(crate) use crate::proxy as p; } use self::a::p::Gate;",
        "fn f() { use crate::proxy::Gate; }",
        "fn f() { crate::proxy::open(); }",
        "fn f(_: &crate::proxy::Gate) -> Option<crate::proxy::Gate> { None }",
        "fn f() { format!(\"{:?}\", crate::proxy::Gate); }",
        "fn f() { vec![Box::new(crate::proxy::Gate)]; }",
        "macro_rules! m { () => { $crate::proxy::open() } }",
        "macro_rules! m { () => { use crate::{proxy::Gate}; } }",
        "#[derive(Serialize)] struct S { #[serde(with = \"crate::proxy::inner\")] a: u8 }",
        "#[serde(bound(serialize = \"T: crate::proxy::Gate\"), with = \"crate::proxy::inner\")] struct S;",
        "impl From<crate::proxy::Gate> for u8 {}",
        "type Door = crate::proxy::Gate;",
        "use crate::Gate;",
        "use crate::web::Gate;",
        "use crate::web::Door;",
        "use crate::store::*;",
        "fn f() { gated!(); }",
        "#[cfg(not(test))] use crate::proxy::Gate;",
        "#[cfg(any(test, unix))] use crate::proxy::Gate;",
    ] {
        let house = domain_of(
            way,
            &[
                proxy,
                inner,
                ("lib.rs", "pub use proxy::Gate;"),
                ("web/mod.rs", "pub use crate::proxy::Gate; pub type Door = Option<crate::proxy::Gate>;"),
                ("store/mod.rs", "pub use crate::domain;"),
                ("cli/mod.rs", "macro_rules! gated { () => { crate::proxy::open() } } pub(crate) use gated;"),
            ],
        );
        let told = against_the_direction(&house).into_iter().any(|line| line.starts_with("domain/"));
        assert!(told || !house.hidden.is_empty(), "not caught: {way}");
    }
}

#[test]
fn what_this_reader_cannot_look_through_may_not_be_there() {
    for way in
        ["#[path = \"../proxy/mod.rs\"] mod gate;", "include!(\"../proxy/mod.rs\");", "mod gate;", "use crate::web::*;"]
    {
        assert!(!domain_of(way, &[]).hidden.is_empty(), "not caught: {way}");
    }
    assert!(domain_of("const TEXT: &str = include_str!(\"list.txt\");", &[]).hidden.is_empty());
}

#[test]
fn a_file_of_tests_is_one_by_its_declaration_and_not_by_its_name() {
    let named_so = domain_of("mod tests;", &[("domain/tests.rs", "use crate::proxy;")]);
    assert_eq!(against_the_direction(&named_so).len(), 1);
    let declared_so = domain_of("#[cfg(test)] mod tests;", &[("domain/tests.rs", "use crate::proxy;")]);
    assert!(against_the_direction(&declared_so).is_empty());
    let within = domain_of("#[cfg(test)] #[expect(dead_code)] mod tests { use crate::proxy; }", &[]);
    assert!(against_the_direction(&within).is_empty());
}

#[test]
fn what_stands_above_may_be_used_and_prose_is_no_use() {
    for way in [
        "//! Not of `crate::proxy::Gate`.\n/// Nor of [`crate::proxy`].\nstruct A; // crate::proxy::Gate",
        "const A: &str = \"crate::proxy::Gate\";",
        "fn f(proxy: u8) -> u8 { let cli = proxy; cli }",
        "mod proxy { pub struct Own; } use proxy::Own; use self::proxy::Own as Mine;",
    ] {
        assert!(against_the_direction(&domain_of(way, &[])).is_empty(), "{way}");
    }
    let down = crate_of(&[("proxy/mod.rs", "use crate::{app, domain::Agency, store}; use super::web;")]);
    assert!(against_the_direction(&down).is_empty());
}

#[test]
fn no_way_of_naming_a_library_leaves_its_home() {
    for way in [
        "use sqlx::Row;",
        "use sqlx as s;",
        "use sqlx;",
        "use ::sqlx::Row;",
        "use {std::fmt, sqlx::Row};",
        "extern crate sqlx as s;",
        "fn f() { sqlx::query(\"\"); }",
        "fn f() { ::sqlx::query(\"\"); }",
        "fn f() -> ::sqlx::Row { }",
        "fn f<T: sqlx::Executor>() {}",
        "#[derive(sqlx::FromRow)] struct A;",
        "fn f() { sqlx::query!(\"\"); }",
        "macro_rules! m { () => { ::sqlx::query() } }",
        "use crate::store::Row;",
        "use crate::store::s;",
        "use crate::store::Pool;",
        "fn f() { crate::store::s::query(); }",
        "#[serde(with = \"sqlx::types\")] struct A;",
    ] {
        let store = "pub use sqlx::Row; pub use sqlx as s; pub type Pool = Option<sqlx::AnyPool>; pub struct Own;";
        let house = crate_of(&[("store/mod.rs", store), ("app/mod.rs", way)]);
        assert!(away_from_home(&house).iter().any(|line| line.starts_with("app/")), "not caught: {way}");
    }
    let own = "mod sqlx { pub struct A; } use self::sqlx::A; use crate::store::Own; fn f(sqlx: u8) -> u8 { sqlx }";
    let house = crate_of(&[("store/mod.rs", "use sqlx::Row; pub struct Own(Row);"), ("app/mod.rs", own)]);
    assert!(away_from_home(&house).is_empty());
    // A module of ours that is called like a library.
    let inner = [
        ("sessions/mod.rs", "mod redis; use redis::Line;"),
        ("sessions/redis.rs", "use redis::Value; pub struct Line;"),
    ];
    assert!(away_from_home(&crate_of(&inner)).is_empty());
}

#[test]
fn no_way_of_asking_time_chance_or_the_machine_passes_the_domains_purity() {
    for way in [
        "use std::fs as files;",
        "use std::{env, fmt};",
        "fn f() { std::env::var(\"A\"); }",
        "use std::net::{IpAddr, TcpStream};",
        "use std::time as t; fn f() { t::Instant::now(); }",
        "use rand as chance;",
        "use ::rand::rng;",
        "use tokio::fs;",
        "use jiff::Timestamp; fn f() { Timestamp::now(); }",
        "async fn f() {}",
        "fn f() { let later = async { 1 }; }",
        "fn f() { something!(a.await); }",
        "mod inner { pub use std::process; } use inner::process::Command;",
    ] {
        let libraries = ["rand", "tokio", "jiff", "serde"].map(str::to_owned);
        let files =
            [("lib.rs", "mod domain;"), ("domain.rs", way)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let house = House::of(&BTreeMap::from(files), &["lib.rs"], &libraries);
        assert!(!impure(&house).is_empty(), "not caught: {way}");
    }
    assert!(
        impure(&domain_of("use std::{collections::BTreeMap, net::IpAddr, time::Duration}; use jiff::Timestamp;", &[]))
            .is_empty()
    );
}

#[test]
fn no_way_of_asking_where_sessions_live_passes_sessions() {
    let store = ("store/mod.rs", "pub struct Tx; impl Tx { pub fn jar(&mut self) {} pub fn mark_ended(&mut self) {} }");
    for way in [
        "fn f(tx: &mut Tx) { tx.mark_ended(); }",
        "fn f(t: &mut Tx) { t\n.jar (1); }",
        "use crate::store::Tx; fn f(t: &mut Tx) { Tx::jar(t); }",
        "use crate::store::Tx as T; fn f(t: &mut T) { let ask = T::jar; }",
        "fn f(t: &mut Tx) { crate::store::Tx::jar(t); }",
    ] {
        assert!(!past_sessions(&crate_of(&[store, ("app/mod.rs", way)])).is_empty(), "not caught: {way}");
    }
    let allowed = "fn f(app: &App) { app.sessions.jar(1); let a = app.jar; }";
    assert!(past_sessions(&crate_of(&[store, ("app/mod.rs", allowed)])).is_empty());
}

#[test]
fn a_circle_is_found_over_every_file_that_it_takes() {
    let app = "mod a; mod b; mod c; pub use a::A; pub use c::C; pub struct App;";
    let open = [
        ("app/mod.rs", app),
        ("app/a.rs", "use super::{App, b::B}; pub struct A;"),
        ("app/b.rs", "use super::App; pub type B = crate::app::C;"),
        ("app/c.rs", "pub struct C; fn f() { crate::app::A; }"),
    ];
    assert_eq!(crate_of(&open).circles(), [["app/a.rs", "app/b.rs", "app/c.rs"]]);
    let closed = [open[0], open[1], open[2], ("app/c.rs", "use super::App; pub struct C;")];
    assert!(crate_of(&closed).circles().is_empty());
}

#[test]
fn a_file_that_grows_too_long_is_told_and_its_prose_and_tests_do_not_count() {
    let lines = |line: &str| line.repeat(700);
    let long = |text: String| too_long(&domain_of(&text, &[])).len();
    assert_eq!(long(lines("const A: u8 = 1;\n")), 1);
    assert_eq!(long(format!("const A: &str = \"{}\";", lines("word\n"))), 1);
    assert_eq!(long(lines("/// Prose.\n// More.\n\n") + "const A: u8 = 1;"), 0);
    assert_eq!(long(format!("#[cfg(test)]\nmod tests {{\n{}}}", lines("const A: u8 = 1;\n"))), 0);
}
