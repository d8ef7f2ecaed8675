//! The tests from outside: they start the built gateway and speak to it as residents, extranets and attackers do.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests stand outside: they wait for real processes, read the environment and print what went wrong"
)]

mod architecture;
mod journeys;
mod proxy;
mod residents;
mod security;
mod sending;
mod support;
