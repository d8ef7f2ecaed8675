//! The agencies, sample extranets and mailbox of `vestibule demo`; nothing else may use it.
//!
//! They stand for programs that are older than the gateway and know nothing of it: they share no code with the
//! rest of the crate, keep everything in memory and forget it when they stop. The agencies and people are invented.

pub mod data;
pub mod form_extranet;
pub mod header_extranet;
pub mod mailbox;
pub mod setup;
pub mod ways;

mod document;
mod html;
mod upload;

pub use data::{Account, Kind};
pub use form_extranet::{FormExtranet, Handle};
pub use header_extranet::HeaderExtranet;
pub use mailbox::Mailbox;

#[cfg(test)]
mod testing;
