//! The way of a request to its extranet, and of the answer back: peers, headers, cookies, bodies, and the session upstream.

mod backend;
pub mod bodies;
mod cookies;
pub mod extranets;
pub mod forward;
pub mod jar;
mod lasting;
pub mod left;
mod marker;
mod names;
mod outage;
pub mod request_headers;
mod response_headers;
pub mod session_over;
mod tls;
pub mod way_back;
