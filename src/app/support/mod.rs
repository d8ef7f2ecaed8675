//! What an operator can find out about a person and do for that person, at the command line (e11).
//!
//! Each act is one transaction with one line in the trace that names who acts, and bears the reason. They work beside a
//! running gateway: what it remembers of the person ends with its cache, or when it is told.

mod act;
mod erase;
mod found;
mod locked;
mod resend;
mod show;
mod sign_out;

pub use act::{Disabled, Unlinked, disable, enable, unlink, unlock};
pub use erase::{AgencyErased, Erased, erase, erase_agency};
pub use found::{Found, find, is_in_force, knows_agency};
pub use locked::{Failing, locked};
pub use resend::{Resent, resend};
pub use show::{Shown, show};
pub use sign_out::{sign_everybody_out, sign_out};
