//! Every rule and every decision of the gateway; pure: no async, no I/O, no clock, no chance.

pub mod language;
