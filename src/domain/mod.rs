//! Every rule and every decision of the gateway; pure: no async, no I/O, no clock, no chance.
//!
//! Time and chance come in as arguments. A type that exists is a check that was passed: [`email::EmailAddress`],
//! [`challenge::ProvenEmail`], [`path::ReturnPath`].

pub mod access;
pub mod accounts;
pub mod adapter;
pub mod address_request;
pub mod agency;
pub mod agency_code;
pub mod audit;
pub mod basic;
pub mod challenge;
pub mod client;
pub mod colour;
mod common;
pub mod controller;
pub mod cookie;
pub mod credential;
pub mod decision;
pub mod device;
pub mod email;
pub mod email_change;
pub mod entry;
pub mod form_data;
mod identifier;
pub mod identity;
pub mod identity_headers;
pub mod kept_secret;
pub mod language;
pub mod leading;
pub mod leaving;
pub mod lockout;
pub mod logout;
pub mod mail;
pub mod migration;
pub mod net;
pub mod origin;
pub mod password;
pub mod path;
pub mod policy;
pub mod recovery;
pub mod refusals;
pub mod removal;
pub mod restored;
pub mod retention;
pub mod roster;
pub mod routing;
pub mod secret;
pub mod sent_form;
pub mod session;
pub mod spelling;
pub mod support;
pub mod terms;
pub mod text;
pub mod trust;
pub mod upstream;
pub mod warning;
