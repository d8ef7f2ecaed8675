//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod catching;
mod counting;
mod entering;
mod handing_over;
mod operating;
mod reloading;
mod streaming;
mod tls;
mod tracing;
mod translating;
mod upgrading;
