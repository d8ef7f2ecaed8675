//! The tests from outside: they start the built gateway and speak to it as residents, extranets and attackers do.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests stand outside: they wait for real processes, read the environment and print what went wrong"
)]

/// Makes of each sentence, a function of a stage, a test on every database; one that is not listed is dead code.
macro_rules! on_every_database {
    ($($sentence:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $sentence() {
                super::$sentence(crate::support::stage::Stage::Sqlite);
            })+
        }
        mod on_postgres {
            $(#[test]
            fn $sentence() {
                super::$sentence(crate::support::stage::Stage::Postgres);
            })+
        }
    };
}

/// The same, and on two nodes that share a PostgreSQL and a Redis.
macro_rules! on_every_stage {
    ($($sentence:ident),+ $(,)?) => {
        on_every_database! { $($sentence),+ }
        mod on_two_nodes {
            $(#[test]
            fn $sentence() {
                super::$sentence(crate::support::stage::Stage::TwoNodesWithRedis);
            })+
        }
    };
}

mod architecture;
mod journeys;
mod proxy;
mod residents;
mod security;
mod sending;
mod sessions;
mod stores;
mod support;
