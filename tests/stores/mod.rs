//! What residents and operators are promised of what is kept: when a database fails, moves, or gets another key.

mod failing;
mod full;
mod in_its_place;
mod left_beside;
mod missing;
mod moving;
pub mod outages;
mod restoring;
mod rotating;
mod secrets;
mod tools;
mod troubles;
