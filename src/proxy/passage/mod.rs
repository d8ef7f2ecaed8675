//! The way of a request to its extranet, and of the answer back: peers, headers, cookies, bodies, and the session upstream.

pub mod backend;
pub mod bodies;
mod cookies;
pub mod extranets;
pub mod jar;
pub mod lasting;
pub mod left;
mod marker;
mod names;
mod outage;
pub mod request_headers;
pub mod response_headers;
pub mod session_over;
mod tls;
