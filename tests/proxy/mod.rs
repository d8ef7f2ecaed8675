//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod basic;
mod broken_files;
mod catching;
mod checking;
mod counting;
mod ending;
mod entering;
mod failing;
mod handing_over;
mod installed;
mod keeping_cookies;
mod kept_secrets;
mod moving;
mod odd_extranets;
mod operating;
mod references;
mod reloading;
mod servlets;
mod streaming;
mod tls;
mod tls_clients;
mod tracing;
mod translating;
mod trusting;
mod upgrading;
mod vanishing;
