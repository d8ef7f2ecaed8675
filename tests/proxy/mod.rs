//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod basic;
mod broken_files;
mod catching;
mod counting;
mod ending;
mod entering;
mod failing;
mod handing_over;
mod installed;
mod keeping_cookies;
mod kept_secrets;
mod operating;
mod reloading;
mod streaming;
mod tls;
mod tls_clients;
mod tracing;
mod translating;
mod trusting;
mod upgrading;
mod vanishing;
