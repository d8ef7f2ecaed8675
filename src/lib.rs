//! Vestibule: an authentication gateway in front of old web applications.
//!
//! `docs/architecture.md` has the map. The modules stand here in the order of their direction: each uses only
//! what stands before it, and `tests/architecture.rs` holds that.

pub mod domain;

pub mod config;
pub mod telemetry;

pub mod pages;

pub mod edition;

pub mod store;

pub mod sessions;

pub mod legacy;

pub mod mail;

pub mod app;

pub mod web;

pub mod portal;

pub mod proxy;

pub mod demo;

pub mod cli;
