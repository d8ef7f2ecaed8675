//! The pages of the wizard, one file for a step as in [`app::wizard`](crate::app::wizard).

pub(super) mod begin;
pub(super) mod email;
pub(super) mod finish;
pub(super) mod join;
pub(super) mod link;
pub(super) mod others;
pub(super) mod page;
pub(super) mod password;
pub(super) mod proof;
