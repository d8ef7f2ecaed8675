//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod basic;
mod catching;
mod counting;
mod ending;
mod entering;
mod failing;
mod handing_over;
mod keeping_cookies;
mod kept_secrets;
mod operating;
mod references;
mod reloading;
mod streaming;
mod tls;
mod tls_clients;
mod tracing;
mod translating;
mod trusting;
mod upgrading;
