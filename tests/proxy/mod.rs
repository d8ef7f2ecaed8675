//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod basic;
mod catching;
mod counting;
mod entering;
mod handing_over;
mod operating;
mod streaming;
mod tracing;
mod translating;
mod trusting;
