//! The residents' routes, read from the router itself: what is not listed there is not served, and what is cannot be forgotten here.

use std::fs;

use crate::support::package;

/// A path that the router serves, and by which methods.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) path: String,
    pub(super) get: bool,
    pub(super) post: bool,
}

/// The routes of the portal's host.
pub(super) fn portal() -> Vec<Route> {
    of_function("portal_pages", "")
}

/// The routes below `/.vestibule` on the agencies' hosts.
pub(super) fn agency() -> Vec<Route> {
    of_function("agency_pages", "/.vestibule")
}

/// Every path of the portal that takes a form.
pub(super) fn posts() -> Vec<String> {
    portal().into_iter().filter(|route| route.post).map(|route| route.path).collect()
}

fn of_function(name: &str, prefix: &str) -> Vec<Route> {
    let text = fs::read_to_string(package().join("src/portal/mod.rs")).expect("the router");
    let (_, body) = text.split_once(&format!("fn {name}()")).expect("the function");
    let body = body.split("\n}").next().expect("its end");
    let routes: Vec<_> = body.split(".route(").skip(1).map(|route| read(route, prefix)).collect();
    assert_eq!(routes.len(), body.matches(".route").count(), "each route is written as `.route(`");
    routes
}

/// `"/path", get(…).post(…)`, in one line or several.
fn read(route: &str, prefix: &str) -> Route {
    let (path, methods) = route.trim_start().trim_start_matches('"').split_once('"').expect("a path in quotes");
    let by = |method: &str| methods.contains(&format!("{method}(")) || methods.contains("any(");
    let path = path.replace("{*name}", "vestibule.css").replace("{name}", "renewal");
    Route { path: format!("{prefix}{path}"), get: by("get"), post: by("post") }
}

#[test]
fn the_routers_own_text_is_read_whole() {
    let portal = portal();
    assert!(portal.len() > 35 && agency().len() > 8);
    let sign_in = portal.iter().find(|route| route.path == "/login").expect("the sign-in");
    assert!(sign_in.get && sign_in.post);
    let resend = portal.iter().find(|route| route.path == "/migration/proof/resend").expect("a form");
    assert!(!resend.get && resend.post);
    assert!(agency().iter().any(|route| route.path == "/.vestibule/not-sent" && route.get && route.post));
    // What else the router merges or nests would not be seen here.
    let text = fs::read_to_string(package().join("src/portal/mod.rs")).expect("the router");
    assert_eq!((text.matches(".merge(").count(), text.matches(".nest(").count()), (1, 1));
    assert_eq!(text.matches(".route(").count(), portal.len() + agency().len());
}
