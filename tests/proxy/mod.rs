//! The extranet through the gateway: what is injected, translated, caught and streamed.

mod catching;
mod entering;
mod failing;
mod handing_over;
mod operating;
mod streaming;
mod translating;
