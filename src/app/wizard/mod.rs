//! The wizard: one run of one old account, from right old credentials to a person who has it (000, 001, 004).
//!
//! Each step reads the flow of this browser, lets the domain take the step, and keeps it only if nobody was faster. A
//! step that does not fit is no failure: the caller shows the page of the step that is open.

pub mod begin;
pub mod email;
mod finish;
pub mod join;
pub(super) mod letter;
pub mod link;
pub mod others;
pub mod password;
pub mod proof;
pub mod run;
mod same_person;
pub mod step;
